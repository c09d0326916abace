// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../constants.circom";
include "../in-range.circom";

// Proves: equity is above zero, and assets and gross exposure are below 2^VALUE_BITS.
// These are the range checks on which every limit stands: with them 0 <= liabilities < assets < 2^112, 0 < equity < 2^112,
// collateral < 2^126 and, for every underlying, |delta| <= grossExposure < 2^112.
// The inputs are sums below 2^140 (Aggregates), so a negative or too large one cannot wrap into the range.
// Constraints: 336.
template BookSize() {
    signal input assets;         // USD 1e16
    signal input equity;         // USD 1e16, signed
    signal input grossExposure;  // USD 1e16

    component assetsRange = InRange(VALUE_BITS());
    assetsRange.in <== assets;
    component equityRange = InRange(VALUE_BITS());
    equityRange.in <== equity - 1;
    component grossRange = InRange(VALUE_BITS());
    grossRange.in <== grossExposure;
}
