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

import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { type ArtifactSet, explainError } from "@keel/circuits/ensure";
import { createProver, type ProofPhase, type Prover } from "@keel/engine";
import {
  type Book,
  formatState,
  judgeBook,
  openBook,
  type ProvenAttestation,
  proveHealth,
  requireHealthy,
} from "@keel/prover";
import {
  type Attestation,
  checkDevelopmentKey,
  type Domain,
  formatAttestation,
  type Policy,
  scopeOf,
  UNBOUND_DOMAIN,
} from "@keel/verifier";
import { navText, span, utc } from "@keel/verifier/text";
import { artifactsOf } from "../artifacts.js";
import { type Context, note, type Outcome } from "../context.js";
import { checkDistinct, checkOutput, type NewFile, writeFiles } from "../files.js";
import { type BookFiles, loadBook, loadEnrolment, loadState, loadUnits, namedRegistry } from "../load.js";
import { formatOpening } from "../opening.js";
import { createProgress } from "../progress.js";
import { keepProven, provedBefore, startFromVault, type VaultStart } from "../vault/proving.js";

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
  /** Takes and keeps the states, instead of the two above. */
  readonly vault?: string;
  /** A node of the chain, which a vault asks for the latest state. */
  readonly rpc?: string;
  /** Folder of a ceremony's artifacts; the built ones, with a development key, without it. */
  readonly artifacts?: string;
  /** The same for the tail-risk circuit. */
  readonly tailArtifacts?: string;
  /** The same for the liquidity circuit. */
  readonly liquidityArtifacts?: string;
  /** The same for the disclosure circuit. */
  readonly disclosureArtifacts?: string;
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
  await checkFiles(options);
  const files = await loadBook(options, context);
  const start = await startFromVault(options, files.snapshot.subject, context);
  const book = openBook({
    ...files,
    ...(await loadEnrolment(options.enrolment, context)),
    ...(start ?? (await loadState(options.state, context))),
    ...(await loadUnits(options.units, context)),
    sameUnits: options.sameUnits === true,
    now: context.now(),
  });
  requireHealthy(judgeBook(book));
  const { policy } = book;
  warnOfAge(book.snapshot.asOf, policy, context);
  warnOfChain(options, context);

  const artifacts = await artifactsFor(policy, options, context);
  const insecure = artifacts.some(({ manifest }) => manifest.insecure === true);
  checkDevelopmentKey(insecure, scopeOf(policy, domain), options.insecure === true);
  const started = performance.now();
  const hasDisclosure = policy.disclosure !== undefined;
  const before = start && (await madeBefore(start, book, domain, artifacts, options, context));
  if (before !== undefined) return outcomeOf(before, policy, options, { insecure, ms: 0, already: true });
  const proven = await withProvers(
    artifacts,
    hasDisclosure,
    options,
    context,
    ([prover, ...beside], proveOptions) =>
      proveHealth({
        book,
        prover: prover!,
        ...besideOf(policy, beside, (one) => ({
          ...(one.tail === undefined ? {} : { tailProver: one.tail }),
          ...(one.liquidity === undefined ? {} : { liquidityProver: one.liquidity }),
          ...(one.disclosure === undefined ? {} : { disclosureProver: one.disclosure }),
        })),
        domain,
        ...(start === undefined ? {} : { seed: start.seed }),
        allowInsecure: options.insecure === true,
        options: proveOptions,
      }).catch(async (error: unknown) => {
        throw await explainError(error);
      }),
  );
  const ms = Math.round(performance.now() - started);
  if (start !== undefined) await keepProven(start, proven, context);
  await writeFiles(outputsOf(proven, options), replaces(options), context.signal);
  return outcomeOf(proven.attestation, policy, options, { insecure, ms, already: false });
}

/** An attestation of an earlier try at the same content; nothing when there is none. */
async function madeBefore(
  start: VaultStart,
  book: Book,
  domain: Domain,
  [health, ...beside]: readonly ArtifactSet[],
  { out, force, insecure }: ProveOptions,
  context: Context,
): Promise<Attestation | undefined> {
  const keys = {
    verificationKey: health!.verificationKey,
    ...besideOf(book.policy, beside, ({ tail, liquidity, disclosure }) => ({
      ...(tail === undefined ? {} : { tailKey: tail.verificationKey }),
      ...(liquidity === undefined ? {} : { liquidityKey: liquidity.verificationKey }),
      ...(disclosure === undefined ? {} : { disclosureKey: disclosure.verificationKey }),
    })),
    allowInsecure: insecure === true,
  };
  return await provedBefore(start, book, domain, { path: out, force: force === true }, keys, context);
}

/** What belongs to the proofs beside the health proof. */
interface Beside<T> {
  readonly tail?: T | undefined;
  readonly liquidity?: T | undefined;
  readonly disclosure?: T | undefined;
}

/** The circuits beside the policy's own that it names, in the order in which they are listed everywhere here. */
const BESIDE = ["tail", "liquidity", "disclosure"] as const;

