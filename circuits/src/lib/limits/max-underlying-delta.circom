// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../constants.circom";
include "../in-range.circom";
include "../limit-is-set.circom";

// Proves [L7]: |delta[u]| / equity <= limit for every underlying u, which stops a long of one from hiding a short of another.
// How: the prover names a bound; every |delta[u]| is at most the bound, and the bound keeps the limit. Any bound that
// passes is sound, so none is computed here. Two narrow checks an underlying are cheaper than two wide ones.
// Range check of the bound: here. Ranges of the rest: |delta[u]| < 2^96 from BookSize, the limit from the statement.
template MaxUnderlyingDelta(underlyings) {
    signal input delta[underlyings];  // USD 1e16, signed
    signal input bound;               // private, USD 1e16; the largest |delta[u]| will do
    signal input equity;              // USD 1e16
    signal input limit;               // bps

    component boundRange = InRange(VALUE_BITS());
    boundRange.in <== bound;

    component fromAbove[underlyings];
    component fromBelow[underlyings];
    for (var u = 0; u < underlyings; u++) {
        fromAbove[u] = InRange(VALUE_BITS() + 1);
        fromAbove[u].in <== bound - delta[u];
        fromBelow[u] = InRange(VALUE_BITS() + 1);
        fromBelow[u].in <== bound + delta[u];
    }

    component isSet = LimitIsSet(ABSENT_MAX());
    isSet.limit <== limit;
    signal bounded <== isSet.out * bound;
    component holds = InRange(VALUE_BITS() + RATIO_BITS());
    holds.in <== limit * equity - bounded * BPS();
}
