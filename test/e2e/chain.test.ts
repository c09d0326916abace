// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the command line carry an attestation to a registry on a real chain, and say why when the registry refuses?
 *
 * @module
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureCircuit } from "@keel/circuits";
import { compileVerifiers, deployKeel } from "@keel/contracts";
import { marketBookAbi } from "@keel/verifier/chain";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { exampleTexts } from "../../dist/examples/generate.js";
import { STRATEGIES } from "../../dist/examples/strategies.js";
import { now, startTestChain, type TestChain, write } from "../support/chain.js";
import { type Ended, errorOf, keel, keelHere } from "../support/cli.js";

vi.setConfig({ hookTimeout: 180_000 });

const CIRCUIT = "portfolio-health/spot-16";
const STRATEGY = STRATEGIES[0]!;
/** Accounts of the local chain: the subject is the examples' own, number 1. */
const [DEPLOYER, SUBJECT, STRANGER, PUBLISHER, SECOND_PUBLISHER] = ["0", "1", "2", "5", "6"] as const;
const NOBODY = `0x${"12".repeat(20)}`;

let chain: TestChain;
let folder: string;
let registry: string;
let marketBook: string;
/** Options that name the registry, and the files of a book of this hour. */
let onChain: string[];
let files: string[];
let publicFiles: string[];
const path = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keel-chain-"));
  const { verificationKey } = await ensureCircuit(CIRCUIT);
  const verifier = { circuit: CIRCUIT, contractName: "Spot16Verifier", insecure: true, verificationKey };
  await compileVerifiers([verifier]);
  chain = await startTestChain();
  const deployment = await deployKeel({
    walletClient: chain.wallets[0]!,
    publicClient: chain.client,
    publishers: [5, 6, 7].map((i) => chain.signers[i]!.address),
    threshold: 2,
    verifiers: [{ circuit: CIRCUIT, contractName: "Spot16Verifier" }],
  });
  ({ registry, marketBook } = deployment);
  onChain = ["--rpc", chain.rpcUrl, "--registry", registry];
  const texts = exampleTexts(STRATEGY, { asOf: await now(chain) });
  for (const [name, text] of Object.entries(texts)) await writeFile(path(`${name}.json`), text);
  publicFiles = ["--market", path("market.json"), "--policy", path("policy.json")];
  files = ["--snapshot", path("snapshot.json"), ...publicFiles];
  const list = ["--snapshot", path("snapshot.json"), "--policy", path("policy.json")];
  await keelHere(["enrol", ...list, "--out", path("enrolment.json")]);
});

