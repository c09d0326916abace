// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a record's attestations seal for a viewer, read in this page. The key is a value that goes through: it is neither kept nor
 * sent, and closing the page ends it.
 *
 * @module
 */

import { disclosureCircuitOf, inputError, parseViewerKey, readSums } from "@keel/verifier";
import { type AttestedEntry, disclosureOf } from "@keel/verifier/chain";
import { circuitName, type Figure, figuresOf } from "@keel/verifier/text";
import type { Hex } from "viem";
import type { PolicyRecord, SubjectRecord } from "./look.js";

/** An attestation's figures. */
export interface Reading {
  readonly policyId: Hex;
  /** Snapshot time, unix seconds. */
  readonly asOf: number;
  readonly figures: readonly Figure[];
}

/**
 * Reads the attestations whose proofs were verified in this page; words that no proof stands behind could say anything.
 *
 * @param key text of a viewer-key/1 file, or its secret
 * @throws KeelError kind "input", never with a part of the key: `disclosure.viewer` where nothing is sealed for it
 */
export function readRecord({ policies, happenings }: SubjectRecord, key: string): Reading[] {
  const { secret, publicKey } = parseViewerKey(key);
  try {
    const own = new Map(policies.filter(namesViewer(publicKey)).map((policy) => [policy.policyId, policy]));
    const readings = happenings.flatMap(({ event, checked }) => {
      const policy = event.kind === "attested" ? own.get(event.policyId) : undefined;
      if (event.kind !== "attested" || policy === undefined || checked?.proof !== "verified") return [];
      return [readEntry(event, policy, secret)];
    });
    if (readings.length > 0) return readings;
    throw inputError("disclosure.viewer", "viewerKey", "an attestation that seals something for it", "none");
  } finally {
    secret.fill(0);
  }
}

function namesViewer(publicKey: readonly bigint[]) {
  return ({ terms }: PolicyRecord): boolean => terms.viewers.some((key) => key.join() === publicKey.join());
}

function readEntry(entry: AttestedEntry, { terms, policyId }: PolicyRecord, secret: Uint8Array): Reading {
  const { shape } = disclosureCircuitOf(circuitName(terms.disclosureCircuit));
  const sums = readSums(disclosureOf(entry, terms)!, shape, secret);
  return { policyId, asOf: entry.asOf, figures: figuresOf(sums) };
}

/** One line an attestation; exact decimals of USD. */
export function figuresCsv(readings: readonly Reading[]): string {
  const names = [...new Set(readings.flatMap(({ figures }) => figures.map(({ name }) => name)))];
  const rows = readings.map(({ policyId, asOf, figures }) => {
    const usd = new Map(figures.map((figure) => [figure.name, figure.usd]));
    return [policyId, `${asOf}`, ...names.map((name) => usd.get(name) ?? "")];
  });
  return [["policy", "asOf", ...names], ...rows].map((row) => `${row.join(",")}\r\n`).join("");
}
