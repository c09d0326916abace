// SPDX-License-Identifier: MIT
/**
 * What an authority has, against what a plan says: delays as they are set, also where they do not count yet, and offers and members
 * that no plan names.
 *
 * @module
 */

import { authorityAbi, inSpans } from "@keel/verifier/chain";
import {
  type Address,
  encodeAbiParameters,
  type Hex,
  hexToBigInt,
  isAddressEqual,
  keccak256,
  type PublicClient,
  toHex,
} from "viem";

/** An authority on a chain. */
export interface Authority {
  readonly publicClient: PublicClient;
  readonly address: Address;
}

/**
 * Where OpenZeppelin's AccessManager (5.x) keeps what it has no function to ask for: a delay that was set and does not count yet.
 * `_targets` and `_roles` are its first two variables, and of both the delay lies in the second slot of an entry.
 */
const TARGETS = 0n;
const ROLES = 1n;
/** Behind the role's administrator and guardian, of 64 bits each. */
const GRANT_DELAY_SHIFT = 128n;
const UINT32 = 2n ** 32n - 1n;

/** Seconds from accepting a role to holding it, as they were set last; they count five days later at the earliest. */
export async function grantDelaySet(authority: Authority, role: bigint): Promise<number> {
  return await delayAt(authority, ROLES, toHex(role), GRANT_DELAY_SHIFT);
}

/** Seconds before the administrator's changes at a contract, as they were set last. */
export async function targetDelaySet(authority: Authority, target: Address): Promise<number> {
  return await delayAt(authority, TARGETS, target, 0n);
}

/** Of a `Time.Delay` (112 bits) the lowest 32 are the value that was set last. */
async function delayAt(
  { publicClient, address }: Authority,
  mapping: bigint,
  key: Hex,
  shift: bigint,
): Promise<number> {
  const types = [{ type: "uint256" }, { type: "uint256" }] as const;
  const entry = hexToBigInt(keccak256(encodeAbiParameters(types, [BigInt(key), mapping])));
  const word = await publicClient.getStorageAt({ address, slot: toHex(entry + 1n, { size: 32 }) });
  return Number((hexToBigInt(word ?? "0x0") >> shift) & UINT32);
}

/** Who holds a role, or will. */
export interface Membership {
  /** First second at which it counts; 0 for nobody. */
  readonly since: number;
  /** Seconds that each act waits, as they were set last. */
  readonly delay: number;
}

/** How an account stands to a role. */
export async function membershipOf(
  { publicClient, address }: Authority,
  role: bigint,
  account: Address,
): Promise<Membership> {
  const [since, present, next, changesAt] = await publicClient.readContract({
    address,
    abi: authorityAbi,
    functionName: "getAccess",
    args: [role, account],
  });
  return { since, delay: changesAt === 0 ? present : next };
}

/** What is offered of a role to an account; `lapsesAt` is 0 when nothing is. */
export async function offerOf(
  { publicClient, address }: Authority,
  role: bigint,
  account: Address,
): Promise<{ readonly delay: number; readonly lapsesAt: number }> {
  const [delay, lapsesAt] = await publicClient.readContract({
    address,
    abi: authorityAbi,
    functionName: "offerOf",
    args: [role, account],
  });
  return { delay, lapsesAt };
}

/** A role and somebody who may have it. */
export interface RoleAccount {
  readonly role: bigint;
  readonly account: Address;
}

/** Somebody who has a role, or may still accept one, though the plan does not say so. */
export interface Leftover extends RoleAccount {
  readonly kind: "offer" | "member";
  /** Unix seconds: until when an offer stands, or since when a member counts. */
  readonly at: number;
}

/**
 * Offers and members that the plan does not name.
 *
 * @param fromBlock at or before the authority's first
 */
export async function leftoversOf(
  authority: Authority,
  fromBlock: bigint,
  named: readonly RoleAccount[],
): Promise<Leftover[]> {
  const { offered, granted } = await everNamed(authority, fromBlock);
  const found: Leftover[] = [];
  for (const one of offered.filter((each) => !has(named, each))) {
    const { lapsesAt } = await offerOf(authority, one.role, one.account);
    if (lapsesAt !== 0) found.push({ ...one, kind: "offer", at: lapsesAt });
  }
  for (const one of granted.filter((each) => !has(named, each))) {
    const { since } = await membershipOf(authority, one.role, one.account);
    if (since !== 0) found.push({ ...one, kind: "member", at: since });
  }
  return found;
}

/** Everybody whom the logs name. */
async function everNamed({ publicClient, address }: Authority, fromBlock: bigint) {
  const span = { fromBlock, toBlock: await publicClient.getBlockNumber() };
  const common = { address, abi: authorityAbi, strict: true } as const;
  const offers = await inSpans(span, (part) =>
    publicClient.getContractEvents({ ...common, ...part, eventName: "RoleOffered" }),
  );
  const grants = await inSpans(span, (part) =>
    publicClient.getContractEvents({ ...common, ...part, eventName: "RoleGranted" }),
  );
  const each = ({ args }: { readonly args: { readonly roleId: bigint; readonly account: Address } }) => ({
    role: args.roleId,
    account: args.account,
  });
  return { offered: distinct(offers.map(each)), granted: distinct(grants.map(each)) };
}

function distinct(all: readonly RoleAccount[]): RoleAccount[] {
  return [...new Map(all.map((one) => [`${one.role} ${one.account.toLowerCase()}`, one])).values()];
}

function has(named: readonly RoleAccount[], { role, account }: RoleAccount): boolean {
  return named.some((one) => one.role === role && isAddressEqual(one.account, account));
}
