// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The local chain of the demo: clients, time, and transactions that are sent although they will be refused.
 *
 * @module
 */

import { type LocalChain, startLocalChain } from "@keel/contracts";
import { KeelError } from "@keel/verifier";
import { toKeelError, type Wallet } from "@keel/verifier/chain";
import {
  type Abi,
  type Address,
  createPublicClient,
  createTestClient,
  createWalletClient,
  decodeErrorResult,
  defineChain,
  encodeFunctionData,
  type Hex,
  http,
  isHex,
  keccak256,
  type PublicClient,
  type TestClient,
} from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import type { GasMeter } from "./teller.js";

/** A running chain with everything to drive it. */
export interface Stage {
  readonly chain: LocalChain;
  readonly client: PublicClient;
  readonly test: TestClient<"hardhat">;
  readonly accounts: readonly PrivateKeyAccount[];
  readonly wallets: readonly Wallet[];
}

/** Enough for any call of the demo: sent instead of an estimate, which a call that reverts does not have. */
const GAS_LIMIT = 3_000_000n;

/** Starts a chain, or takes one that runs. */
export async function openStage(running?: LocalChain): Promise<Stage> {
  const chain = running ?? (await startLocalChain());
  const options = {
    chain: defineChain({
      id: chain.chainId,
      name: "local",
      nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
      rpcUrls: { default: { http: [chain.rpcUrl] } },
    }),
    // The node answers a revert as an internal error, which would be tried again.
    transport: http(chain.rpcUrl, { retryCount: 0, fetchFn: fetchAgain }),
    pollingInterval: 20,
    cacheTime: 0,
  };
  const accounts = chain.accounts.map(({ privateKey }) => privateKeyToAccount(privateKey));
  return {
    chain,
    client: createPublicClient(options) as PublicClient,
    test: createTestClient({ ...options, mode: "hardhat" }) as TestClient<"hardhat">,
    accounts,
    wallets: accounts.map((account) => createWalletClient({ ...options, account })),
  };
}

/**
 * A node closes connections on which nothing came for seconds, as while a compiler runs here. A request that met such an end never
 * arrived: it is sent once more.
 */
async function fetchAgain(...request: Parameters<typeof fetch>): Promise<Response> {
  return await fetch(...request).catch((error: Error) => {
    const { code } = (error.cause ?? {}) as { readonly code?: string };
    if (code !== "UND_ERR_SOCKET" && code !== "ECONNRESET") throw error;
    return fetch(...request);
  });
}

/** Counts the gas of all transactions since the chain started. */
export function gasMeter({ client }: Stage): GasMeter {
  let counted = 0n;
  let total = 0n;
  return async () => {
    const latest = await client.getBlockNumber();
    while (counted < latest) {
      counted += 1n;
      total += (await client.getBlock({ blockNumber: counted })).gasUsed;
    }
    return total;
  };
}

/** Time of the latest block, unix seconds. */
export async function chainTime({ client }: Stage): Promise<number> {
  return Number((await client.getBlock()).timestamp);
}

/** A transaction that has to succeed. */
export async function transact({ client }: Stage, wallet: Wallet, call: Call): Promise<void> {
  const hash = await wallet.writeContract({ ...call, abi: call.abi as Abi });
  const { status } = await client.waitForTransactionReceipt({ hash });
  if (status === "success") return;
  throw new KeelError({
    kind: "environment",
    code: "demo.transaction",
    path: call.functionName,
    expected: "success",
    received: status,
  });
}

/** A contract call that changes something. */
export interface Call {
  readonly address: Address;
  readonly abi: readonly unknown[];
  readonly functionName: string;
  readonly args: readonly unknown[];
}

/** Lets time pass on the chain. */
export async function passTime({ test }: Stage, seconds: number): Promise<void> {
  await test.increaseTime({ seconds });
  await test.mine({ blocks: 1 });
}

/** Goes on to a time and mines a block there. */
export async function goTo({ test }: Stage, seconds: number): Promise<void> {
  await test.setNextBlockTimestamp({ timestamp: BigInt(seconds) });
  await test.mine({ blocks: 1 });
}

/**
 * Sends a transaction that has to be refused, without asking first whether it would be: it is mined, and reverts.
 *
 * @returns the name of the contract's error
 * @throws KeelError when the transaction succeeds or another error refuses it
 */
export async function sendRefused(
  stage: Stage,
  wallet: Wallet,
  call: RawCall,
  expected: string,
): Promise<string> {
  return await refusedBy(stage, wallet, call, expected, registryError);
}

/**
 * The same for any contract.
 *
 * @param errors of every contract that may refuse, also behind the one that is called
 * @returns the error's name, or the words of a contract that reverts with words
 */
export async function callRefused(
  stage: Stage,
  wallet: Wallet,
  { address, abi, functionName, args }: Call,
  expected: string,
  errors: Abi = abi as Abi,
): Promise<string> {
  const data = encodeFunctionData({ abi: abi as Abi, functionName, args });
  return await refusedBy(stage, wallet, { to: address, data }, expected, (error) => nameOf(error, errors));
}

/** A call as it is sent. */
interface RawCall {
  readonly to: Address;
  readonly data: Hex;
}

async function refusedBy(
  { client }: Stage,
  wallet: Wallet,
  call: RawCall,
  expected: string,
  nameOfError: (error: unknown) => string,
): Promise<string> {
  const request = await wallet.prepareTransactionRequest({ ...call, gas: GAS_LIMIT });
  const serializedTransaction = await wallet.signTransaction(request);
  // Hardhat mines the transaction and then answers with its revert; the receipt tells what counts.
  await client.sendRawTransaction({ serializedTransaction }).catch(() => {});
  const receipt = await client.getTransactionReceipt({ hash: keccak256(serializedTransaction) });
  const received =
    receipt.status === "success"
      ? "a transaction that succeeded"
      : await revertName(client, wallet, call, receipt.blockNumber, nameOfError);
  if (received === expected) return received;
  throw new KeelError({ kind: "proof", code: "demo.refusal", path: "transaction", expected, received });
}

async function revertName(
  client: PublicClient,
  wallet: Wallet,
  call: RawCall,
  blockNumber: bigint,
  nameOfError: (error: unknown) => string,
): Promise<string> {
  try {
    await client.call({ ...call, account: wallet.account, blockNumber });
    return "no error when called again";
  } catch (error) {
    return nameOfError(error);
  }
}

function registryError(error: unknown): string {
  const name = toKeelError(error).code.replace(/^registry\./, "");
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function nameOf(error: unknown, abi: Abi): string {
  const data = revertData(error);
  if (data === undefined) throw error;
  const { errorName, args } = decodeErrorResult({ abi, data });
  return errorName === "Error" ? String(args?.[0]) : errorName;
}

/** What a contract reverted with. Nodes put it at different depths. */
function revertData(error: unknown): Hex | undefined {
  for (let cause = error; typeof cause === "object" && cause !== null; ) {
    const { data, cause: next } = cause as { readonly data?: unknown; readonly cause?: unknown };
    const found = typeof data === "object" && data !== null ? (data as { data?: unknown }).data : data;
    if (isHex(found)) return found;
    cause = next;
  }
  return undefined;
}
