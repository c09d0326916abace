// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "circomlib/circuits/comparators.circom";
include "constants.circom";

// Proves [A3]: no two places that are in use have the same id.
// How: the product of an id's differences to all before it is zero only when it is the same as one of them. The field has no
// divisors of zero, so a product cannot vanish in another way.
// Why it matters: else one good account, repeated, stands for as many (attack 52).
// The caller must: give isEmpty 1 exactly where a place is empty.
// Constraints: n * (n - 1) / 2 + 2 * (n - 1).
template Distinct(n) {
    signal input id[n];
    signal input isEmpty[n];

    signal product[TRIANGLE(n - 1)];
    component same[n];
    var k = 0;
    for (var s = 1; s < n; s++) {
        for (var t = 0; t < s; t++) {
            product[k] <== (t == 0 ? 1 : product[k - 1]) * (id[s] - id[t]);
            k++;
        }
        same[s] = IsZero();
        same[s].in <== product[k - 1];
        same[s].out * (1 - isEmpty[s]) === 0;
    }
}
