// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is a book checked once and measured once, whatever is then made of it?
 *
 * @module
 */

import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { EXAMPLES, errorOf, keelHere, strategyArgs } from "../support/cli.js";

/** What is counted while a command runs. */
const counted = vi.hoisted(() => ({ signatures: 0, matrices: 0, measures: 0 }));

vi.mock("../../prover/dist/book/eddsa.js", async (original) => {
  const module = await original<typeof import("../../prover/dist/book/eddsa.js")>();
  const verifyField: typeof module.verifyField = (...given) => {
    counted.signatures += 1;
    return module.verifyField(...given);
  };
  return { ...module, verifyField };
});

/** The first account's positions say when somebody goes through them, as whoever builds the matrix does. */
vi.mock("../../prover/dist/book/snapshot.js", async (original) => {
  const module = await original<typeof import("../../prover/dist/book/snapshot.js")>();
  class Watched extends Map<string, never> {
    override [Symbol.iterator]() {
      counted.matrices += 1;
      return super[Symbol.iterator]();
    }
  }
  const parseSnapshot: typeof module.parseSnapshot = (text) => {
    const { accounts, ...rest } = module.parseSnapshot(text);
    const [first, ...others] = accounts;
    const watched = { ...first!, positions: new Watched(first!.positions as never) };
    return { ...rest, accounts: [watched, ...others] };
  };
  return { ...module, parseSnapshot };
});

/** Only measuring asks for the tail. */
vi.mock("../../prover/dist/risk/tail.js", async (original) => {
  const module = await original<typeof import("../../prover/dist/risk/tail.js")>();
  const measureTail: typeof module.measureTail = (...given) => {
    counted.measures += 1;
    return module.measureTail(...given);
  };
  return { ...module, measureTail };
});

/** No key and no circuit: the proof is given up when its witness stands. */
vi.mock("../../cli/dist/artifacts.js", () => {
  const file = { sha256: "" };
  const manifest = { insecure: true, files: { witness: file, zkey: file } };
  return { artifactsOf: async () => ({ witnessPath: "", zkeyPath: "", manifest }) };
});
vi.mock("@keel/engine", () => {
  const prove = async (): Promise<never> => {
    throw new DOMException("the witness stands", "AbortError");
  };
  return { createProver: async () => ({ verificationKey: { insecure: true }, prove, close: () => {} }) };
});

async function countedIn(args: readonly string[]) {
  Object.assign(counted, { signatures: 0, matrices: 0, measures: 0 });
  const ended = await keelHere([...args, "--json"]);
  return { ended, counts: { ...counted } };
}

describe("keel prove", () => {
  it("checks every signature once, measures once, and builds the quantities once", async () => {
    const args = [
      "prove",
      ...strategyArgs("market-maker"),
      "--insecure",
      "--out",
      join(EXAMPLES, "never.json"),
    ];
    const { ended, counts } = await countedIn(args);
    expect(errorOf(ended).code).toBe("internal");
    expect(counts).toEqual({ signatures: 4, matrices: 1, measures: 1 });
  });
});
