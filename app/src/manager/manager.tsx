// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The manager's view: open a book, see every limit, try changes, prove.
 *
 * @module
 */

import { asKeelError, formatDecimal, policyTerms } from "@keel/verifier";
import { dollars, sourceText, span, utc } from "@keel/verifier/text";
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { BasisWords } from "../basis.js";
import type { ConsoleConfig } from "../config.js";
import { checkAtDesk, closeDesk } from "../desk.js";
import { Facts, FileDrop, Problem, Section, Verdict } from "../parts.js";
import { wholeUsd } from "../words.js";
import {
  type Book,
  bookOf,
  type Edits,
  edited,
  type Judged,
  judge,
  missingFiles,
  type OpenFiles,
  openTexts,
  secretsFor,
} from "./book.js";
import { Declare, type DeclareProps } from "./declare.js";
import { type ExampleChoice, exampleChoices, fetchExample } from "./examples.js";
import { Exposure } from "./exposure.js";
import { WhatLeaves } from "./leaves.js";
import { Limits } from "./limits.js";
import { Prove } from "./prove.js";
import { WhatIf } from "./what-if.js";

/** What the manager has opened, kept while the other views are looked at. */
export interface ManagerProps {
  readonly config: ConsoleConfig | undefined;
  readonly files: OpenFiles;
  readonly onFiles: (files: OpenFiles) => void;
}

