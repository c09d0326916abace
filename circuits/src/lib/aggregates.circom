// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

// Computes the sums of circuits/SPEC.md section 5 from what is held and owed in all accounts together. No netting across
// accounts: long and short of one instrument are summed apart.
// The caller must: range-check long and short (SignedQuantity does). No sum reaches the field size: the largest,
// collateral, is below 2^14 * 2^64 * 2^64 * instruments * accounts.
// Constraints: 7 an instrument, and instruments * underlyings.
template Aggregates(instruments, underlyings) {
    signal input price[instruments];
    signal input factor[instruments];
    signal input funded[instruments];
    signal input exposed[instruments];
    signal input isOf[instruments][underlyings];
    signal input long[instruments];
    signal input short[instruments];

    signal output assets;                  // A, USD 1e16
    signal output liabilities;             // L, USD 1e16
    signal output collateral;              // C, USD 1e16 times bps
    signal output grossExposure;           // G, USD 1e16
    signal output delta[underlyings];      // D[u], USD 1e16, signed

    signal value[instruments];             // price where the value is part of equity
    signal dollarDelta[instruments];       // price where the instrument moves with its underlying
    signal asset[instruments];
    signal liability[instruments];
    signal pledged[instruments];
    signal longExposure[instruments];
    signal shortExposure[instruments];
    signal part[instruments][underlyings];

    var sumAssets = 0;
    var sumLiabilities = 0;
    var sumCollateral = 0;
    var sumGross = 0;
    for (var i = 0; i < instruments; i++) {
        value[i] <== funded[i] * price[i];
        dollarDelta[i] <== exposed[i] * price[i];
        asset[i] <== value[i] * long[i];
        liability[i] <== value[i] * short[i];
        pledged[i] <== factor[i] * asset[i];
        longExposure[i] <== dollarDelta[i] * long[i];
        shortExposure[i] <== dollarDelta[i] * short[i];
        sumAssets += asset[i];
        sumLiabilities += liability[i];
        sumCollateral += pledged[i];
        sumGross += longExposure[i] + shortExposure[i];
    }
    assets <== sumAssets;
    liabilities <== sumLiabilities;
    collateral <== sumCollateral;
    grossExposure <== sumGross;

    for (var u = 0; u < underlyings; u++) {
        var sumDelta = 0;
        for (var i = 0; i < instruments; i++) {
            part[i][u] <== isOf[i][u] * (longExposure[i] - shortExposure[i]);
            sumDelta += part[i][u];
        }
        delta[u] <== sumDelta;
    }
}
