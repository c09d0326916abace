// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Stretches of time.
 *
 * @module
 */

/** From one second to another, the latter not included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What counted, without what overlaps: from block times to expiries, ended by what ended it. */
export function mergeSpans(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last !== undefined && span.from <= last.to) {
      merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, span.to) };
    } else {
      merged.push(span);
    }
  }
  return merged;
}
