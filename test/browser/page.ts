// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The page under test: proves the example vault in Web Workers and measures how long the main thread is held.
 *
 * @module
 */

import { parseSnapshot, proveHealth } from "keel/prover";
import { createProver } from "keel/prover/engine";
import { formatAttestation, parseMarket, parsePolicy, UNBOUND_DOMAIN } from "keel/verifier";

/** What the test reads. */
export interface Outcome {
  readonly attestation: string;
  readonly phases: readonly string[];
  /** Milliseconds, of the main thread while proving. */
  readonly longestTask: number;
  readonly cancelled: string;
  readonly workers: number;
}

declare global {
  var prove: () => Promise<Outcome>;
}

globalThis.prove = async () => {
  const text = async (name: string): Promise<string> => (await fetch(`/example/${name}.json`)).text();
  const snapshot = parseSnapshot(await text("snapshot"));
  const market = parseMarket(await text("market"));
  const policy = parsePolicy(await text("policy"));
  const prover = await createProver({ wasm: "/circuit.wasm", zkey: "/circuit.zkey", workers: 2 });
  const request = { snapshot, market, policy, prover, domain: UNBOUND_DOMAIN };

  const abort = new AbortController();
  const cancelled = await proveHealth({
    ...request,
    options: { signal: abort.signal, onProgress: ({ phase }) => phase === "multiply" && abort.abort() },
  }).catch((error) => error.code as string);

  const phases = new Set<string>();
  const tasks: number[] = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) tasks.push(entry.duration);
  }).observe({ type: "longtask" });
  const { attestation } = await proveHealth({
    ...request,
    options: { onProgress: ({ phase }) => phases.add(phase) },
  });
  prover.close();
  return {
    attestation: formatAttestation(attestation),
    phases: [...phases],
    longestTask: Math.max(0, ...tasks),
    cancelled: String(cancelled),
    workers: prover.workers,
  };
};
