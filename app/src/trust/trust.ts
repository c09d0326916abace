// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a word of the registry rests on: its verifiers' keys, who signs tables, after which delays what can be changed and by
 * whom; and the policy's file, which names sources and scenarios that the registry knows as hashes only.
 *
 * @module
 */

import {
  inputError,
  type Market,
  type Policy,
  type PolicyTerms,
  parseMarket,
  parsePolicy,
  policyId,
  policyTerms,
} from "@keel/verifier";
import {
  connectAuthority,
  type Delays,
  delaysOf,
  healthRegistryAbi,
  type PublisherState,
  publishersOf,
  type Registry,
  type RoleState,
  rolesOf,
  toKeelError,
} from "@keel/verifier/chain";
import type { Hex } from "viem";
import type { ConsoleConfig } from "../config.js";
import { type CircuitVerifiers, verifiersOf } from "../keys.js";
import { getFile } from "../network.js";

/** What is read of a registry at once. */
export interface Trust {
  readonly verifiers: readonly CircuitVerifiers[];
  readonly publishers: PublisherState;
  readonly delays: Delays;
  /** Seconds until another list of accounts counts. */
  readonly enrolmentDelay: number;
}

/** @throws KeelError kind "environment" */
export async function trustOf(registry: Registry, terms: PolicyTerms): Promise<Trust> {
  const [verifiers, publishers, delays, enrolmentDelay] = await Promise.all([
    verifiersOf(registry, terms),
    publishersOf(registry),
    delaysOf(registry),
    enrolmentDelayOf(registry),
  ]);
  return { verifiers, publishers, delays, enrolmentDelay };
}

async function enrolmentDelayOf({ client, address }: Registry): Promise<number> {
  const call = { address, abi: healthRegistryAbi, functionName: "enrolmentDelay" } as const;
  try {
    return await client.readContract(call);
  } catch (error) {
    throw toKeelError(error);
  }
}

/** Who has which role at the registry. @param fromBlock its first @throws KeelError as `connectAuthority` */
export async function powersOf(registry: Registry, fromBlock: bigint): Promise<readonly RoleState[]> {
  const authority = await connectAuthority(registry, fromBlock);
  return await rolesOf(authority);
}

/** A policy as its file has it, and the underlyings' order of a market that it fits. */
export interface NamedPolicy {
  readonly policy: Policy;
  readonly market: Market;
}

/**
 * A policy's file, if it is the file of that policy.
 *
 * @throws KeelError `policy.other` for another policy's file; as the parsers
 */
export function namedPolicy(id: Hex, policyText: string, marketText: string): NamedPolicy {
  const [policy, market] = [parsePolicy(policyText), parseMarket(marketText)];
  const found = policyId(policyTerms(policy, market));
  if (found === id) return { policy, market };
  throw inputError("policy.other", "policy", `the file of policy ${id}`, `the file of policy ${found}`);
}

/** Two texts, whichever comes first. @throws KeelError `policy.files` */
export function policyFiles(texts: readonly string[]): readonly [string, string] {
  const isPolicy = (text: string): boolean => /"keel"\s*:\s*"policy\//.test(text);
  const policy = texts.find(isPolicy);
  const market = texts.find((text) => !isPolicy(text));
  if (policy !== undefined && market !== undefined) return [policy, market];
  const received = policy === undefined ? "no policy" : "a policy alone";
  throw inputError("policy.files", "files", "a policy's file and a market's that it fits", received);
}

/** The file that the page's host has of a policy; nothing where it has none. @throws KeelError as {@link namedPolicy} */
export async function hostedPolicy(
  config: ConsoleConfig | undefined,
  id: Hex,
): Promise<NamedPolicy | undefined> {
  const known = config?.policies.find((entry) => entry.policyId === id);
  if (known === undefined) return undefined;
  const response = await getFile(known.path, "policy");
  const { policy, market } = (await response.json()) as { readonly policy: string; readonly market: string };
  return namedPolicy(id, String(policy), String(market));
}
