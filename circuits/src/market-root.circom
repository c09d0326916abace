// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "lib/constants.circom";
include "lib/market-table.circom";
include "lib/pack.circom";
include "lib/statement-digest.circom";

// Proves [M4]: c is the market root of just these numbers: time, names, prices and packed rows.
// For a contract that read the prices itself and cannot afford Poseidon: it builds the same vector from what it knows,
// computes (x, y) from it and c, and accepts c as the root when the proof verifies (circuits/SPEC.md, section 10).
// Does not prove: that a price has 64 bits or that a row unpacks; the contract checks both when it builds the vector.
template MarketRoot(instruments) {
    // public
    signal input c;                                       // the market root
    signal input x;                                       // keccak256(c, vector) mod r
    signal input y;                                       // the vector as a polynomial, at x

    // private copy of the public vector, bound by (c, x, y)
    signal input time;                                    // unix seconds
    signal input underlyingsId;
    signal input universe;
    signal input price[instruments];                      // USD 1e8
    signal input rows[WORDS(instruments, ROW_BITS())];    // ten instruments a word, 24 bits each

    var words = WORDS(instruments, ROW_BITS());
    var length = 4 + instruments + words;
    component digest = StatementDigest(length);
    digest.x <== x;
    digest.v[0] <== TAG(KIND_MARKET(), length);
    digest.v[1] <== time;
    digest.v[2] <== underlyingsId;
    digest.v[3] <== universe;
    for (var i = 0; i < instruments; i++) {
        digest.v[4 + i] <== price[i];
    }
    for (var w = 0; w < words; w++) {
        digest.v[4 + instruments + w] <== rows[w];
    }
    digest.c === c;
    digest.y === y;
}
