// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Can the drawdown chain's state be lost? Everything but the seed is deleted, commands are killed and repeated, blocks are taken
 * back, somebody else submits first.
 *
 * @module
 */

import { cp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseAttestation } from "@keel/verifier";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { undone } from "../support/chain.js";
import { errorOf } from "../support/cli.js";
import { type Fund, startFund, type Week } from "../support/fund.js";

vi.setConfig({ hookTimeout: 180_000 });

const PASSWORD = { KEEL_PASSWORD: "three clouds over a harbour" };
const SUBJECT_ACCOUNT = "1";

let fund: Fund;
let path: Fund["path"];
let first: Week;

beforeAll(async () => {
  fund = await startFund();
  ({ path } = fund);
  first = await fund.week("first");
});

afterAll(async () => {
  await fund?.stop();
});

const vault = (name = "vault"): string[] => ["--vault", path(name)];
const list = (week: Week, ...more: string[]): string[] => [
  ...["enrol", "--snapshot", join(week.folder, "snapshot.json"), "--policy", path("policy.json"), ...more],
];
const prove = (week: Week, out: string, from = "vault"): string[] => [
  ...["prove", ...week.book, ...fund.where, ...vault(from), "--enrolment", path("enrolment.json")],
  ...["--out", path(out)],
];
const attest = (week: Week, file: string): string[] => [
  ...["attest", ...week.tables, ...fund.onChain, "--attestation", path(file), "--account", "2"],
];
const read = async (file: string) => parseAttestation(await readFile(path(file), "utf8"));
const refused = async (args: readonly string[], code: string, exit = 1): Promise<void> => {
  const ended = await fund.run(args);
  expect([errorOf(ended).code, ended.code]).toEqual([code, exit]);
};
const show = async (from = "vault") => {
  const { states } = await fund.ok(["state", "show", ...vault(from), ...fund.onChain]);
  return states as { status: string; epoch: number; newState: string }[];
};

