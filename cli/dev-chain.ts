// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A local chain with Keel on it, for rehearsals: `keel dev` and `npm run app` stand on this. Delays are those of a real deployment,
 * since time can be moved.
 *
 * @module
 */

import {
  deployKeel,
  type KeelDeployment,
  type LocalChain,
  localAccounts,
  startLocalChain,
} from "@keel/contracts";
import { KeelError } from "@keel/verifier/errors";
import { privateKeyToAccount } from "viem/accounts";
import { clientsOf } from "./chain.js";
import type { ReadyVerifier } from "./deploy-verifiers.js";
import {
  type DevState,
  devControls,
  devStateFile,
  removeDevState,
  runningDev,
  writeDevState,
} from "./dev-state.js";

/** Who does what among the well-known accounts. */
export const DEV_CAST = { deployer: 0, publishers: [5, 6, 7] } as const;
/** How many publishers sign a table. */
export const DEV_THRESHOLD = 2;

const USUAL_PORT = 8545;
/** A chain whose blocks come now and then has a clock that goes on. */
const BLOCK_SECONDS = 5;

export interface DevChainOptions {
  readonly verifiers: readonly ReadyVerifier[];
  /** 8545 when absent, or any free one when that is taken, as with 0. */
  readonly port?: number;
  /** Where others find it; in the cache when absent, nowhere when false. */
  readonly stateFile?: string | false;
}

/** A running local chain with a deployment. */
export interface DevChain {
  readonly chain: LocalChain;
  readonly deployment: KeelDeployment;
  /** The present becomes what `keel dev reset` comes back to. */
  mark(): Promise<void>;
  /** Ends it; its state is gone. */
  stop(): Promise<void>;
}

/**
 * Starts a chain and deploys on it.
 *
 * @throws KeelError `dev.running` when one runs already; `chain.start`
 */
export async function openDevChain(options: DevChainOptions): Promise<DevChain> {
  const { stateFile: file = devStateFile() } = options;
  if (file !== false) await refuseSecond(file);
  const chain = await startOn(options.port);
  try {
    const deployment = await deployOn(chain, options);
    const controls = devControls({ rpc: chain.rpcUrl });
    await controls.setIntervalMining({ interval: BLOCK_SECONDS });
    const mark = async (): Promise<void> => {
      if (file === false) return;
      const { chainId, rpcUrl: rpc } = chain;
      const { registry, fromBlock } = deployment;
      const snapshot = await controls.snapshot();
      await writeDevState(file, { pid: process.pid, rpc, chainId, registry, fromBlock, snapshot });
    };
    await mark();
    const stop = async (): Promise<void> => {
      if (file !== false) await removeDevState(file);
      await chain.stop();
    };
    return { chain, deployment, mark, stop };
  } catch (error) {
    await chain.stop();
    throw error;
  }
}

/**
 * Refuses a second chain beside the one that a file names.
 *
 * @throws KeelError `dev.running`
 */
export async function refuseSecond(file: string = devStateFile()): Promise<void> {
  const running = await runningDev(file);
  if (running !== undefined) throw alreadyRunning(running);
}

async function startOn(port: number | undefined): Promise<LocalChain> {
  if (port !== undefined) return await startLocalChain({ port });
  return await startLocalChain({ port: USUAL_PORT }).catch(() => startLocalChain());
}

async function deployOn(
  { rpcUrl, chainId }: LocalChain,
  { verifiers }: DevChainOptions,
): Promise<KeelDeployment> {
  const accounts = localAccounts();
  const deployer = privateKeyToAccount(accounts[DEV_CAST.deployer]!.privateKey);
  const { client, wallet } = clientsOf(rpcUrl, chainId, deployer);
  return await deployKeel({
    walletClient: wallet,
    publicClient: client,
    publishers: DEV_CAST.publishers.map((i) => accounts[i]!.address),
    threshold: DEV_THRESHOLD,
    verifiers: verifiers.map(({ circuit, contractName }) => ({ circuit, contractName })),
  });
}

function alreadyRunning({ pid, rpc, registry }: DevState): KeelError {
  return new KeelError({
    kind: "environment",
    code: "dev.running",
    path: "keel dev",
    expected: "no local chain of this user (end it with Ctrl-C where it runs, or use it)",
    received: `process ${pid} at ${rpc}, registry ${registry}`,
  });
}
