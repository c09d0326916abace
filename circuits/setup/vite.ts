// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Circuits of a Vite page: the hashes of their files and their verification keys are compiled into it, so that a host that
 * swaps a file is found out before anything is proven or verified with it.
 *
 * @module
 */
import type { VerificationKey } from "@keel/verifier/groth16";
import type { ArtifactSet, PinnedFile as ManifestFile } from "./artifacts.js";

/** A file beside the page, with the hash that it has to have. */
export interface PinnedFile {
  /** From the page's base. */
  readonly path: string;
  /** Hex. */
  readonly sha256: string;
  readonly bytes: number;
}

/** What a page knows of a circuit before it fetches anything. */
export interface PinnedCircuit {
  readonly id: string;
  readonly wasm: PinnedFile;
  readonly zkey: PinnedFile;
  readonly verificationKey: VerificationKey;
}

/** A file to serve beside the page: its path there, and where it lies. */
export interface ServedFile {
  readonly path: string;
  readonly from: string;
}

/** The part of Vite's plugins that is used. */
export interface ModulePlugin {
  readonly name: string;
  resolveId(id: string): string | undefined;
  load(id: string): string | undefined;
}

const MODULE = "virtual:keel-circuits";

/**
 * The module `virtual:keel-circuits` then exports the pinned circuits as `CIRCUIT_FILES`, a list of {@link PinnedCircuit}.
 * Workers need the plugin too: Vite's `worker.plugins`.
 */
export function pinnedCircuits(sets: readonly ArtifactSet[]): ModulePlugin {
  return virtualModules({ [MODULE]: `export const CIRCUIT_FILES = ${JSON.stringify(sets.map(pinned))};` });
}

/** The files that {@link pinnedCircuits} names, to be served beside the page. */
export function pinnedFiles(sets: readonly ArtifactSet[]): ServedFile[] {
  return sets.flatMap((set) => {
    const { wasm, zkey } = pinned(set);
    return [
      { path: wasm.path, from: set.witnessPath },
      { path: zkey.path, from: set.zkeyPath },
    ];
  });
}

/** A plugin of modules that the build writes itself, by name. */
export function virtualModules(modules: Readonly<Record<string, string>>): ModulePlugin {
  return {
    name: `keel-virtual ${Object.keys(modules).join(" ")}`,
    resolveId: (id) => (id in modules ? `\0${id}` : undefined),
    load: (id) => (id.startsWith("\0") ? modules[id.slice(1)] : undefined),
  };
}

function pinned({ id, manifest, verificationKey }: ArtifactSet): PinnedCircuit {
  const { witness, zkey } = manifest.files;
  return { id, wasm: pin(witness, "wasm"), zkey: pin(zkey, "zkey"), verificationKey };
}

function pin({ sha256, bytes }: ManifestFile, extension: string): PinnedFile {
  return { path: `circuits/${sha256.slice(0, 16)}.${extension}`, sha256, bytes };
}
