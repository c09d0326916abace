// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Provers in processes of their own: started, asked for proofs, timed from start to end.
 *
 * @module
 */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Reply, Request, SubjectOptions } from "./subject.js";

const SUBJECT = fileURLToPath(new URL("./subject.js", import.meta.url));
const require = createRequire(import.meta.url);

const children = new Set<ChildProcess>();

/** Remembers a process until it has ended. */
function remember<Child extends ChildProcess>(child: Child): Child {
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

/** Kills what still runs, when the benchmark is cancelled. */
export function killAll(): void {
  for (const child of children) child.kill("SIGKILL");
}

/** A prover that waits for orders. */
export interface ProverProcess {
  /** Proves so many times, at once where the prover can. */
  prove(proofs: number): Promise<Reply>;
  end(): void;
}

/** Starts a prover; it loads its key before the first proof. */
export function startProver(options: SubjectOptions): ProverProcess {
  const child = remember(fork(SUBJECT, [JSON.stringify(options)]));
  return {
    prove: (proofs) => {
      const reply = new Promise<Reply>((resolve, reject) => {
        const fail = (code: number | null): void => reject(new Error(`${options.prover} ended with ${code}`));
        child.once("exit", fail);
        child.once("message", (message) => {
          child.off("exit", fail);
          resolve(message as Reply);
        });
      });
      child.send({ proofs } satisfies Request);
      return reply;
    },
    end: () => child.disconnect(),
  };
}

/** Milliseconds of a whole process of Keel's: start, load, prove once, end. */
export function proveCold(options: SubjectOptions): Promise<number> {
  return runProcess(process.execPath, [SUBJECT, JSON.stringify(options), "--once"]);
}

/** The same with snarkjs's command line. */
export function proveColdSnarkjs({ wasm, zkey, input }: SubjectOptions, folder: string): Promise<number> {
  const cli = join(require.resolve("snarkjs"), "../cli.cjs");
  const files = [input, wasm, zkey, join(folder, "proof.json"), join(folder, "public.json")];
  return runProcess(process.execPath, [cli, "groth16", "fullprove", ...files]);
}

/** Milliseconds of rapidsnark's whole process, witness not included. */
export function proveRapidsnark(
  binary: string,
  zkey: string,
  witness: string,
  folder: string,
): Promise<number> {
  return runProcess(binary, [zkey, witness, join(folder, "proof.json"), join(folder, "public.json")]);
}

/** Writes the witness file that rapidsnark reads. */
export async function writeWitness({ wasm, input }: SubjectOptions, file: string): Promise<void> {
  const cli = join(require.resolve("snarkjs"), "../cli.cjs");
  await runProcess(process.execPath, [cli, "wtns", "calculate", wasm, input, file]);
}

/** Path of a program on the PATH, if there is one. */
export function findProgram(name: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function runProcess(program: string, args: readonly string[]): Promise<number> {
  const started = performance.now();
  const child = remember(spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] }));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
  return performance.now() - started;
}
