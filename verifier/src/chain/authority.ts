// SPDX-License-Identifier: MIT
/**
 * Who may do what at a registry, since when and after which delay; what is offered and what waits. Read from the authority's
 * logs and held against what it says now.
 *
 * @module
 */

import {
  type Address,
  encodeAbiParameters,
  encodeFunctionData,
  type Hex,
  isAddressEqual,
  keccak256,
  pad,
  slice,
} from "viem";
import { inputError, KeelError } from "../core/errors.js";
import { authorityAbi, healthRegistryAbi } from "./abi.js";
import type { Book, ContractName } from "./calls.js";
import { functionNameOf } from "./calls.js";
import { reach } from "./contract-errors.js";
import {
  type BookNotice,
  bookNotices,
  bookOf,
  contractsOf,
  NO_PARTIES,
  type Operation,
  type Parties,
  partiesIn,
} from "./notices.js";
import { latestBlock, type Registry, toKeelError } from "./registry.js";
import { PUBLIC_ROLE, ROLES } from "./roles.js";

/** A registry's authority, with all that its logs say. */
export interface Authority {
  readonly registry: Registry;
  readonly address: Address;
  readonly parties: Parties;
  /** Which contract has which address. */
  readonly book: Book;
  /** Up to the block that was asked, in the chain's order. */
  readonly logged: readonly BookNotice[];
  /** Time of the latest block, unix seconds. */
  readonly blockTime: number;
}

/** Somebody who has a role, or will have it. */
export interface Holder {
  readonly account: Address;
  /** First second at which it has the role, unix seconds. */
  readonly since: number;
  /** Seconds between what it schedules and what it executes. */
  readonly executionDelay: number;
  /** Another execution delay, and when it begins. */
  readonly pending?: { readonly executionDelay: number; readonly liveAt: number };
}

/** A role that somebody was offered and may accept. */
export interface RoleOffer {
  readonly role: bigint;
  readonly account: Address;
  readonly executionDelay: number;
  /** First second at which it can no longer be accepted. */
  readonly lapsesAt: number;
}

/** A role, and everything that is said of it. */
export interface RoleState {
  readonly role: bigint;
  readonly holders: readonly Holder[];
  readonly offers: readonly RoleOffer[];
  /** Seconds until it counts once it was given. */
  readonly grantDelay: number;
  /** Another grant delay, and when it begins. */
  readonly pendingGrantDelay?: { readonly grantDelay: number; readonly liveAt: number };
  /** Whose members may call off its operations. */
  readonly guardian: bigint;
  /** Functions that it may call, as "PolicyBook.moveLine". */
  readonly functions: readonly string[];
}

/** A call that waits. */
export interface Waiting extends Operation {
  /** First second at which it can be executed. */
  readonly readyAt: number;
  /** First second at which it no longer can. */
  readonly lapsesAt: number;
}

/** Whether an account may make a call, and how. */
export interface Permission {
  /** The role that the function asks for. */
  readonly role: bigint;
  /** Whether the account has it now. */
  readonly isMember: boolean;
  /** When a role that was given counts, where that is still to come. */
  readonly liveAt?: number;
  /** Seconds that the call has to wait once it is scheduled; 0: it is made at once. */
  readonly delay: number;
  /** Nobody may call restricted functions of the contract. */
  readonly isClosed: boolean;
}

/** The authority that a contract asks now. */
export async function authorityOf({ client }: Registry, contract: Address): Promise<Address> {
  const call = { address: contract, abi: healthRegistryAbi, functionName: "authority" } as const;
  return await reach(() => client.readContract(call));
}

/** The authorities that a registry's contracts ask now, each with those that ask it. One, unless an administrator split them. */
export async function authoritiesOf(
  registry: Registry,
): Promise<ReadonlyMap<Address, readonly ContractName[]>> {
  const asked = await Promise.all(
    contractsOf(registry).map(
      async ([address, name]) => [await authorityOf(registry, address), name] as const,
    ),
  );
  const found = new Map<Address, ContractName[]>();
  for (const [address, name] of asked) found.set(address, [...(found.get(address) ?? []), name]);
  return found;
}

