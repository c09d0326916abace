// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The chain of `keel dev` with the demo's cast, where the console has something to show: Keel deployed, two policies published, a
 * vault open behind the first and its depositor funded. The vault's manager is enrolled; the second one, whose policy limits
 * tail risk and the days to unwind, declares its accounts in the page. Beside them, where it is wanted, a fund with a strategy vault. Examples are signed anew whenever they are asked for: a snapshot ages.
 *
 * @module
 */

import { type ArtifactSet, ensureCircuit } from "@keel/circuits";
import { loadArtifact } from "@keel/contracts";
import { enrolmentCommitment, formatEnrolment, generateSourceKey, type SourceKeyPair } from "@keel/prover";
import {
  type Market,
  type Policy,
  parseLiquidity,
  parseMarket,
  parsePolicy,
  parseReturns,
  policyTerms,
  withLiquidity,
  withReturns,
} from "@keel/verifier";
import { connectRegistry, enrol, publishPolicy } from "@keel/verifier/chain";
import { verifiersOf } from "keel/deploy-verifiers";
import { openDevChain } from "keel/dev-chain";
import type { Address, Hex } from "viem";
import { chainTime, openStage, type Stage } from "../../examples/demo/stage.js";
import {
  CAST,
  CIRCUIT,
  declaredBy,
  openVault,
  publishTable,
  STRATEGY,
  type World,
} from "../../examples/demo/world.js";
import { type ExampleTexts, exampleTexts } from "../../examples/generate.js";
import type { Changes, Strategy } from "../../examples/strategy.js";
import { TABLES_STRATEGY } from "../../examples/tables-strategy.js";
import { FUND_CIRCUITS, type LocalFund, openLocalFund } from "./fund.js";

/** Texts of an example's files, by what they are. */
export type Texts = Readonly<Record<string, string>>;

/** A chain that the console can be pointed at. */
export interface LocalWorld {
  readonly stage: Stage;
  readonly rpcUrl: string;
  readonly registry: Address;
  readonly vault: Address;
  /** Of the vault. */
  readonly policyId: Hex;
  /** What the page reads as keel.json. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What the page may ask its host for beside files, by path. */
  readonly answers: Readonly<Record<string, () => unknown>>;
  /** With {@link LocalWorldOptions.hasFund} only. */
  readonly fund?: LocalFund;
  /**
   * An example of this moment; the chain has accepted its tables.
   *
   * @param changes of the strategy's positions
   */
  readonly example: (strategy: Strategy, changes?: Changes) => Promise<Texts>;
  /** Ends the chain. */
  stop(): Promise<void>;
}

type Local = Pick<World, "stage" | "registry" | "abis" | "keyOf" | "enrolment">;

/** What a local chain shall be able to do, and whether others may find it. */
export interface LocalWorldOptions {
  /** Circuits beside the examples' whose attestations the registry shall take. */
  readonly circuits?: readonly string[];
  /** `keel dev time` and `keel dev reset` find the chain. */
  readonly findable?: boolean;
  /** A fund with a strategy vault stands beside the vault. */
  readonly hasFund?: boolean;
}

