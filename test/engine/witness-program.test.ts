// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do witness programs find circom's witnesses, byte for byte, and leave the rest to circom's module?
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import {
  type CircuitDefinition,
  compileCircuit,
  ensureCircuit,
  parseR1cs,
  prepareWitness,
} from "@keel/circuits";
import { createProver } from "@keel/engine";
import { prepareCircuit, type WitnessProgram } from "@keel/engine/setup";
import { CIRCUITS, SCALAR_FIELD } from "@keel/verifier";
import { beforeAll, describe, expect, it } from "vitest";
import {
  compileCircuitModule,
  createWitnessCalculator,
  type WitnessCalculator,
} from "../../prover/engine/dist/circom.js";
import { readProgram } from "../../prover/engine/dist/circom-sections.js";
import { flattenInput } from "../../prover/engine/dist/inputs.js";
import { hasFusedLanes } from "../../prover/engine/dist/kernels/lanes/fused.js";
import { compileSet, createArithmetic } from "../../prover/engine/dist/kernels/run/arithmetic.js";
import { type LoadedProgram, loadProgram } from "../../prover/engine/dist/kernels/run/program.js";
import { allowRelaxedSimd } from "../../prover/engine/dist/node-features.js";
import { decodeProgram, encodeProgram } from "../../prover/engine/dist/witness/program.js";
import { seededRandom, witnessOf } from "../support/book.js";
import { generator } from "../support/generator.js";
import { randomBook } from "../support/random-book.js";
import { CHAIN, chainInput, SMALL } from "./small-circuit.js";

allowRelaxedSimd();
const SEED = 20261130n;
const R = SCALAR_FIELD;

/** Every rule: bits, is it zero, which one is it, quotients; an input that must be 7, and one that nothing uses. */
const RULES: CircuitDefinition = {
  id: "test/rules",
  source: `pragma circom 2.1.6;
include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/comparators.circom";
include "circomlib/circuits/babyjub.circom";
include "circomlib/circuits/montgomery.circom";
include "lib/scatter.circom";
template Rules() {
    signal input a;
    signal input b;
    signal input index;
    signal input values[2];
    signal input fixed;
    signal input unused[2];
    signal output sum;
    fixed === 7;
    component same = IsEqual();
    same.in <== [a, b];
    component zero = IsZero();
    zero.in <== a - 2 * b;
    component bits = Num2Bits(254);
    bits.in <== a;
    component strict = Num2Bits_strict();
    strict.in <== b;
    component signed = Num2Bits(20);
    signed.in <== index * 1000 - 3 + (1 << 19);
    component less = LessThan(16);
    less.in <== [index, 3];
    component places = Scatter(5);
    places.index <== index;
    places.value <== values[0] * values[1];
    component twice = BabyDbl();
    twice.x <== 995203441582195749578291179787384436505546430278305826713579947235728471134;
    twice.y <== 5472060717959818805561601436314318772137091100104008585924551046643952123905;
    component step = MontgomeryDouble();
    step.in <== [a * a + 1, index + 1];
    signal quotient <-- values[0] / (values[1] * 3 - 5);
    quotient * (values[1] * 3 - 5) === values[0];
    signal part[3];
    part[0] <== places.out[2] * same.out - 5 * zero.out;
    part[1] <== (part[0] + bits.out[3]) * (strict.out[253] - less.out + 1);
    part[2] <== quotient * twice.xout - step.out[1];
    sum <== part[1] + part[2] * signed.out[19] + places.out[4];
}
component main {public [index]} = Rules();
`,
};

/** What no rule finds: a square root. */
const ROOT: CircuitDefinition = {
  id: "test/root",
  source: `pragma circom 2.1.6;
template Root() {
    signal input a;
    signal output o;
    signal x <-- a == 49 ? 7 : 3;
    x * x === a;
    o <== x * a;
}
component main = Root();
`,
};

interface Subject {
  readonly circom: WitnessCalculator;
  readonly program: WitnessProgram | undefined;
  /** With each set of kernels that there is. */
  readonly loaded: readonly LoadedProgram[];
}

async function load(program: WitnessProgram): Promise<LoadedProgram[]> {
  const sets = (await hasFusedLanes()) ? [false, true] : [false];
  return Promise.all(
    sets.map(async (lanes) => loadProgram(await createArithmetic(await compileSet(lanes)), program)),
  );
}

