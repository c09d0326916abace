// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "absorb.circom";
include "constants.circom";
include "in-range.circom";
include "pack.circom";

// Bits of an instrument's packed row: collateral factor, funded, flag, underlying.
function ROW_BITS() { return FACTOR_BITS() + 2 + UNDERLYING_BITS(); }

// Columns of a table with options: dollar delta, gamma, vega, theta, and the P&L in every scenario.
function OPTION_COLUMNS(options, scenarios) { return options * (4 + scenarios); }

// Proves [M1]: root is the root of this market table, and the packed columns have one decomposition only.
// Does not prove: that the prices are right, that a price has 64 bits or that a factor is at most 10000; the table is
// public, so its publishers, the contract's feed path and every verifier check that.
// The universe is the hash of the ordered instrument list (ids, kinds, underlyings); with it a row means one instrument.
// In a tier with options the table also contains the root of the scenarios that its P&L columns were computed for.
template MarketTable(instruments, underlyings, scenarios, options) {
    signal input time;                               // unix seconds
    signal input underlyingsId;                      // hash of the ordered underlying names
    signal input universe;                           // hash of the ordered instruments
    signal input scenarioRoot;                       // hashed in tiers with options only
    signal input price[instruments];                 // USD 1e8; 0 in a row without instrument
    signal input factor[instruments];                // collateral factor, bps
    signal input funded[instruments];                // 1: the value is part of equity
    signal input flag[instruments];                  // linear: dollar delta is the price (1) or none (0)
                                                     // options: dollar delta is below zero (1) or not (0)
    signal input underlying[instruments];            // index; the number of underlyings is a power of two
    signal input sensitivity[instruments][OPTION_COLUMNS(options, scenarios)]; // USD 1e8 per unit, signed

    signal output root;

    assert(1 << LOG2(underlyings) == underlyings);
    component factorRange[instruments];
    component underlyingRange[instruments];
    component rows = Pack(instruments, ROW_BITS());
    for (var i = 0; i < instruments; i++) {
        // Range checks of the packed columns: here, so that the packing has no carry.
        factorRange[i] = InRange(FACTOR_BITS());
        factorRange[i].in <== factor[i];
        funded[i] * (funded[i] - 1) === 0;
        flag[i] * (flag[i] - 1) === 0;
        underlyingRange[i] = InRange(LOG2(underlyings));
        underlyingRange[i].in <== underlying[i];
        rows.in[i] <== factor[i]
            + funded[i] * (1 << FACTOR_BITS())
            + flag[i] * (1 << (FACTOR_BITS() + 1))
            + underlying[i] * (1 << (FACTOR_BITS() + 2));
    }

    var words = WORDS(instruments, ROW_BITS());
    var columns = OPTION_COLUMNS(options, scenarios);
    var head = 3 + options;
    component hash = TaggedHash(KIND_MARKET(), head + instruments + words + instruments * columns);
    hash.in[0] <== time;
    hash.in[1] <== underlyingsId;
    hash.in[2] <== universe;
    if (options == 1) {
        hash.in[3] <== scenarioRoot;
    }
    for (var i = 0; i < instruments; i++) {
        hash.in[head + i] <== price[i];
        for (var column = 0; column < columns; column++) {
            hash.in[head + instruments + words + i * columns + column] <== sensitivity[i][column];
        }
    }
    for (var w = 0; w < words; w++) {
        hash.in[head + instruments + w] <== rows.out[w];
    }
    root <== hash.out;
}
