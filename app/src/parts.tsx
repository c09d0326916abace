// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Small pieces that the three views share.
 *
 * @module
 */

import "./pages.css";

import type { Verified } from "@keel/verifier";
import { DEVELOPMENT_KEY_WARNING, DOES_NOT_SAY, doesNotSay } from "@keel/verifier/text";
import type { ComponentChildren, JSX } from "preact";
import { useContext, useEffect, useId, useState } from "preact/hooks";
import { shortHex } from "./basics.js";
import { Explorer, explorerLink, type Linked } from "./explorer.js";

export { Faults, Problem, useWork } from "./basics.js";

/** A part of a view. */
export function Section(props: {
  readonly title: string;
  readonly aside?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  const id = useId();
  return (
    <section class={props.class} aria-labelledby={id}>
      <header class="section-head">
        <h2 id={id}>{props.title}</h2>
        {props.aside}
      </header>
      {props.children}
    </section>
  );
}

/** A labelled line of text to type. */
export function Field(props: {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly hint?: string;
  readonly problem?: string | undefined;
  readonly mono?: boolean;
  readonly class?: string;
}): JSX.Element {
  const id = useId();
  const note = props.problem ?? props.hint;
  return (
    <div class={`field ${props.class ?? ""}`}>
      <label for={id}>{props.label}</label>
      <input
        id={id}
        type="text"
        class={props.mono === true ? "mono" : ""}
        value={props.value}
        autocomplete="off"
        spellcheck={false}
        aria-invalid={props.problem !== undefined}
        aria-describedby={note === undefined ? undefined : `${id}-note`}
        onInput={(event) => props.onInput(event.currentTarget.value)}
      />
      {note === undefined ? null : (
        <small id={`${id}-note`} class={props.problem === undefined ? "" : "wrong"}>
          {note}
        </small>
      )}
    </div>
  );
}

/** Offers text as a file. */
export function saveText(name: string, text: string, type = "application/json"): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** What no attestation says, and what the verification of this one did not compare. */
export function DoesNotSay(props: { readonly verified?: Pick<Verified, "notCompared"> }): JSX.Element {
  return (
    <aside class="not-said" aria-label="What an attestation does not say">
      {props.verified === undefined ? DOES_NOT_SAY : doesNotSay(props.verified)}
    </aside>
  );
}

/** Loud, because such a proof convinces nobody. */
export function DevelopmentKey(): JSX.Element {
  return <p class="warning">{DEVELOPMENT_KEY_WARNING}</p>;
}

/** What a command's `--insecure` says. */
export function AllowInsecure(props: {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}): JSX.Element {
  const id = useId();
  return (
    <label class="check" for={id}>
      <input
        id={id}
        type="checkbox"
        checked={props.checked}
        onChange={({ currentTarget: { checked } }) => props.onChange(checked)}
      />
      Accept development keys (for tests)
    </label>
  );
}

/**
 * A word that stands for yes or no, in colour and in text; without `ok` for neither. A yes that rests on a development key says so
 * itself, and is not green.
 */
export function Verdict(props: {
  readonly ok?: boolean;
  readonly insecure?: boolean;
  readonly children: ComponentChildren;
}): JSX.Element {
  const { ok, insecure = false, children } = props;
  const isDoubtful = ok === true && insecure;
  const tone = ok === undefined || isDoubtful ? "" : ok ? "ok" : "bad";
  return (
    <span class={`verdict ${tone}${isDoubtful ? "insecure" : ""}`}>
      {children}
      {isDoubtful ? ", by a DEVELOPMENT KEY" : ""}
    </span>
  );
}

/** The limits of a policy, a sentence each. */
export function PolicyWords({ lines }: { readonly lines: readonly string[] }): JSX.Element {
  return (
    <ul class="policy-words">
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}

/** Names beside values. */
export function Facts(props: {
  readonly rows: readonly (readonly [string, ComponentChildren])[];
}): JSX.Element {
  return (
    <dl class="facts">
      {props.rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A long address or hash: whole for machines and readers, wrapped where it must be; to be copied, and looked up. */
export function Hash(props: { readonly value: string; readonly what?: Linked }): JSX.Element {
  const { value, what } = props;
  const explorer = useContext(Explorer);
  const code = <code class="hash">{value}</code>;
  return (
    <span class="hash-row">
      {explorer === undefined || what === undefined ? (
        code
      ) : (
        <a href={explorerLink(explorer, what, value)} target="_blank" rel="noopener noreferrer">
          {code}
        </a>
      )}
      <CopyButton value={value} />
    </span>
  );
}

/** Takes a text to the clipboard, and says so. */
function CopyButton({ value }: { readonly value: string }): JSX.Element {
  const [said, setSaid] = useState("");
  const copy = async (): Promise<void> => {
    const done = await navigator.clipboard?.writeText(value).then(
      () => true,
      () => false,
    );
    setSaid(done === true ? "Copied" : "Not copied: select it instead");
    setTimeout(() => setSaid(""), 2_000);
  };
  return (
    <span class="no-print copy">
      <button type="button" class="quiet" aria-label={`Copy ${shortHex(value)}`} onClick={() => void copy()}>
        Copy
      </button>
      <span role="status">{said}</span>
    </span>
  );
}

/** Parts of a page that are opened for paper, and closed again after it. */
export function usePaper(selector: string): void {
  useEffect(() => {
    let opened: HTMLDetailsElement[] = [];
    const before = (): void => {
      opened = [...document.querySelectorAll<HTMLDetailsElement>(`${selector} details:not([open])`)];
      for (const part of opened) part.open = true;
    };
    const after = (): void => {
      for (const part of opened) part.open = false;
      opened = [];
    };
    window.addEventListener("beforeprint", before);
    window.addEventListener("afterprint", after);
    return () => {
      window.removeEventListener("beforeprint", before);
      window.removeEventListener("afterprint", after);
    };
  }, [selector]);
}

/** As app/src/styles.css has it. */
const PHONE = "(max-width: 46rem)";

/** Whether there is room to have long parts open from the start. */
export function hasRoom(): boolean {
  return !matchMedia(PHONE).matches;
}

/** Whether the page is as narrow as a phone's. */
export function useIsPhone(): boolean {
  const [isPhone, setIsPhone] = useState(() => matchMedia(PHONE).matches);
  useEffect(() => {
    const media = matchMedia(PHONE);
    const change = (): void => setIsPhone(media.matches);
    media.addEventListener("change", change);
    return () => media.removeEventListener("change", change);
  }, []);
  return isPhone;
}

/** What there is room for on a desk; on a phone it opens, and is open from the start where it is what comes next. */
export function FoldOnPhone(props: {
  readonly title: string;
  readonly open?: boolean;
  readonly children: ComponentChildren;
}): JSX.Element {
  const { title, open = false, children } = props;
  if (!useIsPhone()) return <>{children}</>;
  return (
    <Fold title={title} open={open}>
      {children}
    </Fold>
  );
}

/** A part that opens: its heading says what is inside, and the crux of it where there is one. */
export function Fold(props: {
  readonly title: string;
  readonly says?: ComponentChildren;
  readonly open?: boolean;
  readonly onOpen?: () => void;
  readonly children: ComponentChildren;
}): JSX.Element {
  const { title, says, open = false, onOpen, children } = props;
  return (
    <details
      class="unfold"
      open={open}
      onToggle={(event) => {
        if ((event.currentTarget as HTMLDetailsElement).open) onOpen?.();
      }}
    >
      <summary>
        <span class="unfold-title">{title}</span>
        {says === undefined ? null : <span class="unfold-says">{says}</span>}
      </summary>
      <div class="unfold-body">{children}</div>
    </details>
  );
}
