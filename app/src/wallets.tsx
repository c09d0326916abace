// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Injected wallets: those that announce themselves (EIP-6963), the one of the older convention (EIP-1193 at
 * `window.ethereum`), and on a local chain the accounts that its node signs for. A wallet's name is its own claim.
 *
 * @module
 */

import type { JSX } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import type { EIP1193Provider } from "viem";
import type { ConsoleConfig } from "./config.js";
import { noteCall } from "./network.js";

/** A wallet to choose. */
export interface InjectedWallet {
  readonly id: string;
  readonly name: string;
  readonly provider: EIP1193Provider;
  /** An account of a local chain's node. */
  readonly isNodeAccount?: true;
}

interface Announcement extends Event {
  readonly detail?: {
    readonly info?: { readonly uuid?: unknown; readonly name?: unknown };
    readonly provider?: EIP1193Provider;
  };
}

const MAX_NAME = 40;

/** The wallets of this browser, as they announce themselves. */
export function useWallets(config: ConsoleConfig | undefined): readonly InjectedWallet[] {
  const [announced, setAnnounced] = useState<readonly InjectedWallet[]>([]);
  useEffect(() => {
    const listen = ({ detail }: Announcement): void => {
      const { info, provider } = detail ?? {};
      if (typeof info?.uuid !== "string" || typeof info.name !== "string" || provider === undefined) return;
      const wallet = { id: info.uuid, name: info.name.slice(0, MAX_NAME), provider };
      setAnnounced((known) => (known.some(({ id }) => id === wallet.id) ? known : [...known, wallet]));
    };
    window.addEventListener("eip6963:announceProvider", listen);
    window.dispatchEvent(new Event("eip6963:requestProvider"));
    return () => window.removeEventListener("eip6963:announceProvider", listen);
  }, []);
  const { ethereum } = window as { readonly ethereum?: EIP1193Provider };
  const older =
    announced.length === 0 && ethereum !== undefined
      ? [{ id: "window.ethereum", name: "Browser wallet", provider: ethereum }]
      : [];
  return [...announced, ...older, ...nodeAccounts(config)];
}

/** Accounts of a local chain's node, each as a wallet of its own. */
function nodeAccounts(config: ConsoleConfig | undefined): InjectedWallet[] {
  return (config?.accounts ?? []).map(({ name, address }) => ({
    id: address,
    name: `${name} (local test account)`,
    provider: nodeProvider(config!.rpc, address),
    isNodeAccount: true,
  }));
}

function nodeProvider(rpc: string, address: `0x${string}`): EIP1193Provider {
  const request = async ({ method, params = [] }: { method: string; params?: unknown }) => {
    if (method === "eth_requestAccounts" || method === "eth_accounts") return [address];
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    noteCall(rpc, body);
    const headers = { "Content-Type": "application/json" };
    const response = await fetch(rpc, { method: "POST", headers, body });
    const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } };
    if (error !== undefined) throw Object.assign(new Error(error.message), error);
    return result;
  };
  return { request, on: () => {}, removeListener: () => {} } as unknown as EIP1193Provider;
}

/** A choice among wallets. */
export function WalletChoice(props: {
  readonly wallets: readonly InjectedWallet[];
  readonly chosen: InjectedWallet | undefined;
  readonly onChoose: (wallet: InjectedWallet | undefined) => void;
}): JSX.Element {
  const { wallets, chosen, onChoose } = props;
  const id = useId();
  if (wallets.length === 0) {
    return <p class="empty">No wallet is in this browser. One that speaks EIP-1193 or EIP-6963 will do.</p>;
  }
  return (
    <div class="field">
      <label for={id}>Wallet</label>
      <select
        id={id}
        value={chosen?.id ?? ""}
        onChange={({ currentTarget: { value } }) => onChoose(wallets.find((wallet) => wallet.id === value))}
      >
        <option value="">Choose a wallet</option>
        {wallets.map((wallet) => (
          <option key={wallet.id} value={wallet.id}>
            {wallet.name}
          </option>
        ))}
      </select>
    </div>
  );
}
