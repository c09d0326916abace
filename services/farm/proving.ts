// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * One fund's proof: its book from the store, its state from the registry (recovered by the seed where the store does not have it),
 * proven in the engine's workers, and the attestation beside the book.
 *
 * @module
 */

import {
  buildWitness,
  type DrawdownState,
  formatState,
  judgeBook,
  openBook,
  parseEnrolment,
  parseSeed,
  parseSnapshot,
  parseState,
  proveHealth,
  recoverState,
  requireHealthy,
  type Seed,
  seededSalts,
} from "@keel/prover";
import { type Attestation, formatAttestation, parseAttestation, parseUnits } from "@keel/verifier";
import { type Registry, stepsOf } from "@keel/verifier/chain";
import type { Provers } from "./engine.js";
import type { Standing } from "./standing.js";
import type { FarmStore, JobId, StoredBook } from "./store.js";
import type { Tables } from "./tables.js";

/** What proofs are made with. */
export interface ProvingWorld {
  readonly store: FarmStore;
  readonly registry: Registry;
  readonly provers: Provers;
  readonly fromBlock: bigint;
  /** The tables of a book. */
  readonly tables: (book: StoredBook) => Tables;
}

/**
 * The attestation of a job, which is in the store when this returns. One of an earlier try that still goes on from the registry's
 * state is taken as it is. The proof is verified by its prover, and again by the registry before anything is paid.
 *
 * @throws KeelError `policy.broken` before any proving; whatever is wrong with the book
 */
export async function proveJob(world: ProvingWorld, id: JobId, standing: Standing): Promise<Attestation> {
  const { store, registry, provers } = world;
  const seed = parseSeed(await store.seed(id.subject));
  const state = await openedState(world, id.subject, standing.state, seed);
  const book = openStored(world, await store.book(id), state, standing.time);
  requireHealthy(judgeBook(book));
  const domain = { chainId: registry.chainId, registry: registry.address };
  const kept = await store.attestation(id);
  if (kept !== undefined) {
    const { digest } = buildWitness({ book, domain, enrolment: book.enrolment!, salts: seededSalts(seed) });
    const found = parseAttestation(kept);
    if (found.digest === digest.c) return found;
  }
  const { circuit, tail, liquidity, disclosure } = book.policy;
  const proven = await proveHealth({
    ...{ book, domain, seed, isVerifiedAgain: false },
    prover: await provers.of(circuit.id),
    ...(tail === undefined ? {} : { tailProver: await provers.of(tail.circuit.id) }),
    ...(liquidity === undefined ? {} : { liquidityProver: await provers.of(liquidity.circuit.id) }),
    ...(disclosure === undefined ? {} : { disclosureProver: await provers.of(disclosure.circuit.id) }),
  });
  const { attestation } = proven;
  await store.putState(id.subject, attestation.drawdown.newState, formatState(proven.state));
  await store.putAttestation(id, formatAttestation(attestation));
  return attestation;
}

function openStored(
  { tables }: ProvingWorld,
  stored: StoredBook,
  state: DrawdownState | undefined,
  now: number,
) {
  const { snapshot, enrolment, units } = stored;
  return openBook({
    ...tables(stored),
    snapshot: parseSnapshot(snapshot),
    enrolment: parseEnrolment(enrolment),
    ...(units === undefined ? {} : { units: parseUnits(units) }),
    ...(state === undefined ? {} : { state }),
    now,
  });
}

/** What the registry has of a subject, opened; nothing at the genesis. */
async function openedState(
  { store, registry, fromBlock }: ProvingWorld,
  subject: `0x${string}`,
  commitment: bigint,
  seed: Seed,
): Promise<DrawdownState | undefined> {
  if (commitment === 0n) return undefined;
  const known = await store.state(subject, commitment);
  if (known !== undefined) return parseState(known);
  const { state } = await recoverState(seed, commitment, stepsOf(registry, subject, fromBlock));
  await store.putState(subject, commitment, formatState(state));
  return state;
}
