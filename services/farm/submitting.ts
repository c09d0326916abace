// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Attestations on their way to the registry: those of one circuit leave together. When one of a batch is refused the others are not
 * held up: each is then submitted by itself, and what is in force already is success.
 *
 * @module
 */

import type { Attestation } from "@keel/verifier";
import {
  type Receipt,
  type Registry,
  statusOf,
  submitAttestation,
  submitBatch,
  type Wallet,
} from "@keel/verifier/chain";
import { asKeelError, type KeelError } from "@keel/verifier/errors";
import type { Ending } from "./store.js";

/** Takes attestations, and says of each how it ended. */
export interface Batcher {
  /** @throws KeelError kind `environment` when the chain is in the way, `registry.wrongState` when the state moved */
  submit(attestation: Attestation): Promise<Ending>;
  /** Announces an attestation that is being made: what waits, waits for it. @returns to be called once it is there or given up */
  expect(): () => void;
  /** Sends what waits for others, and from now on waits no more. */
  hurry(): void;
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

/** Who sends, and what it has seen. */
interface Sender {
  readonly registry: Registry;
  readonly wallet: Wallet;
  readonly options: BatchOptions;
  /** The most gas that an attestation of a circuit has taken. */
  readonly gas: Map<string, bigint>;
}

/** How often waiting attestations look whether others are still to come. */
const LOOK_MS = 100;
/** How long nothing is being made before nothing more is waited for. */
const QUIET_MS = 300;

/** Makes batches by circuit. */
export function createBatcher(registry: Registry, wallet: Wallet, options: BatchOptions): Batcher {
  const sender: Sender = { registry, wallet, options, gas: new Map() };
  const waiting = new Map<string, Waiting[]>();
  const timers = new Map<string, NodeJS.Timeout>();
  const expected = { count: 0, since: Number.NEGATIVE_INFINITY };
  let isHurried = false;
  const flush = (circuit: string): void => {
    clearTimeout(timers.get(circuit));
    timers.delete(circuit);
    const batch = waiting.get(circuit)?.splice(0, options.size) ?? [];
    if (batch.length > 0)
      void options
        .exclusively(() => send(sender, batch))
        .catch((error) => {
          for (const { reject } of batch) reject(error);
        });
    if ((waiting.get(circuit)?.length ?? 0) > 0) arm(circuit);
  };
  const arm = (circuit: string): void => {
    if (timers.has(circuit)) return;
    // Not by the machine's time, which may be set back.
    const until = performance.now() + options.waitMs;
    const look = (): void => {
      const present = performance.now();
      const isQuiet = expected.count === 0 && present - expected.since >= QUIET_MS;
      if (present >= until || isQuiet) flush(circuit);
      else timers.set(circuit, setTimeout(look, Math.min(LOOK_MS, until - present)));
    };
    timers.set(circuit, setTimeout(look, Math.min(LOOK_MS, options.waitMs)));
  };
  return {
    expect: () => {
      expected.count += 1;
      return () => {
        expected.count -= 1;
        expected.since = performance.now();
      };
    },
    submit: (attestation) =>
      new Promise((resolve, reject) => {
        const { circuit } = attestation;
        const list = waiting.get(circuit) ?? [];
        waiting.set(circuit, list);
        list.push({ attestation, resolve, reject });
        if (isHurried || list.length >= options.size) flush(circuit);
        else arm(circuit);
      }),
    hurry: () => {
      isHurried = true;
      for (const circuit of waiting.keys()) flush(circuit);
    },
  };
}

async function send(sender: Sender, batch: readonly Waiting[]): Promise<void> {
  if (batch.length > 1) {
    try {
      const { hash } = await sendBatch(
        sender,
        batch.map(({ attestation }) => attestation),
      );
      for (const { resolve } of batch) resolve({ outcome: "attested", transaction: hash });
      return;
    } catch (error) {
      if (isAway(asKeelError(error))) throw error;
    }
  }
  for (const one of batch) {
    try {
      one.resolve(await sendOne(sender, one.attestation));
    } catch (error) {
      one.reject(error);
    }
  }
}

function isAway({ kind, code }: KeelError): boolean {
  return kind === "environment" && code.startsWith("chain.");
}

async function sendBatch(sender: Sender, batch: readonly Attestation[]): Promise<Receipt> {
  const { registry, wallet } = sender;
  const [{ circuit }] = batch as [Attestation];
  const receipt = await submitBatch(
    registry,
    wallet,
    batch,
    undefined,
    expectedGas(sender, circuit, batch.length),
  );
  return noted(sender, circuit, receipt, batch.length);
}

async function sendOne(sender: Sender, attestation: Attestation): Promise<Ending> {
  const { registry, wallet } = sender;
  const { subject, policyId, asOf, circuit } = attestation;
  try {
    const gas = expectedGas(sender, circuit, 1);
    const receipt = noted(
      sender,
      circuit,
      await submitAttestation(registry, wallet, attestation, undefined, gas),
      1,
    );
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

/** Gas beyond what was used before, in percent: another book costs another amount. */
const GAS_MARGIN = 30n;

/** What so many are expected to take at most, so that the node need not look for it; unknown before the first. */
function expectedGas({ gas }: Sender, circuit: string, count: number): bigint | undefined {
  const most = gas.get(circuit);
  return most === undefined ? undefined : (most * BigInt(count) * (100n + GAS_MARGIN)) / 100n;
}

function noted({ gas, options }: Sender, circuit: string, receipt: Receipt, count: number): Receipt {
  if (receipt.already === true) return receipt;
  options.onBatch?.(count, receipt.gasUsed);
  const each = receipt.gasUsed / BigInt(count) + 1n;
  if (each > (gas.get(circuit) ?? 0n)) gas.set(circuit, each);
  return receipt;
}
