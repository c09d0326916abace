// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "absorb.circom";
include "constants.circom";

// Computes [D1] the hiding commitment to a state of the drawdown chain: the high-water mark as a pair, and the epoch.
template State() {
    signal input equity;  // private, USD 1e16
    signal input units;   // private, 1e8
    signal input epoch;   // private
    signal input salt;    // private, uniform in the field
    signal output out;

    component hash = TaggedHash(KIND_STATE(), 4);
    hash.in[0] <== equity;
    hash.in[1] <== units;
    hash.in[2] <== epoch;
    hash.in[3] <== salt;
    out <== hash.out;
}
