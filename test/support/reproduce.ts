// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Builds a circuit with copies of the packages, somewhere else, with nothing cached.
 *
 * @module
 */
import { execFile } from "node:child_process";
import { cp, mkdir, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { CircuitDefinition } from "@keel/circuits";
import { PACKAGE } from "./cli.js";

/** Id of a row of circuits.json, or a definition. */
export type Buildable = string | CircuitDefinition;

/** SHA-256 of each thing that a build gives. */
export interface Outputs {
  readonly r1cs: string;
  readonly wasm: string;
  readonly zkey: string;
  readonly contract: string;
}

/** Those that a build needs, by name. */
const PACKAGES = {
  verifier: "verifier",
  contracts: "contracts",
  engine: "prover/engine",
  circuits: "circuits",
} as const;
const SCRIPT = join(import.meta.dirname, "build-outputs.mjs");

/** What the packages here give, perhaps from the cache. */
export async function outputsHere(circuit: Buildable): Promise<Outputs> {
  return await outputsIn(PACKAGE, circuit);
}

/** What fresh copies of the packages in `folder` give, with an empty cache. */
export async function outputsElsewhere(folder: string, circuit: Buildable): Promise<Outputs> {
  const modules = join(folder, "node_modules");
  await mkdir(join(modules, "@keel"), { recursive: true });
  for (const [name, path] of Object.entries(PACKAGES)) {
    const from = join(PACKAGE, path);
    await cp(from, join(folder, path), { recursive: true, filter: (file) => !file.includes("node_modules") });
    await symlink(join(folder, path), join(modules, "@keel", name));
  }
  for (const name of await readdir(join(PACKAGE, "node_modules"))) {
    if (name !== "@keel") await symlink(join(PACKAGE, "node_modules", name), join(modules, name));
  }
  return await outputsIn(folder, circuit, { KEEL_CACHE: join(folder, "cache") });
}

async function outputsIn(
  folder: string,
  circuit: Buildable,
  environment: Readonly<Record<string, string>> = {},
): Promise<Outputs> {
  const args = [SCRIPT, folder, JSON.stringify(circuit)];
  const env = { ...process.env, ...environment };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  return JSON.parse(stdout) as Outputs;
}
