// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Pages for reports: text, tables that go on over pages with their head, a chart, and a foot with page numbers. The same content always
 * gives the same bytes: dates come from the caller, nothing is compressed, no font is embedded.
 *
 * @module
 */

import { printable } from "@keel/verifier/text";
import PDFDocument from "pdfkit";

/** What a document says of itself. */
export interface PageInfo {
  readonly title: string;
  /** Unix seconds. */
  readonly time: number;
  /** At the foot of each page, before its number. */
  readonly foot: string;
  /** At the head of each page, where something has to be known before everything else. */
  readonly warning?: string;
}

/** A column of a table; widths are shares of the page's. */
export interface Column {
  readonly title: string;
  readonly width: number;
  readonly align?: "left" | "right";
}

/** A line of a chart. */
export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Stretches of x over which no line goes. */
  readonly gaps: readonly Shade[];
}

/** What is drawn on. */
export interface Pages {
  heading(text: string, level: 1 | 2 | 3): void;
  paragraph(text: string): void;
  bullets(lines: readonly string[]): void;
  /** Names with values, one a line. */
  pairs(rows: readonly (readonly [string, string])[]): void;
  table(columns: readonly Column[], rows: readonly (readonly string[])[]): void;
  /** @param shade stretches of x that are marked */
  chart(title: string, curves: readonly Curve[], labels: ChartLabels, shade: readonly Shade[]): void;
  end(): Promise<Uint8Array>;
}

export interface ChartLabels {
  readonly x: (value: number) => string;
  readonly y: (value: number) => string;
}

export type Shade = readonly [from: number, until: number];

const MARGIN = 40;
const FOOT = 34;
const SIZES = { 1: 18, 2: 13, 3: 10.5 } as const;
const BODY = 8.5;
const CELL = 7;
const PAD = 2.5;
const [INK, GREY, LINE, RED] = ["#16181d", "#5a6070", "#c9ced8", "#b3261e"] as const;
/** Told apart in print too: by their dashes. */
const CURVES = [
  { colour: "#1f5fbf", dash: undefined },
  { colour: "#b3541e", dash: 5 },
  { colour: "#2e7d4f", dash: 2 },
  { colour: "#7a3fa0", dash: 8 },
] as const;
const CHART_HEIGHT = 150;

/** Characters beyond Latin-1 that the standard fonts have (WinAnsi). */
const EXTRA = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ";

/** Text that the standard fonts can show: everything else as its number. */
export function shownText(text: string): string {
  return printable(text).replace(/[^\n]/gu, (sign) => {
    const code = sign.codePointAt(0)!;
    const known = (code >= 0x20 && code <= 0x7e) || (code >= 0xa1 && code <= 0xff) || EXTRA.includes(sign);
    return known ? sign : `\\u{${code.toString(16)}}`;
  });
}

