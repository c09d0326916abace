// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does what explorers are given compile to the very code that is deployed, and are the lists of chains one list?
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compileVerifiers } from "@keel/contracts";
import { chainName, isTestChain, LOCAL_CHAINS, SEQUENCED_CHAINS, TEST_NETWORKS } from "@keel/verifier";
import { beforeAll, describe, expect, it } from "vitest";
import { PACKAGE } from "../support/cli.js";
import { expectVeryCode } from "../support/recompile.js";
import { testVerifiers } from "./statement-circuit.js";

describe("an explorer's standard JSON input", () => {
  beforeAll(async () => {
    await compileVerifiers(await testVerifiers());
  });

  // The others, one after the other, in explorer.slow.test.ts.
  it.each(["VerifierBook", "StatementVerifier"])(
    "of %s gives the very code, metadata included, from the sources that it needs alone",
    async (name) => {
      await expectVeryCode(name);
    },
  );
});

/** Chain ids that a Solidity list compares with. */
function idsIn(file: string): number[] {
  const source = readFileSync(join(PACKAGE, "contracts/lib", file), "utf8");
  return [...source.matchAll(/\bid == (\d+)/g)].map(([, id]) => Number(id)).sort((a, b) => a - b);
}

const keys = (record: object): number[] => Object.keys(record).map(Number);

describe("lists of chains", () => {
  it("of tests are the same in Solidity and TypeScript", () => {
    const own = [...LOCAL_CHAINS, ...keys(TEST_NETWORKS)].sort((a, b) => a - b);
    expect(idsIn("TestChains.sol")).toEqual(own);
    expect(own.every(isTestChain)).toBe(true);
    expect([1, 10, 8453].some(isTestChain)).toBe(false);
  });

  it("of sequencers are, too", () => {
    expect(idsIn("Sequencers.sol")).toEqual(keys(SEQUENCED_CHAINS).sort((a, b) => a - b));
  });

  it("have names for people", () => {
    expect([31337, 11155111, 7].map(chainName)).toEqual(["a local chain", "Sepolia", "chain 7"]);
  });
});
