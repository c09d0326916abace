// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does arithmetic modulo r hide anything: second decompositions, sums that wrap, negatives, carries?
 *
 * @module
 */

import { firstUnsatisfied } from "@keel/circuits";
import { FIELD_ORDER, marketTable, pack, toField } from "@keel/verifier";
import { beforeAll, describe, expect, it } from "vitest";
import { book, witnessOf } from "../support/book.js";
import { type Circuit, type Input, knownCircuit, libraryCircuit } from "../support/circuit.js";

let circuit: Circuit;
const good = witnessOf(book());

beforeAll(async () => {
  circuit = await knownCircuit("portfolio-health/spot-16");
});

/** The bits of a number, lowest first. */
const bitsOf = (value: bigint, count: number): bigint[] =>
  Array.from({ length: count }, (_, i) => (value >> BigInt(i)) & 1n);

describe("4 a second decomposition of the same number", () => {
  /** Every array of bits in the statement, by the signal it belongs to, with its width. */
  const widths = (): Map<string, number> => {
    const found = new Map<string, number>();
    for (const name of [...circuit.names.values()].flat()) {
      const [, signal, place] = /^main\.(.*(?:bits|biased|h2bits|snum2bits)\.out)\[(\d+)\]$/.exec(name) ?? [];
      if (signal !== undefined) found.set(signal, Math.max(found.get(signal) ?? 0, Number(place) + 1));
    }
    return found;
  };

  it("needs 254 bits, which only the hash in a signature has", () => {
    expect(1n << 253n).toBeLessThan(FIELD_ORDER);
    expect(widths().size).toBeGreaterThan(100);
    const wide = [...widths()].filter(([, width]) => width > 253).map(([signal]) => signal);
    expect(wide.every((signal) => signal.includes("signature.h2bits"))).toBe(true);
  });

  it("of that hash is refused: 254 bits alone have two forms, AliasCheck leaves one", async () => {
    const value = 12345n;
    const loose = await libraryCircuit("circomlib/circuits/bitify.circom", "Num2Bits(254)", "{public [in]}");
    const witness = (await loose.witness({ in: value }))!;
    const alias = bitsOf(value + FIELD_ORDER, 254);
    expect(firstUnsatisfied(loose.r1cs, [1n, ...alias, value])).toBeUndefined();
    expect(witness.slice(1, 255)).toEqual(bitsOf(value, 254));

    const check = await libraryCircuit("circomlib/circuits/aliascheck.circom", "AliasCheck()");
    expect(await check.accepts({ in: bitsOf(value, 254) })).toBe(true);
    expect(await check.accepts({ in: alias })).toBe(false);
    expect(await check.accepts({ in: bitsOf(FIELD_ORDER - 1n, 254) })).toBe(true);
    expect(await check.accepts({ in: bitsOf(FIELD_ORDER, 254) })).toBe(false);
  });
});

describe("5 sums that would wrap modulo r [W1]", () => {
  it("do not: the largest quantities at the largest prices give the integers' sums, far below r", async () => {
    const [instruments, accounts] = [4, 2];
    const values = (accountHealth: number) =>
      libraryCircuit("lib/value-sums.circom", `ValueSums(${instruments}, ${accounts}, ${accountHealth})`);
    const moves = await libraryCircuit(
      "lib/exposure-sums.circom",
      `ExposureSums(${instruments}, ${accounts}, 2, 0)`,
    );
    const rows = <T>(value: T): T[] => new Array(instruments).fill(value);
    const most = 1n << 64n;
    const factor = (1n << 14n) - 1n;
    const held = { price: rows(most - 1n), long: [rows(most), rows(0n)], short: [rows(0n), rows(most)] };
    const worth = { ...held, factor: rows(factor), funded: rows(1n) };
    const assets = 4n * most * (most - 1n);
    // Assets, liabilities, equity, collateral, two accounts' equity; with health by account also their liabilities and
    // collateral.
    const book = [assets, assets, 0n, assets * factor, assets, -assets];
    const each = [0n, assets, assets * factor, 0n];
    expect((await (await values(0)).witness(worth))!.slice(1, 7)).toEqual(book.map(toField));
    expect((await (await values(1)).witness(worth))!.slice(1, 11)).toEqual([...book, ...each].map(toField));
    // Gross exposure, and two underlyings' delta.
    const exposed = { ...held, flag: rows(1n), underlying: rows(1n), delta: rows(0n) };
    expect((await moves.witness(exposed))!.slice(1, 4)).toEqual([2n * assets, 0n, 0n]);
    // The widest tier has 2^11 places.
    expect(2n * most * most * 2n ** 11n * (1n << 14n)).toBeLessThan(FIELD_ORDER >> 64n);
  });

  it("cannot be brought back into the range of a book's size", async () => {
    const size = await libraryCircuit("lib/limits/book-size.circom", "BookSize()", "{public [minEquity]}");
    const at = (assets: bigint, grossExposure: bigint, equity: bigint) => ({
      assets: toField(assets),
      grossExposure: toField(grossExposure),
      equity: toField(equity),
      minEquity: 0n,
    });
    expect(await size.accepts(at(5n, 0n, 5n))).toBe(true);
    // Sums of magnitudes, from above.
    for (const sum of [1n << 96n, (1n << 140n) - 1n]) {
      expect(await size.accepts(at(sum, 0n, 5n))).toBe(false);
      expect(await size.accepts(at(5n, sum, 5n))).toBe(false);
    }
    // Equity is signed; the assets bound it from above.
    for (const equity of [0n, -1n, -(1n << 96n), -(1n << 140n)]) {
      expect(await size.accepts(at(5n, 0n, equity))).toBe(false);
    }
  });
});

