// SPDX-License-Identifier: GPL-3.0-or-later
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const slow = process.env.KEEL_SLOW === "1";

const support = (name: string): string => fileURLToPath(new URL(`./support/${name}`, import.meta.url));

export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  // What the console's build writes into the page; modules of the page run in Node as well.
  resolve: { alias: { "virtual:keel-circuits": support("page-circuits.ts") } },
  test: {
    include: [slow ? "test/**/*.slow.test.ts" : "test/**/*.test.ts"],
    exclude: slow ? [] : ["test/**/*.slow.test.ts"],
    globalSetup: support("prepare.ts"),
    testTimeout: 120_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
    silent: "passed-only",
  },
});