afterAll(async () => {
  await chain?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The chain's clock may be ahead of this machine's, by a second a block. */
async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return await keelHere([...args, "--json"], { env, now: (await now(chain)) + 1 });
}

async function succeeds(args: readonly string[]): Promise<Record<string, unknown>> {
  const ended = await run(args);
  expect(ended.code, ended.stderr).toBe(0);
  return JSON.parse(ended.stdout);
}

async function refused(args: readonly string[], code: string, exit: number): Promise<string> {
  const ended = await run(args);
  expect([errorOf(ended).code, ended.code]).toEqual([code, exit]);
  return ended.stderr;
}

const enrolment = (): string[] => ["--enrolment", path("enrolment.json")];

const attest = (...more: string[]): string[] => [
  "attest",
  ...publicFiles,
  ...onChain,
  "--attestation",
  path("attestation.json"),
  ...(more.length === 0 ? ["--account", STRANGER] : more),
];
const status = (): string[] => ["status", ...onChain, ...publicFiles, "--subject", STRATEGY.subject];

describe("an attestation's way to the chain", () => {
  it("status is 3 before anything happened", async () => {
    const ended = await run(status());
    expect(ended.code).toBe(3);
    expect(JSON.parse(ended.stdout)).toMatchObject({
      healthy: false,
      enrolled: false,
      count: 0,
      timeLeft: 0,
      whyNot: "unknownPolicy",
    });
    const words = await keelHere(status());
    expect(words.stdout).toMatch(/is NOT healthy at .*: the registry knows no such policy/);
  });

  it("prove binds the attestation to the registry", async () => {
    const domain = ["--chain-id", String(chain.chainId), "--registry", registry];
    const secrets = ["--enrolment", path("enrolment.json"), "--state-out", path("state.json")];
    const proof = await succeeds([
      "prove",
      ...files,
      ...domain,
      ...secrets,
      "--out",
      path("attestation.json"),
    ]);
    expect(proof.domain).toEqual({ chainId: chain.chainId, registry: registry.toLowerCase() });
  });

  it("attest is refused with the next step as a hint, until policy, subject and market are there", async () => {
    expect(await refused(attest(), "registry.unknownPolicy", 3)).toContain("hint: Publish the policy first");
    const published = await succeeds(["publish-policy", ...publicFiles, ...onChain, "--account", DEPLOYER]);
    const attestation = JSON.parse(await readFile(path("attestation.json"), "utf8"));
    expect(published.policyId).toBe(attestation.policyId);

    expect(await refused(attest(), "registry.notEnrolled", 3)).toContain("keel enrol");
    const enrol = ["enrol", "--enrolment", path("enrolment.json"), ...onChain, "--account", SUBJECT];
    const enrolled = await succeeds(enrol);
    expect(String(enrolled.subject).toLowerCase()).toBe(STRATEGY.subject);
    expect(enrolled.enrolment).toBe(attestation.enrolment);

    expect(await refused(attest(), "registry.marketNotAccepted", 3)).toContain("keel sign-market");
  });

  it("publishers sign, and anybody publishes the market", async () => {
    const signMarket = (account: string, out: string): string[] => [
      "sign-market",
      ...publicFiles,
      ...onChain,
      "--account",
      account,
      "--out",
      path(out),
    ];
    for (const account of [PUBLISHER, SECOND_PUBLISHER, STRANGER]) {
      await succeeds(signMarket(account, `signature-${account}.json`));
    }
    const publish = (...accounts: string[]): string[] => [
      "publish-market",
      ...publicFiles,
      ...onChain,
      "--account",
      STRANGER,
      ...accounts.flatMap((account) => ["--signature", path(`signature-${account}.json`)]),
    ];
    expect((await keelHere(signMarket(STRANGER, "stranger.json"))).stderr).toContain("is no publisher of");
    expect((await keelHere(signMarket(PUBLISHER, "publisher.json"))).stderr).not.toContain("warning");
    await refused(publish(PUBLISHER), "registry.tooFewSignatures", 1);
    await refused(publish(PUBLISHER, PUBLISHER), "registry.tooFewSignatures", 1);
    await refused(publish(PUBLISHER, STRANGER), "registry.notPublisher", 1);
    const text = await readFile(path(`signature-${PUBLISHER}.json`), "utf8");
    const others: readonly [RegExp, string, string][] = [
      [/"asOf": \d+/, '"asOf": 1767225600', "market.signature"],
      [/("series": "0x01)[0-9a-f]{4}/, "$10000", "market.signature"],
      [/("contentHash": "0x)[0-9a-f]{4}/, "$10000", "market.signature"],
      [/("signature": "0x)[0-9a-f]{4}/, "$10000", "market.signature"],
      [/market-signature\/2/, "market-signature/1", "file.version"],
    ];
    for (const [from, to, code] of others) {
      await writeFile(path("signature-other.json"), text.replace(from, to));
      await refused(publish("other"), code, 1);
    }
    await succeeds(publish(SECOND_PUBLISHER, PUBLISHER));
  });

  it("attest is accepted from anybody, once; then status is 0", async () => {
    const attested = await succeeds(attest());
    expect(attested.gas).toBeGreaterThan(200_000);
    expect(attested.insecure).toBe(true);
    const found = await succeeds(status());
    const { enrolment, drawdown: step } = JSON.parse(await readFile(path("attestation.json"), "utf8"));
    expect(found).toMatchObject({ healthy: true, enrolled: true, standing: "open", count: 1, streak: 1 });
    expect(found).toMatchObject({ enrolment, state: step.newState });
    expect(found.timeLeft).toBeGreaterThan(80_000);
    const byId = ["--policy-id", String(found.policyId), "--subject", STRATEGY.subject];
    expect((await keel(["status", ...onChain, ...byId])).code).toBe(0);
    const words = await keelHere(["status", ...onChain, ...byId]);
    expect(words.stdout).toMatch(/is healthy at .*, by a DEVELOPMENT KEY: anybody can make such proofs/);
    expect([found.insecure, found.whyNot]).toEqual([true, undefined]);
    expect(words.stdout).toContain(`accounts ${enrolment}`);
    expect(words.stdout).toMatch(/healthy since +20\d\d-/);
    expect(found.since).toBeLessThanOrEqual(await now(chain));
  });

  it("65 attesting what is in force already, whoever brought it, is success, and sends nothing", async () => {
    const before = await chain.client.getBlockNumber({ cacheTime: 0 });
    expect(await succeeds(attest())).toMatchObject({ already: true, block: expect.any(Number) });
    expect(await chain.client.getBlockNumber({ cacheTime: 0 })).toBe(before);
    const words = await keelHere(attest(), { now: (await now(chain)) + 1 });
    expect(words.stdout).toContain("Attested already, nothing was sent");
  });

  it("19 the next epoch goes on from the state file, and a second genesis is refused by name", async () => {
    // Within the policy's market skew, so that the published market still serves.
    const snapshot = JSON.parse(await readFile(path("snapshot.json"), "utf8"));
    const texts = exampleTexts(STRATEGY, { asOf: snapshot.asOf + 1 });
    await writeFile(path("next-snapshot.json"), texts.snapshot);
    const domain = ["--chain-id", String(chain.chainId), "--registry", registry, ...enrolment()];
    const prove = (name: string, ...state: string[]) => {
      const book = ["--snapshot", path("next-snapshot.json"), ...publicFiles];
      return succeeds(["prove", ...book, ...domain, ...state, "--out", path(`${name}.json`)]);
    };
    await prove("genesis-again");
    await prove("next", "--state", path("state.json"), "--state-out", path("next-state.json"));
    const submit = (name: string): string[] => [...attest(), "--attestation", path(`${name}.json`)];
    expect(await refused(submit("genesis-again"), "registry.wrongState", 3)).toContain("--state");
    await succeeds(submit("next"));
    const { drawdown: step } = JSON.parse(await readFile(path("next.json"), "utf8"));
    // A second after the one before: the state goes on, the streak does not.
    expect(await succeeds(status())).toMatchObject({ count: 1, streak: 1, state: step.newState });
    const record = await succeeds(["history", ...onChain]);
    expect(record).toMatchObject({ proofs: "verified", records: [{ healthy: true, count: 1, streak: 1 }] });
  });

  it("18 another list of accounts is announced, and counts later", async () => {
    const list = [
      "--accounts",
      "main=Northgate Custody,reserve=Halyard Prime",
      "--policy",
      path("policy.json"),
    ];
    await succeeds(["enrol", ...list, "--out", path("wider.json")]);
    const announced = await succeeds([
      ...["enrol", "--enrolment", path("wider.json")],
      ...[...onChain, "--account", SUBJECT],
    ]);
    const found = await succeeds(status());
    expect(found.pendingEnrolment).toEqual({ enrolment: announced.enrolment, liveAt: announced.countsFrom });
    expect(found.enrolment).not.toBe(announced.enrolment);
  });

  it("35 an attestation that is bound to nothing, or to another registry, is refused before the chain is asked", async () => {
    await succeeds(["prove", ...files, "--insecure", "--out", path("attestation.json"), "--force"]);
    await refused(attest(), "proof.mismatch", 3);
  });

  it("66 anybody voids what rests on a withdrawn table, by what the log says it rests on", async () => {
    const ending = ["void", ...onChain, ...publicFiles, "--subject", STRATEGY.subject, "--account", STRANGER];
    await refused(ending, "registry.nothingToVoid", 1);
    const [nobody, late] = [await run([...ending, "--subject", NOBODY]), String(10 ** 6)];
    expect([nobody.code, errorOf(nobody).code]).toEqual([1, "history.none"]);
    await refused([...ending, "--from-block", late], "history.none", 1);
    const { series, root, asOf } = JSON.parse(await readFile(path(`signature-${PUBLISHER}.json`), "utf8"));
    const [deployer] = chain.wallets;
    const table = [series, BigInt(root), BigInt(asOf), "a wrong price"];
    await write(chain, deployer!, marketBook as `0x${string}`, marketBookAbi, "withdraw", table);
    // Nothing but a read: whoever relied on it still sees it healthy.
    await succeeds(status());
    const voided = await succeeds(ending);
    expect(voided).toMatchObject({
      subject: STRATEGY.subject,
      basis: { marketRoot: root, marketTime: asOf },
    });
    const ended = await run(status());
    expect([ended.code, JSON.parse(ended.stdout).standing]).toEqual([3, "voided"]);
    await refused(ending, "registry.nothingToVoid", 1);
    const told = await keelHere(["watch", ...onChain, "--once", "--since", "0"]);
    expect(told.stdout).toContain("TABLE WITHDRAWN");
    expect(told.stdout).toContain("what it rested on was taken back");
  });

  it("doctor compares the registry's key with the artifacts", async () => {
    const { checks } = (await succeeds(["doctor", ...onChain])) as {
      checks: { name: string; detail: string }[];
    };
    expect(checks.find(({ name }) => name === `verifier ${CIRCUIT}`)?.detail).toContain(
      "same key and code as the artifacts here (development key)",
    );
    expect(checks.find(({ name }) => name === "chain")?.detail).toBe("id 31337");
  });
});

describe("51 chains that are not as expected", () => {
  it("an address without a registry, a contract that is none, a node that is down", async () => {
    const at = (address: string): string[] => [
      "enrol",
      "--rpc",
      chain.rpcUrl,
      "--registry",
      address,
      "--account",
      "1",
      ...enrolment(),
    ];
    await refused(at(NOBODY), "registry.missing", 4);
    expect((await run(at(marketBook))).code).toBe(4);
    const down = "http://127.0.0.1:9/secret-access-key";
    const args = ["enrol", "--rpc", down, "--registry", registry, "--account", "1", ...enrolment()];
    const ended = await run(args, { KEEL_DEBUG: "1" });
    expect(ended.code).toBe(4);
    expect(ended.stderr + ended.stdout).not.toContain("secret-access-key");
    const examined = await run(["doctor", "--rpc", down]);
    expect([examined.code, JSON.parse(examined.stdout).ok]).toEqual([4, false]);
    expect(examined.stdout).not.toContain("secret-access-key");
  });
});

describe("48 the sender's key", () => {
  const key = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
  const enrol = (): string[] => ["enrol", ...onChain, ...enrolment()];

  it("comes from a file or the environment", async () => {
    await writeFile(path("sender.key"), `${key}\n`, { mode: 0o600 });
    expect((await succeeds([...enrol(), "--key-file", path("sender.key")])).subject).toMatch(/^0x7099/);
    expect((await run(enrol(), { KEEL_PRIVATE_KEY: key })).code).toBe(0);
    expect((await keel(enrol(), { env: { KEEL_PRIVATE_KEY: key } })).code).toBe(0);
  });

  it("is asked for, and only one at a time", async () => {
    await refused(enrol(), "usage", 1);
    await refused([...enrol(), "--account", "1", "--key-file", path("sender.key")], "usage", 1);
    await refused([...enrol(), "--account", "20"], "usage", 1);
  });

  it.each([
    ["one digit short", key.slice(0, -1)],
    ["without 0x", key.slice(2)],
    ["zero", `0x${"0".repeat(64)}`],
    ["beyond the curve's order", `0x${"f".repeat(64)}`],
  ])("%s: refused, and not repeated", async (_, wrong) => {
    const ended = await run(enrol(), { KEEL_PRIVATE_KEY: wrong, KEEL_DEBUG: "1" });
    expect([ended.code, errorOf(ended).code]).toEqual([1, "sender.key"]);
    expect(ended.stderr + ended.stdout).not.toContain(wrong.slice(2, 40));
  });
});