async function open(wasm: Uint8Array, prepared: Uint8Array): Promise<Subject> {
  const program = readProgram(prepared);
  const circom = createWitnessCalculator(await compileCircuitModule(wasm));
  return { circom, program, loaded: program === undefined ? [] : await load(program) };
}

async function compiled(definition: CircuitDefinition): Promise<Subject> {
  const circuit = await compileCircuit(definition);
  const r1cs = parseR1cs(await readFile(circuit.r1csPath));
  return open(await readFile(circuit.wasmPath), await readFile(await prepareWitness(circuit, r1cs)));
}

/** What circom's own module says: its witness, or nothing. */
function circomSays({ circom }: Subject, input: unknown): Uint8Array | undefined {
  try {
    return circom.calculate(flattenInput(input));
  } catch {
    return undefined;
  }
}

function expectSame(subject: Subject, input: unknown): boolean {
  const expected = circomSays(subject, input);
  expect(subject.loaded.length).toBeGreaterThan(0);
  for (const program of subject.loaded) {
    const witness = program.run(flattenInput(input));
    expect(witness === undefined).toBe(expected === undefined);
    if (expected !== undefined) expect(Buffer.compare(witness!, expected)).toBe(0);
  }
  return expected !== undefined;
}

describe("a witness program", () => {
  let rules: Subject;
  beforeAll(async () => {
    rules = await compiled(RULES);
  }, 240_000);

  const base = { a: 5n, b: 5n, index: 2n, values: [6n, 9n], fixed: 7n, unused: [1n, 2n] };

  it.each([
    ["equal numbers", {}],
    ["a difference of zero", { a: 10n, b: 5n }],
    ["zeros", { a: 0n, b: 0n, values: [0n, 0n] }],
    ["the largest numbers", { a: R - 1n, b: R - 1n, values: [R - 1n, R - 2n] }],
    ["the first place", { index: 0n }],
    ["the place that the sum stands for", { index: 4n, values: [3n, 4n] }],
    ["a value of zero", { index: 1n, values: [0n, 4n] }],
    ["any value of what is not used", { unused: [R - 1n, 0n] }],
  ])("finds circom's witness: %s", (_, change) => {
    expect(expectSame(rules, { ...base, ...change })).toBe(true);
  });

  it.each([
    ["a place that is not there", { index: 5n }],
    ["a number with too many bits", { index: 1000n }],
    ["another fixed value", { fixed: 8n }],
    ["a quotient by zero", { values: [1n, (5n * ((2n * R + 1n) / 3n)) % R] }],
  ])("leaves to circom what does not fit: %s", (_, change) => {
    expect(expectSame(rules, { ...base, ...change })).toBe(false);
  });

  it("takes zero by zero as circom does, for zero", () => {
    expect(expectSame(rules, { ...base, values: [0n, (5n * ((2n * R + 1n) / 3n)) % R] })).toBe(true);
  });

  it.each([
    ["a name that is missing", { a: undefined }],
    ["another length", { values: [1n] }],
    ["one more name", { c: 1n }],
  ])("leaves to circom what it knows no words for: %s", (_, change) => {
    const input = Object.fromEntries(
      Object.entries({ ...base, ...change }).filter(([, value]) => value !== undefined),
    );
    for (const program of rules.loaded) expect(program.run(flattenInput(input))).toBeUndefined();
  });

  it("finds circom's witness of random inputs", () => {
    const random = generator(SEED);
    const any = (): bigint => (random(3n) === 0n ? random(100n) : random(R));
    for (let i = 0; i < 200; i++) {
      const a = any();
      const b = random(3n) === 0n ? a : any();
      const input = { ...base, a, b, index: random(5n), values: [any(), any()] };
      expect(expectSame(rules, input), `seed ${SEED}, ${i}`).toBe(true);
    }
  });

  it("is the same after it was written and read", async () => {
    const { program } = rules;
    expect(decodeProgram(encodeProgram(program!))).toEqual(program);
    const other = encodeProgram(program!);
    other[0]! += 1;
    expect(decodeProgram(other)).toBeUndefined();
  });

  it("leaves nothing of a witness in memory", async () => {
    const arithmetic = await createArithmetic(await compileSet(false));
    const program = loadProgram(arithmetic, rules.program!);
    for (const input of [base, { ...base, index: 1000n }, { ...base, fixed: 8n }]) {
      program.run(flattenInput(input));
      expect(new Uint8Array(arithmetic.memory.buffer, arithmetic.top).every((byte) => byte === 0)).toBe(true);
    }
  });

  it("is not made where the rules do not find all wires", async () => {
    const root = await compiled(ROOT);
    expect(root.program).toBeUndefined();
    expect(circomSays(root, { a: 49n })).toBeDefined();
  }, 120_000);

  it("that is wrong makes no proof, and what is broken in it no false one", async () => {
    const [small, chain] = [await ensureCircuit(SMALL), await ensureCircuit(CHAIN)];
    const [wasm, zkey] = [await readFile(small.wasmPath), small.zkeyPath];
    const program = readProgram(await readFile(small.witnessPath))!;
    const input = { a: "3", b: ["4", "5", "6"] };
    const expected = ["4359", "3"];
    for (const word of [program.code.count - 8, program.code.count >> 1]) {
      const bytes = program.code.bytes.slice();
      bytes[word]! ^= 2;
      const own = await createProver({
        wasm: prepareCircuit(wasm, { ...program, code: { ...program.code, bytes } }),
        ...{ zkey, workers: 1 },
      });
      const outcome = await own.prove(input).then(
        ({ publicSignals }) => publicSignals,
        ({ code }) => code,
      );
      own.close();
      expect([expected, "proof.unsound", "worker.fault", "worker.died"]).toContainEqual(outcome);
    }
    // Another circuit's program: its names do not fit, so circom's module answers.
    const foreign = readProgram(await readFile(chain.witnessPath))!;
    expect(foreign.outputs.count).toBeGreaterThan(program.outputs.count);
  }, 120_000);
});

