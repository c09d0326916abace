// SPDX-License-Identifier: MIT
/**
 * What happened on chain, in a line each.
 *
 * @module
 */

import type { HistoryEntry } from "../chain/history.js";
import type { Notice } from "../chain/watch.js";
import { authoritySentence } from "./authority-text.js";
import { circuitName } from "./circuit-name.js";
import { printable } from "./printable.js";
import { utc } from "./tables.js";

export { circuitName } from "./circuit-name.js";

/** "2026-01-01 00:00:00 UTC  block 12  0x… did something". */
export function eventLine(event: HistoryEntry | Notice): string {
  const block = "blockNumber" in event ? `block ${event.blockNumber}` : "no block";
  return `${utc(event.blockTime)}  ${block}  ${sentence(event)}`;
}

/** What happened, without time and place. */
export function sentence(event: HistoryEntry | Notice): string {
  switch (event.kind) {
    case "enrolled":
      return `${event.subject} declared accounts ${event.enrolment}${from(event)}`;
    case "accountsAnnounced":
      return `ACCOUNTS ANNOUNCED: ${event.subject} declared other accounts ${event.enrolment}${from(event)}`;
    case "accountsReplaced":
      return `ACCOUNTS REPLACED: ${event.subject} declared other accounts ${event.enrolment}, which count at once`;
    case "attested":
      return `${event.subject} attested healthy at ${utc(event.asOf)} under ${event.policyId}, until ${utc(event.expiry)}`;
    case "lapsed":
      return `LAPSED: ${event.subject} has no live attestation under ${event.policyId}`;
    case "revoked":
      return `REVOKED: ${event.subject} under ${event.policyId}, by ${who(event)}: ${quoted(event.reason)}`;
    case "voided":
      return `VOIDED: ${event.subject} under ${event.policyId}, by ${event.by}: what it rested on was taken back`;
    case "reopened":
      return `REOPENED: ${event.subject} under ${event.policyId}, by guardian ${event.by}`;
    case "chainRestarted":
      return `DRAWDOWN CHAIN RESTARTED: ${event.subject} goes on from a genesis and gives up state ${event.state}`;
    case "restartAnnounced":
      return `DRAWDOWN CHAIN MAY RESTART: ${event.subject}${from(event)}, by guardian ${event.by}: ${quoted(event.reason)}`;
    case "restartCancelled":
      return `RESTART CALLED OFF: the drawdown chain of ${event.subject} goes on, by ${event.by}`;
    case "lineOpened":
      return `LINE OPENED: "${printable(event.name)}" (${event.line}) with policy ${event.policyId}`;
    case "policyTightened":
      return `POLICY TIGHTENED: line ${event.line} went from ${event.from} to ${event.to}`;
    case "policyLoosened":
      return `POLICY LOOSENED: line ${event.line} goes from ${event.from} to ${event.to}${from(event)}`;
    case "verifierAdded":
      return (
        `VERIFIER ADDED: version ${event.version} of ${circuitName(event.circuit)}, ${event.verifier}${from(event)}` +
        (event.standby ? ", on standby: it counts once every other live version is retired" : "") +
        (event.insecure ? ", from a DEVELOPMENT KEY" : "")
      );
    case "verifierRetired":
      return `VERIFIER RETIRED: version ${event.version} of ${circuitName(event.circuit)}, by ${event.by}: ${quoted(event.reason)}`;
    case "policyMoveCancelled":
      return `POLICY MOVE CALLED OFF: line ${event.line} stays, and does not go to ${event.next}, by guardian ${event.by}`;
    case "tighteningUndone":
      return `TIGHTENING UNDONE: line ${event.line} went back from ${event.from} to ${event.to} at once, by guardian ${event.by}`;
    case "publishersSet":
      return `PUBLISHERS SET: ${publishers(event)}`;
    case "publishersAnnounced":
      return `PUBLISHERS ANNOUNCED: ${publishers(event)}${from(event)}`;
    case "publishersCancelled":
      return `PUBLISHERS CALLED OFF: the announced ones, by guardian ${event.by}`;
    case "publishersInForce":
      return `PUBLISHERS IN FORCE: ${publishers(event)}`;
    case "tableAccepted":
      return `TABLE ACCEPTED: ${event.root} of ${event.asOf} in series ${event.series}, ${bringer(event)}`;
    case "universeOpened":
      return `UNIVERSE OPENED: ${event.id} of ${event.instruments} instruments at ${event.source}${from(event)}`;
    case "universeClosed":
      return `UNIVERSE CLOSED: ${event.id} at ${event.source}, by ${event.by}: ${quoted(event.reason)}`;
    case "marketWithdrawn":
      return `TABLE WITHDRAWN: ${event.root} of ${event.asOf} in series ${event.series}, by ${event.by}: ${quoted(event.reason)}`;
    case "inForce":
      return event.notice.kind === "operationScheduled"
        ? `READY TO BE EXECUTED: ${said(event)}`
        : `IN FORCE: ${said(event)}`;
    case "expired":
      return `LAPSED UNUSED: ${said(event)}`;
    case "dropped":
      return `DROPPED, something else took its place before its time: ${said(event)}`;
    case "foundThere":
      return `IN PLACE ALREADY at ${event.at}, since ${utc(event.notice.blockTime)}: ${said(event)}`;
    case "standbyChanged":
      return `STANDBY VERIFIER ${event.counts ? "TAKES OVER" : "STEPS BACK"}: version ${event.version} of ${circuitName(event.circuit)}, ${event.verifier}`;
    case "takenBack":
      return `TAKEN BACK, no longer on the chain: ${sentence(event.notice)}`;
    case "blocksReplaced":
      return `BLOCKS REPLACED: more than are remembered, from block ${event.from} on or before; what was told of earlier ones may not stand`;
    default:
      return `${authoritySentence(event)}${event.kind !== "authorityChanged" && "at" in event ? `, at authority ${event.at}` : ""}`;
  }
}

/** What was said earlier. */
function said({
  notice,
}: {
  readonly notice: { readonly kind: string; readonly blockTime: number };
}): string {
  return sentence(notice as Notice);
}

function publishers(event: { readonly publishers: readonly string[]; readonly threshold: bigint }): string {
  return `${event.threshold} of ${event.publishers.join(", ")}`;
}

function bringer({
  signers,
  source,
}: {
  readonly signers?: readonly string[];
  readonly source?: string;
}): string {
  return source === undefined ? `signed by ${(signers ?? []).join(", ")}` : `on the word of ${source}`;
}

function from({ blockTime, liveAt }: { readonly blockTime: number; readonly liveAt: number }): string {
  return liveAt === blockTime ? "" : ` from ${utc(liveAt)}`;
}

function who({ standing, by }: { readonly standing: string; readonly by: string }): string {
  return standing === "revokedByGuardian" ? `guardian ${by}` : "the subject";
}

function quoted(reason: string): string {
  return `"${printable(reason)}"`;
}
