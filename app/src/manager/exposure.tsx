// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Where the risk sits: delta by underlying, equity by venue, days to unwind by instrument, and the stress grid, each as bars and as
 * a table.
 *
 * @module
 */

import { report, type UnwindReport } from "@keel/prover";
import { floorDiv, formatDecimal, limitRow } from "@keel/verifier";
import { dayText, dollars, percent } from "@keel/verifier/text";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { BarChart } from "../chart.js";
import { grouped, wholeUsd } from "../words.js";
import type { Book, Judged } from "./book.js";

const BPS = 10_000n;

/** The charts of a judged book. */
export function Exposure({ book, judged }: { readonly book: Book; readonly judged: Judged }): JSX.Element {
  const { metrics } = judged.assessment;
  const { unwind } = report(judged.assessment);
  return (
    <>
      <div class="charts">
        <Amounts title="Delta by underlying" unit="USD" amounts={metrics.underlyingDelta} />
        <Amounts title="Equity by venue" unit="USD" amounts={metrics.venueEquity} />
      </div>
      {unwind === undefined ? null : <Unwind rows={unwind} judged={judged} />}
      {metrics.scenarioPnl.size === 0 ? (
        <p class="empty">The policy has no stress scenarios.</p>
      ) : (
        <StressGrid book={book} judged={judged} />
      )}
    </>
  );
}

function Amounts(props: {
  readonly title: string;
  readonly unit: string;
  readonly amounts: ReadonlyMap<string, bigint>;
}): JSX.Element {
  const { title, unit, amounts } = props;
  const bars = useMemo(
    () => [...amounts].map(([name, value]) => ({ name, value: Number(value) / 1e16 })),
    [amounts],
  );
  return (
    <figure>
      <figcaption>{title}</figcaption>
      <BarChart label={`${title}; the table below has the figures`} bars={bars} />
      <table>
        <caption class="hidden">{title}</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" class="number">
              {unit}
            </th>
          </tr>
        </thead>
        <tbody>
          {[...amounts].map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="number">{wholeUsd(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}

/** How long each position takes to sell, the slowest first; what nobody takes fills the track. */
function Unwind(props: { readonly rows: readonly UnwindReport[]; readonly judged: Judged }): JSX.Element {
  const { rows, judged } = props;
  const found = judged.assessment.limits.find(({ unit }) => unit === "days");
  const limit = typeof found?.limit === "bigint" ? Number(found.limit) / 1e4 : undefined;
  const days = rows.map(({ days: text }) => (text === null ? undefined : Number(text)));
  const longest = Math.max(1, limit ?? 0, ...days.map((value) => value ?? 0));
  const bars = rows.map(({ instrument }, i) => ({
    name: instrument,
    value: days[i] ?? 2 * longest,
    text: daysText(rows[i]!),
  }));
  return (
    <figure>
      <figcaption>Days to unwind: what is held and owed of each instrument, over what a day takes</figcaption>
      <BarChart label="Days to unwind; the table below has the figures" bars={bars} limit={limit} />
      <table>
        <caption class="hidden">Days to unwind</caption>
        <thead>
          <tr>
            <th scope="col">Instrument</th>
            <th scope="col" class="number">
              Units
            </th>
            <th scope="col" class="number">
              A day takes
            </th>
            <th scope="col" class="number">
              Days
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.instrument}>
              <th scope="row">{row.instrument}</th>
              <td class="number">{grouped(row.units)}</td>
              <td class="number">{row.perDay === null ? "no limit" : grouped(row.perDay)}</td>
              <td class="number">{daysText(row)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}

function daysText({ days }: UnwindReport): string {
  return days === null ? "never" : dayText(days);
}

/** Bps with both places, so that a column's points stand below each other. */
function share(bps: bigint): string {
  return `${dollars(formatDecimal(bps, 2))} %`;
}

function StressGrid({ book, judged }: { readonly book: Book; readonly judged: Judged }): JSX.Element {
  const { metrics, limits } = judged.assessment;
  const { underlyings } = book.market;
  const shocked = underlyings.filter((name) => book.policy.scenarios.some(({ shocks }) => shocks.has(name)));
  const worst = limits.find(({ name }) => limitRow(name).needs === "scenarios");
  const allowed = typeof worst?.limit === "bigint" ? -floorDiv(worst.limit * metrics.equity, BPS) : undefined;
  const bars = useMemo(
    () => [...metrics.scenarioPnl].map(([name, value]) => ({ name, value: Number(value) / 1e20 })),
    [metrics],
  );
  const limit = allowed === undefined || metrics.equity <= 0n ? undefined : Number(allowed) / 1e16;
  return (
    <figure>
      <figcaption>Stress grid: profit and loss in each scenario of the policy</figcaption>
      <BarChart label="Stress grid; the table below has the figures" bars={bars} limit={limit} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard */}
      <section class="scroll" tabIndex={0} aria-label="Stress grid table">
        <table class="grid">
          <caption class="hidden">Stress grid</caption>
          <thead>
            <tr>
              <th scope="col">Scenario</th>
              {shocked.map((name) => (
                <th scope="col" class="number" key={name}>
                  {name}
                </th>
              ))}
              <th scope="col" class="number">
                P&amp;L, USD
              </th>
              <th scope="col" class="number">
                of equity
              </th>
            </tr>
          </thead>
          <tbody>
            {book.policy.scenarios.map(({ name, shocks }) => {
              const pnl = metrics.scenarioPnl.get(name)!;
              return (
                <tr key={name} class={name === worst?.worst ? "worst" : ""}>
                  <th scope="row">{name}</th>
                  {shocked.map((underlying) => (
                    <td class="number" key={underlying}>
                      {percent(formatDecimal(shocks.get(underlying) ?? 0n, 4))}
                    </td>
                  ))}
                  <td class="number">{wholeUsd(floorDiv(pnl, BPS))}</td>
                  <td class="number">{metrics.equity > 0n ? share(floorDiv(pnl, metrics.equity)) : "–"}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
    </figure>
  );
}
