// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "circomlib/circuits/comparators.circom";

// [L14] out is 0 when a limit has the value that stands for "not set", 1 otherwise. An absent limit then holds exactly, whatever
// the portfolio, because the side that it would bound is multiplied by out.
// Constraints: 2.
template LimitIsSet(absent) {
    signal input limit;
    signal output out;

    component same = IsEqual();
    same.in[0] <== limit;
    same.in[1] <== absent;
    out <== 1 - same.out;
}
