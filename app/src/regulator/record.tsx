// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A subject's record on the screen and on paper: how it stands under each policy, what happened, and two ways to take it away.
 *
 * @module
 */

import { limitsOf } from "@keel/verifier";
import { EVIDENCE_NOT_ON_CHAIN, limitLines, navText, span, utc } from "@keel/verifier/text";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { BasisWords } from "../basis.js";
import { LineChart } from "../charts/line.js";
import { SpanStrip } from "../charts/strip.js";
import type { Span } from "../charts/time.js";
import { behindText, isStillTrue } from "../freshness.js";
import {
  DevelopmentKey,
  DoesNotSay,
  Facts,
  Fold,
  FoldOnPhone,
  Hash,
  hasRoom,
  PolicyWords,
  Section,
  saveText,
  usePaper,
  Verdict,
} from "../parts.js";
import { linkTo } from "../route.js";
import { axisText, navPoints } from "../vault/worth.js";
import { recordCsv } from "./csv.js";
import {
  type Checked,
  type Happening,
  happeningText,
  type PolicyRecord,
  type SubjectRecord,
} from "./look.js";
import { countedSpans } from "./spans.js";
import { ViewerFigures } from "./viewer.js";

/** The report. */
export function RecordView({ record }: { readonly record: SubjectRecord }): JSX.Element {
  const { subject, registry, policies, happenings, insecure, blockTime } = record;
  usePaper(".record");
  const shown = hasRoom() ? SHOWN_AT_ONCE : SHOWN_ON_PHONES;
  const save = (): void => saveText(`${subject}.csv`, recordCsv(record), "text/csv");
  const take = (
    <span class="no-print">
      <button type="button" class="quiet" onClick={save}>
        Save as CSV
      </button>
      <button type="button" class="quiet" onClick={() => window.print()}>
        Print the report
      </button>
    </span>
  );
  return (
    <>
      <Section title="Report" aside={take} class="record">
        {insecure ? <DevelopmentKey /> : null}
        <Facts
          rows={[
            ["Subject", <Hash key="subject" value={subject} what="address" />],
            ["Looked at", utc(blockTime)],
          ]}
        />
        <FoldOnPhone title="Registry">
          <Facts
            rows={[
              [
                "Registry",
                <span key="registry">
                  <Hash value={registry.address} what="address" /> on chain {registry.chainId}
                </span>,
              ],
            ]}
          />
        </FoldOnPhone>
        {policies.length === 0 ? (
          <p class="empty">No attestation of this subject is in the registry.</p>
        ) : (
          <p>
            {proofText(happenings)} The tables that they rest on were published. The records follow from the
            logs, and the registry says the same.
          </p>
        )}
        <Standings record={record} />
        <FoldOnPhone title="What no attestation says">
          <DoesNotSay />
        </FoldOnPhone>
      </Section>
      <ViewerFigures key={`${subject} ${blockTime}`} record={record} />
      <Section title="What happened" class="record">
        {happenings.length === 0 ? <p class="empty">Nothing happened.</p> : null}
        <FoldOnPhone title={`The latest ${Math.min(shown, happenings.length)}`}>
          <Timeline happenings={happenings.slice(-shown)} />
        </FoldOnPhone>
        {happenings.length <= shown ? null : (
          <Fold title={`The ${happenings.length - shown} before them`}>
            <Timeline happenings={happenings.slice(0, -shown)} />
          </Fold>
        )}
      </Section>
    </>
  );
}

/** Of a long record the latest are seen at once: so many with room, and on a phone. */
const [SHOWN_AT_ONCE, SHOWN_ON_PHONES] = [8, 3];

/** The latest first. */
function Timeline({ happenings }: { readonly happenings: readonly Happening[] }): JSX.Element {
  return (
    <ol class="timeline" reversed>
      {[...happenings].reverse().map((happening, i) => (
        <HappeningItem key={`${happenings.length - i}`} happening={happening} />
      ))}
    </ol>
  );
}

function proofText(happenings: readonly Happening[]): string {
  const proofs = happenings.flatMap(({ checked }) => (checked === undefined ? [] : [checked.proof]));
  const verified = proofs.filter((proof) => proof === "verified").length;
  if (verified === proofs.length)
    return verified === 1
      ? "The one proof was verified again in this page, and holds."
      : `All ${verified} proofs were verified again in this page, and hold.`;
  return `${verified} of ${proofs.length} proofs were verified again in this page, and hold; for the others it has no key.`;
}

const STANDING_WORDS = {
  open: "open",
  revokedBySubject: "the subject withdrew its latest attestation",
  revokedByGuardian: "a guardian closed the record",
  voided: "voided: what the latest attestation rests on was withdrawn or retired",
} as const satisfies Record<PolicyRecord["standing"], string>;

/** One for each policy; on a phone those before the newest are folded. */
function Standings({ record }: { readonly record: SubjectRecord }): JSX.Element {
  const before = record.policies.slice(0, -1);
  const newest = record.policies.slice(-1);
  const show = (policy: PolicyRecord) => <Standing key={policy.policyId} policy={policy} record={record} />;
  return (
    <>
      {before.length === 0 ? null : (
        <FoldOnPhone
          title={
            before.length === 1
              ? "Another policy, attested before"
              : `${before.length} policies, attested before`
          }
        >
          {before.map(show)}
        </FoldOnPhone>
      )}
      {newest.map(show)}
    </>
  );
}