describe("75 a vault of states", () => {
  it("is made once, secret, and asked for", async () => {
    await refused(prove(first, "first.json"), "states.missing");
    await fund.ok(["state", "init", ...vault()]);
    await refused(["state", "init", ...vault()], "file.exists");
    expect((await stat(path("vault/seed.json"))).mode & 0o777).toBe(0o600);
    expect((await stat(path("vault"))).mode & 0o777).toBe(0o700);
    const seed = JSON.parse(await readFile(path("vault/seed.json"), "utf8")).seed as string;
    const shown = await fund.run(["state", "show", ...vault()]);
    expect(shown.stdout + shown.stderr).not.toContain(seed);
    expect(await show()).toEqual([]);
  });

  it("gives the enrolment its salt, the same again for the same list", async () => {
    const more = [...vault(), "--subject", fund.subject];
    await fund.ok(list(first, ...more, "--out", path("enrolment.json")));
    await fund.ok(list(first, ...more, "--out", path("again.json")));
    expect(await readFile(path("again.json"))).toEqual(await readFile(path("enrolment.json")));
    await refused(list(first, ...vault(), "--out", path("other.json")), "usage");
    const send = ["enrol", "--enrolment", path("enrolment.json"), ...fund.onChain];
    await fund.ok([...send, "--account", SUBJECT_ACCOUNT]);
  });

  it("prove and attest end right when they are repeated, and when the first try was killed in between", async () => {
    const opening = ["--opening", path("opening.json")];
    const made = await fund.ok([...prove(first, "first.json"), ...opening]);
    expect(await show()).toMatchObject([{ status: "pending", epoch: 0 }]);
    const again = await fund.ok([...prove(first, "first.json"), ...opening]);
    expect(again).toMatchObject({ already: true, digest: made.digest });

    // Killed after the state was kept and before the attestation was written: the same statement again.
    await rm(path("first.json"));
    await rm(path("opening.json"));
    expect((await fund.ok(prove(first, "first.json"))).digest).toBe(made.digest);
    // Cut short: not taken for good, and made again.
    const whole = await readFile(path("first.json"), "utf8");
    await writeFile(path("first.json"), whole.slice(0, 500));
    await refused(prove(first, "first.json"), "file.exists");
    await writeFile(
      path("first.json"),
      whole.replace(/"A": \[\s*"\d/, (text) => `${text}1`),
    );
    await fund.ok([...prove(first, "first.json"), "--force"]);
    expect(await readdir(path("vault/states"))).toHaveLength(1);

    await fund.ok(attest(first, "first.json"));
    expect(await fund.ok(attest(first, "first.json"))).toMatchObject({ already: true });
    expect(await show()).toMatchObject([{ status: "confirmed", epoch: 0 }]);
  });

  it("refuses an attestation of other content in the place, and states from two places", async () => {
    const next = await fund.week("second");
    await refused(prove(next, "first.json"), "file.exists");
    await refused([...prove(next, "second.json"), "--state-out", path("s.json")], "usage");
    const { where } = fund;
    const unknown = ["prove", ...next.book, ...where.slice(0, 2), ...vault(), "--out", path("second.json")];
    await refused(unknown, "usage");
    expect(await show()).toMatchObject([{ status: "confirmed" }]);
  });

  it("everything deleted but the seed's backup: the next week goes on", async () => {
    const second = await fund.week("second");
    await fund.ok(prove(second, "second.json"));
    await fund.ok(attest(second, "second.json"));
    const { newState } = (await read("second.json")).drawdown;
    await fund.ok(["state", "backup", ...vault(), "--out", path("backup.json")], PASSWORD);
    const kept = (await readdir(path("vault/states"))).sort();
    for (const lost of [
      "vault",
      "first",
      "second",
      "first.json",
      "second.json",
      "enrolment.json",
      "again.json",
    ]) {
      await rm(path(lost), { recursive: true });
    }
    const recover = [
      ...["state", "recover", ...vault(), ...fund.onChain, "--subject", fund.subject],
      ...["--backup", path("backup.json")],
    ];
    const wrong = await fund.run(recover, { KEEL_PASSWORD: "four clouds over a harbour" });
    expect(errorOf(wrong).code).toBe("states.password");
    const found = await fund.ok(recover, PASSWORD);
    expect(found).toMatchObject({ recovered: true, epoch: 1, state: newState.toString() });
    expect(kept).toContain((await readdir(path("vault/states")))[0]);

    const third = await fund.week("third");
    await fund.ok(list(third, ...vault(), "--subject", fund.subject, "--out", path("enrolment.json")));
    await fund.ok(prove(third, "third.json"));
    await fund.ok(attest(third, "third.json"));
    expect((await read("third.json")).drawdown.previousState).toBe(newState);
  });

  it("a foreign seed finds nothing, and says what helps", async () => {
    await fund.ok(["state", "init", ...vault("foreign")]);
    const ended = await fund.run([
      ...["state", "recover", ...vault("foreign"), ...fund.onChain, "--subject", fund.subject],
    ]);
    expect([ended.code, errorOf(ended).code]).toEqual([1, "state.lost"]);
    expect(ended.stderr).toContain("hint:");
  });

  it("a block taken back takes the state back, and the same proof is submitted again", async () => {
    const next = await fund.week("fourth");
    await undone(fund.chain, async () => {
      await fund.ok(prove(next, "fourth.json"));
      await fund.ok(attest(next, "fourth.json"));
      expect((await show()).at(-1)).toMatchObject({ status: "confirmed" });
    });
    expect((await show()).at(-1)).toMatchObject({ status: "pending" });
    expect(await fund.ok(prove(next, "fourth.json"))).toMatchObject({ already: true });
    await fund.ok(attest(next, "fourth.json"));
    expect((await show()).map(({ status }) => status)).toEqual(["superseded", "superseded", "confirmed"]);
  });

  it("79 of two operators with one seed one attestation counts, and the other goes on from it", async () => {
    await cp(path("vault"), path("twin"), { recursive: true });
    const ours = await fund.week("fifth");
    await fund.ok(prove(ours, "fifth.json"));
    // The twin proves a snapshot of a minute later from the same state, and is first.
    const theirs = await fund.week("fifth-twin", 60);
    await fund.ok(prove(theirs, "twin.json", "twin"));
    await fund.ok(attest(theirs, "twin.json"));
    const refusal = await fund.run(attest(ours, "fifth.json"));
    expect(refusal.code).toBe(3);
    // Both go on: the vault that lost finds the other's state on chain. The same content by both is one statement.
    const sixth = await fund.week("sixth");
    const one = await fund.ok(prove(sixth, "sixth.json"));
    const other = await fund.ok(prove(sixth, "sixth-twin.json", "twin"));
    expect(other.digest).toBe(one.digest);
    expect((await read("sixth.json")).drawdown.previousState).toBe(
      (await read("twin.json")).drawdown.newState,
    );
    await fund.ok(attest(sixth, "sixth-twin.json"));
    expect(await fund.ok(attest(sixth, "sixth.json"))).toMatchObject({ already: true });
    const { records } = await fund.ok(["history", ...fund.onChain]);
    expect(records).toMatchObject([{ healthy: true }]);
  });

  it("takes in a state file from before there was a vault, if it is the one that the registry has", async () => {
    const { previousState } = (await read("sixth.json")).drawdown;
    const entry = async (state: bigint) => {
      const name = `${state.toString(16).padStart(64, "0")}.json`;
      return JSON.parse(await readFile(path(`vault/states/${name}`), "utf8")).state;
    };
    const [old, current] = [
      await entry(previousState),
      await entry((await read("sixth.json")).drawdown.newState),
    ];
    await writeFile(path("old.json"), JSON.stringify(old), { mode: 0o600 });
    await writeFile(path("current.json"), JSON.stringify(current), { mode: 0o600 });
    const take = (file: string): string[] => [
      ...["state", "recover", ...vault("foreign"), ...fund.onChain, "--subject", fund.subject],
      ...["--state", path(file)],
    ];
    await refused(take("old.json"), "state.other");
    await fund.ok(take("current.json"));
    expect(await show("foreign")).toMatchObject([{ status: "confirmed", epoch: current.epoch }]);
    // From now on the other seed goes on, as after a change of machines.
    const week = await fund.week("seventh");
    await fund.ok(prove(week, "seventh.json", "foreign"));
    await fund.ok(attest(week, "seventh.json"));
  });
});
