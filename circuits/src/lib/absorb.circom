// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "circomlib/circuits/poseidon.circom";
include "constants.circom";

// Hashes n elements [C5]: Poseidon over the first 16, then over (digest so far, next 15) until none is left. The last block
// is as short as what is left, so it costs no padding.
// The caller must: start with an element that fixes n and the purpose (a TAG), which makes two messages of different
// length or meaning differ in the first block.
// Constraints: about 38 an element.
template Absorb(n) {
    signal input in[n];
    signal output out;

    var blocks = n <= 16 ? 1 : 1 + (n - 16 + 14) \ 15;
    component hash[blocks];
    var taken = 0;
    for (var b = 0; b < blocks; b++) {
        var carried = b == 0 ? 0 : 1;
        var size = n - taken < 16 - carried ? n - taken : 16 - carried;
        hash[b] = Poseidon(size + carried);
        if (b > 0) {
            hash[b].inputs[0] <== hash[b - 1].out;
        }
        for (var i = 0; i < size; i++) {
            hash[b].inputs[carried + i] <== in[taken + i];
        }
        taken += size;
    }
    out <== hash[blocks - 1].out;
}

// Hashes n elements for one purpose: kind is one of the KIND_ constants.
template TaggedHash(kind, n) {
    signal input in[n];
    signal output out;

    component hash = Absorb(n + 1);
    hash.in[0] <== TAG(kind, n + 1);
    for (var i = 0; i < n; i++) {
        hash.in[i + 1] <== in[i];
    }
    out <== hash.out;
}
