// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "circomlib/circuits/babyjub.circom";
include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/comparators.circom";
include "circomlib/circuits/escalarmulany.circom";
include "circomlib/circuits/escalarmulfix.circom";
include "constants.circom";

// Computes [N4] R = e B8, and for each viewer's key V the shared point e V (Diffie and Hellman 1976, on BabyJubJub): who has v with
// V = v B8 finds it as v R. One e serves all viewers.
// Does not prove: that e was chosen at random. Who makes the proof knows what is encrypted anyway.
// Why no e leaves a slope free: with a point of prime order the running sums of circomlib's two templates never meet the point that
// is added; where the fixed one meets its negative, for a few e that nobody draws by chance, no witness exists. Their last
// additions are complete.
// Neither R nor a key has x = 0, so none is the identity or the point of order two: a key of low order, which would
// share its point with everybody, has no witness, and no proof has an R that a viewer's program refuses.
// The caller must: take the keys from a public statement whose keys were checked in public to be in the prime-order
// subgroup.
// Constraints: about 1,100, and 2,310 a viewer.
template KeyAgreement(viewers) {
    signal input secret;                   // e, private, new for every proof, below 2^251
    signal input viewerKey[viewers][2];
    signal output point[2];                // R
    signal output shared[viewers][2];

    var BASE8[2] = [
        5299619240641551281634865583518297030282874472190772894086521144482721001553,
        16950150798460657717958625567821834550301663161624707787222815936182638968203
    ];
    component bits = Num2Bits(SECRET_BITS()); // CS0010: below 2^251, so there is one decomposition
    bits.in <== secret;
    component fixed = EscalarMulFix(SECRET_BITS(), BASE8);
    fixed.e <== bits.out;
    point <== fixed.out;
    component isLowPoint = IsZero();
    isLowPoint.in <== point[0];
    isLowPoint.out === 0;

    component isLowKey[viewers];
    component onCurve[viewers];
    component multiple[viewers];
    for (var v = 0; v < viewers; v++) {
        onCurve[v] = BabyCheck();
        onCurve[v].x <== viewerKey[v][0];
        onCurve[v].y <== viewerKey[v][1];
        isLowKey[v] = IsZero();
        isLowKey[v].in <== viewerKey[v][0];
        isLowKey[v].out === 0;
        multiple[v] = EscalarMulAny(SECRET_BITS());
        multiple[v].e <== bits.out;
        multiple[v].p <== viewerKey[v];
        shared[v] <== multiple[v].out;
    }
}