/**
 * The authority that all of a registry's contracts ask, or one of several by its address.
 *
 * @throws KeelError kind `environment`, code `authority.split` when they ask different ones and none is named; kind `input`,
 * code `authority.foreign` when none of them asks what is named
 */
export async function chosenAuthority(registry: Registry, named?: Address): Promise<Address> {
  const found = [...(await authoritiesOf(registry))];
  const list = found.map(([address, contracts]) => `${address} (${contracts.join(", ")})`).join(", ");
  if (named === undefined) {
    if (found.length === 1) return found[0]![0];
    throw fault(
      "authority.split",
      "contracts that ask one authority, or --authority with one of theirs",
      list,
    );
  }
  const own = found.find(([address]) => isAddressEqual(address, named));
  if (own !== undefined) return own[0];
  throw inputError(
    "authority.foreign",
    "--authority",
    `one that the registry's contracts ask: ${list}`,
    named,
  );
}

/**
 * Reads an authority of a registry.
 *
 * @param fromBlock at or before the registry's first
 * @param address which; the one that all of the registry's contracts ask when absent
 * @throws KeelError as {@link chosenAuthority}; kind `environment`, code `authority.unknown` when the logs from that block on do
 * not go back far enough
 */
export async function connectAuthority(
  registry: Registry,
  fromBlock: bigint,
  address?: Address,
): Promise<Authority> {
  const { client } = registry;
  const own = address ?? (await chosenAuthority(registry));
  return await reach(async () => {
    const span = { fromBlock, toBlock: await latestBlock(registry) };
    const parties = await partiesIn(registry, NO_PARTIES, span);
    // What another authority logged says nothing of this one.
    const authorities = parties.authorities.filter((one) => isAddressEqual(one.address, own));
    const logged = await bookNotices(registry, { ...parties, authorities }, span, { ofAuthority: true });
    if (!logged.some((notice) => notice.kind === "roleGranted" && notice.role === ROLES.admin)) {
      throw fault("authority.unknown", "logs that name an administrator", `none from block ${fromBlock} on`);
    }
    const block = await client.getBlock({ blockNumber: span.toBlock });
    const book = bookOf(registry, parties);
    return { registry, address: own, parties, book, logged, blockTime: Number(block.timestamp) };
  });
}

/** Who has a role, or will have it, by account. */
export async function holdersOf(authority: Authority, role: bigint): Promise<Holder[]> {
  const given = authority.logged.filter((notice) => notice.kind === "roleGranted" && notice.role === role);
  const accounts = new Map(
    given.map((notice) => {
      const { account } = notice as Extract<BookNotice, { kind: "roleGranted" }>;
      return [account.toLowerCase(), account] as const;
    }),
  );
  const found = await Promise.all(
    [...accounts.values()].map((account) => holderOf(authority, role, account)),
  );
  return found.filter((holder) => holder !== undefined);
}

/** The execution delay that a holder has at a time, as far as it is known now. */
export function executionDelayAt({ executionDelay, pending }: Holder, time: number): number {
  return pending !== undefined && time >= pending.liveAt ? pending.executionDelay : executionDelay;
}

/** The grant delay that a role has at a time, as far as it is known now. */
export function grantDelayAt({ grantDelay, pendingGrantDelay: pending }: RoleState, time: number): number {
  return pending !== undefined && time >= pending.liveAt ? pending.grantDelay : grantDelay;
}

async function holderOf(authority: Authority, role: bigint, account: Address): Promise<Holder | undefined> {
  const [since, executionDelay, pending, liveAt] = await ask(authority, "getAccess", [role, account]);
  if (since === 0) return undefined;
  return {
    account,
    since,
    executionDelay,
    ...(liveAt === 0 ? {} : { pending: { executionDelay: pending, liveAt } }),
  };
}

