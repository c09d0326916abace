// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Commitments that a member made ahead, as its coordinator keeps them: each is given out once, and more are asked for while
 * nobody waits.
 *
 * They are tested here, where it is known whose they are: later every other member would refuse them, and be named for it.
 *
 * @module
 */

import { askSource, type SourceConnection } from "@keel/prover";
import { identifier, KeelError, parseData } from "@keel/verifier";
import { z } from "zod";
import { fromHex } from "./files.js";
import { type Commitment, MOST_AT_ONCE, NONCES_MS } from "./member.js";
import { GroupPoint } from "./point.js";

/** A member as the coordinator reaches it. */
export interface MemberConnection extends SourceConnection {
  readonly name: string;
}

/** A commitment, when it was made, and how often the member had started anew by then. */
export interface Ahead extends Commitment {
  readonly at: number;
  readonly generation: number;
}

/** The commitments of one member. */
export interface Stock {
  /** One that was not given out; asks the member when there is none. Throws KeelError of whatever it does wrong. */
  take(): Promise<Ahead>;
  /** The member does not know this one any more, so it has started anew: forgets all that are not from after that. */
  forget(one: Ahead): void;
  /** Asks for more if there are few. A member that fails is asked again later, or when one is needed. */
  fill(): Promise<void>;
}

/** Kept of each member; what a burst of questions takes. */
const FULL = 64;
/** Left to the member, so that none is over when it arrives. */
const MARGIN_MS = 300_000;
/** After a failure. */
const PAUSE_MS = 30_000;

const pointHex = z.string().regex(/^[0-9a-f]{128}$/);
const commitmentsSchema = z.strictObject({
  member: identifier,
  commitments: z
    .array(z.strictObject({ hiding: pointHex, binding: pointHex }))
    .min(1)
    .max(MOST_AT_ONCE),
});

/** An empty stock. */
export function createStock(member: MemberConnection, now: () => number = () => performance.now()): Stock {
  let stock: Ahead[] = [];
  let asking: Promise<void> | undefined;
  let pausedUntil = 0;
  let generation = 0;

  const more = async (): Promise<void> => {
    const at = now();
    const body = { count: MOST_AT_ONCE };
    const said = await askSource(member, "/v2/quorum/commitments", body).catch(namesVersion);
    const answer = parseData(commitmentsSchema, said, "answer");
    if (answer.member !== member.name) throw wrongMember();
    const made = answer.commitments.map(({ hiding, binding }) => ({
      ...{ member: member.name, at, generation },
      hiding: tested(hiding),
      binding: tested(binding),
    }));
    stock.push(...made);
  };
  /** All who need one at the same time ask once. */
  const ask = async (): Promise<void> => {
    asking ??= more().finally(() => {
      asking = undefined;
    });
    await asking;
  };
  const dropOld = (): void => {
    stock = stock.filter(({ at }) => now() - at < NONCES_MS - MARGIN_MS);
  };

  const take = async (): Promise<Ahead> => {
    dropOld();
    for (;;) {
      const one = stock.shift();
      if (one !== undefined) return one;
      await ask();
    }
  };
  const forget = (one: Ahead): void => {
    // Another question may have found it out before, and what is there now is new.
    if (one.generation !== generation) return;
    generation += 1;
    stock = [];
  };
  const fill = async (): Promise<void> => {
    dropOld();
    if (stock.length >= FULL || now() < pausedUntil) return;
    await ask().catch(() => {
      pausedUntil = now() + PAUSE_MS;
    });
  };
  return { take, forget, fill };
}

/** A member without this route is one of before. */
function namesVersion(error: unknown): never {
  if (!(error instanceof KeelError) || error.code !== "http.route") throw error;
  throw new KeelError({
    kind: "environment",
    code: "quorum.version",
    path: "members",
    expected: "a member whose quorum interface is version 2",
    received: "one without it",
  });
}

function tested(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = fromHex(hex);
  try {
    GroupPoint.inGroup(bytes);
    return bytes;
  } catch {
    throw new KeelError({
      kind: "environment",
      code: "quorum.commitments",
      path: "answer.commitments",
      expected: "points of the subgroup, not the identity",
      received: "another",
    });
  }
}

/** Another member's answer where this one was asked. */
export function wrongMember(): KeelError {
  return new KeelError({
    kind: "environment",
    code: "quorum.member",
    path: "members",
    expected: "the member that was asked",
    received: "another",
  });
}
