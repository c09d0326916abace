// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Several managers' records side by side: a column for each policy of each, and what their units were worth over time.
 *
 * @module
 */

import { asKeelError } from "@keel/verifier";
import { navText, span, utc } from "@keel/verifier/text";
import type { ComponentChildren, JSX } from "preact";
import { shortHex } from "../basics.js";
import { type Line, LineChart } from "../charts/line.js";
import { behindText } from "../freshness.js";
import { DevelopmentKey, Section, Verdict } from "../parts.js";
import { linkTo } from "../route.js";
import { axisText, navPoints } from "../vault/worth.js";
import type { Found, PolicyRecord, SubjectRecord } from "./look.js";

/** A manager under one policy; without a policy where nothing was attested or the record does not hold. */
interface Column {
  readonly found: Found;
  readonly record?: SubjectRecord;
  readonly policy?: PolicyRecord;
}

/** The comparison. */
export function SideBySide({ found }: { readonly found: readonly Found[] }): JSX.Element {
  const columns = found.flatMap(columnsOf);
  const insecure = found.some(({ record }) => record?.insecure === true);
  return (
    <Section title="Side by side" class="record compare">
      {insecure ? <DevelopmentKey /> : null}
      <section class="scroll" aria-label="Managers side by side">
        <table>
          <caption class="hidden">Managers side by side</caption>
          <thead>
            <tr>
              <th scope="col">
                <span class="hidden">What</span>
              </th>
              {columns.map(({ found: { subject }, policy }) => (
                <th scope="col" key={`${subject} ${policy?.policyId}`}>
                  <a href={linkTo({ name: "subject", address: subject })}>{shortHex(subject)}</a>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {ROWS.map(([name, cell]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {columns.map((column) => (
                  <td key={`${column.found.subject} ${column.policy?.policyId}`}>{cellOf(column, cell)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <LineChart title="Net asset value by the unit" lines={found.flatMap(navLines)} format={axisText} />
    </Section>
  );
}

function columnsOf(found: Found): Column[] {
  const { record } = found;
  if (record === undefined || record.policies.length === 0)
    return [{ found, ...(record === undefined ? {} : { record }) }];
  return record.policies.map((policy) => ({ found, record, policy }));
}

type Cell = (policy: PolicyRecord, record: SubjectRecord) => ComponentChildren;

const ROWS: readonly (readonly [string, Cell])[] = [
  [
    "When looked at",
    ({ healthy }, { insecure, registry, blockTime }) => {
      const old = behindText(registry.chainId, blockTime, Date.now() / 1000);
      if (healthy && old !== undefined) return <Verdict>healthy at {utc(blockTime)}</Verdict>;
      return (
        <Verdict ok={healthy} insecure={insecure}>
          {healthy ? "healthy" : "NOT healthy"}
        </Verdict>
      );
    },
  ],
  ["Policy", ({ policyId }) => <a href={linkTo({ name: "policy", id: policyId })}>{shortHex(policyId)}</a>],
  ["Since", ({ healthy, since }) => (healthy ? utc(since) : "—")],
  ["Expires", ({ expiry }, { blockTime }) => `${utc(expiry)}${expiry <= blockTime ? ", over" : ""}`],
  ["In a row", ({ streak, count }) => `${streak} of ${count}`],
  ["Lapses", ({ lapses, healthy }) => (healthy ? `${lapses}` : `${lapses}, and one now`)],
  ["Healthy for", ({ healthy, since }, { blockTime }) => (healthy ? span(blockTime - since) : "—")],
  ["Net asset value", ({ nav }) => (nav === undefined ? "not shown" : navText(nav))],
  ["Proofs", (policy, record) => proofsText(policy, record)],
];

function cellOf({ found, record, policy }: Column, cell: Cell): ComponentChildren {
  if (record === undefined) return asKeelError(found.error).code;
  return policy === undefined ? "no attestation" : cell(policy, record);
}

function proofsText({ policyId }: PolicyRecord, { happenings }: SubjectRecord): string {
  const own = happenings.flatMap(({ event, checked }) =>
    event.kind === "attested" && event.policyId === policyId && checked !== undefined ? [checked] : [],
  );
  const verified = own.filter(({ proof }) => proof === "verified").length;
  return `${verified} of ${own.length} verified here`;
}

/** A manager's net asset value by the unit, under the policies that want it shown. */
export function navLines({ subject, record }: Found): Line[] {
  if (record === undefined) return [];
  return record.policies.flatMap(({ policyId, terms }) => {
    if (terms.navStep === 0n) return [];
    const points = record.happenings.flatMap(({ event }) =>
      event.kind === "attested" && event.policyId === policyId ? navPoints(event, terms) : [],
    );
    return [{ name: `${shortHex(subject)} under ${shortHex(policyId)}`, points }];
  });
}
