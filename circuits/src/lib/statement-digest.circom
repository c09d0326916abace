// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "absorb.circom";

// Proves [C1]: c = Poseidon chain over v, and y = v[0] + v[1]*x + ... + v[n-1]*x^(n-1).
// A verifier who builds its own vector w, takes x from keccak256(c, w) and y from w, and finds the proof valid, knows that
// v = w but for a chance of n/r a hash: c fixed v before x was known (circuits/SPEC.md, section 6).
// Constraints: about 39 an element.
template StatementDigest(n) {
    signal input v[n];
    signal input x;
    signal output c;
    signal output y;

    component hash = Absorb(n);
    hash.in <== v;
    c <== hash.out;

    signal horner[n];
    horner[n - 1] <== v[n - 1];
    for (var i = n - 2; i >= 0; i--) {
        horner[i] <== horner[i + 1] * x + v[i];
    }
    y <== horner[0];
}
