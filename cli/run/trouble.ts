// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a failure of a round is called: the kind of the alert, and whether trying again may help.
 *
 * @module
 */

import type { KeelError } from "@keel/verifier/errors";
import type { AlertKind } from "./config.js";

/** By the beginning of the code; the first that fits counts. */
const KINDS: readonly (readonly [string, AlertKind])[] = [
  ["policy.", "unhealthy"],
  ["source.", "source"],
  ["collect.", "source"],
  ["snapshot.", "source"],
  ["units.", "source"],
  ["enrolment.", "source"],
  ["run.market", "market"],
  ["market.", "market"],
  ["returns.", "market"],
  ["liquidity.", "market"],
  ["input.skew", "market"],
  ["input.future", "market"],
  ["registry.market", "market"],
  ["registry.returns", "market"],
  ["run.fee", "gas"],
  ["sender.", "signer"],
  ["keystore.", "signer"],
  ["ledger.", "signer"],
  ["chain.", "node"],
  ["run.unconfirmed", "node"],
  ["registry.missing", "node"],
  ["registry.", "proof"],
  ["proof.", "proof"],
  ["prover.", "proof"],
  ["worker.", "proof"],
  ["artifact.", "proof"],
  ["key.", "proof"],
  ["state.", "state"],
  ["states.", "state"],
  ["seed.", "state"],
  ["file.missing", "failure"],
  ["file.", "disk"],
  ["system", "disk"],
];

/** A file that is not there, or that says nothing, is told as what it was to say. By the first word of its path. */
const FILES: Readonly<Record<string, AlertKind>> = {
  ...{ market: "market", returns: "market", liquidity: "market", signature: "market" },
  ...{ snapshot: "source", units: "source", tokens: "source" },
  ...{ vault: "state", seed: "state" },
};

/** How nodes say that the sender cannot pay. */
const NO_MONEY = /insufficient funds|enough funds|exceeds the balance/i;

/** The kind of alert for a failure. */
export function kindOf({
  code,
  path = "",
  received = "",
}: Pick<KeelError, "code" | "path" | "received">): AlertKind {
  if (code.startsWith("chain.") && NO_MONEY.test(received)) return "signer";
  const known = KINDS.find(([prefix]) => code.startsWith(prefix))?.[1];
  const isOfFile = code.startsWith("input.") || code === "file.missing";
  const [first = ""] = path.split(/[.[]/);
  if (isOfFile && (known ?? "failure") === "failure") return FILES[first] ?? "failure";
  return known ?? "failure";
}
