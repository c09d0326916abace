// SPDX-License-Identifier: GPL-3.0-or-later

import { loadArtifact } from "@keel/contracts";
import { healthRegistryAbi } from "@keel/contracts/abi";
import {
  type Attestation,
  type Market,
  type Policy,
  type VerificationKey,
  verifyAttestation,
} from "@keel/verifier";
import { connectRegistry, isHealthy } from "@keel/verifier/chain";
import { KeelError } from "@keel/verifier/errors";
import { parseVerificationKey } from "@keel/verifier/groth16";
import { healthOf } from "@keel/verifier/health";
import { utc } from "@keel/verifier/text";
import { type Address, createPublicClient, type Hex, http } from "viem";
import { mainnet } from "viem/chains";

export const client = createPublicClient({ chain: mainnet, transport: http() });

/** The ABI's types are those that viem works with: a wrong argument would not compile. */
export async function asks(registry: Address, subject: Address, policyId: Hex): Promise<boolean> {
  const call = { address: registry, abi: healthRegistryAbi, functionName: "isHealthy" } as const;
  const answer: boolean = await client.readContract({ ...call, args: [subject, policyId] });
  const { healthy } = await healthOf(client, { registry, subject, policyId });
  // @ts-expect-error: a subject is an address
  await client.readContract({ ...call, args: [1n, policyId] }).catch(() => {});
  return answer && healthy && (await isHealthy(await connectRegistry(client, registry), subject, policyId));
}

export function verifies(
  attestation: Attestation,
  market: Market,
  policy: Policy,
  key: VerificationKey,
): string {
  try {
    const { asOf } = verifyAttestation({
      attestation,
      market,
      policy,
      verificationKey: key,
      expected: { now: 0 },
    });
    return utc(asOf);
  } catch (error) {
    return error instanceof KeelError ? error.code : "unknown";
  }
}

export const more = { loadArtifact, parseVerificationKey };
