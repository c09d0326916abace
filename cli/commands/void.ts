// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel void`: ends a live attestation that rests on a verifier that was retired or a table that was withdrawn. Anybody may; what
 * it rests on is in the registry's logs.
 *
 * @module
 */

import { type AttestedEntry, basisOf, historyOf, type Registry, voidAttestation } from "@keel/verifier/chain";
import { inputError } from "@keel/verifier/errors";
import { connectSender, type SenderOptions } from "../chain.js";
import type { Context, Outcome } from "../context.js";
import { loadPolicyId, type PolicyName } from "../load.js";
import { receiptJson } from "../receipts.js";

export interface VoidOptions extends SenderOptions, PolicyName {
  readonly subject: `0x${string}`;
  readonly fromBlock?: number;
}

/** Voids; what rests on nothing that was taken back is refused by the registry, kind "input". */
export async function voidLatest(options: VoidOptions, context: Context): Promise<Outcome> {
  const { subject, fromBlock = 0 } = options;
  const policyId = await loadPolicyId(options, context);
  const { registry, wallet } = await connectSender(options, context);
  const basis = basisOf(await latestAttested(registry, { subject, policyId, fromBlock: BigInt(fromBlock) }));
  const receipt = await voidAttestation(registry, wallet, subject, policyId, basis);
  return {
    json: { ok: true, subject, policyId, basis, ...receiptJson(receipt) },
    text: `Voided: ${subject} counts no longer as healthy under ${policyId}, until a newer snapshot (${receipt.gasUsed} gas).`,
  };
}

async function latestAttested(
  registry: Registry,
  query: { readonly subject: `0x${string}`; readonly policyId: `0x${string}`; readonly fromBlock: bigint },
): Promise<AttestedEntry> {
  const entries = await historyOf(registry, query);
  const found = entries.findLast((entry) => entry.kind === "attested");
  if (found !== undefined) return found;
  throw inputError("history.none", "--subject", "an attestation in the registry's logs", "none");
}
