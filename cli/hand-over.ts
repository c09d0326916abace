// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Where a deployment's hand-over stands: who holds which role, and who has still to accept one.
 *
 * @module
 */

import { hasOwnCode, type KeelDeployment, type Leftover, leftoversIn, ROLE } from "@keel/contracts";
import { authorityAbi, roleName } from "@keel/verifier/chain";
import { span, table, utc } from "@keel/verifier/text";
import { type Address, encodeFunctionData, type Hex, isAddressEqual, type PublicClient } from "viem";
import type { Context } from "./context.js";
import type { RoleName, RoleReceivers } from "./deploy-file.js";
import { writeText } from "./files.js";
import { formatSafeBatch } from "./safe-batch.js";

/** One role of a deployment. */
export interface RoleStanding {
  readonly role: RoleName;
  readonly account: Address;
  readonly standing: "holds it" | "will hold it" | "has to accept" | "has no offer";
  /** Unix seconds: until when the offer stands, or from when the role counts. */
  readonly at?: number;
  /** Seconds that its acts wait. */
  readonly executionDelay: number;
  /** What the account sends to the authority to accept. */
  readonly accept?: { readonly to: Address; readonly data: Hex };
}

/** A hand-over. */
export interface HandOver {
  readonly roles: readonly RoleStanding[];
  /** Roles that the deployer still has though somebody else is meant to. */
  readonly deployerHolds: readonly RoleName[];
  /** Who else has a role, or may accept one, though the plan does not name them. */
  readonly leftovers: readonly Leftover[];
}

/** Asks the authority. */
export async function handOverOf(
  client: PublicClient,
  deployment: Pick<KeelDeployment, "authority" | "feedMarket" | "fromBlock">,
  deployer: Address,
  receivers: RoleReceivers,
): Promise<HandOver> {
  const { authority } = deployment;
  const roles: RoleStanding[] = [];
  const deployerHolds: RoleName[] = [];
  for (const role of Object.keys(ROLE) as RoleName[]) {
    const account = receivers[role]?.account ?? deployer;
    roles.push(await standingOf(client, authority, role, account));
    if (isAddressEqual(account, deployer)) continue;
    if ((await accessOf(client, authority, role, deployer)).since !== 0) deployerHolds.push(role);
  }
  const leftovers = await leftoversIn(client, deployment, accountsOf(receivers), deployer);
  return { roles, deployerHolds, leftovers };
}

/** Whom a plan names, by role. */
export function accountsOf(receivers: RoleReceivers): Partial<Record<RoleName, Address>> {
  const named = Object.entries(receivers).flatMap(([role, one]) =>
    one === undefined ? [] : [[role, one.account] as const],
  );
  return Object.fromEntries(named);
}

async function standingOf(
  client: PublicClient,
  authority: Address,
  role: RoleName,
  account: Address,
): Promise<RoleStanding> {
  const read = { address: authority, abi: authorityAbi } as const;
  const args = [ROLE[role], account] as const;
  const [executionDelay, at] = await client.readContract({ ...read, functionName: "offerOf", args });
  // Who has a role may be offered it again, with another delay.
  if (at !== 0) {
    const data = encodeFunctionData({ abi: authorityAbi, functionName: "acceptRole", args: [ROLE[role]] });
    return { role, account, standing: "has to accept", at, executionDelay, accept: { to: authority, data } };
  }
  const { since, delay } = await accessOf(client, authority, role, account);
  if (since === 0) return { role, account, standing: "has no offer", executionDelay };
  const isNow = (await client.getBlock()).timestamp >= BigInt(since);
  const common = { role, account, executionDelay: delay } as const;
  return isNow ? { ...common, standing: "holds it" } : { ...common, standing: "will hold it", at: since };
}

async function accessOf(client: PublicClient, authority: Address, role: RoleName, account: Address) {
  const [since, delay] = await client.readContract({
    address: authority,
    abi: authorityAbi,
    functionName: "getAccess",
    args: [ROLE[role], account],
  });
  return { since, delay };
}

/** The hand-over in words. */
export function handOverText({ roles, deployerHolds, leftovers }: HandOver): string {
  const rows = roles.map(({ role, account, standing, at, executionDelay }) => [
    role,
    account,
    at === undefined ? standing : `${standing} ${standing === "has to accept" ? "until" : "from"} ${utc(at)}`,
    executionDelay === 0 ? "acts at once" : `each act waits ${span(executionDelay)}`,
  ]);
  const waiting = roles.some(({ standing }) => standing === "has to accept");
  return [
    `Roles:\n${table(rows)}`,
    ...(deployerHolds.length === 0
      ? []
      : [
          `The deployer still holds ${deployerHolds.join(", ")}: ${waiting ? "once the receivers have accepted (`keel role accept`, or the files for a Safe), " : ""}run the same command again to give that up.`,
        ]),
    ...(leftovers.length === 0 ? [] : [`Not in the plan:\n${table(leftovers.map(leftoverRow))}`]),
  ].join("\n\n");
}

function leftoverRow(leftover: Leftover): string[] {
  const { kind, role, account, at } = leftover;
  const standing = kind === "offer" ? `may accept it until ${utc(at)}` : `has it, from ${utc(at)}`;
  return [roleName(role), account, standing, cureOf(leftover)];
}

/** What a run will meet that the plan does not name. */
export function leftoverWarning(leftover: Leftover): string {
  const { kind, role, account, at } = leftover;
  const what =
    kind === "offer"
      ? `${roleName(role)} is offered to ${account} until ${utc(at)}`
      : `${account} has role ${roleName(role)} from ${utc(at)}`;
  const then =
    kind === "offer" ? "as long as the deployer is administrator a run takes that back" : cureOf(leftover);
  return `${what}, whom the plan does not name: ${then}`;
}

const cureOf = ({ role, account }: Leftover): string =>
  `\`keel role revoke ${roleName(role)} --holder ${account}\` takes it`;

/** Writes a Safe's batch for each contract that has to accept something, beside the deployments file. */
export async function writeAcceptances(
  client: PublicClient,
  chainId: number,
  { roles }: HandOver,
  file: string,
  context: Context,
): Promise<string[]> {
  const waiting = roles.filter(({ accept }) => accept !== undefined);
  const written: string[] = [];
  for (const account of new Set(waiting.map((one) => one.account.toLowerCase() as Address))) {
    if (!(await hasOwnCode(client, account))) continue;
    const own = waiting.filter((one) => isAddressEqual(one.account, account));
    const text = formatSafeBatch({
      chainId,
      safe: account,
      name: "Accept roles of a Keel deployment",
      description: own.map(({ role }) => role).join(", "),
      createdAt: context.now(),
      calls: own.map(({ accept }) => accept!),
    });
    const path = file.replace(/(\.json)?$/, `.accept-${account.slice(2, 10)}.json`);
    await writeText({ path, text, secret: false }, true, context.signal);
    written.push(path);
  }
  return written;
}
