// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

// Proves: index is in [0, n), and out is its one-hot vector.
// Why: out[i] * (index - i) = 0 forces out[i] = 0 for every i but index; the sum forces out[index] = 1, which also
// refuses an index outside [0, n), for which all of out would be zero.
// Constraints: n, and one linear.
template OneHot(n) {
    signal input index;
    signal output out[n];

    var sum = 0;
    for (var i = 0; i < n; i++) {
        out[i] <-- index == i ? 1 : 0;
        out[i] * (index - i) === 0;
        sum += out[i];
    }
    sum === 1;
}
