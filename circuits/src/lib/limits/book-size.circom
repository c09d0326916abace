// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "circomlib/circuits/comparators.circom";
include "../constants.circom";
include "../in-range.circom";

// Proves [L1, L13]: assets and gross exposure together are below 2^VALUE_BITS, equity is above zero and at least minEquity.
// These are the range checks on which every limit stands: with them 0 <= liabilities < assets < 2^96,
// 0 < equity < 2^96, collateral < 2^110 and, for every underlying, |delta| <= grossExposure < 2^96.
// The inputs are sums below 2^140 (ValueSums, ExposureSums), so a negative or too large one cannot wrap into the range. minEquity has 96
// bits in the public statement, so it is below 2^123 in USD 1e16; one that is absent (0) stands for the smallest value.
// Constraints: 194.
template BookSize() {
    signal input assets;         // USD 1e16
    signal input grossExposure;  // USD 1e16
    signal input equity;         // USD 1e16, signed
    signal input minEquity;      // USD 1e8

    component sizeRange = InRange(VALUE_BITS());
    sizeRange.in <== assets + grossExposure;

    component isAbsent = IsZero();
    isAbsent.in <== minEquity;
    component equityRange = InRange(VALUE_BITS());
    equityRange.in <== equity - minEquity * VALUE_PER_USD8() - isAbsent.out;
}
