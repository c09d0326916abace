// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Would the demo notice a vault that is wrong, and does its year go through: fifty-two settlements, each as it was reckoned, and a
 * record that `keel history` reads, also from outside while the chain runs on?
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { loadArtifact } from "@keel/contracts";
import { type AifmdFacts, parseReport } from "@keel/verifier/report";
import type { Address, Hex } from "viem";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Provers } from "../../dist/examples/demo/fund.js";
import { tellMoney } from "../../dist/examples/demo/money.js";
import { type Closing, inWorld, loaded } from "../../dist/examples/demo/story.js";
import { createTeller, type Teller } from "../../dist/examples/demo/teller.js";
import type { World } from "../../dist/examples/demo/world.js";
import { tellYear, type YearRecord } from "../../dist/examples/demo/year.js";
import { formatExamples } from "../../dist/scripts/format-examples.js";
import { type Bug, plantOf } from "../invariant/planted.js";
import { keel, PACKAGE } from "../support/cli.js";

vi.setConfig({ hookTimeout: 240_000, testTimeout: 900_000 });

const bug = (name: string, file: string, text: string, instead: string): Bug<"CloneVault"> => ({
  ...{ name, contract: "CloneVault", file: `${file}.sol`, text, instead },
});

/** Bugs, and the step that has to end the story. */
const BUGS = [
  [
    "settle",
    bug(
      "an old price for those who ask now",
      "vault/VaultSettlement",
      "_fill(nav.asOf / _terms.dealingPeriod - 1, epoch)",
      "_fill(nav.asOf / _terms.dealingPeriod, epoch)",
    ),
  ],
  [
    "settle",
    bug(
      "a price that is a unit too low",
      "vault/VaultSettlement",
      "(epoch.low, epoch.high, epoch.time) = (low.toUint96(), high.toUint96(),",
      "(epoch.low, epoch.high, epoch.time) = (low.toUint96() - 1, high.toUint96() - 1,",
    ),
  ],
  [
    "settle",
    bug(
      "a share too many for all who deposit",
      "vault/VaultSettlement",
      "uint256 minted = Math.mulDiv(assets, epoch.shares, epoch.high);",
      "uint256 minted = Math.mulDiv(assets, epoch.shares, epoch.high) + 1;",
    ),
  ],
  [
    "settle",
    bug(
      "claims rounded up",
      "lib/Epochs",
      "return Math.mulDiv(asked, up, down);",
      "return Math.mulDiv(asked, up, down, Math.Rounding.Ceil);",
    ),
  ],
  [
    "allocate",
    bug(
      "money for anybody",
      "vault/VaultPowers",
      "require(liveAt != 0 && block.timestamp >= liveAt, NotCustody(custody));",
      "liveAt;",
    ),
  ],
  [
    // Lenders see it as soon as something is allocated.
    "allocate",
    bug(
      "a price without what lies idle",
      "vault/VaultSettlement",
      "(low, high) = _idleAt(nav.asOf);\n        low += AssetPrice",
      "(low, high) = (0, 0);\n        low += AssetPrice",
    ),
  ],
  [
    "lapse",
    bug("allocation without health", "vault/VaultAssets", "require(isHealthy(), NoProvenValue());", ""),
  ],
  [
    "wind-down",
    bug(
      "a wind-down by what is left",
      "vault/VaultAssets",
      "idle() + _paidOut, _windDownShares) - _paidTo[msg.sender]",
      "idle(), _windDownShares)",
    ),
  ],
] as const;

/** In the year, whose fees and highest price the first story has not. */
const YEAR_BUGS = [
  bug(
    "a fee on the same gain twice",
    "vault/VaultSettlement",
    "if (price > _book.clock.highest) _book.clock.highest",
    "if (_book.clock.highest == 0) _book.clock.highest",
  ),
  bug(
    "a management fee of the supply with the fee",
    "vault/VaultSettlement",
    "Math.mulDiv(shares, part, BPS * YEAR - part)",
    "Math.mulDiv(shares, part, BPS * YEAR)",
  ),
] as const;

let world: World;
let provers: Provers;
let end: () => void;
let ended: Promise<void>;

