// SPDX-License-Identifier: GPL-3.0-or-later
/** Modules that app/host/build.ts writes. */

declare module "virtual:keel-circuits" {
  import type { VerificationKey } from "@keel/verifier/groth16";

  /** A file beside the page, with the hash that it has to have. */
  export interface PinnedFile {
    readonly path: string;
    /** Hex. */
    readonly sha256: string;
    readonly bytes: number;
  }

  /** A circuit that this page can prove and verify. */
  export interface CircuitFiles {
    readonly id: string;
    readonly wasm: PinnedFile;
    readonly zkey: PinnedFile;
    readonly verificationKey: VerificationKey;
  }

  export const CIRCUIT_FILES: readonly CircuitFiles[];
}

declare module "virtual:keel-examples" {
  /** A folder of examples/. */
  export interface Example {
    readonly folder: string;
    readonly title: string;
    readonly circuit: string;
    /** File names, the healthy one first. */
    readonly snapshots: readonly string[];
    /** Names of the files that go with each snapshot. */
    readonly shared: readonly string[];
  }

  export const EXAMPLES: readonly Example[];
}

/** Rules of a page, which come with its code. */
declare module "*.css";
