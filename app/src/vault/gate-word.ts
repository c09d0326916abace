// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The one word that a depositor looks for, and when it may be said: never over an answer that is old, never in green over a
 * development key or a registry that nobody named.
 *
 * @module
 */

import { type Closed, type Status, whyClosed } from "@keel/verifier/chain";
import { span, utc } from "@keel/verifier/text";
import { behindText } from "../freshness.js";

/** What a gate's word rests on. */
export interface GateFacts {
  readonly status: Status;
  /** The vault itself lets deposits in. */
  readonly admits: boolean;
  readonly insecure: boolean;
  readonly isExpected: boolean;
  readonly chainId: number;
  /** Seconds since the chain was last read. */
  readonly age: number;
  /** Unix seconds by the visitor's own clock, when it was last read. */
  readonly clock: number;
}

/** A gate in words; only `open` is green. */
export interface GateWord {
  readonly tone: "open" | "doubtful" | "closed" | "unknown";
  readonly word: string;
  readonly more: string;
}

/** The page reads every 15 seconds: what is older than this was not confirmed three times. */
export const STALE_AFTER = 60;

const REASONS: Readonly<Record<Closed, (status: Status) => string>> = {
  neverAttested: ({ enrolled }) =>
    enrolled
      ? "The manager has not attested under this policy yet."
      : "The manager has not declared its accounts, and has not attested yet.",
  expired: ({ expiry }) =>
    `The latest attestation expired at ${utc(expiry!)}; the manager has to prove a newer snapshot.`,
  revokedBySubject: () => "The manager withdrew its latest attestation; it has to prove a newer snapshot.",
  revokedByGuardian: () =>
    "A guardian closed the manager's record; nothing counts until a guardian opens it again.",
  voided: () =>
    "The market table or the verifier behind the latest attestation was withdrawn; the manager has to prove a newer snapshot.",
};

/** Why deposits are closed, in words. */
export function closedText(status: Status): string {
  const why = whyClosed(status);
  return why === undefined
    ? "The vault asks for more than the policy does, or its manager paused deposits."
    : REASONS[why](status);
}

/** The word. */
export function gateWord(facts: GateFacts): GateWord {
  const { status, admits, insecure, isExpected, age } = facts;
  const left = status.timeLeft - age;
  const old = staleText(facts);
  if (old !== undefined) return { tone: "unknown", word: "Nobody knows now", more: old };
  if (!status.healthy || !admits)
    return { tone: "closed", word: "Deposits are closed", more: closedText(status) };
  if (left <= 0) {
    const more = `The latest attestation expired at ${utc(status.expiry!)}, by this page's clock.`;
    return { tone: "closed", word: "Deposits are closed", more };
  }
  const more = `for another ${span(left)}, until ${utc(status.expiry!)}`;
  const doubt = doubtOf(insecure, isExpected);
  if (doubt === undefined) return { tone: "open", word: "Deposits are open", more };
  return { tone: "doubtful", word: "Deposits are open", more: `${more}, ${doubt}` };
}

function doubtOf(insecure: boolean, isExpected: boolean): string | undefined {
  if (insecure) return "by a DEVELOPMENT KEY: anybody could have made this proof";
  return isExpected ? undefined : "by a registry that nobody named beforehand";
}

/** Why the last answer says nothing of now; undefined while it does. */
function staleText({ status, chainId, age, clock }: GateFacts): string | undefined {
  if (age > STALE_AFTER) {
    return `The chain was last read ${span(age)} ago, and does not answer since. What it said then is no word for now.`;
  }
  return behindText(chainId, status.blockTime, clock);
}
