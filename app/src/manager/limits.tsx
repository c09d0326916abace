// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Every limit as a bar. Longer is more, of what is wanted and of what is not: a maximum's bar stays short of its line, a minimum's
 * reaches beyond it. Where the policy is broken the track is hatched, and each row says in words how far that is.
 *
 * @module
 */

import { ADDITIONS, type LimitResult, type Part, type Room } from "@keel/prover";
import { formatDecimal } from "@keel/verifier";
import { percent } from "@keel/verifier/text";
import type { JSX } from "preact";
import { Fold, useIsPhone, Verdict } from "../parts.js";
import { type Bar, barOf, boundOf, distanceText, titleOf, valueText, wholeUsd } from "../words.js";
import type { Judged } from "./book.js";

/** The bars; with `before`, where each stood before the edits. */
export function Limits(props: {
  readonly judged: Judged;
  readonly before?: Judged | undefined;
}): JSX.Element {
  const { judged, before } = props;
  const [seen, folded] = useIsPhone() ? onPhone(judged) : [judged.assessment.limits.map((_, i) => i), []];
  return (
    <>
      <p class="legend">
        The longer the bar, the more there is of it. Hatched is where the policy is broken: beyond the line of
        a maximum, short of the line of a minimum.
      </p>
      <Bars judged={judged} before={before} which={seen} />
      {folded.length === 0 ? null : (
        <Fold title={foldedText(judged, folded)}>
          <Bars judged={judged} before={before} which={folded} />
        </Fold>
      )}
    </>
  );
}

/** So many are seen at once on a phone, those that are broken first. */
const SEEN_ON_PHONES = 6;

/** The limits by their places: what is seen at once, and what is folded. */
function onPhone({ assessment: { limits } }: Judged): readonly [readonly number[], readonly number[]] {
  const places = limits.map((_, i) => i);
  const byUrgency = [...places].sort((a, b) => Number(limits[a]!.ok) - Number(limits[b]!.ok));
  // One more takes no more room than the line that folds it.
  const seen = new Set(limits.length <= SEEN_ON_PHONES + 1 ? places : byUrgency.slice(0, SEEN_ON_PHONES));
  return [places.filter((i) => seen.has(i)), places.filter((i) => !seen.has(i))];
}

function foldedText({ assessment: { limits } }: Judged, folded: readonly number[]): string {
  const broken = folded.filter((i) => !limits[i]!.ok).length;
  return `${folded.length} more limits, ${broken === 0 ? "which hold" : `${broken} of them BROKEN`}`;
}

function Bars(props: {
  readonly judged: Judged;
  readonly before: Judged | undefined;
  readonly which: readonly number[];
}): JSX.Element {
  const { judged, before, which } = props;
  return (
    <ol class="limits">
      {which.map((i) => {
        const limit = judged.assessment.limits[i]!;
        return (
          <LimitBar
            key={`${limit.name} ${i}`}
            limit={limit}
            room={judged.rooms[i]!}
            before={before?.assessment.limits[i]}
          />
        );
      })}
    </ol>
  );
}

function LimitBar(props: {
  readonly limit: LimitResult;
  readonly room: Room;
  readonly before: LimitResult | undefined;
}): JSX.Element {
  const { limit, room, before } = props;
  const { title, ratio } = titleOf(limit);
  const moved = before !== undefined && before.value !== limit.value;
  return (
    <li class={limit.ok ? "limit" : "limit broken"} data-limit={limit.name}>
      <div class="limit-name">
        <h3>{title}</h3>
        <small>
          {ratio}
          {limit.worst === undefined ? "" : ` · ${limit.worst}`}
        </small>
      </div>
      <div class="limit-bar">
        <Track bar={barOf(limit)} before={moved ? barOf(before) : undefined} />
        <RoomText room={room} ok={limit.ok} />
      </div>
      <div class="limit-figures">
        <strong class="figure">{valueText(limit)}</strong>
        <span>{boundOf(limit)}</span>
        {moved ? <span class="was">was {valueText(before)}</span> : null}
        <p class="distance">
          <Verdict ok={limit.ok}>{limit.ok ? "holds" : "BROKEN"}</Verdict>{" "}
          <small>{distanceText(limit)}</small>
        </p>
      </div>
    </li>
  );
}

/** The same is said in words beside it. */
function Track({ bar, before }: { readonly bar: Bar; readonly before: Bar | undefined }): JSX.Element {
  const { held, lines, broken } = bar;
  return (
    <div class="track" aria-hidden="true">
      {broken.map(([from, to]) => (
        <div key={from} class="forbidden" style={spanOf([from, to])} />
      ))}
      <div class="fill" style={spanOf(held)} />
      {before === undefined ? null : <div class="ghost" style={{ left: share(endOf(before, bar)) }} />}
      {lines.map((line) => (
        <div key={line} class="line" style={{ left: share(line) }} />
      ))}
    </div>
  );
}

/** Where the bar ended: of a band the end that moved. */
function endOf(before: Bar, now: Bar): number {
  const [from, to] = before.held;
  return to === now.held[1] ? from : to;
}

function spanOf([from, to]: readonly [number, number]) {
  return { left: share(from), width: share(to - from) };
}

function share(part: number): string {
  return `${part * 100}%`;
}

function RoomText({ room, ok }: { readonly room: Room; readonly ok: boolean }): JSX.Element {
  const isPhone = useIsPhone();
  const { add, lose, move, scenarios, accounts, instruments } = room;
  const added = add === undefined ? [] : [`${wholeUsd(abs(add.value))} USD of ${ADDITIONS[add.of]}`];
  const lost = lose === undefined ? [] : [`${wholeUsd(abs(lose))} USD of equity${ok ? " lost" : ""}`];
  const fall = move === undefined ? [] : [`${move.underlying} ${percent(formatDecimal(move.bps, 4))}`];
  // Of a broken limit what has to be taken back, or else what is missing.
  const parts = ok ? [...added, ...lost, ...fall] : added.length > 0 ? added : lost;
  const label = ok ? "Room for" : added.length > 0 ? "Over by" : "Short of";
  const users = scenarios.length > 0 ? scenarios : [...(accounts.length > 1 ? accounts : []), ...instruments];
  const told = (
    <>
      {parts.length === 0 ? null : (
        <p>
          <b>{label}</b> {parts.join(", or ")}
        </p>
      )}
      {users.length === 0 ? null : (
        <p>
          <b>Used by</b> <Users parts={users} />
        </p>
      )}
    </>
  );
  if (!isPhone) return <div class="limit-text">{told}</div>;
  return (
    <details class="limit-text">
      <summary>{label.replace(/ \w+$/, "")}, and what uses it</summary>
      {told}
    </details>
  );
}

function Users({ parts }: { readonly parts: readonly Part[] }): JSX.Element {
  return (
    <>
      {parts.map(({ name, value }, i) => (
        <span key={`${name} ${i}`} class="user">
          {name} <span class="figure">{wholeUsd(value)}</span>
        </span>
      ))}
    </>
  );
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}
