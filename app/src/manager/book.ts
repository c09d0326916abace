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
  parseSeed,
  parseSnapshot,
  parseState,
  type Room,
  type Seed,
  type Snapshot,
  type Trade,
  withUnits,
} from "@keel/prover";
import {
  checkFit,
  formatDecimal,
  inputError,
  isFunded,
  KeelError,
  type Market,
  type Policy,
  parseDecimal,
  parseJson,
  parseMarket,
  parsePolicy,
  parseUnits,
  type SignedUnits,
} from "@keel/verifier";
import {
  isTableKind,
  neededTables,
  TABLE_KINDS,
  TABLES,
  type TableFiles,
  type TableKind,
  withoutTable,
  withTables,
} from "../beside.js";
import { type NamedText, type ReadFile, readFiles } from "../named.js";
import type { Made } from "./made.js";

/** What a file can be, by what stands before the version in its mark. */
export type FileKind = keyof typeof PARSERS;

/** What has been opened so far. */
export interface OpenFiles extends TableFiles {
  readonly snapshot?: Snapshot;
  /** With the tables beside it, once they are open and the policy needs them. */
  readonly market?: Market;
  readonly policy?: Policy;
  /** How many units the fund has, by its administrator's word, for policies that name one. */
  readonly units?: SignedUnits;
  /** The declared accounts, secret; without them a proof declares the snapshot's anew. */
  readonly enrolment?: Enrolment;
  /** The drawdown chain's latest state, secret; its genesis without it. */
  readonly state?: DrawdownState;
  /** What the states of this subject follow from, secret; each is random without it. */
  readonly seed?: Seed;
  /** What each file is called. */
  readonly names?: Readonly<Partial<Record<FileKind, string>>>;
  /** The example's name, where snapshot, market and policy are an example's. */
  readonly example?: string;
  /** A proof of all this. */
  readonly made?: Made;
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
const PARSERS = {
  snapshot: (text: string): OpenFiles => ({ snapshot: parseSnapshot(text) }),
  market: (text: string): OpenFiles => ({ market: parseMarket(text) }),
  policy: (text: string): OpenFiles => ({ policy: parsePolicy(text) }),
  returns: TABLES.returns.parse,
  liquidity: TABLES.liquidity.parse,
  units: (text: string): OpenFiles => ({ units: parseUnits(text) }),
  enrolment: (text: string): OpenFiles => ({ enrolment: parseEnrolment(text) }),
  state: (text: string): OpenFiles => ({ state: parseState(text) }),
  seed: (text: string): OpenFiles => ({ seed: parseSeed(text) }),
} as const;

/** The files' kinds, in the order in which they are listed. */
export const FILE_KINDS = Object.keys(PARSERS) as readonly FileKind[];

/** What belongs to a subject and not to a moment: it goes on to the next snapshot, and beside an example as well. */
const SECRETS = ["enrolment", "state", "seed"] as const satisfies readonly FileKind[];

/** What came of opening files. */
export interface Opened {
  readonly files: OpenFiles;
  /** What was closed for it, in words. */
  readonly closed: readonly string[];
}

/**
 * Adds files, each known by its own `keel` mark; a later one replaces an earlier one of its kind. An example is closed when files
 * are opened that are not secrets, and what is another subject's when a snapshot is.
 *
 * @throws KeelError kind "input", of every file that cannot be read; then nothing is opened
 */
export function openFiles(before: OpenFiles, texts: readonly NamedText[]): Opened {
  const read = readFiles(texts, readOne);
  const kept = keptOf(before, read);
  const fresh = Object.assign({}, ...read.map(({ file }) => file)) as OpenFiles;
  const named = read.filter(({ name }) => name !== "").map(({ kind, name }) => [kind, name]);
  const names = { ...kept.files.names, ...Object.fromEntries(named) };
  const { made: _, ...files } = { ...kept.files, ...fresh, names };
  return { files: withOpenTables(files), closed: kept.closed };
}

/** {@link openFiles} of texts that have no names. */
export function openTexts(before: OpenFiles, texts: readonly string[]): OpenFiles {
  return openFiles(
    before,
    texts.map((text) => ({ name: "", text })),
  ).files;
}

/** An example in place of whatever was open, but for the secrets that go on. */
export function openExample(before: OpenFiles, name: string, texts: readonly string[]): OpenFiles {
  return { ...openTexts(before, texts), example: name };
}

/** Without the file of this kind. */
export function closeFile(files: OpenFiles, kind: FileKind): OpenFiles {
  const { [kind]: _, made: __, ...others } = files;
  const rest: OpenFiles = others;
  const { [kind]: ___, ...names } = files.names ?? {};
  if (!isTableKind(kind) || rest.market === undefined) return { ...rest, names };
  return { ...rest, names, market: withoutTable(rest.market, kind) };
}

function readOne(text: string): { readonly kind: FileKind; readonly file: OpenFiles } {
  const kind = kindOf(text);
  return { kind, file: PARSERS[kind](text) };
}

/** What stays open beside new files. */
function keptOf(before: OpenFiles, read: readonly ReadFile<FileKind, OpenFiles>[]): Opened {
  const closed: string[] = [];
  let files = before;
  const isSecret = (kind: FileKind): boolean => (SECRETS as readonly FileKind[]).includes(kind);
  if (files.example !== undefined && read.some(({ kind }) => !isSecret(kind))) {
    closed.push(`the example “${files.example}”`);
    files = secretsOf(files);
  }
  const next = Object.assign({}, ...read.map(({ file }) => file)) as OpenFiles;
  for (const kind of TABLE_KINDS) {
    if (next.market === undefined || next[kind] !== undefined || fits(next.market, files, kind)) continue;
    closed.push(`${files.names?.[kind] ?? kind}, which is of another market`);
    files = closeFile(files, kind);
  }
  const [was, is] = [before.snapshot?.subject, next.snapshot?.subject];
  if (was === undefined || is === undefined || was === is) return { files, closed };
  for (const kind of [...SECRETS, "units"] as const) {
    if (files[kind] === undefined || next[kind] !== undefined) continue;
    closed.push(`${files.names?.[kind] ?? kind}, which is of ${was}`);
    files = closeFile(files, kind);
  }
  return { files, closed };
}

/** Whether a table that is open goes with another market. */
function fits(market: Market, files: OpenFiles, kind: TableKind): boolean {
  try {
    TABLES[kind].attach(market, files);
    return true;
  } catch (error) {
    if (error instanceof KeelError) return false;
    throw error;
  }
}

function secretsOf(files: OpenFiles): OpenFiles {
  const kinds = SECRETS.filter((kind) => files[kind] !== undefined);
  const pick = <T extends object>(from: T | undefined): Partial<T> =>
    Object.fromEntries(
      Object.entries(from ?? {}).filter(([key]) => (kinds as string[]).includes(key)),
    ) as Partial<T>;
  const names = pick(files.names);
  return { ...pick(files), ...(Object.keys(names).length === 0 ? {} : { names }) };
}

/** Tables go to the market once both are open and the policy needs them. */
function withOpenTables(files: OpenFiles): OpenFiles {
  const { market, policy } = files;
  const isLacking = (kind: TableKind): boolean => files[kind] !== undefined && market?.[kind] !== files[kind];
  if (market === undefined || policy === undefined || !neededTables(policy).some(isLacking)) return files;
  // Here, so that what is made of the market stays while nothing of it is opened anew.
  return { ...files, market: withTables(market, policy, files) };
}

/** What of the opened files a newer snapshot of the same subject goes on from: its secrets. */
export function secretsFor(files: OpenFiles, texts: readonly string[]): OpenFiles {
  return openTexts({}, texts).snapshot?.subject === files.snapshot?.subject ? secretsOf(files) : {};
}

function kindOf(text: string): FileKind {
  const json = parseJson(text, "file");
  const mark = typeof json === "object" && json !== null && !Array.isArray(json) ? json.keel : undefined;
  const [kind] = typeof mark === "string" ? mark.split("/") : [];
  if (kind !== undefined && Object.hasOwn(PARSERS, kind)) return kind as FileKind;
  throw inputError("file.kind", "file.keel", FILE_KINDS.join(", "), markText(mark));
}

/** A mark that is none of ours to open; a key's or a keystore's is not repeated. */
function markText(mark: unknown): string {
  const known = typeof mark === "string" && /^[a-z-]{1,24}\/\d{1,3}$/.test(mark);
  return known ? `${mark}, which is not opened here` : "another mark";
}

/** What is still needed before a book can be judged. */
export function missingFiles(files: OpenFiles): string[] {
  const needed = ["snapshot", "market", "policy"] as const;
  const missing: string[] = needed.filter((name) => files[name] === undefined);
  const tables = neededTables(files.policy).filter((kind) => files[kind] === undefined);
  const needsUnits = isAdministered(files) && files.units === undefined;
  return [...missing, ...tables, ...(needsUnits ? ["units"] : [])];
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
