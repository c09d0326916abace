// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do Solidity and circom, written by hand, say of every limit what the table of limits says?
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  BOOK_LIMITS,
  CIRCUITS,
  LIMITS,
  LIQUIDITY_CIRCUITS,
  LIQUIDITY_LIMITS,
  type LimitRow,
  type LimitTable,
  limitsOf,
  NO_TAIL,
  POLICY_LIMITS,
  policyTerms,
  STATEMENT,
  STATEMENT_LENGTH,
  TAIL_CIRCUITS,
  TAIL_LENGTH,
  TAIL_LIMITS,
  type TermsOf,
  tailVector,
} from "@keel/verifier";
import { policyBookAbi } from "@keel/verifier/chain";
import { describe, expect, it } from "vitest";
import { book } from "../support/book.js";

const ROOT = join(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const rows = (table: LimitTable): LimitRow[] => Object.values(table);

/** "place name" of every match of a pattern with these two groups, sorted. */
const written = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, place, name]) => `${place} ${name}`).sort();

const fieldsOf = (table: LimitTable) => rows(table).flatMap(({ fields }) => Object.entries(fields));
const placesOf = (table: LimitTable) => rows(table).flatMap(({ places }) => Object.entries(places));

const SOLIDITY = read("contracts/lib/Statement.sol");
/** [name, type] of the policy's fields on chain, in order. */
const STRUCT = structOf("Policy");
/** The same of what stands beside it. */
const LIQUIDITY_STRUCT = structOf("Liquidity");

function structOf(name: string): string[][] {
  const body = new RegExp(`struct ${name} \\{(.*?)\\n {4}\\}`, "s").exec(
    read("contracts/interfaces/IPolicyBook.sol"),
  )![1]!;
  return [...body.matchAll(/^ {8}([\w[\]]+) (\w+);$/gm)].map(([, type, field]) => [field!, type!]);
}

/** The least and the most that a field of a type can be. */
function rangeOf(type: string): readonly [bigint, bigint] {
  const [, sign, bits] = /^(u?)int(\d+)/.exec(type)!;
  const size = BigInt(bits!);
  return sign === "u" ? [0n, 2n ** size - 1n] : [-(2n ** (size - 1n)), 2n ** (size - 1n) - 1n];
}

describe("a limit's row", () => {
  it.each(Object.entries<LimitRow>(LIMITS))("%s lets everything pass where it is not set", (_, row) => {
    const ranges = Object.values(row.fields).map(rangeOf);
    const isLowest = row.kind === "min" || row.kind === "band" || row.kind === "levels";
    const expected = ranges.map(([least, most], i) => (i === 0 && isLowest ? least : most));
    expect(row.absent.map(BigInt)).toEqual(expected);
  });

  it.each(Object.entries<LimitRow>(LIMITS))("%s has as many fields, absent values and places", (_, row) => {
    const lengths = [Object.keys(row.fields), row.absent, Object.keys(row.places)].map((list) => list.length);
    expect(new Set(lengths).size).toBe(1);
  });

  it("is there for exactly what some circuit proves", () => {
    const proven = (circuits: readonly { readonly limits: readonly string[] }[]): string[] =>
      [...new Set(circuits.flatMap(({ limits }) => limits))].sort();
    expect(proven(CIRCUITS)).toEqual(Object.keys(BOOK_LIMITS).sort());
    expect(proven(TAIL_CIRCUITS)).toEqual(Object.keys(TAIL_LIMITS).sort());
    expect(proven(LIQUIDITY_CIRCUITS)).toEqual(Object.keys(LIQUIDITY_LIMITS).sort());
  });
});

describe("the limits' places in the statement", () => {
  const places = placesOf(BOOK_LIMITS);
  const first = STATEMENT_LENGTH - places.length;

  it("are the last ones, each once", () => {
    expect(places.map(([, place]) => place).sort((a, b) => a - b)).toEqual(places.map((_, i) => first + i));
    for (const [name, place] of places) expect(STATEMENT[place]).toBe(name);
  });

  it("are those of Statement.sol, signed ones with a bias", () => {
    const body = /function _writeLimits.*?\n {4}\}/s.exec(SOLIDITY)![0];
    const fields = fieldsOf(BOOK_LIMITS).map(([field], i) => `${places[i]![1]} ${field}`);
    expect(written(body, /v\[(\d+)\] = .*?p\.(\w+)/g)).toEqual(fields.sort());
    expect(SOLIDITY).toContain(`uint256 constant STATEMENT_LENGTH = ${STATEMENT_LENGTH};`);
    const signed = fieldsOf(BOOK_LIMITS).filter(([, type]) => type === "int32");
    expect([...body.matchAll(/p\.(\w+) \+ BIAS/g)].map(([, name]) => name)).toEqual(
      signed.map(([name]) => name),
    );
  });

  it("are those of portfolio-health.circom", () => {
    const circuit = read("circuits/src/portfolio-health.circom");
    const all = written(circuit, /statement\.v\[(\d+)\] <== (.+);/g);
    const limits = all.filter((line) => Number.parseInt(line, 10) >= first);
    expect(limits).toEqual(places.map(([name, place]) => `${place} ${name}`).sort());
    expect(all).toHaveLength(STATEMENT_LENGTH);
  });
});

