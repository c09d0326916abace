// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A registry and a sender, from options. The sender's key comes from a file or the environment, never from an argument,
 * and is never shown; nor is the node's URL, which may hold an access key.
 *
 * @module
 */

import { localAccounts } from "@keel/contracts";
import { hostedNode } from "@keel/prover/chain";
import { LOCAL_CHAINS } from "@keel/verifier";
import { connectRegistry, type Registry, type Wallet } from "@keel/verifier/chain";
import { inputError } from "@keel/verifier/errors";
import { createPublicClient, createWalletClient, defineChain, http, type PublicClient } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import type { Context } from "./context.js";
import { usageError } from "./errors.js";
import { readSecret } from "./files.js";

export interface RegistryOptions {
  readonly rpc: string;
  readonly registry: `0x${string}`;
}

/** Whose key signs. */
export interface KeyOptions {
  readonly keyFile?: string;
  readonly account?: number;
}

export interface SenderOptions extends RegistryOptions, KeyOptions {
  /** In how many blocks a transaction has to stand, its own included. */
  readonly confirmations?: number;
}

/** A registry, and an account that can sign and send. */
export interface Connection {
  readonly registry: Registry;
  readonly account: PrivateKeyAccount;
  readonly wallet: Wallet;
}

const LOCAL_POLLING_MS = 50;
/** Elsewhere than on a local chain the newest block is replaced now and then, the one before it hardly ever. */
const CONFIRMATIONS = 2;

/**
 * Connects to a registry.
 *
 * @throws KeelError kind "environment"
 */
export async function connect({ rpc, registry }: RegistryOptions): Promise<Registry> {
  return await connectRegistry(createPublicClient({ transport: hostedNode(rpc) }) as PublicClient, registry);
}

/**
 * Connects to a registry as the sender that the options or the environment name.
 *
 * @throws KeelError `usage`, `sender.key`, `sender.account`; kind "environment" for the chain
 */
export async function connectSender(options: SenderOptions, context: Context): Promise<Connection> {
  const { chainId } = await connect(options);
  const account = await senderOf(options, chainId, context);
  const chain = defineChain({
    id: chainId,
    name: `chain ${chainId}`,
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [options.rpc] } },
  });
  // A local node answers at once, and answers a revert as an internal error, which would be tried again and again.
  const clientOptions = LOCAL_CHAINS.includes(chainId)
    ? { chain, transport: http(options.rpc, { retryCount: 0 }), pollingInterval: LOCAL_POLLING_MS }
    : { chain, transport: http(options.rpc) };
  const client = createPublicClient(clientOptions) as PublicClient;
  const confirmations = options.confirmations ?? (LOCAL_CHAINS.includes(chainId) ? 1 : CONFIRMATIONS);
  return {
    registry: { ...(await connectRegistry(client, options.registry)), confirmations },
    account,
    wallet: createWalletClient({ ...clientOptions, account }),
  };
}

/**
 * The account whose key the options or the environment give.
 *
 * @param chainId the chain on which it counts: a well-known account is for local test chains only; absent for what is bound to
 * no chain
 * @throws KeelError `usage`, `sender.key`, `sender.account`
 */
export async function senderOf(
  { keyFile, account }: KeyOptions,
  chainId: number | undefined,
  context: Context,
): Promise<PrivateKeyAccount> {
  if (account !== undefined && keyFile !== undefined) {
    throw usageError("one of --account and --key-file", "both");
  }
  if (account !== undefined) {
    if (chainId !== undefined && !LOCAL_CHAINS.includes(chainId)) {
      throw inputError("sender.account", "--account", "a local test chain", `chain ${chainId}`);
    }
    return privateKeyToAccount(localAccounts()[account]!.privateKey);
  }
  if (keyFile !== undefined) return accountOf(await readSecret(keyFile, "key-file", context), "--key-file");
  const { KEEL_PRIVATE_KEY } = context.env;
  if (KEEL_PRIVATE_KEY !== undefined) return accountOf(KEEL_PRIVATE_KEY, "KEEL_PRIVATE_KEY");
  throw usageError("a sender: --key-file, the variable KEEL_PRIVATE_KEY, or --account", "none");
}

function accountOf(text: string, path: string): PrivateKeyAccount {
  const key = text.trim();
  const refused = () =>
    inputError("sender.key", path, "0x and 64 hexadecimal digits, a private key", "other text");
  if (!/^0x[0-9a-fA-F]{64}$/.test(key)) throw refused();
  try {
    return privateKeyToAccount(key as `0x${string}`);
  } catch {
    // Zero or beyond the curve's order; the library's message would show it.
    throw refused();
  }
}
