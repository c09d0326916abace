// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Can anybody rebuild a registry's record from the command line, verify every proof again, and be told when trust changes?
 *
 * The chain is real and the proofs are true, of the small circuit that the contract tests use.
 *
 * @module
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { policyId } from "@keel/verifier";
import {
  latestBlock,
  policyBookAbi,
  publishPolicy,
  revokeFor,
  submitAttestation,
} from "@keel/verifier/chain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jsonText, printable } from "../../verifier/dist/text/printable.js";
import {
  acceptMarket,
  attestation,
  type Fixture,
  GENESIS,
  POLICY,
  START,
  startFixture,
  stepAfter,
  TERMS,
} from "../contracts/fixture.js";
import { CIRCUIT, endProving, statementArtifacts } from "../contracts/statement-circuit.js";
import { travelTo, write } from "../support/chain.js";
import { errorOf, keel, keelHere, start } from "../support/cli.js";

/** Moves the cursor up, turns red, starts a line of its own, turns the reading direction. */
const HOSTILE = "fraud\u001b[1A\u001b[31m\nall is well\u202e\u009b2J";

let fixture: Fixture;
let folder: string;
let onChain: string[];
let keys: string[];
/** First block after the set-up. */
let first: number;
/** First block after the guardian's revocation. */
let later: number;

beforeAll(async () => {
  fixture = await startFixture();
  folder = await mkdtemp(join(tmpdir(), "keel-record-"));
  const { chain, registry, cast, keel: deployed } = fixture;
  for (const seed of ["keel", "second"]) {
    const { verificationKey } = await statementArtifacts(seed);
    await writeFile(join(folder, `${seed}.json`), JSON.stringify(verificationKey));
  }
  keys = ["--key", `${CIRCUIT}=${join(folder, "keel.json")}`];
  onChain = ["--rpc", chain.rpcUrl, "--registry", registry.address];
  first = Number(await latestBlock(registry)) + 1;
  await travelTo(chain, START + 10);
  await submitAttestation(registry, cast.stranger, await attestation(fixture));
  await travelTo(chain, START + 5_000);
  await acceptMarket(fixture, { root: 444n, asOf: START + 4_990 });
  const about = { asOf: START + 4_990, marketRoot: 444n, marketTime: START + 4_990 };
  await submitAttestation(
    registry,
    cast.stranger,
    await attestation(fixture, { ...about, drawdown: stepAfter(GENESIS) }),
  );
  await revokeFor(registry, cast.guardian, cast.subject.account.address, POLICY, HOSTILE);
  const looser = { ...TERMS, maxLeverage: TERMS.maxLeverage + 1 };
  await publishPolicy(registry, cast.stranger, looser);
  const book = [cast.deployer, deployed.policyBook, policyBookAbi] as const;
  const { hash } = await write(chain, ...book, "openLine", ["main", POLICY]);
  const { logs } = await chain.client.getTransactionReceipt({ hash });
  later = Number(await latestBlock(registry)) + 1;
  await write(chain, ...book, "moveLine", [logs[0]!.topics[1], policyId(looser)]);
});

afterAll(async () => {
  await fixture?.chain.stop();
  await endProving();
  await rm(folder, { recursive: true, force: true });
});

const subject = () => fixture.cast.subject.account.address;

describe("keel history", () => {
  it("rebuilds everything from logs and verifies the proofs again, under the caller's own key", async () => {
    const ended = await keelHere(["history", ...onChain, ...keys, "--json"]);
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stderr).toContain("DEVELOPMENT KEY");
    const { ok, proofs, entries, records, lapsed } = JSON.parse(ended.stdout);
    expect([ok, proofs]).toEqual([true, "verified"]);
    expect(entries.map(({ kind }: { kind: string }) => kind)).toEqual([
      "enrolled",
      "attested",
      "attested",
      "revoked",
    ]);
    expect(entries[3].reason).toBe(HOSTILE);
    expect(entries[1].proof).toHaveLength(8);
    expect(records).toMatchObject([
      {
        subject: subject(),
        policyId: POLICY,
        healthy: false,
        standing: "revokedByGuardian",
        count: 2,
        lapses: 1,
      },
    ]);
    const first = { kind: "lapsed", subject: subject(), policyId: POLICY, blockTime: entries[1].expiry };
    expect(lapsed).toEqual([first]);
  });

  it("prints a line for each, in which a reason cannot do anything", async () => {
    const ended = await keel(["history", ...onChain, ...keys, "--subject", subject(), "--policy-id", POLICY]);
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stdout).toContain(`"fraud\\u{1b}[1A\\u{1b}[31m\\u{a}all is well\\u{202e}\\u{9b}2J"`);
    expect(ended.stdout.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(ended.stdout).toContain("Every proof was verified again");
    expect(ended.stdout).toMatch(/attested healthy.*\n.*LAPSED: 0x.*\n.*attested healthy/);
    const unverified = await keelHere(["history", ...onChain, "--no-proofs"]);
    expect([unverified.code, unverified.stderr]).toEqual([0, ""]);
    expect(unverified.stdout).toContain("NOT verified again");
  });

  it("is 3 when a proof does not hold under the caller's key, whatever the registry accepted", async () => {
    const other = ["--key", `${CIRCUIT}=${join(folder, "second.json")}`];
    const ended = await keelHere(["history", ...onChain, ...other, "--json"]);
    expect([ended.code, errorOf(ended).code]).toEqual([3, "history.proof"]);
    expect(errorOf(ended).path).toMatch(/^0x[0-9a-f]{64}$/);
  });

  it("is 1 for a circuit without a key and for keys that name none", async () => {
    const without = await keelHere(["history", ...onChain, "--json"]);
    expect(without.code).toBe(1);
    const nameless = await keelHere(["history", ...onChain, "--key", join(folder, "keel.json"), "--json"]);
    expect([nameless.code, errorOf(nameless).code]).toEqual([1, "usage"]);
  });

  it("is 3 when it starts too late to follow, and says how to start", async () => {
    const ended = await keelHere(["history", ...onChain, ...keys, "--from-block", String(first), "--json"]);
    expect([ended.code, errorOf(ended).code]).toEqual([3, "history.enrolment"]);
    expect(ended.stderr).toContain("--from-block");
  });

  it("has nothing to say of somebody who never was a subject", async () => {
    const stranger = fixture.cast.stranger.account.address;
    const ended = await keelHere(["history", ...onChain, "--subject", stranger]);
    expect([ended.code, ended.stdout]).toEqual([0, "Nothing happened.\n"]);
  });
});

