// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel open`: the sums of one attestation, for one reader, with the salt that opens their commitment. The portfolio's salt stays:
 * nothing helps the reader to guess accounts or positions beyond the sums themselves.
 *
 * @module
 */

import { exposuresOfBook, openDraft } from "@keel/prover";
import { checkExposuresOpening, formatExposuresOpening, parseAttestation } from "@keel/verifier";
import { figureLines, figuresOf } from "@keel/verifier/text";
import type { Context, Outcome } from "../context.js";
import { checkDistinct, readSecret, readText, writeText } from "../files.js";
import { type BookFiles, loadBook, loadEnrolment } from "../load.js";
import { parseOpening } from "../opening.js";

export interface OpenOptions extends BookFiles {
  readonly attestation: string;
  /** The salts that `prove --opening` wrote. */
  readonly salts: string;
  readonly enrolment: string;
  readonly out: string;
  readonly force?: true;
}

/** Writes the opening, once it is what the attestation's commitment is to. */
export async function open(options: OpenOptions, context: Context): Promise<Outcome> {
  const { out, force = false } = options;
  checkDistinct({
    ...{ "--snapshot": options.snapshot, "--market": options.market, "--policy": options.policy },
    ...{ "--attestation": options.attestation, "--salts": options.salts, "--out": out },
    "--enrolment": options.enrolment,
  });
  const book = await loadBook(options, context);
  const { enrolment } = await loadEnrolment(options.enrolment, context);
  const attestation = parseAttestation(await readText(options.attestation, "attestation", context));
  const salts = parseOpening(await readSecret(options.salts, "salts", context));
  const { underlyingsId: _, ...sums } = exposuresOfBook(openDraft(book), enrolment!);
  const { subject, policyId, asOf, digest } = attestation;
  const { underlyings } = book.market;
  const { exposuresSalt } = salts;
  const opening = { subject, policyId, asOf, digest, exposuresSalt, underlyings, sums };
  checkExposuresOpening(opening, attestation);
  const text = formatExposuresOpening(opening);
  await writeText({ path: out, text, secret: true }, force, context.signal);
  const figures = figuresOf(sums, { underlyings, scenarios: book.policy.scenarios.map(({ name }) => name) });
  return {
    json: { ok: true, out, subject, policyId, asOf, figures },
    text: [
      `Wrote ${out}: give it to one reader, over a channel that is secret. It opens these sums and nothing else:`,
      figureLines(figures),
    ].join("\n"),
  };
}
