// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel verify`: off-chain verification, against market and policy files of the verifier's own.
 *
 * @module
 */

import {
  type Expectations,
  KeelError,
  parseAttestation,
  type Verified,
  verifyAttestation,
} from "@keel/verifier";
import {
  DEVELOPMENT_KEY_WARNING,
  doesNotSay,
  domainText,
  evidenceJson,
  expiryText,
  saysText,
  utc,
} from "@keel/verifier/text";
import { verificationKeyOf } from "../artifacts.js";
import { type Context, note, type Outcome } from "../context.js";
import { readText } from "../files.js";
import { checkModel, loadPublic, namedRegistry, type PublicFiles } from "../load.js";

export interface VerifyOptions extends PublicFiles {
  readonly attestation: string;
  readonly key?: string;
  readonly tailKey?: string;
  readonly insecure?: true;
  readonly live?: true;
  /** What else the verifier knows: first the registry where it has to count. */
  readonly chainId?: number;
  readonly registry?: `0x${string}`;
  readonly expectSubject?: `0x${string}`;
  readonly expectEnrolment?: bigint;
  readonly expectState?: bigint;
  readonly expectUnits?: bigint;
  /** Time at which the snapshot was fresh, unix seconds; true: the present. */
  readonly now?: number | true;
}

/** Verifies; an invalid attestation is an error of kind "proof", exit code 3. */
export async function verify(options: VerifyOptions, context: Context): Promise<Outcome> {
  const { market, policy } = await loadPublic(options, context);
  await checkModel(market, policy);
  const attestation = parseAttestation(await readText(options.attestation, "attestation", context));
  const verificationKey = await verificationKeyOf(policy.circuit.id, options.key, context);
  const allowInsecure = options.insecure === true;
  const tailKey =
    policy.tail === undefined
      ? undefined
      : await verificationKeyOf(policy.tail.circuit.id, options.tailKey, context);
  const now = typeof options.now === "number" ? options.now : context.now();
  const verified = verifyAttestation({
    attestation,
    policy,
    market,
    verificationKey,
    ...(tailKey === undefined ? {} : { tailKey }),
    allowInsecure,
    expected: expectationsOf(options, now),
  });
  checkTime(verified, now, options.live === true);
  if (verified.insecure) for (const line of DEVELOPMENT_KEY_WARNING.split("\n")) note(context, line);
  const expired = now >= verified.expiresAt;
  const { subject, policyId, asOf, expiresAt, domain, insecure, notCompared } = verified;
  const json = { ok: true, valid: true, subject, policyId, asOf, expiresAt, expired, domain, insecure };
  return {
    json: { ...json, notCompared, sources: evidenceJson(policy) },
    text: [
      expired ? "VALID, but expired." : "VALID.",
      saysText(verified, policy),
      domainText(verified),
      expiryText(verified, now),
      doesNotSay(verified),
    ].join("\n\n"),
  };
}

function expectationsOf(options: VerifyOptions, now: number): Expectations {
  const { expectSubject, expectEnrolment, expectState, expectUnits } = options;
  const domain = namedRegistry(options);
  return {
    ...(domain === undefined ? {} : { domain }),
    ...(expectSubject === undefined ? {} : { subject: expectSubject }),
    ...(expectEnrolment === undefined ? {} : { enrolment: expectEnrolment }),
    ...(expectState === undefined ? {} : { previousState: expectState }),
    ...(expectUnits === undefined ? {} : { units: expectUnits }),
    ...(options.now === undefined ? {} : { now }),
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
