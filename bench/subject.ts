// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A process that proves when it is told to, with Keel or with snarkjs: each prover alone in its process, so that peak
 * memory and cold starts can be compared. `--once` proves once and ends.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { type CircuitInput, createProver } from "@keel/engine";

/** What a process is started with. */
export interface SubjectOptions {
  readonly prover: "keel" | "snarkjs";
  /** As circom wrote it, and made ready for Keel. */
  readonly wasm: string;
  readonly witness: string;
  readonly zkey: string;
  /** Path of the input as JSON, numbers as decimal strings. */
  readonly input: string;
  /** Of Keel; snarkjs takes a worker for each processor. */
  readonly workers: number;
}

/** Asks for proofs, all at once. */
export interface Request {
  readonly proofs: number;
}

/** The time they took, of all processors too, and the process's peak memory so far. */
export interface Reply {
  readonly ms: number;
  readonly cpuMs: number;
  readonly peakMiB: number;
}

type Prove = (proofs: number) => Promise<void>;

interface Snarkjs {
  readonly groth16: { fullProve(input: CircuitInput, wasm: string, zkey: string): Promise<unknown> };
}

async function start({ prover, wasm, witness, zkey, input: file, workers }: SubjectOptions): Promise<Prove> {
  const input = JSON.parse(await readFile(file, "utf8")) as CircuitInput;
  if (prover === "snarkjs") {
    const { groth16 } = (await import("snarkjs")) as unknown as Snarkjs;
    return async (proofs) => {
      for (let i = 0; i < proofs; i++) await groth16.fullProve(input, wasm, zkey);
    };
  }
  const keel = await createProver({ wasm: witness, zkey, workers });
  return async (proofs) => {
    await Promise.all(Array.from({ length: proofs }, () => keel.prove(input)));
  };
}

const prove = await start(JSON.parse(process.argv[2]!) as SubjectOptions);
if (process.argv[3] === "--once") {
  await prove(1);
} else {
  process.on("message", async ({ proofs }: Request) => {
    const [started, before] = [performance.now(), process.cpuUsage()];
    await prove(proofs);
    const ms = performance.now() - started;
    const { user, system } = process.cpuUsage(before);
    process.send!({
      ms,
      cpuMs: (user + system) / 1000,
      peakMiB: process.resourceUsage().maxRSS / 1024,
    } satisfies Reply);
  });
  process.on("disconnect", () => process.exit());
}
