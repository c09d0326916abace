// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Small circuits for tests of the set-up and the engine: they compile in a blink and have every shape of signal.
 *
 * @module
 */
import type { CircuitDefinition } from "@keel/circuits";

/** o = (a b0 b1 + b2)^2 + a with b2 < 16; public: o, a. Inputs { a, b: 3 values }. */
export const SMALL: CircuitDefinition = {
  id: "test/small",
  source: `pragma circom 2.1.6;
template Range() {
    signal input value;
    signal bits[4];
    var sum = 0;
    for (var i = 0; i < 4; i++) {
        bits[i] <-- (value >> i) & 1;
        bits[i] * (bits[i] - 1) === 0;
        sum += bits[i] * (1 << i);
    }
    sum === value;
}
template Small() {
    signal input a;
    signal input b[3];
    signal output o;
    signal t;
    signal u;
    component range = Range();
    range.value <== b[2];
    t <== a * b[0];
    u <== t * b[1] + b[2];
    o <== u * u + a;
}
component main {public [a]} = Small();
`,
};

/** A chain of hashes with a few thousand constraints, so that each phase of a proof takes measurable time. */
export const CHAIN: CircuitDefinition = {
  id: "test/chain",
  source: `pragma circom 2.1.6;
include "circomlib/circuits/poseidon.circom";
template Chain(n) {
    signal input a;
    signal input rows[n][2];
    signal output o;
    signal x[n + 1];
    component hash[n];
    x[0] <== a;
    for (var i = 0; i < n; i++) {
        hash[i] = Poseidon(3);
        hash[i].inputs[0] <== x[i];
        hash[i].inputs[1] <== rows[i][0];
        hash[i].inputs[2] <== rows[i][1];
        x[i + 1] <== hash[i].out;
    }
    o <== x[n];
}
component main {public [a]} = Chain(16);
`,
};

/** A valid input of {@link CHAIN}. */
export function chainInput(a: bigint): Record<string, unknown> {
  return { a, rows: Array.from({ length: 16 }, (_, i) => [BigInt(i), a * BigInt(i + 1)]) };
}

/** Counts up to its input while it calculates its witness: with a large one it never ends. Input { n }. */
export const LOOP: CircuitDefinition = {
  id: "test/loop",
  source: `pragma circom 2.1.6;
function count(n) {
    var i = 0;
    while (i < n) {
        i += 1;
    }
    return i;
}
template Loop() {
    signal input n;
    signal output o;
    signal c;
    c <-- count(n);
    c === n;
    o <== c * c;
}
component main = Loop();
`,
};
