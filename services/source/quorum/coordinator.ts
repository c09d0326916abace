// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A quorum's coordinator: asks every member, puts the shares of those who agree together, and names who does not.
 *
 * It holds no key and can only fail: each member signs what it read itself, and a signature that does not verify is not
 * given out. The first one of an (account, time) is kept, so that the same question has the same answer.
 *
 * @module
 */

import { askAccounts, askSource, type SourceConnection } from "@keel/prover";
import {
  EVIDENCE,
  type Field,
  identifier,
  type Json,
  KeelError,
  type MemberEvidence,
  parseData,
  time,
  weakestEvidence,
} from "@keel/verifier";
import { z } from "zod";
import type { Answers, Asked } from "../answers.js";
import { sendByHttp } from "../http/client.js";
import type { Basis, Entry, Store } from "../store.js";
import { fromHex, memberId, type Quorum } from "./files.js";
import { type Commitment, commitmentText, protocolList } from "./member.js";
import { GroupPoint } from "./point.js";
import { FROST, messageBytes, ordinarySignature } from "./suite.js";

/** A member as the coordinator reaches it. */
export interface MemberConnection extends SourceConnection {
  readonly name: string;
}

export interface CoordinatorOptions {
  readonly quorum: Quorum;
  readonly members: readonly MemberConnection[];
  readonly store: Store;
  /** Milliseconds for a member's answer to one round. */
  readonly timeoutMs?: number;
}

/** A coordinator's answers, and the accounts that enough members know. */
export interface Coordinator {
  readonly answers: Answers;
  accountsOf(subject: string): Promise<readonly string[]>;
}

/** A member and why its word is not part of the signature. */
type Dissent = NonNullable<Basis["dissent"]>[number];

interface Said {
  readonly member: MemberConnection;
  readonly session: string;
  readonly commitment: Commitment;
  /** Message and account, to be compared. */
  readonly word: string;
  readonly message: Field;
  readonly scope: string;
  readonly positions: Record<string, string>;
  readonly evidence: MemberEvidence;
  readonly read: number;
}

const TIMEOUT_MS = 15_000;
const pointHex = z.string().regex(/^[0-9a-f]{128}$/);

const saidSchema = z.strictObject({
  session: z.string().regex(/^[0-9a-f]{32}$/),
  message: z.string().regex(/^(0|[1-9][0-9]{0,76})$/),
  scope: z.string().max(200),
  positions: z.record(z.string(), z.string().max(100)),
  evidence: z.enum(EVIDENCE).exclude(["quorum"]),
  read: time,
  commitment: z.strictObject({ member: identifier, hiding: pointHex, binding: pointHex }),
});
const shareSchema = z.strictObject({ share: z.string().regex(/^[0-9a-f]{64}$/) });

/** A coordinator of a quorum. */
export function createCoordinator({
  quorum,
  members,
  store,
  timeoutMs = TIMEOUT_MS,
}: CoordinatorOptions): Coordinator {
  const reach = members.map((member) => ({ ...member, timeoutMs, send: sendByHttp }));
  const running = new Map<string, Promise<Entry>>();
  const answers: Answers = async (asked) => {
    const before = await store.find(asked.account, asked.asOf);
    if (before !== undefined) return sameSubject(before, asked);
    const name = `${asked.subject} ${asked.account} ${asked.asOf}`;
    const work =
      running.get(name) ?? signTogether(asked, quorum, reach, store).finally(() => running.delete(name));
    running.set(name, work);
    return await work;
  };
  return { answers, accountsOf: async (subject) => await commonAccounts(subject, quorum, reach) };
}

function sameSubject(entry: Entry, { subject }: Asked): Entry {
  if (entry.subject === subject) return entry;
  throw new KeelError({
    kind: "input",
    code: "source.account",
    path: "account",
    expected: "an account of this source and subject",
    received: "another",
  });
}

