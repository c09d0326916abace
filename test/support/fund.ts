// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A fund on a local chain that attests week after week: its policy is published, its subject enrolled, and every week has a book, a
 * market that publishers signed, and units of its administrator.
 *
 * @module
 */

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureCircuit } from "@keel/circuits";
import { compileVerifiers, deployKeel } from "@keel/contracts";
import {
  marketContentHash,
  marketTable,
  type Policy,
  parseMarket,
  parsePolicy,
  policyId,
  policyTerms,
} from "@keel/verifier";
import {
  connectRegistry,
  publishMarket,
  publishPolicy,
  type Registry,
  signMarket,
} from "@keel/verifier/chain";
import { expect } from "vitest";
import type { OpenProver } from "../../cli/dist/context.js";
import { type ExampleChange, exampleTexts } from "../../dist/examples/generate.js";
import { STRATEGIES } from "../../dist/examples/strategies.js";
import { now, startTestChain, type TestChain, travelTo } from "./chain.js";
import { type Ended, keelHere } from "./cli.js";

export const SPOT = "portfolio-health/spot-16";
const STRATEGY = STRATEGIES[0]!;
const PUBLISHERS = [5, 6] as const;
export const WEEK = 7 * 86_400;

/** Files of one week. */
export interface Week {
  readonly asOf: number;
  readonly folder: string;
  /** Options of `check` and `prove`. */
  readonly book: string[];
  /** Options of `attest`. */
  readonly tables: string[];
}

/** A fund, and the chain it lives on. */
export interface Fund {
  readonly chain: TestChain;
  readonly registry: Registry;
  readonly subject: `0x${string}`;
  readonly policy: Policy;
  readonly policyId: `0x${string}`;
  readonly folder: string;
  path(name: string): string;
  /** Options that name the registry and its node. */
  readonly onChain: string[];
  /** The same for `prove`. */
  readonly where: string[];
  /** Goes on to another time, publishes its market and writes its book. */
  week(name: string, after?: number, change?: ExampleChange): Promise<Week>;
  /** Runs `keel` with the chain's clock. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
  /** Runs it, expects success, and reads what it printed. */
  ok(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

/** Deploys with the spot circuit and its development key. */
export async function deployedChain(): Promise<{ readonly chain: TestChain; readonly registry: Registry }> {
  const { verificationKey } = await ensureCircuit(SPOT);
  await compileVerifiers([
    { circuit: SPOT, contractName: "Spot16Verifier", insecure: true, verificationKey },
  ]);
  const chain = await startTestChain();
  const { registry } = await deployKeel({
    walletClient: chain.wallets[0]!,
    publicClient: chain.client,
    publishers: PUBLISHERS.map((i) => chain.signers[i]!.address),
    threshold: PUBLISHERS.length,
    verifiers: [{ circuit: SPOT, contractName: "Spot16Verifier" }],
  });
  return { chain, registry: await connectRegistry(chain.client, registry) };
}

/** Publishes a market's table, signed by all publishers. */
export async function publishTable(
  { chain, registry }: Pick<Fund, "chain" | "registry">,
  marketText: string,
  policy: Policy,
): Promise<void> {
  const market = parseMarket(marketText);
  const { root, time } = marketTable(market, policy);
  const contentHash = marketContentHash(market);
  const commitment = { series: policy.market.series, root, asOf: Number(time), contentHash };
  const signatures = await Promise.all(
    PUBLISHERS.map((i) => signMarket(registry, chain.signers[i]!, commitment)),
  );
  await publishMarket(registry, chain.wallets[2]!, commitment, signatures);
}

/** Starts a chain with one fund; its policy limits drawdown. @param prover provers that its commands share */
export async function startFund(prover?: OpenProver): Promise<Fund> {
  const folder = await mkdtemp(join(tmpdir(), "keel-fund-"));
  const { chain, registry } = await deployedChain();
  const path = (name: string): string => join(folder, name);
  const texts = (asOf: number, change: ExampleChange = {}) =>
    exampleTexts(
      { ...STRATEGY, limits: { ...STRATEGY.limits, maxDrawdown: "0.5" } },
      { asOf, ...change },
    ) as unknown as Readonly<Record<string, string>>;
  const first = texts(await now(chain));
  await writeFile(path("policy.json"), first.policy!);
  const policy = parsePolicy(first.policy!);
  const terms = policyTerms(policy, parseMarket(first.market!));
  await publishPolicy(registry, chain.wallets[0]!, terms);
  const onChain = ["--rpc", chain.rpcUrl, "--registry", registry.address];

  const run: Fund["run"] = async (args, env = {}) =>
    await keelHere([...args, "--json"], {
      ...{ env, now: (await now(chain)) + 1 },
      ...(prover === undefined ? {} : { prover }),
    });
  const ok: Fund["ok"] = async (args, env) => {
    const ended = await run(args, env);
    expect(ended.code, ended.stderr).toBe(0);
    return JSON.parse(ended.stdout);
  };
  const week: Fund["week"] = async (name, after = WEEK, change = {}) => {
    if (after > 0) await travelTo(chain, (await now(chain)) + after);
    const asOf = await now(chain);
    const written = texts(asOf, change);
    await mkdir(path(name), { recursive: true });
    for (const role of ["snapshot", "market", "units"]) {
      await writeFile(path(`${name}/${role}.json`), written[role]!, { mode: 0o600 });
    }
    await publishTable({ chain, registry }, written.market!, policy);
    const tables = ["--market", path(`${name}/market.json`), "--policy", path("policy.json")];
    const own = ["--snapshot", path(`${name}/snapshot.json`), "--units", path(`${name}/units.json`)];
    return { asOf, folder: path(name), book: [...own, ...tables], tables };
  };
  return {
    ...{ chain, registry, policy, folder, path, onChain, run, ok, week },
    policyId: policyId(terms),
    subject: STRATEGY.subject as `0x${string}`,
    where: [...onChain, "--chain-id", String(chain.chainId)],
    stop: async () => {
      await chain.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
