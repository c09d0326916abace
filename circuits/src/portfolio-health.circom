// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "lib/common-limits.circom";
include "lib/constants.circom";
include "lib/declared-accounts.circom";
include "lib/exposure-sums.circom";
include "lib/exposures.circom";
include "lib/linear-limits.circom";
include "lib/market-table.circom";
include "lib/option-limits.circom";
include "lib/scenario-table.circom";
include "lib/sensitivities.circom";
include "lib/statement-digest.circom";
include "lib/value-sums.circom";
include "lib/limits/max-drawdown.circom";

// Proves: the declared accounts, each once and signed by the source it was declared with, for the subject at asOf and valued at
// the public market, respect every limit of the public policy, and the drawdown chain goes on from its previous state
// [C2] (circuits/SPEC.md says it in English, with the width of every value and what binds each input).
// Does not prove: that the subject has no other account, that sources or publishers told the truth, that units are those
// outstanding, that the book is healthy at any other time.
// The verifier must: rebuild the statement vector from its own knowledge and take (x, y) from it and c.
// options: 0 for linear tiers, 1 for tiers with greeks and risk arrays. accountHealth: 1 for tiers that prove
// minAccountHealthFactor.
template PortfolioHealth(instruments, accounts, underlyings, scenarios, sources, options, accountHealth) {
    // public
    signal input c;                               // Poseidon digest of the statement
    signal input x;                               // keccak256(c, statement) mod r
    signal input y;                               // the statement as a polynomial, at x

    // private copy of the public statement, bound by (c, x, y)
    signal input domain;                          // registries and policy
    signal input subject;                         // address
    signal input asOf;                            // unix seconds
    signal input units;                           // 1e8
    signal input previousState;                   // 0: genesis
    signal input newState;
    signal input minAccountHealthFactor;          // bps, 32 bits, as all ratios; 0 without accountHealth
    signal input minCollateralRatio;
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
    signal input portfolioSalt;                   // uniform in the field, new for every proof, and another than the next
    signal input exposuresSalt;                   // likewise

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

    // The accounts.
    component held = DeclaredAccounts(instruments, accounts, sources);
    held.subject <== subject;
    held.asOf <== asOf;
    held.universe <== universe;
    held.sourceList <== sourceList;
    held.accountId <== accountId;
    held.enrolmentSalt <== enrolmentSalt;
    held.quantity <== quantity;
    held.sourceKey <== sourceKey;
    held.signatureR8 <== signatureR8;
    held.signatureS <== signatureS;
    held.portfolioSalt <== portfolioSalt;

    // The sums.
    component values = ValueSums(instruments, accounts, accountHealth);
    values.price <== price;
    values.factor <== factor;
    values.funded <== funded;
    values.long <== held.long;
    values.short <== held.short;
    component moves = ExposureSums(instruments, accounts, underlyings, options);
    moves.price <== price;
    moves.flag <== flag;
    moves.underlying <== underlying;
    moves.long <== held.long;
    moves.short <== held.short;
    for (var i = 0; i < instruments; i++) {
        moves.delta[i] <== options == 1 ? sensitivity[i][0] : 0;
    }
    var sums = BOOK_SUMS(options, scenarios);
    component book;
    if (options == 1) {
        book = Sensitivities(instruments, accounts, sums);
        book.quantity <== quantity;
        for (var i = 0; i < instruments; i++) {
            for (var column = 0; column < sums; column++) {
                book.sensitivity[i][column] <== sensitivity[i][1 + column];
            }
        }
    }
    component exposures = Exposures(accounts, underlyings, scenarios, options);
    exposures.underlyingsId <== underlyingsId;
    exposures.assets <== values.assets;
    exposures.equity <== values.equity;
    exposures.collateral <== values.collateral;
    exposures.grossExposure <== moves.grossExposure;
    exposures.underlyingDelta <== moves.underlyingDelta;
    exposures.accountEquity <== values.accountEquity;
    for (var k = 0; k < sums; k++) {
        exposures.bookSum[k] <== book.sum[k];
    }
    exposures.salt <== exposuresSalt;

    // The limits.
    component limits = CommonLimits(accounts, underlyings, accountHealth);
    limits.assets <== values.assets;
    limits.liabilities <== values.liabilities;
    limits.equity <== values.equity;
    limits.collateral <== values.collateral;
    limits.grossExposure <== moves.grossExposure;
    limits.underlyingDelta <== moves.underlyingDelta;
    limits.underlyingDeltaBound <== underlyingDeltaBound;
    limits.accountEquity <== values.accountEquity;
    limits.accountLiabilities <== values.accountLiabilities;
    limits.accountCollateral <== values.accountCollateral;
    for (var s = 0; s < accounts; s++) {
        limits.keyX[s] <== sourceKey[s][0];
    }
    limits.minEquity <== minEquity;
    limits.minCollateralRatio <== minCollateralRatio;
    limits.minHealthFactor <== minHealthFactor;
    limits.minAccountHealthFactor <== minAccountHealthFactor;
    limits.maxLeverage <== maxLeverage;
    limits.netDeltaLow <== netDeltaLow;
    limits.netDeltaHigh <== netDeltaHigh;
    limits.maxUnderlyingDelta <== maxUnderlyingDelta;
    limits.maxVenue <== maxVenue;

    component optionLimits;
    component linearLimits;
    if (options == 1) {
        optionLimits = OptionLimits(scenarios);
        optionLimits.equity <== values.equity;
        optionLimits.sum <== book.sum;
        optionLimits.maxGamma <== maxGamma;
        optionLimits.maxVega <== maxVega;
        optionLimits.maxTheta <== maxTheta;
        optionLimits.maxStressLoss <== maxStressLoss;
    } else {
        linearLimits = LinearLimits(scenarios, underlyings);
        linearLimits.equity <== values.equity;
        linearLimits.underlyingDelta <== moves.underlyingDelta;
        linearLimits.shock <== shock;
        linearLimits.maxGamma <== maxGamma;
        linearLimits.maxVega <== maxVega;
        linearLimits.maxTheta <== maxTheta;
        linearLimits.maxStressLoss <== maxStressLoss;
    }

    component drawdown = MaxDrawdown();
    drawdown.equity <== values.equity;
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
    statement.v[6] <== held.sourcesRoot;
    statement.v[7] <== held.enrolled;
    statement.v[8] <== asOf;
    statement.v[9] <== units;
    statement.v[10] <== previousState;
    statement.v[11] <== newState;
    statement.v[12] <== held.portfolio;
    statement.v[13] <== exposures.out;
    statement.v[14] <== minAccountHealthFactor;
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
