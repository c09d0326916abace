// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A quorum's coordinator: asks every member, puts the parts of those who agree together, and names who does not.
 *
 * It holds no key and can only fail: each member signs what it read itself, and a signature that does not verify is not
 * given out. The first one of an (account, time) is kept, so that the same question has the same answer.
 *
 * One round when all agree: commitments were made ahead, so that every member is asked once, with those of the members who
 * are to sign. When one of these fails or says something else, others sign in another attempt, with other commitments.
 *
 * @module
 */

import { askAccounts, askSource } from "@keel/prover";
import {
  EVIDENCE,
  type Field,
  identifier,
  KeelError,
  type MemberEvidence,
  parseData,
  time,
  weakestEvidence,
} from "@keel/verifier";
import type { NonceCommitments } from "@noble/curves/abstract/frost.js";
import { z } from "zod";
import type { Answers, Asked } from "../answers.js";
import { sendByHttp } from "../http/client.js";
import type { Basis, Entry, Store } from "../store.js";
import { type Ahead, createStock, type MemberConnection, type Stock, wrongMember } from "./ahead.js";
import { fromHex, memberId, type Quorum, toHex } from "./files.js";
import { commitmentText, protocolList } from "./member.js";
import { GroupPoint } from "./point.js";
import { groupCommitment, isSignature, type Part, sumOfShares } from "./sign.js";
import { FROST, messageBytes } from "./suite.js";

export type { MemberConnection } from "./ahead.js";

export interface CoordinatorOptions {
  readonly quorum: Quorum;
  readonly members: readonly MemberConnection[];
  readonly store: Store;
  /** Milliseconds for a member's answer. */
  readonly timeoutMs?: number;
}

/** A coordinator's answers, and the accounts that enough members know. */
export interface Coordinator {
  readonly answers: Answers;
  accountsOf(subject: string): Promise<readonly string[]>;
  /** Asks for no more commitments. */
  close(): void;
}

/** A member and why its word is not part of the signature. */
type Dissent = NonNullable<Basis["dissent"]>[number];

/** A member and the commitments that it made ahead. */
interface Desk {
  readonly connection: MemberConnection;
  readonly name: string;
  readonly stock: Stock;
}

/** A question while it is asked. */
interface Question {
  readonly asked: Asked;
  readonly quorum: Quorum;
  readonly desks: readonly Desk[];
  /** Who is out, and the code of why. */
  readonly dissent: Map<string, string>;
  readonly failures: Map<string, KeelError>;
  /** Who did not know its commitments any more; a member may have started anew once. */
  readonly forgetful: Set<string>;
}

/** A member's word, and its part of a signature over it. */
interface Said {
  readonly desk: Desk;
  /** Message and account, to be compared. */
  readonly word: string;
  readonly message: Field;
  readonly scope: string;
  readonly positions: Record<string, string>;
  readonly evidence: MemberEvidence;
  readonly read: number;
  readonly part: Part | undefined;
}

const TIMEOUT_MS = 15_000;
/** How often it is looked whether commitments are to be asked for. */
const FILL_MS = 1_000;

const saidSchema = z.strictObject({
  member: identifier,
  message: z.string().regex(/^(0|[1-9][0-9]{0,76})$/),
  scope: z.string().max(200),
  positions: z.record(z.string(), z.string().max(100)),
  evidence: z.enum(EVIDENCE).exclude(["quorum"]),
  read: time,
  part: z
    .strictObject({
      R: z.string().regex(/^[0-9a-f]{128}$/),
      share: z.string().regex(/^(0|[1-9][0-9]{0,75})$/),
    })
    .optional(),
});

