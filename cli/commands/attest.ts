// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel attest`: submits an attestation. Anybody may: the proof is bound to its subject.
 *
 * What can be refused here is refused before the chain is asked; the chain is asked by simulation before anything is sent. An
 * attestation that is in force already, whoever submitted it, is a success.
 *
 * @module
 */

import {
  circuitHash,
  claimedDisclosure,
  claimedStatement,
  isWithin,
  parseAttestation,
  registriesOf,
  type Scope,
} from "@keel/verifier";
import { type Registry, submitAttestation, takesDevelopmentKey } from "@keel/verifier/chain";
import { KeelError } from "@keel/verifier/errors";
import { utc } from "@keel/verifier/text";
import { connectSender, type SenderOptions } from "../chain.js";
import type { Context, Outcome } from "../context.js";
import { readText } from "../files.js";
import { loadPublic, type PublicFiles } from "../load.js";
import { receiptJson } from "../receipts.js";

export interface AttestOptions extends SenderOptions, PublicFiles {
  readonly attestation: string;
}

/** Submits; a refusal by the registry is an error of kind "proof", exit code 3. */
export async function attest(options: AttestOptions, context: Context): Promise<Outcome> {
  const { market, policy } = await loadPublic(options, context);
  const attestation = parseAttestation(await readText(options.attestation, "attestation", context));
  claimedStatement(attestation, policy, market);
  claimedDisclosure(attestation, policy);
  const { registry, wallet } = await connectSender(options, context);
  checkDomain(attestation.domain, registry);
  const receipt = await submitAttestation(registry, wallet, attestation);
  const { subject, policyId, asOf } = attestation;
  const expiresAt = asOf + policy.validity;
  const already = receipt.already === true;
  const done = already ? "Attested already, nothing was sent" : "Attested";
  const insecure = await takesDevelopmentKey(registry, circuitHash(policy.circuit.id));
  const gas = already ? "" : ` (${receipt.gasUsed} gas)`;
  return {
    json: { ok: true, subject, policyId, asOf, expiresAt, already, insecure, ...receiptJson(receipt) },
    text: [
      `${done}: ${subject} counts as healthy under ${policyId} until ${utc(expiresAt)}${gas}.`,
      ...(insecure
        ? ["The registry takes a DEVELOPMENT KEY: anybody can make such proofs of anything."]
        : []),
    ].join("\n"),
  };
}

function checkDomain(scope: Scope, { chainId, address }: Registry): void {
  if (isWithin(scope, { chainId, registry: address })) return;
  throw new KeelError({
    kind: "proof",
    code: "proof.mismatch",
    path: "attestation.domain",
    expected: `registry ${address} on chain ${chainId} (keel prove --chain-id --registry)`,
    received: registriesOf(scope)
      .map((domain) => `registry ${domain.registry} on chain ${domain.chainId}`)
      .join(", "),
  });
}
