// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel prove`: from a snapshot to an attestation file.
 *
 * What can be refused without a key is refused before one is loaded. The salts go to the file that `--opening` names, the
 * new state of the drawdown chain to `--state-out`, or nowhere. The state is never written over another file: losing one
 * ends the chain.
 *
 * @module
 */

import { availableParallelism } from "node:os";
import { type ArtifactSet, explainError } from "@keel/circuits/ensure";
import { createProver, type ProofPhase, type Prover } from "@keel/engine";
import {
  formatState,
  judgeBook,
  openBook,
  type ProvenAttestation,
  proveHealth,
  requireHealthy,
} from "@keel/prover";
import { checkDevelopmentKey, formatAttestation, type Policy, scopeOf, UNBOUND_DOMAIN } from "@keel/verifier";
import { span, utc } from "@keel/verifier/text";
import { artifactsOf } from "../artifacts.js";
import { type Context, note, type Outcome } from "../context.js";
import { checkDistinct, checkOutput, type NewFile, writeFiles } from "../files.js";
import { type BookFiles, loadBook, loadEnrolment, loadState, loadUnits, namedRegistry } from "../load.js";
import { formatOpening } from "../opening.js";
import { createProgress } from "../progress.js";

export interface ProveOptions extends BookFiles {
  readonly out: string;
  readonly chainId?: number;
  readonly registry?: `0x${string}`;
  readonly opening?: string;
  /** The declared accounts; without it a new enrolment that no registry knows. */
  readonly enrolment?: string;
  /** Units that the fund's administrator signed, under policies that name one. */
  readonly units?: string;
  /** Latest state of the drawdown chain; its genesis without it. */
  readonly state?: string;
  /** The state's units were counted on the same scale, by another source. */
  readonly sameUnits?: true;
  readonly stateOut?: string;
  /** Folder of a ceremony's artifacts; the built ones, with a development key, without it. */
  readonly artifacts?: string;
  /** The same for the tail-risk circuit. */
  readonly tailArtifacts?: string;
  readonly workers?: number;
  /** Seconds. */
  readonly timeout?: number;
  readonly insecure?: true;
  readonly force?: true;
}

/** The engine's phases overlap; only what a user can tell apart is named. */
const stepOf = (phase: ProofPhase): string =>
  phase === "verify" || phase === "done" ? "verifying the proof" : "proving";

/** Proves and writes the attestation, verified. */
export async function prove(options: ProveOptions, context: Context): Promise<Outcome> {
  // The registry where it shall count, or the domain that is bound to none.
  const domain = namedRegistry(options) ?? UNBOUND_DOMAIN;
  const { out } = options;
  await checkFiles(options);
  const book = openBook({
    ...(await loadBook(options, context)),
    ...(await loadEnrolment(options.enrolment, context)),
    ...(await loadState(options.state, context)),
    ...(await loadUnits(options.units, context)),
    sameUnits: options.sameUnits === true,
    now: context.now(),
  });
  requireHealthy(judgeBook(book));
  const { policy } = book;
  warnOfAge(book.snapshot.asOf, policy, context);
  warnOfChain(options, context);

  const artifacts = [await artifactsOf(policy.circuit.id, options.artifacts, context)];
  if (policy.tail !== undefined) {
    artifacts.push(await artifactsOf(policy.tail.circuit.id, options.tailArtifacts, context));
  }
  const insecure = artifacts.some(({ manifest }) => manifest.insecure === true);
  checkDevelopmentKey(insecure, scopeOf(policy, domain), options.insecure === true);
  const started = performance.now();
  const proven = await withProvers(artifacts, options, context, ([prover, tailProver], proveOptions) =>
    proveHealth({
      book,
      prover: prover!,
      ...(tailProver === undefined ? {} : { tailProver }),
      domain,
      allowInsecure: options.insecure === true,
      options: proveOptions,
    }).catch(async (error: unknown) => {
      throw await explainError(error);
    }),
  );
  const ms = Math.round(performance.now() - started);
  await writeFiles(outputsOf(proven, options), options.force === true, context.signal);

  const { attestation } = proven;
  const { subject, asOf, policyId, digest } = attestation;
  const expiresAt = asOf + policy.validity;
  const json = { ok: true, out, circuit: attestation.circuit, subject, policyId, asOf, expiresAt };
  return {
    json: { ...json, domain: attestation.domain, digest: digest.toString(), insecure, ms },
    text: [
      `Proved in ${(ms / 1000).toFixed(1)} s and verified; wrote ${out}.`,
      ...(options.stateOut === undefined
        ? []
        : [`The next proof starts from ${options.stateOut}; keep it secret, and do not lose it.`]),
      `${subject} respects policy ${policyId} as of ${utc(asOf)}; expires ${utc(expiresAt)}.`,
      ...(insecure ? ["Made with a DEVELOPMENT KEY: anybody could have forged it."] : []),
    ].join("\n"),
  };
}