describe("witness programs of Keel's circuits", () => {
  it("find circom's witnesses of random books, healthy ones, and leave broken limits to circom", async () => {
    const tier = CIRCUITS.find(({ id }) => id === "portfolio-health/spot-16")!;
    const { wasmPath, witnessPath } = await ensureCircuit(tier.id);
    const subject = await open(await readFile(wasmPath), await readFile(witnessPath));
    const random = seededRandom(Number(SEED));
    const counts = { healthy: 0, broken: 0 };
    for (let i = 0; i < 12; i++) {
      const { input } = witnessOf(randomBook(random, tier));
      counts[expectSame(subject, input) ? "healthy" : "broken"] += 1;
    }
    expect(counts.healthy, `seed ${SEED}`).toBeGreaterThan(0);
    expect(counts.broken, `seed ${SEED}`).toBeGreaterThan(0);
  }, 240_000);
});

describe("the engine with a witness program", () => {
  it("names what does not hold as it does without", async () => {
    const { witnessPath, wasmPath, zkeyPath } = await ensureCircuit(SMALL);
    const codes = await Promise.all(
      [witnessPath, wasmPath].map(async (wasm) => {
        const own = await createProver({ wasm, zkey: zkeyPath, workers: 1 });
        const failures: unknown[] = [];
        const inputs = [
          { a: "3", b: ["4", "5", "16"] },
          { a: "3", b: ["4"] },
          { a: "3" },
          { a: "3", b: ["4", "5", "6"] },
        ];
        for (const input of inputs) {
          const outcome = await own.prove(input).then(
            ({ publicSignals }) => publicSignals,
            ({ code, path, expected, received }) => ({ code, path, expected, received }),
          );
          failures.push(outcome);
        }
        own.close();
        return failures;
      }),
    );
    expect(codes[0]).toEqual(codes[1]);
    expect(codes[0]).toMatchObject([
      { code: "witness.assertion" },
      { code: "input.signal" },
      { code: "input.signal" },
      ["4359", "3"],
    ]);
  }, 120_000);

  it("proves a chain of hashes", async () => {
    const { witnessPath, zkeyPath } = await ensureCircuit(CHAIN);
    const own = await createProver({ wasm: witnessPath, zkey: zkeyPath, workers: 2 });
    const bare = await createProver({
      wasm: (await ensureCircuit(CHAIN)).wasmPath,
      zkey: zkeyPath,
      workers: 1,
    });
    expect(await own.calculateWitness(chainInput(7n) as never)).toEqual(
      await bare.calculateWitness(chainInput(7n) as never),
    );
    const proofs = await Promise.all([7n, 8n, 9n].map((a) => own.prove(chainInput(a) as never)));
    expect(proofs.map(({ publicSignals }) => publicSignals[1])).toEqual(["7", "8", "9"]);
    own.close();
    bare.close();
  }, 120_000);
});
