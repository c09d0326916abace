// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel role grant`, `revoke`, `accept`, `list`: who may do what. People's roles are offered and accepted; contracts that feed markets
 * are granted theirs.
 *
 * @module
 */

import {
  type Authority,
  authorityAbi,
  chosenAuthority,
  connectAuthority,
  executionDelayAt,
  grantDelayAt,
  type Holder,
  holdersOf,
  offersOf,
  ROLES,
  type RoleState,
  roleId,
  roleName,
  rolesOf,
  type Waiting,
  waitingOperations,
} from "@keel/verifier/chain";
import { inputError } from "@keel/verifier/errors";
import { delayed, operationText, span, utc } from "@keel/verifier/text";
import { type Address, encodeFunctionData, isAddressEqual } from "viem";
import { connect, type RegistryOptions } from "../chain.js";
import type { Context, Outcome } from "../context.js";
import { usageError } from "../errors.js";
import {
  type Deed,
  type Ground,
  holdersText,
  holderText,
  type OperateOptions,
  ofAuthority,
  operate,
} from "../operate.js";

export interface RoleOptions extends OperateOptions {
  readonly role: string;
}

export interface RoleGrantOptions extends RoleOptions {
  readonly to: Address;
  /** Seconds that the receiver's calls have to be scheduled before. */
  readonly delay?: number;
}

export interface RoleRevokeOptions extends RoleOptions {
  readonly holder: Address;
  /** Only what is offered, or was accepted and does not count yet. */
  readonly pending?: true;
}

export interface RoleListOptions extends RegistryOptions {
  readonly fromBlock?: number;
  /** Which authority, where the registry's contracts ask different ones. */
  readonly authority?: Address;
}

const abi = authorityAbi;

/** Offers a role to a person, or grants one to a contract that feeds markets. */
export async function grantRole(options: RoleGrantOptions, context: Context): Promise<Outcome> {
  const { to: account, delay = 0 } = options;
  const role = roleId(options.role);
  // Before what an administrator does by itself nothing but a delay of its own gives anybody time.
  if (role === ROLES.admin && options.delay === undefined) {
    throw usageError(`--delay SECONDS with role admin, such as ${7 * 86_400}`, "none", "--delay");
  }
  const isGranted = role === ROLES["market-source"];
  return await operate(options, context, ofAuthority(options), async ({ authority, now }): Promise<Deed> => {
    const state = (await rolesOf(authority)).find((found) => found.role === role)!;
    const changes = await grantDelayChanges(authority, role);
    const args = [role, account, delay] as const;
    return {
      ...{ command: "role grant", to: authority.address, access: "restricted" },
      data: encodeFunctionData({ abi, functionName: isGranted ? "grantRole" : "offerRole", args }),
      words: `${isGranted ? "grant" : "offer"} role ${options.role} to ${account}, ${delayed(delay)}`,
      effects: (at) => [
        isGranted
          ? `It counts from ${utc(at + grantDelayAt(state, at))}.`
          : offerText(state, account, delay, at),
        ...changes,
        ...(role === ROLES.admin && delay === 0
          ? [
              "It acts at once: there is nothing that it schedules and could be called off, and it revokes guardians at once too.",
            ]
          : []),
        `Now the role is ${holdersText(state.holders, now)}.`,
        `It may call ${state.functions.length === 0 ? "nothing by name" : state.functions.join(", ")}.`,
      ],
      json: { account, executionDelay: delay },
    };
  });
}

/** What comes of an offer that is made at a time. */
function offerText(state: RoleState, account: Address, delay: number, at: number): string {
  const member = state.holders.find((holder) => isAddressEqual(holder.account, account));
  if (member !== undefined) {
    return `${account} has it already, ${delayed(executionDelayAt(member, at))}. Accepting changes that to ${delayed(delay)}: a longer delay at once, a shorter one after the difference.`;
  }
  const { pendingGrantDelay: pending } = state;
  const later =
    pending === undefined || pending.liveAt <= at
      ? ""
      : ` (${span(pending.grantDelay)} where that is from ${utc(pending.liveAt)} on)`;
  return `${account} accepts it with \`keel role accept\` within 30 days, and has it ${span(grantDelayAt(state, at))} after that${later}; until then a guardian may call it off with \`keel role revoke\`.`;
}

