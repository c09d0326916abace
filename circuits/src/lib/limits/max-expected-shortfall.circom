// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../constants.circom";
include "../in-range.circom";
include "../limit-is-set.circom";

// Proves [L16]: threshold + (mean over the days of max(loss - threshold, 0)) / (1 - confidence) <= limit * equity.
// The left side is at least the expected shortfall whatever the threshold is, and equals it when the threshold is the
// value at risk (Rockafellar and Uryasev, Optimization of conditional value-at-risk, 2000), so any that passes is sound.
// Range check of the confidence: here, at most one. Ranges: threshold < 2^79 and its excess < 2^80 a day from
// TailRisk and Excess, so the left side is below 2^143 and the right one below 2^150.
// Constraints: 171.
template MaxExpectedShortfall(days) {
    signal input threshold;     // private, USD 1e16 times 2^40 times bps, signed
    signal input excess;        // over all days, the same unit
    signal input confidence;    // bps
    signal input equity;        // USD 1e16
    signal input limit;         // bps

    component tailRange = InRange(CONFIDENCE_BITS());
    tailRange.in <== BPS() - confidence;
    var tail = (BPS() - confidence) * days;     // days beyond the confidence level, times 10^4

    component isSet = LimitIsSet(ABSENT_MAX());
    isSet.limit <== limit;
    signal atThreshold <== threshold * tail;
    signal bounded <== isSet.out * (atThreshold + excess * BPS());
    signal allowed <== limit * equity;
    signal allowedTail <== allowed * tail;
    component holds = InRange(RATIO_BITS() + VALUE_BITS() + CONFIDENCE_BITS() + LOG2(days) + 1);
    holds.in <== allowedTail - bounded * (1 << ROUNDED_BITS());
}
