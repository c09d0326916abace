// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The page under test: proves the example vault in Web Workers and measures how long the main thread is held.
 *
 * @module
 */

import { parseSnapshot, proveHealth } from "keel/prover";
import { createProver, type ProofProgress } from "keel/prover/engine";
import { formatAttestation, parseMarket, parsePolicy, UNBOUND_DOMAIN } from "keel/verifier";

/** What the test reads. */
export interface Outcome {
  readonly attestation: string;
  readonly phases: readonly string[];
  /** Milliseconds of the main thread's longest task while a key is loaded and a proof is made, as often as it takes. */
  readonly longestTasks: readonly number[];
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
  const load = () => createProver({ wasm: "/circuit.wasm", zkey: "/circuit.zkey", workers: 2 });
  const request = { snapshot, market, policy, domain: UNBOUND_DOMAIN };
  const prover = await load();

  const abort = new AbortController();
  const cancelled = await proveHealth({
    ...request,
    prover,
    options: { signal: abort.signal, onProgress: ({ phase }) => phase === "multiply" && abort.abort() },
  }).catch((error) => error.code as string);

  const phases = new Set<string>();
  const options = { onProgress: ({ phase }: ProofProgress) => phases.add(phase) };
  const { attestation } = await proveHealth({ ...request, prover, options });
  prover.close();

  const longestTasks: number[] = [];
  while (longestTasks.length < 5 && !longestTasks.includes(0)) {
    longestTasks.push(
      await longestTask(async () => {
        const fresh = await load();
        await proveHealth({ ...request, prover: fresh });
        fresh.close();
      }),
    );
  }
  return {
    attestation: formatAttestation(attestation),
    phases: [...phases],
    longestTasks,
    cancelled: String(cancelled),
    workers: prover.workers,
  };
};

/** 0 when none was longer than 50 ms: browsers tell of no others. */
async function longestTask(action: () => Promise<void>): Promise<number> {
  let longest = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
  });
  observer.observe({ type: "longtask" });
  await action();
  // The last ones are told of later.
  await new Promise((done) => setTimeout(done, 200));
  observer.disconnect();
  return longest;
}
