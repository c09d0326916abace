// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A local chain with Keel on it, an example's files in a folder, and the command line on both: for stories that go from a policy
 * to a registry's record.
 *
 * @module
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureCircuit } from "@keel/circuits";
import { compileVerifiers, deployKeel, type VerifierSource } from "@keel/contracts";
import { expect } from "vitest";
import { type ExampleTexts, exampleTexts } from "../../dist/examples/generate.js";
import { STRATEGIES } from "../../dist/examples/strategies.js";
import { now, startTestChain, type TestChain } from "./chain.js";
import { type Ended, errorOf, keelHere } from "./cli.js";

/** Accounts of the local chain. */
export const [DEPLOYER, PUBLISHER, SECOND_PUBLISHER] = ["0", "5", "6"] as const;

export interface CommandWorld {
  readonly chain: TestChain;
  readonly registry: string;
  /** The example's files, of now. */
  readonly texts: ExampleTexts;
  /** Options that name node and registry, and those that name chain and registry only. */
  readonly onChain: readonly string[];
  readonly binding: readonly string[];
  path(name: string): string;
  write(name: string, content: unknown): Promise<void>;
  // biome-ignore lint/suspicious/noExplicitAny: a file's content, as a test looks at it
  read(name: string): Promise<any>;
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
  succeeds<T = Record<string, unknown>>(
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<T>;
  refused(args: readonly string[], code: string, exit: number): Promise<void>;
  /** Arguments that verify an attestation by some public files, and that submit it. */
  verify(file: string, files: readonly string[]): string[];
  attest(file: string, files: readonly string[]): string[];
  /** The subject, by its account, declares what is in snapshot.json under policy.json; the list is enrolment.json. */
  enrol(account: string): Promise<void>;
  /** Two publishers sign a table, and it is accepted. */
  publish(table: string, files: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

/** Starts one, with verifiers of the circuits' development keys. */
export async function startCommandWorld(
  strategy: string,
  circuits: readonly string[],
): Promise<CommandWorld> {
  const folder = await mkdtemp(join(tmpdir(), "keel-commands-"));
  const verifiers: VerifierSource[] = [];
  for (const [i, circuit] of circuits.entries()) {
    const { verificationKey } = await ensureCircuit(circuit);
    verifiers.push({ circuit, contractName: `CommandVerifier${i}`, insecure: true, verificationKey });
  }
  await compileVerifiers(verifiers);
  const chain = await startTestChain();
  const { registry } = await deployKeel({
    walletClient: chain.wallets[0]!,
    publicClient: chain.client,
    publishers: [PUBLISHER, SECOND_PUBLISHER].map((i) => chain.signers[Number(i)]!.address),
    threshold: 2,
    verifiers: verifiers.map(({ circuit, contractName }) => ({ circuit, contractName })),
  });
  const texts = exampleTexts(STRATEGIES.find((one) => one.folder === strategy)!, { asOf: await now(chain) });
  const path = (name: string): string => join(folder, name);
  const write = async (name: string, content: unknown): Promise<void> =>
    await writeFile(path(name), typeof content === "string" ? content : JSON.stringify(content));
  for (const [name, text] of Object.entries(texts)) await write(`${name}.json`, text);
  // The chain's clock may be ahead of this machine's, by a second a block.
  const run = async (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
    await keelHere([...args, "--json"], { now: (await now(chain)) + 1, env });
  const succeeds: CommandWorld["succeeds"] = async (args, env) => {
    const ended = await run(args, env);
    expect(ended.code, ended.stderr).toBe(0);
    return JSON.parse(ended.stdout);
  };
  const binding = ["--chain-id", String(chain.chainId), "--registry", registry];
  const onChain = ["--rpc", chain.rpcUrl, "--registry", registry];
  const byDeployer = [...onChain, "--account", DEPLOYER];
  return {
    ...{ chain, registry, texts, binding, onChain, path, write, run, succeeds },
    read: async (name) => JSON.parse(await readFile(path(name), "utf8")),
    refused: async (args, code, exit) => {
      const ended = await run(args);
      expect([errorOf(ended).code, ended.code], ended.stderr).toEqual([code, exit]);
    },
    verify: (file, files) => ["verify", ...files, ...binding, "--attestation", path(file)],
    attest: (file, files) => ["attest", ...files, ...byDeployer, "--attestation", path(file)],
    enrol: async (account) => {
      const list = ["--snapshot", path("snapshot.json"), "--policy", path("policy.json")];
      await succeeds(["enrol", ...list, "--out", path("enrolment.json")]);
      await succeeds(["enrol", "--enrolment", path("enrolment.json"), ...onChain, "--account", account]);
    },
    publish: async (table, files) => {
      const which = [...files, "--table", table];
      const signatures: string[] = [];
      for (const account of [PUBLISHER, SECOND_PUBLISHER]) {
        const out = path(`${table}-${account}.json`);
        await succeeds(["sign-market", ...which, ...onChain, "--account", account, "--out", out]);
        signatures.push("--signature", out);
      }
      await succeeds(["publish-market", ...which, ...byDeployer, ...signatures]);
    },
    stop: async () => {
      await chain.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
