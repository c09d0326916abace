// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../constants.circom";
include "../in-range.circom";
include "../limit-is-set.circom";

// Proves [L5]: gross exposure / equity <= limit, the gross method of AIFMD over net asset value.
// Ranges: both values from BookSize, the limit from the public statement (32 bits).
template MaxLeverage() {
    signal input grossExposure;  // USD 1e16
    signal input equity;         // USD 1e16
    signal input limit;          // bps

    component isSet = LimitIsSet(ABSENT_MAX());
    isSet.limit <== limit;
    signal bounded <== isSet.out * grossExposure;

    component holds = InRange(VALUE_BITS() + RATIO_BITS());
    holds.in <== limit * equity - bounded * BPS();
}
