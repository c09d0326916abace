// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the integer model give what a second, independent implementation of the same definitions gives?
 *
 * @module
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { assess, parseSnapshot, report } from "keel/prover";
import { parseMarket, parsePolicy } from "keel/verifier";
import { describe, expect, it } from "vitest";
import { EXAMPLES, inFolder } from "../support/cli.js";

const VECTORS = join(import.meta.dirname, "examples.json");

interface Vector {
  readonly snapshot: string;
  readonly market: string;
  readonly policy: string;
  readonly healthy: boolean;
  readonly broken: readonly string[];
  readonly metrics: object;
}

const vectors: readonly Vector[] = JSON.parse(await readFile(VECTORS, "utf8"));
const read = (name: string): Promise<string> => readFile(join(EXAMPLES, name), "utf8");

describe("the integer model", () => {
  it("is held against every example and its twin", () => {
    expect(vectors.length).toBeGreaterThanOrEqual(18);
    expect(vectors.filter(({ healthy }) => healthy).length).toBe(vectors.length / 2);
  });

  it.each(vectors)("agrees on $snapshot", async (vector) => {
    const [snapshot, market, policy] = await Promise.all(
      [vector.snapshot, vector.market, vector.policy].map(read),
    );
    const assessment = assess(parseSnapshot(snapshot!), parseMarket(market!), parsePolicy(policy!));
    const { healthy, metrics, limits } = report(assessment);
    expect(metrics).toEqual(vector.metrics);
    expect(limits.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(vector.broken);
    expect(healthy).toBe(vector.healthy);
  });

  it("the vectors are what the script writes", async () => {
    await inFolder(async (folder) => {
      const out = join(folder, "examples.json");
      await promisify(execFile)(process.execPath, [join(import.meta.dirname, "definitions.mjs"), out]);
      expect(await readFile(out, "utf8")).toBe(await readFile(VECTORS, "utf8"));
    });
  });
});
