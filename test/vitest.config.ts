// SPDX-License-Identifier: GPL-3.0-or-later
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const slow = process.env.KEEL_SLOW === "1";
const include = [slow ? "test/**/*.slow.test.ts" : "test/**/*.test.ts"];
const exclude = slow ? [] : ["test/**/*.slow.test.ts"];

/** Files that put something else in a module's place, which must not reach other files. */
const ALONE = ["test/unit/book.test.ts"];

export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  test: {
    globalSetup: fileURLToPath(new URL("./support/prepare.ts", import.meta.url)),
    testTimeout: 120_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
    silent: "passed-only",
    projects: [
      // Files that run in one process share compilers, chains and open circuits.
      { extends: true, test: { name: "shared", include, exclude: [...exclude, ...ALONE], isolate: false } },
      { extends: true, test: { name: "alone", include: slow ? [] : ALONE } },
    ],
  },
});
