// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel publish-policy`: puts a policy's terms into the registry's policy book.
 *
 * @module
 */

import { policyTerms } from "@keel/verifier";
import { declareDomain, publishPolicy } from "@keel/verifier/chain";
import { connectSender, type SenderOptions } from "../chain.js";
import type { Context, Outcome } from "../context.js";
import { loadPublic, type PublicFiles } from "../load.js";
import { receiptJson } from "../receipts.js";

export type PublishPolicyOptions = SenderOptions & PublicFiles;

/** Publishes, and declares the policy's domain where it has one; doing it again changes nothing, the id is the content's. */
export async function publishPolicyTerms(options: PublishPolicyOptions, context: Context): Promise<Outcome> {
  const { market, policy } = await loadPublic(options, context);
  const terms = policyTerms(policy, market);
  const { registry, wallet } = await connectSender(options, context);
  if (policy.domain !== undefined) await declareDomain(registry, wallet, policy.domain);
  const { policyId, ...receipt } = await publishPolicy(registry, wallet, terms);
  return {
    json: { ok: true, policyId, ...receiptJson(receipt) },
    text: `Published policy "${policy.name}" as ${policyId} (${receipt.gasUsed} gas).`,
  };
}
