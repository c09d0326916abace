// SPDX-License-Identifier: MIT
/**
 * Health as an attestation of the Ethereum Attestation Service: what to ask EAS for, and whether one still counts.
 *
 * @module
 */

import { type Address, encodeAbiParameters, type Hex, zeroHash } from "viem";
import { KeelError } from "../core/errors.js";
import { healthResolverAbi } from "./abi.js";
import { reach } from "./contract-errors.js";
import { type Registry, statusOf } from "./registry.js";

/** EAS's `AttestationRequest`: the argument of its `attest`. */
export interface EasRequest {
  readonly schema: Hex;
  readonly data: {
    readonly recipient: Address;
    /** Unix seconds: the first second at which the registry's attestation no longer counts. */
    readonly expirationTime: bigint;
    readonly revocable: true;
    readonly refUID: Hex;
    /** abi.encode(policyId, asOf) */
    readonly data: Hex;
    readonly value: 0n;
  };
}

/**
 * The request that mirrors a subject's latest attestation, for as long as that one lasts. Any account may send it.
 *
 * @throws KeelError kind `proof`, code `registry.notHealthy` when the registry does not say healthy
 */
export async function easRequestOf(
  registry: Registry,
  resolver: Address,
  subject: Address,
  policyId: Hex,
): Promise<EasRequest> {
  const { healthy, asOf, expiry } = await statusOf(registry, subject, policyId);
  if (!healthy || asOf === undefined || expiry === undefined) {
    throw new KeelError({
      kind: "proof",
      code: "registry.notHealthy",
      path: "subject",
      expected: `a live attestation under policy ${policyId}`,
      received: `none for ${subject}`,
    });
  }
  const data = encodeAbiParameters([{ type: "bytes32" }, { type: "uint64" }], [policyId, BigInt(asOf)]);
  const expirationTime = BigInt(expiry);
  return {
    schema: await reach(() =>
      registry.client.readContract({ address: resolver, abi: healthResolverAbi, functionName: "schemaUid" }),
    ),
    data: { recipient: subject, expirationTime, revocable: true, refUID: zeroHash, data, value: 0n },
  };
}

/** Whether an EAS attestation still counts: EAS's own word and the registry's. */
export async function isEasLive(registry: Registry, resolver: Address, uid: Hex): Promise<boolean> {
  const call = { address: resolver, abi: healthResolverAbi, functionName: "isLive", args: [uid] } as const;
  return await reach(() => registry.client.readContract(call));
}
