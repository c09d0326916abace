// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel status`: what a registry says of a subject now.
 *
 * @module
 */

import { type Status, statusOf } from "@keel/verifier/chain";
import { lapsesText, navText, span, table, utc } from "@keel/verifier/text";
import { connect, type RegistryOptions } from "../chain.js";
import type { Context, Outcome } from "../context.js";
import { loadPolicyId, type PolicyName } from "../load.js";

export interface StatusOptions extends RegistryOptions, PolicyName {
  readonly subject: `0x${string}`;
}

/** Asks a registry; exit code 3 when the subject is not healthy there. */
export async function status(options: StatusOptions, context: Context): Promise<Outcome> {
  const id = await loadPolicyId(options, context);
  const found = await statusOf(await connect(options), options.subject, id);
  return { exitCode: found.healthy ? 0 : 3, json: found, text: statusText(found) };
}

function statusText(found: Status): string {
  const { subject, healthy, enrolment, pendingEnrolment, standing, asOf, expiry, timeLeft } = found;
  const { count, streak, since } = found;
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
    ...(found.nav === undefined ? [] : [["net asset value", navText(found.nav)]]),
  ];
  return `${subject} is ${healthy ? "healthy" : "NOT healthy"} at ${utc(found.blockTime)}.\n\n${table(rows)}`;
}
