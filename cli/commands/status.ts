// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel status`: what a registry says of a subject now.
 *
 * @module
 */

import type { PolicyTerms } from "@keel/verifier";
import {
  historyOf,
  policyTermsOf,
  type Registry,
  type Status,
  statusOf,
  takesDevelopmentKey,
} from "@keel/verifier/chain";
import { KeelError } from "@keel/verifier/errors";
import { lapsesText, navText, span, table, utc } from "@keel/verifier/text";
import { connect, type RegistryOptions } from "../chain.js";
import type { Context, Outcome } from "../context.js";
import { loadPolicyId, type PolicyName } from "../load.js";

export interface StatusOptions extends RegistryOptions, PolicyName {
  readonly subject: `0x${string}`;
  /** At or before the registry's first block: then restarts are counted from the logs. */
  readonly fromBlock?: number;
}

/** When the next attestation is due. Unix seconds. */
interface Due {
  /** The first snapshot time that counts for the record; nothing before the first attestation. */
  readonly countsFrom?: number;
  /** Health lapses when none was accepted before. */
  readonly before?: number;
}

/** What a status says beside the registry's own answer. */
interface More {
  readonly due: Due;
  /** The registry takes proofs of a development key, which anybody can make; absent of a policy that it does not know. */
  readonly insecure?: boolean;
  readonly whyNot?: WhyNot;
  /** Drawdown chains that were started over; absent where no block was named to count from. */
  readonly restarts?: number;
}

/** Why a subject is not healthy: as the record stands, or what it lacks. */
type WhyNot =
  | "unknownPolicy"
  | "notEnrolled"
  | "neverAttested"
  | "expired"
  | Exclude<Status["standing"], "open">;

/** Asks a registry; exit code 3 when the subject is not healthy there. */
export async function status(options: StatusOptions, context: Context): Promise<Outcome> {
  const id = await loadPolicyId(options, context);
  const registry = await connect(options);
  const found = await statusOf(registry, options.subject, id);
  const terms = await termsOf(registry, id);
  const more: More = {
    due: dueOf(found, terms),
    ...(terms === undefined ? {} : { insecure: await takesDevelopmentKey(registry, terms.circuit) }),
    ...(found.healthy ? {} : { whyNot: whyNotOf(found, terms) }),
    ...(await restartsOf(registry, options)),
  };
  return { exitCode: found.healthy ? 0 : 3, json: { ...found, ...more }, text: statusText(found, more) };
}

function dueOf({ healthy, expiry, countedAt }: Status, terms?: PolicyTerms): Due {
  return {
    ...(terms === undefined || countedAt === undefined ? {} : { countsFrom: countedAt + terms.minInterval }),
    ...(healthy && expiry !== undefined ? { before: expiry } : {}),
  };
}

/** Nothing of a policy that the registry does not know. */
async function termsOf(registry: Registry, policy: `0x${string}`): Promise<PolicyTerms | undefined> {
  try {
    return await policyTermsOf(registry, policy);
  } catch (error) {
    if (error instanceof KeelError && error.code === "registry.unknownPolicy") return undefined;
    throw error;
  }
}

function whyNotOf({ count, enrolled, standing }: Status, terms?: PolicyTerms): WhyNot {
  if (terms === undefined) return "unknownPolicy";
  if (!enrolled) return "notEnrolled";
  if (count === 0) return "neverAttested";
  return standing === "open" ? "expired" : standing;
}

async function restartsOf(
  registry: Registry,
  { subject, fromBlock }: StatusOptions,
): Promise<Pick<More, "restarts">> {
  if (fromBlock === undefined) return {};
  const entries = await historyOf(registry, { subject, fromBlock: BigInt(fromBlock) });
  return { restarts: entries.filter(({ kind }) => kind === "chainRestarted").length };
}

function statusText(found: Status, more: More): string {
  const { due, restarts } = more;
  const { subject, healthy, enrolment, pendingEnrolment, standing, asOf, expiry, timeLeft } = found;
  const { count, streak, since, restartAt } = found;
  const rows = [
    ["policy", found.policyId],
    ["enrolled", enrolment === undefined ? "no" : `accounts ${enrolment}`],
    ...(pendingEnrolment === undefined
      ? []
      : [["announced", `accounts ${pendingEnrolment.enrolment} from ${utc(pendingEnrolment.liveAt)}`]]),
    ["drawdown state", found.state === 0n ? "none" : found.state.toString()],
    ["standing", standing],
    ["latest snapshot", asOf === undefined ? "none" : utc(asOf)],
    ["expires", expiry === undefined ? "–" : utc(expiry)],
    ["time left", span(timeLeft)],
    [healthy ? "healthy since" : "last run of health since", since === undefined ? "–" : utc(since)],
    ["attestations", `${count}, ${streak} in a row, ${lapsesText(found)}`],
    ["next attestation due", dueText(due)],
    ...(restartAt === undefined ? [] : [["drawdown may start over", `from ${utc(restartAt)}`]]),
    ...(restarts === undefined
      ? []
      : [["drawdown started over", restarts === 1 ? "once" : `${restarts} times`]]),
    ...(found.nav === undefined ? [] : [["net asset value", navText(found.nav)]]),
  ];
  const verdict = `${subject} is ${healthy ? "healthy" : "NOT healthy"} at ${utc(found.blockTime)}`;
  return `${verdict}${reason(found, more)}.\n\n${table(rows)}`;
}

/** Why not, or what the word "healthy" rests on when that is nothing. */
function reason({ healthy, expiry = 0, blockTime }: Status, { whyNot, insecure }: More): string {
  if (healthy)
    return insecure === true ? ", by a DEVELOPMENT KEY: anybody can make such proofs of anything" : "";
  const words: Readonly<Record<WhyNot, string>> = {
    unknownPolicy: "the registry knows no such policy (`keel publish-policy`)",
    notEnrolled: "the subject has declared no accounts (`keel enrol`)",
    neverAttested: "nothing was attested under this policy (`keel attest`)",
    expired: `the latest attestation ran out at ${utc(expiry)}, ${span(blockTime - expiry)} ago`,
    revokedBySubject: "the subject revoked its attestation",
    revokedByGuardian: "a guardian closed the record",
    voided: "what the latest attestation rested on was taken back",
  };
  return whyNot === undefined ? "" : `: ${words[whyNot]}`;
}

function dueText({ countsFrom, before }: Due): string {
  const from = countsFrom === undefined ? "" : `a snapshot from ${utc(countsFrom)} on counts`;
  if (before === undefined) return from === "" ? "now" : `now; ${from}`;
  return `before ${utc(before)}${from === "" ? "" : `; ${from}`}`;
}
