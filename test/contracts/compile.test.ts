// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does compilation happen only when something changed, and survive what earlier versions left behind?
 *
 * @module
 */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileVerifiers, loadArtifact } from "@keel/contracts";
import { expect, it } from "vitest";
import { testVerifiers } from "./statement-circuit.js";

const GENERATED = fileURLToPath(new URL("../../contracts/src/generated/", import.meta.url));

it("does nothing when nothing changed, also when several ask at once", async () => {
  const verifiers = await testVerifiers();
  await compileVerifiers(verifiers);
  const said: string[] = [];
  const again = () => compileVerifiers({ verifiers, onProgress: (message) => said.push(message) });
  expect(await Promise.all([again(), again(), again()])).toEqual(Array(3).fill({ compiled: false }));
  expect(said).toEqual([]);
});

it("removes a verifier that an earlier version generated: it might not compile any more", async () => {
  const outdated = join(GENERATED, "OutdatedVerifier.sol");
  await writeFile(
    outdated,
    "// SPDX-License-Identifier: MIT\npragma solidity ^0.8.28;\ncontract OutdatedVerifier {}\n",
  );
  await compileVerifiers(await testVerifiers());
  expect(existsSync(outdated)).toBe(false);
  expect((await loadArtifact("StatementVerifier")).bytecode.length).toBeGreaterThan(2);
});
