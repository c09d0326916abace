// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Valid files, made wrong: changes of structure (a value replaced, a key gone, a row repeated) and of text (cut, inserted,
 * truncated), as fast-check arbitraries that shrink.
 *
 * @module
 */

import fc from "fast-check";

/** Values that somebody might give where another is expected. */
const ODD: readonly unknown[] = [
  ...[null, true, -1, 0, 1.5, 2 ** 53, "", " ", "0", "-0", "-1", "1e5", "007", "1,000", "0x10", "NaN", "١"],
  ...["9".repeat(90), "9".repeat(5_000), "0.000000001", "1.00001", "184467440737.09551616", "4294967295"],
  ...[
    "21888242871839275222246405745257275088548364400416034343698204186575808495617",
    "__proto__",
    "toString",
  ],
  ...["<b>", "\u0000", "\ud800", "\u202e", "=1+1", "../../x", [], [[]], {}, { a: 1 }, ["1", "2", "3"]],
];
const TEXTS = [
  "{",
  "}",
  "[",
  "]",
  '"',
  ",",
  ":",
  "\\",
  "\u0000",
  "-",
  "1e9",
  "null",
  "\uFEFF",
  "\r\n",
  "=",
  "'",
];

type Node = Record<string, unknown> | unknown[];

/** Every place of a JSON value: what holds it, and by which key. */
function places(value: unknown): { readonly holder: Node; readonly key: string }[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.keys(value).flatMap((key) => [
    { holder: value as Node, key },
    ...places((value as Record<string, unknown>)[key]),
  ]);
}

const change = fc.record({
  at: fc.nat(),
  other: fc.nat(),
  odd: fc.constantFrom(...ODD),
  kind: fc.constantFrom("replace", "replace", "delete", "add", "swap", "repeat"),
});

type Change = { at: number; other: number; odd: unknown; kind: string };

function applied(file: unknown, { at, other, odd: shared, kind }: Change): void {
  const odd = structuredClone(shared);
  const all = places(file);
  if (all.length === 0) return;
  const { holder, key } = all[at % all.length]!;
  const values = holder as Record<string, unknown>;
  if (kind === "replace") values[key] = odd;
  else if (kind === "delete") delete values[key];
  else if (kind === "add") values[`${key}x`] = odd;
  else if (kind === "repeat" && Array.isArray(holder)) holder.push(structuredClone(values[key]));
  else {
    // A value from elsewhere, of the right kind perhaps.
    const from = all[other % all.length]!;
    values[key] = structuredClone((from.holder as Record<string, unknown>)[from.key]);
  }
}

/** Texts of a JSON file with one to four changes of its structure. */
export function mangledJson(text: string): fc.Arbitrary<string> {
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    const file = JSON.parse(text) as unknown;
    for (const each of changes) applied(file, each);
    return JSON.stringify(file);
  });
}

const edit = fc.record({ at: fc.nat(), length: fc.nat(20), put: fc.constantFrom("", ...TEXTS) });

/** Any text with one to four places cut out, or something put there. */
export function mangledText(text: string): fc.Arbitrary<string> {
  return fc.array(edit, { minLength: 1, maxLength: 4 }).map((edits) =>
    edits.reduce((now, { at, length, put }) => {
      const start = at % (now.length + 1);
      return now.slice(0, start) + put + now.slice(start + length);
    }, text),
  );
}

/** Bytes with one to eight of them changed, or cut off. */
export function mangledBytes(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const flips = fc.array(fc.record({ at: fc.nat(), to: fc.nat(255) }), { minLength: 1, maxLength: 8 });
  return fc.tuple(flips, fc.option(fc.nat(bytes.length))).map(([changes, length]) => {
    const copy = bytes.slice(0, length ?? bytes.length);
    for (const { at, to } of changes) if (copy.length > 0) copy[at % copy.length] = to;
    return copy;
  });
}
