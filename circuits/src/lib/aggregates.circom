// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "scatter.circom";

// Computes the sums of circuits/SPEC.md section 5 from what is held and owed. No netting of one account's debt against
// another's coins: long and short of one instrument are summed apart.
// The caller must: range-check long and short (SignedQuantity does) and the underlyings' indices (MarketTable does). No sum reaches the field size: the largest,
// collateral, is below 2^14 * 2^64 * 2^64 * instruments * accounts.
// Constraints: instruments * (7 + accounts + underlyings), or 8 instead of 7 with options.
template Aggregates(instruments, accounts, underlyings, options) {
    signal input price[instruments];                // USD 1e8
    signal input factor[instruments];               // bps
    signal input funded[instruments];
    signal input flag[instruments];                 // see MarketTable
    signal input delta[instruments];                // dollar delta per unit, USD 1e8, signed; options only
    signal input underlying[instruments];           // index
    signal input long[accounts][instruments];
    signal input short[accounts][instruments];

    signal output assets;                           // A, USD 1e16
    signal output liabilities;                      // L, USD 1e16
    signal output equity;                           // E, USD 1e16, signed
    signal output venueEquity[accounts];            // E[s], USD 1e16, signed
    signal output collateral;                       // C, USD 1e16 times bps
    signal output grossExposure;                    // G, USD 1e16
    signal output underlyingDelta[underlyings];     // D[u], USD 1e16, signed

    signal value[instruments];                      // price where the value is part of equity
    signal part[accounts][instruments];
    signal asset[instruments];
    signal pledged[instruments];
    signal absoluteDelta[instruments];              // |dollar delta| per unit
    signal longExposure[instruments];
    signal shortExposure[instruments];
    signal exposure[instruments];                   // signed
    component byUnderlying[instruments];

    for (var i = 0; i < instruments; i++) {
        value[i] <== funded[i] * price[i];
        if (options == 1) {
            absoluteDelta[i] <== delta[i] * (1 - 2 * flag[i]);
        } else {
            absoluteDelta[i] <== flag[i] * price[i];
        }
    }

    var sumAssets = 0;
    var sumCollateral = 0;
    var sumGross = 0;
    for (var i = 0; i < instruments; i++) {
        var held = 0;
        var owed = 0;
        for (var s = 0; s < accounts; s++) {
            held += long[s][i];
            owed += short[s][i];
        }
        asset[i] <== value[i] * held;
        pledged[i] <== factor[i] * asset[i];
        longExposure[i] <== absoluteDelta[i] * held;
        shortExposure[i] <== absoluteDelta[i] * owed;
        // With a dollar delta below zero, what is long loses when the underlying rises.
        var sign = 1;
        if (options == 1) {
            sign = 1 - 2 * flag[i];
        }
        exposure[i] <== (longExposure[i] - shortExposure[i]) * sign;
        sumAssets += asset[i];
        sumCollateral += pledged[i];
        sumGross += longExposure[i] + shortExposure[i];
    }
    assets <== sumAssets;
    collateral <== sumCollateral;
    grossExposure <== sumGross;

    var sumEquity = 0;
    for (var s = 0; s < accounts; s++) {
        var sumVenue = 0;
        for (var i = 0; i < instruments; i++) {
            part[s][i] <== value[i] * (long[s][i] - short[s][i]);
            sumVenue += part[s][i];
        }
        venueEquity[s] <== sumVenue;
        sumEquity += sumVenue;
    }
    equity <== sumEquity;
    liabilities <== sumAssets - sumEquity;

    for (var i = 0; i < instruments; i++) {
        byUnderlying[i] = Scatter(underlyings);
        byUnderlying[i].index <== underlying[i];
        byUnderlying[i].value <== exposure[i];
    }
    for (var u = 0; u < underlyings; u++) {
        var sumDelta = 0;
        for (var i = 0; i < instruments; i++) {
            sumDelta += byUnderlying[i].out[u];
        }
        underlyingDelta[u] <== sumDelta;
    }
}