/** A coordinator of a quorum. */
export function createCoordinator({
  quorum,
  members,
  store,
  timeoutMs = TIMEOUT_MS,
}: CoordinatorOptions): Coordinator {
  const reach = members.map((member) => ({ ...member, timeoutMs, send: sendByHttp }));
  const desks = reach.map((connection) => ({
    ...{ connection, name: connection.name },
    stock: createStock(connection),
  }));
  const running = new Map<string, Promise<Entry>>();
  // Who failed last is asked to sign last.
  const suspects = new Set<string>();
  const answers: Answers = async (asked) => {
    const before = await store.find(asked.account, asked.asOf);
    if (before !== undefined) return sameSubject(before, asked);
    const name = `${asked.subject} ${asked.account} ${asked.asOf}`;
    const work = running.get(name) ?? sign(asked).finally(() => running.delete(name));
    running.set(name, work);
    return await work;
  };
  const sign = async (asked: Asked): Promise<Entry> => {
    const trusted = [...desks].sort((a, b) => Number(suspects.has(a.name)) - Number(suspects.has(b.name)));
    const dissent = new Map<string, string>();
    const maps = { dissent, failures: new Map(), forgetful: new Set<string>() };
    try {
      return await signTogether({ asked, quorum, desks: trusted, ...maps }, store);
    } finally {
      suspects.clear();
      for (const name of dissent.keys()) suspects.add(name);
    }
  };
  const fill = (): void => {
    if (running.size === 0) for (const { stock } of desks) void stock.fill();
  };
  const timer = setInterval(fill, FILL_MS).unref();
  return {
    answers,
    accountsOf: async (subject) => await commonAccounts(subject, quorum, reach),
    close: () => clearInterval(timer),
  };
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

/** Attempts until one succeeds; each that fails names somebody, who is not asked again, or finds a member started anew. */
async function signTogether(question: Question, store: Store): Promise<Entry> {
  for (;;) {
    const commitments = await commitmentsOf(question);
    const group = await agreeing(question, commitments);
    const signature = signatureOf(group, commitments, question);
    if (signature !== undefined) return await store.claim(entryOf(question, group, commitments, signature));
  }
}

function entryOf(
  { asked, quorum, dissent }: Question,
  group: readonly Said[],
  commitments: readonly Ahead[],
  signature: NonNullable<Entry["signature"]>,
): Entry {
  const signers = signersOf(group, commitments);
  const [{ scope, message, positions, read }] = signers as [Said];
  const tiers = signers.map(({ evidence }) => evidence);
  const basis: Basis = {
    evidence: "quorum",
    weakest: weakestEvidence(tiers),
    driver: `${quorum.threshold} of ${quorum.members.length}: ${tiersText(tiers)}`,
    read,
    members: quorum.members.filter((name) => group.some(({ desk }) => desk.name === name)),
    ...(dissent.size === 0 ? {} : { dissent: dissentOf(dissent) }),
  };
  const { subject, account, asOf } = asked;
  const [x, y] = quorum.publicKey;
  return {
    ...{ subject, account, asOf, scope, positions, basis },
    message: message.toString(),
    key: [`${x}`, `${y}`],
    signature,
  };
}

/** How many members are of each tier, the weakest first; short, however many there are. */
function tiersText(tiers: readonly MemberEvidence[]): string {
  return EVIDENCE.map((tier) => ({ tier, count: tiers.filter((one) => one === tier).length }))
    .filter(({ count }) => count > 0)
    .map(({ tier, count }) => `${tier} x${count}`)
    .join(", ");
}

/** Who is still asked. */
function left({ desks, dissent }: Question): Desk[] {
  return desks.filter(({ name }) => !dissent.has(name));
}

function fail({ dissent, failures }: Question, { name }: Desk, error: unknown): undefined {
  const failure = error as KeelError;
  failures.set(name, failure);
  dissent.set(name, failure.code ?? "internal");
}

/** A commitment each of as many members as sign. */
async function commitmentsOf(question: Question): Promise<Ahead[]> {
  const { threshold } = question.quorum;
  const queue = left(question);
  const taken: Ahead[] = [];
  while (taken.length < threshold && queue.length > 0) {
    const next = queue.splice(0, threshold - taken.length);
    const made = await Promise.all(
      next.map(async (desk) => await desk.stock.take().catch((error) => fail(question, desk, error))),
    );
    taken.push(...made.filter((one) => one !== undefined));
  }
  if (taken.length < threshold) throw tooFew(question, []);
  return taken;
}

/** The members of the largest group that says the same, if it is large enough. */
async function agreeing(question: Question, commitments: readonly Ahead[]): Promise<Said[]> {
  const { quorum, dissent, asked } = question;
  const body = { ...asked, commitments: commitments.map(commitmentText) };
  const said = await Promise.all(
    left(question).map(
      async (desk) => await wordOf(desk, body).catch((error) => fail(question, desk, error)),
    ),
  );
  const groups = new Map<string, Said[]>();
  for (const word of said) {
    if (word !== undefined) groups.set(word.word, [...(groups.get(word.word) ?? []), word]);
  }
  const largest = [...groups.values()].sort((a, b) => b.length - a.length)[0] ?? [];
  if (largest.length < quorum.threshold) throw tooFew(question, [...groups.values()].flat());
  for (const [word, others] of groups) {
    if (word === largest[0]!.word) continue;
    for (const { desk } of others) dissent.set(desk.name, "quorum.account");
  }
  return largest;
}

async function wordOf(desk: Desk, body: object): Promise<Said> {
  const answer = parseData(saidSchema, await askSource(desk.connection, "/v2/quorum/sign", body), "answer");
  const { member, message, scope, positions, evidence, read, part } = answer;
  if (member !== desk.name) throw wrongMember();
  const word = JSON.stringify([message, scope, Object.entries(positions).sort()]);
  return {
    ...{ desk, word, scope, positions, evidence, read },
    message: BigInt(message) as Field,
    part: part && { R: fromHex(part.R), share: BigInt(part.share) },
  };
}

/** Those of a group whose commitments were in the list. */
function signersOf(group: readonly Said[], commitments: readonly Ahead[]): Said[] {
  return group.filter(({ desk }) => commitments.some(({ member }) => member === desk.name));
}

/** The group's signature; nothing when somebody failed, who is then named, or is asked again after a restart. */
function signatureOf(
  group: readonly Said[],
  commitments: readonly Ahead[],
  question: Question,
): NonNullable<Entry["signature"]> | undefined {
  const signers = signersOf(group, commitments);
  for (const { desk, part } of signers) {
    const own = commitments.find(({ member }) => member === desk.name)!;
    if (part === undefined) forgot(question, desk, own);
  }
  const parts = signers.flatMap(({ part }) => part ?? []);
  if (parts.length < commitments.length) return undefined;
  const message = messageBytes(signers[0]!.message);
  const { frost } = question.quorum;
  const [R, S] = [parts[0]!.R, sumOfShares(parts.map(({ share }) => share))];
  // One R that is right would do; but who says another one is to be named.
  const isOne = new Set(parts.map((part) => toHex(part.R))).size === 1;
  if (isOne && isValid(() => isSignature(frost, message, R, S))) return signatureText(R, S);
  const list = protocolList(commitments, question.quorum);
  const wrong = signers.filter((said) => !isGoodPart(said, list, question.quorum));
  // All of them when it cannot be told.
  for (const { desk } of wrong.length === 0 ? signers : wrong)
    question.dissent.set(desk.name, "quorum.share");
  return undefined;
}

/** The first time, a member that started anew has lost what it committed to. */
function forgot({ forgetful, dissent }: Question, { name, stock }: Desk, own: Ahead): void {
  stock.forget(own);
  if (forgetful.has(name)) dissent.set(name, "quorum.session");
  forgetful.add(name);
}

/** Whether a member's part is what its commitment and the list say. */
function isGoodPart({ desk, message, part }: Said, list: NonceCommitments[], { frost }: Quorum): boolean {
  const bytes = messageBytes(message);
  return isValid(
    () =>
      toHex(part!.R) === toHex(groupCommitment(frost, list, bytes)) &&
      FROST.verifyShare(frost, list, bytes, memberId(desk.name), GroupPoint.Fn.toBytes(part!.share)),
  );
}

/** What throws about a member's answer is no. */
function isValid(test: () => boolean): boolean {
  try {
    return test();
  } catch {
    return false;
  }
}

function signatureText(R: Uint8Array, S: bigint): NonNullable<Entry["signature"]> {
  const { x, y } = GroupPoint.fromBytes(R);
  return { R8: [`${x}`, `${y}`], S: S.toString() };
}

function dissentOf(dissent: ReadonlyMap<string, string>): Dissent[] {
  return [...dissent].map(([member, code]) => ({ member, code }));
}

/** Too few members agree: when all that failed say the same, that is the answer. */
function tooFew({ quorum, dissent, failures }: Question, said: readonly Said[]): KeelError {
  const { threshold, members } = quorum;
  const codes = new Set([...failures.values()].map(({ code }) => code));
  const [first] = failures.values();
  if (first !== undefined && said.length === 0 && codes.size === 1 && first.kind === "input") return first;
  const words = said.map(({ desk }) => `${desk.name}: an account of its own`);
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
