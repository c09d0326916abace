// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does `npm run demo` tell the whole story with money, each step by what happened on chain, do its sums add up, and does its exit code
 * say when something is not as told? `KEEL_DEMO_RECORD` names what a run of the demo wrote (`--out`); without it the demo runs here.
 *
 * @module
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { NOTHING_ASKED, perShare, settled, usdOf, worth } from "../../dist/examples/demo/reckoning.js";
import { PACKAGE } from "../support/cli.js";

vi.setConfig({ hookTimeout: 240_000, testTimeout: 120_000 });

interface Told {
  readonly ok: boolean;
  readonly steps: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly ms: number;
    readonly gas: number;
    readonly parts: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
  }[];
  readonly coins?: Readonly<Record<string, string>>;
}

const STEPS = [
  "set up: circuit, keys, chain, contracts",
  "sign: account, market, policy",
  "prove: check, prove, attest",
  "gate: deposit, withdraw, expiry",
  "refuse: unhealthy, forged, foreign, replayed",
  ...["nav", "settle", "allocate", "redeem", "decrypt", "lend", "lapse", "wind-down"],
];

/** Runs the demo as a process. */
async function demo(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return await new Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>(
    (resolve) => {
      const options = { env: { ...process.env, ...env }, maxBuffer: 2 ** 26 };
      const file = join(PACKAGE, "dist/examples/demo.js");
      const child = execFile(process.execPath, [file, ...args], options, (_, stdout, stderr) =>
        resolve({ code: child.exitCode ?? -1, stdout, stderr }),
      );
    },
  );
}

let told: Told;

beforeAll(async () => {
  const record = process.env.KEEL_DEMO_RECORD;
  if (record !== undefined) {
    told = JSON.parse(await readFile(record, "utf8"));
    return;
  }
  const { code, stdout, stderr } = await demo(["--json"]);
  expect(code, stderr).toBe(0);
  told = JSON.parse(stdout);
});

describe("the demo", () => {
  it("has every step by its name, each as told, and work on chain in each that changes something", () => {
    expect(told.ok).toBe(true);
    expect(told.steps.map(({ name }) => name)).toEqual(STEPS);
    for (const { name, ok, ms, gas, parts } of told.steps) {
      expect([name, ok, parts.every((part) => part.ok)]).toEqual([name, true, true]);
      expect(ms).toBeGreaterThan(0);
      if (name !== "decrypt") expect([name, gas > 0]).toEqual([name, true]);
    }
  });

  it("says by which keys it is healthy", () => {
    const texts = told.steps.flatMap(({ parts }) => parts.map(({ detail }) => detail));
    const healthy = texts.filter((text) => /\b(healthy|open|valid)\b/.test(text));
    expect(healthy.length).toBeGreaterThan(1);
    for (const text of healthy) expect(text).toMatch(/development key/);
  });

  it("neither makes nor loses a coin, and pays everybody by the proven prices", () => {
    const { coins } = told;
    const cents = Object.fromEntries(
      Object.entries(coins!).map(([who, text]) => [who, Number(text.replace(/[,.]/g, ""))]),
    );
    const first = { custody: 703_248, exchange: 1e6, alice: 300_000, bob: 150_000, lender: 200_000 };
    const all = Object.values(first).reduce((sum, amount) => sum + amount, 0);
    // Printed to the cent, cut off: a cent for each purse.
    const printed = Object.values(cents).reduce((sum, amount) => sum + amount, 0);
    expect(100 * all - printed).toBeGreaterThanOrEqual(0);
    expect(100 * all - printed).toBeLessThan(Object.keys(cents).length);

    // By hand: what was proven at the settlements, and who had which part of it.
    const start = 1_012_345.67 / 1e6;
    const [alice, bob] = [250_000 / start, 100_000 / start];
    const end = (1_012_345.67 + 350_000 + 54_321.09) / (1e6 + alice + bob);
    const due = {
      alice: 300_000 - 250_000 + alice * end,
      bob: 150_000 - 100_000 + bob * end,
      manager: 1e6 * end,
      lender: 200_000,
      exchange: 1e6 - 12_345.67 - 54_321.09 - 296_752,
      custody: 0,
      morpho: 0,
    };
    for (const [who, amount] of Object.entries(due)) {
      expect(Math.abs(cents[who]! - amount * 100), who).toBeLessThan(3);
    }
    expect(cents.vault).toBeLessThanOrEqual(1);
  });

  it("ends with 1 and says where, when something is not as told", async () => {
    const { code, stdout, stderr } = await demo(["--json"], { KEEL_HARDHAT_CONFIG: "/nowhere.cjs" });
    expect(code).toBe(1);
    expect(stderr).toContain("chain.start");
    const { ok, steps } = JSON.parse(stdout) as Told;
    expect([ok, steps.map((step) => step.ok)]).toEqual([false, [false]]);
    expect(steps[0]!.parts.at(-1)).toMatchObject({ name: "start a local Hardhat chain", ok: false });
  });

  it("takes no option for another", async () => {
    for (const args of [["--wek", "3"], ["--keep"], ["--year", "--weeks", "0"], ["--year", "--seed", "x"]]) {
      const { code, stderr } = await demo(args);
      expect([args, code]).toEqual([args, 1]);
      expect(stderr).toContain("npm run demo");
    }
  });
});

