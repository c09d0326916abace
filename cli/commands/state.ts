// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel state`: the vault of a subject's states. `init` makes it, `show` tells pending and confirmed apart, `recover` opens what the
 * registry has from the seed alone, `backup` writes the seed under a password.
 *
 * @module
 */

import { parseSeed, parseState, type Seed, stateCommitment } from "@keel/prover";
import { inputError } from "@keel/verifier";
import { type Registry, stateOf, stepsOf } from "@keel/verifier/chain";
import { table, utc } from "@keel/verifier/text";
import type { Address } from "viem";
import { connect } from "../chain.js";
import type { Context, Outcome } from "../context.js";
import { usageError } from "../errors.js";
import { checkDistinct, checkOutput, readSecret, writeText } from "../files.js";
import { formatBackup, parseBackup } from "../vault/backup.js";
import { confirmedState } from "../vault/confirmed.js";
import {
  createVault,
  keepState,
  listStates,
  openVault,
  type Vault,
  type VaultState,
} from "../vault/vault.js";

/** A folder that holds a vault. */
export interface VaultOptions {
  readonly vault: string;
}

export interface StateShowOptions extends VaultOptions {
  readonly rpc?: string;
  readonly registry?: Address;
  readonly subject?: Address;
}

export interface StateRecoverOptions extends VaultOptions {
  readonly rpc: string;
  readonly registry: Address;
  readonly subject: Address;
  readonly fromBlock?: number;
  /** What the vault is made from, where there is none yet. */
  readonly backup?: string;
  readonly passwordFile?: string;
  readonly seed?: string;
  /** A state/1 file from before there was a vault. */
  readonly state?: string;
}

export interface StateBackupOptions extends VaultOptions {
  readonly out: string;
  readonly passwordFile?: string;
}

/** Makes a vault with a new seed. */
export async function stateInit({ vault }: VaultOptions, context: Context): Promise<Outcome> {
  await createVault(vault, context);
  return {
    json: { ok: true, vault },
    text: `Made a vault in ${vault}. Write a copy of its seed and keep it elsewhere: keel state backup --vault ${vault} --out FILE`,
  };
}

/** What the vault holds; with a registry, which of it is confirmed. Equity and salts are not shown. */
export async function stateShow(options: StateShowOptions, context: Context): Promise<Outcome> {
  const vault = await openVault(options.vault, context);
  const { rpc, registry: address, subject } = options;
  if ((rpc === undefined) !== (address === undefined)) {
    throw usageError(
      "--rpc and --registry together",
      "one alone",
      rpc === undefined ? "--rpc" : "--registry",
    );
  }
  const all = await listStates(vault, context);
  const states = subject === undefined ? all : all.filter((entry) => entry.subject === subject);
  const registry = rpc === undefined ? undefined : await connect({ rpc, registry: address! });
  const rows = await Promise.all(states.map((entry) => rowOf(entry, registry)));
  return {
    json: { ok: true, vault: options.vault, states: rows },
    text: rows.length === 0 ? "No state yet." : table([HEADER, ...rows.map(lineOf)]),
  };
}

interface Row {
  readonly subject: Address;
  readonly asOf: number;
  readonly epoch: number;
  readonly newState: string;
  /** Pending: its attestation can still be submitted. Superseded: an earlier state, or one that another attestation overtook. */
  readonly status: "confirmed" | "pending" | "superseded" | "unknown";
}

const HEADER = ["subject", "snapshot", "epoch", "status", "state"];

function lineOf({ subject, asOf, epoch, status, newState }: Row): string[] {
  return [subject, utc(asOf), String(epoch), status, newState];
}

async function rowOf(entry: VaultState, registry?: Registry): Promise<Row> {
  const { subject, asOf, newState, state } = entry;
  const row = { subject, asOf, epoch: Number(state.epoch), newState: newState.toString() };
  if (registry === undefined) return { ...row, status: "unknown" };
  return { ...row, status: statusAt(entry, await stateOf(registry, subject)) };
}

