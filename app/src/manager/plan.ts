// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The manager's job as five steps, and which one is next.
 *
 * @module
 */

import type { Assessment } from "@keel/prover";
import { FILE_KINDS, missingFiles, type OpenFiles } from "./book.js";
import { mayLeave } from "./made.js";
import { type Finding, type RegistryFacts, standingOf } from "./preflight.js";

/** The steps, in order. */
export const STEPS = ["book", "check", "accounts", "prove", "submit"] as const;

/** A step. */
export type StepId = (typeof STEPS)[number];

/** What is next. */
export interface Next {
  readonly step: StepId;
  /** Where the job stands. */
  readonly says: string;
  /** What to do, as a button says it. */
  readonly label: string;
  /** Nothing is left to do. */
  readonly isDone?: boolean;
}

/** What the plan is made of. */
export interface Situation {
  readonly files: OpenFiles;
  /** Absent while there is no book to judge. */
  readonly assessment?: Assessment | undefined;
  /** A registry is known here. */
  readonly hasRegistry: boolean;
  /** It was asked. */
  readonly facts?: RegistryFacts | undefined;
  /** It did not answer. */
  readonly isSilent?: boolean;
  /** What it said. */
  readonly findings: readonly Finding[];
}

/** The next step. */
export function nextOf(situation: Situation): Next {
  return bookNext(situation) ?? checkNext(situation) ?? accountsNext(situation) ?? proofNext(situation);
}

function bookNext({ files, assessment }: Situation): Next | undefined {
  if (assessment !== undefined) return undefined;
  const missing = missingFiles(files);
  const isEmpty = FILE_KINDS.every((kind) => files[kind] === undefined);
  const says = isEmpty
    ? "Nothing is open yet."
    : missing.length === 0
      ? "The open files cannot be judged: see above."
      : `Still missing: ${missing.join(", ")}.`;
  return { step: "book", says, label: "open files" };
}

function checkNext({ assessment }: Situation): Next | undefined {
  if (assessment === undefined || assessment.healthy) return undefined;
  const { limits } = assessment;
  const broken = limits.filter(({ ok }) => !ok).length;
  const says = `${broken} of ${limits.length} limits BROKEN: there is nothing to prove.`;
  return { step: "check", says, label: "see what is broken" };
}

function accountsNext({ files, hasRegistry, facts, isSilent }: Situation): Next | undefined {
  if (!hasRegistry || files.made !== undefined) return undefined;
  if (isSilent === true)
    return { step: "accounts", says: "The registry did not answer.", label: "ask again" };
  if (facts === undefined) return undefined;
  const standing = standingOf(facts.status, facts.roots.enrolment);
  switch (standing) {
    case "declared":
      return undefined;
    case "none":
      return { step: "accounts", says: "Every limit holds.", label: "declare the accounts" };
    case "announced":
      return { step: "accounts", says: "The list of accounts does not count yet.", label: "see from when" };
    default:
      return {
        step: "accounts",
        says: "The list of accounts is not the registry's.",
        label: "see the accounts",
      };
  }
}

function proofNext({ files: { made }, findings }: Situation): Next {
  if (made?.receipt !== undefined)
    return { step: "submit", says: "Attested.", label: "see it", isDone: true };
  if (made !== undefined) return madeNext(made);
  const wrong = findings.filter(({ ok }) => !ok);
  if (wrong.length === 0) return { step: "prove", says: "Every limit holds.", label: "prove" };
  const names = wrong.map(({ name }) => name.toLowerCase()).join(", ");
  return { step: "prove", says: `The registry would refuse: ${names}.`, label: "see why" };
}

function madeNext(made: NonNullable<OpenFiles["made"]>): Next {
  if (!mayLeave(made)) return { step: "submit", says: "Proved, and NOT saved.", label: "save the state" };
  const says = made.isKept ? "Proved, and its state is saved." : "Proved.";
  return { step: "submit", says, label: made.isBound ? "submit" : "save the attestation" };
}
