// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Which verifiers on chain were made from development keys: proofs for them convince nobody, whatever the registry says.
 *
 * @module
 */

import { isDevelopmentCode, type PolicyTerms } from "@keel/verifier";
import { groth16VerifierAbi, type Registry, toKeelError, verifierBookAbi } from "@keel/verifier/chain";
import type { Address, Hex } from "viem";
import { circuitHashes } from "./beside.js";

/** A version of a circuit's verifier. */
export interface Version {
  readonly verifier: Address;
  readonly insecure: boolean;
  /** Unix seconds: the first at which proofs for it are taken. */
  readonly liveAt: number;
  /** Unix seconds; 0 while it is not retired. */
  readonly retiredAt: number;
}

/** A circuit of a policy with its verifiers, the first version first. */
export interface CircuitVerifiers {
  /** Hash of its name. */
  readonly circuit: Hex;
  readonly versions: readonly Version[];
}

/** The verifiers of the terms' circuits. @throws KeelError kind "environment" */
export async function verifiersOf(registry: Registry, terms: PolicyTerms): Promise<CircuitVerifiers[]> {
  return await Promise.all(
    circuitsIn(terms).map(async (circuit) => ({ circuit, versions: await versionsOf(registry, circuit) })),
  );
}

/**
 * Whether an attestation under these terms can rest on a development key: one of their circuits has a verifier from such a
 * key that is not retired, or that was retired after the snapshot's time.
 *
 * @param asOf unix seconds of the latest attestation's snapshot; absent where there is none
 * @throws KeelError kind "environment"
 */
export async function restsOnDevelopmentKey(
  registry: Registry,
  terms: PolicyTerms,
  asOf?: number,
): Promise<boolean> {
  const versions = await Promise.all(circuitsIn(terms).map((circuit) => versionsOf(registry, circuit)));
  const mayCount = ({ retiredAt }: Version): boolean =>
    retiredAt === 0 || (asOf !== undefined && asOf <= retiredAt);
  return versions.flat().some((version) => version.insecure && mayCount(version));
}

/** Names a version among all circuits'. */
export function versionName(circuit: Hex, version: number): string {
  return `${circuit} ${version}`;
}

/** Of the terms' circuits: {@link versionName}s of those that were made from a development key, retired or not. */
export async function developmentVersions(
  registry: Registry,
  terms: PolicyTerms,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const circuit of circuitsIn(terms)) {
    const versions = await versionsOf(registry, circuit);
    for (const [i, { insecure }] of versions.entries()) if (insecure) found.add(versionName(circuit, i + 1));
  }
  return found;
}

/** The circuits that terms name, by the hashes of their names. */
export function circuitsIn(terms: PolicyTerms): Hex[] {
  return Object.values(circuitHashes(terms));
}

async function versionsOf({ client, verifierBook }: Registry, circuit: Hex): Promise<Version[]> {
  const book = { address: verifierBook, abi: verifierBookAbi } as const;
  try {
    const count = await client.readContract({ ...book, functionName: "versionCount", args: [circuit] });
    return await Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const args = [circuit, i + 1] as const;
        const { verifier, liveAt, retiredAt } = await client.readContract({
          ...book,
          functionName: "versionOf",
          args,
        });
        const call = { address: verifier, abi: groth16VerifierAbi, functionName: "insecure" } as const;
        const [marked, code = "0x"] = await Promise.all([
          client.readContract(call),
          client.getCode({ address: verifier }),
        ]);
        return { verifier, insecure: marked || isDevelopmentCode(code), liveAt, retiredAt };
      }),
    );
  } catch (error) {
    throw toKeelError(error);
  }
}
