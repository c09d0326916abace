// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the registry will ask of an attestation, asked before a proof is made: does it know the policy and a verifier of each circuit,
 * does the list of accounts count, did the market book accept the tables, is the snapshot young enough and newer than the last, and
 * does the opened state go on where the subject's chain stands?
 *
 * @module
 */

import { policyId, policyTerms } from "@keel/verifier";
import {
  latestVersion,
  policyTermsOf,
  type Registry,
  type Status,
  statusOf,
  type TableStanding,
  tableStandingOf,
} from "@keel/verifier/chain";
import { span, utc } from "@keel/verifier/text";
import type { Hex } from "viem";
import { neededTables, TABLE_KINDS, TABLES, type TableKind } from "../beside.js";
import { circuitNames } from "../circuits.js";
import type { Book } from "./book.js";
import type { BookRoots } from "./roots.js";

/** What a registry knows that a proof of a book would meet; tables beside the market's only where the policy needs them. */
export interface RegistryFacts extends Partial<Readonly<Record<TableKind, TableStanding>>> {
  readonly status: Status;
  /** It knows the policy. */
  readonly isPublished: boolean;
  /** Of each circuit of the policy: the newest live verifier's version, 0 for none. */
  readonly verifiers: Readonly<Record<string, number>>;
  readonly market: TableStanding;
  readonly roots: BookRoots;
}

/** Asks the registry. @param roots of the book, from the desk @throws KeelError kind "environment" */
export async function askRegistry(registry: Registry, book: Book, roots: BookRoots): Promise<RegistryFacts> {
  const { snapshot, policy, market } = book;
  const terms = policyTerms(policy, market);
  const id = policyId(terms);
  const circuits = Object.values(circuitNames(policy));
  const standing = (series: Hex, root: bigint, asOf: number) =>
    tableStandingOf(registry, { series, root, asOf });
  const ofTable = async (kind: TableKind) => {
    const { series } = TABLES[kind].terms(terms)!;
    return [kind, await standing(series, roots[kind]!, market[kind]!.asOf)] as const;
  };
  const [status, isPublished, versions, ofMarket, tables] = await Promise.all([
    statusOf(registry, snapshot.subject, id),
    isKnown(registry, id),
    Promise.all(circuits.map((circuit) => latestVersion(registry, circuit))),
    standing(terms.marketSeries, roots.market, market.asOf),
    Promise.all(neededTables(policy).map(ofTable)),
  ]);
  const verifiers = Object.fromEntries(circuits.map((circuit, i) => [circuit, versions[i]!]));
  return {
    ...{ status, isPublished, verifiers, market: ofMarket, roots },
    ...Object.fromEntries(tables),
  };
}

async function isKnown(registry: Registry, id: `0x${string}`): Promise<boolean> {
  try {
    await policyTermsOf(registry, id);
    return true;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === "registry.unknownPolicy") return false;
    throw error;
  }
}

/** One thing that was looked at. */
export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly says: string;
}

/** What a registry would refuse, and what it would not. */
export function preflight(book: Book, facts: RegistryFacts): Finding[] {
  return [
    verifierFinding(facts),
    policyFinding(facts),
    accountsFinding(facts),
    tableFinding("Market", facts.market, "market"),
    ...TABLE_KINDS.flatMap((kind) => {
      const standing = facts[kind];
      return standing === undefined ? [] : [tableFinding(TABLES[kind].title, standing, kind)];
    }),
    ageFinding(book, facts),
    stateFinding(facts),
  ];
}

function verifierFinding({ verifiers }: RegistryFacts): Finding {
  const missing = Object.keys(verifiers).filter((circuit) => verifiers[circuit] === 0);
  const known = Object.entries(verifiers).map(([circuit, version]) => `${circuit} (version ${version})`);
  const says =
    missing.length === 0
      ? `The registry verifies ${known.join(" and ")}.`
      : `The registry has no verifier of ${missing.join(" and ")}: its verifiers' admin adds one (keel verifier).`;
  return { name: "Verifier", ok: missing.length === 0, says };
}

function policyFinding({ isPublished }: RegistryFacts): Finding {
  const says = isPublished
    ? "The registry knows this policy."
    : "The registry does not know this policy with this market's instruments: publish it first (keel publish-policy).";
  return { name: "Policy", ok: isPublished, says };
}

function accountsFinding({ status, roots }: RegistryFacts): Finding {
  const standing = standingOf(status, roots.enrolment);
  return { name: "Accounts", ok: standing === "declared", says: standingText(standing, status) };
}

function tableFinding(name: string, standing: TableStanding, table: string): Finding {
  const says = {
    accepted: `The market book accepted this ${table} table.`,
    unknown: `The market book has not accepted this ${table} table: its publishers sign it, and anybody sends it.`,
    withdrawn: `This ${table} table was WITHDRAWN: take another.`,
  }[standing];
  return { name, ok: standing === "accepted", says };
}

function ageFinding({ snapshot: { asOf }, policy }: Book, { status }: RegistryFacts): Finding {
  const { blockTime, floor } = status;
  const age = blockTime - asOf;
  const last = Math.min(policy.maxAge, policy.validity - 1);
  const fault = [
    {
      if: age < 0,
      says: `The snapshot is of ${utc(asOf)}, which the chain's clock, ${utc(blockTime)}, has not reached.`,
    },
    {
      if: age > last,
      says: `The snapshot is ${span(age)} old; the policy takes one for ${span(last)}. Sign a newer one.`,
    },
    {
      if: asOf <= floor,
      says: `The snapshot is not newer than ${utc(floor)}, of which the registry has an attestation or an end.`,
    },
  ].find((candidate) => candidate.if);
  const left = `The snapshot is ${span(Math.max(age, 0))} old, and is taken for ${span(Math.max(last - age, 0))} more.`;
  return { name: "Age", ok: fault === undefined, says: fault?.says ?? left };
}

function stateFinding({ status: { state }, roots }: RegistryFacts): Finding {
  const opened = roots.state;
  const says =
    state === 0n
      ? opened === undefined
        ? "The subject's drawdown chain begins with this proof."
        : "The registry's drawdown chain of this subject begins anew: close the state that is open."
      : opened === undefined
        ? "The registry has a state of this subject: open the state file that was saved with its latest attestation, or the seed."
        : opened === state
          ? "The state that is open is the registry's."
          : "The state that is open is not the registry's: it is of another attestation, or of another subject.";
  return { name: "State", ok: (opened ?? 0n) === state, says };
}

/** How the registry's list of accounts stands to the opened one. */
export type Standing = "none" | "declared" | "announced" | "notOpened" | "another";

/** @param opened the opened list's commitment */
export function standingOf({ enrolment, pendingEnrolment }: Status, opened: bigint | undefined): Standing {
  if (enrolment === undefined) return "none";
  if (opened === undefined) return "notOpened";
  if (opened === enrolment) return "declared";
  return opened === pendingEnrolment?.enrolment ? "announced" : "another";
}

/** Says it. */
export function standingText(standing: Standing, { subject, pendingEnrolment }: Status): string {
  switch (standing) {
    case "none":
      return `The registry takes no attestation of ${subject} before it has declared its accounts.`;
    case "declared":
      return "The registry knows these accounts: every proof covers exactly them.";
    case "announced":
      return `The registry knows another list. This one counts from ${utc(pendingEnrolment!.liveAt)}.`;
    case "notOpened":
      return "The registry knows a list of accounts: open the enrolment file that was saved when it was declared.";
    case "another":
      return "The registry knows another list than the enrolment that is open, and refuses proofs of this one.";
  }
}