function statusAt({ previousState, newState }: VaultState, confirmed: bigint): Row["status"] {
  if (newState === confirmed) return "confirmed";
  return previousState === confirmed ? "pending" : "superseded";
}

/** Opens the registry's state, from the vault, a state file, or the chain and the seed. */
export async function stateRecover(options: StateRecoverOptions, context: Context): Promise<Outcome> {
  const { subject, fromBlock = 0 } = options;
  const vault = await vaultOf(options, context);
  const registry = await connect(options);
  if (options.state !== undefined)
    await takeIn(vault, registry, { ...options, state: options.state }, context);
  const { commitment, entry, recovered } = await confirmedState(
    vault,
    registry,
    subject,
    context,
    BigInt(fromBlock),
  );
  const json = { ok: true, vault: options.vault, subject, state: commitment.toString(), recovered };
  if (entry === undefined) return { json, text: `${subject} has no state yet: the next proof is the first.` };
  const how = recovered ? "Recovered from the chain" : "In the vault already";
  return {
    json: { ...json, epoch: Number(entry.state.epoch), asOf: entry.asOf },
    text: `${how}: state ${commitment}, epoch ${entry.state.epoch}, of the snapshot of ${utc(entry.asOf)}.`,
  };
}

/** The vault that is there, or one made from the seed or backup that is named. */
async function vaultOf(options: StateRecoverOptions, context: Context): Promise<Vault> {
  const { backup, seed } = options;
  if (backup !== undefined && seed !== undefined) throw usageError("one of --backup and --seed", "both");
  if (backup === undefined && seed === undefined) return await openVault(options.vault, context);
  return await createVault(options.vault, context, await seedOf(options, context));
}

async function seedOf({ backup, seed, passwordFile }: StateRecoverOptions, context: Context): Promise<Seed> {
  if (seed !== undefined) return parseSeed(await readSecret(seed, "seed", context));
  const text = await readSecret(backup!, "backup", context);
  return parseBackup(text, await passwordOf(passwordFile, context));
}

/** A state/1 file becomes the vault's when it is the one that the registry has. */
async function takeIn(
  vault: Vault,
  registry: Registry,
  { state: file, subject, fromBlock = 0 }: StateRecoverOptions & { readonly state: string },
  context: Context,
): Promise<void> {
  const state = parseState(await readSecret(file, "state", context));
  const commitment = stateCommitment(state);
  if (commitment !== (await stateOf(registry, subject))) {
    throw inputError("state.other", "state", "the state that the registry has now", "another");
  }
  for await (const step of stepsOf(registry, subject, BigInt(fromBlock))) {
    if (step.newState !== commitment) continue;
    const { policyId, asOf, previousState } = step;
    return await keepState(
      vault,
      { subject, policyId, asOf, previousState, newState: commitment, state },
      context,
    );
  }
  throw inputError("state.other", "state", "a state that an attestation made since --from-block", "another");
}

/** Writes the seed under a password. */
export async function stateBackup(options: StateBackupOptions, context: Context): Promise<Outcome> {
  const { vault: folder, out } = options;
  checkDistinct({ "--password-file": options.passwordFile, "--out": out });
  await checkOutput(out, false);
  const vault = await openVault(folder, context);
  const text = formatBackup(vault.seed, await passwordOf(options.passwordFile, context));
  await writeText({ path: out, text, secret: true, precious: true }, false, context.signal);
  return {
    json: { ok: true, out },
    text: `Wrote ${out}. With its password it brings back every state: keep both, apart and elsewhere.`,
  };
}

/** The first line of a file, or the variable KEEL_PASSWORD. */
async function passwordOf(file: string | undefined, context: Context): Promise<string> {
  if (file !== undefined) return (await readSecret(file, "password-file", context)).split(/\r?\n/, 1)[0]!;
  const { KEEL_PASSWORD } = context.env;
  if (KEEL_PASSWORD !== undefined) return KEEL_PASSWORD;
  throw usageError("--password-file or the variable KEEL_PASSWORD", "neither");
}
