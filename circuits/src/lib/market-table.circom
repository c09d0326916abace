// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "absorb.circom";
include "constants.circom";
include "in-range.circom";
include "one-hot.circom";
include "pack.circom";

// Bits of an instrument's packed row: collateral factor, funded, exposed, underlying.
function ROW_BITS() { return FACTOR_BITS() + 2 + UNDERLYING_BITS(); }

// Proves: root is the root of this market table, and the packed columns have one decomposition only.
// Does not prove: that the prices are right, that a price has 64 bits or that a factor is at most 10000; the table is
// public, so its publishers, the contract's feed path and every verifier check that.
// The universe is the hash of the ordered instrument list (ids, kinds, underlyings); with it a row means one instrument.
template MarketTable(instruments, underlyings) {
    signal input time;                               // unix seconds
    signal input underlyingsId;                      // hash of the ordered underlying names
    signal input universe;                           // hash of the ordered instruments
    signal input price[instruments];                 // USD 1e8; 0 in a row without instrument
    signal input factor[instruments];                // collateral factor, bps
    signal input funded[instruments];                // 1: the value is part of equity
    signal input exposed[instruments];               // 1: dollar delta per unit is the price; 0: none
    signal input underlying[instruments];            // index

    signal output root;
    signal output isOf[instruments][underlyings];    // one-hot of underlying

    component factorRange[instruments];
    component select[instruments];
    component rows = Pack(instruments, ROW_BITS());
    for (var i = 0; i < instruments; i++) {
        // Range checks of the packed columns: here, so that the packing has no carry.
        factorRange[i] = InRange(FACTOR_BITS());
        factorRange[i].in <== factor[i];
        funded[i] * (funded[i] - 1) === 0;
        exposed[i] * (exposed[i] - 1) === 0;
        select[i] = OneHot(underlyings);
        select[i].index <== underlying[i];
        for (var u = 0; u < underlyings; u++) {
            isOf[i][u] <== select[i].out[u];
        }
        rows.in[i] <== factor[i]
            + funded[i] * (1 << FACTOR_BITS())
            + exposed[i] * (1 << (FACTOR_BITS() + 1))
            + underlying[i] * (1 << (FACTOR_BITS() + 2));
    }

    var words = WORDS(instruments, ROW_BITS());
    component hash = TaggedHash(KIND_MARKET(), 3 + instruments + words);
    hash.in[0] <== time;
    hash.in[1] <== underlyingsId;
    hash.in[2] <== universe;
    for (var i = 0; i < instruments; i++) {
        hash.in[3 + i] <== price[i];
    }
    for (var w = 0; w < words; w++) {
        hash.in[3 + instruments + w] <== rows.out[w];
    }
    root <== hash.out;
}