/** Begins a document of A4 pages on their long side. */
export function createPages(info: PageInfo): Pages {
  const doc = new PDFDocument({
    ...{ size: "A4", layout: "landscape", bufferPages: true, compress: false, autoFirstPage: false },
    margins: { top: MARGIN, left: MARGIN, right: MARGIN, bottom: 0 },
    info: {
      ...{ Title: shownText(info.title), Creator: "Keel", Producer: "Keel" },
      CreationDate: new Date(info.time * 1000),
    },
  });
  const chunks: Uint8Array[] = [];
  doc.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  const ended = new Promise<Uint8Array>((resolve) => doc.on("end", () => resolve(Buffer.concat(chunks))));
  const addPage = (): void => {
    doc.addPage();
    doc.y = MARGIN;
    if (info.warning === undefined) return;
    doc
      .font("Helvetica-Bold")
      .fontSize(CELL + 0.5)
      .fillColor(RED);
    doc.text(shownText(info.warning), MARGIN, MARGIN - 20, { width: widthOf(doc) });
    doc.y = Math.max(doc.y + 4, MARGIN);
  };
  addPage();
  const room = (height: number): void => {
    if (doc.y + height > doc.page.height - MARGIN - FOOT) addPage();
  };
  const write = (font: string, size: number, text: string, indent = 0): void => {
    const width = widthOf(doc) - indent;
    for (const line of shownText(text).split("\n").flatMap(inPieces)) {
      room(doc.font(font).fontSize(size).heightOfString(line, { width }));
      // A new page has written its warning meanwhile.
      doc.font(font).fontSize(size).fillColor(INK);
      doc.text(line, MARGIN + indent, doc.y, { width });
    }
  };
  return {
    heading: (text, level) => {
      // Not alone at the end of a page.
      room(SIZES[level] * 4);
      doc.y += SIZES[level] * 0.6;
      write("Helvetica-Bold", SIZES[level], text);
      doc.y += 3;
    },
    paragraph: (text) => {
      write("Helvetica", BODY, text);
      doc.y += 3;
    },
    bullets: (lines) => {
      for (const line of lines) write("Helvetica", BODY, `•  ${line}`, 8);
      doc.y += 3;
    },
    pairs: (rows) => {
      for (const [name, value] of rows) {
        const width = widthOf(doc) - 120;
        room(doc.font("Helvetica").fontSize(BODY).heightOfString(shownText(value), { width }));
        doc.font("Helvetica").fontSize(BODY);
        const { y } = doc;
        doc.fillColor(GREY).text(shownText(name), MARGIN, y, { width: 115 });
        doc.fillColor(INK).text(shownText(value), MARGIN + 120, y, { width });
      }
      doc.y += 3;
    },
    table: (columns, rows) => drawTable(doc, columns, rows, room),
    chart: (title, curves, labels, shade) => {
      room(CHART_HEIGHT + 40);
      drawChart(doc, title, curves, labels, shade);
    },
    end: async () => {
      drawFeet(doc, shownText(info.foot));
      doc.end();
      return await ended;
    },
  };
}

type Doc = InstanceType<typeof PDFDocument>;

function widthOf(doc: Doc): number {
  return doc.page.width - 2 * MARGIN;
}

function drawTable(
  doc: Doc,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  room: (height: number) => void,
): void {
  const whole = columns.reduce((sum, { width }) => sum + width, 0);
  const widths = columns.map(({ width }) => (width / whole) * widthOf(doc));
  const draw = (cells: readonly string[], isHead: boolean): void => {
    const inHand = (): Doc => doc.font(isHead ? "Helvetica-Bold" : "Helvetica").fontSize(CELL);
    inHand();
    const texts = cells.map((cell, i) => broken(doc, shownText(cell), widths[i]! - 2 * PAD));
    const heights = texts.map((cell, i) => doc.heightOfString(cell, { width: widths[i]! - 2 * PAD }));
    const height = Math.max(...heights) + 2 * PAD;
    const page = doc.page;
    room(height + (isHead ? 14 : 0));
    if (!isHead && page !== doc.page) {
      draw(
        columns.map(({ title }) => title),
        true,
      );
    }
    inHand();
    const top = doc.y;
    let left = MARGIN;
    for (const [i, text] of texts.entries()) {
      const align = columns[i]!.align ?? "left";
      doc.fillColor(isHead ? GREY : INK);
      doc.text(text, left + PAD, top + PAD, { width: widths[i]! - 2 * PAD, align });
      left += widths[i]!;
    }
    doc.y = top + height;
    doc
      .moveTo(MARGIN, doc.y)
      .lineTo(MARGIN + widthOf(doc), doc.y)
      .lineWidth(isHead ? 0.8 : 0.3)
      .stroke(LINE);
  };
  draw(
    columns.map(({ title }) => title),
    true,
  );
  for (const row of rows) for (const part of partsOf(row)) draw(part, false);
  doc.y += 8;
}

/** Letters that fit a page in every column and size. */
const PIECE = 1_000;

/** Text in pieces that fit a page: what others wrote may be longer than one, and a page that begins by itself has no warning. */
function inPieces(text: string): string[] {
  return text.length <= PIECE ? [text] : (text.match(new RegExp(`.{1,${PIECE}}`, "gsu")) ?? []);
}

