// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How a quorum's key is made: without a dealer, in two rounds of files, after which nobody has the key and each has a share.
 *
 * 1. `hello`: each member publishes commitments to a random polynomial, a proof that it knows it, and a key for sealed
 *    letters. All send theirs to all.
 * 2. `deal`: each member seals one value of its polynomial for each other one (X25519, HKDF-SHA256, AES-256-GCM), and says
 *    which greetings it saw: two greetings of one member are found out.
 * 3. Each checks what it was dealt against the commitments, and adds up.
 *
 * The protocol is @noble/curves' distributed key generation, in the manner of FROST's KeyGen. Whoever deals wrongly is named.
 *
 * @module
 */

import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
} from "node:crypto";
import { FORMATS, identifier, inputError, parseFile } from "@keel/verifier";
import type { DKG_Round1, DKG_Secret } from "@noble/curves/abstract/frost.js";
import { z } from "zod";
import { checkThreshold, fromHex, memberId, quorumOf, type Share, toHex } from "./files.js";
import { GroupPoint, toInteger } from "./point.js";
import { FROST } from "./suite.js";

const pointHex = z.string().regex(/^[0-9a-f]{128}$/);
const scalarHex = z.string().regex(/^[0-9a-f]{64}$/);
const names = z.array(identifier).min(2).max(64);
const threshold = z.int().min(2).max(64);

const helloSchema = z.strictObject({
  keel: z.literal("quorum-hello/1"),
  name: identifier,
  members: names,
  threshold,
  commitment: z.array(pointHex).min(2).max(64),
  proof: z.string().regex(/^[0-9a-f]{192}$/),
  /** X25519 public key, DER. */
  letters: z.string().regex(/^[0-9a-f]{88}$/),
});
FORMATS.add(helloSchema, {
  id: "quorum-hello/1",
  folder: "services/source",
  title: "A member's greeting to the others",
});
const secretSchema = z.strictObject({
  keel: z.literal("quorum-secret/1"),
  name: identifier,
  members: names,
  threshold,
  coefficients: z.array(scalarHex).min(2).max(64),
  /** X25519 private key, DER. */
  letters: z.string().regex(/^[0-9a-f]{96}$/),
});
FORMATS.add(secretSchema, {
  id: "quorum-secret/1",
  folder: "services/source",
  title: "What a member keeps until the last step. Secret",
});
const dealSchema = z.strictObject({
  keel: z.literal("quorum-deal/1"),
  from: identifier,
  to: identifier,
  /** Which greetings the sender saw: SHA-256 by member. */
  saw: z.record(z.string(), scalarHex),
  sealed: z.string().regex(/^[0-9a-f]{120}$/),
});
FORMATS.add(dealSchema, {
  id: "quorum-deal/1",
  folder: "services/source",
  title: "A member's letter to another one",
});

type Hello = z.output<typeof helloSchema>;
type Secret = z.output<typeof secretSchema>;
type Deal = z.output<typeof dealSchema>;

/** A member's first file, and what it keeps until the last one. */
export function beginCeremony(
  name: string,
  members: readonly string[],
  threshold: number,
): { readonly hello: string; readonly secret: string } {
  checkMembers(name, members, threshold, "members");
  const { public: said, secret } = FROST.DKG.round1(memberId(name), { min: threshold, max: members.length });
  const letters = generateKeyPairSync("x25519");
  const shared = { name, members: [...members], threshold };
  const hello: Hello = {
    keel: "quorum-hello/1",
    ...shared,
    commitment: said.commitment.map(toHex),
    proof: toHex(said.proofOfKnowledge),
    letters: letters.publicKey.export({ type: "spki", format: "der" }).toString("hex"),
  };
  const kept: Secret = {
    keel: "quorum-secret/1",
    ...shared,
    coefficients: secret.coefficients!.map((value) => value.toString(16).padStart(64, "0")),
    letters: letters.privateKey.export({ type: "pkcs8", format: "der" }).toString("hex"),
  };
  return { hello: jsonLines(hello), secret: jsonLines(kept) };
}

