// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What opens an attestation's commitments, as a file (opening/2). Secret.
 *
 * @module
 */

import type { ProvenAttestation } from "@keel/prover";
import { address, FIELD_ORDER, type Field, fieldElement, parseFile, time, toField } from "@keel/verifier";
import { z } from "zod";

/** Writes an opening: each salt opens its own commitment and helps with no other. */
export function formatOpening({ attestation, portfolioSalt, exposuresSalt }: ProvenAttestation): string {
  const { subject, asOf, digest } = attestation;
  const salts = { portfolioSalt: `${portfolioSalt}`, exposuresSalt: `${exposuresSalt}` };
  return `${JSON.stringify({ keel: "opening/2", subject, asOf, digest: `${digest}`, ...salts }, null, 2)}\n`;
}

const element = fieldElement(FIELD_ORDER);

const openingSchema = z.strictObject({
  keel: z.literal("opening/2"),
  ...{ subject: address, asOf: time, digest: element },
  ...{ portfolioSalt: element, exposuresSalt: element },
});

/** Reads what opens the sums; the portfolio's salt goes no further. @throws KeelError kind "input" */
export function parseOpening(text: string): { readonly exposuresSalt: Field } {
  const { exposuresSalt } = parseFile(openingSchema, text, "salts");
  return { exposuresSalt: toField(exposuresSalt) };
}
