// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The source's side: a key pair, and signatures over account data.
 *
 * @module
 */

import {
  allFaults,
  type Circuit,
  checkRoom,
  FIELD_ORDER,
  type Field,
  FORMATS,
  fieldElement,
  inputError,
  type KeelError,
  type Market,
  type Policy,
  parseFile,
  readEach,
  type SourceKey,
} from "@keel/verifier";
import { z } from "zod";
import { publicKeyOf, signField, verifyField } from "./eddsa.js";
import { type Content, contentOf, type Held, type Snapshot } from "./snapshot.js";

/** A source's key pair. */
export interface SourceKeyPair {
  /** 32 random bytes; secret. */
  readonly privateKey: Uint8Array;
  readonly publicKey: SourceKey;
}

/** Makes a key pair from the platform's secure random numbers. */
export function generateSourceKey(): SourceKeyPair {
  return sourceKeyOf(crypto.getRandomValues(new Uint8Array(32)));
}

/** The key pair of a private key of 32 bytes. */
export function sourceKeyOf(privateKey: Uint8Array): SourceKeyPair {
  return { privateKey, publicKey: publicKeyOf(privateKey) };
}

const keySchema = z.strictObject({
  keel: z.literal("source-key/1"),
  privateKey: z.string().regex(/^[0-9a-f]{64}$/),
  publicKey: z.tuple([fieldElement(FIELD_ORDER), fieldElement(FIELD_ORDER)]),
});
FORMATS.add(keySchema, { id: "source-key/1", folder: "prover", title: "A source's key pair. Secret" });

/**
 * Reads a source-key/1 file.
 *
 * @throws KeelError kind "input"; never with a part of the key
 */
export function parseSourceKey(text: string): SourceKeyPair {
  const file = parseFile(keySchema, text, "key");
  const pair = sourceKeyOf(
    Uint8Array.from(file.privateKey.match(/../g)!, (byte) => Number.parseInt(byte, 16)),
  );
  if (pair.publicKey.join() !== file.publicKey.join()) {
    throw inputError("source.key", "key.publicKey", "the private key's public key", "another one");
  }
  return pair;
}

/** Writes a source-key/1 file; its content is secret. */
export function formatSourceKey({ privateKey, publicKey }: SourceKeyPair): string {
  const hex = Array.from(privateKey, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${JSON.stringify({ keel: "source-key/1", privateKey: hex, publicKey: publicKey.map(String) }, null, 2)}\n`;
}

/** What a source knows by itself of what it signs: its own name, and the circuit whose rows its numbers fill. */
export interface SigningSource {
  readonly name: string;
  readonly circuit: Circuit;
}

/**
 * Signs those accounts of a snapshot whose source in the policy has this key.
 *
 * @returns the snapshot with the signatures, and the ids of the accounts signed
 * @throws KeelError `source.unknown` when the policy approves no source with this key, or none of the accounts is its
 */
export function signSnapshot(
  snapshot: Snapshot,
  market: Market,
  policy: Pick<Policy, "sources" | "circuit">,
  key: SourceKeyPair,
): { readonly snapshot: Snapshot; readonly signed: readonly string[] } {
  const source = policy.sources.find((candidate) => candidate.key.join() === key.publicKey.join());
  if (source === undefined) {
    throw inputError("source.unknown", "key", "the key of one of policy.sources", "another key");
  }
  return signAccounts(snapshot, market, { name: source.name, circuit: policy.circuit }, key);
}

/**
 * Signs those accounts of a snapshot that name this source. Needs no policy: a message says which rows the market has, not which
 * policy or prices it will be judged by.
 *
 * @throws KeelError `source.unknown` when none of the accounts is its; `circuit.size`
 */
export function signAccounts(
  snapshot: Snapshot,
  market: Market,
  { name, circuit }: SigningSource,
  key: SourceKeyPair,
): { readonly snapshot: Snapshot; readonly signed: readonly string[] } {
  const count = market.instruments.length;
  checkRoom(circuit.shape, [{ part: "instruments", path: "market.instruments", count }]);
  const signed: string[] = [];
  const { message } = contentOf(snapshot, market, circuit.shape);
  const accounts = snapshot.accounts.map((account, s) => {
    if (account.source !== name) return account;
    signed.push(account.id);
    return { ...account, signature: signField(message(s), key.privateKey) };
  });
  if (signed.length === 0) {
    throw inputError("source.unknown", "snapshot.accounts", `an account of source ${name}`, "none");
  }
  return { snapshot: { ...snapshot, accounts }, signed };
}

/**
 * Refuses a snapshot with sources that the policy does not know, all of them at once: they can never sign.
 *
 * @throws KeelError `source.unknown`
 */
export function checkSources(snapshot: Snapshot, policy: Pick<Policy, "sources">): void {
  const known = new Set(policy.sources.map(({ name }) => name));
  const faults = snapshot.accounts.flatMap(({ source }, s) => (known.has(source) ? [] : [unknownSource(s)]));
  if (faults.length > 0) throw allFaults(faults);
}

const unknownSource = (s: number): KeelError =>
  inputError("source.unknown", `snapshot.accounts[${s}].source`, "one of policy.sources", "another name");

/** Accounts that their sources have signed, in the snapshot's order. */
export interface SignedAccounts {
  readonly held: Held;
  /** What was signed. */
  readonly messages: readonly Field[];
  /** Keys of those who signed. */
  readonly sources: readonly SourceKey[];
}

/**
 * The accounts of a snapshot, once every signature is checked.
 *
 * @param content what they hold, where somebody has it already
 * @param isLeft whether the circuit alone checks that the signatures verify
 * @throws KeelError `source.unknown`, `snapshot.signature`; as `quantities`
 */
export function signedAccounts(
  snapshot: Snapshot,
  market: Market,
  policy: Policy,
  content: Content = contentOf(snapshot, market, policy.circuit.shape),
  isLeft = false,
): SignedAccounts {
  const sources = readEach(snapshot.accounts, (_, s) =>
    checkSignature(snapshot, s, market, policy, content, isLeft),
  );
  const messages = snapshot.accounts.map((_, s) => content.message(s));
  return { held: content.held(), messages, sources };
}

/**
 * Checks that every account is signed by its source, and gives the keys in the order of the accounts.
 *
 * @throws KeelError `source.unknown`, `snapshot.signature`
 */
export function checkSignatures(snapshot: Snapshot, market: Market, policy: Policy): SourceKey[] {
  return [...signedAccounts(snapshot, market, policy).sources];
}

/**
 * Checks that one account is signed by its source, and gives the source's key.
 *
 * @param s index of the account
 * @param content what the accounts hold, where somebody has it already
 * @param isLeft whether it is enough that there is one
 * @throws KeelError `source.unknown`, `snapshot.signature`
 */
export function checkSignature(
  snapshot: Snapshot,
  s: number,
  market: Market,
  policy: Policy,
  content: Content = contentOf(snapshot, market, policy.circuit.shape),
  isLeft = false,
): SourceKey {
  const account = snapshot.accounts[s]!;
  const path = `snapshot.accounts[${s}]`;
  const source = policy.sources.find((candidate) => candidate.name === account.source);
  if (source === undefined) throw unknownSource(s);
  const expected = `${source.name}'s signature over this account, subject, time and market`;
  if (account.signature === undefined) {
    throw inputError("snapshot.signature", `${path}.signature`, expected, "none");
  }
  if (!isLeft && !verifyField(content.message(s), account.signature, source.key)) {
    throw inputError("snapshot.signature", `${path}.signature`, expected, "one that does not verify");
  }
  return source.key;
}
