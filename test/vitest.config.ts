// SPDX-License-Identifier: GPL-3.0-or-later
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const slow = process.env.KEEL_SLOW === "1";
const include = [slow ? "test/**/*.slow.test.ts" : "test/**/*.test.ts"];
const exclude = slow ? [] : ["test/**/*.slow.test.ts"];

/** Files that put something else in the place of a module, a global or the clock, which must not reach other files. */
export const ALONE: readonly string[] = [
  "test/unit/book.test.ts",
  "test/app/modules.test.ts",
  "test/rules/boundaries.test.ts",
  "test/engine/pool.test.ts",
];

const support = (name: string): string => fileURLToPath(new URL(`./support/${name}`, import.meta.url));

export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  // What the console's build writes into the page; modules of the page run in Node as well.
  resolve: { alias: { "virtual:keel-circuits": support("page-circuits.ts") } },
  test: {
    globalSetup: support("prepare.ts"),
    testTimeout: 120_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
    silent: "passed-only",
    projects: [
      // Files that run in one process share compilers, chains and open circuits.
      { extends: true, test: { name: "shared", include, exclude: [...exclude, ...ALONE], isolate: false } },
      { extends: true, test: { name: "alone", include: slow ? [] : [...ALONE] } },
    ],
  },
});