describe("the reckoning", () => {
  const SHARES = 10n ** 14n;
  const NAV = 10n ** 22n;
  const before = { supply: SHARES, idle: 0n, highest: 0n, asOf: 0 };
  const free = { managementFee: 0, performanceFee: 0 };

  it("gives both sides one price, rounded against whoever acts", () => {
    const asked = { deposits: new Map([["a", 1_000_001n]]), redemptions: new Map([["b", 3n]]) };
    const { assets, given, paid, after } = settled({ ...before, idle: 7n }, free, 3n * NAV, 1, asked);
    expect(assets).toBe(3n * 10n ** 12n + 7n);
    expect(given.get("a")).toBe((1_000_001n * SHARES) / assets);
    expect(paid.get("b")).toBe(0n);
    expect(after).toMatchObject({ supply: SHARES + given.get("a")! - 3n, idle: 7n + 1_000_001n });
  });

  it("takes fees in shares: a year's part of all, and of a gain above the highest price alone", () => {
    const year = 365 * 86_400;
    const managed = settled(before, { managementFee: 100, performanceFee: 0 }, NAV, year, NOTHING_ASKED);
    // Whoever has the new shares has a hundredth of all.
    expect((managed.fees * 100n * 1_000_000n) / managed.shares).toBe(999_999n);
    const gained = { managementFee: 0, performanceFee: 1000 };
    const first = settled(before, gained, NAV, 1, NOTHING_ASKED);
    expect(first.fees).toBe(0n);
    const second = settled(first.after, gained, (NAV * 11n) / 10n, 2, NOTHING_ASKED);
    // A tenth of the tenth that was gained, as a part of 1.1.
    expect(Number(second.fees) / Number(second.shares)).toBeCloseTo(0.01 / 1.1, 9);
    const third = settled(second.after, gained, (NAV * 10n) / 10n, 3, NOTHING_ASKED);
    const fourth = settled(third.after, gained, (NAV * 108n) / 100n, 4, NOTHING_ASKED);
    expect([third.fees, fourth.fees]).toEqual([0n, 0n]);
  });

  it("values a book by its amounts and prices, to the cent", () => {
    const value = worth({ USDC: "0.019999", ETH: "100" }, { USDC: "1", ETH: "2967.52" });
    expect(value).toBe(29_675_201n * 10n ** 14n);
    expect(perShare(usdOf(3n), 1n)).toBe(3n * 10n ** 10n);
  });
});
