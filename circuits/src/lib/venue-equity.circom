// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "circomlib/circuits/comparators.circom";

// Computes [A6], for every account, the equity of all accounts whose source has the same key: a venue is what signs with one key,
// however many accounts it keeps for the subject (attack 57). Accounts of one venue are netted against each other.
//     venueEquity[s] = sum of accountEquity[t] over every t with keyX[t] = keyX[s]
// Empty places have no equity, so the key that they give adds nothing.
// Range: a venue's equity lies between -liabilities and assets, as each account's does.
// Constraints: 2 * accounts * (accounts - 1).
template VenueEquity(accounts) {
    signal input keyX[accounts];            // private; x coordinate of the source's key
    signal input accountEquity[accounts];   // private, USD 1e16, signed
    signal output venueEquity[accounts];    // USD 1e16, signed

    component same[accounts][accounts];
    signal added[accounts][accounts];       // [s][t]: what t adds to s
    for (var s = 0; s < accounts; s++) {
        for (var t = 0; t < s; t++) {
            same[s][t] = IsEqual();
            same[s][t].in[0] <== keyX[s];
            same[s][t].in[1] <== keyX[t];
            added[s][t] <== same[s][t].out * accountEquity[t];
            added[t][s] <== same[s][t].out * accountEquity[s];
        }
        added[s][s] <== accountEquity[s];
    }
    for (var s = 0; s < accounts; s++) {
        var sum = 0;
        for (var t = 0; t < accounts; t++) {
            sum += added[s][t];
        }
        venueEquity[s] <== sum;
    }
}
