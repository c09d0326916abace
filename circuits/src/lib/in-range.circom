// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "circomlib/circuits/bitify.circom";

// Proves [W1]: in is an integer in [0, 2^n).
// The caller must: keep every integer that in can stand for inside (2^n - r, r), r the field size, so that a value
// outside the range cannot come back into it by wrapping. n is at most 252.
// Constraints: n.
template InRange(n) {
    signal input in;

    component bits = Num2Bits(n); // CS0010: n is at most 252, so there is one decomposition
    bits.in <== in;
}
