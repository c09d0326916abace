// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a disclosure costs beside the health proof: both at the same time against the health proof alone, by turns in one process,
 * with two workers for the health proof and one for the small circuit, as `keel prove` has them.
 *
 *     node dist/bench/disclosure.js [pairs]
 *
 * @module
 */

import { ensureCircuit } from "@keel/circuits";
import { type CircuitInput, createProver, type Prover } from "@keel/engine";
import { buildWitness, newEnrolment, parseSnapshot, signSnapshot } from "@keel/prover";
import { parseMarket, parsePolicy, toField, UNBOUND_DOMAIN, viewerKeyOf } from "@keel/verifier";
import { exampleSourceKey, exampleTexts } from "../examples/generate.js";
import { STRATEGIES } from "../examples/strategies.js";
import { median } from "./median.js";

const TIER = "portfolio-health/fund-64";
const SHOWN = "disclosure/fund-64x1";
const WARM_UP = 2;

const pairs = Number(process.argv[2] ?? "15");
const witness = witnessOf();
const health = await openProver(TIER, 2);
const shown = await openProver(SHOWN, 1);
const tasks: readonly (readonly [Prover, CircuitInput])[] = [
  [health, witness.input],
  [shown, witness.disclosure!.input],
];
const times: { readonly alone: number; readonly both: number }[] = [];
for (let i = 0; i < pairs + WARM_UP; i++) {
  times.push({ alone: await timeOf(tasks.slice(0, 1)), both: await timeOf(tasks) });
}
for (const [prover] of tasks) prover.close();
const counted = times.slice(WARM_UP);
const [alone, both] = [median(counted.map((pair) => pair.alone)), median(counted.map((pair) => pair.both))];
console.info(`${TIER} alone ${alone.toFixed(0)} ms, with ${SHOWN} ${both.toFixed(0)} ms`);
console.info(`ratio of medians ${(both / alone).toFixed(3)} over ${pairs} pairs`);

async function openProver(id: string, workers: number): Promise<Prover> {
  const { witnessPath: wasm, zkeyPath: zkey } = await ensureCircuit(id);
  return await createProver({ wasm, zkey, workers });
}

/** Milliseconds until all of the proofs are there. */
async function timeOf(work: typeof tasks): Promise<number> {
  const started = performance.now();
  await Promise.all(work.map(([prover, input]) => prover.prove(input)));
  return performance.now() - started;
}

/** The first example's portfolio under its own policy, moved to the tier, with one viewer. */
function witnessOf() {
  const [strategy] = STRATEGIES;
  const texts = exampleTexts(strategy!);
  const market = parseMarket(texts.market);
  const key = viewerKeyOf(new Uint8Array(32).fill(1)).map(String);
  const disclosure = { circuit: SHOWN, viewers: [{ name: "Viewer", key }] };
  const policy = parsePolicy(JSON.stringify({ ...JSON.parse(texts.policy), circuit: TIER, disclosure }));
  const source = exampleSourceKey(strategy!.sources[0]!);
  const { snapshot } = signSnapshot(parseSnapshot(texts.snapshot), market, policy, source);
  const enrolment = newEnrolment(snapshot, policy, toField(5n));
  const salts = { portfolioSalt: toField(1n), exposuresSalt: toField(2n), newStateSalt: toField(3n) };
  return buildWitness({ snapshot, market, policy, domain: UNBOUND_DOMAIN, enrolment, ...salts });
}
