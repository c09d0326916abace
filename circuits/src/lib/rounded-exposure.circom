// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "circomlib/circuits/bitify.circom";
include "constants.circom";

// Proves [T3]: delta is in [-2^96, 2^96), and rounded is delta / 2^40, rounded down.
// Range check: here, one decomposition for both.
// Constraints: 97.
template RoundedExposure() {
    signal input delta;      // private, USD 1e16, signed
    signal output rounded;   // USD 1e16 times 2^40, in [-2^56, 2^56)

    component biased = Num2Bits(VALUE_BITS() + 1); // CS0010: 97 bits have one decomposition
    biased.in <== delta + (1 << VALUE_BITS());
    var high = 0;
    for (var bit = ROUNDED_BITS(); bit <= VALUE_BITS(); bit++) {
        high += biased.out[bit] * (1 << (bit - ROUNDED_BITS()));
    }
    rounded <== high - (1 << (VALUE_BITS() - ROUNDED_BITS()));
}
