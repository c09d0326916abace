// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "circomlib/circuits/babyjub.circom";
include "circomlib/circuits/comparators.circom";
include "circomlib/circuits/eddsaposeidon.circom";
include "absorb.circom";
include "approved-source.circom";
include "constants.circom";
include "pack.circom";
include "signed-quantity.circom";

// Proves [A1, A4]: an approved source signed these quantities for this subject, account, time and universe; or the place is empty
// (accountId is 0) and holds nothing.
// Does not prove: that the source told the truth, or that no other account exists.
// A and R8 are checked to be on the curve; S below the subgroup order and 8A not the identity are checked by circomlib's
// verifier (attacks 13, 14). An empty place still has to give points on the curve; the base point will do.
template SignedAccount(instruments, sources) {
    signal input subject;
    signal input accountId;               // private; 0: the place is empty
    signal input asOf;                    // unix seconds
    signal input universe;
    signal input quantity[instruments];   // private, 1e8 per unit, signed
    signal input sourceList[sources];
    signal input sourceKey[2];            // private: which of the list
    signal input signatureR8[2];          // private
    signal input signatureS;              // private

    signal output message;                // what the source signed
    signal output long[instruments];
    signal output short[instruments];

    component isEmpty = IsZero();
    isEmpty.in <== accountId;
    signal enabled <== 1 - isEmpty.out;

    component holding[instruments];
    component quantities = PackBits(instruments, QUANTITY_BITS() + 1);
    var magnitude = 0;
    for (var i = 0; i < instruments; i++) {
        holding[i] = SignedQuantity();
        holding[i].quantity <== quantity[i];
        long[i] <== holding[i].long;
        short[i] <== holding[i].short;
        quantities.in[i] <== holding[i].bits;
        magnitude += long[i] + short[i];
    }
    // A sum of magnitudes is zero only when each is: no value hides in an empty place (attack 9).
    isEmpty.out * magnitude === 0;

    var words = BIT_WORDS(instruments, QUANTITY_BITS() + 1);
    component hash = TaggedHash(KIND_ACCOUNT(), 4 + words);
    hash.in[0] <== subject;
    hash.in[1] <== accountId;
    hash.in[2] <== asOf;
    hash.in[3] <== universe;
    for (var w = 0; w < words; w++) {
        hash.in[4 + w] <== quantities.out[w];
    }
    message <== hash.out;

    component approved = ApprovedSource(sources);
    approved.enabled <== enabled;
    approved.keyX <== sourceKey[0];
    approved.list <== sourceList;

    component keyOnCurve = BabyCheck();
    keyOnCurve.x <== sourceKey[0];
    keyOnCurve.y <== sourceKey[1];
    component r8OnCurve = BabyCheck();
    r8OnCurve.x <== signatureR8[0];
    r8OnCurve.y <== signatureR8[1];

    component signature = EdDSAPoseidonVerifier();
    signature.enabled <== enabled;
    signature.Ax <== sourceKey[0];
    signature.Ay <== sourceKey[1];
    signature.R8x <== signatureR8[0];
    signature.R8y <== signatureR8[1];
    signature.S <== signatureS;
    signature.M <== message;
}
