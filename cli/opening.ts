// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What opens an attestation's commitments, as a file (opening/2). Secret.
 *
 * @module
 */

import type { ProvenAttestation } from "@keel/prover";

/** Writes an opening: each salt opens its own commitment and helps with no other. */
export function formatOpening({ attestation, portfolioSalt, exposuresSalt }: ProvenAttestation): string {
  const { subject, asOf, digest } = attestation;
  const salts = { portfolioSalt: `${portfolioSalt}`, exposuresSalt: `${exposuresSalt}` };
  return `${JSON.stringify({ keel: "opening/2", subject, asOf, digest: `${digest}`, ...salts }, null, 2)}\n`;
}
