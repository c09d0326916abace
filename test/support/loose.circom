// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

// Twins without the constraints: what a mutant of a circuit uses instead of the real component. Outputs are hints, so a
// prover may give what it likes; each twin gives the lie that its parameter or name says.

// Any number at all.
template LooseInRange(n) {
    signal input in;
}

// The lowest n bits of any number, however large it is.
template LooseNum2Bits(n) {
    signal input in;
    signal output out[n];
    for (var i = 0; i < n; i++) {
        out[i] <-- (in >> i) & 1;
        out[i] * (out[i] - 1) === 0;
    }
}

// "Bits" that add up, the lowest of which is everything.
template UnboundedNum2Bits(n) {
    signal input in;
    signal output out[n];
    out[0] <-- in;
    out[0] === in;
    for (var i = 1; i < n; i++) {
        out[i] <-- 0;
        out[i] === 0;
    }
}

// n of the n + 1 bits.
template WiderNum2Bits(n) {
    signal input in;
    signal output out[n];
    component bits = Num2Bits(n + 1);
    bits.in <== in;
    for (var i = 0; i < n; i++) {
        out[i] <== bits.out[i];
    }
}

template LooseIsZero(lie) {
    signal input in;
    signal output out;
    out <-- lie;
}

template LooseIsEqual(lie) {
    signal input in[2];
    signal output out;
    out <-- lie;
}

template LooseLimitIsSet(lie) {
    signal input limit;
    signal output out;
    out <-- lie;
}

template LooseBabyCheck() {
    signal input x;
    signal input y;
}

template LooseApprovedSource(sources) {
    signal input enabled;
    signal input keyX;
    signal input list[sources];
}

template LooseDistinct(n) {
    signal input id[n];
    signal input isEmpty[n];
}

// Each account by itself.
template LooseVenueEquity(accounts) {
    signal input keyX[accounts];
    signal input accountEquity[accounts];
    signal output venueEquity[accounts];
    for (var s = 0; s < accounts; s++) {
        venueEquity[s] <== accountEquity[s];
    }
}

template LooseEdDSAPoseidonVerifier() {
    signal input enabled;
    signal input Ax;
    signal input Ay;
    signal input S;
    signal input R8x;
    signal input R8y;
    signal input M;
}
