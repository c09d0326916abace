// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is what an operator reads and hands on right: what changes from one policy to another, what a call does, and the file for a Safe?
 *
 * @module
 */
import { LIMITS, type PolicyTerms } from "@keel/verifier";
import { decodeCall, lineId, policyBookAbi, ROLES, roleId, roleName } from "@keel/verifier/chain";
import { callText, changeLine, policyChanges } from "@keel/verifier/text";
import { encodeFunctionData } from "viem";
import { describe, expect, it } from "vitest";
import { formatSafeBatch, safeChecksum } from "../../cli/dist/safe-batch.js";
import { memoryText, parseMemory } from "../../cli/dist/watch-memory.js";
import { TERMS } from "../contracts/fixture.js";

const words = (change: Partial<PolicyTerms>, base: Partial<PolicyTerms> = {}): string[] =>
  policyChanges({ ...TERMS, ...base }, { ...TERMS, ...base, ...change }).map(changeLine);

describe("what changes from one policy to another", () => {
  it("is nothing between a policy and itself", () => {
    expect(words({})).toEqual([]);
  });

  it("is said of limits with both numbers and which way", () => {
    expect(words({ maxLeverage: 35_000 })).toEqual(["Leverage becomes looser: from 300 % to 350 %."]);
    expect(words({ minCollateralRatio: 16_000 })).toEqual([
      "Collateral ratio becomes tighter: from 150 % to 160 %.",
    ]);
    expect(words({ netDeltaLo: -500 })).toEqual([
      "Net delta becomes tighter: from -10 % to 10 % to -5 % to 10 %.",
    ]);
    expect(words({ netDeltaHi: 2_000 })[0]).toContain("looser");
  });

  it("is said of limits that were not set before or are not any more", () => {
    expect(words({ maxVenue: 5_000 })).toEqual(["Largest venue becomes tighter: from no limit to 50 %."]);
    expect(words({ maxLeverage: 2 ** 32 - 1 })).toEqual(["Leverage becomes looser: from 300 % to no limit."]);
  });

  it("is said of expected shortfall level by level", () => {
    const level = (confidence: number, limit: number): Partial<PolicyTerms> => ({
      ...{ confidence: [confidence, 0, 0], maxExpectedShortfall: [limit, 2 ** 32 - 1, 2 ** 32 - 1] },
      ...{ tailCircuit: `0x${"7a".repeat(32)}`, returnsSeries: `0x03${"5e".repeat(31)}` },
    });
    const base = level(9_500, 400);
    expect(words(level(9_500, 300), base)).toEqual([
      "Expected shortfall becomes tighter: from 4 % at confidence 95 % to 3 % at confidence 95 %.",
    ]);
    expect(words(level(9_000, 400), base)[0]).toContain("looser");
    expect(words(base).map((line) => line.split(" becomes ")[1]!.split(":")[0])).toEqual([
      "tighter",
      "tighter",
      "tighter",
    ]);
  });

  it("is said of times, and of what cannot be compared", () => {
    expect(words({ validity: 7_200 })).toEqual([
      "Validity of an attestation becomes looser: from 1 h to 2 h.",
    ]);
    expect(words({ minInterval: 60 })[0]).toContain("tighter: from 1 s to 1 min");
    expect(words({ sourcesRoot: 9n })).toEqual([
      "List of approved sources becomes another: from root 222 to root 9.",
    ]);
    expect(words({ domain: 5n })[0]).toContain("from each registry's own domain to declared domain 5");
  });

  it("has a word for every limit that there is", () => {
    for (const row of Object.values(LIMITS)) expect(row.title.length).toBeGreaterThan(3);
  });
});

describe("a call in words", () => {
  const target = `0x${"0b".repeat(20)}` as const;
  const book = new Map([[target as string, "PolicyBook" as const]]);

  it("names the line, the policy and the role", () => {
    const policy = `0x${"1a".repeat(32)}` as const;
    const args = [lineId("main"), policy] as const;
    const data = encodeFunctionData({ abi: policyBookAbi, functionName: "moveLine", args });
    expect(callText(decodeCall(book, target, data)!)).toBe(`move line ${lineId("main")} to policy ${policy}`);
  });

  it("cannot be made to start a line of its own", () => {
    const args = ["main\nEXECUTED", `0x${"1a".repeat(32)}`] as const;
    const data = encodeFunctionData({ abi: policyBookAbi, functionName: "openLine", args });
    expect(callText(decodeCall(book, target, data)!)).toContain("main\\u{a}EXECUTED");
  });

  it("is unknown where contract, function or arguments are none of Keel's", () => {
    const other = `0x${"0c".repeat(20)}` as const;
    expect(decodeCall(book, other, "0x12345678")).toBeUndefined();
    expect(decodeCall(book, target, "0x12345678")).toBeUndefined();
    const cut = encodeFunctionData({ abi: policyBookAbi, functionName: "cancelMove", args: [lineId("a")] });
    expect(decodeCall(book, target, cut.slice(0, -8) as `0x${string}`)).toBeUndefined();
  });
});

