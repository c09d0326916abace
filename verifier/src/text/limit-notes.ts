// SPDX-License-Identifier: MIT
/**
 * What each limit means to people: what it measures, what it does not catch, values that others use, and rules that speak of the
 * same thing: limit-notes.json. The pages of docs/limits/ and `keel policy explain` are made from it. A value without a published source is
 * not in it.
 *
 * @module
 */

import type { LimitName } from "../files/limits.js";
import notes from "./limit-notes.json" with { type: "json" };

/** A value that somebody uses, and where that is said. */
export interface TypicalValue {
  readonly value: string;
  readonly who: string;
  readonly source: Citation;
}

/** A rule that limits the same thing, or something close to it. */
export interface RelatedRule {
  readonly rule: string;
  /** How far the limit goes towards it. */
  readonly how: string;
  readonly source: Citation;
}

/** A published text. */
export interface Citation {
  readonly title: string;
  readonly url: string;
}

/** A limit for people. */
export interface LimitNote {
  readonly meaning: string;
  /** Where the formula comes from. */
  readonly formula: string;
  readonly misses: readonly string[];
  readonly typical: readonly TypicalValue[];
  readonly rules: readonly RelatedRule[];
}

type Text = keyof typeof notes.texts;

interface Noted {
  readonly meaning: string;
  readonly formula: string;
  readonly misses: readonly string[];
  readonly typical: readonly { readonly value: string; readonly who: string; readonly source: string }[];
  readonly rules: readonly { readonly rule: string; readonly how: string; readonly source: string }[];
}

const NOTED: Readonly<Record<LimitName, Noted>> = notes.limits;

/** Every limit for people. */
export const LIMIT_NOTES = Object.fromEntries(
  Object.entries(NOTED).map(([name, note]) => [name, noteOf(note)]),
) as Readonly<Record<LimitName, LimitNote>>;

function noteOf({ typical, rules, ...note }: Noted): LimitNote {
  return { ...note, typical: typical.map(cited), rules: rules.map(cited) };
}

/** The same with the text that its source names. */
function cited<T extends { readonly source: string }>(from: T): Omit<T, "source"> & { source: Citation } {
  return { ...from, source: notes.texts[from.source as Text] };
}