/** Refuses files that are named twice, and outputs that could not be written. */
async function checkFiles(options: ProveOptions): Promise<void> {
  const { out, opening, stateOut, force = false } = options;
  checkDistinct({
    "--snapshot": options.snapshot,
    "--market": options.market,
    "--policy": options.policy,
    "--returns": options.returns,
    "--enrolment": options.enrolment,
    "--units": options.units,
    "--state": options.state,
    "--out": out,
    "--opening": opening,
    "--state-out": stateOut,
  });
  for (const path of [out, opening]) if (path !== undefined) await checkOutput(path, force);
  if (stateOut !== undefined) await checkOutput(stateOut, false);
}

/** What is written: secrets first, so that the attestation never stands there without them. */
function outputsOf(proven: ProvenAttestation, { out, opening, stateOut }: ProveOptions): NewFile[] {
  const { attestation, state } = proven;
  const files: NewFile[] = [];
  if (stateOut !== undefined)
    files.push({ path: stateOut, text: formatState(state), secret: true, precious: true });
  if (opening !== undefined) files.push({ path: opening, text: formatOpening(proven), secret: true });
  return [...files, { path: out, text: formatAttestation(attestation), secret: false }];
}

type WithProvers = (
  provers: readonly Prover[],
  options: NonNullable<Parameters<typeof proveHealth>[0]["options"]>,
) => Promise<ProvenAttestation>;

/** Provers of several circuits share the workers, at least one each. */
async function withProvers(
  artifacts: readonly ArtifactSet[],
  { workers = availableParallelism(), timeout }: ProveOptions,
  context: Context,
  work: WithProvers,
): Promise<ProvenAttestation> {
  const progress = createProgress(context);
  const provers: Prover[] = [];
  try {
    progress.update("loading the key", 0);
    for (const { witnessPath, zkeyPath, manifest } of artifacts) {
      const { witness, zkey } = manifest.files;
      provers.push(
        await createProver({
          wasm: witnessPath,
          zkey: zkeyPath,
          sha256: { wasm: witness.sha256, zkey: zkey.sha256 },
          workers: Math.max(1, Math.floor(workers / artifacts.length)),
        }),
      );
    }
    return await work(provers, {
      signal: context.signal,
      onProgress: ({ phase, fraction }) => progress.update(stepOf(phase), fraction),
      ...(timeout === undefined ? {} : { timeoutMs: timeout * 1000 }),
    });
  } finally {
    progress.clear();
    for (const prover of provers) prover.close();
  }
}

function warnOfAge(asOf: number, { maxAge }: Policy, context: Context): void {
  const age = context.now() - asOf;
  if (age <= maxAge) return;
  note(context, `warning: the snapshot is ${span(age)} old; a registry takes it for ${span(maxAge)} only`);
}

/** A registry knows one enrolment of the subject, and asks for the next state after this one. */
function warnOfChain({ registry, enrolment, stateOut }: ProveOptions, context: Context): void {
  if (registry === undefined) return;
  if (enrolment === undefined) {
    note(context, "warning: without --enrolment the registry will not know the declared accounts");
  }
  if (stateOut === undefined) {
    note(context, "warning: without --state-out no later proof can follow this one at the registry");
  }
}
