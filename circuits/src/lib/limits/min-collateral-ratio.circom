// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../constants.circom";
include "../in-range.circom";

// Proves [L2]: assets / liabilities >= limit, the collateral ratio of a vault. Holds when nothing is owed, and for limit 0.
// Ranges: assets and liabilities from BookSize, the limit from the public statement (32 bits).
template MinCollateralRatio() {
    signal input assets;       // USD 1e16
    signal input liabilities;  // USD 1e16
    signal input limit;        // bps

    component holds = InRange(VALUE_BITS() + FACTOR_BITS());
    holds.in <== assets * BPS() - limit * liabilities;
}
