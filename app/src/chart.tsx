// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Horizontal bars drawn by uPlot, one a name, with an optional limit line. A canvas says nothing to a screen reader: each
 * chart stands above a table of the same figures.
 *
 * @module
 */

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";

/** One bar; values are dollars, for drawing only. */
export interface Bar {
  readonly name: string;
  readonly value: number;
}

const ROW_HEIGHT = 30;
const AXIS_HEIGHT = 44;

/** Bars around zero, and the value beyond which a bar breaks a limit. */
export function BarChart(props: {
  readonly label: string;
  readonly bars: readonly Bar[];
  readonly limit?: number | undefined;
}): JSX.Element {
  const { label, bars, limit } = props;
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = host.current!;
    let plot: uPlot | undefined;
    const draw = (): void => {
      plot?.destroy();
      plot = new uPlot(options(element, bars, limit), dataOf(bars), element);
    };
    const resized = new ResizeObserver(draw);
    resized.observe(element);
    const themed = new MutationObserver(draw);
    themed.observe(document.documentElement, { attributes: true });
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", draw);
    return () => {
      resized.disconnect();
      themed.disconnect();
      scheme.removeEventListener("change", draw);
      plot?.destroy();
    };
  }, [bars, limit]);
  const height = bars.length * ROW_HEIGHT + AXIS_HEIGHT;
  return <div class="chart" ref={host} role="img" aria-label={label} style={{ height: `${height}px` }} />;
}

function dataOf(bars: readonly Bar[]): uPlot.AlignedData {
  return [
    bars.map((_, i) => i),
    bars.map(({ value }) => (value >= 0 ? value : null)),
    bars.map(({ value }) => (value < 0 ? value : null)),
  ];
}

function options(element: HTMLElement, bars: readonly Bar[], limit: number | undefined): uPlot.Options {
  const style = getComputedStyle(element);
  const [ink, grid, gain, loss] = [
    style.color,
    style.borderTopColor,
    style.outlineColor,
    style.textDecorationColor,
  ];
  const font = `12px ${style.fontFamily}`;
  const longest = Math.max(...bars.map(({ name }) => name.length));
  const paths = uPlot.paths.bars!({ size: [0.6, 20, 12] });
  const width = element.clientWidth;
  const labels = Math.min(longest * 7 + 14, width * 0.42);
  return {
    width,
    height: bars.length * ROW_HEIGHT + AXIS_HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, ori: 1, dir: -1, range: [-0.5, bars.length - 0.5] },
      y: { ori: 0, dir: 1, range: () => rangeOf(bars, limit) },
    },
    axes: [
      {
        side: 3,
        size: labels,
        stroke: ink,
        font,
        grid: { show: false },
        ticks: { show: false },
        splits: () => bars.map((_, i) => i),
        values: (_, splits) => splits.map((i) => shorten(bars[i]?.name ?? "", labels)),
      },
      {
        side: 2,
        stroke: ink,
        font,
        grid: { stroke: grid, width: 1 },
        ticks: { show: false },
        space: 70,
        values: (_, splits) => splits.map(shortUsd),
      },
    ],
    series: [
      {},
      { fill: gain, width: 0, paths, points: { show: false } },
      { fill: loss, width: 0, paths, points: { show: false } },
    ],
    hooks: { draw: limit === undefined ? [] : [(plot) => drawLimit(plot, limit, loss)] },
  };
}

function rangeOf(bars: readonly Bar[], limit: number | undefined): [number, number] {
  const values = [0, ...bars.map(({ value }) => value), ...(limit === undefined ? [] : [limit])];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = (high - low) * 0.06 || 1;
  return [low < 0 ? low - margin : low, high > 0 ? high + margin : high];
}

function drawLimit({ ctx, bbox, valToPos }: uPlot, limit: number, colour: string): void {
  const x = valToPos(limit, "y", true);
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

/** 1,250,000 is "1.25M". */
export function shortUsd(value: number): string {
  return new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 }).format(value);
}

function shorten(name: string, width: number): string {
  const room = Math.floor((width - 10) / 6.6);
  return name.length <= room ? name : `${name.slice(0, room - 1)}…`;
}
