// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "circomlib/circuits/bitify.circom";
include "constants.circom";

// Proves [A5]: quantity is in [-2^64, 2^64), and splits it into what is held and what is owed.
//     quantity = long - short; one of the two is zero; bits are those of quantity + 2^64
// Zero has one form only (a sign beside a magnitude would have two, attack 8), and r - x is the quantity -x (attack 6).
// Range check: here, the only one of a quantity.
// Constraints: 66.
template SignedQuantity() {
    signal input quantity;                    // private, 1e8 per unit
    signal output long;                       // max(quantity, 0), below 2^64
    signal output short;                      // max(-quantity, 0), at most 2^64
    signal output bits[QUANTITY_BITS() + 1];  // for packing, lowest first

    component biased = Num2Bits(QUANTITY_BITS() + 1); // CS0010: 65 bits have one decomposition
    biased.in <== quantity + (1 << QUANTITY_BITS());
    bits <== biased.out;
    // The top bit of the biased quantity says that it is not negative.
    long <== bits[QUANTITY_BITS()] * quantity;
    short <== long - quantity;
}
