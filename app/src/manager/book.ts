// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The manager's files in memory, and the book that they make: judged as it is, and as edited positions would leave it.
 *
 * @module
 */

import {
  type Assessment,
  afterTrades,
  checkContracts,
  type DrawdownState,
  type Enrolment,
  headroom,
  judgeBook,
  openDraft,
  parseEnrolment,
  parseSnapshot,
  parseState,
  type Room,
  type Snapshot,
  type Trade,
  withUnits,
} from "@keel/prover";
import {
  checkFit,
  formatDecimal,
  inputError,
  isFunded,
  type Market,
  type Policy,
  parseDecimal,
  parseJson,
  parseMarket,
  parsePolicy,
  parseReturns,
  parseUnits,
  type Returns,
  type SignedUnits,
  withReturns,
} from "@keel/verifier";

/** What has been opened so far. */
export interface OpenFiles {
  readonly snapshot?: Snapshot;
  /** With the returns, once both are open and the policy needs them. */
  readonly market?: Market;
  readonly policy?: Policy;
  /** Daily returns and covariances, for policies with tail-risk limits. */
  readonly returns?: Returns;
  /** How many units the fund has, by its administrator's word, for policies that name one. */
  readonly units?: SignedUnits;
  /** The declared accounts, secret; without them a proof declares the snapshot's anew. */
  readonly enrolment?: Enrolment;
  /** The drawdown chain's latest state, secret; its genesis without it. */
  readonly state?: DrawdownState;
}

/** Enough to judge. */
export interface Book extends OpenFiles {
  readonly snapshot: Snapshot;
  readonly market: Market;
  readonly policy: Policy;
}

/** A judged book with the way to each limit. */
export interface Judged {
  readonly assessment: Assessment;
  /** In the order of the assessment's limits. */
  readonly rooms: readonly Room[];
}

/** By what stands before the version in a file's mark; a parser says itself what becomes of an older version. */
const PARSERS: Readonly<Record<string, (text: string) => OpenFiles>> = {
  snapshot: (text) => ({ snapshot: parseSnapshot(text) }),
  market: (text) => ({ market: parseMarket(text) }),
  policy: (text) => ({ policy: parsePolicy(text) }),
  returns: (text) => ({ returns: parseReturns(text) }),
  units: (text) => ({ units: parseUnits(text) }),
  enrolment: (text) => ({ enrolment: parseEnrolment(text) }),
  state: (text) => ({ state: parseState(text) }),
};

/**
 * Adds files, each known by its own `keel` mark; a later one replaces an earlier one of its kind.
 *
 * @throws KeelError kind "input"
 */
export function openTexts(before: OpenFiles, texts: readonly string[]): OpenFiles {
  const files = Object.assign({ ...before }, ...texts.map(readFile)) as OpenFiles;
  const { market, policy, returns } = files;
  const lacksReturns = policy?.tail !== undefined && returns !== undefined && market?.returns !== returns;
  // Here, so that what is made of the market stays while nothing of it is opened anew.
  return lacksReturns && market !== undefined ? { ...files, market: withReturns(market, returns) } : files;
}

/** What of the opened files a newer snapshot of the same subject goes on from: its state and its declared accounts. */
export function secretsFor({ snapshot, state, enrolment }: OpenFiles, texts: readonly string[]): OpenFiles {
  if (openTexts({}, texts).snapshot?.subject !== snapshot?.subject) return {};
  return { ...(state === undefined ? {} : { state }), ...(enrolment === undefined ? {} : { enrolment }) };
}

function readFile(text: string): OpenFiles {
  const json = parseJson(text, "file");
  const mark = typeof json === "object" && json !== null && !Array.isArray(json) ? json.keel : undefined;
  const [kind] = typeof mark === "string" ? mark.split("/") : [];
  if (kind !== undefined && Object.hasOwn(PARSERS, kind)) return PARSERS[kind]!(text);
  throw inputError("file.kind", "file.keel", Object.keys(PARSERS).join(", "), "another mark");
}

/** What is still needed before a book can be judged. */
export function missingFiles(files: OpenFiles): string[] {
  const needed = ["snapshot", "market", "policy"] as const;
  const missing: string[] = needed.filter((name) => files[name] === undefined);
  const needsReturns = files.policy?.tail !== undefined && files.returns === undefined;
  const needsUnits = isAdministered(files) && files.units === undefined;
  return [...missing, ...(needsReturns ? ["returns"] : []), ...(needsUnits ? ["units"] : [])];
}

function isAdministered({ policy }: OpenFiles): boolean {
  return policy?.units?.kind === "signer" || policy?.units?.kind === "contract";
}

/** The book, when everything for it is open. @throws KeelError kind "input" when the files do not go together */
export function bookOf(files: OpenFiles): Book | undefined {
  if (missingFiles(files).length > 0) return undefined;
  const { units, ...rest } = files;
  const [snapshot, market, policy] = [files.snapshot!, files.market!, files.policy!];
  checkFit(policy, market);
  checkContracts(market, policy);
  return { ...rest, snapshot, market, policy, ...(isAdministered(files) ? { units: units! } : {}) };
}

/** Judges a book. @throws KeelError as `withUnits` and `openDraft` */
export function judge(book: Book): Judged {
  const draft = openDraft({ ...book, snapshot: withUnits(book.snapshot, book.policy, book.units) });
  const assessment = judgeBook(draft);
  return { assessment, rooms: headroom(assessment, draft) };
}

/** Quantities that were typed, by {@link cellOf}. */
export type Edits = ReadonlyMap<string, string>;

/** Names a position. */
export function cellOf(account: string, instrument: string): string {
  return `${account} ${instrument}`;
}

/** A quantity as the snapshot has it; 0 where it has none. */
export function quantityOf({ snapshot }: Book, account: string, instrument: string): bigint {
  return snapshot.accounts.find(({ id }) => id === account)?.positions.get(instrument) ?? 0n;
}

/**
 * A typed quantity.
 *
 * @throws KeelError `input.decimal`
 */
export function readQuantity(text: string, path: string): bigint {
  const result = parseDecimal(text.trim(), { places: 8, bits: 64, signed: true, excess: "refuse" });
  if (result.ok) return result.value;
  throw inputError("input.decimal", path, result.expected, result.received);
}

/** A quantity to edit. */
export function writeQuantity(quantity: bigint): string {
  return formatDecimal(quantity, 8);
}

/**
 * The trades that lead to the edited positions. What is funded is paid for with `cash` in the same account; a cash position
 * changes alone, as a deposit or withdrawal.
 *
 * @throws KeelError `input.decimal`
 */
export function tradesOf(book: Book, edits: Edits, cash: string | undefined): Trade[] {
  const trades: Trade[] = [];
  for (const { id: account } of book.snapshot.accounts) {
    for (const { id: instrument, kind } of book.market.instruments) {
      const text = edits.get(cellOf(account, instrument));
      if (text === undefined) continue;
      const quantity = readQuantity(text, `${account}.${instrument}`) - quantityOf(book, account, instrument);
      if (quantity === 0n) continue;
      const pays = isFunded(kind) && kind !== "cash" && cash !== undefined;
      trades.push({ account, instrument, quantity, ...(pays ? { cash } : {}) });
    }
  }
  return trades;
}

/** The book after the edits; undefined when they change nothing. @throws KeelError as {@link tradesOf} and `afterTrades` */
export function edited(book: Book, edits: Edits, cash: string | undefined): Book | undefined {
  const trades = tradesOf(book, edits, cash);
  if (trades.length === 0) return undefined;
  return { ...book, snapshot: afterTrades(book.snapshot, book.market, trades) };
}
