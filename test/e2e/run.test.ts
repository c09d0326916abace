// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does `keel run` attest without anybody there, tell the right people what stops it, once, and never prove what is unhealthy?
 *
 * @module
 */

import { copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { formatRunConfig, type RunFile } from "../../cli/dist/run/config.js";
import { run as runCommand } from "../../cli/dist/run.js";
import { now, travelTo, undone } from "../support/chain.js";
import { captured, type Ended, errorOf, keel } from "../support/cli.js";
import { type Fund, startFund, WEEK } from "../support/fund.js";
import { type HookedAlert, type ReceiverServer, startMail, startWebhook } from "../support/receivers.js";

vi.setConfig({ hookTimeout: 180_000 });

let fund: Fund;
let path: Fund["path"];
let hook: ReceiverServer<HookedAlert>;
let mail: ReceiverServer<string>;

beforeAll(async () => {
  fund = await startFund();
  ({ path } = fund);
  [hook, mail] = [await startWebhook(), await startMail()];
  const first = await fund.week("first");
  await fund.ok(["state", "init", "--vault", path("vault")]);
  await mkdir(path("in"));
  await placed(first.folder);
  const list = ["--snapshot", path("in/snapshot.json"), "--policy", path("policy.json")];
  await fund.ok(["enrol", ...list, "--out", path("enrolment.json")]);
  await fund.ok(["enrol", "--enrolment", path("enrolment.json"), ...fund.onChain, "--account", "1"]);
  await configured({});
});

afterAll(async () => {
  await Promise.all([fund?.stop(), hook?.stop(), mail?.stop()]);
});

/** Puts a week's files where the run looks for them. */
async function placed(folder: string): Promise<void> {
  for (const role of ["snapshot", "market", "units"]) {
    await copyFile(join(folder, `${role}.json`), path(`in/${role}.json`));
  }
}

const weekly: RunFile["schedule"] = { cron: "0 6 * * 1" };
const base = (): RunFile => ({
  keel: "run/1",
  subject: fund.subject,
  policy: "policy.json",
  enrolment: "enrolment.json",
  vault: "vault",
  rounds: "rounds",
  registry: { chainId: fund.chain.chainId, address: fund.registry.address, rpc: fund.chain.rpcUrl },
  book: { snapshot: "in/snapshot.json", units: "in/units.json" },
  market: { file: "in/market.json" },
  signer: { account: 2 },
  alerts: {
    webhook: [{ url: "env:HOOK" }],
    mail: [
      {
        host: "127.0.0.1",
        port: mail.port,
        from: "keel@fund.example",
        to: "desk@fund.example",
        kinds: ["unhealthy"],
      },
    ],
  },
});

async function configured(change: Partial<RunFile>, name = "keel.toml"): Promise<string> {
  await writeFile(path(name), formatRunConfig({ ...base(), ...change }));
  return path(name);
}

const once = (config = path("keel.toml")): Promise<Ended> =>
  fund.run(["run", "--config", config, "--once", "--log", "silent"], { HOOK: hook.url });
const told = async (ended: Promise<Ended>, code: number) => {
  const { code: exit, stdout, stderr } = await ended;
  expect(exit, stderr).toBe(code);
  return JSON.parse(stdout);
};
const kinds = (): string[] => hook.taken.map(({ body }) => body.kind);

describe("keel run --once", () => {
  beforeEach(() => {
    hook.taken.length = 0;
    mail.taken.length = 0;
  });

  it("attests, keeps nothing secret of the round, and has nothing to do when it is run again", async () => {
    const first = await told(once(), 0);
    expect(first).toMatchObject({ ok: true, outcome: "attested", alerts: [], policyId: fund.policyId });
    const status = await fund.ok([
      "status",
      ...fund.onChain,
      "--policy-id",
      fund.policyId,
      "--subject",
      fund.subject,
    ]);
    expect(status).toMatchObject({ healthy: true, count: 1, asOf: first.asOf });
    expect((await readdir(path(`rounds/${first.asOf}`))).sort()).toEqual([
      "attestation.json",
      "market.json",
      "round.json",
    ]);
    const block = await fund.chain.client.getBlockNumber({ cacheTime: 0 });
    expect(await told(once(), 0)).toMatchObject({ outcome: "already", asOf: first.asOf });
    expect(await fund.chain.client.getBlockNumber({ cacheTime: 0 })).toBe(block);
  });

  it("75 a round that was killed anywhere goes on, and its attestation is the same", async () => {
    const week = await fund.week("second");
    await placed(week.folder);
    // Killed after the proof: everything is there but the transaction.
    const job = await configured({ signer: {} }, "no-sender.toml");
    const stopped = await fund.run(["run", "--config", job, "--once", "--log", "silent"], {
      ...{ HOOK: hook.url, KEEL_PRIVATE_KEY: `0x${"11".repeat(32)}` },
    });
    expect(stopped.code, stopped.stderr).toBe(4);
    const attestation = await readFile(path(`rounds/${week.asOf}/attestation.json`), "utf8");
    expect(kinds()).toEqual(["signer"]);
    const went = await told(once(), 0);
    expect(went).toMatchObject({ outcome: "attested", asOf: week.asOf });
    expect(await readFile(path(`rounds/${week.asOf}/attestation.json`), "utf8")).toBe(attestation);
  });

  it("unhealthy: never proves, exit code 2, and the limits' names reach webhook and mail once", async () => {
    const week = await fund.week("bad", WEEK, { changes: { main: { USDC: "-900000000" } } });
    await placed(week.folder);
    hook.refuse(1);
    const ended = await told(once(), 2);
    expect(ended).toMatchObject({ ok: false, outcome: "unhealthy", step: "check", alerts: ["unhealthy"] });
    await told(once(), 2);
    expect(kinds()).toEqual(["unhealthy"]);
    expect(hook.taken[0]!.body.text).toContain("maxLeverage");
    expect(mail.taken).toHaveLength(1);
    expect(mail.taken[0]).toContain("Subject: keel: unhealthy");
    const text = JSON.stringify([hook.taken, mail.taken, ended]);
    for (const holding of ["900000000", "-9000000"]) expect(text).not.toContain(holding);
    expect(await readdir(path(`rounds/${week.asOf}`))).not.toContain("attestation.json");
  });

  it("warns close to a limit, and attests", async () => {
    const week = await fund.week("close");
    await placed(week.folder);
    const config = await configured({ warn: { headroom: "0.99", balance: "999999999" } }, "close.toml");
    expect(await told(once(config), 0)).toMatchObject({ outcome: "attested" });
    expect(kinds().sort()).toEqual(["headroom", "signer"]);
  });

  it("a market that the registry does not know, a fee above the bound, a node that is away: exit code 4 and an alert each", async () => {
    const week = await fund.week("fourth");
    await placed(week.folder);
    const market = JSON.parse(await readFile(path("in/market.json"), "utf8"));
    await writeFile(path("in/market.json"), JSON.stringify({ ...market, asOf: market.asOf - 1 }));
    expect(await told(once(), 4)).toMatchObject({ step: "market", alert: "market" });
    await placed(week.folder);
    const dear = await configured({ warn: { maxFee: "0.000001" } }, "dear.toml");
    expect(await told(once(dear), 4)).toMatchObject({ step: "check", alert: "gas" });
    expect(kinds()).toEqual(["market", "gas"]);
    expect(await told(once(), 0)).toMatchObject({ outcome: "attested" });
  });

  it("75 a block that is taken back is made up for, with the attestation that is there", async () => {
    const week = await fund.week("fifth");
    await placed(week.folder);
    await undone(fund.chain, async () => {
      await told(once(), 0);
    });
    const file = path(`rounds/${week.asOf}/attestation.json`);
    const attestation = await readFile(file, "utf8");
    const again = await told(once(), 0);
    expect(again).toMatchObject({ outcome: "attested", asOf: week.asOf });
    expect(await readFile(file, "utf8")).toBe(attestation);
    const found = await fund.ok([
      "status",
      ...fund.onChain,
      "--policy-id",
      fund.policyId,
      "--subject",
      fund.subject,
    ]);
    expect(found).toMatchObject({ healthy: true, asOf: week.asOf });
  });

  it("79 of two operators one attests and the other finds it done; one at a time in one folder", async () => {
    const week = await fund.week("sixth");
    await placed(week.folder);
    await cp(path("vault"), path("twin"), { recursive: true });
    const twin = await configured(
      { vault: "twin", rounds: "twin-rounds", signer: { account: 3 } },
      "twin.toml",
    );
    const before = await fund.ok(["history", ...fund.onChain, "--no-proofs"]);
    const both = await Promise.all([told(once(), 0), told(once(twin), 0)]);
    expect(both.map(({ asOf }) => asOf)).toEqual([week.asOf, week.asOf]);
    const after = await fund.ok(["history", ...fund.onChain, "--no-proofs"]);
    const attested = (record: Record<string, unknown>): number =>
      (record.entries as { kind: string }[]).filter(({ kind }) => kind === "attested").length;
    expect(attested(after)).toBe(attested(before) + 1);
    const racing = ["run", "--config", path("keel.toml"), "--once", "--json", "--log", "silent"];
    const env = { HOOK: hook.url };
    const ended = await Promise.all([keel(racing, { env }), keel(racing, { env })]);
    const codes = ended.map(({ code }) => code).sort();
    // One at a time: the second is refused, unless the first was through before it began.
    expect([
      [0, 4],
      [0, 0],
    ]).toContainEqual(codes);
    if (codes[1] === 4) expect(ended.map(({ stdout }) => stdout).join()).toContain("file.busy");
  });
});

describe("keel run refuses at the start, with exit code 1", () => {
  const refused = async (change: Partial<RunFile>, ...expected: string[]): Promise<void> => {
    const ended = await once(await configured(change, "bad.toml"));
    expect(ended.code, ended.stdout).toBe(1);
    const { code, also = [] } = errorOf(ended);
    expect([code, ...also.map((one) => one.code)]).toEqual(expected);
  };

  it("a policy that the registry does not know, a schedule shorter than a proof takes, another list of accounts", async () => {
    const policy = JSON.parse(await readFile(path("policy.json"), "utf8"));
    await writeFile(path("other-policy.json"), JSON.stringify({ ...policy, maxAge: policy.maxAge - 1 }));
    await refused({ policy: "other-policy.json" }, "run.policy");
    await refused({ schedule: { cron: "*/1 * * * * *" } }, "run.schedule");
    await fund.ok([
      "enrol",
      "--snapshot",
      path("in/snapshot.json"),
      "--policy",
      path("policy.json"),
      "--out",
      path("list.json"),
    ]);
    await refused({ enrolment: "list.json" }, "run.enrolment");
  });

  it("everything that is wrong, at once: no vault, no file, no variable", async () => {
    await refused(
      { vault: "nowhere", market: { file: "no.json" }, enrolment: "no.json" },
      "states.missing",
      "file.missing",
      "file.missing",
    );
    await refused({ registry: { ...base().registry, rpc: "env:NO_SUCH" } }, "run.variable");
    await refused(
      { registry: { ...base().registry, chainId: 1 }, signer: { keyFile: "no.key" } },
      "file.missing",
      "run.chain",
    );
  });
});

describe("what once ran and does not start any more", () => {
  it("75 is told to everybody by its kind: a vault whose disk is gone, a market that nobody made", async () => {
    hook.taken.length = 0;
    await told(once(await configured({ vault: "nowhere" }, "gone.toml")), 1);
    await told(once(await configured({ market: { file: "no.json" } }, "gone.toml")), 1);
    await told(once(await configured({ market: { file: "no.json" } }, "gone.toml")), 1);
    expect(kinds()).toEqual(["state", "market"]);
    hook.taken.length = 0;
    await told(once(await configured({ vault: "nowhere", rounds: "never" }, "gone.toml")), 1);
    expect(kinds()).toEqual([]);
  });
});

describe("keel watch as a service", () => {
  it("sends each notice once, and goes on from its file; one that was refused waits there", async () => {
    hook.taken.length = 0;
    const look = [
      "watch",
      ...fund.onChain,
      "--once",
      "--memory",
      path("watch.json"),
      "--webhook",
      "env:HOOK",
    ];
    const env = { HOOK: hook.url };
    const first = await fund.run([...look, "--since", "0"], env);
    const { notices } = JSON.parse(first.stdout);
    expect(hook.taken).toHaveLength(notices.length);
    expect(notices.length).toBeGreaterThan(0);
    const again = await fund.run(look, env);
    expect([again.code, JSON.parse(again.stdout).notices]).toEqual([0, []]);
    expect(new Set(hook.taken.map(({ key }) => key)).size).toBe(notices.length);
    await rm(path("watch.json"));
    hook.refuse(1);
    await fund.run([...look, "--since", "0"], env);
    expect(JSON.parse(await readFile(path("watch.json"), "utf8")).waiting).toHaveLength(notices.length);
    expect(
      errorOf(
        await fund.run(
          look.filter((word) => word !== "--memory" && word !== path("watch.json")),
          env,
        ),
      ).code,
    ).toBe("usage");
  });
});

describe("keel run as a service", () => {
  let stop: AbortController;
  let running: Promise<number>;
  let output: { stdout: string; stderr: string };

  afterEach(async () => {
    stop.abort("SIGTERM");
    await running;
  });

  const port = 20_000 + (process.pid % 20_000);
  const url = `http://127.0.0.1:${port}`;
  const metric = async (name: string): Promise<number | undefined> => {
    const text = await fetch(`${url}/metrics`).then(
      (response) => response.text(),
      () => "",
    );
    const [, value] = new RegExp(`^keel_run_${name} (\\S+)$`, "m").exec(text) ?? [];
    return value === undefined ? undefined : Number(value);
  };
  const started = async (): Promise<void> => {
    await configured({ schedule: { ...weekly, late: 120 }, listen: { port } }, "service.toml");
    stop = new AbortController();
    const given = captured({ env: { HOOK: hook.url } });
    ({ output } = given);
    const argv = ["run", "--config", path("service.toml"), "--json"];
    running = runCommand(argv, { ...given.context, signal: stop.signal });
  };

  it("75 puts no round off because the clock was wrong for a while", async () => {
    const before = await now(fund.chain);
    await undone(fund.chain, async () => {
      await travelTo(fund.chain, before + 60 * WEEK);
      await started();
      const waiting = { timeout: 30_000, interval: 200 };
      await vi.waitFor(
        async () => expect(await metric("next_round_seconds")).toBeGreaterThan(before),
        waiting,
      );
      await vi.waitFor(() => expect(output.stderr).toContain('"alert":'), waiting);
    });
    await vi.waitFor(
      async () => expect(await metric("next_round_seconds")).toBeLessThanOrEqual(before + WEEK),
      { timeout: 20_000, interval: 200 },
    );
  });

  it("attests when its time has come, says so in metrics, and tells a missed round", async () => {
    hook.taken.length = 0;
    await started();
    await vi.waitFor(async () => expect(await metric("next_round_seconds")).toBeGreaterThan(0), {
      timeout: 20_000,
      interval: 200,
    });

    // Monday has come, and the book is not there yet: told by kind, and once the time is over, as missed.
    await rm(path("in/snapshot.json"));
    const monday = (await metric("next_round_seconds"))!;
    await travelTo(fund.chain, monday + 1);
    await vi.waitFor(() => expect(kinds()).toEqual(["source"]), { timeout: 20_000, interval: 200 });
    expect((await fetch(`${url}/healthz`)).status).toBe(503);
    await travelTo(fund.chain, monday + 200);
    await vi.waitFor(() => expect(kinds()).toEqual(["source", "missed"]), { timeout: 20_000, interval: 200 });

    const week = await fund.week("monday", 300);
    await placed(week.folder);
    await vi.waitFor(async () => expect(await metric("attested_as_of_seconds")).toBe(week.asOf), {
      timeout: 60_000,
      interval: 300,
    });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const time = await now(fund.chain);
    await vi.waitFor(async () => expect(await metric("next_round_seconds")).toBeGreaterThan(time), {
      timeout: 20_000,
      interval: 200,
    });
    const { accounts } = JSON.parse(await readFile(path("in/snapshot.json"), "utf8"));
    for (const amount of Object.values(accounts[0].positions as Record<string, string>)) {
      if (amount.length > 4) expect(output.stderr).not.toContain(amount);
    }
    expect(output.stderr).toContain('"outcome":"attested"');
    expect(kinds()).toEqual(["source", "missed"]);
  });
});
