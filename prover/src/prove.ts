// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The manager's main job: from a snapshot to an attestation.
 *
 * @module
 */

import {
  type Attestation,
  attestationOf,
  checkDevelopmentKey,
  type Domain,
  type Field,
  KeelError,
  type Market,
  type Policy,
  scopeOf,
  verifyAttestation,
} from "../../verifier/src/index.js";
import type { DrawdownState } from "./drawdown.js";
import type { ProveOptions, Prover } from "./engine/prover.js";
import type { Enrolment } from "./enrolment.js";
import { type Assessment, assess } from "./risk.js";
import { checkTimes, type Snapshot } from "./snapshot.js";
import { buildWitness, randomSalt } from "./witness.js";

/** What an attestation is made from. */
export interface ProofRequest {
  readonly snapshot: Snapshot;
  readonly market: Market;
  readonly policy: Policy;
  /** Of the policy's circuit. */
  readonly prover: Pick<Prover, "prove" | "verificationKey">;
  /** The registry where it shall count, or any member of the domain that the policy declares. */
  readonly domain: Domain;
  /** The declared accounts; a new enrolment of the snapshot's own accounts when absent. */
  readonly enrolment?: Enrolment;
  /** The latest state of the drawdown chain; absent at its genesis. */
  readonly state?: DrawdownState;
  /** Unix seconds, the present when absent; times later than this are refused. */
  readonly now?: number;
  /** Use a development key outside local test chains. */
  readonly allowInsecure?: boolean;
  /** Handed to the prover: cancel, time limit, progress. */
  readonly options?: ProveOptions;
}

/** An attestation, and the secrets that belong to it. */
export interface ProvenAttestation {
  readonly attestation: Attestation;
  readonly enrolment: Enrolment;
  /** What the next proof starts from. */
  readonly state: DrawdownState;
  /** Secret: with it and a guess of the portfolio, the commitments can be checked. */
  readonly salt: Field;
}

/**
 * Checks the portfolio, proves, and verifies the proof as a stranger would before it is returned.
 *
 * @throws KeelError kind "policy" code `policy.broken` with the names of the broken limits, before any proving; kind
 * "input" for files that do not go together; else as `Prover.prove`
 */
export async function proveHealth(request: ProofRequest): Promise<ProvenAttestation> {
  const {
    snapshot,
    market,
    policy,
    prover,
    domain,
    now = Math.floor(Date.now() / 1000),
    allowInsecure = false,
  } = request;
  checkTimes(snapshot, market, policy, now);
  requireHealthy(assess(snapshot, market, policy, request.state));
  const insecure = prover.verificationKey.insecure === true;
  checkDevelopmentKey(insecure, scopeOf(policy, domain), allowInsecure);

  const salt = randomSalt();
  const enrolment = request.enrolment ?? {
    accounts: snapshot.accounts.map(({ id }) => id),
    salt: randomSalt(),
  };
  const { input, statement, digest, newState } = buildWitness({
    snapshot,
    market,
    policy,
    domain,
    enrolment,
    ...(request.state === undefined ? {} : { state: request.state }),
    salt,
    newStateSalt: randomSalt(),
  });
  const { proof } = await prover.prove(input, request.options ?? {});
  const attestation = attestationOf(statement, {
    circuit: policy.circuit.id,
    digest: digest.c,
    proof,
    insecure,
  });
  verifyAttestation({ attestation, policy, market, verificationKey: prover.verificationKey, allowInsecure });
  return { attestation, enrolment, state: newState, salt };
}

/**
 * Refuses a portfolio that breaks a limit.
 *
 * @throws KeelError `policy.broken` that names the limits; never a value
 */
export function requireHealthy({ healthy, limits }: Assessment): void {
  if (healthy) return;
  const broken = limits.filter((limit) => !limit.ok).map((limit) => limit.name);
  throw new KeelError({
    kind: "policy",
    code: "policy.broken",
    path: "snapshot",
    expected: "every limit of the policy to hold",
    received: `broken: ${broken.join(", ")}`,
  });
}
