// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel dev`: a local chain on which everything can be rehearsed, weeks included.
 *
 * @module
 */

import { CIRCUITS, parsePolicy } from "@keel/verifier";
import { inputError, KeelError } from "@keel/verifier/errors";
import { table, utc } from "@keel/verifier/text";
import { createPublicClient, type Hex, http } from "viem";
import type { Context, Outcome } from "../context.js";
import { note } from "../context.js";
import { builtCircuits, readyVerifiers } from "../deploy-verifiers.js";
import { DEV_CAST, DEV_THRESHOLD, type DevChain, openDevChain, refuseSecond } from "../dev-chain.js";
import { type DevState, devControls, devStateFile, requireDev, writeDevState } from "../dev-state.js";
import { usageError } from "../errors.js";
import { readText } from "../files.js";

export interface DevOptions {
  /** Where the running chain is noted. */
  readonly state?: string;
}

export interface DevStartOptions extends DevOptions {
  /** Policies whose circuits are needed. */
  readonly policy?: readonly string[];
  /** Every circuit that is built. */
  readonly all?: true;
  readonly port?: number;
  readonly json?: true;
}

const SPANS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 7 * 86_400 };
const LONG_MS = 2 ** 30;
const LATEST_TIME = 2 ** 40 - 1;

/** Starts the chain and keeps it until it is interrupted. */
export async function devStart(options: DevStartOptions, context: Context): Promise<Outcome> {
  await refuseSecond(options.state);
  const circuits = await circuitsOf(options, context);
  const verifiers = await readyVerifiers(
    circuits.map((circuit) => ({ circuit })),
    context,
  );
  const { port, state } = options;
  const dev = await openDevChain({
    verifiers,
    ...(port === undefined ? {} : { port }),
    ...(state === undefined ? {} : { stateFile: state }),
  });
  try {
    const { json, text } = described(dev, circuits);
    context.writeOut(options.json === true ? `${JSON.stringify(json)}\n` : `${text}\n`);
    await aborted(context.signal);
  } finally {
    await dev.stop();
  }
  return { json: { kind: "end" }, text: "The chain has ended.", streamed: true };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  // The chain is a process of its own and keeps nobody alive.
  const alive = setInterval(() => {}, LONG_MS);
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  clearInterval(alive);
}

/** Circuits of policies, or of everything that is built; the smallest one when nothing is. */
async function circuitsOf({ policy = [], all }: DevStartOptions, context: Context): Promise<string[]> {
  if (all && policy.length > 0) throw usageError("one of --policy and --all", "both");
  const needed = new Set<string>();
  for (const [i, file] of policy.entries()) {
    const name = policy.length === 1 ? "policy" : `policy[${i}]`;
    const { circuit, tail, liquidity, disclosure } = parsePolicy(await readText(file, name, context));
    needed.add(circuit.id);
    if (tail !== undefined) needed.add(tail.circuit.id);
    if (liquidity !== undefined) needed.add(liquidity.circuit.id);
    if (disclosure !== undefined) needed.add(disclosure.circuit.id);
  }
  if (needed.size > 0) return [...needed];
  const built = await builtCircuits();
  return CIRCUITS.some(({ id }) => built.includes(id)) ? built : [CIRCUITS[0]!.id, ...built];
}

function described({ chain, deployment }: DevChain, circuits: readonly string[]) {
  const { rpcUrl: rpc, chainId, accounts } = chain;
  const { registry, fromBlock, verifiers } = deployment;
  const publishers = DEV_CAST.publishers.map((i) => accounts[i]!.address);
  const json = {
    kind: "start",
    rpc,
    chainId,
    registry,
    fromBlock,
    circuits,
    deployer: accounts[DEV_CAST.deployer]!.address,
    publishers,
    threshold: DEV_THRESHOLD,
    accounts: accounts.map(({ address }, i) => ({ account: i, address })),
  };
  const rows = [
    ["RPC", `${rpc} (chain ${chainId})`],
    ["registry", registry],
    ["circuits", verifiers.map(({ circuit }) => circuit).join(", ")],
    ["administrator", `--account ${DEV_CAST.deployer}, with every role`],
    ["publishers", `--account ${DEV_CAST.publishers.join(", ")}; ${DEV_THRESHOLD} of them sign`],
  ];
  const list = accounts.map(({ address }, i) => [`--account ${i}`, address]);
  const text = [
    "A local chain with Keel on it; everybody has its keys, and nothing on it is worth anything.",
    table(rows),
    table(list),
    "`keel dev time +7d` moves its clock, `keel dev reset` takes it back to this moment, Ctrl-C ends it.",
  ].join("\n\n");
  return { json, text };
}

/** Moves the running chain's clock: `+7d`, `+3h`, or to a time. It never goes back. */
export async function devTime(to: string, options: DevOptions, context: Context): Promise<Outcome> {
  const state = await requireDev(options.state ?? devStateFile());
  const before = await blockTime(state);
  const target = targetTime(to, before);
  if (target <= before)
    throw inputError("dev.time", "time", `a time after the chain's, ${utc(before)}`, utc(target));
  const controls = devControls(state);
  await controls.setNextBlockTimestamp({ timestamp: BigInt(target) });
  await controls.mine({ blocks: 1 });
  const now = await blockTime(state);
  note(context, `the chain's clock stood at ${utc(before)}`);
  return { json: { ok: true, before, now }, text: `The chain's time is ${utc(now)} (${now}).` };
}

function targetTime(text: string, before: number): number {
  const [, count, unit] = /^\+([1-9][0-9]{0,8})([smhdw])$/.exec(text) ?? [];
  const seconds = /^[1-9][0-9]{0,12}$/.test(text) ? Number(text) : Math.floor(Date.parse(text) / 1000);
  const target = count === undefined ? seconds : before + Number(count) * SPANS[unit!]!;
  if (target <= LATEST_TIME) return target;
  throw usageError(
    "+7d, +3h, +30m, unix seconds, or a time such as 2026-07-01T12:00:00Z",
    "other text",
    "time",
  );
}

/** Takes the running chain back to what it was when it was ready. */
export async function devReset(options: DevOptions): Promise<Outcome> {
  const file = options.state ?? devStateFile();
  const state = await requireDev(file);
  const controls = devControls(state);
  const isBack: unknown = await controls.request({ method: "evm_revert", params: [state.snapshot as Hex] });
  if (isBack !== true) throw lost(state);
  // A node gives a snapshot back once only.
  await writeDevState(file, { ...state, snapshot: await controls.snapshot() });
  const now = await blockTime(state);
  return {
    json: { ok: true, registry: state.registry, now },
    text: `The chain is as it began: registry ${state.registry}, ${utc(now)}. Attestations, enrolments and states of since then count no more.`,
  };
}

function lost({ rpc }: DevState): KeelError {
  return new KeelError({
    kind: "environment",
    code: "dev.reset",
    path: rpc,
    expected: "a node that remembers its beginning (else start it again)",
    received: "one that does not",
  });
}

async function blockTime({ rpc }: DevState): Promise<number> {
  const { timestamp } = await createPublicClient({ transport: http(rpc, { retryCount: 0 }) }).getBlock();
  return Number(timestamp);
}
