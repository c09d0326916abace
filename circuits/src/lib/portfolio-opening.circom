// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "absorb.circom";
include "constants.circom";
include "pack.circom";
include "signed-quantity.circom";

// Computes the portfolio commitment [C3] from what opens it, for statements beside portfolio-health [Q1], and what of each instrument is
// held or owed in all accounts together: magnitudes are added, so one account's position does not net another's.
// Range check of the quantities: here, one of each, whose bits are what is packed into the message; so a commitment of the health
// proof has one opening. Every place of the tier is in the commitment, those without account too, and every row in a message.
// Does not prove: that anybody signed the messages, or that a place without account holds nothing. The health proof that
// publishes the commitment does both; the verifier must demand it.
// Range: size[i] is at most accounts * 2^64.
// Constraints: 66 a quantity, and about 10 more for its part of a message.
template PortfolioOpening(instruments, accounts) {
    signal input subject;
    signal input accountId[accounts];
    signal input asOf;
    signal input universe;
    signal input quantity[accounts][instruments];   // 1e8 per unit, signed
    signal input salt;
    signal output size[instruments];                // 1e8 per unit
    signal output out;

    var words = BIT_WORDS(instruments, QUANTITY_BITS() + 1);
    component holding[accounts][instruments];
    component quantities[accounts];
    component message[accounts];
    component commitment = TaggedHash(KIND_PORTFOLIO(), accounts + 1);
    for (var s = 0; s < accounts; s++) {
        quantities[s] = PackBits(instruments, QUANTITY_BITS() + 1);
        message[s] = TaggedHash(KIND_ACCOUNT(), 4 + words);
        message[s].in[0] <== subject;
        message[s].in[1] <== accountId[s];
        message[s].in[2] <== asOf;
        message[s].in[3] <== universe;
        for (var i = 0; i < instruments; i++) {
            holding[s][i] = SignedQuantity();
            holding[s][i].quantity <== quantity[s][i];
            quantities[s].in[i] <== holding[s][i].bits;
        }
        for (var w = 0; w < words; w++) {
            message[s].in[4 + w] <== quantities[s].out[w];
        }
        commitment.in[s] <== message[s].out;
    }
    commitment.in[accounts] <== salt;
    out <== commitment.out;

    for (var i = 0; i < instruments; i++) {
        var sum = 0;
        for (var s = 0; s < accounts; s++) {
            sum += holding[s][i].long + holding[s][i].short;
        }
        size[i] <== sum;
    }
}
