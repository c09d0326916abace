// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "absorb.circom";
include "constants.circom";

// The tags' kinds, as in constants.circom. They stand here so that a file which every circuit includes keeps its content, and every
// circuit its keys.
function KIND_LIQUIDITY() { return 17; }
function KIND_UNWIND() { return 18; }
// Units a day that can be sold or bought: 1e8. The largest number of so many bits stands for what needs no limit.
function DEPTH_BITS() { return 64; }
function UNLIMITED_DEPTH() { return (1 << DEPTH_BITS()) - 1; }

// Proves [Q2]: root is the root of this liquidity table: what a day can take of each instrument of a universe, in its order, by the
// participation that it was made with.
// Does not prove: that a depth is right or has 64 bits; the table is public, so its publishers and every verifier check that, as
// they check prices.
// Constraints: about 38 an instrument.
template LiquidityTable(instruments) {
    signal input time;                 // unix seconds
    signal input universe;             // hash of the ordered instruments
    signal input participation;        // bps
    signal input depth[instruments];   // 1e8 units a day; 0 in a row without instrument
    signal output root;

    component hash = TaggedHash(KIND_LIQUIDITY(), 3 + instruments);
    hash.in[0] <== time;
    hash.in[1] <== universe;
    hash.in[2] <== participation;
    for (var i = 0; i < instruments; i++) {
        hash.in[3 + i] <== depth[i];
    }
    root <== hash.out;
}
