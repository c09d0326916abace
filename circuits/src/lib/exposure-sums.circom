// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "scatter.circom";

// Computes [S2] what moves a book: circuits/SPEC.md section 5, G and D[u].
// The caller must: range-check long and short (SignedQuantity does) and the underlyings' indices (MarketTable does). The
// largest sum, grossExposure, is below 2^64 * 2^64 * instruments * accounts.
// Constraints: instruments * (3 + underlyings), or 4 instead of 3 with options.
template ExposureSums(instruments, accounts, underlyings, options) {
    signal input price[instruments];                // USD 1e8; linear tiers only
    signal input flag[instruments];                 // see MarketTable
    signal input delta[instruments];                // dollar delta per unit, USD 1e8, signed; options only
    signal input underlying[instruments];           // index
    signal input long[accounts][instruments];       // private, 1e8 per unit
    signal input short[accounts][instruments];      // private, 1e8 per unit

    signal output grossExposure;                    // G, USD 1e16
    signal output underlyingDelta[underlyings];     // D[u], USD 1e16, signed

    signal absoluteDelta[instruments];              // |dollar delta| per unit
    signal longExposure[instruments];
    signal shortExposure[instruments];
    signal exposure[instruments];                   // signed
    component byUnderlying[instruments];
    var sumGross = 0;
    for (var i = 0; i < instruments; i++) {
        var held = 0;
        var owed = 0;
        for (var s = 0; s < accounts; s++) {
            held += long[s][i];
            owed += short[s][i];
        }
        // With a dollar delta below zero, what is long loses when the underlying rises.
        var sign = 1;
        if (options == 1) {
            absoluteDelta[i] <== delta[i] * (1 - 2 * flag[i]);
            sign = 1 - 2 * flag[i];
        } else {
            absoluteDelta[i] <== flag[i] * price[i];
        }
        longExposure[i] <== absoluteDelta[i] * held;
        shortExposure[i] <== absoluteDelta[i] * owed;
        exposure[i] <== (longExposure[i] - shortExposure[i]) * sign;
        sumGross += longExposure[i] + shortExposure[i];
        byUnderlying[i] = Scatter(underlyings);
        byUnderlying[i].index <== underlying[i];
        byUnderlying[i].value <== exposure[i];
    }
    grossExposure <== sumGross;
    for (var u = 0; u < underlyings; u++) {
        var sumDelta = 0;
        for (var i = 0; i < instruments; i++) {
            sumDelta += byUnderlying[i].out[u];
        }
        underlyingDelta[u] <== sumDelta;
    }
}
