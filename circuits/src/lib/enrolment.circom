// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "circomlib/circuits/comparators.circom";
include "circomlib/circuits/poseidon.circom";
include "constants.circom";
include "distinct.circom";

// Computes [A2] the hiding commitment to the ordered list of declared accounts, each with the key of its source; the same in every
// tier that has room for it. Proves [A3]: no account is listed twice.
//     list[0] = salt, list[i + 1] = Poseidon(tag with position i + 1, list[i], accountId[i], keyX[i]),
//     out = list[number of accounts]
// The position in the tag keeps a first account from being taken for a salt; the key keeps one source from speaking for
// another's account (attack 53). Empty places (accountId 0) come last and change nothing, whatever key they give. With
// SignedAccount, which lets a place be empty only when its accountId is 0, a proof covers every account of the list once and
// no other (attacks 18, 52).
// The caller must: check the account's signature by the key whose x coordinate is keyX.
// Constraints: about 300 a place, 4 for each place after the first, and those of Distinct.
template Enrolment(accounts) {
    signal input accountId[accounts];  // private; 0 in places that are not used
    signal input keyX[accounts];       // private; x coordinate of the source's key
    signal input salt;                 // private, uniform in the field
    signal output out;

    component step[accounts];
    component isEmpty[accounts];
    component distinct = Distinct(accounts);
    signal list[accounts + 1];
    list[0] <== salt;
    for (var s = 0; s < accounts; s++) {
        step[s] = Poseidon(4);
        step[s].inputs[0] <== TAG(KIND_ENROLMENT(), s + 1);
        step[s].inputs[1] <== list[s];
        step[s].inputs[2] <== accountId[s];
        step[s].inputs[3] <== keyX[s];
        isEmpty[s] = IsZero();
        isEmpty[s].in <== accountId[s];
        distinct.id[s] <== accountId[s];
        distinct.isEmpty[s] <== isEmpty[s].out;
        if (s == 0) {
            // There is at least one account.
            isEmpty[s].out === 0;
            list[s + 1] <== step[s].out;
        } else {
            isEmpty[s - 1].out * (1 - isEmpty[s].out) === 0;
            list[s + 1] <== step[s].out + isEmpty[s].out * (list[s] - step[s].out);
        }
    }
    out <== list[accounts];
}
