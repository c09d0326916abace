// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A circuit's artifacts, made when the cache does not have them. Commands load this module, and what makes artifacts only when it
 * is needed.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { type ArtifactFile, type ArtifactSet, loadArtifacts } from "./artifacts.js";
import { cachedFolder, sha256 } from "./cache.js";
import { type CircuitDefinition, circuitDefinition, compileCircuit, fileName } from "./compile.js";
import { ARTIFACTS_VERSION, DEV_KEY_VERSION, WITNESS_VERSION } from "./versions.js";

export type { ArtifactFile, ArtifactSet } from "./artifacts.js";
export { loadArtifacts } from "./artifacts.js";
export { explainError } from "./assertions.js";

/** Seed of the dev keys when none is given. Public: keys made from it are worth nothing outside test chains. */
export const DEFAULT_SEED = "keel";

/** A step of the set-up; `fraction` runs from 0 to 1 within each phase (circom reports nothing in between). */
export interface SetupProgress {
  readonly circuit: string;
  readonly phase: "compile" | "key" | "check";
  readonly fraction: number;
}

/** How a circuit's artifacts are made. */
export interface EnsureOptions {
  /** Seed of the dev key; {@link DEFAULT_SEED} when absent. */
  readonly seed?: string;
  /** Files whose hash is compared at once: all when absent. Who uses another one compares it, as the engine does. */
  readonly check?: readonly ArtifactFile[];
  /** Worker threads for the key; 2 when absent. */
  readonly threads?: number;
  /** Told as compiling and key making go on. */
  readonly onProgress?: (progress: SetupProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * The artifact set of a circuit, compiling it and making its dev key when the cache does not have them.
 *
 * @param circuit id of a row of circuits/circuits.json, or a definition of one's own
 * @throws KeelError `circuit.unknown`, `circuit.compile`, `artifact.*`, `worker.died` or `setup.cancelled`.
 *
 * @example
 * const { wasmPath, zkeyPath, verificationKey } = await ensureCircuit("portfolio-health/spot-16");
 */
export async function ensureCircuit(
  circuit: string | CircuitDefinition,
  options: EnsureOptions = {},
): Promise<ArtifactSet> {
  const definition = typeof circuit === "string" ? await circuitDefinition(circuit) : circuit;
  const report = (phase: SetupProgress["phase"], fraction: number): void =>
    options.onProgress?.({ circuit: definition.id, phase, fraction });
  const seed = options.seed ?? DEFAULT_SEED;
  report("compile", 0);
  const compiled = await compileCircuit(definition, options.signal);
  report("compile", 1);
  const versions = [DEV_KEY_VERSION, ARTIFACTS_VERSION, WITNESS_VERSION];
  const key = sha256(JSON.stringify([compiled.hash, "dev", ...versions, seed]));
  const build = async (folder: string): Promise<void> => {
    // Commands that find everything in the cache need none of this code.
    const [{ parseR1cs }, { prepareWitness }, { makeDevKey }, { writeArtifacts }] = await Promise.all([
      import("./r1cs.js"),
      import("./witness-program.js"),
      import("./devkey.js"),
      import("./artifacts.js"),
    ]);
    const r1cs = parseR1cs(await readFile(compiled.r1csPath));
    const witness = await prepareWitness(compiled, r1cs, options.signal);
    const { zkey, verificationKey } = await makeDevKey(r1cs, {
      seed,
      threads: options.threads ?? 2,
      onProgress: (fraction) => report("key", fraction),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    await writeArtifacts(folder, {
      circuit: definition.id,
      compilation: compiled.hash,
      r1cs,
      compiled: { r1cs: compiled.r1csPath, wasm: compiled.wasmPath, witness, sym: compiled.symPath },
      zkey,
      verificationKey,
      key: { kind: "dev", seed },
    });
  };
  report("key", 0);
  const name = `artifacts-${fileName(definition.id)}-${key.slice(0, 20)}`;
  const dir = await cachedFolder(name, build, options.signal);
  report("key", 1);
  report("check", 0);
  const artifacts = await loadArtifacts(dir, options.check);
  report("check", 1);
  return artifacts;
}
