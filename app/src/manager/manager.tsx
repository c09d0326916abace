// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The manager's view: open a book, see every limit, try changes, prove.
 *
 * @module
 */

import { formatDecimal, policyTerms } from "@keel/verifier";
import { dollars, sourceText, span, utc } from "@keel/verifier/text";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { BasisWords } from "../basis.js";
import { hostRegistry } from "../chain.js";
import type { ConsoleConfig } from "../config.js";
import { checkAtDesk, closeDesk, rootsAtDesk } from "../desk.js";
import type { NamedText } from "../named.js";
import { Facts, Problem, useIsPhone, Verdict } from "../parts.js";
import { wholeUsd } from "../words.js";
import {
  type Book,
  bookOf,
  closeFile,
  type Edits,
  edited,
  FILE_KINDS,
  type Judged,
  judge,
  type OpenFiles,
  openExample,
  openFiles,
  secretsFor,
} from "./book.js";
import { Declare } from "./declare.js";
import { type ExampleChoice, fetchExample } from "./examples.js";
import { Exposure } from "./exposure.js";
import { WhatLeaves } from "./leaves.js";
import { Limits } from "./limits.js";
import { holdPage, isUnsaved, type Made } from "./made.js";
import { Opening } from "./opening.js";
import { nextOf, STEPS, type StepId } from "./plan.js";
import { askRegistry, preflight, type RegistryFacts, standingOf } from "./preflight.js";
import { Prove } from "./prove.js";
import { findState } from "./recover.js";
import { Ahead, act, Fold, NextBar, Step, showStep } from "./steps.js";
import { Submit } from "./submit.js";
import { WhatIf } from "./what-if.js";

/** The steps by their names. */
const TITLES: Readonly<Record<StepId, string>> = {
  book: "Your book",
  check: "Check",
  accounts: "Declared accounts",
  prove: "Prove",
  submit: "Save and submit",
};

/** What the manager has opened, kept while the other views are looked at. */
export interface ManagerProps {
  readonly config: ConsoleConfig | undefined;
  readonly files: OpenFiles;
  readonly onFiles: (files: OpenFiles) => void;
}

