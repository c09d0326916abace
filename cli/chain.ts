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
import {
  createPublicClient,
  createWalletClient,
  defineChain,
  http,
  type LocalAccount,
  type PublicClient,
} from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import type { Context } from "./context.js";
import { usageError } from "./errors.js";
import { readSecret } from "./files.js";
import { keystoreAccount } from "./keystore.js";

export interface RegistryOptions {
  readonly rpc: string;
  readonly registry: `0x${string}`;
}

/** Whose key signs. */
export interface KeyOptions {
  readonly keyFile?: string;
  readonly account?: number;
  /** An encrypted key, and the file with its password. */
  readonly keystore?: string;
  readonly passwordFile?: string;
  /** Derivation path on a Ledger device. */
  readonly ledger?: string;
}

export interface SenderOptions extends RegistryOptions, KeyOptions {
  /** In how many blocks a transaction has to stand, its own included. */
  readonly confirmations?: number;
}

/** An account whose key is at hand: it signs transactions and typed data. */
export type Signer = LocalAccount;

/** A registry, and an account that can sign and send. */
export interface Connection {
  readonly registry: Registry;
  readonly account: Signer;
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
  const { client, wallet } = clientsOf(options.rpc, chainId, account);
  const confirmations = options.confirmations ?? (LOCAL_CHAINS.includes(chainId) ? 1 : CONFIRMATIONS);
  return {
    registry: { ...(await connectRegistry(client, options.registry)), confirmations },
    account,
    wallet,
  };
}

/** Clients of a node, one of which signs. */
export function clientsOf(
  rpc: string,
  chainId: number,
  account: Signer,
): { readonly client: PublicClient; readonly wallet: Wallet } {
  const chain = defineChain({
    id: chainId,
    name: `chain ${chainId}`,
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [rpc] } },
  });
  // A local node answers at once, and answers a revert as an internal error, which would be tried again and again.
  const isNear = LOCAL_CHAINS.includes(chainId) || /^(localhost|127\.|\[::1\])/.test(new URL(rpc).hostname);
  const clientOptions = isNear
    ? { chain, transport: http(rpc, { retryCount: 0 }), pollingInterval: LOCAL_POLLING_MS }
    : { chain, transport: http(rpc) };
  return {
    client: createPublicClient(clientOptions) as PublicClient,
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
  options: KeyOptions,
  chainId: number | undefined,
  context: Context,
): Promise<Signer> {
  const { keyFile, account, keystore, ledger } = options;
  const given = { "--account": account, "--key-file": keyFile, "--keystore": keystore, "--ledger": ledger };
  const names = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (names.length > 1) throw usageError(`one of ${Object.keys(given).join(", ")}`, names.join(" and "));
  if (account !== undefined) {
    if (chainId !== undefined && !LOCAL_CHAINS.includes(chainId)) {
      throw inputError("sender.account", "--account", "a local test chain", `chain ${chainId}`);
    }
    return privateKeyToAccount(localAccounts()[account]!.privateKey);
  }
  if (keyFile !== undefined) return accountOf(await readSecret(keyFile, "key-file", context), "--key-file");
  if (keystore !== undefined) return await keystoreAccount({ ...options, keystore }, context);
  // Loaded here: few have a device.
  if (ledger !== undefined) return await (await import("./ledger.js")).ledgerAccount(ledger);
  const { KEEL_PRIVATE_KEY } = context.env;
  if (KEEL_PRIVATE_KEY !== undefined) return accountOf(KEEL_PRIVATE_KEY, "KEEL_PRIVATE_KEY");
  throw usageError(
    "a sender: --keystore, --ledger, --key-file, the variable KEEL_PRIVATE_KEY, or --account",
    "none",
  );
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
