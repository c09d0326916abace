// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Steps that fold, and the bar that keeps the next one in view.
 *
 * @module
 */

import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";
import { type Next, STEPS, type StepId } from "./plan.js";

/** A step: a heading that folds what is below it. */
export function Step(props: {
  readonly id: StepId;
  readonly title: string;
  /** How it stands, in a few words. */
  readonly says: ComponentChildren;
  readonly isNext: boolean;
  readonly isOpen: boolean;
  readonly onToggle: (isOpen: boolean) => void;
  readonly children: ComponentChildren;
}): JSX.Element {
  const { id, title, says, isNext, isOpen, onToggle, children } = props;
  const bodyId = useId();
  return (
    <section class={isNext ? "step next" : "step"} data-step={id} aria-label={title}>
      <header class="step-head">
        <h2>
          <button
            type="button"
            class="fold"
            aria-expanded={isOpen}
            aria-controls={bodyId}
            aria-current={isNext ? "step" : undefined}
            onClick={() => onToggle(!isOpen)}
          >
            <span class="step-number">{STEPS.indexOf(id) + 1}</span> {title}
          </button>
        </h2>
        <span class="step-says">{says}</span>
      </header>
      <div id={bodyId} class="step-body" hidden={!isOpen}>
        {children}
      </div>
    </section>
  );
}

/** A step that is to come: its name, so that the whole job is seen from the start, and what it waits for. */
export function Ahead(props: {
  readonly id: StepId;
  readonly title: string;
  readonly says: string;
}): JSX.Element {
  const { id, title, says } = props;
  return (
    <section class="step ahead" aria-label={title}>
      <header class="step-head">
        <h2>
          <span class="step-number">{STEPS.indexOf(id) + 1}</span> {title}
        </h2>
        <span class="step-says">{says}</span>
      </header>
    </section>
  );
}

/** A part of a step that folds by itself. */
export function Fold(props: {
  readonly title: string;
  readonly isOpen: boolean;
  readonly class?: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <details class={`part ${props.class ?? ""}`} open={props.isOpen}>
      <summary class="part-summary">
        <h3 class="part-title">{props.title}</h3>
      </summary>
      {props.children}
    </details>
  );
}

/** Where the job stands and what to do next, at the lower edge of the window. */
export function NextBar(props: { readonly next: Next; readonly onGo: (step: StepId) => void }): JSX.Element {
  const { next, onGo } = props;
  const number = STEPS.indexOf(next.step) + 1;
  return (
    <aside class="next-bar" aria-label="Next step">
      <p role="status">
        <b>{next.isDone === true ? "Done" : `Step ${number} of ${STEPS.length}`}</b> {next.says}
      </p>
      <button type="button" class="primary" onClick={() => onGo(next.step)}>
        {next.isDone === true ? "See it" : `Next: ${next.label}`}
      </button>
    </aside>
  );
}

/**
 * Does what a step is about: clicks what is marked in it (`data-act`), or, where that was not in view, shows it first. A file input
 * is opened; a field to fill in is given the focus, as is a choice beside a button that is still to be made.
 */
export function act(step: StepId): void {
  const section = document.querySelector<HTMLElement>(`[data-step="${step}"]`);
  const marked = section?.querySelector<HTMLElement>("[data-act]:not(:disabled)");
  if (marked == null) {
    section?.scrollIntoView({ block: "start" });
    return;
  }
  const choice = marked.closest(".actions")?.querySelector("select");
  const target = choice?.value === "" ? choice : marked;
  const wasInView = isInView(target);
  if (!wasInView) target.scrollIntoView({ block: "center" });
  target.focus({ preventScroll: true });
  const isPressed = target instanceof HTMLButtonElement || isFileInput(target);
  if (isPressed && (wasInView || isFileInput(target))) target.click();
}

/** Brings a step's heading into view where it is not. */
export function showStep(step: StepId): void {
  const section = document.querySelector<HTMLElement>(`[data-step="${step}"]`);
  const top = section?.getBoundingClientRect().top ?? 0;
  if (top < 0 || top > innerHeight / 2) section?.scrollIntoView({ block: "start" });
}

function isFileInput(element: HTMLElement): boolean {
  return element instanceof HTMLInputElement && element.type === "file";
}

function isInView(element: HTMLElement): boolean {
  const { top, bottom } = element.getBoundingClientRect();
  const bar = document.querySelector(".next-bar")?.getBoundingClientRect().height ?? 0;
  return top >= 0 && bottom > top && bottom <= innerHeight - bar;
}
