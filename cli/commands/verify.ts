// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel verify`: off-chain verification, against market and policy files of the verifier's own.
 *
 * @module
 */

import {
  isWithin,
  KeelError,
  parseAttestation,
  registriesOf,
  UNBOUND_DOMAIN,
  type Verified,
  verifyAttestation,
} from "../../verifier/src/index.js";
import { verificationKeyOf } from "../artifacts.js";
import { type Context, note, type Outcome } from "../context.js";
import { readText } from "../files.js";
import { loadPublic, type PublicFiles } from "../load.js";
import { DEVELOPMENT_KEY_WARNING, DOES_NOT_SAY, saysText } from "../policy-text.js";
import { span, utc } from "../tables.js";

export interface VerifyOptions extends PublicFiles {
  readonly attestation: string;
  readonly key?: string;
  readonly tailKey?: string;
  readonly insecure?: true;
  readonly live?: true;
}

/** Verifies; an invalid attestation is an error of kind "proof", exit code 3. */
export async function verify(options: VerifyOptions, context: Context): Promise<Outcome> {
  const { market, policy } = await loadPublic(options, context);
  const attestation = parseAttestation(await readText(options.attestation, "attestation", context));
  const verificationKey = await verificationKeyOf(policy.circuit.id, options.key, context);
  const allowInsecure = options.insecure === true;
  const tailKey =
    policy.tail === undefined
      ? undefined
      : await verificationKeyOf(policy.tail.circuit.id, options.tailKey, context);
  const verified = verifyAttestation({
    attestation,
    policy,
    market,
    verificationKey,
    ...(tailKey === undefined ? {} : { tailKey }),
    allowInsecure,
  });
  const now = context.now();
  checkTime(verified, now, options.live === true);
  if (verified.insecure) for (const line of DEVELOPMENT_KEY_WARNING.split("\n")) note(context, line);
  const expired = now >= verified.expiresAt;
  const { subject, policyId, asOf, expiresAt, domain, insecure } = verified;
  return {
    json: { ok: true, valid: true, subject, policyId, asOf, expiresAt, expired, domain, insecure },
    text: [
      expired ? "VALID, but expired." : "VALID.",
      saysText(verified, policy),
      domainText(verified),
      expiryText(verified, now),
      DOES_NOT_SAY,
    ].join("\n\n"),
  };
}

function checkTime({ asOf, expiresAt }: Verified, now: number, live: boolean): void {
  const refused = (code: string, expected: string, received: string): KeelError =>
    new KeelError({ kind: "proof", code, path: "attestation.asOf", expected, received });
  if (asOf > now) throw refused("proof.future", `at most the present, ${now}`, `${asOf}`);
  if (live && now >= expiresAt) {
    throw refused("proof.expired", `to be verified before ${utc(expiresAt)}`, utc(now));
  }
}

function domainText({ domain }: Verified): string {
  if (isWithin(domain, UNBOUND_DOMAIN)) return "It is bound to no registry, so it counts on no chain.";
  const names = registriesOf(domain).map(
    ({ registry, chainId }) => `registry ${registry} on chain ${chainId}`,
  );
  return `It counts at ${names.join(" and at ")} only.`;
}

function expiryText({ expiresAt }: Verified, now: number): string {
  const left = expiresAt - now;
  if (left > 0) return `It expires at ${utc(expiresAt)}, in ${span(left)}.`;
  return `It expired at ${utc(expiresAt)}, ${span(-left)} ago.`;
}
