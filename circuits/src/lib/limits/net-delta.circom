// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../constants.circom";
include "../in-range.circom";
include "../limit-is-set.circom";

// Proves [L6]: low <= sum of the dollar deltas / equity <= high, both ends signed.
// Ranges: |sum| <= gross exposure < 2^96 from BookSize, both ends from the public statement (32 bits with the bias), so
// each difference is below 2^(96 + 32 + 1).
template NetDelta() {
    signal input netDelta;    // USD 1e16, signed
    signal input equity;      // USD 1e16
    signal input lowBiased;   // bps + 2^31; 0: no lower end
    signal input highBiased;  // bps + 2^31; 2^32 - 1: no upper end

    component lowIsSet = LimitIsSet(0);
    lowIsSet.limit <== lowBiased;
    signal boundedBelow <== lowIsSet.out * netDelta;
    component aboveLow = InRange(VALUE_BITS() + RATIO_BITS() + 1);
    aboveLow.in <== boundedBelow * BPS() - (lowBiased - SIGNED_RATIO_BIAS()) * equity;

    component highIsSet = LimitIsSet(ABSENT_MAX());
    highIsSet.limit <== highBiased;
    signal boundedAbove <== highIsSet.out * netDelta;
    component belowHigh = InRange(VALUE_BITS() + RATIO_BITS() + 1);
    belowHigh.in <== (highBiased - SIGNED_RATIO_BIAS()) * equity - boundedAbove * BPS();
}
