// SPDX-License-Identifier: MIT
/**
 * What happened on chain, in a line each.
 *
 * @module
 */

import type { HistoryEntry } from "../chain/history.js";
import type { Notice } from "../chain/watch.js";
import { CIRCUITS, marketRootCircuit, TAIL_CIRCUITS } from "../files/circuits.js";
import { circuitHash } from "../files/policy.js";
import { printable } from "./printable.js";
import { utc } from "./tables.js";

/** Circuits whose hash is on chain, by hash. */
const NAMES: ReadonlyMap<string, string> = new Map(
  [
    ...CIRCUITS.flatMap(({ id, shape }) => [id, marketRootCircuit(shape.instruments)]),
    ...TAIL_CIRCUITS.map(({ id }) => id),
  ].map((id) => [circuitHash(id), id]),
);

/** A circuit's name, or its hash when it is none of Keel's. */
export function circuitName(hash: string): string {
  return NAMES.get(hash) ?? hash;
}

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
    case "policyLoosened":
      return `POLICY LOOSENED: line ${event.line} goes from ${event.from} to ${event.to}${from(event)}`;
    case "tighteningUndone":
      return `TIGHTENING UNDONE: line ${event.line} goes back from ${event.from} to ${event.to}, by guardian ${event.by}`;
    case "verifierAdded":
      return (
        `VERIFIER ADDED: version ${event.version} of ${circuitName(event.circuit)}, ${event.verifier}${from(event)}` +
        (event.standby ? ", on standby" : "") +
        (event.insecure ? ", from a DEVELOPMENT KEY" : "")
      );
    case "verifierRetired":
      return `VERIFIER RETIRED: version ${event.version} of ${circuitName(event.circuit)}, by ${event.by}: ${quoted(event.reason)}`;
    case "publishersSet":
      return `PUBLISHERS SET: ${event.threshold} of ${event.publishers.join(", ")}`;
    case "publishersAnnounced":
      return `PUBLISHERS ANNOUNCED: ${event.threshold} of ${event.publishers.join(", ")}${from(event)}`;
    case "publishersCancelled":
      return `PUBLISHERS CALLED OFF: the announced ones do not come, by guardian ${event.by}`;
    case "marketWithdrawn":
      return `TABLE WITHDRAWN: ${event.root} of ${event.asOf} in series ${event.series}, by ${event.by}: ${quoted(event.reason)}`;
  }
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
