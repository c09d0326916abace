// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

// How many words Pack needs for n values of so many bits.
function WORDS(n, bits) {
    var perWord = 252 \ bits;
    return (n + perWord - 1) \ perWord;
}

// Packs [W2] n values into words of at most 252 bits, the first value lowest; the last word may be partly filled.
// The caller must: range-check every value to so many bits, else a carry makes two lists share their words (attack 7).
// Constraints: none that are not linear.
template Pack(n, bits) {
    signal input in[n];
    signal output out[WORDS(n, bits)];

    var perWord = 252 \ bits;
    for (var w = 0; w < WORDS(n, bits); w++) {
        var word = 0;
        for (var i = w * perWord; i < n && i < (w + 1) * perWord; i++) {
            word += in[i] * (1 << (bits * (i - w * perWord)));
        }
        out[w] <== word;
    }
}

// How many words PackBits needs for n values of so many bits.
function BIT_WORDS(n, bits) {
    return (n * bits + 251) \ 252;
}

// Packs [W2] the bits of n values into words of 252 bits, the first value lowest, without a gap: a value may lie across two
// words. Tighter than Pack where the bits are there anyway.
// The caller must: take in from a decomposition (each 0 or 1), the lowest bit first.
// Constraints: none that are not linear.
template PackBits(n, bits) {
    signal input in[n][bits];
    signal output out[BIT_WORDS(n, bits)];

    for (var w = 0; w < BIT_WORDS(n, bits); w++) {
        var word = 0;
        for (var at = w * 252; at < n * bits && at < (w + 1) * 252; at++) {
            word += in[at \ bits][at % bits] * (1 << (at - w * 252));
        }
        out[w] <== word;
    }
}
