// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What `keel deploy` is asked for, from a network file, from options, or from both; and what the chain says of paying for it.
 *
 * @module
 */

import type { DeployReport } from "@keel/contracts";
import { allFaults, KeelError, LOCAL_CHAINS } from "@keel/verifier";
import { toKeelError } from "@keel/verifier/chain";
import { type Address, createPublicClient, http, type PublicClient } from "viem";
import type { KeyOptions } from "./chain.js";
import type { Context } from "./context.js";
import {
  type DeployPlan,
  parseDeployFile,
  parseRoles,
  type RoleName,
  type RoleReceivers,
} from "./deploy-file.js";
import { usageError } from "./errors.js";
import { readText } from "./files.js";

/** Options of `keel deploy`. */
export interface DeployCommandOptions extends KeyOptions {
  readonly rpc: string;
  readonly network?: string;
  readonly chainId?: number;
  readonly roles?: string;
  readonly publishers?: readonly Address[];
  readonly threshold?: number;
  /** CIRCUIT or CIRCUIT=FOLDER, once for each. */
  readonly verifier?: readonly string[];
  readonly sequencerFeed?: Address;
  readonly eas?: Address;
  readonly file?: string;
  readonly sources?: string;
  readonly dryRun?: true;
  readonly safe?: string;
  readonly safeAddress?: Address;
}

/** What a deployment shall be. */
export interface Plan extends Omit<DeployPlan, "roles"> {
  readonly roles: RoleReceivers;
  /** Roles that the deployer shall keep. */
  readonly keeps: readonly RoleName[];
}

/** What to deploy, and where. */
export interface Wanted {
  readonly plan: Plan;
  readonly client: PublicClient;
}

/**
 * Reads what is asked for; options say more than the file does.
 *
 * @throws KeelError with all faults of the files at once; `usage` for what neither says; kind "environment" for the node
 */
export async function readWanted(options: DeployCommandOptions, context: Context): Promise<Wanted> {
  const faults: KeelError[] = [];
  const read = async <T>(file: string | undefined, role: string, parse: (text: string) => T) => {
    if (file === undefined) return undefined;
    try {
      return parse(await readText(file, role, context));
    } catch (error) {
      faults.push(error as KeelError);
      return undefined;
    }
  };
  const network = await read(options.network, "network", parseDeployFile);
  const roles = await read(options.roles, "roles", parseRoles);
  if (faults.length > 0) throw allFaults(faults);
  const client = createPublicClient({ transport: http(options.rpc) }) as PublicClient;
  const chainId = options.chainId ?? network?.chainId ?? (await localChain(client));
  const publishers = options.publishers ?? network?.publishers;
  const threshold = options.threshold ?? network?.threshold;
  if (publishers === undefined || threshold === undefined) {
    throw usageError("--publishers and --threshold, or --network with both", "neither");
  }
  const verifiers = options.verifier?.map(wantedVerifier) ?? network?.verifiers ?? [];
  const sequencer =
    options.sequencerFeed === undefined
      ? network?.sequencer
      : { ...network?.sequencer, feed: options.sequencerFeed };
  const eas = options.eas ?? network?.eas;
  const { deployerKeeps: keeps = [], ...receivers } = roles ?? network?.roles ?? {};
  return {
    client,
    plan: {
      ...network,
      chainId,
      publishers: [...publishers],
      threshold,
      verifiers,
      roles: receivers,
      keeps,
      ...(sequencer === undefined ? {} : { sequencer }),
      ...(eas === undefined ? {} : { eas }),
    },
  };
}

/** Elsewhere somebody has to say which chain is meant: a node's word alone is no proof of it. */
async function localChain(client: PublicClient): Promise<number> {
  const found = await client.getChainId().catch((error: unknown) => {
    throw toKeelError(error);
  });
  if (LOCAL_CHAINS.includes(found)) return found;
  throw usageError("--chain-id, or --network with it", `a node of chain ${found}`);
}

function wantedVerifier(text: string): { circuit: string; artifacts?: string } {
  const [, circuit, artifacts] = /^([a-z0-9][a-z0-9/_-]*)(?:=(.+))?$/.exec(text) ?? [];
  if (circuit === undefined) throw usageError("CIRCUIT or CIRCUIT=FOLDER", "other text", "--verifier");
  return artifacts === undefined ? { circuit } : { circuit, artifacts };
}

/** What transactions cost at the chain's present fee. */
export interface Cost {
  readonly gas: bigint;
  /** Wei for a unit of gas: what a transaction may cost at most, as it would be signed now. */
  readonly fee: bigint;
  readonly wei: bigint;
  readonly balance: bigint;
}

/** Asks for the fee and the balance. */
export async function costOf(
  client: PublicClient,
  account: Address,
  steps: readonly DeployReport[],
): Promise<Cost> {
  const gas = steps.reduce((sum, { gasUsed }) => sum + gasUsed, 0n);
  const [fee, balance] = await Promise.all([presentFee(client), client.getBalance({ address: account })]);
  return { gas, fee, wei: gas * fee, balance };
}

async function presentFee(client: PublicClient): Promise<bigint> {
  const fees = await client.estimateFeesPerGas().catch(() => undefined);
  return fees?.maxFeePerGas ?? (await client.getGasPrice());
}

/** A fault when the account cannot pay for everything. */
export function balanceFault(account: Address, { wei, balance }: Cost): KeelError | undefined {
  if (balance >= wei) return undefined;
  return new KeelError({
    kind: "environment",
    code: "deploy.balance",
    path: account,
    expected: `${wei} wei for all steps`,
    received: `${balance} wei`,
  });
}
