// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A record as comma-separated values (RFC 4180). A cell that a spreadsheet would take for a formula is made text: the reasons
 * of revocations are other people's words.
 *
 * @module
 */

import { utc } from "@keel/verifier/text";
import { type Happening, happeningText, type SubjectRecord } from "./look.js";

const HEAD = [
  "time",
  "block",
  "transaction",
  "event",
  "policy",
  "snapshot",
  "expires",
  "proof",
  "key",
  "text",
];

/** One line an event, times in UTC. */
export function recordCsv({ happenings }: SubjectRecord): string {
  return [HEAD, ...happenings.map(rowOf)].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

function rowOf({ event, checked }: Happening): string[] {
  const attested = event.kind === "attested" ? [utc(event.asOf), utc(event.expiry)] : ["", ""];
  return [
    utc(event.blockTime),
    "blockNumber" in event ? event.blockNumber.toString() : "",
    "transaction" in event ? event.transaction : "",
    event.kind,
    "policyId" in event ? event.policyId : "",
    ...attested,
    checked?.proof ?? "",
    checked === undefined ? "" : checked.insecure ? "development key" : "not known as a development key",
    happeningText(event),
  ];
}

function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
