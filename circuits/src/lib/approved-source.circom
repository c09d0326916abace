// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

// Proves [M3]: when enabled, keyX is one of the listed x coordinates; which one stays hidden.
// Why x is enough: on BabyJubJub the keys (x, y) and (x, -y) have secrets that are each other's negative once multiplied by
// the cofactor, so whoever can sign for one can sign for the other, and the caller checks that the key is on the curve.
// Why it proves membership: the product of keyX - list[j] is zero only when one factor is. An empty place of the list is 0,
// and the two points with x = 0 have low order, which the caller's signature check refuses.
// The caller must: take list from a public root whose keys were checked in public to be on the curve, in the prime-order
// subgroup and not the identity; check that the key is on the curve and 8 times it is not the identity.
// Constraints: one for each place.
template ApprovedSource(sources) {
    signal input enabled;
    signal input keyX;
    signal input list[sources];

    signal product[sources + 1];
    product[0] <== enabled;
    for (var j = 0; j < sources; j++) {
        product[j + 1] <== product[j] * (keyX - list[j]);
    }
    product[sources] === 0;
}