async function commonAccounts(
  subject: string,
  { threshold }: Quorum,
  members: readonly MemberConnection[],
): Promise<readonly string[]> {
  const lists = await Promise.all(members.map((member) => askAccounts(member, subject).catch(() => [])));
  const count = new Map<string, number>();
  for (const id of lists.flatMap((list) => [...new Set(list)])) count.set(id, (count.get(id) ?? 0) + 1);
  return [...count].filter(([, times]) => times >= threshold).map(([id]) => id);
}

/** Rounds until one succeeds; each that fails names somebody, who is not asked again. */
async function signTogether(
  asked: Asked,
  quorum: Quorum,
  members: readonly MemberConnection[],
  store: Store,
): Promise<Entry> {
  const dissent = new Map<string, string>();
  for (;;) {
    const left = members.filter(({ name }) => !dissent.has(name));
    const group = await agreeing(asked, quorum, left, dissent);
    const chosen = group.slice(0, quorum.threshold);
    const signed = await signatureOf(chosen, quorum, dissent);
    if (signed === undefined) continue;
    const [{ scope, message, positions, read }] = chosen as [Said];
    const tiers = chosen.map(({ evidence }) => evidence);
    const basis: Basis = {
      evidence: "quorum",
      weakest: weakestEvidence(tiers),
      driver: `${quorum.threshold} of ${quorum.members.length}: ${tiersText(tiers)}`,
      read,
      members: group.map(({ member }) => member.name),
      ...(dissent.size === 0 ? {} : { dissent: dissentOf(dissent) }),
    };
    const { subject, account, asOf } = asked;
    const [x, y] = quorum.publicKey;
    const kept = await store.claim({
      ...{ subject, account, asOf, scope, positions, basis },
      message: message.toString(),
      key: [`${x}`, `${y}`],
      signature: signed,
    });
    return kept;
  }
}

/** How many members are of each tier, the weakest first; short, however many there are. */
function tiersText(tiers: readonly MemberEvidence[]): string {
  return EVIDENCE.map((tier) => ({ tier, count: tiers.filter((one) => one === tier).length }))
    .filter(({ count }) => count > 0)
    .map(({ tier, count }) => `${tier} x${count}`)
    .join(", ");
}

/** The members of the largest group that says the same, if it is large enough. */
async function agreeing(
  asked: Asked,
  quorum: Quorum,
  members: readonly MemberConnection[],
  dissent: Map<string, string>,
): Promise<Said[]> {
  const failures = new Map<string, KeelError>();
  const said = await Promise.all(
    members.map(async (member) => {
      try {
        return await firstWord(member, asked, quorum);
      } catch (error) {
        const failure = error as KeelError;
        failures.set(member.name, failure);
        dissent.set(member.name, failure.code ?? "internal");
        return undefined;
      }
    }),
  );
  const groups = new Map<string, Said[]>();
  for (const word of said) {
    if (word !== undefined) groups.set(word.word, [...(groups.get(word.word) ?? []), word]);
  }
  const largest = [...groups.values()].sort((a, b) => b.length - a.length)[0] ?? [];
  if (largest.length < quorum.threshold) throw tooFew(quorum, [...groups.values()].flat(), dissent, failures);
  for (const [word, others] of groups) {
    if (word === largest[0]!.word) continue;
    for (const { member } of others) dissent.set(member.name, "quorum.account");
  }
  return largest;
}

async function firstWord(member: MemberConnection, asked: Asked, quorum: Quorum): Promise<Said> {
  const answer = parseData(saidSchema, await askSource(member, "/v1/quorum/commit", { ...asked }), "answer");
  const { session, message, scope, positions, evidence, read, commitment } = answer;
  const name = commitment.member;
  if (name !== member.name || !quorum.members.includes(name)) throw wrongMember();
  const hiding = commitmentPoint(commitment.hiding);
  const binding = commitmentPoint(commitment.binding);
  const word = JSON.stringify([message, scope, Object.entries(positions).sort()]);
  return {
    ...{ member, session, word, scope, positions, evidence, read },
    message: BigInt(message) as Field,
    commitment: { member: name, hiding, binding },
  };
}

