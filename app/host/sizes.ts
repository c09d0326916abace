// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How much JavaScript a page of the console takes before it can be used, as a host sends it: gzipped.
 *
 * @module
 */

import { basename } from "node:path";
import { gzipSync } from "node:zlib";

/** Bytes of gzipped JavaScript that the first page may take at most. */
export const MOST_INITIAL_BYTES = 150_000;

/** The part of a bundler's chunk that is looked at. */
export interface Chunk {
  readonly fileName: string;
  readonly code: string;
  readonly isEntry: boolean;
  readonly isDynamicEntry: boolean;
  readonly facadeModuleId: string | null;
  /** Chunks that it cannot run without. */
  readonly imports: readonly string[];
}

/** What is loaded, in bytes of gzipped JavaScript. */
export interface ConsoleSizes {
  /** Before the first page can be used. */
  readonly initial: number;
  /** Each page that is loaded when it is looked at: its own code, beside the initial. */
  readonly pages: Readonly<Record<string, number>>;
}

/** Sizes of a build, by the module behind each page. @param pages names of pages by the modules that they are loaded from */
export function sizesOf(chunks: readonly Chunk[], pages: Readonly<Record<string, string>>): ConsoleSizes {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const entry = chunks.find(({ isEntry }) => isEntry);
  const initial = closureOf(byName, entry === undefined ? [] : [entry.fileName]);
  const found = chunks.flatMap((chunk) => {
    const page = chunk.isDynamicEntry ? pages[moduleName(chunk)] : undefined;
    if (page === undefined) return [];
    const own = [...closureOf(byName, [chunk.fileName])].filter((name) => !initial.has(name));
    return [[page, bytesOf(byName, own)] as const];
  });
  return { initial: bytesOf(byName, initial), pages: Object.fromEntries(found) };
}

/** Sizes in words. */
export function sizesText({ initial, pages }: ConsoleSizes): string {
  const kilo = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;
  const own = Object.entries(pages).map(([name, bytes]) => `${name} ${kilo(bytes)}`);
  return [
    `JavaScript, gzipped: ${kilo(initial)} before the first page (at most ${kilo(MOST_INITIAL_BYTES)});`,
    `more when looked at: ${own.join(", ")}.`,
  ].join(" ");
}

function moduleName({ facadeModuleId }: Chunk): string {
  return basename(facadeModuleId ?? "");
}

function closureOf(byName: ReadonlyMap<string, Chunk>, names: readonly string[]): Set<string> {
  const found = new Set<string>();
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    waiting.push(...(byName.get(name)?.imports ?? []));
  }
  return found;
}

function bytesOf(byName: ReadonlyMap<string, Chunk>, names: Iterable<string>): number {
  return [...names].reduce((sum, name) => sum + gzipSync(byName.get(name)?.code ?? "").length, 0);
}
