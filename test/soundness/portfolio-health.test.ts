// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the circuit accept healthy books, and nothing else?
 *
 * @module
 */

import { firstUnsatisfied } from "@keel/circuits";
import { messageOf, signField } from "@keel/prover";
import { FIELD_ORDER, SUBGROUP_ORDER, statementInputs, statementVector, toField } from "@keel/verifier";
import { beforeAll, describe, expect, it } from "vitest";
import { book, OTHER_SOURCE, POSITIONS, SOURCE, STRANGER, witnessOf } from "../support/book.js";
import { type Circuit, type Input, knownCircuit, type Nested } from "../support/circuit.js";
import { constraintsByPart, statedConstraints } from "../support/parts.js";
import { freeWires, signatureHints } from "../support/wires.js";

let circuit: Circuit;
/** Below the high-water mark, so that no part of the drawdown chain is at rest. */
const state = { equity: 18_000n * 10n ** 16n, units: 10n ** 8n, epoch: 41n, salt: toField(5n) };
const good = witnessOf(book(), state);

beforeAll(async () => {
  circuit = await knownCircuit("portfolio-health/spot-16");
});

/** The good input with one signal's element replaced. */
function changed(signal: string, path: readonly number[], value: bigint, input: Input = good.input): Input {
  const replace = (nested: Nested, [step, ...rest]: readonly number[]): Nested =>
    step === undefined
      ? value
      : (nested as readonly Nested[]).map((part, i) => (i === step ? replace(part, rest) : part));
  return { ...input, [signal]: replace(input[signal]!, path) };
}

describe("portfolio-health/spot-16", () => {
  it("has 16,348 constraints and three public inputs, so a proving domain of 2^14", () => {
    expect(circuit.r1cs.constraints).toBe(16_348);
    expect([circuit.r1cs.publicOutputs, circuit.r1cs.publicInputs]).toEqual([0, 3]);
    expect(circuit.r1cs.constraints + 3 + 1).toBeLessThanOrEqual(2 ** 14);
    expect(constraintsByPart(circuit)).toEqual(statedConstraints("spot-16"));
  });

  it("accepts a healthy book, with the statement's digest as its public inputs", async () => {
    const wires = await circuit.witness(good.input);
    expect(wires).toBeDefined();
    expect(firstUnsatisfied(circuit.r1cs, wires!)).toBeUndefined();
    const { c, x, y } = good.digest;
    expect(wires!.slice(1, 4)).toEqual([c, x, y]);
    expect(statementInputs(c, statementVector(good.statement))).toEqual({ c, x, y });
  });

  it("accepts an empty place for every absent limit [L14]", async () => {
    const free = witnessOf(book({ limits: { minEquity: "1" } }));
    expect(await circuit.accepts(free.input)).toBe(true);
  });
});

describe("1 every wire changed", () => {
  it("breaks a constraint: by +1, to 0, to r-1 and to a random value", async () => {
    const wires = (await circuit.witness(good.input))!;
    expect(freeWires(circuit, wires)).toEqual(signatureHints(1));
  });
});

describe("2, 3 values outside their range [W1]", () => {
  const outside: readonly [string, readonly number[], bigint][] = [
    ["quantity", [0, 3], 1n << 64n],
    ["quantity", [0, 3], (1n << 64n) + 1n],
    ["quantity", [0, 3], toField(-(1n << 64n) - 1n)],
    ["quantity", [0, 3], FIELD_ORDER >> 1n],
    ["factor", [1], 1n << 14n],
    ["factor", [1], FIELD_ORDER - 1n],
    ["funded", [1], 2n],
    ["funded", [1], FIELD_ORDER - 1n],
    ["flag", [1], 2n],
    ["underlying", [1], 8n],
    ["underlying", [1], FIELD_ORDER - 1n],
    ["shock", [0, 1], 1n << 15n],
    ["shock", [0, 1], toField(-(1n << 15n) - 1n)],
    ["isNewMark", [], 2n],
    ["units", [], 0n],
    ["units", [], 1n << 96n],
    ["underlyingDeltaBound", [], 1n << 96n],
    ["underlyingDeltaBound", [], FIELD_ORDER - 1n],
    ["signatureS", [0], SUBGROUP_ORDER],
    ["signatureS", [0], FIELD_ORDER - 1n],
  ];
  it.each(outside)("%s%j = %d is refused", async (signal, path, value) => {
    expect(await circuit.accepts(changed(signal, path, value))).toBe(false);
  });
});

