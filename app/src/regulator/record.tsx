// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A subject's record on the screen and on paper: how it stands under each policy, what happened, and two ways to take it away.
 *
 * @module
 */

import { limitsOf } from "@keel/verifier";
import { EVIDENCE_NOT_ON_CHAIN, limitLines, navText, span, utc } from "@keel/verifier/text";
import type { JSX } from "preact";
import { BasisWords } from "../basis.js";
import {
  DevelopmentKey,
  DoesNotSay,
  Facts,
  Hash,
  PolicyWords,
  Section,
  saveText,
  Verdict,
} from "../parts.js";
import { recordCsv } from "./csv.js";
import {
  type Checked,
  type Happening,
  happeningText,
  type PolicyRecord,
  type SubjectRecord,
} from "./look.js";
import { ViewerFigures } from "./viewer.js";

/** The report. */
export function RecordView({ record }: { readonly record: SubjectRecord }): JSX.Element {
  const { subject, registry, policies, happenings, insecure, blockTime } = record;
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
            ["Subject", <Hash key="subject" value={subject} />],
            ["Registry", <Hash key="registry" value={`${registry.address} on chain ${registry.chainId}`} />],
            ["Looked at", utc(blockTime)],
          ]}
        />
        {policies.length === 0 ? (
          <p class="empty">No attestation of this subject is in the registry.</p>
        ) : (
          <p>
            {proofText(happenings)} Their market and returns tables were published. The records follow from
            the logs, and the registry says the same.
          </p>
        )}
        {policies.map((policy) => (
          <Standing key={policy.policyId} policy={policy} now={blockTime} />
        ))}
        <DoesNotSay />
      </Section>
      <ViewerFigures key={`${subject} ${blockTime}`} record={record} />
      <Section title="What happened" class="record">
        {happenings.length === 0 ? <p class="empty">Nothing happened.</p> : null}
        <ol class="timeline" reversed>
          {[...happenings].reverse().map((happening, i) => (
            <HappeningItem key={`${happenings.length - i}`} happening={happening} />
          ))}
        </ol>
      </Section>
    </>
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

function Standing({ policy, now }: { readonly policy: PolicyRecord; readonly now: number }): JSX.Element {
  const { policyId, terms, circuits, healthy, standing, since, expiry } = policy;
  const { count, streak, lapses, firstAsOf } = policy;
  return (
    <article class="standing">
      <h3>
        <Verdict ok={healthy}>{healthy ? "Healthy now" : "NOT healthy now"}</Verdict>
      </h3>
      <Facts
        rows={[
          ["Policy id", <Hash key="policy" value={policyId} />],
          ["Proven by", Object.values(circuits).join(" and ")],
          ["In a row", `${streak} of ${count} attestations, the first of ${utc(firstAsOf)}`],
          ...(healthy ? [["Healthy since", `${utc(since)}, for ${span(now - since)}`] as const] : []),
          ["Lapses", healthy ? String(lapses) : `${lapses}, and one now`],
          ["Expires", healthy ? `${utc(expiry)}, in ${span(expiry - now)}` : `${utc(expiry)}`],
          ["Standing", STANDING_WORDS[standing]],
          ...(policy.nav === undefined ? [] : [["Net asset value", navText(policy.nav)] as const]),
        ]}
      />
      <p>What each attestation says of its moment:</p>
      <PolicyWords lines={limitLines({ limits: limitsOf(terms) })} />
      <p>It is judged by:</p>
      <BasisWords basis={terms} />
      <p>{EVIDENCE_NOT_ON_CHAIN}</p>
    </article>
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
  const tone = event.kind === "attested" ? "good" : BAD.has(event.kind) ? "bad" : "";
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
    ...(withdrawn ? ["Its market or returns table was WITHDRAWN since."] : []),
  ].join(" ");
}
