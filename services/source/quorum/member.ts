// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A quorum's member: reads for itself, commits to its own message, and gives a share of a signature over that one only.
 *
 * A request names an account and a time, or a commitment made before; no message, digest or account. The message of an
 * (account, time) is on disk before the member commits to it. Nonces are in memory only: each is taken away before it is
 * used, and whatever ends the process ends them with it.
 *
 * Warning: do not resume a member from a snapshot of its machine's memory; the nonces in it may have been used.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { type Field, inputError, type KeelError } from "@keel/verifier";
import type { NonceCommitments, Nonces } from "@noble/curves/abstract/frost.js";
import type { Answers, Asked } from "../answers.js";
import type { Entry } from "../store.js";
import { memberId, type Share, toHex } from "./files.js";
import { FROST, messageBytes } from "./suite.js";

/** The public half of a nonce pair. */
export interface Commitment {
  readonly member: string;
  readonly hiding: Uint8Array<ArrayBuffer>;
  readonly binding: Uint8Array<ArrayBuffer>;
}

/** What a member says first. */
export interface Committed {
  /** Names the nonces in the second round. */
  readonly session: string;
  readonly entry: Entry;
  readonly commitment: Commitment;
}

/** A member's two rounds. */
export interface Member {
  commit(asked: Asked): Promise<Committed>;
  /** @throws KeelError `quorum.session` for one that is over, was used, or never was; `quorum.commitments` */
  sign(session: string, commitments: readonly Commitment[]): Uint8Array;
}

interface Session {
  readonly nonces: Nonces;
  readonly own: NonceCommitments;
  readonly message: Uint8Array;
  readonly until: number;
}

const SESSION_MS = 60_000;
/** Open sessions; beyond it the oldest ends. */
const SESSIONS = 1_000;

/** A member with its share. */
export function createMember(answers: Answers, { quorum, name, secret }: Share): Member {
  const sessions = new Map<string, Session>();

  const commit = async (asked: Asked): Promise<Committed> => {
    const entry = await answers(asked);
    const { nonces, commitments } = FROST.commit(secret);
    const session = randomBytes(16).toString("hex");
    if (sessions.size >= SESSIONS) end(sessions, sessions.keys().next().value!);
    const message = messageBytes(BigInt(entry.message) as Field);
    sessions.set(session, { nonces, own: commitments, message, until: performance.now() + SESSION_MS });
    const { hiding, binding } = commitments;
    return { session, entry, commitment: { member: name, hiding, binding } };
  };

  const sign = (id: string, commitments: readonly Commitment[]): Uint8Array => {
    const session = sessions.get(id);
    // Taken away first: whatever happens then, these nonces are not used again.
    sessions.delete(id);
    if (session === undefined || session.until < performance.now()) {
      throw inputError("quorum.session", "session", "one that is open and was not used", "another");
    }
    try {
      const list = protocolList(commitments, quorum.members);
      return FROST.signShare(secret, quorum.frost, session.nonces, list, session.message);
    } catch {
      throw refusedCommitments();
    } finally {
      wipe(session.nonces);
    }
  };
  return { commit, sign };
}

/** Commitments as the protocol has them; each of a member, and once. */
export function protocolList(
  commitments: readonly Commitment[],
  members: readonly string[],
): NonceCommitments[] {
  const names = new Set(commitments.map(({ member }) => member));
  if (names.size !== commitments.length || ![...names].every((member) => members.includes(member))) {
    throw refusedCommitments();
  }
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
    "those of enough members, this one's among them",
    "others",
  );
}

function end(sessions: Map<string, Session>, id: string): void {
  const session = sessions.get(id);
  sessions.delete(id);
  if (session !== undefined) wipe(session.nonces);
}

function wipe({ hiding, binding }: Nonces): void {
  hiding.fill(0);
  binding.fill(0);
}
