// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "lib/absorb.circom";
include "lib/aggregates.circom";
include "lib/constants.circom";
include "lib/enrolment.circom";
include "lib/market-table.circom";
include "lib/scenario-table.circom";
include "lib/sensitivities.circom";
include "lib/signed-account.circom";
include "lib/statement-digest.circom";
include "lib/limits/book-size.circom";
include "lib/limits/max-drawdown.circom";
include "lib/limits/max-leverage.circom";
include "lib/limits/max-sensitivity.circom";
include "lib/limits/max-stress-loss.circom";
include "lib/limits/max-underlying-delta.circom";
include "lib/limits/max-venue.circom";
include "lib/limits/min-collateral-ratio.circom";
include "lib/limits/min-health-factor.circom";
include "lib/limits/net-delta.circom";

// Proves: the declared accounts, signed by approved sources for the subject at asOf and valued at the public market, respect
// every limit of the public policy, and the drawdown chain goes on from its previous state (circuits/SPEC.md says it in
// English, with the width of every value).
// Does not prove: that the subject has no other account, that sources or publishers told the truth, that the book is
// healthy at any other time.
// The verifier must: rebuild the statement vector from its own knowledge and take (x, y) from it and c.
// options: 0 for linear tiers, 1 for tiers with greeks and risk arrays.
template PortfolioHealth(instruments, accounts, underlyings, scenarios, sources, options) {
    // public
    signal input c;                               // Poseidon digest of the statement
    signal input x;                               // keccak256(c, statement) mod r
    signal input y;                               // the statement as a polynomial, at x

    // private copy of the public statement, bound by (c, x, y)
    signal input domain;                          // chain and registry
    signal input subject;                         // address
    signal input asOf;                            // unix seconds
    signal input units;                           // 1e8
    signal input previousState;                   // 0: genesis
    signal input newState;
    signal input minCollateralRatio;              // bps, 32 bits, as all ratios
    signal input minHealthFactor;
    signal input maxLeverage;
    signal input netDeltaLow;                     // with the bias of 2^31
    signal input netDeltaHigh;
    signal input maxUnderlyingDelta;
    signal input maxVenue;
    signal input maxGamma;
    signal input maxVega;
    signal input maxTheta;
    signal input maxStressLoss;
    signal input maxDrawdown;
    signal input minEquity;                       // USD 1e8, 96 bits

    // private copy of the public tables, bound by their roots in the statement
    signal input marketTime;                      // unix seconds
    signal input underlyingsId;
    signal input universe;
    signal input price[instruments];              // USD 1e8
    signal input factor[instruments];             // bps
    signal input funded[instruments];
    signal input flag[instruments];               // see MarketTable
    signal input underlying[instruments];
    signal input sensitivity[instruments][OPTION_COLUMNS(options, scenarios)];
    signal input shock[(1 - options) * scenarios][underlyings]; // bps, signed; linear tiers
    signal input scenarioTable[options];          // root of the scenarios; tiers with options
    signal input sourceList[sources];             // x coordinates of the approved keys

    // private
    signal input accountId[accounts];             // 0: the place is empty
    signal input enrolmentSalt;                   // uniform in the field
    signal input quantity[accounts][instruments]; // 1e8 per unit, signed
    signal input sourceKey[accounts][2];
    signal input signatureR8[accounts][2];
    signal input signatureS[accounts];
    signal input underlyingDeltaBound;            // USD 1e16
    signal input markEquity;                      // high-water mark in previousState
    signal input markUnits;
    signal input epoch;
    signal input stateSalt;
    signal input newStateSalt;
    signal input isNewMark;
    signal input salt;                            // uniform in the field, new for every proof

    // The public tables.
    signal scenarioRoot;
    component stress;
    if (options == 1) {
        scenarioRoot <== scenarioTable[0];
    } else {
        stress = ScenarioTable(scenarios, underlyings);
        stress.underlyingsId <== underlyingsId;
        stress.shock <== shock;
        scenarioRoot <== stress.root;
    }

    component market = MarketTable(instruments, underlyings, scenarios, options);
    market.time <== marketTime;
    market.underlyingsId <== underlyingsId;
    market.universe <== universe;
    market.scenarioRoot <== scenarioRoot;
    market.price <== price;
    market.factor <== factor;
    market.funded <== funded;
    market.flag <== flag;
    market.underlying <== underlying;
    market.sensitivity <== sensitivity;

    component sourceRoot = TaggedHash(KIND_SOURCES(), sources);
    sourceRoot.in <== sourceList;

    // The accounts: exactly the declared ones, each signed by its source.
    component enrolment = Enrolment(accounts);
    enrolment.accountId <== accountId;
    enrolment.salt <== enrolmentSalt;

    component account[accounts];
    component portfolio = TaggedHash(KIND_PORTFOLIO(), accounts + 1);
    for (var s = 0; s < accounts; s++) {
        account[s] = SignedAccount(instruments, sources);
        account[s].subject <== subject;
        account[s].accountId <== accountId[s];
        account[s].asOf <== asOf;
        account[s].universe <== universe;
        account[s].quantity <== quantity[s];
        account[s].sourceList <== sourceList;
        account[s].sourceKey <== sourceKey[s];
        account[s].signatureR8 <== signatureR8[s];
        account[s].signatureS <== signatureS[s];
        portfolio.in[s] <== account[s].message;
    }
    portfolio.in[accounts] <== salt;

    // The sums.
    component sums = Aggregates(instruments, accounts, underlyings, options);
    sums.price <== price;
    sums.factor <== factor;
    sums.funded <== funded;
    sums.flag <== flag;
    sums.underlying <== underlying;
    for (var i = 0; i < instruments; i++) {
        sums.delta[i] <== options == 1 ? sensitivity[i][0] : 0;
    }
    for (var s = 0; s < accounts; s++) {
        sums.long[s] <== account[s].long;
        sums.short[s] <== account[s].short;
    }
    signal equity <== sums.equity;

    var netDelta = 0;
    component exposures = TaggedHash(KIND_EXPOSURES(), underlyings + 3);
    exposures.in[0] <== underlyingsId;
    exposures.in[1] <== equity;
    for (var u = 0; u < underlyings; u++) {
        netDelta += sums.underlyingDelta[u];
        exposures.in[2 + u] <== sums.underlyingDelta[u];
    }
    exposures.in[underlyings + 2] <== salt;

    // The limits.
    component size = BookSize();
    size.assets <== sums.assets;
    size.grossExposure <== sums.grossExposure;
    size.equity <== equity;
    size.minEquity <== minEquity;

    component collateralRatio = MinCollateralRatio();
    collateralRatio.assets <== sums.assets;
    collateralRatio.liabilities <== sums.liabilities;
    collateralRatio.limit <== minCollateralRatio;

    component healthFactor = MinHealthFactor();
    healthFactor.collateral <== sums.collateral;
    healthFactor.liabilities <== sums.liabilities;
    healthFactor.limit <== minHealthFactor;

    component leverage = MaxLeverage();
    leverage.grossExposure <== sums.grossExposure;
    leverage.equity <== equity;
    leverage.limit <== maxLeverage;

    component deltaBand = NetDelta();
    deltaBand.netDelta <== netDelta;
    deltaBand.equity <== equity;
    deltaBand.lowBiased <== netDeltaLow;
    deltaBand.highBiased <== netDeltaHigh;

    component underlyingDelta = MaxUnderlyingDelta(underlyings);
    underlyingDelta.delta <== sums.underlyingDelta;
    underlyingDelta.bound <== underlyingDeltaBound;
    underlyingDelta.equity <== equity;
    underlyingDelta.limit <== maxUnderlyingDelta;

    component venue = MaxVenue(accounts);
    venue.venueEquity <== sums.venueEquity;
    venue.equity <== equity;
    venue.limit <== maxVenue;

    component stressLoss = MaxStressLoss(scenarios, options);
    stressLoss.equity <== equity;
    stressLoss.limit <== maxStressLoss;
    component linear;
    component book;
    component gamma;
    component vega;
    component theta;
    if (options == 1) {
        book = Sensitivities(instruments, accounts, 3 + scenarios);
        book.quantity <== quantity;
        for (var i = 0; i < instruments; i++) {
            for (var column = 0; column < 3 + scenarios; column++) {
                book.sensitivity[i][column] <== sensitivity[i][1 + column];
            }
        }
        gamma = MaxSensitivity(GAMMA_BPS());
        gamma.sum <== book.sum[0];
        gamma.equity <== equity;
        gamma.limit <== maxGamma;
        vega = MaxSensitivity(BPS());
        vega.sum <== book.sum[1];
        vega.equity <== equity;
        vega.limit <== maxVega;
        theta = MaxSensitivity(BPS());
        theta.sum <== book.sum[2];
        theta.equity <== equity;
        theta.limit <== maxTheta;
        for (var k = 0; k < scenarios; k++) {
            stressLoss.pnl[k] <== book.sum[3 + k] * BPS();
        }
    } else {
        linear = LinearPnl(scenarios, underlyings);
        linear.delta <== sums.underlyingDelta;
        linear.shock <== shock;
        stressLoss.pnl <== linear.pnl;
        // Limits that a linear tier does not prove are held at the value that claims nothing.
        maxGamma === ABSENT_MAX();
        maxVega === ABSENT_MAX();
        maxTheta === ABSENT_MAX();
    }

    component drawdown = MaxDrawdown();
    drawdown.equity <== equity;
    drawdown.units <== units;
    drawdown.previousState <== previousState;
    drawdown.newState <== newState;
    drawdown.limit <== maxDrawdown;
    drawdown.markEquity <== markEquity;
    drawdown.markUnits <== markUnits;
    drawdown.epoch <== epoch;
    drawdown.salt <== stateSalt;
    drawdown.newSalt <== newStateSalt;
    drawdown.isNewMark <== isNewMark;

    // The statement. The order is fixed: circuits/SPEC.md section 6.
    component statement = StatementDigest(28);
    statement.x <== x;
    statement.v[0] <== TAG(KIND_STATEMENT(), 28);
    statement.v[1] <== domain;
    statement.v[2] <== subject;
    statement.v[3] <== market.root;
    statement.v[4] <== marketTime;
    statement.v[5] <== scenarioRoot;
    statement.v[6] <== sourceRoot.out;
    statement.v[7] <== enrolment.out;
    statement.v[8] <== asOf;
    statement.v[9] <== units;
    statement.v[10] <== previousState;
    statement.v[11] <== newState;
    statement.v[12] <== portfolio.out;
    statement.v[13] <== exposures.out;
    statement.v[14] <== 0;                         // disclosure, which no circuit proves yet: claims nothing
    statement.v[15] <== minCollateralRatio;
    statement.v[16] <== minHealthFactor;
    statement.v[17] <== maxLeverage;
    statement.v[18] <== netDeltaLow;
    statement.v[19] <== netDeltaHigh;
    statement.v[20] <== maxUnderlyingDelta;
    statement.v[21] <== maxVenue;
    statement.v[22] <== maxGamma;
    statement.v[23] <== maxVega;
    statement.v[24] <== maxTheta;
    statement.v[25] <== maxStressLoss;
    statement.v[26] <== maxDrawdown;
    statement.v[27] <== minEquity;
    statement.c === c;
    statement.y === y;
}