/** What is scheduled that changes a role's grant delay. */
async function grantDelayChanges(authority: Authority, role: bigint): Promise<string[]> {
  const waiting = await waitingOperations(authority);
  const own = waiting.filter(
    ({ call }) => call?.functionName === "setGrantDelay" && new Map(call.arguments).get("roleId") === role,
  );
  return own.map((found) => `Scheduled, from ${utc(found.readyAt)} on: ${operationText(found)}.`);
}

/** Takes a role, or what is offered or accepted of it and does not count yet; one's own is given up. */
export async function revokeRole(options: RoleRevokeOptions, context: Context): Promise<Outcome> {
  const { holder, pending = false } = options;
  const role = roleId(options.role);
  return await operate(options, context, ofAuthority(options), async (ground): Promise<Deed> => {
    const { authority, sender, now } = ground;
    const holders = await holdersOf(authority, role);
    const own = holders.find(({ account }) => isAddressEqual(account, holder));
    const waits = await waitingOf(ground, role, own, holder);
    const isHeld = own !== undefined && own.since <= now;
    if (pending ? waits.length === 0 : !isHeld && waits.length === 0) {
      const least = pending ? `who is offered role ${options.role}, or accepted it and waits` : undefined;
      const expected = least ?? `who has role ${options.role} or is offered it`;
      throw inputError("role.holder", "account", expected, holder);
    }
    const base = { command: "role revoke", to: authority.address, json: { account: holder } } as const;
    if (pending || !isHeld) return { ...base, ...withdrawal(role, holder, waits) };
    const rest = holders.filter(({ account }) => !isAddressEqual(account, holder));
    const voided =
      role === ROLES.admin ? ["Every offer that stands, of whatever role, is void with it."] : [];
    const effects = (at: number) => [
      `It ends at ${utc(at)}, with the block. After that the role is ${holdersText(rest, at)}.`,
      ...voided,
    ];
    if (sender !== undefined && isAddressEqual(sender, holder)) {
      return {
        ...{ ...base, access: "open", who: "whoever has it" },
        effects: (at) => effects(at).slice(0, 1),
        data: encodeFunctionData({ abi, functionName: "renounceRole", args: [role, holder] }),
        words: `give up role ${options.role} of ${holder}`,
      };
    }
    return {
      ...{ ...base, access: "restricted", effects },
      data: encodeFunctionData({ abi, functionName: "revokeRole", args: [role, holder] }),
      words: `take role ${options.role} from ${holder}`,
    };
  });
}

/** What of a role does not count yet and can be called off, in words. */
async function waitingOf(
  { authority, now }: Ground,
  role: bigint,
  own: Holder | undefined,
  account: Address,
): Promise<string[]> {
  const name = roleName(role);
  const isOffered = (await offersOf(authority)).some(
    (offer) => offer.role === role && isAddressEqual(offer.account, account),
  );
  const offered = isOffered ? [`take back the offer of role ${name} to ${account}`] : [];
  if (own === undefined) return offered;
  if (own.since > now) {
    return [...offered, `call off role ${name} of ${account}, which would count from ${utc(own.since)} on`];
  }
  if (own.pending === undefined) return offered;
  const { executionDelay, liveAt } = own.pending;
  const change = `${delayed(executionDelay)}, from ${utc(liveAt)} on`;
  return [...offered, `call off that role ${name} is held by ${account} ${change}`];
}

function withdrawal(
  role: bigint,
  account: Address,
  what: readonly string[],
): Pick<Deed, "access" | "who" | "data" | "words" | "effects"> {
  return {
    access: "open",
    who: "an administrator, a guardian, or who was offered it",
    data: encodeFunctionData({ abi, functionName: "withdrawOffer", args: [role, account] }),
    words: what.join(", and "),
    effects: (at) => [
      `It counts from ${utc(at)}, with the block. What the account has already, it keeps; an administrator may offer it again.`,
    ],
  };
}

