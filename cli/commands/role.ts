// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel role grant`, `revoke`, `accept`, `list`: who may do what. People's roles are offered and accepted; contracts that feed markets
 * are granted theirs.
 *
 * @module
 */

import {
  authorityAbi,
  connectAuthority,
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
import { type Address, encodeFunctionData } from "viem";
import { connect, type RegistryOptions } from "../chain.js";
import type { Context, Outcome } from "../context.js";
import { type Deed, type Ground, holdersText, type OperateOptions, operate } from "../operate.js";

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
}

export interface RoleListOptions extends RegistryOptions {
  readonly fromBlock?: number;
}

const abi = authorityAbi;

/** Offers a role to a person, or grants one to a contract that feeds markets. */
export async function grantRole(options: RoleGrantOptions, context: Context): Promise<Outcome> {
  const { to: account, delay = 0 } = options;
  const role = roleId(options.role);
  const isGranted = role === ROLES["market-source"];
  return await operate(options, context, async ({ authority }): Promise<Deed> => {
    const state = (await rolesOf(authority)).find((found) => found.role === role)!;
    const args = [role, account, delay] as const;
    const member = state.holders.find((holder) => isSame(holder.account, account));
    return {
      ...{ command: "role grant", to: authority.address, access: "restricted" },
      data: encodeFunctionData({ abi, functionName: isGranted ? "grantRole" : "offerRole", args }),
      words: `${isGranted ? "grant" : "offer"} role ${options.role} to ${account}, ${delayed(delay)}`,
      effects: (at) => [
        isGranted
          ? `It counts from ${utc(at + state.grantDelay)}.`
          : member !== undefined
            ? `${account} has it already, ${delayed(member.executionDelay)}. Accepting changes that to ${delayed(delay)}: a longer delay at once, a shorter one after the difference.`
            : `${account} accepts it with \`keel role accept\` within 30 days, and has it ${span(state.grantDelay)} after that; until then a guardian may take the offer back with \`keel role revoke\`.`,
        `Now the role is ${holdersText(state.holders)}.`,
        `It may call ${state.functions.length === 0 ? "nothing by name" : state.functions.join(", ")}.`,
      ],
      json: { account, executionDelay: delay },
    };
  });
}

/** Takes a role, or what is offered of it; one's own is given up. */
export async function revokeRole(options: RoleRevokeOptions, context: Context): Promise<Outcome> {
  const { holder } = options;
  const role = roleId(options.role);
  return await operate(options, context, async (ground): Promise<Deed> => {
    const { authority, sender } = ground;
    const holders = await holdersOf(authority, role);
    const isHeld = holders.some(({ account }) => isSame(account, holder));
    const offered = (await offersOf(authority)).some(
      (offer) => offer.role === role && isSame(offer.account, holder),
    );
    if (!isHeld && !offered) {
      throw inputError("role.holder", "account", `who has role ${options.role} or is offered it`, holder);
    }
    const base = { command: "role revoke", to: authority.address, json: { account: holder } } as const;
    if (!isHeld) return { ...base, ...withdrawal(role, holder) };
    const rest = holders.filter(({ account }) => !isSame(account, holder));
    const voided =
      role === ROLES.admin ? ["Every offer that stands, of whatever role, is void with it."] : [];
    const effects = (at: number) => [
      `It ends at ${utc(at)}, with the block. After that the role is ${holdersText(rest)}.`,
      ...voided,
    ];
    if (sender !== undefined && isSame(sender, holder)) {
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

function withdrawal(
  role: bigint,
  account: Address,
): Pick<Deed, "access" | "who" | "data" | "words" | "effects"> {
  return {
    access: "open",
    who: "an administrator, a guardian, or who was offered it",
    data: encodeFunctionData({ abi, functionName: "withdrawOffer", args: [role, account] }),
    words: `take back the offer of role ${roleName(role)} to ${account}`,
    effects: (at) => [`It cannot be accepted from ${utc(at)} on, with the block.`],
  };
}

/** Accepts a role that the sender was offered. */
export async function acceptRole(options: RoleOptions, context: Context): Promise<Outcome> {
  const role = roleId(options.role);
  return await operate(options, context, async (ground): Promise<Deed> => {
    const { authority, sender } = ground;
    const offer = await offerTo(ground, role, options.role);
    const state = (await rolesOf(authority)).find((found) => found.role === role)!;
    return {
      ...{ command: "role accept", to: authority.address, access: "open", who: "whom it was offered" },
      data: encodeFunctionData({ abi, functionName: "acceptRole", args: [role] }),
      words: `accept role ${options.role}${offer === undefined ? "" : ` for ${sender}, ${delayed(offer.executionDelay)}`}`,
      effects: (at) => [
        `It counts from ${utc(at + state.grantDelay)}, ${state.grantDelay === 0 ? "at once" : `${span(state.grantDelay)} after it is accepted`}.`,
        ...(offer === undefined ? [] : [`The offer lapses at ${utc(offer.lapsesAt)}.`]),
      ],
    };
  });
}

async function offerTo({ authority, sender }: Ground, role: bigint, name: string) {
  if (sender === undefined) return undefined;
  const offer = (await offersOf(authority)).find(
    (found) => found.role === role && isSame(found.account, sender),
  );
  if (offer !== undefined) return offer;
  throw inputError("role.offer", "sender", `an account that is offered role ${name}`, sender);
}

/** Who holds which role, what is offered, and what waits. */
export async function listRoles(options: RoleListOptions): Promise<Outcome> {
  const authority = await connectAuthority(await connect(options), BigInt(options.fromBlock ?? 0));
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

function roleLines(
  { role, holders, offers, grantDelay, guardian, functions }: RoleState,
  now: number,
): string[] {
  const since = (at: number): string => (at > now ? `, from ${utc(at)} on` : "");
  return [
    `${roleName(role)} (${role}): counts ${grantDelay === 0 ? "at once" : `${span(grantDelay)} after it is accepted`}; called off by ${roleName(guardian)}`,
    ...(holders.length === 0 ? ["  nobody has it"] : []),
    ...holders.map((holder) => `  ${holder.account} ${delayed(holder.executionDelay)}${since(holder.since)}`),
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

function isSame(a: Address, b: Address): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
