// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * From a healthy book to an attestation: prove with progress and cancel, save, submit.
 *
 * @module
 */

import { formatEnrolment, formatState, type ProvenAttestation } from "@keel/prover";
import {
  type Attestation,
  formatAttestation,
  inputError,
  LOCAL_CHAINS,
  UNBOUND_DOMAIN,
} from "@keel/verifier";
import { type Receipt, submitAttestation } from "@keel/verifier/chain";
import { span, utc } from "@keel/verifier/text";
import { formatOpening } from "keel/opening";
import type { JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { blockTime, hostRegistry, walletOn } from "../chain.js";
import { circuitFiles, circuitNames, hasDevelopmentKeys, missingCircuit } from "../circuits.js";
import type { ConsoleConfig } from "../config.js";
import { type DeskProgress, proveAtDesk } from "../desk.js";
import { AllowInsecure, DevelopmentKey, Facts, Hash, Problem, Section, saveText, useWork } from "../parts.js";
import { type InjectedWallet, useWallets, WalletChoice } from "../wallets.js";
import type { Book } from "./book.js";

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

/** A proof in this page's memory. */
interface Made {
  readonly proven: ProvenAttestation;
  readonly ms: number;
}

/** Proves the book as the sources signed it. */
export function Prove(props: {
  readonly book: Book;
  readonly config: ConsoleConfig | undefined;
  readonly healthy: boolean;
  /** The registry took an attestation: the next one goes on from here. */
  readonly onAttested: (proven: ProvenAttestation) => void;
}): JSX.Element {
  const { book, config, healthy, onAttested } = props;
  const targetId = useId();
  const [bound, setBound] = useState(config !== undefined);
  const [allowInsecure, setAllowInsecure] = useState(false);
  const [progress, setProgress] = useState<DeskProgress | undefined>();
  const [made, setMade] = useState<Made | undefined>();
  const [error, setError] = useState<unknown>();
  const abort = useRef<AbortController | undefined>(undefined);
  const names = circuitNames(book.policy);
  const missing = missingCircuit(names);
  const isLocal = bound && config !== undefined && LOCAL_CHAINS.includes(config.chainId);
  useEffect(() => setMade(undefined), [book.snapshot, book.market, book.policy]);
  useEffect(() => () => abort.current?.abort(), []);

  const prove = async (): Promise<void> => {
    setError(undefined);
    setMade(undefined);
    setProgress({ phase: "queued" });
    abort.current = new AbortController();
    const started = performance.now();
    try {
      const { domain, now } = await targetOf(config, bound);
      const { signal } = abort.current;
      const request = { ...book, domain, now, allowInsecure };
      const proven = await proveAtDesk(circuitFiles(names), request, signal, setProgress);
      setMade({ proven, ms: performance.now() - started });
    } catch (reason) {
      setError(reason);
    } finally {
      setProgress(undefined);
    }
  };

  return (
    <Section title="Prove">
      {missing !== undefined ? (
        <>
          <Problem error={missing} />
          <p>
            The book is judged here all the same. Prove it with <code>keel prove</code>, or build the page
            with what it lacks: <code>npm run app -- {Object.values(names).join(" ")}</code>
          </p>
        </>
      ) : (
        <>
          <div class="actions">
            {config === undefined ? null : (
              <div class="field">
                <label for={targetId}>Where it shall count</label>
                <select
                  id={targetId}
                  value={bound ? "registry" : "nowhere"}
                  onChange={({ currentTarget: { value } }) => setBound(value === "registry")}
                >
                  <option value="registry">
                    Registry {config.registry.slice(0, 10)}… on chain {config.chainId}
                  </option>
                  <option value="nowhere">No registry: a file to show</option>
                </select>
              </div>
            )}
            {isLocal || !hasDevelopmentKeys(names) ? null : (
              <AllowInsecure checked={allowInsecure} onChange={setAllowInsecure} />
            )}
            <button
              type="button"
              class="primary"
              disabled={progress !== undefined || !healthy}
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
          {made === undefined ? null : (
            <Result made={made} book={book} config={bound ? config : undefined} onAttested={onAttested} />
          )}
        </>
      )}
    </Section>
  );
}

/**
 * Where an attestation shall count, and what time it is there. A local chain's clock may be ahead of this machine's, and its
 * example is signed by that clock also when the proof is for no registry.
 */
async function targetOf(config: ConsoleConfig | undefined, bound: boolean) {
  const machine = Math.floor(Date.now() / 1000);
  if (config === undefined) return { domain: UNBOUND_DOMAIN, now: machine };
  const { chainId, registry } = config;
  if (bound) return { domain: { chainId, registry }, now: await blockTime(await hostRegistry(config)) };
  if (!LOCAL_CHAINS.includes(chainId)) return { domain: UNBOUND_DOMAIN, now: machine };
  return { domain: UNBOUND_DOMAIN, now: await blockTime(await hostRegistry(config)) };
}

/** Which proofs it has, where they are several. */
function proofsText({ tail, disclosure }: Attestation): string {
  const beside = [
    ...(tail === undefined ? [] : ["one of tail risk"]),
    ...(disclosure === undefined ? [] : ["one of what is shown"]),
  ];
  return beside.length === 0 ? "" : `, a proof of health and ${beside.join(" and ")}`;
}

function isInsecure({ insecure, tail, disclosure }: Attestation): boolean {
  return insecure || tail?.insecure === true || disclosure?.insecure === true;
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

function Result(props: {
  readonly made: Made;
  readonly book: Book;
  readonly config: ConsoleConfig | undefined;
  readonly onAttested: (proven: ProvenAttestation) => void;
}): JSX.Element {
  const { made, book, config, onAttested } = props;
  const { attestation, enrolment, state } = made.proven;
  const expiresAt = attestation.asOf + book.policy.validity;
  return (
    <div class="result" aria-live="polite">
      {isInsecure(attestation) ? <DevelopmentKey /> : null}
      <p>
        Proved in {(made.ms / 1000).toFixed(1)} s and verified
        {proofsText(attestation)}. {attestation.subject} respects policy “{book.policy.name}” as of{" "}
        {utc(attestation.asOf)}.
      </p>
      <Facts
        rows={[
          ["Policy id", <Hash key="policy" value={attestation.policyId} />],
          ["Expires", `${utc(expiresAt)}, ${span(book.policy.validity)} after the snapshot`],
          ["Digest", <Hash key="digest" value={attestation.digest.toString()} />],
        ]}
      />
      <div class="actions">
        <button
          type="button"
          class="primary"
          onClick={() => saveText("attestation.json", formatAttestation(attestation))}
        >
          Save attestation
        </button>
        <button type="button" onClick={() => saveText("state.json", formatState(state))}>
          Save next state (secret)
        </button>
        <button type="button" onClick={() => saveText("enrolment.json", formatEnrolment(enrolment))}>
          Save declared accounts (secret)
        </button>
        <button type="button" onClick={() => saveText("opening.json", formatOpening(made.proven))}>
          Save opening (secret)
        </button>
      </div>
      <p class="note">
        The attestation is public. State and declared accounts are secret, and the next proof for the same
        registry needs them: without the state the drawdown chain cannot go on. The opening is secret: its
        salts open the attestation's two commitments, each its own.
      </p>
      {config === undefined ? null : (
        <Submit config={config} proven={made.proven} onAttested={() => onAttested(made.proven)} />
      )}
    </div>
  );
}

function Submit(props: {
  readonly config: ConsoleConfig;
  readonly proven: ProvenAttestation;
  readonly onAttested: () => void;
}): JSX.Element {
  const { config, proven, onAttested } = props;
  const wallets = useWallets(config);
  const [chosen, setChosen] = useState<InjectedWallet | undefined>();
  const [receipt, setReceipt] = useState<Receipt | undefined>();
  const { busy, error, run } = useWork();
  const submit = async (): Promise<void> => {
    if (chosen === undefined) throw inputError("wallet.none", "wallet", "a wallet to send with", "none");
    const registry = await hostRegistry(config);
    const wallet = await walletOn(chosen, registry.chainId);
    setReceipt(await submitAttestation(registry, wallet, proven.attestation));
    onAttested();
  };
  return (
    <div class="submit">
      <h3>Submit to the registry</h3>
      <p>Any account may send it: the proof is bound to its subject. What is sent is the attestation.</p>
      <div class="actions">
        <WalletChoice wallets={wallets} chosen={chosen} onChoose={setChosen} />
        <button
          type="button"
          class="primary"
          disabled={busy || receipt !== undefined}
          onClick={() => void run(submit)}
        >
          {busy ? "Submitting…" : "Submit"}
        </button>
      </div>
      <Problem error={error} />
      {receipt === undefined ? null : (
        <p role="status">
          {receipt.already === true ? "Attested by somebody else" : "Attested"}: the registry says healthy (
          {receipt.gasUsed.toString()} gas).
        </p>
      )}
    </div>
  );
}
