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

const FOOT = "report/1  content hash 0x12";
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
  "headings and text": "6c67466fb1d1eee62d3c369ee3564f90bd88cbab46b546761f5694a8e328fc88",
  "lists, under a warning": "d1853aa7cc9fe7ddbfa365efc706a44c8b2ec5cd2428241e026c46136150dfc6",
  "tables over pages": "96d20a1ed6acad98e0b75bdcfc117abf8cee6f5ecc15bd8b40b2ec52c534f30c",
  charts: "1509c6939ba94362364b8d4798df86641169dcece7546a4f3fb758fe3e43399f",
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
