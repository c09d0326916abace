// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "absorb.circom";
include "constants.circom";

// Computes the hiding commitment to the ordered list of declared accounts. With SignedAccount, which lets a place be empty
// only when its accountId is 0, a proof covers every account of the list and no other (ATTACKS 18).
template Enrolment(accounts) {
    signal input accountId[accounts];  // private; 0 in places that are not used
    signal input salt;                 // private, uniform in the field
    signal output out;

    component hash = TaggedHash(KIND_ENROLMENT(), accounts + 1);
    for (var s = 0; s < accounts; s++) {
        hash.in[s] <== accountId[s];
    }
    hash.in[accounts] <== salt;
    out <== hash.out;
}
