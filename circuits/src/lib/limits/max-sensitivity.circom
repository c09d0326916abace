// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../constants.circom";
include "../in-range.circom";
include "../limit-is-set.circom";

// Proves [L9, L10]: |sum| * scale / equity <= limit, for a book's gamma (scale 100: the delta change for a move of 1%), vega or theta
// (scale 10000).
// Ranges: |sum| <= 2^SENSITIVITY_BITS from Sensitivities, equity from BookSize, the limit from the public statement (32
// bits). Both differences are at most 2 * limit * equity < 2^129 when the limit holds, and one is negative when not.
template MaxSensitivity(scale) {
    signal input sum;     // USD 1e16, signed
    signal input equity;  // USD 1e16
    signal input limit;   // bps

    component isSet = LimitIsSet(ABSENT_MAX());
    isSet.limit <== limit;
    signal bounded <== isSet.out * sum;
    signal allowed <== limit * equity;

    component fromAbove = InRange(VALUE_BITS() + RATIO_BITS() + 1);
    fromAbove.in <== allowed - bounded * scale;
    component fromBelow = InRange(VALUE_BITS() + RATIO_BITS() + 1);
    fromBelow.in <== allowed + bounded * scale;
}
