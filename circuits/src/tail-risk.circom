// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "lib/absorb.circom";
include "lib/constants.circom";
include "lib/daily-loss.circom";
include "lib/excess.circom";
include "lib/exposures-opening.circom";
include "lib/returns-table.circom";
include "lib/in-range.circom";
include "lib/statement-digest.circom";
include "lib/limits/max-expected-shortfall.circom";
include "lib/limits/max-volatility.circom";

// Proves: the exposures behind a commitment [T1], held still, respect a limit on volatility by the public covariances and
// limits on expected shortfall over the public history [T5] (circuits/SPEC.md, section 11).
// Does not prove: anything about where the exposures come from. A portfolio-health proof that publishes the same commitment
// does; the verifier must demand it. An option counts by its delta only.
// The verifier must: rebuild the statement vector from its own knowledge and take (x, y) from it and c, with confidence
// levels below one.
// hasRest: 1 where the health proof's tier commits to more than this proof speaks of (HAS_REST).
template TailRisk(underlyings, days, levels, hasRest) {
    // public
    signal input c;                                    // Poseidon digest of the statement
    signal input x;                                    // keccak256(c, statement) mod r
    signal input y;                                    // the statement as a polynomial, at x

    // private copy of the public statement, bound by (c, x, y)
    signal input maxVolatility;                        // bps, annual
    signal input confidence[levels];                   // bps
    signal input maxExpectedShortfall[levels];         // bps, of a day

    // private copy of the public history, bound by its root in the statement
    signal input time;                                 // unix seconds
    signal input underlyingsId;
    signal input covariance[TRIANGLE(underlyings)];    // annual, 1e12, signed
    signal input dailyReturn[days][underlyings];       // bps, signed

    // private: what opens the commitment
    signal input equity;                               // E, USD 1e16
    signal input assets;                               // A, USD 1e16
    signal input grossAndCollateral;                   // G + 2^96 C, which this proof says nothing of
    signal input delta[underlyings];                   // USD 1e16, signed
    signal input rest[hasRest];                        // hash of what else the tier commits to
    signal input exposuresSalt;                        // of the health proof's commitment

    // private
    signal input threshold[levels];                    // ascending; the value at risk will do
    signal input beyond[days][levels];                 // 1: the day's loss is at least the threshold

    component table = ReturnsTable(days, underlyings);
    table.time <== time;
    table.underlyingsId <== underlyingsId;
    table.covariance <== covariance;
    table.dailyReturn <== dailyReturn;

    // The ranges of delta are in DailyLoss.
    component exposures = ExposuresOpening(underlyings, hasRest);
    exposures.underlyingsId <== underlyingsId;
    exposures.equity <== equity;
    exposures.assets <== assets;
    exposures.grossAndCollateral <== grossAndCollateral;
    exposures.delta <== delta;
    exposures.rest <== rest;
    exposures.salt <== exposuresSalt;

    component volatility = MaxVolatility(underlyings);
    volatility.delta <== delta;
    volatility.covariance <== covariance;
    volatility.equity <== equity;
    volatility.limit <== maxVolatility;

    // The only range checks of the thresholds.
    component thresholdRange[levels];
    for (var j = 0; j < levels; j++) {
        thresholdRange[j] = InRange(LOSS_BITS() + 1);
        thresholdRange[j].in <== j == 0 ? threshold[0] + (1 << LOSS_BITS()) : threshold[j] - threshold[j - 1];
    }

    component losses = DailyLoss(days, underlyings);
    losses.delta <== delta;
    losses.dailyReturn <== dailyReturn;
    component day[days];
    for (var h = 0; h < days; h++) {
        day[h] = Excess(levels);
        day[h].loss <== losses.loss[h];
        day[h].threshold <== threshold;
        day[h].beyond <== beyond[h];
    }

    component shortfall[levels];
    for (var j = 0; j < levels; j++) {
        var excess = 0;
        for (var h = 0; h < days; h++) {
            excess += day[h].excess[j];
        }
        shortfall[j] = MaxExpectedShortfall(days);
        shortfall[j].threshold <== threshold[j];
        shortfall[j].excess <== excess;
        shortfall[j].confidence <== confidence[j];
        shortfall[j].equity <== equity;
        shortfall[j].limit <== maxExpectedShortfall[j];
    }

    // The statement. The order is fixed: circuits/SPEC.md section 11.
    var length = 5 + 2 * levels;
    component statement = StatementDigest(length);
    statement.x <== x;
    statement.v[0] <== TAG(KIND_TAIL(), length);
    statement.v[1] <== exposures.out;
    statement.v[2] <== table.root;
    statement.v[3] <== time;
    statement.v[4] <== maxVolatility;
    for (var j = 0; j < levels; j++) {
        statement.v[5 + 2 * j] <== confidence[j];
        statement.v[6 + 2 * j] <== maxExpectedShortfall[j];
    }
    statement.c === c;
    statement.y === y;
}