/** One world for all; each story is undone on its chain. */
beforeAll(async () => {
  const silent = createTeller({ writeError: () => {}, interactive: false }, () => {});
  await new Promise<void>((ready, failed) => {
    const use = async (made: World, closing: Closing): Promise<void> => {
      world = made;
      const disclosureProver = await loaded(made.disclosing, closing, 1);
      provers = { prover: await loaded(made.artifacts, closing), disclosureProver };
      await new Promise<void>((resolve) => {
        end = resolve;
        ready();
      });
    };
    ended = inWorld(silent, () => {}, use);
    ended.catch(failed);
  });
});
afterAll(async () => {
  end?.();
  await ended;
});

/** Tells a story over a vault that gets other code before a step. */
async function ends(at: string, planted: Bug<"CloneVault">, tell: (teller: Teller) => Promise<unknown>) {
  const { test } = world.stage;
  const id = await test.snapshot();
  const teller = createTeller({ writeError: () => {}, interactive: false }, () => {});
  const step: Teller["step"] = async (name, work, heading) => {
    if (name === at) await plant(planted);
    return await teller.step(name, work, heading);
  };
  const failure = await tell({ ...teller, step }).then(
    () => undefined,
    (error: unknown) => error as Error,
  );
  await test.revert({ id });
  return { failure, step: teller.steps.at(-1) };
}

/** Puts the code with the bug in the place of what the vault, a clone, runs. */
async function plant(planted: Bug<"CloneVault">): Promise<void> {
  const { client, test, wallets } = world.stage;
  const { abi } = await loadArtifact("VaultFactory");
  const made = await client.getContractEvents({ abi, eventName: "VaultMade", fromBlock: 0n });
  const { vault } = (made.at(-1) as unknown as { readonly args: { readonly vault: Address } }).args;
  // EIP-1167: ten bytes, and the address.
  const implementation: Address = `0x${(await client.getCode({ address: vault }))!.slice(22, 62)}`;
  const { bytecode } = plantOf(planted);
  // The compiler blocked this process for seconds; connections that ended meanwhile have to be seen before the next request.
  await sleep(50);
  const hash = await wallets[0]!.sendTransaction({ data: bytecode, gas: 16_000_000n });
  const { contractAddress } = await client.waitForTransactionReceipt({ hash });
  const code: Hex = (await client.getCode({ address: contractAddress! }))!;
  await test.setCode({ address: implementation, bytecode: code });
}

describe("76: the demo ends where a vault is wrong", () => {
  it("and goes through where it is right", async () => {
    const right = { ...BUGS[0][1], name: "none", instead: BUGS[0][1].text };
    const { failure, step } = await ends("settle", right, (teller) =>
      tellMoney(world, provers, teller, () => {}),
    );
    expect([failure, step]).toMatchObject([undefined, { name: "wind-down", ok: true }]);
  });

  it.each(BUGS.map(([at, planted]) => ({ at, planted, name: planted.name })))(
    "$name: in $at",
    async ({ at, planted }) => {
      const { failure, step } = await ends("settle", planted, (teller) =>
        tellMoney(world, provers, teller, () => {}),
      );
      expect(failure?.message).toMatch(/demo\.(unexpected|refusal)/);
      expect([step?.name, step?.ok]).toEqual([at, false]);
    },
  );

  it.each(YEAR_BUGS)("$name: in the year", async (planted) => {
    const { failure, step } = await ends("year", planted, (teller) =>
      tellYear(world, provers, teller, () => {}, { seed: 1, weeks: 12 }),
    );
    expect(failure?.message).toContain("demo.unexpected");
    expect([step?.name, step?.ok]).toEqual(["year", false]);
  });
});

/** What the filer of the demo's fund declares: what no proof says. */
function factsOf(subject: string, quarter: number, year: number): object {
  const facts = structuredClone(formatExamples()["aifmd-facts/1"]) as AifmdFacts;
  const [aif] = facts.aifs;
  const more = { exposures: [{ subAssetType: "OTH_OTH_OTHR", gross: "300000" }], grossLeverage: "55.10" };
  return {
    ...facts,
    period: { type: `Q${quarter}`, year },
    aifs: [{ ...aif, subject, article24_2: { ...aif!.article24_2, ...more } }],
  };
}

