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
  checkAll,
  checkFit,
  type Field,
  type Market,
  type Policy,
  type SignedUnits,
  type SourceKey,
} from "@keel/verifier";
import { checkUnitsCounter, type DrawdownState, unitsCounter } from "../book/drawdown.js";
import { declaredAccounts, type Enrolment } from "../book/enrolment.js";
import {
  type Content,
  checkTimes,
  contentOf,
  type Held,
  type Snapshot,
  withUnits,
} from "../book/snapshot.js";
import { checkSignature, checkSources, signedAccounts } from "../book/source.js";
import { checkContracts } from "./contracts.js";
import { type Assessment, judge } from "./judge.js";
import { type Metrics, measureHeld } from "./measure.js";

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
  /**
   * Whether the sources' signatures verify is left to the circuit, without which there is no proof. Whoever says so opens the book
   * once more without it before anything is said of one that was not proven.
   */
  readonly areSignaturesProven?: boolean;
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

/** What a snapshot still lacks before it can be proven. */
export interface Lacks {
  /** Ids of the accounts that no source has signed. */
  readonly accounts: readonly string[];
  /** Nobody has signed the fund's units: the snapshot's own count. */
  readonly units: boolean;
  /** The state's units were counted by somebody else. */
  readonly counter: boolean;
}

/** A draft on its way to a book: what is there has been checked as a book's would be. */
export interface UnfinishedBook extends Draft {
  readonly lacks: Lacks;
}

/**
 * Opens a book: checks everything that can be checked without a key, once, and measures it. Whether its limits hold is not
 * asked; see {@link judgeBook}.
 *
 * @throws KeelError kind "input", in this order: as `checkFit`, `checkTimes`, `checkContracts`, `checkSources`,
 * `checkUnitsCounter`, `withUnits`, `signedAccounts`, `declaredAccounts`, `measure`
 */
export function openBook(files: BookFiles): Book {
  const { market, policy, units, enrolment } = files;
  checkTables(files);
  if (files.sameUnits !== true) checkUnitsCounter(files.state, policy);
  const snapshot = withUnits(files.snapshot, policy, units);
  const content = contentOf(snapshot, market, policy.circuit.shape);
  const signed = signedAccounts(snapshot, market, policy, content, files.areSignaturesProven === true);
  if (enrolment !== undefined) declaredAccounts(snapshot, enrolment, policy);
  return {
    ...measured({ ...files, snapshot }, content),
    ...signed,
    ...(units === undefined ? {} : { units }),
    ...(enrolment === undefined ? {} : { enrolment }),
  };
}

/**
 * Opens what is to become a book, with the same checks in the same order: what it lacks is said, what is wrong is refused.
 *
 * @throws KeelError as {@link openBook}, but for what is in {@link Lacks}
 */
export function openUnfinished(files: Omit<BookFiles, "enrolment">): UnfinishedBook {
  const { market, policy, units } = files;
  checkTables(files);
  const lacks = lacksOf(files);
  const snapshot = lacks.units ? files.snapshot : withUnits(files.snapshot, policy, units);
  const content = contentOf(snapshot, market, policy.circuit.shape);
  for (const [s, { signature }] of snapshot.accounts.entries()) {
    if (signature !== undefined) checkSignature(snapshot, s, market, policy, content);
  }
  return { ...measured({ ...files, snapshot }, content), lacks };
}

/** What needs no units and no signatures. */
function checkTables({ snapshot, market, policy, now }: BookFiles): void {
  checkFit(policy, market);
  checkAll(
    () => checkTimes(snapshot, market, policy, now ?? present()),
    () => checkContracts(market, policy),
    () => checkSources(snapshot, policy),
  );
}

function lacksOf({ snapshot, policy, units, state, sameUnits }: BookFiles): Lacks {
  const isSigned = policy.units?.kind === "signer" || policy.units?.kind === "contract";
  const counter = state?.unitsSource;
  return {
    accounts: snapshot.accounts.flatMap(({ id, signature }) => (signature === undefined ? [id] : [])),
    units: isSigned && units === undefined,
    counter: sameUnits !== true && counter !== undefined && counter !== unitsCounter(policy),
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
  return measured({ snapshot, market, policy, ...(state === undefined ? {} : { state }) }, content);
}

function measured({ snapshot, market, policy, state }: DraftFiles, content: Content): Draft {
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
