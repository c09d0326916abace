// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The manager's main job: from a snapshot to an attestation.
 *
 * @module
 */

import type { ProofProgress, ProofResult, ProveOptions, Prover } from "@keel/engine";
import {
  type Attestation,
  attestationOf,
  checkDevelopmentKey,
  type Domain,
  type Field,
  inputError,
  isDevelopmentKey,
  KeelError,
  type Market,
  type Policy,
  type SignedUnits,
  scopeOf,
  type TailAttestation,
  verifyAttestation,
} from "@keel/verifier";
import { checkUnitsCounter, type DrawdownState, unitsCounter } from "../book/drawdown.js";
import { type Enrolment, newEnrolment } from "../book/enrolment.js";
import { checkTimes, type Snapshot, withUnits } from "../book/snapshot.js";
import { type Assessment, assess } from "../risk/judge.js";
import { buildWitness, type CircuitInput, randomSalt, type TailWitness } from "./witness.js";

/** What an attestation is made from. */
export interface ProofRequest {
  readonly snapshot: Snapshot;
  readonly market: Market;
  readonly policy: Policy;
  /** Of the policy's circuit. */
  readonly prover: Pick<Prover, "prove" | "verificationKey">;
  /** Of the policy's tail-risk circuit, when it has tail-risk limits: works at the same time, on workers of its own. */
  readonly tailProver?: Pick<Prover, "prove" | "verificationKey">;
  /** The registry where it shall count, or any member of the domain that the policy declares. */
  readonly domain: Domain;
  /** The declared accounts; a new enrolment of the snapshot's own accounts, with the policy's keys, when absent. */
  readonly enrolment?: Enrolment;
  /** Units of the fund as the policy's administrator signed them; under policies with one. */
  readonly units?: SignedUnits;
  /** The latest state of the drawdown chain; absent at its genesis. */
  readonly state?: DrawdownState;
  /** The state's units were counted by another source, on the same scale: whoever says so has looked. */
  readonly sameUnits?: boolean;
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
  /** Secret: with it and a guess of the accounts, the portfolio commitment can be checked. */
  readonly portfolioSalt: Field;
  /** Secret: with it and a guess of the book's sums, the exposures commitment can be checked. */
  readonly exposuresSalt: Field;
}

/**
 * Checks the portfolio, proves, and verifies the proof as a stranger would before it is returned.
 *
 * @throws KeelError kind "policy" code `policy.broken` with the names of the broken limits, before any proving; kind
 * "input" for a state of other units (`state.units`), for files that do not go together; else as `Prover.prove`
 */
export async function proveHealth(request: ProofRequest): Promise<ProvenAttestation> {
  const {
    market,
    policy,
    prover,
    tailProver,
    domain,
    now = Math.floor(Date.now() / 1000),
    allowInsecure = false,
  } = request;
  if (request.sameUnits !== true) checkUnitsCounter(request.state, policy);
  const snapshot = withUnits(request.snapshot, policy, request.units);
  checkTimes(snapshot, market, policy, now);
  requireHealthy(assess(snapshot, market, policy, request.state));
  const insecure = isDevelopmentKey(prover.verificationKey);
  checkDevelopmentKey(insecure, scopeOf(policy, domain), allowInsecure);
  if (policy.tail !== undefined && tailProver === undefined) {
    throw inputError("key.missing", "tailProver", `a prover of ${policy.tail.circuit.id}`, "none");
  }

  const salts = { portfolioSalt: randomSalt(), exposuresSalt: randomSalt() };
  const enrolment = request.enrolment ?? newEnrolment(snapshot, policy, randomSalt());
  const { input, statement, digest, newState, tail } = buildWitness({
    snapshot,
    market,
    policy,
    domain,
    enrolment,
    ...(request.units === undefined ? {} : { units: request.units }),
    ...(request.state === undefined ? {} : { state: request.state }),
    ...salts,
    newStateSalt: randomSalt(),
  });
  const tasks = [
    { prover, input },
    ...(tail === undefined ? [] : [{ prover: tailProver!, input: tail.input }]),
  ];
  const [health, tailProof] = await proveTogether(tasks, request.options ?? {});
  const attestation = attestationOf(statement, {
    circuit: policy.circuit.id,
    digest: digest.c,
    proof: health!.proof,
    insecure,
    ...(request.units === undefined ? {} : { unitsSignature: request.units.signature }),
    ...(tail === undefined ? {} : { tail: tailAttestation(policy, tail, tailProof!, tailProver!) }),
  });
  verifyAttestation({
    attestation,
    policy,
    market,
    verificationKey: prover.verificationKey,
    ...(tailProver === undefined ? {} : { tailKey: tailProver.verificationKey }),
    allowInsecure,
    expected: { domain: scopeOf(policy, domain) },
  });
  const state = { ...newState, unitsSource: unitsCounter(policy) };
  return { attestation, enrolment, state, ...salts };
}

function tailAttestation(
  policy: Policy,
  { statement, digest }: TailWitness,
  { proof }: ProofResult,
  { verificationKey }: Pick<Prover, "verificationKey">,
): TailAttestation {
  const { returnsRoot: root, returnsTime: asOf } = statement;
  const insecure = isDevelopmentKey(verificationKey);
  return { circuit: policy.tail!.circuit.id, returns: { root, asOf }, digest: digest.c, proof, insecure };
}

interface Task {
  readonly prover: Pick<Prover, "prove">;
  readonly input: CircuitInput;
}

/** Proves at the same time; when one proof fails, the others are given up. Progress is that of the slowest. */
async function proveTogether(tasks: readonly Task[], options: ProveOptions): Promise<ProofResult[]> {
  const failure = new AbortController();
  const signals = [failure.signal, ...(options.signal === undefined ? [] : [options.signal])];
  const latest: (ProofProgress | undefined)[] = tasks.map(() => undefined);
  const prove = async ({ prover, input }: Task, i: number): Promise<ProofResult> => {
    const onProgress = (progress: ProofProgress): void => {
      latest[i] = progress;
      const slowest = latest.reduce((a, b) => ((a?.fraction ?? 0) <= (b?.fraction ?? 0) ? a : b));
      if (slowest !== undefined) options.onProgress?.(slowest);
    };
    return await prover.prove(input, { ...options, signal: AbortSignal.any(signals), onProgress });
  };
  const proofs = tasks.map(prove);
  try {
    return await Promise.all(proofs);
  } catch (error) {
    failure.abort();
    await Promise.allSettled(proofs);
    throw error;
  }
}

/**
 * Refuses a portfolio that breaks a limit.
 *
 * @throws KeelError `policy.broken` that names the limits; never a value
 */
export function requireHealthy({ healthy, limits }: Assessment): void {
  if (healthy) return;
  const broken = new Set(limits.filter((limit) => !limit.ok).map((limit) => limit.name));
  throw new KeelError({
    kind: "policy",
    code: "policy.broken",
    path: "snapshot",
    expected: "every limit of the policy to hold",
    received: `broken: ${[...broken].join(", ")}`,
  });
}
