// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel deploy`: everything of a deployment, from contracts to hand-over.
 *
 * Nothing is paid for before everything was looked at and every step was carried out once on a copy of the chain. What is sent is
 * remembered in the deployments file first, so that a run that was stopped, in whatever way, is gone on with by the same command.
 *
 * @module
 */

import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type AskedDelay,
  type DeployReport,
  type Draft,
  deployKeel,
  examineIntent,
  type KeelDeployment,
  leftoversIn,
  noteBeginning,
  readDraft,
  rehearseDeployment,
  settleDeployment,
  writeDeployment,
} from "@keel/contracts";
import { allFaults, chainName, type KeelError, LOCAL_CHAINS } from "@keel/verifier";
import { toKeelError } from "@keel/verifier/chain";
import { inputError } from "@keel/verifier/errors";
import { table } from "@keel/verifier/text";
import { type Address, formatEther, formatGwei } from "viem";
import { clientsOf, type Signer, senderOf } from "../chain.js";
import { type Context, note, type Outcome } from "../context.js";
import {
  balanceFault,
  type Cost,
  costOf,
  type DeployCommandOptions,
  type Plan,
  readWanted,
  type Wanted,
} from "../deploy-plan.js";
import { type ReadyVerifier, readyVerifiers } from "../deploy-verifiers.js";
import { systemCode, usageError } from "../errors.js";
import { type Verification, writeExplorerFiles } from "../explorer-files.js";
import { writeText } from "../files.js";
import { accountsOf, handOverOf, handOverText, leftoverWarning, writeAcceptances } from "../hand-over.js";
import { locked } from "../lock.js";
import { formatSafeBatch } from "../safe-batch.js";

/** Gas of one batch of a Safe: well below what one transaction may use (EIP-7825). */
const BATCH_GAS = 12_000_000n;
const ADMIN_DELAY = 7 * 86_400;

/** A deployment that was looked at and rehearsed. */
interface Prepared extends Wanted {
  readonly options: DeployCommandOptions;
  readonly account: Address;
  readonly file: string;
  readonly verifiers: readonly ReadyVerifier[];
  /** What the file had before. */
  readonly draft: Draft | undefined;
  readonly steps: readonly DeployReport[];
  /** As it would be in the end. */
  readonly deployment: KeelDeployment;
  readonly cost: Cost;
  readonly warnings: readonly string[];
}

/** Deploys; with `--dry-run` says what that would do and cost, with `--safe` writes it for a Safe's owners to sign. */
export async function deploy(options: DeployCommandOptions, context: Context): Promise<Outcome> {
  checkOptions(options);
  const wanted = await readWanted(options, context);
  const { chainId } = wanted.plan;
  const file = options.file ?? join("deployments", `${chainId}.json`);
  const signer = options.safe === undefined ? await senderOf(options, chainId, context) : undefined;
  if (options.dryRun === true) return planned(await prepare(options, wanted, file, signer, context));
  await mkdir(dirname(file), { recursive: true });
  context.signal.addEventListener("abort", () =>
    note(context, `${file} remembers what was sent; the same command goes on from there`),
  );
  return await locked(file, async () => {
    const prepared = await prepare(options, wanted, file, signer, context);
    for (const warning of prepared.warnings) note(context, `warning: ${warning}`);
    if (signer === undefined) return await batched(prepared, options.safe!, context);
    return await carriedOut(prepared, signer, context);
  });
}

function checkOptions({ safe, safeAddress }: DeployCommandOptions): void {
  if ((safe === undefined) !== (safeAddress === undefined)) {
    throw usageError("--safe and --safe-address together", "one alone");
  }
}