/** Deploys everything on a fresh chain. */
export async function startLocalWorld({
  circuits = [],
  findable,
  hasFund = false,
}: LocalWorldOptions = {}): Promise<LocalWorld> {
  const sets: ArtifactSet[] = [];
  // One after the other: building large circuits takes gigabytes.
  // Only keys are used here.
  const { tailCircuit, liquidity } = TABLES_STRATEGY;
  const ofFund = hasFund ? FUND_CIRCUITS : [];
  for (const id of new Set([CIRCUIT, tailCircuit!, liquidity!.circuit, ...ofFund, ...circuits]))
    sets.push(await ensureCircuit(id, { check: [] }));
  const verifiers = await verifiersOf(sets);
  const dev = await openDevChain({ verifiers, ...(findable ? {} : { stateFile: false, port: 0 }) });
  const stage = await openStage(dev.chain);
  const deployer = stage.wallets[CAST.deployer]!;
  const keel = dev.deployment;
  const [vaultArtifact, token] = await Promise.all([loadArtifact("GatedVault"), loadArtifact("TestToken")]);
  const sources = new Set([STRATEGY, TABLES_STRATEGY].flatMap((strategy) => strategy.sources));
  const keys = new Map([...sources].map((name) => [name, generateSourceKey()]));
  const keyOf = (source: string): SourceKeyPair => keys.get(source)!;
  const world: Local = {
    stage,
    registry: await connectRegistry(stage.client, keel.registry),
    abis: { vault: vaultArtifact.abi, token: token.abi },
    keyOf,
    enrolment: declaredBy(keyOf),
  };
  const publish = async (strategy: Strategy) => {
    const texts = exampleTexts(strategy, { keyOf });
    const { policy, market } = publicOf(texts);
    const { policyId } = await publishPolicy(world.registry, deployer, policyTerms(policy, market));
    return { policyId, files: { policy: texts.policy, market: texts.market } };
  };
  const [own, tail] = [await publish(STRATEGY), await publish(TABLES_STRATEGY)];
  const { policyId } = own;
  await enrol(world.registry, stage.wallets[CAST.manager]!, enrolmentCommitment(world.enrolment));
  const vault = await openVault(world, policyId);
  const fund = hasFund ? await openLocalFund(world) : undefined;
  await dev.mark();
  const account = (name: string, address: Address) => ({ name, address });
  const config = {
    keel: "console/1",
    chainId: stage.chain.chainId,
    rpc: "/rpc",
    registry: keel.registry,
    fromBlock: keel.fromBlock,
    vault: vault.address,
    subject: STRATEGY.subject,
    policyId,
    examples: [
      { name: "This chain's vault, signed now", path: "/local/vault.json" },
      { name: "This chain's trend follower, signed now", path: "/local/trend-follower.json" },
      ...(fund === undefined ? [] : [{ name: "This chain's fund, signed now", path: "/local/fund.json" }]),
    ],
    vaults:
      fund === undefined
        ? []
        : [{ name: "A fund's vault, settled by its proven value", address: fund.vault }],
    accounts: [
      account("Depositor", stage.accounts[CAST.depositor]!.address),
      account("Manager", STRATEGY.subject),
      account("Trend follower's manager", TABLES_STRATEGY.subject),
      ...(fund === undefined
        ? []
        : [account("Fund's manager", fund.subject), account("Fund's depositor", fund.depositor)]),
    ],
  };
  const policies = [
    { policyId, path: "/local/vault-policy.json" },
    { policyId: tail.policyId, path: "/local/trend-follower-policy.json" },
    ...(fund === undefined ? [] : [{ policyId: fund.policyId, path: "/local/fund-policy.json" }]),
  ];
  return {
    stage,
    rpcUrl: stage.chain.rpcUrl,
    registry: keel.registry,
    vault: vault.address,
    policyId,
    config,
    answers: {
      "/keel.json": () => ({ ...config, policies }),
      "/local/vault-policy.json": () => own.files,
      "/local/trend-follower-policy.json": () => tail.files,
      "/local/vault.json": () => exampleNow(world, STRATEGY),
      "/local/trend-follower.json": () => exampleNow(world, TABLES_STRATEGY),
      ...(fund === undefined
        ? {}
        : { "/local/fund.json": () => fund.files(), "/local/fund-policy.json": () => fund.policy }),
    },
    ...(fund === undefined ? {} : { fund }),
    example: (strategy, changes) => exampleNow(world, strategy, changes),
    stop: () => dev.stop(),
  };
}

/** Sources sign the strategy at the chain's present time, the vault's administrator its units, publishers its tables. */
async function exampleNow(world: Local, strategy: Strategy, changes: Changes = {}): Promise<Texts> {
  const { stage, keyOf, enrolment } = world;
  const texts = exampleTexts(strategy, { asOf: await chainTime(stage), changes, keyOf });
  const tables = publicOf(texts);
  await publishTable(world, tables);
  if (tables.policy.tail !== undefined) await publishTable(world, tables, "returns");
  if (tables.policy.liquidity !== undefined) await publishTable(world, tables, "liquidity");
  return { ...texts, ...(strategy === STRATEGY ? { enrolment: formatEnrolment(enrolment) } : {}) };
}

function publicOf({ policy, market, returns, liquidity }: ExampleTexts): {
  readonly policy: Policy;
  readonly market: Market;
} {
  const bare = parseMarket(market);
  const withDays = returns === undefined ? bare : withReturns(bare, parseReturns(returns));
  return {
    policy: parsePolicy(policy),
    market: liquidity === undefined ? withDays : withLiquidity(withDays, parseLiquidity(liquidity)),
  };
}