/** Runs the year as a process; `until` sees what it printed so far, and may end it. */
async function year(args: readonly string[], until: (text: string, child: ChildProcess) => void = () => {}) {
  const file = join(PACKAGE, "dist/examples/demo.js");
  const child = spawn(process.execPath, [file, "--year", ...args], { stdio: ["ignore", "pipe", "ignore"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (more: string) => {
    text += more;
    until(text, child);
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, text };
}

describe("a demo year", () => {
  it("has 52 settlements, and a record that the command reads", async () => {
    const { code, text } = await year(["--json"]);
    expect(code).toBe(0);
    const told = JSON.parse(text) as { readonly ok: boolean; readonly year: YearRecord };
    expect(told.ok).toBe(true);
    expect(told.year.attestations).toBe(53);
    expect(told.year.rows.map(({ weeks }) => weeks).at(-1)).toBe("49-52");
    const prices = told.year.rows.map(({ price }) => Number(price));
    expect(Math.max(...prices)).toBeGreaterThan(Math.min(...prices));
    const fees = told.year.rows.map((row) => Number(row.fees.replaceAll(",", "")));
    // A management fee in each month.
    expect(Math.min(...fees)).toBeGreaterThan(0);
  });

  it("is read from outside while its chain runs on, and ends when it is told to", async () => {
    let reading: Promise<{ readonly code: number | null; readonly stdout: string }> | undefined;
    const { code } = await year(["--weeks", "2", "--keep"], (text, child) => {
      const [, command] = /npx keel (history .*)\n/.exec(text) ?? [];
      if (command === undefined || reading !== undefined) return;
      const env = { ...(process.env as Record<string, string>) };
      reading = keel([...command.split(" "), "--json"], { env });
      void reading.finally(() => child.kill("SIGTERM"));
    });
    const found = await reading!;
    expect([code, found.code]).toEqual([0, 0]);
    expect(JSON.parse(found.stdout)).toMatchObject({ proofs: "verified", nav: [{}, {}, {}] });
  });

  it("is reported as PDF and as XML of its first quarter, and verified against its chain", async () => {
    const folder = await mkdtemp(join(tmpdir(), "keel-year-report-"));
    const path = (name: string): string => join(folder, name);
    const begun = new Date();
    const forms = ["--pdf", path("r.pdf"), "--aifmd", path("r.xml"), "--facts", path("facts.json")];
    let reading: Promise<readonly (number | null)[]> | undefined;
    // A quarter's weeks and one more: then the quarter in which it began has ended.
    const { code } = await year(["--weeks", "14", "--keep"], (text, child) => {
      const [, words] = /npx keel history (.*)\n/.exec(text) ?? [];
      if (words === undefined || reading !== undefined) return;
      reading = (async () => {
        const args = words.split(" ");
        const subject = args[args.indexOf("--subject") + 1]!;
        const quarter = Math.floor(begun.getUTCMonth() / 3) + 1;
        await writeFile(
          path("facts.json"),
          JSON.stringify(factsOf(subject, quarter, begun.getUTCFullYear())),
        );
        const env = { ...(process.env as Record<string, string>) };
        const made = await keel(["report", ...args, ...forms, "--out", path("r.json")], { env });
        const onChain = args.slice(0, args.indexOf("--subject"));
        const held = await keel(["report", "verify", path("r.json"), ...onChain, ...forms], { env });
        return [made.code, held.code];
      })();
      void reading.finally(() => child.kill("SIGTERM"));
    });
    expect([code, ...(await reading!)]).toEqual([0, 0, 0]);
    const report = parseReport(await readFile(path("r.json"), "utf8"));
    expect(report.records[0]).toMatchObject({ now: { healthy: true }, whole: { lapses: 0, share: "1" } });
    expect(report.records[0]!.attestations).toHaveLength(15);
    expect(await readFile(path("r.xml"), "utf8")).toContain("<AIFNetAssetValue>");
    await rm(folder, { recursive: true });
  });
});
