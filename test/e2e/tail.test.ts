// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a pair of proofs, health and tail risk, go all the way: proven at the same time, verified off chain, accepted by a
 * registry, and verified again from its logs?
 *
 * @module
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureCircuit } from "@keel/circuits";
import { compileVerifiers, deployKeel, type VerifierSource } from "@keel/contracts";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { exampleTexts } from "../../dist/examples/generate.js";
import { STRATEGIES } from "../../dist/examples/strategies.js";
import { now, startTestChain, type TestChain } from "../support/chain.js";
import { type Ended, errorOf, keelHere } from "../support/cli.js";

vi.setConfig({ hookTimeout: 180_000, testTimeout: 60_000 });

const STRATEGY = STRATEGIES.find(({ folder }) => folder === "trend-follower")!;
const CIRCUITS = ["portfolio-health/spot-16", STRATEGY.tailCircuit!] as const;
/** Accounts of the local chain: the subject is number 10. */
const [DEPLOYER, SUBJECT, PUBLISHER, SECOND_PUBLISHER] = ["0", "10", "5", "6"] as const;

let chain: TestChain;
let folder: string;
let registry: string;
let onChain: string[];
/** Market and policy; the same with returns. */
let bare: string[];
let publicFiles: string[];
const path = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keel-tail-"));
  const verifiers: VerifierSource[] = [];
  for (const [i, circuit] of CIRCUITS.entries()) {
    const { verificationKey } = await ensureCircuit(circuit);
    verifiers.push({ circuit, contractName: `PairVerifier${i}`, insecure: true, verificationKey });
  }
  await compileVerifiers(verifiers);
  chain = await startTestChain();
  ({ registry } = await deployKeel({
    walletClient: chain.wallets[0]!,
    publicClient: chain.client,
    publishers: [5, 6].map((i) => chain.signers[i]!.address),
    threshold: 2,
    verifiers: verifiers.map(({ circuit, contractName }) => ({ circuit, contractName })),
  }));
  onChain = ["--rpc", chain.rpcUrl, "--registry", registry];
  const texts = exampleTexts(STRATEGY, { asOf: await now(chain) });
  for (const [name, text] of Object.entries(texts)) await writeFile(path(`${name}.json`), text);
  bare = ["--market", path("market.json"), "--policy", path("policy.json")];
  publicFiles = [...bare, "--returns", path("returns.json")];
});

afterAll(async () => {
  await chain?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The chain's clock may be ahead of this machine's, by a second a block. */
async function run(args: readonly string[]): Promise<Ended> {
  return await keelHere([...args, "--json"], { now: (await now(chain)) + 1 });
}

async function succeeds(args: readonly string[]): Promise<Record<string, unknown>> {
  const ended = await run(args);
  expect(ended.code, ended.stderr).toBe(0);
  return JSON.parse(ended.stdout);
}

async function refused(args: readonly string[], code: string, exit: number): Promise<void> {
  const ended = await run(args);
  expect([errorOf(ended).code, ended.code]).toEqual([code, exit]);
}

const binding = (): string[] => ["--chain-id", String(chain.chainId), "--registry", registry];

const verify = (file: string, files: readonly string[]): string[] => [
  "verify",
  ...files,
  ...binding(),
  "--attestation",
  path(file),
];

describe("a pair of proofs", () => {
  it("is proven into one attestation, which verifies with the returns and not without", async () => {
    const list = ["--snapshot", path("snapshot.json"), "--policy", path("policy.json")];
    await succeeds(["enrol", ...list, "--out", path("enrolment.json")]);
    await succeeds(["enrol", "--enrolment", path("enrolment.json"), ...onChain, "--account", SUBJECT]);
    const secrets = ["--enrolment", path("enrolment.json"), "--state-out", path("state.json")];
    const out = ["--out", path("attestation.json")];
    const prove = ["prove", "--snapshot", path("snapshot.json"), ...binding(), ...secrets, ...out];
    await refused([...prove, ...bare], "returns.missing", 1);
    await succeeds([...prove, ...publicFiles]);
    await succeeds(verify("attestation.json", publicFiles));
    await refused(verify("attestation.json", bare), "returns.missing", 1);
  });

  it("verifies only whole, with its own returns and its own tail-risk proof", async () => {
    const attestation = JSON.parse(await readFile(path("attestation.json"), "utf8"));
    const { tail, ...alone } = attestation;
    const write = async (name: string, content: unknown): Promise<void> =>
      await writeFile(path(name), JSON.stringify(content));
    await write("alone.json", alone);
    await refused(verify("alone.json", publicFiles), "proof.mismatch", 3);
    const proof = { ...tail.proof, pi_a: attestation.proof.pi_a };
    await write("mixed.json", { ...attestation, tail: { ...tail, proof } });
    await refused(verify("mixed.json", publicFiles), "proof.invalid", 3);
    await write("secure.json", { ...attestation, tail: { ...tail, insecure: false } });
    await refused(verify("secure.json", publicFiles), "proof.mismatch", 3);

    const returns = JSON.parse(await readFile(path("returns.json"), "utf8"));
    await write("calmer.json", {
      ...returns,
      daily: returns.daily.map((day: string[]) => day.map(() => "0")),
    });
    await refused(
      verify("attestation.json", [...bare, "--returns", path("calmer.json")]),
      "proof.mismatch",
      3,
    );
  });

  it("is accepted once both tables are published, and verified again from the logs", async () => {
    await succeeds(["publish-policy", ...bare, ...onChain, "--account", DEPLOYER]);
    for (const [table, files] of [
      ["prices", bare],
      ["returns", publicFiles],
    ] as const) {
      const which = ["--table", table];
      if (table === "returns") {
        await refused(attest(), "registry.marketNotAccepted", 3);
        const lost = ["--account", PUBLISHER, "--out", path("none.json")];
        await refused(["sign-market", ...bare, ...which, ...onChain, ...lost], "returns.missing", 1);
      }
      const signatures: string[] = [];
      for (const account of [PUBLISHER, SECOND_PUBLISHER]) {
        const out = path(`${table}-${account}.json`);
        await succeeds(["sign-market", ...files, ...which, ...onChain, "--account", account, "--out", out]);
        signatures.push("--signature", out);
      }
      await succeeds([
        "publish-market",
        ...files,
        ...which,
        ...onChain,
        "--account",
        DEPLOYER,
        ...signatures,
      ]);
    }
    await succeeds(attest());
    await succeeds(["status", ...onChain, ...bare, "--subject", STRATEGY.subject]);
    expect(await succeeds(["history", ...onChain])).toMatchObject({ proofs: "verified" });
  });

  const attest = (): string[] => [
    "attest",
    ...publicFiles,
    ...onChain,
    "--account",
    DEPLOYER,
    "--attestation",
    path("attestation.json"),
  ];
});
