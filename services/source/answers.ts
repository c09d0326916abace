// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * From a question to the one message of an account at a time: reads, places, computes the message, keeps it, and only then
 * lets it be signed.
 *
 * What is signed comes from the driver alone. No request carries an account, a message or a digest.
 *
 * @module
 */

import type { SourceKeyPair } from "@keel/prover";
import { type EddsaSignature, fieldSigner, messageOf, type Snapshot } from "@keel/prover";
import {
  type Circuit,
  type Field,
  formatDecimal,
  inputError,
  type KeelError,
  type Market,
  universeId,
} from "@keel/verifier";
import type { Driver, Reading } from "./reading.js";
import type { Entry, Store } from "./store.js";

/** An account that this source reads. */
export interface SourceAccount {
  readonly id: string;
  readonly subject: `0x${string}`;
  /** Any table of the series: only its instruments are signed. */
  readonly market: Market;
  readonly circuit: Circuit;
  readonly driver: Driver;
}

/** What is asked over the network. */
export interface Asked {
  readonly subject: `0x${string}`;
  readonly account: string;
  readonly asOf: number;
}

/** The message of an account at a time, on disk. */
export type Answers = (asked: Asked) => Promise<Entry>;

export interface AnswersOptions {
  readonly accounts: readonly SourceAccount[];
  readonly store: Store;
  /** Absent where a quorum signs. */
  readonly key?: SourceKeyPair;
  /** Unix seconds. */
  readonly now?: () => number;
}

/**
 * The answers of a source or of a quorum's member.
 *
 * Each throws KeelError `source.account`, `source.future`, `source.message` for a second message, `source.subject`, and what
 * the driver throws
 */
export function createAnswers({ accounts, store, key: pair, now = systemTime }: AnswersOptions): Answers {
  const key = pair && { publicKey: pair.publicKey, sign: fieldSigner(pair.privateKey) };
  const known = new Map(accounts.map((account) => [account.id, { ...account, market: named(account) }]));
  const running = new Map<string, Promise<Entry>>();
  return async (asked) => {
    const account = known.get(asked.account);
    if (account === undefined || account.subject !== asked.subject) throw unknownAccount();
    if (asked.asOf > now()) throw inputError("source.future", "asOf", "a time that is over", "a later one");
    // The same question at the same time is one question.
    const name = `${asked.account} ${asked.asOf}`;
    const work = running.get(name) ?? answer(asked, account, store, key).finally(() => running.delete(name));
    running.set(name, work);
    return await work;
  };
}

/** What is said of an account that nobody may ask for, and of one that does not exist. */
export function unknownAccount(): KeelError {
  return inputError("source.account", "account", "an account of this source and subject", "another");
}

/** An account, and what its messages are about. */
interface KnownAccount extends Omit<SourceAccount, "market"> {
  readonly market: { readonly table: Market; readonly scope: string };
}

/** A key that signs. */
interface Signer {
  readonly publicKey: SourceKeyPair["publicKey"];
  readonly sign: (message: Field) => EddsaSignature;
}

function named({ market, circuit }: SourceAccount): KnownAccount["market"] {
  return { table: market, scope: `${circuit.id} ${universeId(market)}` };
}

async function answer(
  asked: Asked,
  account: KnownAccount,
  store: Store,
  key: Signer | undefined,
): Promise<Entry> {
  const before = await store.find(asked.account, asked.asOf);
  if (before !== undefined) {
    await checkAgain(before, asked, account);
    return withKey(before, key);
  }
  const reading = await account.driver.read({ ...asked, market: account.market.table });
  const entry = entryOf(asked, account, reading, key);
  const kept = await store.claim(entry);
  if (kept.message !== entry.message) throw secondMessage();
  return withKey(kept, key);
}

/** A message that was signed is answered as it was, unless what it rests on says something else by now. */
async function checkAgain(before: Entry, asked: Asked, { market, driver }: KnownAccount): Promise<void> {
  if (before.subject !== asked.subject) throw unknownAccount();
  if (before.scope !== market.scope) throw secondMessage("another market or circuit");
  if (!driver.repeats) return;
  const again = await driver.read({ ...asked, market: market.table }).catch(() => undefined);
  if (again === undefined) return;
  const positions = positionsOf(again, market.table);
  if (JSON.stringify(positions) !== JSON.stringify(before.positions)) throw secondMessage();
}

function secondMessage(received = "another account for this time"): KeelError {
  return inputError("source.message", "asOf", "the one message that was signed for this time", received);
}

function entryOf(asked: Asked, account: KnownAccount, reading: Reading, key: Signer | undefined): Entry {
  const message = messageFor(asked, account, reading);
  const { evidence, name } = account.driver;
  return {
    subject: asked.subject,
    account: asked.account,
    asOf: asked.asOf,
    scope: account.market.scope,
    message: message.toString(),
    positions: positionsOf(reading, account.market.table),
    basis: {
      evidence,
      driver: name,
      read: reading.read,
      ...(reading.leftOut.length === 0 ? {} : { leftOut: [...reading.leftOut] }),
    },
    ...(key === undefined ? {} : signedBy(key, message)),
  };
}

/** A key that took the place of another one signs the same message. */
function withKey(entry: Entry, key: Signer | undefined): Entry {
  if (key === undefined || entry.key?.join() === key.publicKey.join()) return entry;
  return { ...entry, ...signedBy(key, BigInt(entry.message) as Field) };
}

function signedBy(key: Signer, message: Field): Pick<Entry, "key" | "signature"> {
  const { R8, S } = key.sign(message);
  const [x, y] = key.publicKey;
  return {
    key: [`${x}`, `${y}`],
    signature: { R8: [`${R8[0]}`, `${R8[1]}`], S: S.toString() },
  };
}

function messageFor({ subject, account: id, asOf }: Asked, account: KnownAccount, reading: Reading): Field {
  const snapshot: Snapshot = {
    subject,
    asOf,
    units: 10n ** 8n,
    accounts: [{ id, source: "source", positions: reading.positions }],
  };
  return messageOf(snapshot, 0, account.market.table, account.circuit.shape);
}

/** In the market's order, without zeros: the same account is the same text. */
function positionsOf({ positions }: Reading, market: Market): Record<string, string> {
  return Object.fromEntries(
    market.instruments.flatMap(({ id }) => {
      const value = positions.get(id) ?? 0n;
      return value === 0n ? [] : [[id, formatDecimal(value, 8)]];
    }),
  );
}

function systemTime(): number {
  return Math.floor(Date.now() / 1000);
}
