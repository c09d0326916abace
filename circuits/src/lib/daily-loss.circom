// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "constants.circom";
include "rounded-exposure.circom";

// Computes [T3] what each day of a history would have cost the exposures, held still: at least -sum of delta[u] * return[u], and
// more by at most the rounding, underlyings * 2^40 * 1e-16 USD.
// How: with rest = delta - 2^40 * rounded in [0, 2^40) and return >= -10000 bps, -rest * return <= 2^40 * 10000.
// Range: |loss| < 2^76 for up to 32 underlyings, from RoundedExposure and ReturnsTable.
// Constraints: underlyings * (97 + days).
template DailyLoss(days, underlyings) {
    signal input delta[underlyings];                 // private, USD 1e16, signed
    signal input dailyReturn[days][underlyings];     // bps, signed, at least -10000
    signal output loss[days];                        // USD 1e16 times 2^40 times bps, signed

    component exposure[underlyings];
    for (var u = 0; u < underlyings; u++) {
        exposure[u] = RoundedExposure();
        exposure[u].delta <== delta[u];
    }
    signal gain[days][underlyings];
    for (var h = 0; h < days; h++) {
        var total = 0;
        for (var u = 0; u < underlyings; u++) {
            gain[h][u] <== exposure[u].rounded * dailyReturn[h][u];
            total += gain[h][u];
        }
        loss[h] <== underlyings * BPS() - total;
    }
}
