// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

// How many words Pack needs for n values of so many bits.
function WORDS(n, bits) {
    var perWord = 252 \ bits;
    return (n + perWord - 1) \ perWord;
}

// Packs n values into words of at most 252 bits, the first value lowest; the last word may be partly filled.
// The caller must: range-check every value to so many bits, else a carry makes two lists share their words (ATTACKS 7).
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
