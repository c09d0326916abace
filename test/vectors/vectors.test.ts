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
import { assess, type DrawdownState, nextState, parseSnapshot, report } from "@keel/prover";
import { parseDecimal, parseMarket, parsePolicy, parseReturns, withReturns } from "@keel/verifier";
import { describe, expect, it } from "vitest";
import { book, SALT } from "../support/book.js";
import { EXAMPLES, inFolder } from "../support/cli.js";

const FILES = ["examples.json", "drawdown.json"] as const;

interface Vector {
  readonly snapshot: string;
  readonly market: string;
  readonly policy: string;
  readonly returns?: string;
  readonly healthy: boolean;
  readonly broken: readonly string[];
  readonly metrics: object;
}

/** Equity and units of a fund, decimal strings. */
interface Net {
  readonly equity: string;
  readonly units: string;
}

interface Chain {
  readonly limit: string;
  readonly days: readonly (Net & { readonly ok: boolean; readonly highest: Net })[];
}

const committed = (name: (typeof FILES)[number]): Promise<string> =>
  readFile(join(import.meta.dirname, name), "utf8");
const vectors: readonly Vector[] = JSON.parse(await committed("examples.json"));
const chains: readonly Chain[] = JSON.parse(await committed("drawdown.json"));
const read = (name: string): Promise<string> => readFile(join(EXAMPLES, name), "utf8");

describe("the integer model", () => {
  it("is held against every example and its twin", () => {
    expect(vectors.length).toBeGreaterThanOrEqual(20);
    expect(vectors.filter(({ healthy }) => healthy).length).toBe(vectors.length / 2);
  });

  it.each(vectors)("agrees on $snapshot", async (vector) => {
    const [snapshot, market, policy] = await Promise.all(
      [vector.snapshot, vector.market, vector.policy].map(read),
    );
    const prices = parseMarket(market!);
    const data =
      vector.returns === undefined ? prices : withReturns(prices, parseReturns(await read(vector.returns)));
    const assessment = assess(parseSnapshot(snapshot!), data, parsePolicy(policy!));
    const { healthy, metrics, limits } = report(assessment);
    expect(metrics).toEqual(vector.metrics);
    expect(limits.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(vector.broken);
    expect(healthy).toBe(vector.healthy);
  });

  it("agrees on the high-water mark and the drawdown of every day of chains of days", () => {
    const verdicts = chains.flatMap(({ limit, days }) => {
      let state: DrawdownState | undefined;
      return days.map(({ equity, units, ok, highest }) => {
        const parts = book({ limits: { maxDrawdown: limit }, positions: { USDC: equity }, units });
        const { healthy, metrics } = assess(parts.snapshot, parts.market, parts.policy, state);
        expect(healthy, `${equity} of ${units} units, at most ${limit} below ${highest.equity}`).toBe(ok);
        state = nextState(metrics, state, SALT);
        expect(state).toMatchObject({ equity: scaled(highest.equity, 16), units: scaled(highest.units, 8) });
        return ok;
      });
    });
    for (const verdict of [true, false]) {
      expect(verdicts.filter((ok) => ok === verdict).length).toBeGreaterThan(20);
    }
  });

  it("the vectors are what the script writes", async () => {
    await inFolder(async (folder) => {
      await promisify(execFile)(process.execPath, [join(import.meta.dirname, "definitions.mjs"), folder]);
      for (const name of FILES)
        expect(await readFile(join(folder, name), "utf8")).toBe(await committed(name));
    });
  });
});

function scaled(text: string, places: number): bigint {
  const result = parseDecimal(text, { places, bits: 200, signed: false, excess: "refuse" });
  if (!result.ok) throw new Error(result.expected);
  return result.value;
}
