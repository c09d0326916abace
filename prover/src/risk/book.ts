// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The book: a snapshot with the tables and the policy it is judged by, checked once and measured once. Whatever is made of it
 * (a check, rooms, a witness, a proof) takes it from here and asks nothing again.
 *
 * Its room is risk and not book, because it carries the metrics and imports go down. It is plain data: whoever changes a part
 * of one opens another.
 *
 * @module
 */

import {
  checkFit,
  type Field,
  type Market,
  type Policy,
  type SignedUnits,
  type SourceKey,
} from "@keel/verifier";
import { checkUnitsCounter, type DrawdownState } from "../book/drawdown.js";
import { declaredAccounts, type Enrolment } from "../book/enrolment.js";
import {
  type Content,
  checkTimes,
  contentOf,
  type Held,
  type Snapshot,
  withUnits,
} from "../book/snapshot.js";
import { signedAccounts } from "../book/source.js";
import { checkContracts } from "./contracts.js";
import { type Assessment, judge } from "./judge.js";
import { type Metrics, measureHeld } from "./risk.js";

/** What a draft is made from. */
export interface DraftFiles {
  /** With the units that its policy's source says. */
  readonly snapshot: Snapshot;
  /** With returns when the policy limits tail risk. */
  readonly market: Market;
  readonly policy: Policy;
  /** The latest state of the drawdown chain; absent at its genesis. */
  readonly state?: DrawdownState;
}

/** What a book is made from. */
export interface BookFiles extends DraftFiles {
  /** Its units are those of the file: what counts is said by {@link BookFiles.units}. */
  readonly snapshot: Snapshot;
  /** Units of the fund as the policy's administrator signed them; under policies with one. */
  readonly units?: SignedUnits;
  /** The declared accounts; a proof declares the snapshot's own anew when absent. */
  readonly enrolment?: Enrolment;
  /** The state's units were counted by another source, on the same scale: whoever says so has looked. */
  readonly sameUnits?: boolean;
  /** Unix seconds, the present when absent; times later than this are refused. */
  readonly now?: number;
}

/** A measured snapshot, by whoever says it: enough to judge, not to prove. */
export interface Draft extends DraftFiles {
  readonly held: Held;
  readonly metrics: Metrics;
}

/** A draft whose accounts their sources have signed, in the snapshot's order. */
export interface Book extends Draft {
  /** What was signed, account by account. */
  readonly messages: readonly Field[];
  /** Keys of those who signed, account by account. */
  readonly sources: readonly SourceKey[];
  /** Under policies whose administrator signs them. */
  readonly units?: SignedUnits;
  readonly enrolment?: Enrolment;
}

/**
 * Opens a book: checks everything that can be checked without a key, once, and measures it. Whether its limits hold is not
 * asked; see {@link judgeBook}.
 *
 * @throws KeelError kind "input", in this order: as `checkFit`, `checkTimes`, `checkContracts`, `checkUnitsCounter`, `withUnits`,
 * `signedAccounts`, `declaredAccounts`, `measure`
 */
export function openBook(files: BookFiles): Book {
  const { market, policy, units, enrolment, state } = files;
  checkFit(policy, market);
  checkTimes(files.snapshot, market, policy, files.now ?? present());
  checkContracts(market, policy);
  if (files.sameUnits !== true) checkUnitsCounter(state, policy);
  const snapshot = withUnits(files.snapshot, policy, units);
  const signed = signedAccounts(snapshot, market, policy);
  if (enrolment !== undefined) declaredAccounts(snapshot, enrolment, policy);
  const metrics = measureHeld(signed.held, snapshot, market, policy);
  return {
    ...{ snapshot, market, policy, metrics, ...signed },
    ...(units === undefined ? {} : { units }),
    ...(enrolment === undefined ? {} : { enrolment }),
    ...(state === undefined ? {} : { state }),
  };
}

/**
 * Measures a snapshot that nobody has signed yet, or whose signatures do not matter.
 *
 * @param content what its accounts hold, where somebody has it already
 * @throws KeelError as `checkFit`, `quantities` and `measure`
 */
export function openDraft(
  { snapshot, market, policy, state }: DraftFiles,
  content: Content = contentOf(snapshot, market, policy.circuit.shape),
): Draft {
  checkFit(policy, market);
  const held = content.held();
  const metrics = measureHeld(held, snapshot, market, policy);
  return { snapshot, market, policy, ...(state === undefined ? {} : { state }), held, metrics };
}

/**
 * Makes a book of a draft that its sources have signed.
 *
 * @throws KeelError as `signedAccounts`
 */
export function signedBook(draft: Draft, more: Pick<Book, "units" | "enrolment"> = {}): Book {
  const { snapshot, market, policy, held } = draft;
  const content = contentOf(snapshot, market, policy.circuit.shape, held);
  return { ...draft, ...more, ...signedAccounts(snapshot, market, policy, content) };
}

/** Judges a book by its policy; the high-water mark is its state's. */
export function judgeBook({ metrics, policy, state }: Draft): Assessment {
  const limits = judge(metrics, policy.limits, state);
  return { healthy: limits.every((limit) => limit.ok), metrics, limits };
}

function present(): number {
  return Math.floor(Date.now() / 1000);
}
