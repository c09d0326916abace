// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The page that is timed in Chromium: the engine's browser entry, nothing else.
 *
 * @module
 */
import { createProver } from "@keel/engine/browser";

declare global {
  /** Milliseconds of one proof. */
  var prove: () => Promise<number>;
}

const prover = await createProver({ wasm: "/circuit.wasm", zkey: "/circuit.zkey", workers: 2 });
const input = await (await fetch("/input.json")).json();
globalThis.prove = async () => {
  const started = performance.now();
  await prover.prove(input);
  return performance.now() - started;
};
