// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Builds a circuit in a copy of the package, somewhere else, with nothing cached.
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

const SCRIPT = join(import.meta.dirname, "build-outputs.mjs");

/** What the package's own folder gives, perhaps from its cache. */
export async function outputsHere(circuit: Buildable): Promise<Outputs> {
  return await outputsIn(PACKAGE, circuit);
}

/** What a fresh copy of the package in `folder` gives. */
export async function outputsElsewhere(folder: string, circuit: Buildable): Promise<Outputs> {
  for (const part of ["package.json", "circuits", "dist"]) {
    await cp(join(PACKAGE, part), join(folder, part), { recursive: true });
  }
  const modules = join(folder, "node_modules");
  await mkdir(modules);
  for (const name of await readdir(join(PACKAGE, "node_modules"))) {
    const from = join(PACKAGE, "node_modules", name);
    // circom sees no further than the folder it runs in, so its library has to be there in truth.
    if (name === "circomlib") await cp(from, join(modules, name), { recursive: true });
    else await symlink(from, join(modules, name));
  }
  return await outputsIn(folder, circuit);
}

async function outputsIn(folder: string, circuit: Buildable): Promise<Outputs> {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, folder, JSON.stringify(circuit)]);
  return JSON.parse(stdout) as Outputs;
}
