// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel verify`: off-chain verification, against market and policy files of the verifier's own.
 *
 * @module
 */

import {
  type Attestation,
  checkExposuresOpening,
  type Expectations,
  KeelError,
  type Policy,
  parseAttestation,
  parseExposuresOpening,
  type Verified,
  verifyAttestation,
} from "@keel/verifier";
import {
  DEVELOPMENT_KEY_WARNING,
  doesNotSay,
  domainText,
  evidenceJson,
  expiryText,
  type Figure,
  figureLines,
  figuresOf,
  saysText,
  utc,
} from "@keel/verifier/text";
import { verificationKeyOf } from "../artifacts.js";
import { type Context, note, type Outcome } from "../context.js";
import { usageError } from "../errors.js";
import { readSecret, readText } from "../files.js";
import { checkModel, loadPublic, namedRegistry, type PublicFiles } from "../load.js";

export interface VerifyOptions extends PublicFiles {
  readonly attestation: string;
  readonly key?: string;
  readonly tailKey?: string;
  readonly liquidityKey?: string;
  readonly disclosureKey?: string;
  /** What the manager opened to the reader; its figures are shown once it holds. */
  readonly opening?: string;
  /** The registry's log, at this node, has to have this attestation. */
  readonly onChain?: true;
  readonly rpc?: string;
  readonly fromBlock?: number;
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
  const liquidityKey =
    policy.liquidity === undefined
      ? undefined
      : await verificationKeyOf(policy.liquidity.circuit.id, options.liquidityKey, context);
  const disclosureKey =
    policy.disclosure === undefined
      ? undefined
      : await verificationKeyOf(policy.disclosure.circuit.id, options.disclosureKey, context);
  const now = typeof options.now === "number" ? options.now : context.now();
  const verified = verifyAttestation({
    attestation,
    policy,
    market,
    verificationKey,
    ...(tailKey === undefined ? {} : { tailKey }),
    ...(liquidityKey === undefined ? {} : { liquidityKey }),
    ...(disclosureKey === undefined ? {} : { disclosureKey }),
    allowInsecure,
    expected: expectationsOf(options, now),
  });
  checkTime(verified, now, options.live === true);
  const opened = await openedFigures(options, attestation, policy, context);
  const onChain = await findOnChain(options, attestation);
  if (verified.insecure) for (const line of DEVELOPMENT_KEY_WARNING.split("\n")) note(context, line);
  const expired = now >= verified.expiresAt;
  const { subject, policyId, asOf, expiresAt, domain, insecure, notCompared } = verified;
  const json = {
    ...{ ok: true, valid: true, subject, policyId, asOf, expiresAt, expired, domain, insecure },
    ...(verified.nav === undefined ? {} : { nav: verified.nav }),
    ...(opened === undefined ? {} : { figures: opened }),
    ...(onChain === undefined ? {} : { onChain }),
  };
  return {
    json: { ...json, notCompared, sources: evidenceJson(policy) },
    text: [
      expired ? "VALID, but expired." : "VALID.",
      saysText(verified, policy),
      domainText(verified),
      expiryText(verified, now),
      ...(opened === undefined ? [] : [`The opening holds. The sums:\n${figureLines(opened)}`]),
      ...(onChain === undefined
        ? []
        : [`The registry accepted it in block ${onChain.blockNumber}, transaction ${onChain.transaction}.`]),
      doesNotSay(verified),
    ].join("\n\n"),
  };
}

/** The sums that an opening shows, once it is of this attestation. */
async function openedFigures(
  { opening }: VerifyOptions,
  attestation: Attestation,
  policy: Policy,
  context: Context,
): Promise<Figure[] | undefined> {
  if (opening === undefined) return undefined;
  const opened = parseExposuresOpening(await readSecret(opening, "opening", context));
  checkExposuresOpening(opened, attestation);
  const scenarios = policy.scenarios.map(({ name }) => name);
  return figuresOf(opened.sums, { underlyings: opened.underlyings, scenarios });
}

/** Where a registry's log has this attestation; undefined when nobody asked. */
async function findOnChain(
  { onChain, rpc, registry, fromBlock = 0 }: VerifyOptions,
  { subject, policyId, digest }: Attestation,
): Promise<{ readonly blockNumber: number; readonly transaction: string } | undefined> {
  if (onChain !== true) return undefined;
  if (rpc === undefined || registry === undefined) {
    throw usageError("--rpc and --registry", "none, or one alone", "--on-chain");
  }
  // Loaded here: who verifies files alone needs no chain.
  const { connect } = await import("../chain.js");
  const { historyOf } = await import("@keel/verifier/chain");
  const query = { subject, policyId, fromBlock: BigInt(fromBlock) };
  const entries = await historyOf(await connect({ rpc, registry }), query);
  const found = entries.findLast((entry) => entry.kind === "attested" && entry.digest === digest);
  if (found === undefined) {
    throw new KeelError({
      ...{ kind: "proof", code: "proof.notOnChain", path: "attestation" },
      expected: `an attestation that registry ${registry} accepted`,
      received: "one that its log does not have",
    });
  }
  return { blockNumber: Number(found.blockNumber), transaction: found.transaction };
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
