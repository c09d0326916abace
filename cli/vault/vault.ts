// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The vault: a folder with the seed that all of a subject's secrets follow from, and the states that were made from it.
 *
 * A state is a file by its commitment, written before the attestation that leads to it and never changed: proving again with the
 * same content makes the same file, and with another content another one. Which of them is confirmed only the registry can
 * say, so nothing here has to be taken back when a submission fails or a block is replaced.
 *
 * @module
 */

import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type DrawdownState,
  formatSeed,
  formatState,
  newSeed,
  parseSeed,
  parseState,
  type Seed,
  stateCommitment,
} from "@keel/prover";
import {
  address,
  FIELD_ORDER,
  FORMATS,
  fieldElement,
  inputError,
  KeelError,
  parseFile,
  time,
} from "@keel/verifier";
import { z } from "zod";
import type { Context } from "../context.js";
import { systemCode } from "../errors.js";
import { readSecret, readText, writeText } from "../files.js";

const FOLDER_MODE = 0o700;
const SEED_FILE = "seed.json";
const STATES = "states";

const element = fieldElement(FIELD_ORDER);

const entrySchema = z.strictObject({
  keel: z.literal("vault-state/1"),
  subject: address,
  policyId: z.string().regex(/^0x[0-9a-f]{64}$/),
  asOf: time,
  previousState: element,
  newState: element,
  state: z.unknown(),
});
FORMATS.add(entrySchema, { id: "vault-state/1", folder: "cli", title: "A state in a vault. Secret" });

/** A state, and the step that leads to it. */
export interface VaultState {
  readonly subject: `0x${string}`;
  readonly policyId: `0x${string}`;
  /** Snapshot time, unix seconds. */
  readonly asOf: number;
  readonly previousState: bigint;
  readonly newState: bigint;
  readonly state: DrawdownState;
}

/** An open vault. */
export interface Vault {
  readonly folder: string;
  readonly seed: Seed;
}

/**
 * Makes a vault with a seed, a new one when none is given.
 *
 * @throws KeelError `file.exists` where there is one
 */
export async function createVault(folder: string, context: Context, seed: Seed = newSeed()): Promise<Vault> {
  await mkdir(join(folder, STATES), { recursive: true, mode: FOLDER_MODE });
  const file = {
    path: join(folder, SEED_FILE),
    text: formatSeed(seed),
    secret: true,
    precious: true,
  } as const;
  await writeText(file, false, context.signal);
  return { folder, seed };
}

/**
 * Opens a vault.
 *
 * @throws KeelError `states.missing`
 */
export async function openVault(folder: string, context: Context): Promise<Vault> {
  const path = join(folder, SEED_FILE);
  if ((await stat(path).catch(() => undefined)) === undefined) {
    throw inputError("states.missing", "vault", `a vault at ${folder}`, "none");
  }
  const seed = parseSeed(await readSecret(path, "seed", context));
  return { folder, seed };
}

/** Keeps a state; the same one may be there already. */
export async function keepState({ folder }: Vault, entry: VaultState, context: Context): Promise<void> {
  if (stateCommitment(entry.state) !== entry.newState) throw damaged("a state of another commitment");
  await mkdir(join(folder, STATES), { recursive: true, mode: FOLDER_MODE });
  const path = join(folder, STATES, nameOf(entry.newState));
  try {
    const file = { path, text: formatEntry(entry), secret: true, precious: true } as const;
    await writeText(file, false, context.signal);
  } catch (error) {
    if (!(error instanceof KeelError) || error.code !== "file.exists") throw error;
  }
}

/** The state of a commitment; nothing when it is not here. */
export async function findState(
  { folder }: Vault,
  commitment: bigint,
  context: Context,
): Promise<VaultState | undefined> {
  const path = join(folder, STATES, nameOf(commitment));
  const there = await stat(path).catch((error) => {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  });
  if (there === undefined) return undefined;
  const entry = parseEntry(await readText(path, "vault", context));
  if (entry.newState !== commitment) throw damaged("another state in its place");
  return entry;
}

/** All states, the latest snapshot last. */
export async function listStates({ folder }: Vault, context: Context): Promise<VaultState[]> {
  const names = await readdir(join(folder, STATES)).catch((error) => {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  });
  const files = names.filter((name) => /^[0-9a-f]{64}\.json$/.test(name));
  const entries = await Promise.all(
    files.map(async (name) => parseEntry(await readText(join(folder, STATES, name), "vault", context))),
  );
  return entries.sort((a, b) => a.asOf - b.asOf || Number(a.state.epoch - b.state.epoch));
}

function nameOf(commitment: bigint): string {
  return `${commitment.toString(16).padStart(64, "0")}.json`;
}

function formatEntry({ state, policyId, subject, asOf, previousState, newState }: VaultState): string {
  const file = {
    keel: "vault-state/1",
    ...{ subject, policyId, asOf },
    previousState: previousState.toString(),
    newState: newState.toString(),
    state: JSON.parse(formatState(state)) as unknown,
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

function parseEntry(text: string): VaultState {
  const { keel: _, state: data, policyId, ...entry } = parseFile(entrySchema, text, "vault");
  const state = parseState(JSON.stringify(data));
  if (stateCommitment(state) !== entry.newState) throw damaged("a state of another commitment");
  return { ...entry, policyId: policyId as `0x${string}`, state };
}

function damaged(received: string): KeelError {
  return inputError("states.damaged", "vault", "states as they were written", received);
}
