// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Circuits ready for use: compiled, keyed, hash-pinned and cached. See README.md beside this file.
 *
 * @module
 */
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
export type { EnsureOptions, SetupProgress } from "./ensure.js";
export { DEFAULT_SEED, ensureCircuit } from "./ensure.js";
export type { LinearCombination, R1cs, SparseMatrix } from "./r1cs.js";
export { constraintAt, firstUnsatisfied, firstUnsatisfiedWith, parseR1cs, publicCount } from "./r1cs.js";
export { prepareWitness } from "./witness-program.js";