/** Everything short of paying. */
async function prepare(
  options: DeployCommandOptions,
  wanted: Wanted,
  file: string,
  signer: Signer | undefined,
  context: Context,
): Promise<Prepared> {
  const { plan, client } = wanted;
  const account = signer?.address ?? options.safeAddress!;
  const draft = await draftOf(file, account, plan.chainId);
  const verifiers = await readyVerifiers(plan.verifiers, context);
  if (draft?.pending !== undefined && signer !== undefined && options.dryRun !== true) {
    note(context, `waiting for ${draft.pending.step}, which an earlier run had sent`);
    const { client: publicClient, wallet } = clientsOf(options.rpc, plan.chainId, signer);
    await settleDeployment({ publicClient, walletClient: wallet, file });
  }
  const { faults, warnings: seen } = await examineIntent({
    publicClient: client,
    chainId: plan.chainId,
    account,
    bySafe: signer === undefined,
    roles: withoutAbsent(plan.roles),
    keeps: plan.keeps,
    delays: askedDelays(plan),
    publishers: plan.publishers,
    threshold: plan.threshold,
    verifiers,
    ...(plan.sequencer === undefined ? {} : { sequencer: plan.sequencer }),
    ...(plan.eas === undefined ? {} : { eas: plan.eas }),
  }).catch((error: unknown) => {
    throw toKeelError(error);
  });
  if (faults.length > 0) throw allFaults(faults);
  note(context, "rehearsing every step on a copy of the chain");
  const { steps, deployment } = await rehearseDeployment({
    ...deployOptions(wanted, verifiers, signer === undefined),
    rpcUrl: options.rpc,
    chainId: plan.chainId,
    block: await client.getBlockNumber(),
    account,
    file,
  });
  const cost = await costOf(client, account, steps);
  const warnings = [...seen, ...(await leftoverWarnings(wanted, deployment, account))];
  const prepared = { ...wanted, options, account, file, verifiers, draft, steps, deployment, cost, warnings };
  if (signer === undefined) return prepared;
  const poor = balanceFault(account, cost);
  if (poor === undefined) return prepared;
  if (options.dryRun !== true) throw poor;
  return { ...prepared, warnings: [...warnings, poor.message] };
}

/** The delays that a file says, in seconds. */
function askedDelays({ delays = {} }: Plan): AskedDelay[] {
  const { short = [], ...named } = delays;
  const asked = Object.entries(withoutAbsent(named)) as [keyof typeof named, number][];
  return asked.map(([name, seconds]) => ({ path: `delays.${name}`, seconds, isMeant: short.includes(name) }));
}

/** What an earlier run, or somebody since, has left at the authority though the plan does not say it. */
async function leftoverWarnings(
  { client, plan }: Wanted,
  deployment: KeelDeployment,
  account: Address,
): Promise<string[]> {
  if ((await client.getCode({ address: deployment.authority })) === undefined) return [];
  return (await leftoversIn(client, deployment, accountsOf(plan.roles), account)).map(leftoverWarning);
}

/** What a file of an earlier run says; nothing without one. */
async function draftOf(file: string, account: Address, chainId: number): Promise<Draft | undefined> {
  const draft = await readDraft(file).catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  });
  if (draft === undefined) return undefined;
  const faults: KeelError[] = [];
  if (draft.chainId !== chainId) {
    faults.push(inputError("deployment.chain", `${file}: chainId`, String(chainId), String(draft.chainId)));
  }
  if (draft.deployer !== undefined && draft.deployer.toLowerCase() !== account.toLowerCase()) {
    faults.push(inputError("deployment.deployer", `${file}: deployer`, draft.deployer, account));
  }
  if (faults.length > 0) throw allFaults(faults);
  return draft;
}