/** Accepts a role that the sender was offered. */
export async function acceptRole(options: RoleOptions, context: Context): Promise<Outcome> {
  const role = roleId(options.role);
  return await operate(options, context, ofAuthority(options), async (ground): Promise<Deed> => {
    const { authority, sender } = ground;
    const offer = await offerTo(ground, role, options.role);
    const state = (await rolesOf(authority)).find((found) => found.role === role)!;
    const counts = (at: number) => grantDelayAt(state, at);
    return {
      ...{ command: "role accept", to: authority.address, access: "open", who: "whom it was offered" },
      data: encodeFunctionData({ abi, functionName: "acceptRole", args: [role] }),
      words: `accept role ${options.role}${offer === undefined ? "" : ` for ${sender}, ${delayed(offer.executionDelay)}`}`,
      effects: (at) => [
        `It counts from ${utc(at + counts(at))}, ${counts(at) === 0 ? "at once" : `${span(counts(at))} after it is accepted`}. Until then a guardian may call it off.`,
        ...(offer === undefined ? [] : [`The offer lapses at ${utc(offer.lapsesAt)}.`]),
      ],
    };
  });
}

async function offerTo({ authority, sender }: Ground, role: bigint, name: string) {
  if (sender === undefined) return undefined;
  const offer = (await offersOf(authority)).find(
    (found) => found.role === role && isAddressEqual(found.account, sender),
  );
  if (offer !== undefined) return offer;
  throw inputError("role.offer", "sender", `an account that is offered role ${name}`, sender);
}

/** Who holds which role, what is offered, and what waits. */
export async function listRoles(options: RoleListOptions): Promise<Outcome> {
  const registry = await connect(options);
  const address = await chosenAuthority(registry, options.authority);
  const authority = await connectAuthority(registry, BigInt(options.fromBlock ?? 0), address);
  const [roles, waiting] = [await rolesOf(authority), await waitingOperations(authority)];
  return {
    json: {
      ok: true,
      authority: authority.address,
      roles: roles.map(roleJson),
      waiting: waiting.map(waitingJson),
    },
    text: [
      `Authority ${authority.address}`,
      ...roles.flatMap((state) => ["", ...roleLines(state, authority.blockTime)]),
      "",
      ...(waiting.length === 0 ? ["Nothing is scheduled."] : ["Scheduled:", ...waiting.map(waitingLine)]),
    ].join("\n"),
  };
}

function roleJson({ role, guardian, offers, ...state }: RoleState) {
  return {
    role: roleName(role),
    id: role,
    guardian: roleName(guardian),
    offers: offers.map(({ role: _, ...offer }) => offer),
    ...state,
  };
}

function waitingJson({ call, ...operation }: Waiting) {
  return { ...operation, what: operationText({ ...operation, ...(call === undefined ? {} : { call }) }) };
}

function roleLines(state: RoleState, now: number): string[] {
  const { role, holders, offers, grantDelay, pendingGrantDelay: pending, guardian, functions } = state;
  const counts = (seconds: number) => (seconds === 0 ? "at once" : `${span(seconds)} after it is accepted`);
  const later =
    pending === undefined ? "" : ` (from ${utc(pending.liveAt)} on ${counts(pending.grantDelay)})`;
  return [
    `${roleName(role)} (${role}): counts ${counts(grantDelay)}${later}; called off by ${roleName(guardian)}`,
    ...(holders.length === 0 ? ["  nobody has it"] : []),
    ...holders.map((holder) => `  ${holderText(holder, now)}`),
    ...offers.map(
      (offer) =>
        `  offered to ${offer.account} ${delayed(offer.executionDelay)}, until ${utc(offer.lapsesAt)}`,
    ),
    ...(functions.length === 0 ? [] : [`  may call ${functions.join(", ")}`]),
  ];
}

function waitingLine(operation: Waiting): string {
  return `  ${operationText(operation)}, from ${utc(operation.readyAt)} until ${utc(operation.lapsesAt)}`;
}
