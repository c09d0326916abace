// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../constants.circom";
include "../in-range.circom";
include "../limit-is-set.circom";

// Proves [L15]: delta' * covariance * delta <= (limit * equity)^2, the variance of the book's P&L with exposures held still.
// Ranges: |delta[u]| <= 2^96 from DailyLoss, equity < 2^96 from TailRisk, |covariance| < 2^45 in public: for up to 32
// underlyings the variance is below 2^247. A limit that is set has 20 bits, checked here, so its side is below 2^246.
// Constraints: underlyings * (underlyings + 3) / 2 + 272.
template MaxVolatility(underlyings) {
    signal input delta[underlyings];                    // USD 1e16, signed
    signal input covariance[TRIANGLE(underlyings)];     // annual, 1e12, signed, the lower triangle row by row
    signal input equity;                                // USD 1e16
    signal input limit;                                 // bps

    signal part[TRIANGLE(underlyings)];
    signal row[underlyings];
    var variance = 0;
    var k = 0;
    for (var u = 0; u < underlyings; u++) {
        var sum = 0;
        for (var v = 0; v <= u; v++) {
            part[k] <== covariance[k] * delta[v];
            sum += v == u ? part[k] : 2 * part[k];
            k++;
        }
        row[u] <== delta[u] * sum;
        variance += row[u];
    }

    component isSet = LimitIsSet(ABSENT_MAX());
    isSet.limit <== limit;
    signal setLimit <== isSet.out * limit;
    component limitRange = InRange(VOLATILITY_BITS());
    limitRange.in <== setLimit;

    signal bounded <== isSet.out * variance;
    signal allowed <== setLimit * equity;
    signal allowedSquare <== allowed * allowed;
    component holds = InRange(2 * (VOLATILITY_BITS() + VALUE_BITS()) + 14);
    holds.in <== allowedSquare * VARIANCE_SCALE() - bounded;
}
