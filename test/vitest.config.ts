// SPDX-License-Identifier: GPL-3.0-or-later
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const slow = process.env.KEEL_SLOW === "1";

export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  test: {
    include: [slow ? "test/**/*.slow.test.ts" : "test/**/*.test.ts"],
    exclude: slow ? [] : ["test/**/*.slow.test.ts"],
    globalSetup: fileURLToPath(new URL("./support/prepare.ts", import.meta.url)),
    testTimeout: 120_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
    silent: "passed-only",
  },
});
