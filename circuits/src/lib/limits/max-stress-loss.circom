// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../constants.circom";
include "../in-range.circom";
include "../limit-is-set.circom";

// Computes the P&L of every scenario from the exposures held still, no convexity: sum of delta[u] * shock[k][u].
// |P&L| <= gross exposure * 2^15 < 2^111, for which MaxStressLoss needs gross exposure bounded by BookSize.
template LinearPnl(scenarios, underlyings) {
    signal input delta[underlyings];             // USD 1e16, signed
    signal input shock[scenarios][underlyings];  // bps, signed
    signal output pnl[scenarios];                // USD 1e16 times bps, signed

    signal part[scenarios][underlyings];
    for (var k = 0; k < scenarios; k++) {
        var total = 0;
        for (var u = 0; u < underlyings; u++) {
            part[k][u] <== delta[u] * shock[k][u];
            total += part[k][u];
        }
        pnl[k] <== total;
    }
}

// Proves [L11]: in every scenario the loss, -pnl, is at most limit * equity.
// Ranges: |pnl| < 2^SENSITIVITY_BITS * BPS < 2^153 in tiers with options and < 2^111 in linear ones, limit * equity < 2^128;
// their sum is below 2^154, and negative when the limit is broken.
template MaxStressLoss(scenarios, options) {
    signal input pnl[scenarios];  // USD 1e16 times bps, signed
    signal input equity;          // USD 1e16
    signal input limit;           // bps

    component isSet = LimitIsSet(ABSENT_MAX());
    isSet.limit <== limit;
    signal allowed <== limit * equity;

    var bits = options == 1 ? SENSITIVITY_BITS() + 15 : VALUE_BITS() + RATIO_BITS() + 1;
    signal bounded[scenarios];
    component holds[scenarios];
    for (var k = 0; k < scenarios; k++) {
        bounded[k] <== isSet.out * pnl[k];
        holds[k] = InRange(bits);
        holds[k].in <== allowed + bounded[k];
    }
}
