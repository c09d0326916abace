// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How the page reaches a chain: reads go to the host's node on the same origin, to a node that the visitor chose or, without
 * either, to the injected wallet; what is signed goes to the wallet.
 *
 * @module
 */

import { connectRegistry, type Registry, toKeelError, type Wallet } from "@keel/verifier/chain";
import { KeelError } from "@keel/verifier/errors";
import { createPublicClient, createWalletClient, custom, defineChain, http, type PublicClient } from "viem";
import type { ConsoleConfig } from "./config.js";
import { noteCall } from "./network.js";
import { chosenAccount, chosenNode, chosenWallet } from "./session.js";
import type { InjectedWallet } from "./wallets.js";

const POLLING_MS = 500;

/** A client for reads: at the host's node, or where the visitor wants the chain to be read. */
export function nodeClient({ rpc }: ConsoleConfig): PublicClient {
  const node = chosenNode.get();
  if (node.kind === "wallet") return walletReads(node.wallet);
  const address = node.kind === "host" ? rpc : node.address;
  const transport = http(new URL(address, location.origin).href, {
    retryCount: 1,
    onFetchRequest: (_, init) => noteCall(address, String(init.body)),
  });
  return createPublicClient({ transport, pollingInterval: POLLING_MS, cacheTime: 0 }) as PublicClient;
}

/** A client for reads through a wallet, where the host has no node. */
export function walletReads({ provider }: InjectedWallet): PublicClient {
  return createPublicClient({ transport: custom(provider), pollingInterval: POLLING_MS }) as PublicClient;
}

/** A client for reads, where the chain can be reached: through a host's node, or through a wallet alone. */
export function readsOf(
  config: ConsoleConfig | undefined,
  wallet: InjectedWallet | undefined,
): PublicClient | undefined {
  if (config !== undefined) return nodeClient(config);
  return wallet === undefined ? undefined : walletReads(wallet);
}

/** Connects to the registry that the host names. @throws KeelError kind "environment" */
export async function hostRegistry(config: ConsoleConfig): Promise<Registry> {
  return await connectRegistry(nodeClient(config), config.registry);
}

/** The chain behind a client. @throws KeelError kind "environment" */
export async function chainOf(client: PublicClient): Promise<number> {
  try {
    return await client.getChainId();
  } catch (error) {
    throw toKeelError(error);
  }
}

/** Unix seconds of the latest block. @throws KeelError kind "environment" */
export async function blockTime({ client }: Pick<Registry, "client">): Promise<number> {
  try {
    return Number((await client.getBlock()).timestamp);
  } catch (error) {
    throw toKeelError(error);
  }
}

/**
 * Asks a wallet for an account on a chain.
 *
 * @throws KeelError `chain.id` when the wallet stays on another chain, `wallet.refused` when it gives no account
 */
export async function walletOn({ id, provider }: InjectedWallet, chainId: number): Promise<Wallet> {
  const accounts = await provider.request({ method: "eth_requestAccounts" }).catch(() => []);
  const account = accounts[0];
  if (account === undefined) {
    throw fault("wallet.refused", "an account", "none");
  }
  if (chosenWallet.get()?.id === id) chosenAccount.set(account);
  const current = Number(await provider.request({ method: "eth_chainId" }));
  if (current !== chainId) await switchChain(provider, chainId, current);
  const chain = defineChain({
    id: chainId,
    name: `chain ${chainId}`,
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [] } },
  });
  return createWalletClient({ account, chain, transport: custom(provider) });
}

async function switchChain(
  provider: InjectedWallet["provider"],
  chainId: number,
  current: number,
): Promise<void> {
  const params: [{ chainId: `0x${string}` }] = [{ chainId: `0x${chainId.toString(16)}` }];
  await provider.request({ method: "wallet_switchEthereumChain", params }).catch(() => {
    throw fault("chain.id", `a wallet on chain ${chainId}`, `chain ${current}`);
  });
}

function fault(code: string, expected: string, received: string): KeelError {
  return new KeelError({ kind: "environment", code, path: "wallet", expected, received });
}
