// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

// Computes [S3], for each column of a table with options, the sum of quantity times the column over the whole book: gamma, vega,
// theta, and the P&L in every scenario. The dollar delta column is summed by ExposureSums, underlying by underlying.
// The caller must: range-check the quantities; |sum| is at most 2^64 * 2^64 * instruments * accounts <= 2^SENSITIVITY_BITS.
// Constraints: instruments * columns.
template Sensitivities(instruments, accounts, columns) {
    signal input quantity[accounts][instruments];        // 1e8 per unit, signed
    signal input sensitivity[instruments][columns];      // USD 1e8 per unit, signed
    signal output sum[columns];                          // USD 1e16, signed

    signal part[instruments][columns];
    for (var column = 0; column < columns; column++) {
        var total = 0;
        for (var i = 0; i < instruments; i++) {
            var net = 0;
            for (var s = 0; s < accounts; s++) {
                net += quantity[s][i];
            }
            part[i][column] <== net * sensitivity[i][column];
            total += part[i][column];
        }
        sum[column] <== total;
    }
}