describe("every public or signed number is bound", () => {
  const bound: readonly [string, readonly number[]][] = [
    ["c", []],
    ["x", []],
    ["y", []],
    ["domain", []],
    ["subject", []],
    ["asOf", []],
    ["minAccountHealthFactor", []],
    ["minCollateralRatio", []],
    ["minHealthFactor", []],
    ["maxLeverage", []],
    ["netDeltaLow", []],
    ["netDeltaHigh", []],
    ["maxUnderlyingDelta", []],
    ["maxVenue", []],
    ["maxGamma", []],
    ["maxStressLoss", []],
    ["maxDrawdown", []],
    ["minEquity", []],
    ["units", []],
    ["previousState", []],
    ["newState", []],
    ["enrolmentSalt", []],
    ["newStateSalt", []],
    ["marketTime", []],
    ["underlyingsId", []],
    ["universe", []],
    ["price", [1]],
    ["factor", [1]],
    ["funded", [2]],
    ["flag", [0]],
    ["underlying", [1]],
    ["shock", [0, 1]],
    ["sourceList", [1]],
    ["accountId", [0]],
    ["quantity", [0, 1]],
    ["quantity", [0, 15]],
    ["sourceKey", [0, 0]],
    ["signatureR8", [0, 0]],
    ["signatureS", [0]],
    ["portfolioSalt", []],
    ["exposuresSalt", []],
  ];
  it.each(bound)("%s%j + 1 is refused", async (signal, path) => {
    const value = path.reduce<Nested>(
      (nested, step) => (nested as readonly Nested[])[step]!,
      good.input[signal]!,
    );
    expect(await circuit.accepts(changed(signal, path, toField((value as bigint) + 1n)))).toBe(false);
  });

  it("21 a statement that differs from c in one place is refused, whatever the place", async () => {
    const vector = statementVector(good.statement);
    for (let place = 0; place < vector.length; place++) {
      const other = vector.with(place, toField(vector[place]! + 1n));
      const { x, y } = statementInputs(good.digest.c, other);
      expect(await circuit.accepts({ ...good.input, x, y }), `place ${place}`).toBe(false);
    }
  });

  it("16 public signals in another order are refused", async () => {
    const { c, x, y } = good.digest;
    expect(await circuit.accepts({ ...good.input, c: y, x, y: c })).toBe(false);
    expect(await circuit.accepts({ ...good.input, c, x: y, y: x })).toBe(false);
  });
});

describe("13, 14, 15 signatures [A1]", () => {
  const { market, policy, snapshot } = book();
  const path = (key: readonly bigint[], R8: readonly bigint[], S: bigint): Input => ({
    ...good.input,
    sourceKey: [key],
    signatureR8: [R8],
    signatureS: [S],
  });

  it("13 the identity and points of low order are no keys, even if a policy lists them", async () => {
    const signature = snapshot.accounts[0]!.signature!;
    for (const key of [
      [0n, 1n],
      [0n, FIELD_ORDER - 1n],
    ]) {
      expect(await circuit.accepts(path(key, signature.R8, signature.S))).toBe(false);
      // S = 0 and R8 = identity verify for the identity key in some libraries.
      expect(await circuit.accepts(path(key, [0n, 1n], 0n))).toBe(false);
    }
  });

  it("13 a key that the policy does not list is refused [M3]", async () => {
    const { R8, S } = signField(messageOf(snapshot, 0, market, policy.circuit.shape), STRANGER.privateKey);
    expect(await circuit.accepts(path(STRANGER.publicKey, R8, S))).toBe(false);
  });

  it("any listed key may sign what was enrolled with it: which one stays hidden", async () => {
    const elsewhere = witnessOf(book({ venues: ["Venue Two"] }), state);
    expect(await circuit.accepts(elsewhere.input)).toBe(true);
    expect(elsewhere.input.sourceKey).toEqual([OTHER_SOURCE.publicKey]);
    expect(elsewhere.statement.terms.sourcesRoot).toBe(good.statement.terms.sourcesRoot);
  });

  it("53 another listed key may not, though its signature is good", async () => {
    const { R8, S } = signField(
      messageOf(snapshot, 0, market, policy.circuit.shape),
      OTHER_SOURCE.privateKey,
    );
    // Everything but the enrolment fits: the statement is another.
    expect(await circuit.refusal(path(OTHER_SOURCE.publicKey, R8, S))).toEqual(["PortfolioHealth"]);
  });

  it("14 S plus the subgroup order, and R8 off the curve, are refused", async () => {
    const { R8, S } = snapshot.accounts[0]!.signature!;
    expect(await circuit.accepts(path(SOURCE.publicKey, R8, S + SUBGROUP_ORDER))).toBe(false);
    expect(await circuit.accepts(path(SOURCE.publicKey, [R8[0], toField(R8[1] + 1n)], S))).toBe(false);
    expect(await circuit.accepts(path(SOURCE.publicKey, [1n, 1n], S))).toBe(false);
  });

  it("15 a signature over another time, subject, account or quantity is refused", async () => {
    const others = [
      witnessOf(book({ asOf: snapshot.asOf + 1, marketAsOf: market.asOf })),
      witnessOf(book({ positions: { ...POSITIONS, ETH: "10.00000001" } })),
    ];
    for (const { input } of others) {
      const mixed = { ...good.input, signatureR8: input.signatureR8!, signatureS: input.signatureS! };
      expect(await circuit.accepts(mixed)).toBe(false);
    }
    expect(await circuit.accepts(changed("accountId", [0], 1n))).toBe(false);
    expect(await circuit.accepts(changed("subject", [], 1n))).toBe(false);
  });
});

describe("9, 11 empty places", () => {
  it("9 hold nothing, and an empty book has no equity", async () => {
    expect(await circuit.accepts(changed("accountId", [0], 0n))).toBe(false);
    const empty = { ...good.input, quantity: [new Array(16).fill(0n)] };
    expect(await circuit.accepts(changed("accountId", [0], 0n, empty))).toBe(false);
  });
});
