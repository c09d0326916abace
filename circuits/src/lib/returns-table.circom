// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "absorb.circom";
include "constants.circom";
include "in-range.circom";
include "pack.circom";

// Proves [T2]: root is the root of this history: a covariance matrix and daily returns, over the underlyings in the order of
// underlyingsId.
// Range check of the returns: here, 15 bits from the loss of everything up, so that the packing has no carry; with sixteen
// underlyings a day is a word. The covariances stand alone in the hash; that each is below 2^45 is checked in public.
// Constraints: 15 a return, and about 38 a word and a covariance.
template ReturnsTable(days, underlyings) {
    signal input time;                                           // unix seconds
    signal input underlyingsId;
    signal input covariance[TRIANGLE(underlyings)];              // annual, 1e12, signed, the lower triangle row by row
    signal input dailyReturn[days][underlyings];                 // bps, signed
    signal output root;

    component range[days][underlyings];
    component returns = Pack(days * underlyings, RETURN_BITS());
    for (var h = 0; h < days; h++) {
        for (var u = 0; u < underlyings; u++) {
            range[h][u] = InRange(RETURN_BITS());
            range[h][u].in <== dailyReturn[h][u] + BPS();
            returns.in[h * underlyings + u] <== range[h][u].in;
        }
    }

    var words = WORDS(days * underlyings, RETURN_BITS());
    component hash = TaggedHash(KIND_RETURNS(), 2 + TRIANGLE(underlyings) + words);
    hash.in[0] <== time;
    hash.in[1] <== underlyingsId;
    for (var k = 0; k < TRIANGLE(underlyings); k++) {
        hash.in[2 + k] <== covariance[k];
    }
    for (var w = 0; w < words; w++) {
        hash.in[2 + TRIANGLE(underlyings) + w] <== returns.out[w];
    }
    root <== hash.out;
}
