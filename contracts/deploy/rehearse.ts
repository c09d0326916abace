// SPDX-License-Identifier: MIT
/**
 * A deployment on a copy of the chain, before anything is paid: every step is carried out there as it will be, with the state
 * that the chain has now, so that what would fail fails here, and each step's gas is known.
 *
 * @module
 */

import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toKeelError } from "@keel/verifier/chain";
import { KeelError } from "@keel/verifier/errors";
import {
  type Address,
  createPublicClient,
  createTestClient,
  createWalletClient,
  defineChain,
  http,
  type PublicClient,
  parseEther,
} from "viem";
import { type LocalChain, startLocalChain } from "./chain.js";
import { type DeployOptions, type DeployReport, deployKeel, type KeelDeployment } from "./deploy.js";
import type { Wallet } from "./send.js";

/** More than any deployment costs: what the account really has is asked where it counts. */
const RICH = parseEther("1000000");
const POLLING_MS = 20;

/** What is rehearsed: a deployment, without a key. */
export interface Rehearsal extends Omit<DeployOptions, "walletClient" | "publicClient" | "onStep"> {
  /** The node of the chain that is copied. */
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly block: bigint;
  /** Who will deploy; a contract may. */
  readonly account: Address;
}

/** How a deployment would go. */
export interface Rehearsed {
  /** Transactions that are still to be sent, in order. */
  readonly steps: readonly DeployReport[];
  readonly deployment: KeelDeployment;
}

/**
 * Deploys on a copy of the chain.
 *
 * @throws KeelError `deploy.rehearsal` for what the chain would refuse; whatever {@link deployKeel} and `startLocalChain` throw
 */
export async function rehearseDeployment(rehearsal: Rehearsal): Promise<Rehearsed> {
  const { rpcUrl, chainId, block, account, file, ...options } = rehearsal;
  const folder = await mkdtemp(join(tmpdir(), "keel-rehearsal-"));
  let copy: LocalChain | undefined;
  const steps: DeployReport[] = [];
  try {
    copy = await startLocalChain({ chainId, fork: { rpcUrl, block } });
    const draft = file === undefined ? undefined : await copyOf(file, folder);
    const deployment = await deployKeel({
      ...options,
      ...(await clientsOf(copy, account)),
      ...(draft === undefined ? {} : { file: draft }),
      onStep: (step) => void steps.push(step),
    });
    return { steps, deployment };
  } catch (error) {
    throw refusal(error, steps.at(-1)?.step);
  } finally {
    await copy?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the file says stays as it is: a rehearsal changes nothing. */
async function copyOf(file: string, folder: string): Promise<string> {
  const copy = join(folder, "deployment.json");
  await copyFile(file, copy).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  return copy;
}

async function clientsOf(
  { rpcUrl, chainId }: LocalChain,
  account: Address,
): Promise<{ readonly walletClient: Wallet; readonly publicClient: PublicClient }> {
  const chain = defineChain({
    id: chainId,
    name: "copy",
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
  const transport = http(rpcUrl, { retryCount: 0, timeout: 600_000 });
  const clientOptions = { chain, transport, pollingInterval: POLLING_MS, cacheTime: 0 };
  const test = createTestClient({ ...clientOptions, mode: "hardhat" });
  await test.impersonateAccount({ address: account });
  await test.setBalance({ address: account, value: RICH });
  return {
    publicClient: createPublicClient(clientOptions) as PublicClient,
    walletClient: createWalletClient({ ...clientOptions, account }),
  };
}

function refusal(error: unknown, last: string | undefined): KeelError {
  if (error instanceof KeelError) return error;
  const { code, received, expected } = toKeelError(error);
  const where = last === undefined ? "the first step" : `the step after ${last}`;
  return new KeelError(
    {
      kind: "environment",
      code: "deploy.rehearsal",
      path: where,
      expected: expected ?? "every step to succeed on a copy of the chain",
      received: [code, received].filter((part) => part !== undefined).join(": "),
    },
    { cause: error },
  );
}
