// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "absorb.circom";
include "constants.circom";
include "enrolment.circom";
include "signed-account.circom";

// Proves [A2, C3]: the accounts are exactly those that the enrolment declares, each once, each signed by the source that it declares
// for it, for the subject, at asOf, over this universe; and every source is on the list behind sourcesRoot.
// Does not prove: that a source told the truth, or that the subject has no other account.
// The caller must: take the list from a public root whose keys were checked in public, as ApprovedSource says.
// Constraints: about 4,600 an account, and 80 to 95 for each of its instruments.
template DeclaredAccounts(instruments, accounts, sources) {
    signal input subject;                         // address
    signal input asOf;                            // unix seconds
    signal input universe;
    signal input sourceList[sources];             // x coordinates of the approved keys
    signal input accountId[accounts];             // private; 0: the place is empty
    signal input enrolmentSalt;                   // private, uniform in the field
    signal input quantity[accounts][instruments]; // private, 1e8 per unit, signed
    signal input sourceKey[accounts][2];          // private
    signal input signatureR8[accounts][2];        // private
    signal input signatureS[accounts];            // private
    signal input portfolioSalt;                   // private, uniform in the field, new for every proof

    signal output sourcesRoot;
    signal output enrolled;                       // the enrolment
    signal output portfolio;                      // commitment to what the sources signed
    signal output long[accounts][instruments];    // 1e8 per unit, range-checked
    signal output short[accounts][instruments];   // 1e8 per unit, range-checked

    component sourceRoot = TaggedHash(KIND_SOURCES(), sources);
    sourceRoot.in <== sourceList;
    sourcesRoot <== sourceRoot.out;

    component enrolment = Enrolment(accounts);
    enrolment.accountId <== accountId;
    enrolment.salt <== enrolmentSalt;
    component account[accounts];
    component commitment = TaggedHash(KIND_PORTFOLIO(), accounts + 1);
    for (var s = 0; s < accounts; s++) {
        enrolment.keyX[s] <== sourceKey[s][0];
        account[s] = SignedAccount(instruments, sources);
        account[s].subject <== subject;
        account[s].accountId <== accountId[s];
        account[s].asOf <== asOf;
        account[s].universe <== universe;
        account[s].quantity <== quantity[s];
        account[s].sourceList <== sourceList;
        account[s].sourceKey <== sourceKey[s];
        account[s].signatureR8 <== signatureR8[s];
        account[s].signatureS <== signatureS[s];
        long[s] <== account[s].long;
        short[s] <== account[s].short;
        commitment.in[s] <== account[s].message;
    }
    enrolled <== enrolment.out;
    commitment.in[accounts] <== portfolioSalt;
    portfolio <== commitment.out;
}
