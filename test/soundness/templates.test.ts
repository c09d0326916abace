// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does each small template accept what it should, refuse what it should, and leave no wire free? Every wire of each
 * accepted witness is changed in turn.
 *
 * @module
 */

import { sourceKeyOf } from "keel/prover";
import { absorb, FIELD_ORDER, KIND, pack, packBits, sourceTable, taggedHash, toField } from "keel/verifier";
import { describe, expect, it } from "vitest";
import { type Input, libraryCircuit } from "../support/circuit.js";
import { freeWires } from "../support/wires.js";

const BIG = FIELD_ORDER - 1n;

interface Case {
  readonly file: string;
  readonly main: string;
  /** Hints of circomlib's IsZero, free when its input is 0 (see support/wires.ts); none when absent. */
  readonly hints?: readonly string[];
  /** The inputs, all public, so that the compiler keeps a wire for each. */
  readonly pinned: string;
  /** Standing alone, where outputs cost a linear constraint each. */
  readonly constraints: number;
  readonly accepts: readonly Input[];
  readonly refuses: readonly Input[];
}

const KEY = sourceKeyOf(new Uint8Array(32).fill(1)).publicKey;
const OTHER = sourceKeyOf(new Uint8Array(32).fill(2)).publicKey;
const LIST = sourceTable([KEY, OTHER], 3).list;
const book = (assets: bigint, equity: bigint, grossExposure: bigint, minEquity = 0n) => ({
  assets,
  equity: toField(equity),
  grossExposure: toField(grossExposure),
  minEquity,
});
const CAP = 1n << 96n;
const USD = 10n ** 8n;

const CASES: readonly Case[] = [
  {
    file: "lib/in-range.circom",
    main: "InRange(8)",
    pinned: "in",
    constraints: 8,
    accepts: [{ in: 0n }, { in: 1n }, { in: 255n }],
    refuses: [{ in: 256n }, { in: 257n }, { in: BIG }, { in: FIELD_ORDER >> 1n }],
  },
  {
    file: "lib/in-range.circom",
    main: "InRange(252)",
    pinned: "in",
    constraints: 252,
    accepts: [{ in: (1n << 252n) - 1n }],
    refuses: [{ in: 1n << 252n }, { in: BIG }],
  },
  {
    file: "lib/signed-quantity.circom",
    main: "SignedQuantity()",
    pinned: "quantity",
    constraints: 68,
    accepts: [0n, 1n, -1n, (1n << 64n) - 1n, -(1n << 64n)].map((q) => ({ quantity: toField(q) })),
    refuses: [1n << 64n, -(1n << 64n) - 1n, BIG >> 1n].map((q) => ({ quantity: toField(q) })),
  },
  {
    file: "lib/scatter.circom",
    main: "Scatter(4)",
    pinned: "index, value",
    constraints: 5,
    accepts: [
      { index: 0n, value: 7n },
      { index: 3n, value: BIG },
      { index: 2n, value: 0n },
    ],
    refuses: [
      { index: 4n, value: 7n },
      { index: BIG, value: 1n },
    ],
  },
  {
    file: "lib/approved-source.circom",
    main: "ApprovedSource(3)",
    pinned: "enabled, keyX, list",
    constraints: 3,
    accepts: [
      { enabled: 1n, keyX: KEY[0], list: LIST },
      { enabled: 1n, keyX: OTHER[0], list: LIST },
      { enabled: 0n, keyX: 5n, list: LIST },
    ],
    refuses: [
      { enabled: 1n, keyX: KEY[1], list: LIST },
      { enabled: 1n, keyX: toField(-KEY[0]), list: LIST },
    ],
  },
  {
    file: "lib/limit-is-set.circom",
    main: "LimitIsSet(4294967295)",
    pinned: "limit",
    constraints: 2,
    accepts: [{ limit: 4294967294n }, { limit: 0n }],
    refuses: [],
  },
  {
    file: "lib/limits/book-size.circom",
    main: "BookSize()",
    hints: ["main.isAbsent.inv"],
    pinned: "assets, equity, grossExposure, minEquity",
    constraints: 194,
    accepts: [
      book(1n, 1n, 0n),
      book(CAP - 1n, CAP - 1n, 0n),
      book(1n, 1n, CAP - 2n),
      book(5n * USD, 5n * USD, 0n, 5n),
    ],
    refuses: [
      book(1n, 0n, 0n),
      book(1n, -1n, 0n),
      book(CAP, 1n, 0n),
      book(1n, 1n, CAP - 1n),
      book(1n, 1n, -2n),
      book(1n, -(1n << 139n), 0n),
      book(5n * USD, 5n * USD - 1n, 0n, 5n),
    ],
  },
];