/** The view. */
export function Manager({ config, files, onFiles }: ManagerProps): JSX.Element {
  const latest = useRef(files);
  latest.current = files;
  const change = (some: Partial<OpenFiles>): void => onFiles({ ...latest.current, ...some });
  const opening = useOpening(files, onFiles);
  const judgement = useMemo(() => judgeOrError(files), [...FILE_KINDS.map((kind) => files[kind])]);
  const { book, judged } = judgement;
  const [isBound, setIsBound] = useState(true);
  const registry = useFacts(config, book);
  const bound = config !== undefined && isBound;
  const findings = useMemo(
    () => (book === undefined || registry.facts === undefined ? [] : preflight(book, registry.facts)),
    [book, registry.facts],
  );
  const { made } = files;
  const situation = {
    assessment: judged?.assessment,
    hasRegistry: bound,
    facts: registry.facts,
    isSilent: registry.error !== undefined,
  };
  const next = nextOf({ ...situation, files, findings: bound ? findings : [] });
  const steps = useSteps(next.step, files.made !== undefined);
  // Not taken back when another view is looked at: the proof is still there.
  useEffect(() => holdPage(isUnsaved(made)), [made]);
  const setMade = (value: Made | undefined): void => {
    const { made: _, ...rest } = latest.current;
    // What was attested is what the next proof goes on from.
    const secrets = value?.receipt === undefined ? {} : secretsAfter(value, latest.current);
    onFiles({ ...rest, ...secrets, ...(value === undefined ? {} : { made: value }) });
  };
  const recover = async (): Promise<void> => {
    const { seed, snapshot, names } = latest.current;
    const { state: _, ...others } = names ?? {};
    change({ state: await findState(config!, snapshot!.subject, seed!), names: others });
  };
  const step = (id: StepId) => ({
    ...{ id, isNext: next.step === id, isOpen: steps.isOpen(id) },
    onToggle: (isOpen: boolean) => steps.toggle(id, isOpen),
  });
  return (
    <>
      <Step {...step("book")} title={TITLES.book} says={bookSays(files)}>
        <Opening config={config} files={files} {...opening.parts} />
        <Problem error={opening.error ?? judgement.error} />
      </Step>
      {book === undefined ? (
        <>
          <Ahead id="check" title={TITLES.check} says="once the book is open" />
          <Ahead id="accounts" title={TITLES.accounts} says="what the registry knows of them" />
          <Ahead id="prove" title={TITLES.prove} says="once every limit holds" />
        </>
      ) : (
        <>
          <Step {...step("check")} title={TITLES.check} says={<CheckSays judged={judged} />}>
            <Check book={book} judged={judged} />
          </Step>
          {config === undefined ? (
            <Ahead
              id="accounts"
              title={TITLES.accounts}
              says="no registry is known here to declare them at"
            />
          ) : (
            <Step {...step("accounts")} title={TITLES.accounts} says={accountsSay(registry.facts)}>
              {registry.error === undefined ? null : <Silent error={registry.error} onAsk={registry.ask} />}
              <Declare
                book={book}
                config={config}
                facts={registry.facts}
                isSilent={registry.error !== undefined}
                onEnrolment={(enrolment) => change({ enrolment })}
                onDeclared={() => void registry.ask()}
              />
            </Step>
          )}
          <Step {...step("prove")} title={TITLES.prove} says={made === undefined ? "" : "proved"}>
            <Prove
              book={book}
              config={config}
              healthy={judged.assessment.healthy}
              findings={findings}
              isSilent={registry.error !== undefined}
              isBound={bound}
              isAttested={made?.receipt !== undefined}
              onBound={setIsBound}
              onAsk={registry.ask}
              onRecover={canRecover(files, registry.facts) ? recover : undefined}
              onMade={setMade}
            />
          </Step>
        </>
      )}
      {book === undefined || made === undefined ? (
        <Ahead id="submit" title={TITLES.submit} says="once there is a proof" />
      ) : (
        <Step {...step("submit")} title={TITLES.submit} says={submitSays(made)}>
          <Submit made={made} book={book} config={config} onMade={setMade} />
        </Step>
      )}
      <WhatLeaves />
      <NextBar next={next} onGo={steps.go} />
    </>
  );
}

function Silent({ error, onAsk }: { readonly error: unknown; readonly onAsk: () => Promise<unknown> }) {
  return (
    <>
      <Problem error={error} />
      <button type="button" data-act onClick={() => void onAsk()}>
        Ask the registry again
      </button>
    </>
  );
}

/** Whether the seed may have the state that the registry goes on from, and none else that is open. */
function canRecover({ seed }: OpenFiles, facts: RegistryFacts | undefined): boolean {
  if (seed === undefined || facts === undefined || facts.status.state === 0n) return false;
  return facts.roots.state !== facts.status.state;
}

/** The list and the state that the registry has now. A seed brings its states back itself, but this one is at hand. */
function secretsAfter({ proven }: Made, { names }: OpenFiles): Partial<OpenFiles> {
  const { state: _, ...others } = names ?? {};
  return { state: proven.state, enrolment: proven.enrolment, names: others };
}