/**
 * A member's letters to the others, by name.
 *
 * @param hellos every member's first file, its own as well
 * @throws KeelError `quorum.hello` with the member's name
 */
export function dealShares(secret: string, hellos: readonly string[]): Map<string, string> {
  const own = parseFile(secretSchema, secret, "secret");
  const table = readHellos(own, hellos);
  const dealt = FROST.DKG.round2(protocolSecret(own), othersRound1(own, table));
  const saw = seen(table);
  return new Map(
    others(own).map((to) => {
      const value = dealt[memberId(to)]!.signingShare;
      const sealed = seal(value, letterKey(own, table.get(to)!, saw, own.name, to), own.name, to);
      return [to, jsonLines({ keel: "quorum-deal/1", from: own.name, to, saw, sealed })];
    }),
  );
}

/**
 * A member's share.
 *
 * @param deals the letters to this member
 * @throws KeelError `quorum.hello`, `quorum.deal` with the name of the member whose file is wrong
 */
export function finishCeremony(secret: string, hellos: readonly string[], deals: readonly string[]): Share {
  const own = parseFile(secretSchema, secret, "secret");
  const table = readHellos(own, hellos);
  const letters = readDeals(own, table, deals);
  const state = protocolSecret(own);
  const said = othersRound1(own, table);
  FROST.DKG.round2(state, said);
  const received = others(own).map((from) => ({
    identifier: memberId(from),
    signingShare: openDeal(own, table, letters.get(from)!),
  }));
  const { public: group, secret: share } = FROST.DKG.round3(state, said, received);
  return { quorum: quorumOf(own.members, group), name: own.name, secret: share };
}

function checkMembers(name: string, members: readonly string[], threshold: number, path: string): void {
  checkThreshold(threshold, members.length, "threshold");
  if (members.includes(name) && new Set(members).size === members.length) return;
  throw inputError("quorum.members", path, "distinct names, this member's among them", "others");
}

function readHellos(own: Secret, texts: readonly string[]): Map<string, Hello> {
  checkMembers(own.name, own.members, own.threshold, "secret.members");
  const table = new Map<string, Hello>();
  for (const text of texts) {
    const hello = parseFile(helloSchema, text, "hello");
    const agrees = hello.members.join() === own.members.join() && hello.threshold === own.threshold;
    if (!agrees) throw badHello(hello.name, "the same members and threshold", "others");
    if (table.has(hello.name)) throw badHello(hello.name, "one greeting", "two");
    checkHello(hello);
    table.set(hello.name, hello);
  }
  for (const name of own.members) if (!table.has(name)) throw badHello(name, "a greeting", "none");
  const mine = protocolSecret(own).commitment.map(toHex).join();
  if (table.get(own.name)!.commitment.join() !== mine)
    throw badHello(own.name, "this member's own", "another");
  return table;
}

/** One greeting by itself, among made-up ones that are good, so that a bad one's member is named. */
function checkHello(hello: Hello): void {
  const { name, threshold, commitment } = hello;
  if (commitment.length !== threshold) throw badHello(name, "as many commitments as the threshold", "others");
  const signers = { min: threshold, max: threshold };
  const made = (i: number) => FROST.DKG.round1(memberId(`filler ${i} beside ${name}`), signers);
  const fillers = Array.from({ length: threshold - 2 }, (_, i) => made(i).public);
  try {
    FROST.DKG.round2(made(threshold).secret, [round1Of(hello), ...fillers]);
    for (const point of commitment) GroupPoint.inGroup(fromHex(point));
  } catch {
    throw badHello(name, "commitments with a proof of knowledge", "others");
  }
}

function badHello(name: string, expected: string, received: string) {
  return inputError("quorum.hello", `hello.${name}`, expected, received);
}

function badDeal(name: string, expected: string, received: string) {
  return inputError("quorum.deal", `deal.${name}`, expected, received);
}

function others({ name, members }: Secret): string[] {
  return members.filter((member) => member !== name);
}

