// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Attestations on their way to the registry: those of one circuit leave together. When one of a batch is refused the others are not
 * held up: each is then submitted by itself, and what is in force already is success.
 *
 * @module
 */

import type { Attestation } from "@keel/verifier";
import { type Registry, statusOf, submitAttestation, submitBatch, type Wallet } from "@keel/verifier/chain";
import { asKeelError, type KeelError } from "@keel/verifier/errors";
import type { Ending } from "./store.js";

/** Takes attestations, and says of each how it ended. */
export interface Batcher {
  /** @throws KeelError kind `environment` when the chain is in the way, `registry.wrongState` when the state moved */
  submit(attestation: Attestation): Promise<Ending>;
}

/** How batches are made. */
export interface BatchOptions {
  readonly size: number;
  /** How long the first of a batch waits for others. */
  readonly waitMs: number;
  /** Only one at a time sends from an account, also of several programs. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
  readonly onBatch?: (size: number, gas: bigint) => void;
}

/** Refusals that nobody else's act changes. */
const FINAL: ReadonlySet<string> = new Set(
  [
    ...["snapshotTooOld", "alreadyExpired", "marketTooFar", "proofRefused", "wrongUnits"],
    ...["unitsNotSigned", "foreignDomain", "wrongTableProofs", "closedByGuardian"],
  ].map((name) => `registry.${name}`),
);

interface Waiting {
  readonly attestation: Attestation;
  resolve(ending: Ending): void;
  reject(error: unknown): void;
}

/** Makes batches by circuit. */
export function createBatcher(registry: Registry, wallet: Wallet, options: BatchOptions): Batcher {
  const waiting = new Map<string, Waiting[]>();
  const timers = new Map<string, NodeJS.Timeout>();
  const flush = (circuit: string): void => {
    clearTimeout(timers.get(circuit));
    timers.delete(circuit);
    const batch = waiting.get(circuit)?.splice(0, options.size) ?? [];
    if (batch.length > 0)
      void options
        .exclusively(() => send(registry, wallet, batch, options))
        .catch((error) => {
          for (const { reject } of batch) reject(error);
        });
    if ((waiting.get(circuit)?.length ?? 0) > 0) arm(circuit);
  };
  const arm = (circuit: string): void => {
    if (!timers.has(circuit))
      timers.set(
        circuit,
        setTimeout(() => flush(circuit), options.waitMs),
      );
  };
  return {
    submit: (attestation) =>
      new Promise((resolve, reject) => {
        const { circuit } = attestation;
        const list = waiting.get(circuit) ?? [];
        waiting.set(circuit, list);
        list.push({ attestation, resolve, reject });
        if (list.length >= options.size) flush(circuit);
        else arm(circuit);
      }),
  };
}

async function send(
  registry: Registry,
  wallet: Wallet,
  batch: readonly Waiting[],
  options: BatchOptions,
): Promise<void> {
  if (batch.length > 1) {
    try {
      const receipt = await submitBatch(
        registry,
        wallet,
        batch.map(({ attestation }) => attestation),
      );
      if (receipt.already !== true) options.onBatch?.(batch.length, receipt.gasUsed);
      for (const { resolve } of batch) resolve({ outcome: "attested", transaction: receipt.hash });
      return;
    } catch (error) {
      if (asKeelError(error).kind === "environment" && isAway(asKeelError(error))) throw error;
    }
  }
  for (const one of batch) {
    try {
      one.resolve(await sendOne(registry, wallet, one.attestation, options));
    } catch (error) {
      one.reject(error);
    }
  }
}

function isAway({ code }: KeelError): boolean {
  return code.startsWith("chain.");
}

async function sendOne(
  registry: Registry,
  wallet: Wallet,
  attestation: Attestation,
  { onBatch }: BatchOptions,
): Promise<Ending> {
  const { subject, policyId, asOf } = attestation;
  try {
    const receipt = await submitAttestation(registry, wallet, attestation);
    if (receipt.already !== true) onBatch?.(1, receipt.gasUsed);
    return { outcome: receipt.already === true ? "already" : "attested", transaction: receipt.hash };
  } catch (error) {
    const known = asKeelError(error);
    if (known.kind !== "proof") throw error;
    const status = await statusOf(registry, subject, policyId);
    if (status.asOf !== undefined && status.asOf >= asOf) {
      return { outcome: status.asOf === asOf ? "already" : "superseded" };
    }
    if (FINAL.has(known.code)) return { outcome: "refused", code: known.code };
    // Others may cure it, by publishing a market or enrolling; or the state moved, and the job proves again from there.
    throw error;
  }
}
