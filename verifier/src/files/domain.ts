// SPDX-License-Identifier: MIT
/**
 * Where an attestation counts: at one registry on one chain, or at each of several registries that the policy declares to be
 * one domain. Mirrors contracts/src/lib/Statement.sol.
 *
 * @module
 */

import { inputError } from "../core/errors.js";
import { keccakField } from "../core/field.js";
import type { Field } from "../core/units.js";
import { abiWords } from "../core/words.js";

/** One registry on one chain. */
export interface Domain {
  readonly chainId: number;
  readonly registry: `0x${string}`;
}

/** One registry, or the members of a declared domain: sorted by chain id, then by address, at least two, each once. */
export type Scope = Domain | readonly Domain[];

/** The registries of a scope. */
export function registriesOf(scope: Scope): readonly Domain[] {
  return "chainId" in scope ? [scope] : scope;
}

/** Whether a registry is one of a scope's. */
export function isWithin(scope: Scope, registry: Domain): boolean {
  return registriesOf(scope).some((member) => order(member) === order(registry));
}

/**
 * The members of a declared domain in their order.
 *
 * @throws KeelError `policy.domain` for fewer than two members, or one twice
 */
export function sortMembers(members: readonly Domain[], path: string): readonly Domain[] {
  if (members.length < 2) throw inputError("policy.domain", path, "at least two registries", "fewer");
  const sorted = [...members].sort((a, b) => (order(a) < order(b) ? -1 : 1));
  sorted.forEach((member, i) => {
    if (i === 0 || order(sorted[i - 1]!) !== order(member)) return;
    throw inputError("policy.domain", path, "each registry once", `${member.registry} twice`);
  });
  return sorted;
}

/**
 * The scope as a field element, mod r: keccak256(abi.encode("keel/domain/1", chainId, registry)) of one registry,
 * keccak256(abi.encode("keel/domain/2", members)) of a declared domain.
 */
export function domainField(scope: Scope): Field {
  return "chainId" in scope ? registryField(scope) : membersField(scope);
}

/**
 * Place 1 of the statement: where the proof counts and under which policy, keccak256(abi.encode("keel/domain/3", domain field,
 * policy id)) mod r. A policy with the same limits and other times is another place 1, so nobody can lend a proof to it.
 */
export function policyDomainField(scope: Scope, policyId: `0x${string}`): Field {
  const [length, text] = labelWords("keel/domain/3");
  return keccakField(abiWords([96n, domainField(scope), BigInt(policyId), length, text]));
}

function registryField({ chainId, registry }: Domain): Field {
  const [length, text] = labelWords("keel/domain/1");
  return keccakField(abiWords([96n, BigInt(chainId), BigInt(registry), length, text]));
}

function membersField(members: readonly Domain[]): Field {
  const list = members.flatMap(({ chainId, registry }) => [BigInt(chainId), BigInt(registry)]);
  return keccakField(abiWords([64n, 128n, ...labelWords("keel/domain/2"), BigInt(members.length), ...list]));
}

/** A short ASCII string behind its length, as the ABI encodes it. */
function labelWords(label: string): readonly [bigint, bigint] {
  const bytes = new TextEncoder().encode(label);
  const text = bytes.reduce((word, byte) => (word << 8n) | BigInt(byte), 0n);
  return [BigInt(bytes.length), text << BigInt(8 * (32 - bytes.length))];
}

function order({ chainId, registry }: Domain): bigint {
  return (BigInt(chainId) << 160n) | BigInt(registry);
}
