// SPDX-License-Identifier: MIT
/**
 * Transactions of a deployment, each remembered before it is sent: whoever goes on after a crash finds it again by its hash or
 * sends the very same bytes once more, and a step is never paid for twice.
 *
 * @module
 */

import { LOCAL_CHAINS } from "@keel/verifier";
import { KeelError } from "@keel/verifier/errors";
import {
  type Account,
  type Address,
  type Chain,
  type Hex,
  keccak256,
  type PublicClient,
  type TransactionReceipt,
  type Transport,
  type WalletClient,
} from "viem";

/** A client that signs. */
export type Wallet = WalletClient<Transport, Chain, Account>;

/** Who sends, and through which node. */
export interface Clients {
  readonly walletClient: Wallet;
  readonly publicClient: PublicClient;
}

/** A transaction that was signed and may have been sent. */
export interface Pending {
  /** What it is of, such as a contract's name. */
  readonly step: string;
  /** Of a creation: what the contract is made from. */
  readonly recipe?: Hex;
  /** Where a creation puts its contract, when that is not for the receipt to say. */
  readonly address?: Address;
  readonly from: Address;
  readonly nonce: number;
  readonly hash: Hex;
  /** Signed, as it goes to a node. */
  readonly raw: Hex;
}

/** What a transaction does. */
export interface Work extends Pick<Pending, "step" | "recipe" | "address"> {
  /** Absent for a creation. */
  readonly to?: Address;
  readonly data: Hex;
  /** What it may use; as the node estimates when absent. */
  readonly gas?: bigint;
}

/** Remembers the one transaction that is on its way. */
export type Remember = (pending: Pending | undefined) => Promise<void>;

/** How long a transaction may wait for its block. */
const PATIENCE_MS = 30 * 60_000;
/** After so many blocks nothing goes, where a chain does not say what is final. */
const FINAL_DEPTH = 64n;

/**
 * Signs, remembers, sends, and waits until the transaction is mined. What was remembered is left for the caller to forget,
 * together with what came of it.
 *
 * @throws KeelError kind `environment`, code `deploy.reverted`, `deploy.unmined`
 */
export async function sendRemembered(
  { walletClient, publicClient }: Clients,
  work: Work,
  remember: Remember,
): Promise<TransactionReceipt> {
  const { step, to, data, gas } = work;
  const request = { data, ...(to === undefined ? {} : { to }), ...(gas === undefined ? {} : { gas }) };
  // Only what is signed here has a hash before it is sent.
  if (walletClient.account.type !== "local") {
    return await mined(publicClient, await walletClient.sendTransaction(request), step);
  }
  const prepared = await walletClient.prepareTransactionRequest(request);
  const raw = await walletClient.signTransaction(prepared as Parameters<Wallet["signTransaction"]>[0]);
  const hash = keccak256(raw);
  const from = walletClient.account.address;
  await remember({ ...kept(work), from, nonce: prepared.nonce, hash, raw });
  await walletClient.sendRawTransaction({ serializedTransaction: raw });
  return await mined(publicClient, hash, step);
}

/**
 * Ends what an earlier run left on its way: its receipt, waiting for it and sending it again where that is needed. Nothing
 * when it came to nothing: it reverted, or can never be mined since another transaction took its number for good.
 *
 * @throws KeelError as {@link sendRemembered}; `deploy.chain` for a node of another chain; `deploy.nonce` when an earlier
 * transaction of the account is missing, or another one has its number in a block that may still go
 */
export async function settlePending(
  client: PublicClient,
  pending: Pending,
  chainId: number,
): Promise<TransactionReceipt | undefined> {
  const { hash, step, from, nonce, raw } = pending;
  const answering = await client.getChainId();
  if (answering !== chainId) throw refusal("deploy.chain", step, `chain ${chainId}`, `chain ${answering}`);
  const receipt = await receiptOf(client, hash);
  if (receipt !== undefined) return receipt.status === "success" ? receipt : undefined;
  const next = await client.getTransactionCount({ address: from });
  if (next > nonce) return await settleTaken(client, pending, chainId);
  if (next < nonce) {
    // A local chain was started over, and nothing of before can come back.
    if (LOCAL_CHAINS.includes(chainId)) return undefined;
    const received = `${next}: the node lags behind, or is of another chain`;
    throw refusal("deploy.nonce", step, `${from} to be at transaction ${nonce}`, received);
  }
  await resend(client, hash, raw);
  return await mined(client, hash, step);
}

/** A transaction with that number is mined: this one, in a block that came between two questions, or another for good. */
async function settleTaken(
  client: PublicClient,
  { hash, step, from, nonce }: Pending,
  chainId: number,
): Promise<TransactionReceipt | undefined> {
  const receipt = await receiptOf(client, hash);
  if (receipt !== undefined) return receipt.status === "success" ? receipt : undefined;
  if (LOCAL_CHAINS.includes(chainId) || (await finalCount(client, from)) > nonce) return undefined;
  const received =
    "another one in a block that is not final, or a node that lags behind: run again in half an hour";
  throw refusal("deploy.nonce", step, `the receipt of transaction ${nonce} of ${from}`, received);
}

/** How many transactions of an account are in blocks that stay. */
async function finalCount(client: PublicClient, address: Address): Promise<number> {
  const latest = await client.getBlockNumber();
  const blockNumber = latest > FINAL_DEPTH ? latest - FINAL_DEPTH : 0n;
  return await client
    .getTransactionCount({ address, blockTag: "finalized" })
    .catch(() => client.getTransactionCount({ address, blockNumber }));
}

async function receiptOf(client: PublicClient, hash: Hex): Promise<TransactionReceipt | undefined> {
  return await client.getTransactionReceipt({ hash }).catch((error: Error) => {
    if (error.name !== "TransactionReceiptNotFoundError") throw error;
    return undefined;
  });
}

function refusal(code: string, path: string, expected: string, received: string): KeelError {
  return new KeelError({ kind: "environment", code, path, expected, received });
}

/** The same bytes again change nothing where they have arrived before. */
async function resend(client: PublicClient, hash: Hex, raw: Hex): Promise<void> {
  try {
    await client.sendRawTransaction({ serializedTransaction: raw });
  } catch (error) {
    const known = await client.getTransaction({ hash }).catch(() => undefined);
    if (known === undefined) throw error;
  }
}

async function mined(client: PublicClient, hash: Hex, step: string): Promise<TransactionReceipt> {
  const receipt = await client
    .waitForTransactionReceipt({ hash, timeout: PATIENCE_MS, pollingInterval: client.pollingInterval })
    .catch((error: Error) => {
      if (error.name !== "WaitForTransactionReceiptTimeoutError") throw error;
      const expected = "the transaction in a block within half an hour";
      throw refusal("deploy.unmined", step, expected, `${hash} still waits`);
    });
  // A wallet's replacement has another hash, and does something else.
  if (receipt.transactionHash !== hash) {
    throw refusal(
      "deploy.replaced",
      step,
      `transaction ${hash}`,
      `${receipt.transactionHash} with its number`,
    );
  }
  return succeeded(receipt, step);
}

function succeeded(receipt: TransactionReceipt, step: string): TransactionReceipt {
  if (receipt.status === "success") return receipt;
  const received = `${receipt.transactionHash} reverted`;
  throw refusal("deploy.reverted", step, "the transaction to succeed", received);
}

function kept({ step, recipe, address }: Work): Pick<Pending, "step" | "recipe" | "address"> {
  return {
    step,
    ...(recipe === undefined ? {} : { recipe }),
    ...(address === undefined ? {} : { address }),
  };
}
