// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Values over time as lines, drawn as SVG: it prints, follows light and dark by the page's rules, and needs no library. A drawing
 * says nothing to a screen reader: each stands above a table of the same figures.
 *
 * @module
 */

import "./charts.css";

import { utc } from "@keel/verifier/text";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Fold } from "../parts.js";
import { extent } from "./extent.js";

/** A value at a time. */
export interface Point {
  /** Unix seconds. */
  readonly time: number;
  /** For drawing only. */
  readonly value: number;
  /** The value itself, in words. */
  readonly text: string;
}

/** Values of one thing, the oldest first. */
export interface Line {
  readonly name: string;
  readonly points: readonly Point[];
}

/** Room around the drawing, in pixels. */
const ROOM = { top: 12, right: 12, bottom: 26, left: 12 } as const;
const HEIGHT = 190;
const LABEL_HEIGHT = 14;
/** So many kinds of strokes and no more are told apart. */
export const MOST_LINES = 6;

/** The chart, and the same figures as a table. */
export function LineChart(props: {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
}): JSX.Element | null {
  const { title, lines, format } = props;
  const shown = lines.filter(({ points }) => points.length > 0).slice(0, MOST_LINES);
  if (shown.length === 0) return null;
  return (
    <figure class="history">
      <figcaption>{title}</figcaption>
      <Drawing label={labelOf(title, shown)} lines={shown} format={format} />
      {shown.length > 1 ? <Legend lines={shown} /> : null}
      <Fold title="The same figures as a table">
        <Figures title={title} lines={shown} />
      </Fold>
    </figure>
  );
}

function labelOf(title: string, lines: readonly Line[]): string {
  const parts = lines.map(({ name, points }) => {
    const last = points.at(-1)!;
    return `${name}: ${points.length} values, the last ${last.text} at ${utc(last.time)}`;
  });
  return `${title}. ${parts.join(". ")}`;
}

function Drawing(props: {
  readonly label: string;
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
}): JSX.Element {
  const { label, lines, format } = props;
  const [host, width] = useWidth();
  const points = lines.flatMap(({ points }) => points);
  const [from, to] = extent(
    points.map(({ time }) => time),
    60,
  );
  const [low, high] = extent(
    points.map(({ value }) => value),
    Math.abs(points[0]!.value) * 0.01 || 1,
  );
  const x = (time: number): number =>
    ROOM.left + ((time - from) / (to - from)) * (width - ROOM.left - ROOM.right);
  const y = (value: number): number =>
    ROOM.top +
    LABEL_HEIGHT +
    ((high - value) / (high - low)) * (HEIGHT - ROOM.top - ROOM.bottom - LABEL_HEIGHT);
  return (
    <div ref={host} class="history-drawing" role="img" aria-label={label}>
      <svg width={width} height={HEIGHT} aria-hidden="true" focusable="false">
        {[high, low].map((value) => (
          <g key={value}>
            <line class="grid" x1={ROOM.left} x2={width - ROOM.right} y1={y(value)} y2={y(value)} />
            <text x={ROOM.left} y={y(value) - 4}>
              {format(value)}
            </text>
          </g>
        ))}
        {lines.map(({ name, points }, i) => (
          <g key={name} class={`line-${i}`}>
            <polyline points={points.map(({ time, value }) => `${x(time)},${y(value)}`).join(" ")} />
            {points.map(({ time, value }) => (
              <circle key={time} cx={x(time)} cy={y(value)} r="3" />
            ))}
          </g>
        ))}
        <text x={ROOM.left} y={HEIGHT - 6}>
          {moment(from, to - from)}
        </text>
        <text x={width - ROOM.right} y={HEIGHT - 6} class="end">
          {moment(to, to - from)}
        </text>
      </svg>
    </div>
  );
}

function Legend({ lines }: { readonly lines: readonly Line[] }): JSX.Element {
  return (
    <ul class="history-legend">
      {lines.map(({ name }, i) => (
        <li key={name}>
          <svg width="24" height="10" aria-hidden="true" focusable="false" class={`line-${i}`}>
            <polyline points="0,5 24,5" />
          </svg>{" "}
          {name}
        </li>
      ))}
    </ul>
  );
}

function Figures({ title, lines }: { readonly title: string; readonly lines: readonly Line[] }): JSX.Element {
  return (
    <section class="scroll" aria-label={`Figures: ${title}`}>
      <table>
        <caption class="hidden">{title}</caption>
        <thead>
          <tr>
            {lines.length > 1 ? <th scope="col">Of</th> : null}
            <th scope="col">Time</th>
            <th scope="col" class="number">
              Value
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.flatMap(({ name, points }) =>
            points.map(({ time, text }) => (
              <tr key={`${name} ${time}`}>
                {lines.length > 1 ? <th scope="row">{name}</th> : null}
                <td>{utc(time)}</td>
                <td class="number">{text}</td>
              </tr>
            )),
          )}
        </tbody>
      </table>
    </section>
  );
}

/** A time in UTC, whatever the browser's language is: the day, and of short stretches the minute. @param reach in seconds */
export function moment(seconds: number, reach: number): string {
  return utc(seconds).slice(0, reach > 2 * DAY ? 10 : 16);
}

const DAY = 86_400;

const FIRST_WIDTH = 320;

/** An element's width as it is now. */
export function useWidth() {
  const host = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(FIRST_WIDTH);
  useEffect(() => {
    const element = host.current!;
    const measure = (): void => setWidth(Math.max(element.clientWidth, 160));
    measure();
    const resized = new ResizeObserver(measure);
    resized.observe(element);
    return () => resized.disconnect();
  }, []);
  return [host, width] as const;
}