describe("the limits' places in the tail-risk statement", () => {
  it.each([
    ["Statement.sol", SOLIDITY, /v\[([^\]]+)\] = p\.(\w+)/g, "i"],
    [
      "tail-risk.circom",
      read("circuits/src/tail-risk.circom"),
      /statement\.v\[([^\]]+)\] <== (max\w+|conf\w+)/g,
      "j",
    ],
  ] as const)("are those of %s", (_, text, pattern, index) => {
    const body = text.slice(text.search(/buildTail|StatementDigest\(length/));
    const found = written(body.split(/buildLiquidity|buildDisclosure|_writeLimits/)[0]!, pattern);
    const expected = rows(TAIL_LIMITS).flatMap(({ kind, places }) => {
      const levels = kind === "levels" ? ` + ${Object.keys(places).length} * ${index}` : "";
      return Object.entries(places).map(([name, place]) => `${place}${levels} ${name}`);
    });
    expect(found).toEqual(expected.sort());
  });

  it("are where the vector has them", () => {
    const terms = {
      maxVolatility: 11,
      confidence: [21, 22, 23],
      maxExpectedShortfall: [31, 32, 33],
    } as const;
    const vector = tailVector({ exposuresCommitment: 1n, returnsRoot: 2n, returnsTime: 3, terms });
    expect(vector).toHaveLength(TAIL_LENGTH);
    for (const [name, place] of placesOf(TAIL_LIMITS)) {
      const numbers = [terms[name as keyof typeof terms]].flat();
      numbers.forEach((value, j) => {
        expect(vector[place + 2 * j]).toBe(BigInt(value));
      });
    }
  });
});

describe("the limits' fields on chain", () => {
  it("are those of IPolicyBook.Policy, in order and with their types", () => {
    const names = new Set(fieldsOf(POLICY_LIMITS).map(([name]) => name));
    expect(STRUCT.filter(([name]) => names.has(name!))).toEqual(fieldsOf(POLICY_LIMITS));
  });

  it("of days to unwind are those of IPolicyBook.Liquidity, with all other terms, in the order of the ABI", () => {
    const publish = policyBookAbi.find(
      (item) => item.type === "function" && item.name === "publishWithLiquidity",
    );
    const { inputs } = publish as unknown as {
      readonly inputs: readonly { readonly components: readonly Field[] }[];
    };
    const abi = inputs[1]!.components.map(({ name, type }) => [name, type]);
    expect(abi).toEqual(LIQUIDITY_STRUCT);
    expect(abi.filter(([name]) => name! in LIQUIDITY_LIMITS)).toEqual(fieldsOf(LIQUIDITY_LIMITS));
    const { market, policy } = book({
      circuit: "portfolio-health/spot-16",
      limits: { maxDaysToUnwind: "2.5" },
    });
    const { liquidity } = policyTerms(policy, market);
    expect(Object.keys(liquidity!).sort()).toEqual(abi.map(([name]) => name).sort());
    expect(limitsOf(policyTerms(policy, market))).toEqual({ maxDaysToUnwind: 25_000n });
  });

  it("are those of the ABI, with all other terms", () => {
    const publish = policyBookAbi.find((item) => item.type === "function" && item.name === "publish");
    const [policy] = (publish as { readonly inputs: readonly { readonly components: readonly Field[] }[] })
      .inputs;
    const abi = policy!.components.map(({ name, type }) => [name, type]);
    expect(abi).toEqual(STRUCT.map(([name, type]) => [name, type === "UnitsKind" ? "uint8" : type]));
    const { market, policy: parsed } = book({ limits: {} });
    const terms = policyTerms(parsed, market);
    expect(Object.keys(terms).sort()).toEqual(STRUCT.map(([name]) => name).sort());
  });

  it("have values of their types, and set nothing, where no limit is set", () => {
    const { market, policy } = book({ limits: {} });
    const terms = { ...policyTerms(policy, market), ...NO_TAIL };
    expect(limitsOf(terms)).toEqual({});
    for (const [name, type] of fieldsOf(POLICY_LIMITS)) {
      const values = [terms[name as keyof TermsOf<typeof POLICY_LIMITS>]].flat(2);
      expect(values, name).toHaveLength(type.endsWith("[3]") ? 3 : 1);
      const [, signed, bits] = /^(u?)int(\d+)/.exec(type)!;
      const [low, high] = signed === "u" ? [0n, 2n ** BigInt(bits!)] : [-(2n ** 31n), 2n ** 31n];
      for (const value of values) expect(BigInt(value) >= low! && BigInt(value) < high!, name).toBe(true);
    }
  });
});

interface Field {
  readonly name: string;
  readonly type: string;
}