/** Tested here, where it is known whose it is: later every other member refuses it, and would be named for it. */
function commitmentPoint(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = fromHex(hex);
  try {
    GroupPoint.inGroup(bytes);
    return bytes;
  } catch {
    throw new KeelError({
      kind: "environment",
      code: "quorum.commitments",
      path: "answer.commitment",
      expected: "points of the subgroup, not the identity",
      received: "another",
    });
  }
}

/** The group's signature; nothing when a member failed, who is then named. */
async function signatureOf(
  chosen: readonly Said[],
  quorum: Quorum,
  dissent: Map<string, string>,
): Promise<NonNullable<Entry["signature"]> | undefined> {
  const commitments = chosen.map(({ commitment }) => commitment);
  const body = { commitments: commitments.map(commitmentText) };
  const shares = await Promise.all(
    chosen.map(async ({ member, session }) => {
      try {
        const answer: Json = await askSource(member, "/v1/quorum/sign", { session, ...body });
        return fromHex(parseData(shareSchema, answer, "answer").share);
      } catch (error) {
        dissent.set(member.name, (error as KeelError).code ?? "internal");
        return undefined;
      }
    }),
  );
  if (shares.includes(undefined)) return undefined;
  return combine(chosen, commitments, shares as Uint8Array[], quorum, dissent);
}

function combine(
  chosen: readonly Said[],
  commitments: readonly Commitment[],
  shares: readonly Uint8Array[],
  quorum: Quorum,
  dissent: Map<string, string>,
): NonNullable<Entry["signature"]> | undefined {
  const { message } = chosen[0]!;
  const list = protocolList(commitments, quorum.members);
  const byMember = Object.fromEntries(chosen.map(({ member }, i) => [memberId(member.name), shares[i]!]));
  try {
    // It verifies the signature; every commitment lies in the subgroup, so that its equation is the circuit's.
    const signature = ordinarySignature(FROST.aggregate(quorum.frost, list, messageBytes(message), byMember));
    const [x, y] = signature.R8;
    return { R8: [`${x}`, `${y}`], S: signature.S.toString() };
  } catch {
    // Whose share it was is asked below.
  }
  for (const name of cheaters(chosen, list, message, byMember, quorum)) dissent.set(name, "quorum.share");
  return undefined;
}

/** Whose share or commitment is wrong; all of them when it cannot be told. */
function cheaters(
  chosen: readonly Said[],
  list: ReturnType<typeof protocolList>,
  message: Field,
  shares: Readonly<Record<string, Uint8Array>>,
  { frost }: Quorum,
): string[] {
  const isGood = ({ member }: Said): boolean => {
    const id = memberId(member.name);
    try {
      return FROST.verifyShare(frost, list, messageBytes(message), id, shares[id]!);
    } catch {
      return false;
    }
  };
  const wrong = chosen.filter((said) => !isGood(said));
  return (wrong.length === 0 ? chosen : wrong).map(({ member }) => member.name);
}

function dissentOf(dissent: ReadonlyMap<string, string>): Dissent[] {
  return [...dissent].map(([member, code]) => ({ member, code }));
}

/** Too few members agree: when all that failed say the same, that is the answer. */
function tooFew(
  { threshold, members }: Quorum,
  said: readonly Said[],
  dissent: ReadonlyMap<string, string>,
  failures: ReadonlyMap<string, KeelError>,
): KeelError {
  const codes = new Set([...failures.values()].map(({ code }) => code));
  const [first] = failures.values();
  if (first !== undefined && said.length === 0 && codes.size === 1 && first.kind === "input") return first;
  const words = said.map(({ member }) => `${member.name}: an account of its own`);
  const received = [...dissentOf(dissent).map(({ member, code }) => `${member}: ${code}`), ...words].join(
    "; ",
  );
  return new KeelError({
    kind: "environment",
    code: "quorum.failed",
    path: "members",
    expected: `${threshold} of ${members.length} members that say the same`,
    received,
  });
}

function wrongMember(): KeelError {
  return new KeelError({
    kind: "environment",
    code: "quorum.member",
    path: "members",
    expected: "the member that was asked",
    received: "another",
  });
}
