// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Every limit as a bar. All bars share one load line, the limit itself, whatever the limit measures: what is left of it is
 * headroom, what is right of it breaks the policy.
 *
 * @module
 */

import { ADDITIONS, type LimitResult, type Part, type Room } from "@keel/prover";
import { formatDecimal } from "@keel/verifier";
import { percent } from "@keel/verifier/text";
import type { JSX } from "preact";
import { Verdict } from "../parts.js";
import { boundOf, titleOf, useOf, valueText, wholeUsd } from "../words.js";
import type { Judged } from "./book.js";

/** Where the load line stands, as a share of the track; app/src/styles.css has it too. */
const LINE = 0.75;

/** The bars; with `before`, where each stood before the edits. */
export function Limits(props: {
  readonly judged: Judged;
  readonly before?: Judged | undefined;
}): JSX.Element {
  const { judged, before } = props;
  return (
    <ol class="limits">
      {judged.assessment.limits.map((limit, i) => (
        <LimitBar
          key={`${limit.name} ${i}`}
          limit={limit}
          room={judged.rooms[i]!}
          before={before?.assessment.limits[i]}
        />
      ))}
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
        <div class="track" aria-hidden="true">
          <div class="fill" style={{ width: widthOf(limit) }} />
          {moved ? <div class="ghost" style={{ left: widthOf(before) }} /> : null}
          <div class="line" />
        </div>
        <RoomText room={room} ok={limit.ok} />
      </div>
      <div class="limit-figures">
        <strong class="figure">{valueText(limit)}</strong>
        <span>{boundOf(limit)}</span>
        {moved ? <span class="was">was {valueText(before)}</span> : null}
        <Verdict ok={limit.ok}>{limit.ok ? "holds" : "BROKEN"}</Verdict>
      </div>
    </li>
  );
}

function widthOf(limit: LimitResult): string {
  return `${Math.min(useOf(limit) * LINE, 1) * 100}%`;
}

function RoomText({ room, ok }: { readonly room: Room; readonly ok: boolean }): JSX.Element {
  const { add, lose, move, scenarios, accounts, instruments } = room;
  const added = add === undefined ? [] : [`${wholeUsd(abs(add.value))} USD of ${ADDITIONS[add.of]}`];
  const lost = lose === undefined ? [] : [`${wholeUsd(abs(lose))} USD of equity${ok ? " lost" : ""}`];
  const fall = move === undefined ? [] : [`${move.underlying} ${percent(formatDecimal(move.bps, 4))}`];
  // Of a broken limit what has to be taken back, or else what is missing.
  const parts = ok ? [...added, ...lost, ...fall] : added.length > 0 ? added : lost;
  const label = ok ? "Room for" : added.length > 0 ? "Over by" : "Short of";
  const users = scenarios.length > 0 ? scenarios : [...(accounts.length > 1 ? accounts : []), ...instruments];
  return (
    <div class="limit-text">
      {parts.length === 0 ? null : (
        <p>
          <b>{label}</b> {parts.join(", or ")}
        </p>
      )}
      {users.length === 0 ? null : (
        <p class="users">
          <b>Used by</b> <Users parts={users} />
        </p>
      )}
    </div>
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