/** Every role that exists by name or that somebody was ever given, with its holders and what is offered of it. */
export async function rolesOf(authority: Authority): Promise<RoleState[]> {
  const named = authority.logged.flatMap((notice) =>
    "role" in notice && notice.role !== PUBLIC_ROLE ? [notice.role] : [],
  );
  const roles = [...new Set([...Object.values(ROLES), ...named])].sort((a, b) => Number(a - b));
  const offers = await offersOf(authority);
  return await Promise.all(
    roles.map(async (role) => ({
      role,
      holders: await holdersOf(authority, role),
      offers: offers.filter((offer) => offer.role === role),
      grantDelay: await ask(authority, "getRoleGrantDelay", [role]),
      ...pendingGrantDelay(authority, role),
      guardian: await ask(authority, "getRoleGuardian", [role]),
      functions: await functionsOf(authority, role),
    })),
  );
}

/** The authority does not say what it will be: the log of its last change does. */
function pendingGrantDelay(
  { logged, blockTime }: Authority,
  role: bigint,
): Pick<RoleState, "pendingGrantDelay"> {
  const last = logged.findLast((notice) => notice.kind === "grantDelayChanged" && notice.role === role);
  if (last?.kind !== "grantDelayChanged" || last.liveAt <= blockTime) return {};
  return { pendingGrantDelay: { grantDelay: last.delay, liveAt: last.liveAt } };
}

/** What is offered and neither accepted, taken back nor lapsed. */
export async function offersOf(authority: Authority): Promise<RoleOffer[]> {
  const made = new Map<string, Pick<RoleOffer, "role" | "account">>();
  for (const notice of authority.logged) {
    if (notice.kind !== "roleOffered") continue;
    made.set(`${notice.role} ${notice.account}`, { role: notice.role, account: notice.account });
  }
  const found = await Promise.all(
    [...made.values()].map(async ({ role, account }) => {
      const [executionDelay, lapsesAt] = await ask(authority, "offerOf", [role, account]);
      return { role, account, executionDelay, lapsesAt };
    }),
  );
  return found.filter(({ lapsesAt }) => lapsesAt !== 0);
}

/** Functions that a role may call, from the logs and as the authority has them now. */
async function functionsOf(authority: Authority, role: bigint): Promise<string[]> {
  const assigned = new Map<
    string,
    { readonly target: Address; readonly contract?: ContractName; readonly selector: Hex }
  >();
  for (const notice of authority.logged) {
    if (notice.kind === "functionRoleChanged") assigned.set(`${notice.target} ${notice.selector}`, notice);
  }
  const found = await Promise.all(
    [...assigned.values()].map(async ({ target, contract, selector }) => {
      if ((await ask(authority, "getTargetFunctionRole", [target, selector])) !== role) return [];
      const name = contract === undefined ? undefined : functionNameOf(contract, selector);
      return [`${contract ?? target}.${name ?? selector}`];
    }),
  );
  return found.flat().sort();
}

/** Calls that were scheduled and neither executed, called off nor lapsed. */
export async function waitingOperations(authority: Authority): Promise<Waiting[]> {
  const life = await ask(authority, "expiration", []);
  const scheduled = new Map<string, Operation>();
  for (const notice of authority.logged) {
    if (notice.kind === "operationScheduled") scheduled.set(notice.operation, notice);
  }
  const found = await Promise.all(
    [...scheduled.values()].map(async ({ operation, nonce, caller, target, data, call }) => {
      const readyAt = await readyAtOf(authority, operation);
      const known = { operation, nonce, caller, target, data, ...(call === undefined ? {} : { call }) };
      return { ...known, readyAt, lapsesAt: readyAt + life };
    }),
  );
  return found.filter(({ readyAt }) => readyAt !== 0);
}

/** When a scheduled operation can be executed; 0 when it is not scheduled, was executed, or lapsed. */
export async function readyAtOf(
  authority: Pick<Authority, "registry" | "address">,
  operation: Hex,
): Promise<number> {
  return await ask(authority, "getSchedule", [operation]);
}

/** Seconds for which an operation can be executed once it is ready. */
export async function operationLife(authority: Authority): Promise<number> {
  return await ask(authority, "expiration", []);
}

/** The id of an operation: who calls what with which data. */
export function operationId(caller: Address, target: Address, data: Hex): Hex {
  const types = [{ type: "address" }, { type: "address" }, { type: "bytes" }] as const;
  return keccak256(encodeAbiParameters(types, [caller, target, data]));
}