describe("6, 8 signs [A5]", () => {
  it("a debt given as r - x is owed, and never held; zero has one form", async () => {
    const split = await libraryCircuit(
      "lib/signed-quantity.circom",
      "SignedQuantity()",
      "{public [quantity]}",
    );
    const wires = (await split.witness({ quantity: FIELD_ORDER - 5n }))!;
    expect(wires.slice(1, 3)).toEqual([0n, 5n]);
    // The other sign of zero: the top bit says "negative", the rest carries to the same number.
    const zero = (await split.witness({ quantity: 0n }))!;
    const other = [...zero];
    other[3 + 64] = 0n;
    expect(firstUnsatisfied(split.r1cs, zero)).toBeUndefined();
    expect(firstUnsatisfied(split.r1cs, other)).toBeDefined();
  });

  it("a debt relabelled as coins changes what the source signed", async () => {
    const quantity = (good.input.quantity as bigint[][])[0]!;
    const debt = quantity.findIndex((held) => held > FIELD_ORDER >> 1n);
    const turned = { ...good.input, quantity: [quantity.with(debt, FIELD_ORDER - quantity[debt]!)] };
    expect(await circuit.accepts(turned)).toBe(false);
  });
});

describe("7 a carry between packed values [M2, W2]", () => {
  const { market, policy } = book();
  const table = marketTable(market, policy);

  /** The market's input with one row's parts moved. */
  const moved = (column: string, place: number, by: bigint, from: Input): Input => {
    const values = from[column] as readonly bigint[];
    return { ...from, [column]: values.with(place, toField(values[place]! + by)) };
  };

  it.each([
    ["from factor to funded", "factor", 1n << 14n, "funded"],
    ["from funded to flag", "funded", 2n, "flag"],
    ["from flag to underlying", "flag", 2n, "underlying"],
  ] as const)("%s keeps the market's root, and is refused", async (_, from, carry, to) => {
    // Row 1 is spot ETH: funded and exposed, of the second underlying.
    const input = moved(to, 1, -1n, moved(from, 1, carry, good.input));
    const rows = (part: Input): bigint[] =>
      table.price.map((__, i) => {
        const at = (column: string): bigint => (part[column] as bigint[])[i]!;
        return at("factor") + (at("funded") << 14n) + (at("flag") << 15n) + (at("underlying") << 16n);
      });
    // The words that the root hashes are the same, so the root would be.
    expect(pack(rows(input), 24)).toEqual(pack(rows(good.input), 24));
    expect(await circuit.accepts(input)).toBe(false);
  });

  it("from one shock to the next keeps the scenarios' root, and is refused", async () => {
    const shock = (good.input.shock as bigint[][]).map((row) => [...row]);
    shock[0]![0] = toField(shock[0]![0]! + (1n << 16n));
    shock[0]![1] = toField(shock[0]![1]! - 1n);
    expect(await circuit.accepts({ ...good.input, shock })).toBe(false);
  });
});
