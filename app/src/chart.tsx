// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Horizontal bars around zero, one a name, with an optional limit line. Plain boxes that the stylesheet colours: they follow light,
 * dark and paper by themselves. Each chart stands above a table of the same figures, which is what a screen reader reads.
 *
 * @module
 */

import type { JSX } from "preact";

/** One bar; values are for drawing only: dollars, unless a text says otherwise. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly text?: string;
}

/** Bars around zero, and the value beyond which a bar breaks a limit. */
export function BarChart(props: {
  readonly label: string;
  readonly bars: readonly Bar[];
  readonly limit?: number | undefined;
}): JSX.Element {
  const { label, bars, limit } = props;
  const scale = scaleOf(bars, limit);
  return (
    <div class="chart" role="img" aria-label={label}>
      {bars.map(({ name, value, text }) => (
        <div key={name} class="chart-row">
          <span class="chart-name">{name}</span>
          <span class="chart-track">
            <i class={value < 0 ? "loss" : "gain"} style={boxOf(scale, value)} />
            <i class="zero" style={{ left: scale.place(0) }} />
            {limit === undefined ? null : <i class="limit-line" style={{ left: scale.place(limit) }} />}
          </span>
          <span class="chart-value">{text ?? shortUsd(value)}</span>
        </div>
      ))}
    </div>
  );
}

interface Scale {
  /** Where a value stands, as a share of the track. */
  readonly place: (value: number) => string;
  readonly extent: (length: number) => string;
}

function scaleOf(bars: readonly Bar[], limit: number | undefined): Scale {
  const values = [0, ...bars.map(({ value }) => value), ...(limit === undefined ? [] : [limit])];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const width = high - low || 1;
  const percent = (part: number): string => `${(part * 100).toFixed(3)}%`;
  return { place: (value) => percent((value - low) / width), extent: (length) => percent(length / width) };
}

function boxOf(scale: Scale, value: number) {
  return { left: scale.place(Math.min(value, 0)), width: scale.extent(Math.abs(value)) };
}

/** 1,250,000 is "1.25M". */
export function shortUsd(value: number): string {
  return new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 }).format(value);
}