describe("templates of lib/", () => {
  it.each(CASES)("$main", async ({ file, main, pinned, accepts, refuses, constraints, hints = [] }) => {
    const circuit = await libraryCircuit(file, main, `{public [${pinned}]}`);
    expect(circuit.r1cs.constraints).toBe(constraints);
    for (const input of accepts) {
      expect(await circuit.accepts(input)).toBe(true);
      const free = freeWires(circuit, (await circuit.witness(input))!, { given: true });
      expect(free.filter((wire) => !hints.includes(wire))).toEqual([]);
    }
    for (const input of refuses) expect(await circuit.accepts(input)).toBe(false);
  });

  it("LimitIsSet says 0 for the absent value only", async () => {
    const circuit = await libraryCircuit(
      "lib/limit-is-set.circom",
      "LimitIsSet(4294967295)",
      "{public [limit]}",
    );
    expect((await circuit.witness({ limit: 4294967295n }))?.[1]).toBe(0n);
    expect((await circuit.witness({ limit: 4294967294n }))?.[1]).toBe(1n);
    // The hint of IsZero is free when the limit is the absent one, and nothing depends on it.
    const wires = (await circuit.witness({ limit: 4294967295n }))!;
    expect(freeWires(circuit, wires, { given: true })).toEqual(["main.same.isz.inv"]);
  });

  it("SignedQuantity splits a quantity into long and short", async () => {
    const circuit = await libraryCircuit(
      "lib/signed-quantity.circom",
      "SignedQuantity()",
      "{public [quantity]}",
    );
    for (const q of [0n, 5n, -5n, -(1n << 64n), (1n << 64n) - 1n]) {
      const wires = (await circuit.witness({ quantity: toField(q) }))!;
      expect(wires.slice(1, 3)).toEqual([q > 0n ? q : 0n, q < 0n ? -q : 0n]);
      const biased = wires.slice(3, 68).reduce((sum, bit, i) => sum + (bit << BigInt(i)), 0n);
      expect(biased).toBe(q + (1n << 64n));
    }
  });
});

describe("the circuit's hashes are the verifier's", () => {
  it.each([1, 2, 15, 16, 17, 28, 31, 32, 47])("Absorb(%d)", async (n) => {
    const circuit = await libraryCircuit("lib/absorb.circom", `Absorb(${n})`, "{public [in]}");
    const elements = Array.from({ length: n }, (_, i) => BigInt(i) ** 7n + 1n);
    expect((await circuit.witness({ in: elements }))?.[1]).toBe(absorb(elements));
  });

  it("TaggedHash", async () => {
    const circuit = await libraryCircuit("lib/absorb.circom", "TaggedHash(KIND_ACCOUNT(), 3)");
    expect((await circuit.witness({ in: [1n, 2n, 3n] }))?.[1]).toBe(taggedHash(KIND.account, [1n, 2n, 3n]));
  });

  it.each([
    [16, 65],
    [64, 65],
    [4, 63],
  ])("PackBits(%d, %d)", async (n, bits) => {
    const circuit = await libraryCircuit("lib/pack.circom", `PackBits(${n}, ${bits})`, "{public [in]}");
    const values = Array.from({ length: n }, (_, i) => (1n << BigInt(bits)) - 1n - BigInt(i) ** 3n);
    const words = packBits(values, bits);
    const input = values.map((value) => Array.from({ length: bits }, (_, at) => (value >> BigInt(at)) & 1n));
    expect((await circuit.witness({ in: input }))?.slice(1, 1 + words.length)).toEqual(words);
  });

  it.each([
    [16, 65],
    [16, 24],
    [64, 17],
    [3, 252],
  ])("Pack(%d, %d)", async (n, bits) => {
    const circuit = await libraryCircuit("lib/pack.circom", `Pack(${n}, ${bits})`, "{public [in]}");
    const values = Array.from({ length: n }, (_, i) => (1n << BigInt(bits)) - 1n - BigInt(i));
    const words = pack(values, bits);
    expect((await circuit.witness({ in: values }))?.slice(1, 1 + words.length)).toEqual(words);
  });
});
