// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "lib/absorb.circom";
include "lib/aggregates.circom";
include "lib/constants.circom";
include "lib/market-table.circom";
include "lib/scenario-table.circom";
include "lib/signed-account.circom";
include "lib/statement-digest.circom";
include "lib/limits/book-size.circom";
include "lib/limits/max-leverage.circom";
include "lib/limits/max-stress-loss.circom";
include "lib/limits/max-underlying-delta.circom";
include "lib/limits/min-collateral-ratio.circom";
include "lib/limits/min-equity.circom";
include "lib/limits/min-health-factor.circom";
include "lib/limits/net-delta.circom";

// Proves: the accounts that approved sources signed for the subject at asOf, valued at the public market, respect every
// limit of the public policy (circuits/SPEC.md says it in English, with the width of every value).
// Does not prove: that the subject has no other account, that sources or publishers told the truth, that the book is
// healthy at any other time.
// The verifier must: rebuild the statement vector from its own knowledge and take (x, y) from it and c.
template PortfolioHealth(instruments, accounts, underlyings, scenarios, sources) {
    // public
    signal input c;                               // Poseidon digest of the statement
    signal input x;                               // keccak256(c, statement) mod r
    signal input y;                               // the statement as a polynomial, at x

    // private copy of the public statement, bound by (c, x, y)
    signal input domain;                          // chain and registry
    signal input subject;                         // address
    signal input asOf;                            // unix seconds
    signal input minCollateralRatio;              // bps, 32 bits, as all ratios
    signal input minHealthFactor;
    signal input maxLeverage;
    signal input netDeltaLow;                     // with the bias of 2^31
    signal input netDeltaHigh;
    signal input maxUnderlyingDelta;
    signal input maxStressLoss;
    signal input minEquity;                       // USD 1e8, 96 bits

    // private copy of the public tables, bound by their roots in the statement
    signal input marketTime;                      // unix seconds
    signal input underlyingsId;
    signal input universe;
    signal input price[instruments];              // USD 1e8
    signal input factor[instruments];             // bps
    signal input funded[instruments];
    signal input exposed[instruments];
    signal input underlying[instruments];
    signal input shock[scenarios][underlyings];   // bps, signed
    signal input sourceList[sources];             // hashes of the approved keys

    // private
    signal input enabled[accounts];
    signal input accountId[accounts];
    signal input quantity[accounts][instruments]; // 1e8 per unit, signed
    signal input sourceKey[accounts][2];
    signal input signatureR8[accounts][2];
    signal input signatureS[accounts];
    signal input underlyingDeltaBound;            // USD 1e16
    signal input salt;                            // uniform in the field, new for every proof

    // The public tables.
    component market = MarketTable(instruments, underlyings);
    market.time <== marketTime;
    market.underlyingsId <== underlyingsId;
    market.universe <== universe;
    market.price <== price;
    market.factor <== factor;
    market.funded <== funded;
    market.exposed <== exposed;
    market.underlying <== underlying;

    component stress = ScenarioTable(scenarios, underlyings);
    stress.underlyingsId <== underlyingsId;
    stress.shock <== shock;

    component sourceRoot = TaggedHash(KIND_SOURCES(), sources);
    sourceRoot.in <== sourceList;

    // The accounts, each signed by its source.
    component account[accounts];
    component portfolio = TaggedHash(KIND_PORTFOLIO(), accounts + 1);
    for (var s = 0; s < accounts; s++) {
        account[s] = SignedAccount(instruments, sources);
        account[s].enabled <== enabled[s];
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
    component sums = Aggregates(instruments, underlyings);
    sums.price <== price;
    sums.factor <== factor;
    sums.funded <== funded;
    sums.exposed <== exposed;
    sums.isOf <== market.isOf;
    for (var i = 0; i < instruments; i++) {
        var long = 0;
        var short = 0;
        for (var s = 0; s < accounts; s++) {
            long += account[s].long[i];
            short += account[s].short[i];
        }
        sums.long[i] <== long;
        sums.short[i] <== short;
    }
    signal equity <== sums.assets - sums.liabilities;
    var netDelta = 0;
    component exposures = TaggedHash(KIND_EXPOSURES(), underlyings + 3);
    exposures.in[0] <== underlyingsId;
    exposures.in[1] <== equity;
    for (var u = 0; u < underlyings; u++) {
        netDelta += sums.delta[u];
        exposures.in[2 + u] <== sums.delta[u];
    }
    exposures.in[underlyings + 2] <== salt;

    // The limits.
    component size = BookSize();
    size.assets <== sums.assets;
    size.equity <== equity;
    size.grossExposure <== sums.grossExposure;

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
    underlyingDelta.delta <== sums.delta;
    underlyingDelta.bound <== underlyingDeltaBound;
    underlyingDelta.equity <== equity;
    underlyingDelta.limit <== maxUnderlyingDelta;

    component stressLoss = MaxStressLoss(scenarios, underlyings);
    stressLoss.delta <== sums.delta;
    stressLoss.shock <== shock;
    stressLoss.equity <== equity;
    stressLoss.limit <== maxStressLoss;

    component equityFloor = MinEquity();
    equityFloor.equity <== equity;
    equityFloor.limit <== minEquity;

    // The statement. The order is fixed: circuits/SPEC.md section 6. A place that nothing fills yet is held at the value
    // that claims nothing, so that no proof of this version can be read as saying more.
    component statement = StatementDigest(28);
    statement.x <== x;
    statement.v[0] <== TAG(KIND_STATEMENT(), 28);
    statement.v[1] <== domain;
    statement.v[2] <== subject;
    statement.v[3] <== market.root;
    statement.v[4] <== marketTime;
    statement.v[5] <== stress.root;
    statement.v[6] <== sourceRoot.out;
    statement.v[7] <== 0;                          // enrolment
    statement.v[8] <== asOf;
    statement.v[9] <== 0;                          // units
    statement.v[10] <== 0;                         // previous state
    statement.v[11] <== 0;                         // new state
    statement.v[12] <== portfolio.out;
    statement.v[13] <== exposures.out;
    statement.v[14] <== 0;                         // disclosure
    statement.v[15] <== minCollateralRatio;
    statement.v[16] <== minHealthFactor;
    statement.v[17] <== maxLeverage;
    statement.v[18] <== netDeltaLow;
    statement.v[19] <== netDeltaHigh;
    statement.v[20] <== maxUnderlyingDelta;
    statement.v[21] <== ABSENT_MAX();              // maxVenue
    statement.v[22] <== ABSENT_MAX();              // maxGamma
    statement.v[23] <== ABSENT_MAX();              // maxVega
    statement.v[24] <== ABSENT_MAX();              // maxTheta
    statement.v[25] <== maxStressLoss;
    statement.v[26] <== ABSENT_MAX();              // maxDrawdown
    statement.v[27] <== minEquity;
    statement.c === c;
    statement.y === y;
}