function Standing(props: { readonly policy: PolicyRecord; readonly record: SubjectRecord }): JSX.Element {
  const { policy, record } = props;
  const { happenings, blockTime: now } = record;
  const { policyId, terms, circuits, healthy, standing, since, expiry } = policy;
  const { count, streak, lapses, firstAsOf } = policy;
  const spans = countedSpans(happenings, policyId);
  const age = useAge(record);
  const isCurrent =
    behindText(record.registry.chainId, now, Date.now() / 1000 - age) === undefined &&
    isStillTrue(policy, now, age);
  const insecure = happenings.some(
    ({ event, checked }) => "policyId" in event && event.policyId === policyId && checked?.insecure === true,
  );
  return (
    <article class={`standing ${insecure ? "insecure" : ""}`}>
      <h3>
        {!healthy || isCurrent ? (
          <Verdict ok={healthy} insecure={insecure}>
            {healthy ? "Healthy now" : "NOT healthy now"}
          </Verdict>
        ) : (
          <Verdict>Healthy when it was looked at, at {utc(now)}: look again</Verdict>
        )}
      </h3>
      <SpanStrip label={spansText(spans, now)} spans={spans} until={now} />
      <FoldOnPhone title="Policy, circuits and count">
        <Facts
          rows={[
            [
              "Policy id",
              <span key="policy">
                <Hash value={policyId} /> <a href={linkTo({ name: "policy", id: policyId })}>The policy</a>
              </span>,
            ],
            ["Proven by", Object.values(circuits).join(" and ")],
            ["In a row", `${streak} of ${count} attestations, the first of ${utc(firstAsOf)}`],
          ]}
        />
      </FoldOnPhone>
      <Facts
        rows={[
          ...(healthy ? [["Healthy since", `${utc(since)}, for ${span(now - since)}`] as const] : []),
          ["Lapses", healthy ? String(lapses) : `${lapses}, and one now`],
          ["Expires", healthy ? `${utc(expiry)}, in ${span(expiry - now)}` : `${utc(expiry)}`],
          ["Standing", STANDING_WORDS[standing]],
          ...(policy.nav === undefined ? [] : [["Net asset value", navText(policy.nav)] as const]),
        ]}
      />
      <NavChart policy={policy} happenings={happenings} />
      <Fold title="What each attestation says of its moment">
        <PolicyWords lines={limitLines({ limits: limitsOf(terms) })} />
        <p>It is judged by:</p>
        <BasisWords basis={terms} />
        <p>{EVIDENCE_NOT_ON_CHAIN}</p>
      </Fold>
    </article>
  );
}

/** Seconds since a record came to the page. */
function useAge(record: SubjectRecord): number {
  const [age, setAge] = useState(0);
  useEffect(() => {
    const started = performance.now();
    const tick = (): void => setAge(Math.floor((performance.now() - started) / 1000));
    tick();
    const timer = setInterval(tick, AGE_STEP_MS);
    return () => clearInterval(timer);
  }, [record]);
  return age;
}

const AGE_STEP_MS = 10_000;

/** What the strip shows, for whoever does not see it. */
function spansText(spans: readonly Span[], now: number): string {
  const parts = spans.map(({ from, to }) => `from ${utc(from)} to ${to > now ? "now" : utc(to)}`);
  return parts.length === 0 ? "Nothing counted at any time" : `Attestations counted ${parts.join(", ")}`;
}

function NavChart(props: {
  readonly policy: PolicyRecord;
  readonly happenings: readonly Happening[];
}): JSX.Element | null {
  const { policy, happenings } = props;
  if (policy.terms.navStep === 0n) return null;
  const points = happenings.flatMap(({ event }) =>
    event.kind === "attested" && event.policyId === policy.policyId ? navPoints(event, policy.terms) : [],
  );
  return (
    <FoldOnPhone title="Net asset value over time">
      <LineChart
        title="Net asset value by the unit"
        lines={[{ name: "by attestation", points }]}
        format={axisText}
      />
    </FoldOnPhone>
  );
}

const BAD = new Set([
  "lapsed",
  "revoked",
  "voided",
  "restartAnnounced",
  "chainRestarted",
  "policyLoosened",
  "verifierRetired",
  "marketWithdrawn",
]);

function HappeningItem({ happening }: { readonly happening: Happening }): JSX.Element {
  const { event, checked } = happening;
  // What a development key made is not green.
  const isGood = event.kind === "attested" && checked?.insecure !== true;
  const tone = isGood ? "good" : BAD.has(event.kind) ? "bad" : "";
  return (
    <li class={tone} data-event={event.kind}>
      <time dateTime={new Date(event.blockTime * 1000).toISOString()}>
        {utc(event.blockTime)}
        {"blockNumber" in event ? ` · block ${event.blockNumber}` : ""}
      </time>
      <span class="happened">{happeningText(event)}</span>
      {checked === undefined ? null : <small> {checkedText(checked)}</small>}
    </li>
  );
}

function checkedText({ proof, insecure, withdrawn }: Checked): string {
  return [
    ...(insecure ? ["Made with a DEVELOPMENT KEY."] : []),
    proof === "verified" ? "Proof verified in this page." : "No key here to verify the proof.",
    ...(withdrawn ? ["A table that it rests on was WITHDRAWN since."] : []),
  ].join(" ");
}
