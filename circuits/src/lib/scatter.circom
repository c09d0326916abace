// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

// Proves [S2]: out[index] = value, and every other out is 0.
// Why: out[i] * (index - i) = 0 forces out[i] = 0 for every i but index, and the sum forces out[index] = value.
// The caller must: range-check index to [0, n). Outside of it the value 0 would pass.
// Constraints: n, and one linear.
template Scatter(n) {
    signal input index;
    signal input value;
    signal output out[n];

    var sum = 0;
    for (var i = 0; i < n; i++) {
        out[i] <-- index == i ? value : 0; // CS0005: determined by the product and the sum
        out[i] * (index - i) === 0;
        sum += out[i];
    }
    sum === value;
}