/** Opening and closing files, and what came of it. */
function useOpening(files: OpenFiles, onFiles: (files: OpenFiles) => void) {
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const [closed, setClosed] = useState<readonly string[]>([]);
  const take = (opened: { readonly files: OpenFiles; readonly closed: readonly string[] }): void => {
    // Files that do not go together are not opened.
    bookOf(opened.files);
    onFiles(opened.files);
    // It never left the page, so that nothing on a chain stands on it.
    const proof = isUnsaved(files.made) ? ["a proof that was not saved"] : [];
    setClosed([...proof, ...opened.closed]);
  };
  const attempt = (work: () => void): void => {
    try {
      setError(undefined);
      setClosed([]);
      work();
    } catch (reason) {
      setError(reason);
    }
  };
  const openChoice = async (example: ExampleChoice): Promise<void> => {
    setBusy(true);
    try {
      const texts = await fetchExample(example);
      const before = example.isLocal ? secretsFor(files, texts) : {};
      attempt(() => take({ files: openExample(before, example.name, texts), closed: [] }));
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  const clear = (): void =>
    attempt(() => {
      closeDesk();
      onFiles({});
    });
  const parts = {
    ...{ busy, closed, onError: setError, onClear: clear },
    onTexts: (texts: readonly NamedText[]) => attempt(() => take(openFiles(files, texts))),
    onExample: (example: ExampleChoice) => void openChoice(example),
    onCloseFile: (kind: (typeof FILE_KINDS)[number]) =>
      attempt(() => take({ files: closeFile(files, kind), closed: [] })),
  };
  return { error, parts };
}

/** What the registry says of the book, asked anew whenever the book changes. */
function useFacts(config: ConsoleConfig | undefined, book: Book | undefined) {
  const [facts, setFacts] = useState<RegistryFacts | undefined>();
  const [error, setError] = useState<unknown>();
  const current = useRef<Book | undefined>(undefined);
  current.current = book;
  const ask = async (): Promise<RegistryFacts | undefined> => {
    const asked = current.current;
    if (config === undefined || asked === undefined) return undefined;
    setError(undefined);
    try {
      const roots = await rootsAtDesk(asked);
      const found = await askRegistry(await hostRegistry(config), asked, roots);
      // Another book may be open by now.
      if (current.current === asked) setFacts(found);
      return found;
    } catch (reason) {
      if (current.current === asked) setError(reason);
      return undefined;
    }
  };
  useEffect(() => {
    setFacts(undefined);
    void ask();
  }, [config, book]);
  return { facts, error, ask };
}

/**
 * Which steps are unfolded: on a phone one at a time, the next one first; elsewhere all, but for the limits once there is a proof. What
 * was folded by hand stays so until the next step is another.
 */
function useSteps(next: StepId, isProved: boolean) {
  const isPhone = useIsPhone();
  const [byHand, setByHand] = useState<Partial<Record<StepId, boolean>>>({});
  useEffect(() => setByHand({}), [next, isPhone]);
  const isOpen = (id: StepId): boolean =>
    byHand[id] ?? (id === next || (!isPhone && !(isProved && id === "check")));
  const toggle = (id: StepId, open: boolean): void => {
    setByHand((before) => (isPhone && open ? only(id) : { ...before, [id]: open }));
    // What was folded above it took it along.
    if (isPhone && open) afterFrame(() => showStep(id));
  };
  const go = (id: StepId): void => {
    if (!isOpen(id)) toggle(id, true);
    // Once it is unfolded.
    afterFrame(() => act(id));
  };
  return { isOpen, toggle, go };
}

/** All but one folded. */
function only(id: StepId): Partial<Record<StepId, boolean>> {
  return Object.fromEntries(STEPS.map((step) => [step, step === id]));
}

/** Once what was changed is on the page. */
function afterFrame(work: () => void): void {
  requestAnimationFrame(() => requestAnimationFrame(work));
}

function bookSays(files: OpenFiles): string {
  if (files.example !== undefined) return `example: ${files.example}`;
  const count = FILE_KINDS.filter((kind) => files[kind] !== undefined).length;
  return count === 0 ? "nothing is open" : count === 1 ? "1 file is open" : `${count} files are open`;
}

function CheckSays({ judged }: { readonly judged: Judged }): JSX.Element {
  const { healthy, limits } = judged.assessment;
  const broken = limits.filter(({ ok }) => !ok).length;
  return <Verdict ok={healthy}>{healthy ? "holds" : `${broken} of ${limits.length} BROKEN`}</Verdict>;
}

function accountsSay(facts: RegistryFacts | undefined): string {
  if (facts === undefined) return "asking";
  return {
    none: "not declared yet",
    declared: "declared",
    announced: "announced",
    notOpened: "to be opened",
    another: "others than the registry's",
  }[standingOf(facts.status, facts.roots.enrolment)];
}

function submitSays(made: Made): string {
  if (made.receipt !== undefined) return "attested";
  return isUnsaved(made) ? "NOT saved" : "saved";
}

type Judgement =
  | { readonly book: Book; readonly judged: Judged; readonly error?: undefined }
  | { readonly book?: undefined; readonly judged?: undefined; readonly error?: unknown };

function judgeOrError(files: OpenFiles): Judgement {
  try {
    const book = bookOf(files);
    return book === undefined ? {} : { book, judged: judge(book) };
  } catch (error) {
    return { error };
  }
}

function Check({ book, judged }: { readonly book: Book; readonly judged: Judged }): JSX.Element {
  const isPhone = useIsPhone();
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
        <section aria-label="Limits" class="limits-section">
          <Limits judged={shown} before={later === undefined ? undefined : judged} />
        </section>
        <Fold title="What if" isOpen={!isPhone} class="what-if">
          <WhatIf
            book={book}
            edits={edits}
            onEdits={setEdits}
            cash={cash}
            onCash={setCash}
            problem={problem}
          />
        </Fold>
      </div>
      <Fold title="Where the risk sits" isOpen={false}>
        <Exposure book={later?.book ?? book} judged={shown} />
      </Fold>
    </>
  );
}

function after(book: Book, edits: Edits, cash: string | undefined) {
  try {
    const next = edited(book, edits, cash);
    return next === undefined ? {} : { later: { book: next, judged: judge(next) } };
  } catch (error) {
    return { problem: error };
  }
}

function Summary(props: {
  readonly book: Book;
  readonly judged: Judged;
  readonly isEdited: boolean;
}): JSX.Element {
  const { book, judged, isEdited } = props;
  const isPhone = useIsPhone();
  const { snapshot, policy, market } = book;
  const signatures = useSignatures(book);
  const terms = useMemo(() => policyTerms(policy, market), [policy, market]);
  const { healthy, metrics, limits } = judged.assessment;
  const broken = limits.filter(({ ok }) => !ok).length;
  return (
    <section class="summary" aria-label={policy.name}>
      <header class="section-head">
        <h3>{policy.name}</h3>
        <Verdict ok={healthy}>
          {isEdited ? "What if: " : ""}
          {healthy ? "every limit holds" : `${broken} of ${limits.length} limits BROKEN`}
        </Verdict>
      </header>
      <Problem error={signatures.error} />
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
      <Fold title="About this book" isOpen={!isPhone} class="about">
        <Facts
          rows={[
            ["Subject", <code key="subject">{snapshot.subject}</code>],
            ["Snapshot", `${utc(snapshot.asOf)}${unitsText(metrics.units)}`],
            ["Market", `${utc(market.asOf)}, ${market.instruments.length} instruments`],
            ["Accounts", accountsText(book, signatures)],
            ["Judged by", <BasisWords key="basis" basis={terms} />],
            ["Attestation lasts", span(policy.validity)],
          ]}
        />
      </Fold>
    </section>
  );
}

function unitsText(units: bigint): string {
  return units === 10n ** 8n ? "" : `, ${dollars(formatDecimal(units, 8))} units`;
}

/** What became of the sources' signatures. */
interface Signatures {
  readonly says: string;
  readonly error?: unknown;
}

/** Whether the sources' signatures verify. */
function useSignatures(book: Book): Signatures {
  const [signatures, setSignatures] = useState<Signatures>({ says: "checking signatures…" });
  useEffect(() => {
    let isCurrent = true;
    const say = (found: Signatures): void => {
      if (isCurrent) setSignatures(found);
    };
    checkAtDesk(book).then(
      () => say({ says: "signed, signatures verified" }),
      (error: unknown) => say({ says: "NOT as it was signed: see above", error }),
    );
    return () => {
      isCurrent = false;
    };
  }, [book.snapshot, book.market, book.policy]);
  return signatures;
}

/** Which accounts are there, and whether the sources signed them. */
function accountsText({ snapshot, policy }: Book, { says }: Signatures): string {
  const named = new Map(policy.sources.map((source) => [source.name, sourceText(source)]));
  const names = snapshot.accounts.map(({ id, source }) => `${id} at ${named.get(source) ?? source}`);
  return `${names.join(", ")}: ${says}`;
}
