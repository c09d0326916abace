// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How tests run against a mutant, and how it is measured what they reach: the named files in their order, one after the other
 * in one process, and what was built as Node itself loads it.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import type { TestSequencer } from "vitest/node";

/** The files, parted by commas. */
const ORDER = (process.env.KEEL_ORDER ?? "").split(",");
const SETUP = process.env.NODE_V8_COVERAGE === undefined ? [] : ["test/mutation/take-coverage.ts"];
/** vitest puts a module in another's place only where it loads both itself. */
const EXTERNAL = process.env.KEEL_INLINE === "1" ? [] : [/\/dist\//];

class InOrder implements TestSequencer {
  async sort(files: Parameters<TestSequencer["sort"]>[0]) {
    const place = ({ moduleId }: (typeof files)[number]): number =>
      ORDER.findIndex((name) => moduleId.endsWith(`/${name}`));
    return [...files].sort((a, b) => place(a) - place(b));
  }
  async shard(files: Parameters<TestSequencer["shard"]>[0]) {
    return files;
  }
}

export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  resolve: {
    alias: {
      "virtual:keel-circuits": fileURLToPath(new URL("../support/page-circuits.ts", import.meta.url)),
    },
  },
  test: {
    include: ORDER,
    setupFiles: SETUP,
    testTimeout: 120_000,
    hookTimeout: 300_000,
    maxWorkers: 1,
    isolate: false,
    silent: true,
    sequence: { sequencer: InOrder },
    server: { deps: { external: EXTERNAL } },
  },
});
