// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does each small template accept what it should, refuse what it should, and leave no wire free? Every wire of each
 * accepted witness is changed in turn.
 *
 * @module
 */

import { accountField, enrolmentCommitment, sourceKeyOf } from "@keel/prover";
import {
  absorb,
  exposuresCommitment,
  FIELD_ORDER,
  KIND,
  pack,
  packBits,
  restOf,
  sourceTable,
  tag,
  taggedHash,
  toField,
} from "@keel/verifier";
import { describe, expect, it } from "vitest";
import { type Circuit, compiled, type Input, libraryCircuit } from "../support/circuit.js";
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
    file: "lib/distinct.circom",
    main: "Distinct(3)",
    hints: ["main.same[1].inv", "main.same[2].inv"],
    pinned: "id, isEmpty",
    constraints: 7,
    accepts: [
      { id: [5n, 6n, 7n], isEmpty: [0n, 0n, 0n] },
      { id: [5n, 6n, 0n], isEmpty: [0n, 0n, 1n] },
      { id: [5n, 0n, 0n], isEmpty: [0n, 1n, 1n] },
      { id: [BIG, 1n, 2n], isEmpty: [0n, 0n, 0n] },
    ],
    refuses: [
      { id: [5n, 5n, 7n], isEmpty: [0n, 0n, 0n] },
      { id: [5n, 7n, 5n], isEmpty: [0n, 0n, 0n] },
      { id: [7n, 5n, 5n], isEmpty: [0n, 0n, 0n] },
      { id: [5n, 5n, 0n], isEmpty: [0n, 0n, 1n] },
    ],
  },
  {
    file: "lib/limits/min-account-health-factor.circom",
    main: "MinAccountHealthFactor(2)",
    pinned: "collateral, liabilities, limit",
    constraints: 222,
    accepts: [
      { collateral: [10_000n, 0n], liabilities: [1n, 0n], limit: 10_000n },
      { collateral: [0n, 0n], liabilities: [0n, CAP - 1n], limit: 0n },
      { collateral: [(CAP - 1n) << 14n, 0n], liabilities: [0n, 0n], limit: (1n << 32n) - 1n },
    ],
    refuses: [
      { collateral: [9_999n, 5n], liabilities: [1n, 0n], limit: 10_000n },
      { collateral: [CAP, 9_999n], liabilities: [0n, 1n], limit: 10_000n },
      { collateral: [0n, 0n], liabilities: [CAP - 1n, 0n], limit: (1n << 32n) - 1n },
    ],
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

  it("LimitIsSet says 0 for the absent value only [L14]", async () => {
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

  it("SignedQuantity splits a quantity into long and short [A5]", async () => {
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

describe("57 venues are told by key [A6]", () => {
  it("VenueEquity sums what has the same key, place by place, and leaves no wire free but hints", async () => {
    const circuit = await libraryCircuit(
      "lib/venue-equity.circom",
      "VenueEquity(4)",
      "{public [keyX, accountEquity]}",
    );
    expect(circuit.r1cs.constraints).toBe(24);
    for (const [keyX, expected] of [
      [
        [1n, 2n, 3n, 4n],
        [5n, -7n, 11n, 13n],
      ],
      [
        [1n, 1n, 1n, 1n],
        [22n, 22n, 22n, 22n],
      ],
      [
        [1n, 2n, 1n, 2n],
        [16n, 6n, 16n, 6n],
      ],
      [
        [2n, 1n, 1n, 2n],
        [18n, 4n, 4n, 18n],
      ],
    ] as const) {
      const wires = (await circuit.witness({ keyX, accountEquity: [5n, toField(-7n), 11n, 13n] }))!;
      expect(wires.slice(1, 5)).toEqual(expected.map(toField));
      const free = freeWires(circuit, wires, { given: true });
      const hints = keyX.flatMap((key, s) =>
        keyX.slice(0, s).flatMap((other, t) => (key === other ? [`main.same[${s}][${t}].isz.inv`] : [])),
      );
      expect(free.sort()).toEqual(hints.sort());
    }
  });
});

describe("the circuit's hashes are the verifier's", () => {
  const signal = (circuit: Circuit, input: Input) => circuit.witness(input).then((wires) => wires?.[1]);

  it("TAG, of every kind, with its version and length", async () => {
    const kinds = Object.entries(KIND);
    const tags = kinds.map(([name], i) => `out[${i}] <== TAG(KIND_${name.toUpperCase()}(), ${i + 7});`);
    const source = `pragma circom 2.1.6;
include "lib/constants.circom";
include "lib/liquidity-table.circom";
template Tags() { signal output out[${kinds.length}]; ${tags.join(" ")} }
component main = Tags();
`;
    const wires = (await (await compiled({ id: "test/tags", source })).witness({}))!;
    expect(wires.slice(1, 1 + kinds.length)).toEqual(kinds.map(([, kind], i) => tag(kind, i + 7)));
  });

  it("Enrolment, with empty places last [A2]", async () => {
    const circuit = await libraryCircuit("lib/enrolment.circom", "Enrolment(3)", "{public [accountId]}");
    const accounts = ["first", "second"].map((id, s) => ({ id, source: "any", key: [KEY, OTHER][s]! }));
    const ids = accounts.map(({ id }) => accountField(id));
    const input = { accountId: [...ids, 0n], keyX: [KEY[0], OTHER[0], 99n], salt: 5n };
    const commitment = enrolmentCommitment({ accounts, salt: toField(5n) });
    expect(await signal(circuit, input)).toBe(commitment);
    expect(await signal(circuit, { ...input, keyX: [OTHER[0], KEY[0], 99n] })).not.toBe(commitment);
  });

  it.each([
    [{ accounts: 1, options: 0 }, 0],
    [{ accounts: 2, options: 0 }, 0],
    [{ accounts: 1, options: 1 }, 2],
    [{ accounts: 3, options: 1 }, 2],
  ] as const)("Exposures of %o [C4]", async ({ accounts, options }, scenarios) => {
    const circuit = await libraryCircuit(
      "lib/exposures.circom",
      `Exposures(${accounts}, 2, ${scenarios}, ${options})`,
      "{public [underlyingsId]}",
    );
    const accountEquity = [70n, -3n, 0n].slice(0, accounts);
    const bookSums = options === 1 ? [-1n, 2n, -3n, 4n, -5n] : [];
    const deltas = [-20n, 21n];
    const sums = { assets: 100n, equity: 67n, collateral: (CAP - 1n) << 14n, grossExposure: CAP - 1n };
    const input = {
      ...{ ...sums, underlyingsId: 9n, salt: 8n },
      underlyingDelta: deltas.map(toField),
      accountEquity: accountEquity.map(toField),
      bookSum: bookSums.map(toField),
    };
    const isOne = accounts === 1 && options === 0;
    const more = { accountEquity: isOne ? [] : accountEquity, bookSums };
    expect(restOf(more) === undefined).toBe(isOne);
    const exposures = { ...sums, underlyingsId: toField(9n), deltas, ...more };
    expect(await signal(circuit, input)).toBe(exposuresCommitment(exposures, toField(8n)));
  });

  it.each([1, 2, 15, 16, 17, 28, 31, 32, 47])("Absorb(%d) [C5]", async (n) => {
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
