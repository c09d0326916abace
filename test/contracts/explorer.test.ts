// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does what explorers are given compile to the very code that is deployed?
 *
 * @module
 */
import { compileVerifiers } from "@keel/contracts";
import { beforeAll, describe, it } from "vitest";
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
