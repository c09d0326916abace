// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the benchmark proves: circuits with a real input each.
 *
 * @module
 */
import { type ArtifactSet, type CircuitDefinition, ensureCircuit } from "@keel/circuits";
import type { CircuitInput } from "@keel/engine";
import { buildWitness, newEnrolment, parseSnapshot, signSnapshot } from "@keel/prover";
import { parseMarket, parsePolicy, toField, UNBOUND_DOMAIN } from "@keel/verifier";
import { exampleSourceKey, exampleTexts } from "../examples/generate.js";
import { STRATEGIES } from "../examples/strategies.js";

/** A circuit that is ready to prove, and an input that satisfies it. */
export interface Subject {
  readonly artifacts: ArtifactSet;
  readonly input: CircuitInput;
}

/** Name of the circuit that is not one of Keel's. */
export const SYNTHETIC = "synthetic";

const LINKS = 118;

/**
 * About 61,000 constraints, the size of the fund tier: hashes and bits by turns, so that half of the witness is bits and
 * half full numbers, as in Keel's own circuits.
 */
const CHAIN_WITH_BITS: CircuitDefinition = {
  id: "bench/chain",
  source: `pragma circom 2.1.6;
include "circomlib/circuits/poseidon.circom";
include "circomlib/circuits/bitify.circom";
template Chain(n) {
    signal input a;
    signal input rows[n][2];
    signal output o;
    signal x[n + 1];
    component hash[n];
    component bits[n];
    x[0] <== a;
    for (var i = 0; i < n; i++) {
        bits[i] = Num2Bits(253);
        bits[i].in <== rows[i][0];
        hash[i] = Poseidon(3);
        hash[i].inputs[0] <== x[i];
        hash[i].inputs[1] <== rows[i][0];
        hash[i].inputs[2] <== rows[i][1];
        x[i + 1] <== hash[i].out;
    }
    o <== x[n];
}
component main {public [a]} = Chain(${LINKS});
`,
};

/** A circuit by its id in circuits.json, or {@link SYNTHETIC}; compiles it and makes its key when the cache has none. */
export async function loadSubject(id: string): Promise<Subject> {
  if (id === SYNTHETIC) return { artifacts: await ensureCircuit(CHAIN_WITH_BITS), input: chainInput() };
  return { artifacts: await ensureCircuit(id), input: portfolioInput(id) };
}

function chainInput(): CircuitInput {
  // Any numbers below 2^253 do; these have no pattern in their bits.
  const number = (i: number): bigint => 7n ** BigInt(90 + i) % (1n << 253n);
  return { a: 7n, rows: Array.from({ length: LINKS }, (_, i) => [number(2 * i), number(2 * i + 1)]) };
}

/** The first example's portfolio under its own policy, which is moved to the circuit and signed again. */
function portfolioInput(id: string): CircuitInput {
  const [strategy] = STRATEGIES;
  const texts = exampleTexts(strategy!);
  const market = parseMarket(texts.market);
  const policy = parsePolicy(JSON.stringify({ ...JSON.parse(texts.policy), circuit: id }));
  const key = exampleSourceKey(strategy!.sources[0]!);
  const { snapshot } = signSnapshot(parseSnapshot(texts.snapshot), market, policy, key);
  const [portfolioSalt, exposuresSalt, newStateSalt] = [20261121n, 20261122n, 20261123n].map(toField);
  const enrolment = newEnrolment(snapshot, policy, toField(20261124n));
  const domain = UNBOUND_DOMAIN;
  const salts = {
    portfolioSalt: portfolioSalt!,
    exposuresSalt: exposuresSalt!,
    newStateSalt: newStateSalt!,
  };
  return buildWitness({ snapshot, market, policy, domain, enrolment, ...salts }).input;
}
