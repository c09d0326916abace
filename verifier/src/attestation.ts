// SPDX-License-Identifier: MIT
/**
 * The attestation file (attestation/1): a proof and what it claims to be about. Everything in it is public.
 *
 * @module
 */

import { z } from "zod";
import { circuitOf } from "./circuits.js";
import { KeelError } from "./errors.js";
import { FIELD_ORDER } from "./field.js";
import { type Groth16Proof, parseProof } from "./groth16.js";
import { parseJson } from "./json.js";
import { address, fieldElement, identifier, parseData, time } from "./schema.js";
import type { Domain } from "./statement.js";

/** A parsed attestation file. */
export interface Attestation {
  readonly circuit: string;
  readonly policyId: `0x${string}`;
  readonly domain: Domain;
  readonly subject: `0x${string}`;
  /** Unix seconds. */
  readonly asOf: number;
  readonly market: { readonly root: bigint; readonly asOf: number };
  readonly portfolioCommitment: bigint;
  readonly exposuresCommitment: bigint;
  /** Poseidon digest of the statement, the proof's first public input. */
  readonly digest: bigint;
  readonly proof: Groth16Proof;
  /** True when the key's secret is known to everybody, so that the proof convinces nobody. */
  readonly insecure: boolean;
}

const element = fieldElement(FIELD_ORDER);

const attestationSchema = z.strictObject({
  keel: z.literal("attestation/1"),
  circuit: identifier,
  policyId: z.string().regex(/^0x[0-9a-f]{64}$/),
  domain: z.strictObject({ chainId: z.int().min(0), registry: address }),
  subject: address,
  asOf: time,
  market: z.strictObject({ root: element, asOf: time }),
  portfolioCommitment: element,
  exposuresCommitment: element,
  digest: element,
  proof: z.unknown(),
  insecure: z.boolean(),
});

/**
 * Reads an attestation/1 file.
 *
 * @throws KeelError kind "proof": whatever is wrong with an attestation makes it invalid, none is bad usage
 */
export function parseAttestation(text: string): Attestation {
  try {
    const file = parseData(attestationSchema, parseJson(text, "attestation"), "attestation");
    return {
      ...file,
      circuit: circuitOf(file.circuit, "attestation.circuit").id,
      policyId: file.policyId as `0x${string}`,
      proof: parseProof(file.proof),
    };
  } catch (error) {
    if (error instanceof KeelError && error.kind === "input") {
      throw new KeelError({ ...error.toJSON(), kind: "proof" }, { cause: error });
    }
    throw error;
  }
}

/** Writes an attestation/1 file. */
export function formatAttestation(attestation: Attestation): string {
  const { market, portfolioCommitment, exposuresCommitment, digest, ...rest } = attestation;
  const file = {
    keel: "attestation/1",
    ...rest,
    market: { root: market.root.toString(), asOf: market.asOf },
    portfolioCommitment: portfolioCommitment.toString(),
    exposuresCommitment: exposuresCommitment.toString(),
    digest: digest.toString(),
  } satisfies Record<string, unknown>;
  return `${JSON.stringify(file, null, 2)}\n`;
}