function round1Of({ name, commitment, proof }: Hello): DKG_Round1 {
  return {
    identifier: memberId(name),
    commitment: commitment.map(fromHex),
    proofOfKnowledge: fromHex(proof),
  };
}

function othersRound1(own: Secret, table: ReadonlyMap<string, Hello>): DKG_Round1[] {
  return others(own).map((name) => round1Of(table.get(name)!));
}

function protocolSecret({ name, members, threshold, coefficients }: Secret): DKG_Secret {
  const values = coefficients.map((hex) => toInteger(fromHex(hex)));
  return {
    identifier: toInteger(fromHex(memberId(name)).reverse()),
    coefficients: values,
    commitment: values.map((value) => GroupPoint.BASE.multiply(value).toBytes()),
    signers: { min: threshold, max: members.length },
    step: 1,
  };
}

function seen(table: ReadonlyMap<string, Hello>): Record<string, string> {
  const entries = [...table].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    entries.map(([name, hello]) => [name, createHash("sha256").update(JSON.stringify(hello)).digest("hex")]),
  );
}

function readDeals(
  own: Secret,
  table: ReadonlyMap<string, Hello>,
  texts: readonly string[],
): Map<string, Deal> {
  const saw = seen(table);
  const letters = new Map<string, Deal>();
  for (const text of texts) {
    const deal = parseFile(dealSchema, text, "deal");
    if (deal.to !== own.name || !others(own).includes(deal.from)) {
      throw badDeal(deal.from, `a letter of a member to ${own.name}`, "another");
    }
    if (letters.has(deal.from)) throw badDeal(deal.from, "one letter", "two");
    for (const name of own.members) {
      if (deal.saw[name] === saw[name]) continue;
      throw badHello(
        name,
        `the greeting that ${deal.from} saw`,
        "another: it sent two, or a file was changed",
      );
    }
    letters.set(deal.from, deal);
  }
  for (const name of others(own)) if (!letters.has(name)) throw badDeal(name, "a letter", "none");
  return letters;
}

/** What was dealt, checked against the commitments of who dealt it: share B = sum of commitment[j] id^j. */
function openDeal(own: Secret, table: ReadonlyMap<string, Hello>, { from, saw, sealed }: Deal): Uint8Array {
  const hello = table.get(from)!;
  try {
    const share = unseal(sealed, letterKey(own, hello, saw, from, own.name), from, own.name);
    FROST.validateSecret(
      { identifier: memberId(own.name), signingShare: share },
      {
        signers: { min: own.threshold, max: own.members.length },
        commitments: hello.commitment.map(fromHex),
        verifyingShares: {},
      },
    );
    return share;
  } catch {
    throw badDeal(from, "a share that fits the commitments", "another");
  }
}

function letterKey(own: Secret, other: Hello, saw: Deal["saw"], from: string, to: string): Buffer {
  const secret = diffieHellman({
    privateKey: createPrivateKey({ key: Buffer.from(own.letters, "hex"), format: "der", type: "pkcs8" }),
    publicKey: createPublicKey({ key: Buffer.from(other.letters, "hex"), format: "der", type: "spki" }),
  });
  const transcript = createHash("sha256").update(JSON.stringify(saw)).digest();
  return Buffer.from(hkdfSync("sha256", secret, transcript, `keel/quorum/deal/1 ${from} ${to}`, 32));
}

const IV_BYTES = 12;
const TAG_BYTES = 16;

function seal(value: Uint8Array, key: Buffer, from: string, to: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(`${from} ${to}`));
  const sealed = Buffer.concat([cipher.update(value), cipher.final()]);
  return Buffer.concat([iv, sealed, cipher.getAuthTag()]).toString("hex");
}

function unseal(hex: string, key: Buffer, from: string, to: string): Uint8Array {
  const bytes = Buffer.from(hex, "hex");
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, IV_BYTES))
    .setAAD(Buffer.from(`${from} ${to}`))
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  const open = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
  return Uint8Array.from(open);
}

function jsonLines(file: object): string {
  return `${JSON.stringify(file, null, 2)}\n`;
}