/** The view. */
export function Manager({ config, files, onFiles }: ManagerProps): JSX.Element {
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const open = (texts: readonly string[], before: OpenFiles = files): void => {
    try {
      setError(undefined);
      const next = openTexts(before, texts);
      bookOf(next);
      onFiles(next);
    } catch (reason) {
      setError(reason);
    }
  };
  const openExample = async (example: ExampleChoice): Promise<void> => {
    setBusy(true);
    try {
      const texts = await fetchExample(example);
      open(texts, example.isLocal ? secretsFor(files, texts) : {});
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  const clear = (): void => {
    closeDesk();
    setError(undefined);
    onFiles({});
  };
  const judgement = useMemo(() => judgeOrError(files), [files]);
  return (
    <>
      <Opening
        config={config}
        files={files}
        busy={busy}
        onTexts={open}
        onError={setError}
        onExample={(example) => void openExample(example)}
        onClear={clear}
      />
      <Problem error={error ?? judgement.error} />
      {judgement.book === undefined ? null : (
        <Dashboard
          book={judgement.book}
          judged={judgement.judged}
          config={config}
          onEnrolment={(enrolment) => onFiles({ ...files, enrolment })}
          onAttested={({ state, enrolment }) => onFiles({ ...files, state, enrolment })}
        />
      )}
      <WhatLeaves />
    </>
  );
}

type Judgement =
  | { readonly book: Book; readonly judged: Judged; readonly error?: undefined }
  | { readonly book?: undefined; readonly error?: unknown };

function judgeOrError(files: OpenFiles): Judgement {
  try {
    const book = bookOf(files);
    return book === undefined ? {} : { book, judged: judge(book) };
  } catch (error) {
    return { error };
  }
}

function Opening(props: {
  readonly config: ConsoleConfig | undefined;
  readonly files: OpenFiles;
  readonly busy: boolean;
  readonly onTexts: (texts: readonly string[]) => void;
  readonly onError: (error: unknown) => void;
  readonly onExample: (example: ExampleChoice) => void;
  readonly onClear: () => void;
}): JSX.Element {
  const { config, files, busy, onTexts, onError, onExample, onClear } = props;
  const missing = missingFiles(files);
  const isEmpty = Object.keys(files).length === 0;
  const close = (
    <button type="button" class="quiet" disabled={isEmpty} onClick={onClear}>
      Close and forget everything
    </button>
  );
  return (
    <Section title="Your book" aside={close} class="opening">
      <div class="open-row">
        <FileDrop
          label="Drop or open files"
          hint="Snapshot, market and policy; also returns, units, an enrolment and the latest state. They are read here and go nowhere."
          onTexts={onTexts}
          onError={onError}
        />
        <Examples config={config} busy={busy} onExample={onExample} />
      </div>
      {isEmpty || missing.length === 0 ? null : <p role="status">Still missing: {missing.join(", ")}.</p>}
    </Section>
  );
}

function Examples(props: {
  readonly config: ConsoleConfig | undefined;
  readonly busy: boolean;
  readonly onExample: (example: ExampleChoice) => void;
}): JSX.Element {
  const { config, busy, onExample } = props;
  const choices = exampleChoices(config);
  const [chosen, setChosen] = useState(0);
  return (
    <div class="field example">
      <label for="example">Or open an example</label>
      <select
        id="example"
        value={chosen}
        onChange={({ currentTarget: { value } }) => setChosen(Number(value))}
      >
        {choices.map(({ name }, i) => (
          <option key={name} value={i}>
            {name}
          </option>
        ))}
      </select>
      <button type="button" disabled={busy} onClick={() => onExample(choices[chosen]!)}>
        {busy ? "Opening…" : "Open example"}
      </button>
    </div>
  );
}

function Dashboard(props: {
  readonly book: Book;
  readonly judged: Judged;
  readonly config: ConsoleConfig | undefined;
  readonly onEnrolment: DeclareProps["onEnrolment"];
  readonly onAttested: Parameters<typeof Prove>[0]["onAttested"];
}): JSX.Element {
  const { book, judged, config, onEnrolment, onAttested } = props;
  const moneys = book.market.instruments.filter(({ kind }) => kind === "cash");
  const [edits, setEdits] = useState<Edits>(new Map());
  const [cash, setCash] = useState(moneys[0]?.id);
  useEffect(() => {
    setEdits(new Map());
    setCash(moneys[0]?.id);
  }, [book.snapshot, book.market]);
  const { later, problem } = useMemo(() => after(book, edits, cash), [book, edits, cash]);
  const shown = later?.judged ?? judged;
  return (
    <>
      <Summary book={book} judged={shown} isEdited={later !== undefined} />
      <div class="workbench">
        <Section
          title="Limits"
          aside={<span class="legend">the red line is the limit, for every row</span>}
          class="limits-section"
        >
          <Limits judged={shown} before={later === undefined ? undefined : judged} />
        </Section>
        <WhatIf book={book} edits={edits} onEdits={setEdits} cash={cash} onCash={setCash} problem={problem} />
      </div>
      <Exposure book={later?.book ?? book} judged={shown} />
      {config === undefined ? null : <Declare book={book} config={config} onEnrolment={onEnrolment} />}
      <Prove book={book} config={config} healthy={judged.assessment.healthy} onAttested={onAttested} />
    </>
  );
}

function after(book: Book, edits: Edits, cash: string | undefined) {
  try {
    const next = edited(book, edits, cash);
    return next === undefined ? {} : { later: { book: next, judged: judge(next) } };
  } catch (error) {
    return { problem: asKeelError(error).message };
  }
}

function Summary(props: {
  readonly book: Book;
  readonly judged: Judged;
  readonly isEdited: boolean;
}): JSX.Element {
  const { book, judged, isEdited } = props;
  const { snapshot, policy, market } = book;
  const terms = useMemo(() => policyTerms(policy, market), [policy, market]);
  const { healthy, metrics, limits } = judged.assessment;
  const broken = limits.filter(({ ok }) => !ok).length;
  return (
    <Section
      title={policy.name}
      class="summary"
      aside={
        <Verdict ok={healthy}>
          {isEdited ? "What if: " : ""}
          {healthy ? "every limit holds" : `${broken} of ${limits.length} limits BROKEN`}
        </Verdict>
      }
    >
      <dl class="tiles" aria-live="polite">
        {(
          [
            ["Equity", metrics.equity],
            ["Assets", metrics.assets],
            ["Liabilities", metrics.liabilities],
            ["Gross exposure", metrics.grossExposure],
            ["Net delta", metrics.netDelta],
          ] as const
        ).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="figure">{wholeUsd(value)}</dd>
          </div>
        ))}
      </dl>
      <Facts
        rows={[
          ["Subject", <code key="subject">{snapshot.subject}</code>],
          ["Snapshot", `${utc(snapshot.asOf)}${unitsText(metrics.units)}`],
          ["Market", `${utc(market.asOf)}, ${market.instruments.length} instruments`],
          ["Accounts", <Accounts key="accounts" book={book} />],
          ["Judged by", <BasisWords key="basis" basis={terms} />],
          ["Attestation lasts", span(policy.validity)],
        ]}
      />
    </Section>
  );
}

function unitsText(units: bigint): string {
  return units === 10n ** 8n ? "" : `, ${dollars(formatDecimal(units, 8))} units`;
}

/** Which accounts are there, and whether the sources' signatures verify. */
function Accounts({ book }: { readonly book: Book }): JSX.Element {
  const [signed, setSigned] = useState("checking signatures…");
  useEffect(() => {
    let isCurrent = true;
    const say = (text: string): void => {
      if (isCurrent) setSigned(text);
    };
    checkAtDesk(book).then(
      () => say("signed, signatures verified"),
      (error: unknown) => say(asKeelError(error).message),
    );
    return () => {
      isCurrent = false;
    };
  }, [book.snapshot, book.market, book.policy]);
  const { snapshot, policy } = book;
  const named = new Map(policy.sources.map((source) => [source.name, sourceText(source)]));
  const names = snapshot.accounts
    .map(({ id, source }) => `${id} at ${named.get(source) ?? source}`)
    .join(", ");
  return (
    <>
      {names}: {signed}
    </>
  );
}