/** The plan as the contracts' own deployment takes it. */
function deployOptions({ plan }: Wanted, verifiers: readonly ReadyVerifier[], bySafe: boolean) {
  const { publishers, threshold, maxMarketDelay, sequencer, eas, delays = {} } = plan;
  const roles = Object.entries(withoutAbsent(plan.roles));
  const { grants: grant, targets: target } = delays;
  return withoutAbsent({
    publishers,
    threshold,
    verifiers: verifiers.map(({ circuit, contractName }) => ({ circuit, contractName })),
    strict: true,
    throughProxy: bySafe,
    roles: Object.fromEntries(roles.map(([name, { account }]) => [name, account])),
    executionDelays: {
      // Nobody hands over to a Safe that deploys: what it does as administrator waits from the start.
      ...(bySafe ? { admin: ADMIN_DELAY } : {}),
      ...withoutAbsent(Object.fromEntries(roles.map(([name, one]) => [name, one.executionDelay]))),
    },
    maxMarketDelay,
    marketDelay: delays.market,
    verifierDelay: delays.verifiers,
    policyDelay: delays.policies,
    enrolmentDelay: delays.enrolment,
    restartDelay: delays.restart,
    roleDelays: withoutAbsent({ grant, target }),
    sequencer: sequencer === undefined ? undefined : withoutAbsent(sequencer),
    eas,
  });
}

/** What `--dry-run` says. */
function planned(prepared: Prepared): Outcome {
  const { steps, draft, cost, account, plan, warnings, file } = prepared;
  const there = Object.entries(draft?.steps ?? {}).map(([step, { address }]) => ({ step, address }));
  const rows = steps.map(({ step, gasUsed, address, to }, i) => [
    `${i + 1}`,
    step,
    `${gasUsed} gas`,
    `${formatEther(gasUsed * cost.fee)} ETH`,
    address ?? to ?? "",
  ]);
  const text = [
    `What \`keel deploy\` would do on ${chainName(plan.chainId)} as ${account}; nothing was sent.`,
    there.length === 0
      ? "Nothing is there yet."
      : `There already (${file}):\n${table(there.map((one) => [one.step, one.address]))}`,
    steps.length === 0 ? "Nothing is left to do." : table(rows),
    ...costLines(cost),
    ...warnings.map((warning) => `Warning: ${warning}`),
  ].join("\n\n");
  return { json: { ok: true, dryRun: true, ...costJson(prepared), there, steps: steps.map(stepJson) }, text };
}

function costLines({ gas, fee, wei, balance }: Cost): string[] {
  return [
    `In all ${gas} gas: ${formatEther(wei)} ETH at ${formatGwei(fee)} gwei; the account has ${formatEther(balance)} ETH. Layer-2 chains add what their data costs.`,
  ];
}

function costJson({ plan, account, file, cost, warnings }: Prepared) {
  const { gas, fee, wei, balance } = cost;
  return {
    chainId: plan.chainId,
    account,
    file,
    gas,
    fee,
    cost: wei,
    balance,
    covered: balance >= wei,
    warnings,
  };
}

function stepJson({ step, to, address, gasUsed }: DeployReport) {
  return {
    step,
    ...(to === undefined ? {} : { to }),
    ...(address === undefined ? {} : { address }),
    gas: gasUsed,
  };
}

/** Sends what is left to send. */
async function carriedOut(prepared: Prepared, signer: Signer, context: Context): Promise<Outcome> {
  const { options, plan, file, verifiers, steps } = prepared;
  const { client, wallet } = clientsOf(options.rpc, plan.chainId, signer);
  const sent: DeployReport[] = [];
  const deployment = await deployKeel({
    ...deployOptions(prepared, verifiers, false),
    walletClient: wallet,
    publicClient: client,
    file,
    onStep: (report) => {
      sent.push(report);
      note(context, `${sent.length}/${steps.length} ${report.step}: ${report.hash}, ${report.gasUsed} gas`);
    },
  }).catch((error: unknown) => {
    throw toKeelError(error);
  });
  const verification = await writeExplorerFiles(deployment, sourcesFolder(prepared), context);
  const handOver = await handOverOf(client, deployment, signer.address, plan.roles);
  const acceptances = await writeAcceptances(client, plan.chainId, handOver, file, context);
  const transactions = sent.map(({ hash, ...report }) => ({
    ...stepJson({ hash, ...report }),
    transaction: hash,
  }));
  return {
    json: {
      ok: true,
      ...costJson(prepared),
      deployment,
      steps: transactions,
      verification,
      handOver,
      acceptances,
    },
    text: [
      `Deployed on ${chainName(plan.chainId)}: registry ${deployment.registry}; ${sent.length} transactions sent. ${file} has every address.`,
      table(Object.entries(deployment.steps).map(([step, { address }]) => [step, address])),
      handOverText(handOver),
      ...(acceptances.length === 0 ? [] : [`For the Safe's Transaction Builder: ${acceptances.join(", ")}`]),
      ...(LOCAL_CHAINS.includes(plan.chainId) ? [] : [verificationText(verification)]),
      ...prepared.warnings.map((warning) => `Warning: ${warning}`),
    ].join("\n\n"),
  };
}

