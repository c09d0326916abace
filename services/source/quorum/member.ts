// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A quorum's member: commits to nonces ahead, reads for itself, and gives its part of a signature over its own message only.
 *
 * A question names an account, a time, and commitments made before; no message, digest or account. The message of an
 * (account, time) is on disk before a part over it is made.
 *
 * Commitments do not depend on the message, so they are made before there is a question: FROST's own preprocessing (Komlo
 * and Goldberg, eprint 2020/852), which saves a round. RFC 9591's binding factors tie each commitment to one message and one
 * list, which is why it stays safe however many of them are open and whoever chooses lists of them (Bellare et al., "Better
 * than Advertised Security for Non-interactive Threshold Signatures", 2022). What it rests on is kept here:
 *
 * - Nonces are in memory only, and whatever ends the process ends them with it.
 * - A pair of nonces is found by the commitments that were made for it, and taken away before it is used. Whatever happens
 *   then, it is not used again.
 * - They open to the token that they were made for, are over after an hour, and there are so many for each token: the
 *   oldest ends first.
 *
 * Warning: do not resume a member from a snapshot of its machine's memory; the nonces in it may have been used.
 *
 * @module
 */

import { type Field, inputError, type KeelError } from "@keel/verifier";
import type { NonceCommitments, Nonces } from "@noble/curves/abstract/frost.js";
import type { Answers, Asked } from "../answers.js";
import type { Entry } from "../store.js";
import { memberId, type Quorum, type Share, toHex } from "./files.js";
import { type Part, signPart } from "./sign.js";
import { FROST, messageBytes } from "./suite.js";

/** The public half of a nonce pair. */
export interface Commitment {
  readonly member: string;
  readonly hiding: Uint8Array<ArrayBuffer>;
  readonly binding: Uint8Array<ArrayBuffer>;
}

/** What a member says to a question. */
export interface Said {
  readonly entry: Entry;
  /** Absent when none of the commitments is this member's, or its nonces are over, were used, or never were. */
  readonly part?: Part;
}

/** A member. */
export interface Member {
  readonly name: string;
  /** Commitments to new nonces, for the holder of a token. */
  commit(holder: string, count: number): Commitment[];
  /**
   * This member's own message, and its part of a signature over it if it is one of the signers.
   *
   * @throws KeelError `quorum.commitments`, and what the reading throws
   */
  answer(holder: string, asked: Asked, commitments: readonly Commitment[]): Promise<Said>;
}

/** How long nonces are kept. */
export const NONCES_MS = 3_600_000;
/** Most commitments of one request: some milliseconds. */
export const MOST_AT_ONCE = 16;
/** Nonces kept for one token: more than are on their way at a time. */
const KEPT = 1_024;

interface Kept {
  readonly nonces: Nonces;
  readonly until: number;
}

/** A member with its share. */
export function createMember(
  answers: Answers,
  { quorum, name, secret }: Share,
  now: () => number = () => performance.now(),
): Member {
  const tokens = new Map<string, Map<string, Kept>>();

  const commit = (holder: string, count: number): Commitment[] => {
    const kept = tokens.get(holder) ?? new Map<string, Kept>();
    tokens.set(holder, kept);
    return Array.from({ length: count }, () => {
      const { nonces, commitments } = FROST.commit(secret);
      if (kept.size >= KEPT) end(kept, kept.keys().next().value!);
      const { hiding, binding } = commitments;
      kept.set(nameOf({ hiding, binding }), { nonces, until: now() + NONCES_MS });
      return { member: name, hiding, binding };
    });
  };

  /** The nonces of a commitment, which nobody finds again. */
  const take = (holder: string, commitment: Commitment): Nonces | undefined => {
    const kept = tokens.get(holder);
    const id = nameOf(commitment);
    const found = kept?.get(id);
    kept?.delete(id);
    if (found === undefined || found.until >= now()) return found?.nonces;
    wipe(found.nonces);
    return undefined;
  };

  const answer = async (holder: string, asked: Asked, commitments: readonly Commitment[]): Promise<Said> => {
    const list = protocolList(commitments, quorum);
    const entry = await answers(asked);
    const own = commitments.find(({ member }) => member === name);
    const nonces = own && take(holder, own);
    if (nonces === undefined) return { entry };
    try {
      return { entry, part: signPart(secret, quorum.frost, nonces, list, messageOf(entry)) };
    } catch {
      throw refusedCommitments();
    } finally {
      wipe(nonces);
    }
  };
  return { name, commit, answer };
}

/** Commitments as the protocol has them; each of a member, and once, of as many as sign. */
export function protocolList(
  commitments: readonly Commitment[],
  { members, threshold }: Quorum,
): NonceCommitments[] {
  const names = new Set(commitments.map(({ member }) => member));
  const areMembers = [...names].every((member) => members.includes(member));
  if (names.size !== commitments.length || names.size < threshold || !areMembers) throw refusedCommitments();
  return commitments.map(({ member, hiding, binding }) => ({
    identifier: memberId(member),
    hiding,
    binding,
  }));
}

/** A commitment as JSON has it. */
export function commitmentText({ member, hiding, binding }: Commitment) {
  return { member, hiding: toHex(hiding), binding: toHex(binding) };
}

function refusedCommitments(): KeelError {
  return inputError(
    "quorum.commitments",
    "commitments",
    "points of the group, of enough members, each once",
    "others",
  );
}

function messageOf({ message }: Entry): Uint8Array {
  return messageBytes(BigInt(message) as Field);
}

function nameOf({ hiding, binding }: Omit<NonceCommitments, "identifier">): string {
  return toHex(hiding) + toHex(binding);
}

function end(kept: Map<string, Kept>, id: string): void {
  const found = kept.get(id);
  kept.delete(id);
  if (found !== undefined) wipe(found.nonces);
}

function wipe({ hiding, binding }: Nonces): void {
  hiding.fill(0);
  binding.fill(0);
}