/** Calldata that schedules a call as early as its delay lets it, and calldata that executes it then; both for the authority. */
export function operationCalls(
  target: Address,
  data: Hex,
): { readonly schedule: Hex; readonly execute: Hex } {
  return {
    schedule: encodeFunctionData({ abi: authorityAbi, functionName: "schedule", args: [target, data, 0] }),
    execute: encodeFunctionData({ abi: authorityAbi, functionName: "execute", args: [target, data] }),
  };
}

/** The role that a restricted function asks for: of the authority itself, the administrator's. */
export async function roleFor(authority: Authority, target: Address, data: Hex): Promise<bigint> {
  if (isAddressEqual(target, authority.address)) return ROLES.admin;
  return await ask(authority, "getTargetFunctionRole", [target, slice(data, 0, 4)]);
}

/** Whether an account may make a restricted call, and after which delay. */
export async function permissionOf(
  authority: Authority,
  caller: Address,
  target: Address,
  data: Hex,
): Promise<Permission> {
  const isOwn = isAddressEqual(target, authority.address);
  const role = await roleFor(authority, target, data);
  const [isMember, executionDelay] = await ask(authority, "hasRole", [role, caller]);
  const isClosed = await ask(authority, "isTargetClosed", [target]);
  const holder = isMember ? undefined : await holderOf(authority, role, caller);
  const later = holder === undefined ? {} : { liveAt: holder.since };
  const delay = isOwn
    ? executionDelay
    : (await ask(authority, "canCall", [caller, target, slice(data, 0, 4)]))[1];
  return { role, isMember, ...later, delay: isMember ? delay : 0, isClosed };
}

/** Answers as an authority does that lets everybody call: the words true and 0. */
const OPEN_AUTHORITY = "0x600160005260406000f3";
/** Where OpenZeppelin's AccessManager (5.x) keeps which call it is executing. */
const EXECUTION_SLOT = pad("0x03");

/** What the authority itself says where a node leaves out what is to be supposed. */
const UNTRIED: ReadonlySet<string> = new Set([
  "registry.accessManagedUnauthorized",
  "registry.accessManagedRequiredDelay",
  "registry.accessManagerUnauthorizedAccount",
  "registry.accessManagerNotScheduled",
  "registry.accessManagerNotReady",
]);

/**
 * Tries a restricted call as if its time had come and the caller had the role, so that what the contract itself would refuse is
 * known before anything is scheduled. A node that cannot try it says nothing.
 *
 * @throws KeelError `registry.…`, the contract's refusal
 */
export async function rehearse(
  authority: Authority,
  caller: Address,
  target: Address,
  data: Hex,
): Promise<void> {
  const isOwn = isAddressEqual(target, authority.address);
  const executing = keccak256(
    `${pad(authority.address)}${pad(slice(data, 0, 4), { dir: "right" }).slice(2)}` as Hex,
  );
  const override = isOwn
    ? { address: authority.address, stateDiff: [{ slot: EXECUTION_SLOT, value: executing }] }
    : { address: authority.address, code: OPEN_AUTHORITY as Hex };
  const account = isOwn ? authority.address : caller;
  try {
    await authority.registry.client.call({ account, to: target, data, stateOverride: [override] });
  } catch (error) {
    const refusal = toKeelError(error);
    if (refusal.code.startsWith("registry.") && !UNTRIED.has(refusal.code)) throw refusal;
  }
}

type View = Extract<(typeof authorityAbi)[number], { type: "function"; stateMutability: "view" }>["name"];

/** Asks the authority at the latest block. */
async function ask<const Name extends View>(
  { registry, address }: Pick<Authority, "registry" | "address">,
  functionName: Name,
  args: readonly unknown[],
) {
  const call = { address, abi: authorityAbi, functionName, args } as unknown as AuthorityRead<Name>;
  return await reach(() => registry.client.readContract(call));
}

type AuthorityRead<Name extends View> = {
  readonly address: Address;
  readonly abi: typeof authorityAbi;
  readonly functionName: Name;
  readonly args: never;
};

function fault(code: string, expected: string, received: string): KeelError {
  return new KeelError({ kind: "environment", code, path: "authority", expected, received });
}