/** Names a list that has one for each circuit beside. */
function besideOf<T, R>(policy: Policy, list: readonly T[], use: (beside: Beside<T>) => R): R {
  const names = BESIDE.filter((name) => policy[name] !== undefined);
  return use(Object.fromEntries(names.map((name, i) => [name, list[i]])) as Beside<T>);
}

/** What stands at the attestation's place from a try with a vault is of the same content, or was refused. */
function replaces({ force, vault }: ProveOptions): boolean {
  return force === true || vault !== undefined;
}

function outcomeOf(
  attestation: Attestation,
  policy: Policy,
  { out, stateOut }: ProveOptions,
  { insecure, ms, already }: { readonly insecure: boolean; readonly ms: number; readonly already: boolean },
): Outcome {
  const { subject, asOf, policyId, digest, circuit, domain, disclosure } = attestation;
  const expiresAt = asOf + policy.validity;
  const nav =
    disclosure === undefined || policy.disclosure?.navStep === 0n
      ? undefined
      : { value: disclosure.nav * policy.disclosure!.navStep, units: attestation.drawdown.units };
  const json = {
    ...{ ok: true, out, circuit, subject, policyId, asOf, expiresAt, domain },
    ...(nav === undefined ? {} : { nav }),
  };
  return {
    json: { ...json, digest: digest.toString(), insecure, ms, ...(already ? { already } : {}) },
    text: [
      already
        ? `Proved already: ${out} says the same, and its proof is good.`
        : `Proved in ${(ms / 1000).toFixed(1)} s and verified; wrote ${out}.`,
      ...(stateOut === undefined
        ? []
        : [`The next proof starts from ${stateOut}; keep it secret, and do not lose it.`]),
      `${subject} respects policy ${policyId} as of ${utc(asOf)}; expires ${utc(expiresAt)}.`,
      ...(nav === undefined ? [] : [`It shows a net asset value of ${navText(nav)}.`]),
      ...(insecure ? ["Made with a DEVELOPMENT KEY: anybody could have forged it."] : []),
    ].join("\n"),
  };
}

/** Of the policy's circuit, then of those of the proofs beside it. */
async function artifactsFor(policy: Policy, options: ProveOptions, context: Context): Promise<ArtifactSet[]> {
  const sets = [await artifactsOf(policy.circuit.id, options.artifacts, context)];
  for (const name of BESIDE) {
    const beside = policy[name];
    if (beside === undefined) continue;
    sets.push(await artifactsOf(beside.circuit.id, options[`${name}Artifacts`], context));
  }
  return sets;
}

/** Refuses files that are named twice, and outputs that could not be written. */
async function checkFiles(options: ProveOptions): Promise<void> {
  const { out, opening, stateOut, force = false } = options;
  checkDistinct({
    "--snapshot": options.snapshot,
    "--market": options.market,
    "--policy": options.policy,
    "--returns": options.returns,
    "--liquidity": options.liquidity,
    "--enrolment": options.enrolment,
    "--units": options.units,
    "--state": options.state,
    "--out": out,
    "--opening": opening,
    "--state-out": stateOut,
  });
  await checkOutput(out, replaces(options));
  // What an earlier try wrote, it wrote as one.
  const isRetry = options.vault !== undefined && (await stat(out).catch(() => undefined)) !== undefined;
  if (opening !== undefined) await checkOutput(opening, force || isRetry);
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

/**
 * Provers of several circuits share the workers, at least one each. A disclosure's circuit is an eighth of the others at most: one
 * worker beside theirs does it meanwhile.
 */
async function withProvers(
  artifacts: readonly ArtifactSet[],
  hasDisclosure: boolean,
  { workers = availableParallelism(), timeout }: ProveOptions,
  context: Context,
  work: WithProvers,
): Promise<ProvenAttestation> {
  const progress = createProgress(context);
  const provers: Prover[] = [];
  const open = context.prover ?? createProver;
  const shares = artifacts.length - (hasDisclosure ? 1 : 0);
  try {
    progress.update("loading the key", 0);
    for (const [i, { witnessPath, zkeyPath, manifest }] of artifacts.entries()) {
      const { witness, zkey } = manifest.files;
      provers.push(
        await open({
          wasm: witnessPath,
          zkey: zkeyPath,
          sha256: { wasm: witness.sha256, zkey: zkey.sha256 },
          workers: i < shares ? Math.max(1, Math.floor(workers / shares)) : 1,
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
    if (context.prover === undefined) for (const prover of provers) prover.close();
  }
}

function warnOfAge(asOf: number, { maxAge }: Policy, context: Context): void {
  const age = context.now() - asOf;
  if (age <= maxAge) return;
  note(context, `warning: the snapshot is ${span(age)} old; a registry takes it for ${span(maxAge)} only`);
}

/** A registry knows one enrolment of the subject, and asks for the next state after this one. */
function warnOfChain({ registry, enrolment, stateOut, vault }: ProveOptions, context: Context): void {
  if (registry === undefined) return;
  if (enrolment === undefined) {
    note(context, "warning: without --enrolment the registry will not know the declared accounts");
  }
  if (stateOut === undefined && vault === undefined) {
    note(context, "warning: without --state-out no later proof can follow this one at the registry");
  }
}
