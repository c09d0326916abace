// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The contract tests, on instrumented contracts: `npm run coverage:contracts`; a piece of them with KEEL_COVER, see parts.ts.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { include } from "./parts.js";

export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    include: [...include],
    // Those that look at what is outside the contracts, or at gas, which instrumented code has other.
    exclude: [
      "abi",
      "client",
      "compile",
      "deploy",
      "explorer",
      "gas",
      "history",
      "vault-gas",
      "verifier",
      "watch",
      "*.slow",
    ].map((name) => `test/contracts/${name}.test.ts`),
    globalSetup: fileURLToPath(new URL("./prepare.ts", import.meta.url)),
    testTimeout: 300_000,
    hookTimeout: 600_000,
    maxWorkers: 2,
    silent: "passed-only",
  },
});
