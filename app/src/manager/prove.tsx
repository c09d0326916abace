// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * From a healthy book to a proof: what would be in its way is looked at first; then it is made, with progress and cancel.
 *
 * @module
 */

import { inputError, LOCAL_CHAINS, UNBOUND_DOMAIN } from "@keel/verifier";
import type { JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { blockTime, hostRegistry } from "../chain.js";
import {
  type CircuitNames,
  circuitFiles,
  circuitNames,
  hasDevelopmentKeys,
  missingCircuit,
} from "../circuits.js";
import type { ConsoleConfig } from "../config.js";
import { type DeskProgress, loadAtDesk, proveAtDesk } from "../desk.js";
import { AllowInsecure, Problem, useWork } from "../parts.js";
import type { Book } from "./book.js";
import { lackOfBrowser } from "./browser.js";
import type { Made } from "./made.js";
import { type Finding, preflight, type RegistryFacts } from "./preflight.js";

const PHASES: Readonly<Record<DeskProgress["phase"], string>> = {
  fetching: "fetching the circuit",
  loading: "loading the key",
  queued: "waiting for a worker",
  witness: "calculating the witness",
  evaluate: "evaluating the circuit",
  transform: "transforming polynomials",
  multiply: "multiplying points",
  verify: "verifying the proof",
  done: "done",
};

/** What is proven, and for whom. */
export interface ProveProps {
  readonly book: Book;
  readonly config: ConsoleConfig | undefined;
  readonly healthy: boolean;
  readonly findings: readonly Finding[];
  /** The registry did not answer; its error stands in the step before. */
  readonly isSilent: boolean;
  /** Where it shall count: at the registry, or nowhere. */
  readonly isBound: boolean;
  /** The registry took the proof of this book: it would take no second one. */
  readonly isAttested: boolean;
  readonly onBound: (isBound: boolean) => void;
  /** Finds the registry's state by the seed that is open; absent where that is of no use. */
  readonly onRecover?: (() => Promise<void>) | undefined;
  /** Asks the registry once more. */
  readonly onAsk: () => Promise<RegistryFacts | undefined>;
  readonly onMade: (made: Made | undefined) => void;
}

/** Proves the book as the sources signed it. */
export function Prove(props: ProveProps): JSX.Element {
  const names = circuitNames(props.book.policy);
  const lack = lackOfBrowser() ?? missingCircuit(names);
  if (lack === undefined) return <Proving {...props} names={names} />;
  return (
    <>
      <Problem error={lack} />
      <p>
        The book is judged here all the same. Prove it with <code>keel prove</code>
        {missingCircuit(names) === undefined ? (
          ", or in another browser."
        ) : (
          <>
            , or build the page with what it lacks:{" "}
            <code>npm run app -- {Object.values(names).join(" ")}</code>
          </>
        )}
      </p>
    </>
  );
}

function Proving(props: ProveProps & { readonly names: CircuitNames }): JSX.Element {
  const {
    book,
    config,
    healthy,
    findings,
    isSilent,
    isBound,
    isAttested,
    onBound,
    onRecover,
    onAsk,
    onMade,
    names,
  } = props;
  const targetId = useId();
  const [allowInsecure, setAllowInsecure] = useState(false);
  const [progress, setProgress] = useState<DeskProgress | undefined>();
  const [error, setError] = useState<unknown>();
  const abort = useRef<AbortController | undefined>(undefined);
  const isLocal = isBound && config !== undefined && LOCAL_CHAINS.includes(config.chainId);
  useEffect(() => () => abort.current?.abort(), []);
  useLoaded(names);

  const prove = async (): Promise<void> => {
    setError(undefined);
    onMade(undefined);
    setProgress({ phase: "queued" });
    abort.current = new AbortController();
    const started = performance.now();
    try {
      const { domain, now } = await targetOf(config, isBound);
      if (isBound) refuseRefused(book, await onAsk());
      const { signal } = abort.current;
      const request = { ...filesOf(book), domain, now, allowInsecure };
      const proven = await proveAtDesk(circuitFiles(names), request, signal, setProgress);
      const ms = performance.now() - started;
      onMade({ proven, ms, isBound, isSeeded: book.seed !== undefined, isKept: false });
    } catch (reason) {
      setError(reason);
    } finally {
      setProgress(undefined);
    }
  };

  return (
    <>
      {config === undefined ? null : (
        <div class="field target">
          <label for={targetId}>Where it shall count</label>
          <select
            id={targetId}
            value={isBound ? "registry" : "nowhere"}
            onChange={({ currentTarget: { value } }) => onBound(value === "registry")}
          >
            <option value="registry">
              Registry {config.registry.slice(0, 10)}… on chain {config.chainId}
            </option>
            <option value="nowhere">No registry: a file to show</option>
          </select>
        </div>
      )}
      {isBound && !isAttested ? (
        <Preflight findings={findings} isSilent={isSilent} onAsk={onAsk} onRecover={onRecover} />
      ) : null}
      {isLocal || !hasDevelopmentKeys(names) ? null : (
        <AllowInsecure checked={allowInsecure} onChange={setAllowInsecure} />
      )}
      <div class="actions">
        <button
          type="button"
          class="primary"
          disabled={progress !== undefined || !healthy}
          data-act
          onClick={() => void prove()}
        >
          Prove
        </button>
        {progress === undefined ? null : (
          <button type="button" onClick={() => abort.current?.abort()}>
            Cancel
          </button>
        )}
      </div>
      {healthy ? null : <p>A limit is broken, so there is nothing to prove.</p>}
      {progress === undefined ? null : <Running progress={progress} />}
      <Problem error={error} />
    </>
  );
}

/** The circuits are fetched and loaded while the book is looked at. What fails then fails again when they are needed, and is told. */
function useLoaded(names: CircuitNames): void {
  const wanted = Object.values(names).join(" ");
  useEffect(() => {
    loadAtDesk(circuitFiles(names)).catch(() => {});
  }, [wanted]);
}

function filesOf({ snapshot, market, policy, units, enrolment, state, seed }: Book) {
  return {
    ...{ snapshot, market, policy },
    ...(units === undefined ? {} : { units }),
    ...(enrolment === undefined ? {} : { enrolment }),
    ...(state === undefined ? {} : { state }),
    ...(seed === undefined ? {} : { seed }),
  };
}

/** @throws KeelError `preflight.refused` */
function refuseRefused(book: Book, facts: RegistryFacts | undefined): void {
  const wrong = facts === undefined ? [] : preflight(book, facts).filter(({ ok }) => !ok);
  if (wrong.length === 0) return;
  const received = wrong.map(({ name }) => name.toLowerCase()).join(", ");
  throw inputError("preflight.refused", "book", "what the registry takes, as listed above", received);
}

function Preflight(props: {
  readonly findings: readonly Finding[];
  readonly isSilent: boolean;
  readonly onAsk: () => Promise<unknown>;
  readonly onRecover: ProveProps["onRecover"];
}): JSX.Element {
  const { findings, isSilent, onAsk, onRecover } = props;
  const recovery = useWork();
  const isAsking = findings.length === 0 && !isSilent;
  return (
    <div class="preflight">
      {isAsking ? <p role="status">Asking the registry…</p> : null}
      {isSilent ? <p>The registry did not answer: see the step before.</p> : null}
      <ul aria-label="Before proving">
        {findings.map(({ name, ok, says }) => (
          <li key={name} class={ok ? "ok" : "bad"}>
            <b>{name}</b> <span>{says}</span>
          </li>
        ))}
      </ul>
      <div class="actions">
        {onRecover === undefined ? null : (
          <button type="button" disabled={recovery.busy} onClick={() => void recovery.run(onRecover)}>
            {recovery.busy ? "Looking through the chain…" : "Find the state by the seed"}
          </button>
        )}
        <button type="button" class="quiet" onClick={() => void onAsk()}>
          Ask the registry again
        </button>
      </div>
      <Problem error={recovery.error} />
    </div>
  );
}

/**
 * Where an attestation shall count, and what time it is there. A local chain's clock may be ahead of this machine's, and its
 * example is signed by that clock also when the proof is for no registry.
 */
async function targetOf(config: ConsoleConfig | undefined, isBound: boolean) {
  const machine = Math.floor(Date.now() / 1000);
  if (config === undefined) return { domain: UNBOUND_DOMAIN, now: machine };
  const { chainId, registry } = config;
  if (isBound) return { domain: { chainId, registry }, now: await blockTime(await hostRegistry(config)) };
  if (!LOCAL_CHAINS.includes(chainId)) return { domain: UNBOUND_DOMAIN, now: machine };
  const chain = await blockTime(await hostRegistry(config));
  return { domain: UNBOUND_DOMAIN, now: Math.max(machine, chain) };
}

function Running({ progress: { phase, fraction } }: { readonly progress: DeskProgress }): JSX.Element {
  const id = useId();
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const started = performance.now();
    const timer = setInterval(() => setSeconds((performance.now() - started) / 1000), 100);
    return () => clearInterval(timer);
  }, []);
  return (
    <div class="running">
      <div role="status">
        <label for={id}>{PHASES[phase]}</label>
      </div>
      <progress id={id} max={1} {...(fraction === undefined ? {} : { value: fraction })} />
      <span class="figure">{seconds.toFixed(1)} s</span>
    </div>
  );
}