describe("roles", () => {
  it("have names, and what has none is said by its number", () => {
    for (const [name, id] of Object.entries(ROLES)) expect([roleName(id), roleId(name)]).toEqual([name, id]);
    expect(roleName(77n)).toBe("role 77");
    expect(() => roleId("king")).toThrow("role.unknown");
  });
});

describe("a file for a Safe", () => {
  /** As the Safe app's Transaction Builder wrote it, with its own checksum. */
  const published = {
    version: "1.0",
    chainId: "1",
    createdAt: 1713949623894,
    meta: {
      name: "Transactions Batch",
      description: "",
      txBuilderVersion: "1.16.5",
      createdFromSafeAddress: "0xcdd57D11476c22d265722F68390b036f3DA48c21",
      createdFromOwnerAddress: "",
      checksum: "0x37b66d67757452f835ebc6540e283e27544d1414409577963593e7e535ce3ad9",
    },
    transactions: [
      {
        to: "0x9f26d4C958fD811A1F59B01B86Be7dFFc9d20761",
        value: "0",
        data: null,
        contractMethod: {
          inputs: [
            ...["address target", "uint256 value", "bytes data", "bytes32 predecessor"].map(parameter),
            ...["bytes32 salt", "uint256 delay"].map(parameter),
          ],
          name: "schedule",
          payable: false,
        },
        contractInputsValues: {
          target: "0x9FFDF407cDe9a93c47611799DA23924Af3EF764F",
          value: "0",
          data: `0x3beb5517${"61ff310ac15a517a846da08ac9f9abf2a0f9a2bf".padStart(64, "0")}${"7d0".padStart(64, "0")}${"1388".padStart(64, "0")}`,
          predecessor: "0x0",
          salt: "0x0",
          delay: "259200",
        },
      },
    ],
  };

  function parameter(text: string) {
    const [type, name] = text.split(" ");
    return { internalType: type, name, type };
  }

  it("has the checksum that the app computes", () => {
    expect(safeChecksum(published)).toBe(published.meta.checksum);
    const changed = { ...published, transactions: [{ ...published.transactions[0], value: "1" }] };
    expect(safeChecksum(changed)).not.toBe(published.meta.checksum);
  });

  it("has every field of the form, and no other", () => {
    const to = `0x${"0d".repeat(20)}` as const;
    const batch = JSON.parse(
      formatSafeBatch({
        chainId: 10,
        name: "a",
        description: "b",
        createdAt: 7,
        calls: [{ to, data: "0x01" }],
      }),
    );
    expect(Object.keys(batch)).toEqual(Object.keys(published));
    expect(Object.keys(batch.meta)).toEqual(Object.keys(published.meta));
    expect(Object.keys(batch.transactions[0])).toEqual(Object.keys(published.transactions[0]!));
    expect(batch).toMatchObject({
      chainId: "10",
      createdAt: 7_000,
      transactions: [{ to, value: "0", data: "0x01" }],
    });
    expect(batch.meta.checksum).toBe(safeChecksum(batch));
  });
});

describe("what a watch remembers", () => {
  const memory = {
    ...{ chainId: 1, registry: `0x${"0a".repeat(20)}` as const, next: 5n },
    marks: [{ number: 4n, hash: `0x${"0f".repeat(32)}` as const, time: 7 }],
    recent: [],
  };

  it("is the same after it was printed, of one look and at the end of a stream", () => {
    const printed = JSON.stringify({ ok: true, notices: [], next: 5, memory: memoryText(memory) });
    expect(parseMemory(printed)).toEqual(memory);
    expect(parseMemory(`{"kind":"lapsed"}\n${printed}\n`)).toEqual(memory);
  });

  it.each(["", "{}", '{"memory":"{}"}', '{"memory":1}', '{"ok":false,"error":{}}', "[1"])(
    "is refused as %j",
    (text) => {
      expect(() => parseMemory(text)).toThrow("watch.memory");
    },
  );
});
