// SPDX-License-Identifier: MIT
/**
 * What a manager gives one reader to see an attestation's sums (exposures-opening/1): the sums, and the salt of their commitment.
 * Never the portfolio's salt, which helps to guess the accounts. Secret between the two; whoever has it can show it to others.
 *
 * @module
 */

import { z } from "zod";
import { KeelError } from "../core/errors.js";
import { FIELD_ORDER, toField } from "../core/field.js";
import { address, FORMATS, fieldElement, identifier, parseFile, time } from "../core/schema.js";
import type { Field } from "../core/units.js";
import { hex } from "../core/words.js";
import { circuitOf } from "../files/circuits.js";
import { underlyingsId } from "../files/market.js";
import type { Attestation } from "./attestation.js";
import { areSums, type DisclosedSums } from "./disclosure.js";
import { exposuresCommitment } from "./exposures.js";

/** An opening of one attestation's sums. */
export interface ExposuresOpening {
  readonly subject: `0x${string}`;
  readonly policyId: `0x${string}`;
  /** Unix seconds. */
  readonly asOf: number;
  /** The attestation's. */
  readonly digest: bigint;
  readonly exposuresSalt: Field;
  /** Of the market that the book was judged by, in its order. */
  readonly underlyings: readonly string[];
  readonly sums: DisclosedSums;
}

const element = fieldElement(FIELD_ORDER);
/** No sum has more digits. */
const integer = z
  .string()
  .regex(/^(0|-?[1-9][0-9]{0,59})$/)
  .transform(BigInt);
const natural = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,59})$/)
  .transform(BigInt);

const openingSchema = z.strictObject({
  keel: z.literal("exposures-opening/1"),
  subject: address,
  policyId: z.string().regex(/^0x[0-9a-f]{64}$/),
  asOf: time,
  digest: element,
  exposuresSalt: element,
  underlyings: z.array(identifier).min(1),
  sums: z.strictObject({
    equity: natural,
    assets: natural,
    grossExposure: natural,
    collateral: natural,
    deltas: z.array(integer),
    accountEquity: z.array(integer),
    bookSums: z.array(integer),
  }),
});
FORMATS.add(openingSchema, {
  id: "exposures-opening/1",
  folder: "verifier",
  title: "An attestation's sums, opened to one reader. Secret",
});

/** Reads an exposures-opening/1 file. @throws KeelError kind "input" */
export function parseExposuresOpening(text: string): ExposuresOpening {
  const { keel: _, policyId, exposuresSalt, ...file } = parseFile(openingSchema, text, "opening");
  return { ...file, policyId: policyId as `0x${string}`, exposuresSalt: toField(exposuresSalt) };
}

/** Writes an exposures-opening/1 file; its content is secret. */
export function formatExposuresOpening({ digest, exposuresSalt, sums, ...rest }: ExposuresOpening): string {
  const text = (value: bigint | readonly bigint[]) =>
    typeof value === "bigint" ? value.toString() : value.map(String);
  const shown = Object.fromEntries(Object.entries(sums).map(([name, value]) => [name, text(value)]));
  const file = {
    keel: "exposures-opening/1",
    ...rest,
    digest: digest.toString(),
    exposuresSalt: exposuresSalt.toString(),
    sums: shown,
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/**
 * Holds an opening against an attestation: it is of the same statement, and it is what the attestation's commitment is to. That the
 * attestation holds is for `verifyAttestation` to say, and that it counts for the chain.
 *
 * @throws KeelError kind "proof", code `opening.mismatch`
 */
export function checkExposuresOpening(
  { subject, policyId, asOf, digest, exposuresSalt, underlyings, sums }: ExposuresOpening,
  attestation: Pick<
    Attestation,
    "circuit" | "subject" | "policyId" | "asOf" | "digest" | "exposuresCommitment"
  >,
): void {
  // Else one commitment could be opened in two ways.
  if (!areSums(sums, circuitOf(attestation.circuit).shape)) {
    throw mismatch("sums", `sums that a proof of ${attestation.circuit} can have`, "others");
  }
  const opened = exposuresCommitment({ ...sums, underlyingsId: underlyingsId(underlyings) }, exposuresSalt);
  const rows: readonly (readonly [string, string, string])[] = [
    ["subject", attestation.subject.toLowerCase(), subject],
    ["policyId", attestation.policyId, policyId],
    ["asOf", `${attestation.asOf}`, `${asOf}`],
    ["digest", hex(attestation.digest), hex(digest)],
    ["sums", hex(attestation.exposuresCommitment), hex(opened)],
  ];
  for (const [name, expected, received] of rows) {
    if (expected === received) continue;
    throw mismatch(name, expected, received);
  }
}

function mismatch(name: string, expected: string, received: string): KeelError {
  const details = { kind: "proof", code: "opening.mismatch", path: `opening.${name}` } as const;
  return new KeelError({ ...details, expected, received });
}
