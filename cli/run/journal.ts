// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Rounds on disk: a folder each, by the snapshot's time, with what the round works on and how far it came. Files are kept until
 * the registry confirmed the round; then what is secret goes, and the attestation and the record stay.
 *
 * @module
 */

import { mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseFile, time } from "@keel/verifier";
import { KeelError } from "@keel/verifier/errors";
import { z } from "zod";
import type { Context } from "../context.js";
import { systemCode } from "../errors.js";
import { readText, writeText } from "../files.js";

const OUTCOMES = ["attested", "already", "overtaken", "unhealthy"] as const;
/** How a round ended. */
export type RoundOutcome = (typeof OUTCOMES)[number];

const schema = z.strictObject({
  keel: z.literal("round/1"),
  asOf: time,
  /** When it began. */
  began: time,
  ended: time.optional(),
  outcome: z.enum(OUTCOMES).optional(),
  /** Milliseconds of the proof. */
  proofMs: z.int().min(0).optional(),
  transaction: z.string().optional(),
});

/** A round, and where its files are. */
export interface Round extends Omit<z.infer<typeof schema>, "keel"> {
  readonly folder: string;
}

/** Files of a round that are secret, and of use only until it has ended. */
const SECRET_FILES = ["snapshot.json", "units.json"];
/** Ended rounds that are kept. */
const KEPT = 100;

/** A file of a round. */
export function roundFile({ folder }: Round, name: string): string {
  return join(folder, name);
}

/** Begins a round, or goes on with the one of the same snapshot time. */
export async function beginRound(
  rounds: string,
  asOf: number,
  now: number,
  context: Context,
): Promise<Round> {
  const found = await readRound(rounds, String(asOf), context);
  if (found !== undefined) return found;
  const folder = join(rounds, String(asOf));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return await saveRound({ folder, asOf, began: now }, context);
}

/** Writes what is known of a round. */
export async function saveRound(round: Round, context: Context): Promise<Round> {
  const { folder, ...rest } = round;
  const text = `${JSON.stringify({ keel: "round/1", ...rest }, null, 2)}\n`;
  await writeText({ path: join(folder, "round.json"), text, secret: true }, true, context.signal);
  return round;
}

/** Ends a round; what is secret in its folder goes, and in those of earlier ones, which are of no use any more. */
export async function endRound(round: Round, context: Context): Promise<Round> {
  await saveRound(round, context);
  const rounds = await listRounds(dirname(round.folder), context);
  for (const one of rounds.filter(({ asOf }) => asOf <= round.asOf)) {
    for (const name of SECRET_FILES) await rm(roundFile(one, name), { force: true });
  }
  return round;
}

/** The latest round that has not ended and whose snapshot is young enough to be attested; none of a time to come. */
export function unfinished(rounds: readonly Round[], now: number, mostAge: number): Round | undefined {
  return rounds.findLast(({ ended, asOf }) => ended === undefined && asOf <= now && now - asOf < mostAge);
}

/** All rounds, the latest snapshot last; older ones than are kept are removed once they or a later one have ended. */
export async function listRounds(rounds: string, context: Context): Promise<Round[]> {
  const names = await readdir(rounds).catch((error) => {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  });
  const times = names.filter((name) => /^[0-9]{1,12}$/.test(name)).sort((a, b) => Number(a) - Number(b));
  const found: Round[] = [];
  for (const name of times) {
    const round = await readRound(rounds, name, context);
    if (round !== undefined) found.push(round);
  }
  const last = found.findLast(({ ended }) => ended !== undefined)?.asOf ?? 0;
  const old = found.slice(0, -KEPT).filter(({ asOf }) => asOf <= last);
  for (const { folder } of old) await rm(folder, { recursive: true, force: true });
  return found;
}

/** A round whose record was cut short is one that has not begun. */
async function readRound(rounds: string, name: string, context: Context): Promise<Round | undefined> {
  const folder = join(rounds, name);
  try {
    const { keel: _, ...round } = parseFile(
      schema,
      await readText(join(folder, "round.json"), "round", context),
      "round",
    );
    return { ...(round as Omit<Round, "folder">), folder };
  } catch (error) {
    if (error instanceof KeelError && error.kind === "input") return undefined;
    throw error;
  }
}