/** A row as it is, or as several where a cell is longer than a page. */
function partsOf(row: readonly string[]): string[][] {
  const cells = row.map((cell) => inPieces(shownText(cell)));
  const most = Math.max(...cells.map(({ length }) => length));
  return Array.from({ length: most }, (_, i) => cells.map((pieces) => pieces[i] ?? ""));
}

/** Words that are longer than a cell in pieces, as hashes are. */
function broken(doc: Doc, text: string, width: number): string {
  return text
    .split(" ")
    .map((word) => {
      if (doc.widthOfString(word) <= width) return word;
      const signs = Math.max(1, Math.floor((word.length * width) / doc.widthOfString(word)) - 1);
      return (word.match(new RegExp(`.{1,${signs}}`, "gu")) ?? [word]).join("\n");
    })
    .join(" ");
}

function drawChart(
  doc: Doc,
  title: string,
  curves: readonly Curve[],
  labels: ChartLabels,
  shade: readonly Shade[],
): void {
  const points = curves.flatMap((curve) => curve.points);
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const box = { x: MARGIN + 70, y: doc.y + 16, width: widthOf(doc) - 80, height: CHART_HEIGHT - 40 };
  const at = (x: number): number => box.x + (right === left ? 0.5 : (x - left) / (right - left)) * box.width;
  const up = (y: number): number =>
    box.y + box.height * (1 - (high === low ? 0.5 : (y - low) / (high - low)));
  doc
    .font("Helvetica-Bold")
    .fontSize(CELL + 1)
    .fillColor(INK);
  doc.text(shownText(title), MARGIN, doc.y, { width: widthOf(doc) });
  for (const [from, until] of shade) {
    const [a, b] = [at(Math.max(from, left)), at(Math.min(until, right))];
    if (b > a) doc.rect(a, box.y, b - a, box.height).fill("#f3dedc");
  }
  doc.rect(box.x, box.y, box.width, box.height).lineWidth(0.5).stroke(LINE);
  curves.forEach((curve, c) => {
    const { colour, dash } = CURVES[c % CURVES.length]!;
    curve.points.forEach(([x, y], i) => {
      const before = curve.points[i - 1]?.[0];
      const isCut =
        before === undefined ||
        curve.gaps.some(([from, until]) => before <= from && until >= from && from < x);
      if (isCut) doc.moveTo(at(x), up(y));
      else doc.lineTo(at(x), up(y));
    });
    if (dash !== undefined) doc.dash(dash, { space: 2 });
    doc.lineWidth(1).stroke(colour);
    doc.undash();
    // A value by itself, between two gaps, has no line.
    for (const [x, y] of curve.points) doc.circle(at(x), up(y), 1.2).fill(colour);
  });
  doc
    .font("Helvetica")
    .fontSize(CELL - 0.5)
    .fillColor(GREY);
  const side = { width: 66, align: "right" } as const;
  doc.text(shownText(labels.y(high)), MARGIN, box.y - 3, side);
  doc.text(shownText(labels.y(low)), MARGIN, box.y + box.height - 4, side);
  const under = box.y + box.height + 3;
  doc.text(shownText(labels.x(left)), box.x, under, { width: 120 });
  doc.text(shownText(labels.x(right)), box.x + box.width - 120, under, { width: 120, align: "right" });
  let x = box.x + 130;
  curves.forEach((curve, c) => {
    doc.fillColor(CURVES[c % CURVES.length]!.colour);
    const name = shownText(curve.name);
    doc.text(name, x, under, { lineBreak: false });
    x += doc.widthOfString(name) + 14;
  });
  doc.y = under + 18;
}

function drawFeet(doc: Doc, foot: string): void {
  const { start, count } = doc.bufferedPageRange();
  for (let i = 0; i < count; i++) {
    doc.switchToPage(start + i);
    const y = doc.page.height - MARGIN;
    doc
      .font("Helvetica")
      .fontSize(CELL - 0.5)
      .fillColor(GREY);
    doc.text(foot, MARGIN, y, { width: widthOf(doc) - 80, lineBreak: false });
    doc.text(`page ${i + 1} of ${count}`, doc.page.width - MARGIN - 75, y, { width: 75, align: "right" });
  }
}