describe("keel watch --once", () => {
  const once = (since: number, ...more: string[]) =>
    keelHere(["watch", ...onChain, "--once", "--since", String(since), ...more]);

  it("is 2 when something happened, and says what and where to go on", async () => {
    const ended = await once(first, "--json");
    expect(ended.code, ended.stderr).toBe(2);
    const { ok, notices, next } = JSON.parse(ended.stdout);
    expect(ok).toBe(false);
    expect(notices.map(({ kind }: { kind: string }) => kind)).toEqual([
      "lapsed",
      "tableAccepted",
      "revoked",
      "lineOpened",
      "policyLoosened",
    ]);
    expect(notices[2]).toMatchObject({ standing: "revokedByGuardian", reason: HOSTILE });
    expect(next).toBe(Number(await latestBlock(fixture.registry)) + 1);
    expect(ended.stdout).not.toContain("\u202e");
    expect(ended.stdout).not.toContain("\u009b");
  });

  it("goes on where it stopped: each notice is told once, and then it is 0", async () => {
    const rest = await once(later);
    expect(rest.code).toBe(2);
    expect(rest.stdout.trimEnd().split("\n")).toHaveLength(2);
    expect(rest.stdout).toContain("POLICY LOOSENED");
    const next = /--since (\d+)/.exec(rest.stdout)![1]!;
    const nothing = await once(Number(next));
    expect([nothing.code, nothing.stderr]).toEqual([0, ""]);
    expect(nothing.stdout).toBe(`No new block; go on with --since ${next}.\n`);
  });

  it("leaves blocks that are not confirmed for later", async () => {
    const ended = await once(later, "--confirmations", "1", "--json");
    expect(ended.code).toBe(0);
    const { memory, ...told } = JSON.parse(ended.stdout);
    expect(told).toEqual({ ok: true, notices: [], next: Number(await latestBlock(fixture.registry)) });
    expect(JSON.parse(memory)).toMatchObject({ keel: "watch/1", chainId: 31337 });
  });

  it("is 1 without --since and 4 when the node is away", async () => {
    expect((await keelHere(["watch", ...onChain, "--once"])).code).toBe(1);
    const down = ["--rpc", "http://127.0.0.1:9", "--registry", fixture.registry.address];
    expect((await keelHere(["watch", ...down, "--once", "--since", "0"])).code).toBe(4);
  });
});

describe("keel watch", () => {
  it.each([["--json"], []])("tells as it happens, until it is interrupted %s", async (...form: string[]) => {
    const args = ["watch", ...onChain, "--since", String(later), "--interval", "1", ...form];
    const { child, ended } = start(args);
    await new Promise((resolve) => child.stdout!.once("data", resolve));
    child.kill("SIGINT");
    const { code, stdout, stderr } = await ended;
    expect([code, stderr]).toEqual([2, `keel: watching from block ${later} on, until interrupted\n`]);
    const [notice, end, ...rest] = stdout.trimEnd().split("\n");
    expect(rest).toEqual([]);
    if (form.length === 0) {
      expect(notice).toContain("POLICY LOOSENED");
      expect(end).toMatch(/^1 until block \d+; go on with --since \d+\.$/);
    } else {
      expect(JSON.parse(notice!).kind).toBe("policyLoosened");
      expect(JSON.parse(end!)).toMatchObject({ kind: "end", notices: 1 });
    }
  });

  it("ends with 0 when nothing happened", async () => {
    const { child, ended } = start(["watch", ...onChain, "--interval", "1"]);
    await new Promise((resolve) => child.stderr!.once("data", resolve));
    child.kill("SIGTERM");
    const { code, stdout } = await ended;
    expect([code, stdout.startsWith("Nothing until block")]).toEqual([0, true]);
  });
});

describe("49 text that others wrote", () => {
  it("is printed without anything that a terminal obeys", () => {
    expect(printable("plain — ünïcode 健康 🙂")).toBe("plain — ünïcode 健康 🙂");
    expect(printable("a\u0000\u001b\r\n\u007f\u0085b\u2028\u2066\ufeff")).toBe(
      "a\\u{0}\\u{1b}\\u{d}\\u{a}\\u{7f}\\u{85}b\\u{2028}\\u{2066}\\u{feff}",
    );
    expect(printable("\u{e0041}\ud800")).toBe("\\u{e0041}\\u{d800}");
  });

  it("is the same in JSON after its escapes", () => {
    const value = { reason: `${HOSTILE}\u{e0041}\ud800`, list: [1n, 2], nested: { empty: "" } };
    for (const indent of [0, 2]) {
      const text = jsonText(value, indent);
      expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
      expect(JSON.parse(text)).toEqual({ ...value, list: ["1", 2] });
    }
  });
});
