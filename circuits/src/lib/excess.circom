// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "constants.circom";
include "in-range.circom";

// Proves [T4]: excess[j] = max(loss - threshold[j], 0) for every level j, with two wide checks however many levels there are.
// How: beyond[j] says whether the loss is at least threshold[j]. It may only fall from 1 to 0 once as thresholds rise, so
// the loss lies between the last threshold that it is said to pass and the first that it is not; both gaps are checked to
// be no less than zero.
// The caller must: keep the thresholds ascending, and |loss| and the thresholds below 2^80, which bounds every gap.
// Constraints: 5 * levels - 3 + 2 * 77.
template Excess(levels) {
    signal input loss;
    signal input threshold[levels];     // ascending
    signal input beyond[levels];        // private
    signal output excess[levels];

    signal passed[levels - 1];          // threshold[j + 1] - threshold[j] where both are passed
    signal entered[levels - 1];         // the same where threshold[j] is
    var allPassed = 0;
    var allEntered = 0;
    for (var j = 0; j < levels; j++) {
        beyond[j] * (beyond[j] - 1) === 0;
        excess[j] <== beyond[j] * (loss - threshold[j]);
        if (j > 0) {
            beyond[j] * (1 - beyond[j - 1]) === 0;
            passed[j - 1] <== beyond[j] * (threshold[j] - threshold[j - 1]);
            entered[j - 1] <== beyond[j - 1] * (threshold[j] - threshold[j - 1]);
            allPassed += passed[j - 1];
            allEntered += entered[j - 1];
        }
    }

    // From the last threshold passed up to the loss; 0 when none is.
    component above = InRange(LOSS_BITS() + 1);
    above.in <== excess[0] - allPassed;
    // From the loss up to the first threshold not passed; 0 when all are.
    component below = InRange(LOSS_BITS() + 1);
    below.in <== threshold[0] - loss + excess[levels - 1] + allEntered;
}
