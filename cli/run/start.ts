// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What is looked at before `keel run` does anything: whatever can be wrong with its file, its tables or the registry is told at
 * once, with exit code 1, and not at three in the morning.
 *
 * @module
 */

import { enrolmentCommitment, parseEnrolment } from "@keel/prover";
import { type Policy, policyId, policyTerms } from "@keel/verifier";
import { policyTermsOf, type Registry, statusOf } from "@keel/verifier/chain";
import { allFaults, asKeelError, inputError, KeelError } from "@keel/verifier/errors";
import { connect, senderOf } from "../chain.js";
import { withClock } from "../clock.js";
import type { Context } from "../context.js";
import { readSecret } from "../files.js";
import { loadPublic } from "../load.js";
import { openVault } from "../vault/vault.js";
import { NO_REGISTRY, type RunConfig, resolved, signerOf } from "./config.js";
import { listRounds, type Round } from "./journal.js";
import { checkSchedule, type Schedule, scheduleOf } from "./schedule.js";

/** A configuration that can be run. */
export interface Ready {
  readonly config: RunConfig;
  readonly rpc: string;
  readonly registry: Registry;
  readonly policy: Policy;
  readonly policyId: `0x${string}`;
  readonly schedule?: Schedule;
}

/** Seconds that a proof takes on a slow machine, by circuit, until one was measured here. */
const PROOF_SECONDS: Readonly<Record<string, number>> = {
  "portfolio-health/spot-16": 20,
  "portfolio-health/fund-64": 60,
  "portfolio-health/options-64": 90,
  "portfolio-health/institution-256": 300,
};
const OTHER_PROOF_SECONDS = 300;
/** Rounds whose proofs say how long one takes. */
const MEASURED = 5;

/**
 * Checks everything that a start can.
 *
 * @throws KeelError all faults at once; kind `environment` when the node does not answer
 */
export async function readyToRun(config: RunConfig, context: Context): Promise<Ready> {
  const faults: KeelError[] = [];
  const rpc = await kept(faults, async () => resolved(config.registry.rpc, "run.registry.rpc", context));
  await kept(faults, () => openVault(config.vault, context));
  const tables = await kept(faults, () => loadPublic(publicFiles(config), context));
  const enrolment = await kept(faults, async () =>
    enrolmentCommitment(parseEnrolment(await readSecret(config.enrolment, "enrolment", context))),
  );
  await kept(faults, () => senderOf(signerOf(config), config.registry.chainId, context));
  const registry = rpc === undefined ? undefined : await kept(faults, () => registryOf(config, rpc));
  const clocked = registry === undefined ? context : await withClock({ rpc: rpc! }, context);
  const schedule = await kept(faults, async () => scheduleOf(config, clocked.now()));
  const id = tables && policyId(policyTerms(tables.policy, tables.market));
  if (registry !== undefined && id !== undefined) {
    await kept(faults, () => checkRegistry(registry, config, id, enrolment));
  }
  if (schedule !== undefined && tables !== undefined) {
    const rounds = await listRounds(config.rounds, context);
    await kept(faults, async () => checkSchedule(schedule, proofSeconds(rounds, tables.policy)));
  }
  if (faults.length > 0) throw allFaults(faults);
  const found = { config, rpc: rpc!, registry: registry!, policy: tables!.policy, policyId: id! };
  return { ...found, ...(schedule === undefined ? {} : { schedule }) };
}

/** Keeps a fault instead of throwing it. */
async function kept<T>(faults: KeelError[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    faults.push(asKeelError(error));
    return undefined;
  }
}

function publicFiles({ market, policy }: RunConfig) {
  return {
    market: market.file,
    policy,
    ...(market.returns === undefined ? {} : { returns: market.returns }),
    ...(market.liquidity === undefined ? {} : { liquidity: market.liquidity }),
  };
}

async function registryOf({ registry: { chainId, address } }: RunConfig, rpc: string): Promise<Registry> {
  if (address === NO_REGISTRY) {
    throw inputError("run.registry", "run.registry.address", "the registry's address", "none yet");
  }
  const registry = await connect({ rpc, registry: address });
  if (registry.chainId === chainId) return registry;
  throw inputError("run.chain", "run.registry.chainId", `the node's chain ${registry.chainId}`, `${chainId}`);
}

/** The registry knows the policy, and the subject's accounts. */
async function checkRegistry(
  registry: Registry,
  { subject }: RunConfig,
  id: `0x${string}`,
  enrolment: bigint | undefined,
): Promise<void> {
  try {
    await policyTermsOf(registry, id);
  } catch (error) {
    if (!(error instanceof KeelError) || error.code !== "registry.unknownPolicy") throw error;
    throw inputError("run.policy", "run.policy", `a policy that registry ${registry.address} knows`, id);
  }
  const status = await statusOf(registry, subject, id);
  const declared = [status.enrolment, status.pendingEnrolment?.enrolment];
  if (enrolment === undefined || declared.includes(enrolment)) return;
  const received = status.enrolled ? "another list" : "none";
  throw inputError(
    "run.enrolment",
    "run.enrolment",
    "the list that the subject declared at the registry",
    received,
  );
}

function proofSeconds(rounds: readonly Round[], { circuit }: Policy): number {
  const measured = rounds
    .flatMap(({ proofMs }) => (proofMs === undefined ? [] : [proofMs / 1000]))
    .slice(-MEASURED);
  return measured.length > 0 ? Math.max(...measured) : (PROOF_SECONDS[circuit.id] ?? OTHER_PROOF_SECONDS);
}