/** Writes what is left to do for a Safe's owners; says so when they have done it all. */
async function batched(prepared: Prepared, safe: string, context: Context): Promise<Outcome> {
  const { steps, plan, account, file, deployment } = prepared;
  if (steps.length === 0) {
    await writeDeployment(file, deployment);
    const verification = await writeExplorerFiles(deployment, sourcesFolder(prepared), context);
    const handOver = await handOverOf(prepared.client, deployment, account, plan.roles);
    return {
      json: { ok: true, ...costJson(prepared), deployment, batches: [], verification, handOver },
      text: [
        `The Safe has done everything; wrote ${file}.`,
        handOverText(handOver),
        verificationText(verification),
      ].join("\n\n"),
    };
  }
  // What its owners make later is found from here on, also by a node that forgets.
  const { chainId } = plan;
  await noteBeginning(file, { chainId, deployer: account, fromBlock: deployment.fromBlock });
  const groups = grouped(steps);
  const paths = groups.map((_, i) => (groups.length === 1 ? safe : numbered(safe, i + 1)));
  for (const [i, calls] of groups.entries()) {
    const text = formatSafeBatch({
      chainId: plan.chainId,
      safe: account,
      name: `Keel deployment ${i + 1} of ${groups.length}`,
      description: calls.map(({ step }) => step).join(", "),
      createdAt: context.now(),
      calls: calls.map(({ to, data }) => ({ to: to!, data })),
    });
    await writeText({ path: paths[i]!, text, secret: false }, true, context.signal);
  }
  return {
    json: { ok: true, ...costJson(prepared), batches: paths, steps: steps.map(stepJson), deployment },
    text: [
      `Wrote ${paths.join(", ")}: open them one after the other in the Safe's Transaction Builder and execute them in this order; then run the same command again, which looks at the chain and writes ${file}.`,
      table(steps.map(({ step, gasUsed, address, to }) => [step, `${gasUsed} gas`, address ?? to ?? ""])),
      ...costLines(prepared.cost),
    ].join("\n\n"),
  };
}

/** In order, each group within one transaction's gas. */
function grouped(steps: readonly DeployReport[]): DeployReport[][] {
  const groups: DeployReport[][] = [];
  let gas = BATCH_GAS;
  for (const step of steps) {
    if (gas + step.gasUsed > BATCH_GAS) {
      groups.push([]);
      gas = 0n;
    }
    groups.at(-1)!.push(step);
    gas += step.gasUsed;
  }
  return groups;
}

const numbered = (path: string, number: number): string => path.replace(/(\.json)?$/, `-${number}$1`);

const sourcesFolder = ({ options, file }: Prepared): string =>
  options.sources ?? file.replace(/(\.json)?$/, ".sources");

function verificationText(verification: readonly Verification[]): string {
  const commands = verification.map(({ command }) => command).join("\n");
  return `Show the sources on Sourcify (explorers take the .json files beside as standard JSON input):\n${commands}`;
}

/** The same without keys that have no value. */
function withoutAbsent<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
