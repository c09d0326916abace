// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Looking at managers' records, one or several: progress, cancel, and the records side by side.
 *
 * @module
 */

import "./regulator.css";

import { asKeelError } from "@keel/verifier";
import { connectRegistry } from "@keel/verifier/chain";
import type { JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { Address, PublicClient } from "viem";
import { shortHex } from "../basics.js";
import type { ConsoleConfig } from "../config.js";
import { Fold, Problem } from "../parts.js";
import { readAddress } from "../read.js";
import { SideBySide } from "./compare.js";
import type { Found } from "./look.js";
import { RecordView } from "./record.js";
import { lookInWorker } from "./record-desk.js";

/** How far a look is. */
export interface LookStep {
  /** Of the managers, from 1. */
  readonly index: number;
  readonly of: number;
  /** Proofs that are verified; none of none while logs are read. */
  readonly done: number;
  readonly count: number;
}

/** So many records at once, and no more. */
export const MOST_FUNDS = 8;

/** What is looked at. */
export interface Asked {
  readonly client: PublicClient;
  readonly config: ConsoleConfig | undefined;
  readonly registry: string;
  readonly subjects: readonly Address[];
}

/** Looks, tells how far it is, and can be called off. What was found before stays until the next look begins. */
export function useLook() {
  const [step, setStep] = useState<LookStep | undefined>();
  const [found, setFound] = useState<readonly Found[]>([]);
  const [error, setError] = useState<unknown>();
  const abort = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => abort.current?.abort(), []);
  const look = async (asked: Asked): Promise<void> => {
    abort.current?.abort();
    const own = new AbortController();
    abort.current = own;
    setFound([]);
    setError(undefined);
    const isOwn = (): boolean => abort.current === own;
    try {
      const told = (next: LookStep): void => {
        if (isOwn()) setStep(next);
      };
      const records = await lookAtAll(asked, own.signal, told);
      if (isOwn()) setFound(records);
    } catch (reason) {
      if (isOwn() && asKeelError(reason).code !== "look.cancelled") setError(reason);
    } finally {
      if (isOwn()) setStep(undefined);
    }
  };
  // At once, also while a node that does not answer is waited for.
  const cancel = (): void => {
    abort.current?.abort();
    abort.current = undefined;
    setStep(undefined);
  };
  return { step, found, error, look, cancel };
}

async function lookAtAll(
  { client, config, registry, subjects }: Asked,
  signal: AbortSignal,
  onStep: (step: LookStep) => void,
): Promise<Found[]> {
  const of = subjects.length;
  onStep({ index: 1, of, done: 0, count: 0 });
  const address = readAddress(registry, "registry");
  const connected = await connectRegistry(client, address);
  const fromBlock = BigInt(config !== undefined && address === config.registry ? config.fromBlock : 0);
  const found: Found[] = [];
  for (const [i, subject] of subjects.entries()) {
    const told = (done: number, count: number): void => onStep({ index: i + 1, of, done, count });
    told(0, 0);
    try {
      const record = await lookInWorker(connected, { subject, fromBlock }, signal, told);
      found.push({ subject, record });
    } catch (error) {
      // One record that does not hold says nothing of the others.
      signal.throwIfAborted();
      found.push({ subject, error });
    }
  }
  return found;
}

/** How far the look is, and the way out of it. */
export function LookProgress(props: {
  readonly step: LookStep | undefined;
  readonly onCancel: () => void;
}): JSX.Element | null {
  const { step, onCancel } = props;
  const id = useId();
  if (step === undefined) return null;
  const { done, count } = step;
  return (
    <div class="running">
      <div role="status">
        <label for={id}>{stepText(step)}</label>
      </div>
      <progress id={id} max={1} {...(count === 0 ? {} : { value: done / count })} />
      <button type="button" onClick={onCancel}>
        Cancel
      </button>
    </div>
  );
}

function stepText({ index, of, done, count }: LookStep): string {
  const which = of === 1 ? "" : `Manager ${index} of ${of}: `;
  if (count === 0) return `${which}reading the registry's logs…`;
  return `${which}${done} of ${count} proofs verified…`;
}

/** The records: one as it is, several side by side and each below. */
export function Records({ found }: { readonly found: readonly Found[] }): JSX.Element | null {
  if (found.length === 0) return null;
  const [only] = found;
  if (found.length === 1) {
    return only!.record === undefined ? (
      <Problem error={only!.error} />
    ) : (
      <RecordView record={only!.record} />
    );
  }
  return (
    <>
      <SideBySide found={found} />
      {found.map(({ subject, record, error }) => (
        <section key={subject} class="record">
          <Fold title={`Record of ${shortHex(subject)}`} says={subject}>
            {record === undefined ? <Problem error={error} /> : <RecordView record={record} />}
          </Fold>
        </section>
      ))}
    </>
  );
}
