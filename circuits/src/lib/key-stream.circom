// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "circomlib/circuits/poseidon.circom";
include "constants.circom";

// How many words one permutation gives at most: the whole state but its capacity.
function STREAM_RATE() { return 16; }

// Computes [N5] words that nobody can tell from random ones without the key: a Poseidon sponge that absorbs (tag with the block's
// number, key, context) into its rate and gives its rate, never its capacity.
// The caller must: use a key for one context only once, or for the same words.
// Constraints: about 38 a word.
template KeyStream(words) {
    signal input key;
    signal input context;
    signal output out[words];

    var blocks = (words + STREAM_RATE() - 1) \ STREAM_RATE();
    component block[blocks];
    for (var b = 0; b < blocks; b++) {
        var left = words - b * STREAM_RATE();
        var size = left < 3 ? 3 : (left < STREAM_RATE() ? left : STREAM_RATE());
        block[b] = PoseidonEx(size, size + 1);
        block[b].initialState <== 0;
        block[b].inputs[0] <== TAG(KIND_STREAM(), b);
        block[b].inputs[1] <== key;
        block[b].inputs[2] <== context;
        for (var i = 3; i < size; i++) {
            block[b].inputs[i] <== 0;
        }
        for (var i = 0; i < size && b * STREAM_RATE() + i < words; i++) {
            out[b * STREAM_RATE() + i] <== block[b].out[1 + i];
        }
    }
}
