// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Circuits ready for use: compiled, keyed, hash-pinned and cached. See README.md beside this file.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { ARTIFACTS_VERSION, type ArtifactSet, loadArtifacts, writeArtifacts } from "./artifacts.js";
import { cachedFolder, sha256 } from "./cache.js";
import { type CircuitDefinition, circuitDefinition, compileCircuit, fileName } from "./compile.js";
import { DEV_KEY_VERSION, makeDevKey } from "./devkey.js";
import { parseR1cs } from "./r1cs.js";
import { prepareWitness, WITNESS_VERSION } from "./witness-program.js";

export type { ArtifactManifest, ArtifactSet, KeyOrigin, PinnedFile } from "./artifacts.js";
export { loadArtifacts } from "./artifacts.js";
export type { FailedAssertion } from "./assertions.js";
export { explainAssertion, explainError } from "./assertions.js";
export { readTranscript } from "./ceremony/folder.js";
export type { NewCeremony, VerifiedCeremony, VerifyCeremony } from "./ceremony/index.js";
export {
  applyBeacon,
  contribute,
  exportCeremony,
  newCeremony,
  verifyCeremony,
  verifyProgress,
} from "./ceremony/index.js";
export { PUBLISHED as PUBLISHED_POWERS_OF_TAU } from "./ceremony/powers-of-tau.js";
export type { Beacon, Contribution, Transcript } from "./ceremony/transcript.js";
export { parseTranscript, transcriptDigest } from "./ceremony/transcript.js";
export type { CircuitDefinition, CompiledCircuit } from "./compile.js";
export {
  circuitDefinition,
  compileCircuit,
  compileConstraints,
  currentCompilation,
  fileName,
} from "./compile.js";
export type { DevKey, DevKeyOptions, ToxicWaste } from "./devkey.js";
export { deriveToxicWaste, domainSize, INSECURE_SECTION, makeDevKey } from "./devkey.js";
export type { LinearCombination, R1cs, SparseMatrix } from "./r1cs.js";
export { constraintAt, firstUnsatisfied, firstUnsatisfiedWith, parseR1cs, publicCount } from "./r1cs.js";
export { prepareWitness } from "./witness-program.js";

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
  const artifacts = await loadArtifacts(dir);
  report("check", 1);
  return artifacts;
}
