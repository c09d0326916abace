// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../constants.circom";
include "../in-range.circom";
include "../limit-is-set.circom";

// Proves: for every scenario k, the loss sum of -delta[u] * shock[k][u] is at most limit * equity.
// Linear: the loss of the exposures held still, no convexity. A shock is in bps as the limit is, so no side is scaled.
// Ranges: |P&L| <= gross exposure * 2^16 < 2^128, limit * equity < 2^144; their sum is below 2^145.
template MaxStressLoss(scenarios, underlyings) {
    signal input delta[underlyings];             // USD 1e16, signed
    signal input shock[scenarios][underlyings];  // bps, signed
    signal input equity;                         // USD 1e16
    signal input limit;                          // bps

    component isSet = LimitIsSet(ABSENT_MAX());
    isSet.limit <== limit;
    signal allowed <== limit * equity;

    signal part[scenarios][underlyings];
    signal bounded[scenarios];
    component holds[scenarios];
    for (var k = 0; k < scenarios; k++) {
        var pnl = 0;
        for (var u = 0; u < underlyings; u++) {
            part[k][u] <== delta[u] * shock[k][u];
            pnl += part[k][u];
        }
        bounded[k] <== isSet.out * pnl;
        holds[k] = InRange(VALUE_BITS() + RATIO_BITS() + 1);
        holds[k].in <== allowed + bounded[k];
    }
}
