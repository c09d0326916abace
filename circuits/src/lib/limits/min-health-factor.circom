// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../constants.circom";
include "../in-range.circom";

// Proves [L3]: risk-adjusted collateral / liabilities >= limit, the health factor of lending markets such as Aave v3.
// Holds when nothing is owed, and for limit 0.
// Ranges: collateral and liabilities from BookSize, the limit from the public statement (32 bits).
template MinHealthFactor() {
    signal input collateral;   // USD 1e16 times bps, so both sides have the same scale
    signal input liabilities;  // USD 1e16
    signal input limit;        // bps

    component holds = InRange(VALUE_BITS() + FACTOR_BITS());
    holds.in <== collateral - limit * liabilities;
}
