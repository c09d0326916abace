// SPDX-License-Identifier: MIT
/**
 * The light client: is this subject, or this vault's manager, attested healthy now, until when, under which policy, and why
 * not? For pages that only ask; nothing is verified here, the registry's word is taken.
 *
 * The registry that the caller expects is an argument: a vault that asks a registry of its own making is found out.
 *
 * @module
 */

import type { Abi, Address, Hex } from "viem";

/** What is used of a viem client. */
export interface HealthClient {
  /** The latest block. */
  getBlock(): Promise<{ readonly number: bigint | null; readonly timestamp: bigint }>;
  /** A contract's answer, at the block that is named. */
  readContract(call: {
    readonly address: Address;
    readonly abi: Abi;
    readonly functionName: string;
    readonly args?: readonly unknown[];
    readonly blockNumber?: bigint;
  }): Promise<unknown>;
}

/** Why a subject is not attested healthy. */
export type WhyNot =
  /** No attestation under this policy yet. */
  | "neverAttested"
  /** The latest attestation is too old. */
  | "expired"
  /** The subject withdrew it. */
  | "revokedBySubject"
  /** A guardian closed the record. */
  | "revokedByGuardian"
  /** It rested on a verifier that was retired or a table that was withdrawn. */
  | "voided"
  /** The vault asks another registry than the one expected. */
  | "foreignRegistry";

/** How a subject stands. Times are unix seconds. */
export interface Health {
  readonly healthy: boolean;
  readonly subject: Address;
  readonly policyId: Hex;
  /** First second at which the latest attestation no longer counts; absent before the first one. */
  readonly until?: number;
  /** Snapshot time of the latest attestation. */
  readonly asOf?: number;
  /** Since when health has not been interrupted; absent while there is none. */
  readonly since?: number;
  readonly whyNot?: WhyNot;
  /** Time of the block that answered. */
  readonly blockTime: number;
}

const view = (name: string, inputs: readonly string[], outputs: readonly object[]) => ({
  type: "function",
  name,
  stateMutability: "view",
  inputs: inputs.map((type) => ({ type })),
  outputs,
});

const field = (name: string, type: string) => ({ name, type });

const RECORD = [
  ...["expiry", "asOf", "floor", "since"].map((name) => field(name, "uint40")),
  ...["count", "streak"].map((name) => field(name, "uint32")),
  field("lapses", "uint24"),
  field("standing", "uint8"),
  ...["firstAsOf", "countedAt"].map((name) => field(name, "uint40")),
  field("basis", "bytes22"),
];

const ABI = [
  view("isHealthy", ["address", "bytes32"], [{ type: "bool" }]),
  view("recordOf", ["address", "bytes32"], [{ type: "tuple", components: RECORD }]),
  view("registry", [], [{ type: "address" }]),
  view("subject", [], [{ type: "address" }]),
  view("policyId", [], [{ type: "bytes32" }]),
  view("isHealthy", [], [{ type: "bool" }]),
] as unknown as Abi;

/** In the contract's order; an open record that does not count has expired. */
const STANDINGS: readonly WhyNot[] = ["expired", "revokedBySubject", "revokedByGuardian", "voided"];

interface Record {
  readonly expiry: number;
  readonly asOf: number;
  readonly since: number;
  readonly count: number;
  readonly standing: number;
}

/**
 * How a subject stands under a policy at the latest block.
 *
 * @example
 * const { healthy, until, whyNot } = await healthOf(client, { registry, subject, policyId });
 */
export async function healthOf(
  client: HealthClient,
  {
    registry,
    subject,
    policyId,
  }: { readonly registry: Address; readonly subject: Address; readonly policyId: Hex },
): Promise<Health> {
  const { number, timestamp } = await client.getBlock();
  return await ask(client, { registry, subject, policyId, number, blockTime: Number(timestamp) });
}

/**
 * How the manager of a vault stands, by the policy that the vault's gate asks for now.
 *
 * @param registry the one that the caller expects the vault to ask
 * @param vault any contract with Keel's HealthGate
 */
export async function vaultHealth(
  client: HealthClient,
  { registry, vault }: { readonly registry: Address; readonly vault: Address },
): Promise<Health & { readonly registry: Address }> {
  const { number, timestamp } = await client.getBlock();
  const blockTime = Number(timestamp);
  const read = (functionName: string) =>
    client.readContract({ ...at(number), address: vault, abi: ABI, functionName });
  const [asked, subject, policyId, gate] = (await Promise.all([
    read("registry"),
    read("subject"),
    read("policyId"),
    read("isHealthy"),
  ])) as [Address, Address, Hex, boolean];
  if (asked.toLowerCase() !== registry.toLowerCase()) {
    return { healthy: false, subject, policyId, whyNot: "foreignRegistry", blockTime, registry: asked };
  }
  const health = await ask(client, { registry, subject, policyId, number, blockTime });
  // A gate may ask for a fresher attestation than the policy does.
  if (gate || !health.healthy) return { ...health, registry: asked };
  return { ...health, healthy: false, whyNot: "expired", registry: asked };
}

async function ask(
  client: HealthClient,
  question: {
    readonly registry: Address;
    readonly subject: Address;
    readonly policyId: Hex;
    readonly number: bigint | null;
    readonly blockTime: number;
  },
): Promise<Health> {
  const { registry, subject, policyId, number, blockTime } = question;
  const call = { ...at(number), address: registry, abi: ABI, args: [subject, policyId] } as const;
  const [healthy, record] = (await Promise.all([
    client.readContract({ ...call, functionName: "isHealthy" }),
    client.readContract({ ...call, functionName: "recordOf" }),
  ])) as [boolean, Record];
  if (record.count === 0) return { healthy: false, subject, policyId, whyNot: "neverAttested", blockTime };
  const { expiry: until, asOf, since, standing } = record;
  const known = { subject, policyId, until, asOf, blockTime };
  if (healthy) return { healthy, ...known, since };
  return { healthy, ...known, whyNot: STANDINGS[standing] ?? "expired" };
}

function at(number: bigint | null): { readonly blockNumber?: bigint } {
  return number === null ? {} : { blockNumber: number };
}
