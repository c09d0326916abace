// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a quorum's key ceremony leaves: the public half (quorum/1), which everybody has, and each member's share
 * (quorum-share/1), which is secret.
 *
 * @module
 */

import {
  checkSourceKey,
  FIELD_ORDER,
  FORMATS,
  fieldElement,
  identifier,
  inputError,
  parseFile,
  type SourceKey,
} from "@keel/verifier";
import type { FrostPublic, FrostSecret } from "@noble/curves/abstract/frost.js";
import { z } from "zod";
import { FROST, groupKey, rememberGroup } from "./suite.js";

/** A quorum: who its members are and how many of them sign. */
export interface Quorum {
  readonly members: readonly string[];
  readonly threshold: number;
  readonly publicKey: SourceKey;
  readonly frost: FrostPublic;
}

/** A member's share of the key. */
export interface Share {
  readonly quorum: Quorum;
  /** The member's name. */
  readonly name: string;
  readonly secret: FrostSecret;
}

const scalarHex = z.string().regex(/^[0-9a-f]{64}$/);
const pointHex = z.string().regex(/^[0-9a-f]{128}$/);
const coordinate = fieldElement(FIELD_ORDER);

const publicFields = {
  threshold: z.int().min(2),
  publicKey: z.tuple([coordinate, coordinate]),
  commitments: z.array(pointHex).min(2),
  members: z.array(z.strictObject({ name: identifier, verifyingShare: pointHex })).min(2),
};
const quorumSchema = z.strictObject({ keel: z.literal("quorum/1"), ...publicFields });
FORMATS.add(quorumSchema, {
  id: "quorum/1",
  folder: "services/source",
  title: "The public side of a quorum's key",
});
const shareSchema = z.strictObject({
  keel: z.literal("quorum-share/1"),
  ...publicFields,
  name: identifier,
  share: scalarHex,
});
FORMATS.add(shareSchema, {
  id: "quorum-share/1",
  folder: "services/source",
  title: "A member's share of a quorum's key. Secret",
});

type PublicFields = Omit<z.output<typeof quorumSchema>, "keel">;

/** A member's number in the protocol. */
export function memberId(name: string): string {
  return FROST.Identifier.derive(name);
}

/**
 * Refuses a threshold that two disjoint groups could reach: each would sign a message of its own.
 *
 * @throws KeelError `quorum.threshold`
 */
export function checkThreshold(threshold: number, members: number, path: string): void {
  if (threshold >= 2 && threshold <= members && 2 * threshold > members) return;
  throw inputError("quorum.threshold", path, `more than half of the ${members} members`, `${threshold}`);
}

/** Reads a quorum/1 file. */
export function parseQuorum(text: string): Quorum {
  return toQuorum(parseFile(quorumSchema, text, "quorum"), "quorum");
}

/**
 * Reads a quorum-share/1 file.
 *
 * @throws KeelError `quorum.share` for a share that is not the member's; never with a part of it
 */
export function parseShare(text: string): Share {
  const file = parseFile(shareSchema, text, "share");
  const quorum = toQuorum(file, "share");
  const secret = { identifier: memberId(file.name), signingShare: fromHex(file.share) };
  try {
    if (!quorum.members.includes(file.name)) throw new Error("not a member");
    FROST.validateSecret(secret, quorum.frost);
  } catch {
    throw inputError("quorum.share", "share", "a member's share of the quorum's key", "another");
  }
  return { quorum, name: file.name, secret };
}

/** Writes a quorum/1 file. */
export function formatQuorum(quorum: Quorum): string {
  return `${JSON.stringify({ keel: "quorum/1", ...publicText(quorum) }, null, 2)}\n`;
}

/** Writes a quorum-share/1 file; its content is secret. */
export function formatShare({ quorum, name, secret }: Share): string {
  const file = { keel: "quorum-share/1", ...publicText(quorum), name, share: toHex(secret.signingShare) };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** A quorum from what the protocol made. */
export function quorumOf(members: readonly string[], frost: FrostPublic): Quorum {
  rememberGroup(frost);
  return { members, threshold: frost.signers.min, publicKey: groupKey(frost), frost };
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

export function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

function publicText({ members, threshold, publicKey, frost }: Quorum) {
  return {
    threshold,
    publicKey: publicKey.map(String),
    commitments: frost.commitments.map(toHex),
    members: members.map((name) => ({ name, verifyingShare: toHex(frost.verifyingShares[memberId(name)]!) })),
  };
}

function toQuorum(file: PublicFields, path: string): Quorum {
  const { threshold, publicKey, commitments, members } = file;
  checkThreshold(threshold, members.length, `${path}.threshold`);
  checkSourceKey(publicKey, `${path}.publicKey`);
  const frost: FrostPublic = {
    signers: { min: threshold, max: members.length },
    commitments: commitments.map(fromHex),
    verifyingShares: Object.fromEntries(
      members.map(({ name, verifyingShare }) => [memberId(name), fromHex(verifyingShare)]),
    ),
  };
  const names = members.map(({ name }) => name);
  const expected = "a quorum of distinct members whose key is the one said";
  if (new Set(names).size !== names.length) throw inputError("quorum.key", path, expected, "a name twice");
  try {
    const quorum = quorumOf(names, frost);
    if (quorum.publicKey.join() === publicKey.join()) return quorum;
  } catch {
    // Said below.
  }
  throw inputError("quorum.key", `${path}.publicKey`, expected, "another");
}
