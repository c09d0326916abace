// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Saved responses from options: `--response VENUE=FILE`, or `VENUE:NAME=FILE` where a response does not say what it is about,
 * and `--at VENUE=SECONDS` where it does not say of when it is.
 *
 * @module
 */

import type { SavedResponse } from "@keel/prover/market-data";
import { allFaults, asKeelError, type KeelError } from "@keel/verifier";
import type { Context } from "./context.js";
import { usageError } from "./errors.js";
import { readText } from "./files.js";

export interface ResponseOptions {
  readonly response?: readonly string[];
  readonly at?: readonly string[];
}

/** The files that the options name, for a check that none is named twice. */
export function responseFiles({ response = [] }: ResponseOptions): Record<string, string> {
  return Object.fromEntries(response.map((text, i) => [`--response (${i + 1})`, named(text).file]));
}

/** Reads them; those that cannot be read are told at once. */
export async function readResponses(
  { response = [], at = [] }: ResponseOptions,
  context: Context,
): Promise<SavedResponse[]> {
  const times = new Map(at.map(toldTime));
  const faults: KeelError[] = [];
  const found: SavedResponse[] = [];
  for (const { venue, subject, file } of response.map(named)) {
    const time = times.get(subject === undefined ? venue : `${venue}:${subject}`) ?? times.get(venue);
    try {
      const text = await readText(file, venue, context);
      found.push({
        ...{ venue, text },
        ...(subject === undefined ? {} : { subject }),
        ...(time === undefined ? {} : { at: time }),
      });
    } catch (error) {
      faults.push(asKeelError(error));
    }
  }
  if (faults.length > 0) throw allFaults(faults);
  return found;
}

function named(text: string): { venue: string; subject?: string; file: string } {
  const [, venue, subject, file] = /^([a-z0-9-]{1,20})(?::([^=]{1,80}))?=(.+)$/s.exec(text) ?? [];
  if (venue === undefined || file === undefined) {
    throw usageError("VENUE=FILE or VENUE:NAME=FILE", "other text", "--response");
  }
  return subject === undefined ? { venue, file } : { venue, subject, file };
}

function toldTime(text: string): readonly [string, number] {
  const [, venue, seconds] = /^([^=]{1,100})=([0-9]{9,12})$/.exec(text) ?? [];
  if (venue === undefined) throw usageError("VENUE=SECONDS, unix seconds", "other text", "--at");
  return [venue, Number(seconds)];
}
