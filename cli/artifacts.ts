// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Circuits for commands: built when they are missing, with progress.
 *
 * @module
 */

import {
  type ArtifactFile,
  type ArtifactSet,
  ensureCircuit,
  loadArtifacts,
  type SetupProgress,
} from "@keel/circuits/ensure";
import { parseJson } from "@keel/verifier";
import { KeelError } from "@keel/verifier/errors";
import { parseVerificationKey, type VerificationKey } from "@keel/verifier/groth16";
import type { Context } from "./context.js";
import { readText } from "./files.js";
import { createProgress } from "./progress.js";

const PHASES: Readonly<Record<SetupProgress["phase"], string>> = {
  compile: "compiling the circuit",
  key: "making a development key",
  check: "checking the artifacts",
};

/**
 * The artifact set of a circuit. Progress is shown once it takes long enough to be noticed.
 *
 * @param check files whose hash is compared at once, all when absent; the engine compares those of what it loads
 */
export async function buildCircuit(
  id: string,
  context: Context,
  check?: readonly ArtifactFile[],
): Promise<ArtifactSet> {
  const progress = createProgress(context);
  let waiting = true;
  let latest: SetupProgress | undefined;
  const show = (): void => {
    if (latest !== undefined) progress.update(`${PHASES[latest.phase]} ${latest.circuit}`, latest.fraction);
  };
  const timer = setTimeout(() => {
    waiting = false;
    show();
  }, NOTICEABLE_MS);
  const onProgress = (report: SetupProgress): void => {
    latest = report;
    if (!waiting) show();
  };
  try {
    const options = { onProgress, signal: context.signal };
    return await ensureCircuit(id, check === undefined ? options : { ...options, check });
  } finally {
    clearTimeout(timer);
    if (!waiting) progress.clear();
  }
}

const NOTICEABLE_MS = 700;

/**
 * The artifact set in a folder, such as a ceremony's, or else the built one.
 *
 * @throws KeelError `artifact.*`
 */
export async function artifactsOf(
  circuit: string,
  folder: string | undefined,
  context: Context,
): Promise<ArtifactSet> {
  if (folder === undefined) return await buildCircuit(circuit, context, []);
  const set = await loadArtifacts(folder, []);
  if (set.id === circuit) return set;
  const details = { kind: "environment", code: "artifact.circuit", path: folder } as const;
  throw new KeelError({ ...details, expected: `artifacts of ${circuit}`, received: set.id });
}

/** The verification key from a file, or else of the built circuit. */
export async function verificationKeyOf(
  circuit: string,
  file: string | undefined,
  context: Context,
): Promise<VerificationKey> {
  if (file === undefined) return (await buildCircuit(circuit, context, [])).verificationKey;
  return parseVerificationKey(parseJson(await readText(file, "key", context), "key"));
}
