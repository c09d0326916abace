// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "absorb.circom";
include "constants.circom";
include "in-range.circom";

// Computes the exposures commitment [C4] from what opens it, for statements beside portfolio-health, and proves that the word of
// E and A has one opening: each is below 2^96. Of the other word, and of rest, nothing is said here; they are hashed as they are.
// hasRest: 1 where the health proof's tier commits to more than every tier does (HAS_REST).
// The caller must: bound each delta, where it needs that.
// Constraints: about 40 an element, and 192.
template ExposuresOpening(underlyings, hasRest) {
    signal input underlyingsId;
    signal input equity;                   // E, USD 1e16
    signal input assets;                   // A, USD 1e16
    signal input grossAndCollateral;       // G + 2^96 C
    signal input delta[underlyings];       // USD 1e16, signed
    signal input rest[hasRest];            // hash of what else the tier commits to
    signal input salt;
    signal output out;

    component equityRange = InRange(VALUE_BITS());
    equityRange.in <== equity;
    component assetsRange = InRange(VALUE_BITS());
    assetsRange.in <== assets;

    component hash = TaggedHash(KIND_EXPOSURES(), underlyings + 4 + hasRest);
    hash.in[0] <== underlyingsId;
    hash.in[1] <== equity + assets * (1 << VALUE_BITS());
    hash.in[2] <== grossAndCollateral;
    for (var u = 0; u < underlyings; u++) {
        hash.in[3 + u] <== delta[u];
    }
    for (var k = 0; k < hasRest; k++) {
        hash.in[3 + underlyings + k] <== rest[k];
    }
    hash.in[3 + underlyings + hasRest] <== salt;
    out <== hash.out;
}
