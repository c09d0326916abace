// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Are contracts there without a compiler, and verifiers of keys compiled once and in memory?
 *
 * @module
 */
import { compileVerifiers, generateVerifier, loadArtifact } from "@keel/contracts";
import { expect, it } from "vitest";
import { testVerifiers } from "./statement-circuit.js";

it("knows the package's contracts by name, compiled when it was built", async () => {
  const { abi, bytecode, sourceName } = await loadArtifact("HealthRegistry");
  expect(sourceName).toBe("HealthRegistry.sol");
  expect(abi.length).toBeGreaterThan(20);
  expect(bytecode.length).toBeGreaterThan(1000);
});

it("compiles a key's verifier in memory, and gives the same one again", async () => {
  const sources = await testVerifiers();
  const [first] = await compileVerifiers(sources);
  const [again] = await compileVerifiers(sources);
  expect(again).toBe(first);
  expect((await loadArtifact(first!.contractName)).bytecode).toBe(first!.bytecode);
});

it("compiles a verifier anew when its key or its mark is another", async () => {
  const [, source] = await testVerifiers();
  const [marked] = await compileVerifiers([source!]);
  const { insecure: _, ...verificationKey } = source!.verificationKey;
  const [unmarked] = await compileVerifiers([{ ...source!, verificationKey, insecure: false }]);
  expect(unmarked!.bytecode).not.toBe(marked!.bytecode);
});

it("46 marks the verifier of a development key that lost its mark", async () => {
  const [source] = await testVerifiers();
  const { insecure: _, ...verificationKey } = source!.verificationKey;
  expect(generateVerifier(verificationKey, { ...source!, insecure: false })).toContain("insecure = true;");
});
