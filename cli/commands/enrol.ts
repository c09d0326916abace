// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel enrol`: the sender agrees to be attested.
 *
 * @module
 */

import { enrol } from "../../verifier/src/registry.js";
import { connectSender, type SenderOptions } from "../chain.js";
import type { Context, Outcome } from "../context.js";
import { receiptJson } from "../receipts.js";

export type EnrolOptions = SenderOptions;

/** Makes the sender a subject. */
export async function enrolSubject(options: EnrolOptions, context: Context): Promise<Outcome> {
  const { registry, wallet } = await connectSender(options, context);
  const receipt = await enrol(registry, wallet);
  const subject = wallet.account.address;
  return {
    json: { ok: true, subject, ...receiptJson(receipt) },
    text: `${subject} is enrolled at ${registry.address} (${receipt.gasUsed} gas).`,
  };
}
