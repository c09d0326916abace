// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Proving from a vault: which state a proof goes on from, what it keeps before the attestation is written, and an attestation of the
 * same content that an earlier try left behind.
 *
 * @module
 */

import { stat } from "node:fs/promises";
import {
  type Book,
  buildWitness,
  type DrawdownState,
  type ProvenAttestation,
  type Seed,
  seededSalts,
} from "@keel/prover";
import {
  type Attestation,
  type Domain,
  inputError,
  KeelError,
  parseAttestation,
  scopeOf,
  verifyAttestation,
} from "@keel/verifier";
import type { VerificationKey } from "@keel/verifier/groth16";
import type { Address } from "viem";
import { connect } from "../chain.js";
import type { Context } from "../context.js";
import { usageError } from "../errors.js";
import { readText } from "../files.js";
import { confirmedState } from "./confirmed.js";
import { keepState, openVault, type Vault } from "./vault.js";

/** Options of a proof that has to do with a vault. */
export interface VaultProofOptions {
  readonly vault?: string;
  readonly rpc?: string;
  readonly chainId?: number;
  readonly registry?: Address;
  readonly enrolment?: string;
  readonly state?: string;
  readonly stateOut?: string;
}

/** Where a proof starts. */
export interface VaultStart {
  readonly vault: Vault;
  readonly seed: Seed;
  /** Absent at the genesis. */
  readonly state?: DrawdownState;
}

/**
 * What a proof from a vault starts from: the state that the registry has now. Nothing without a vault.
 *
 * @throws KeelError `usage`, `states.*`, `state.lost`; kind `environment` for the chain
 */
export async function startFromVault(
  options: VaultProofOptions,
  subject: Address,
  context: Context,
): Promise<VaultStart | undefined> {
  const { vault: folder, rpc, registry: address, chainId, state, stateOut } = options;
  if (folder === undefined) return undefined;
  if (state !== undefined || stateOut !== undefined) {
    throw usageError("--vault alone: it keeps the states", "--state or --state-out as well", "--vault");
  }
  if (rpc === undefined || address === undefined || options.enrolment === undefined) {
    throw usageError("--rpc, --chain-id, --registry and --enrolment with --vault", "not all", "--vault");
  }
  const vault = await openVault(folder, context);
  const registry = await connect({ rpc, registry: address });
  if (registry.chainId !== chainId) {
    throw inputError("states.chain", "--chain-id", `the node's chain ${registry.chainId}`, `${chainId}`);
  }
  const { entry } = await confirmedState(vault, registry, subject, context);
  return { vault, seed: vault.seed, ...(entry === undefined ? {} : { state: entry.state }) };
}

/** Keeps the state that a proof leads to, before anybody can see the attestation. */
export async function keepProven(
  { vault }: VaultStart,
  { attestation, state }: ProvenAttestation,
  context: Context,
): Promise<void> {
  const { subject, policyId, asOf, drawdown } = attestation;
  const { previousState, newState } = drawdown;
  await keepState(vault, { subject, policyId, asOf, previousState, newState, state }, context);
}

/** Keys that an attestation is verified with. */
export interface Keys {
  readonly verificationKey: VerificationKey;
  readonly tailKey?: VerificationKey;
  readonly liquidityKey?: VerificationKey;
  readonly allowInsecure: boolean;
}

/**
 * A good attestation of the same content in the place where the new one is to be written: an earlier try left it. It says what
 * the new one would say, to the last salt.
 *
 * @throws KeelError `file.exists` for an attestation of other content, unless it is to be replaced
 */
export async function provedBefore(
  { seed }: VaultStart,
  book: Book,
  domain: Domain,
  { path, force }: { readonly path: string; readonly force: boolean },
  keys: Keys,
  context: Context,
): Promise<Attestation | undefined> {
  if ((await stat(path).catch(() => undefined)) === undefined) return undefined;
  const { digest } = buildWitness({ book, domain, enrolment: book.enrolment!, salts: seededSalts(seed) });
  const found = await readIfGood(path, context);
  if (found?.digest !== digest.c) {
    if (force) return undefined;
    throw inputError("file.exists", path, "a new file, or an attestation of this content", "an existing one");
  }
  const { market, policy } = book;
  try {
    const expected = { domain: scopeOf(policy, domain) };
    verifyAttestation({ attestation: found, market, policy, ...keys, expected });
    return found;
  } catch (error) {
    if (error instanceof KeelError && error.kind === "proof") return undefined;
    throw error;
  }
}

async function readIfGood(path: string, context: Context): Promise<Attestation | undefined> {
  try {
    return parseAttestation(await readText(path, "attestation", context));
  } catch {
    return undefined;
  }
}
