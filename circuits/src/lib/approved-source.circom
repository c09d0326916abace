// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "absorb.circom";
include "constants.circom";

// Proves: when enabled, the key (x, y) is one of the listed ones; which one stays hidden.
// Why: the product of leaf - list[j] is zero only when one factor is. An empty place of the list is 0, which no leaf can
// be made equal to.
// The caller must: take list from a public root whose keys were checked in public to be on the curve, in the prime-order
// subgroup and not the identity.
template ApprovedSource(sources) {
    signal input enabled;
    signal input key[2];
    signal input list[sources];

    component leaf = TaggedHash(KIND_SOURCE(), 2);
    leaf.in[0] <== key[0];
    leaf.in[1] <== key[1];

    signal product[sources + 1];
    product[0] <== enabled;
    for (var j = 0; j < sources; j++) {
        product[j + 1] <== product[j] * (leaf.out - list[j]);
    }
    product[sources] === 0;
}
