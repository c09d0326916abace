// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The page under test: proves the example vault in Web Workers.
 *
 * @module
 */

import { createProver, type ProofProgress } from "@keel/engine";
import { parseSnapshot, proveHealth } from "@keel/prover";
import { formatAttestation, parseMarket, parsePolicy, UNBOUND_DOMAIN } from "@keel/verifier";

/** What the test reads. */
export interface Outcome {
  readonly attestation: string;
  readonly phases: readonly string[];
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
  const request = { snapshot, market, policy, domain: UNBOUND_DOMAIN, allowInsecure: true };
  const prover = await createProver({ wasm: "/circuit.wasm", zkey: "/circuit.zkey", workers: 2 });

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
  return {
    attestation: formatAttestation(attestation),
    phases: [...phases],
    cancelled: String(cancelled),
    workers: prover.workers,
  };
};
