// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is every page of a report drawn as it was? Whoever has a report makes the same bytes of it again, so the bytes of a document that
 * has everything in it are pinned here: one that is meant to look different is looked at, and then pinned anew.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type Column, createPages, type Pages, shownText } from "../../cli/dist/report-page.js";

const FOOT = "report/2  content hash 0x12";
const HASH = "0123456789abcdef".repeat(4);
const COLUMNS: readonly Column[] = [
  { title: "a fund with a long head", width: 20 },
  { title: "value", width: 10, align: "right" },
  { title: "transaction", width: 9 },
];
/** Drawn one after the other: by day and value. */
const CURVES = ["Aurelia", "Borealis", "Corona", "Dorado", "Eridanus"].map((name, c) => ({
  name,
  points: [0, 1, 2, 5].map((x): [number, number] => [x * 10, 100 + c * (x - 2) ** 2]),
  gaps: c === 1 ? [[12, 20] as const] : [],
}));
const LABELS = { x: (value: number) => `day ${value}`, y: (value: number) => value.toFixed(2) };

/** The bytes of what is drawn, as text: pieces of it, and their hash. */
async function drawn(
  draw: (pages: Pages) => void,
  warning?: string,
): Promise<{ text: string; hash: string }> {
  const info = { title: "Records – Ω", time: 1_800_000_000, foot: FOOT };
  const pages = createPages(warning === undefined ? info : { ...info, warning });
  draw(pages);
  const bytes = await pages.end();
  return {
    text: Buffer.from(bytes).toString("latin1"),
    hash: createHash("sha256").update(bytes).digest("hex"),
  };
}

/** SHA-256 of each. */
const PINNED = {
  "headings and text": "b9c3fac39fe7c955cfc63a6a357c3a571e1aea8c4df47333e9da77443d86007b",
  "lists, under a warning": "11a1ba3c7ad3b9a608826b4a8d7eae3e3dcf877b1d172a92ea723544011888ec",
  "tables over pages": "0b9e5feea3109293685275b196f777e7a8d2119763e8e4a96f7de4c5550339b7",
  charts: "c024548d7d14487278e6d39f8bcc7c899dbf714a9505381388b22e4c0b7a9449",
} as const;

const PIECES: readonly [keyof typeof PINNED, (pages: Pages) => void, string?][] = [
  [
    "headings and text",
    (pages) => {
      for (const level of [1, 2, 3] as const) pages.heading(`Level ${level}`, level);
      for (let i = 0; i < 60; i++) pages.paragraph(`Paragraph ${i}, ${"of many words ".repeat(i)}`);
      pages.heading("Not alone at the end", 2);
      pages.paragraph("The end.\nAnd a line.");
    },
  ],
  [
    "lists, under a warning",
    (pages) => {
      pages.bullets(Array.from({ length: 40 }, (_, i) => `Point ${i} ${"goes on ".repeat(i)}`));
      pages.pairs(Array.from({ length: 40 }, (_, i) => [`name ${i}`, `value ${"and more ".repeat(i)}`]));
      pages.paragraph("Behind them.");
    },
    `WARNING: ${"a development key ".repeat(14)}`,
  ],
  [
    "tables over pages",
    (pages) => {
      pages.table(
        COLUMNS,
        Array.from({ length: 90 }, (_, i) => [`fund ${i} ${"long ".repeat(i % 17)}`, `${i * 7}`, HASH]),
      );
      pages.table(COLUMNS, []);
      pages.paragraph("Behind them.");
    },
  ],
  [
    "charts",
    (pages) => {
      pages.chart("One", CURVES.slice(1, 2), LABELS, [
        [-5, 3],
        [12, 20],
        [45, 70],
        [60, 80],
      ]);
      pages.chart("Many", CURVES, LABELS, []);
      pages.chart(
        "Level",
        [
          {
            name: "flat",
            points: [
              [7, 1],
              [9, 1],
            ],
            gaps: [],
          },
        ],
        LABELS,
        [],
      );
      pages.chart("A point", [{ name: "alone", points: [[7, 1]], gaps: [] }], LABELS, []);
      pages.paragraph("Behind them.");
    },
  ],
];

describe("the bytes of", () => {
  it.each(PIECES)("%s", async (name, draw, warning) => {
    const { text, hash } = await drawn(draw, warning);
    expect(text.startsWith("%PDF-")).toBe(true);
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
    expect(hash).toBe(PINNED[name]);
  });
});

it("are of the time that the report has, and say who made them", async () => {
  const { text } = await drawn((pages) => pages.paragraph("x"));
  expect(text).toContain("(D:20270115080000Z)");
  expect(text).toContain("(Keel)");
});

it.each([
  [" ", " "],
  ["~", "~"],
  ["\u007f", "\\u{7f}"],
  ["\u00a0", "\\u{a0}"],
  ["¡", "¡"],
  ["ÿ", "ÿ"],
  ["Ā", "\\u{100}"],
  ["€", "€"],
])("%j is shown as %j", (given, shown) => {
  expect(shownText(given)).toBe(shown);
});
