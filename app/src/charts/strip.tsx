// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Attestations over time as a strip: where something counted, where nothing did.
 *
 * @module
 */

import "./charts.css";

import type { JSX } from "preact";
import { extent } from "./extent.js";
import { moment, useWidth } from "./line.js";
import type { Span } from "./time.js";

const HEIGHT = 46;
const BAR = { top: 6, height: 18 } as const;

/** The strip. @param until where it ends: the time that was looked at */
export function SpanStrip(props: {
  readonly label: string;
  readonly spans: readonly Span[];
  readonly until: number;
}): JSX.Element | null {
  const { label, spans, until } = props;
  const [host, width] = useWidth();
  const [from, to] = extent([...spans.map(({ from }) => from), until], 60);
  const x = (time: number): number => ((time - from) / (to - from)) * width;
  return (
    <div ref={host} class="history-drawing spans" role="img" aria-label={label}>
      <svg width={width} height={HEIGHT} aria-hidden="true" focusable="false">
        <rect class="empty-span" x="0" y={BAR.top} width={width} height={BAR.height} />
        {spans.map(({ from, to }) => (
          <rect
            key={from}
            class="span"
            x={x(from)}
            y={BAR.top}
            width={Math.max(x(Math.min(to, until)) - x(from), 1)}
            height={BAR.height}
          />
        ))}
        <text x="0" y={HEIGHT - 4}>
          {moment(from, to - from)}
        </text>
        <text x={width} y={HEIGHT - 4} class="end">
          {moment(to, to - from)}
        </text>
      </svg>
    </div>
  );
}
