// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the visitor chose for all views: the node that the chain is read at, and the wallet. In memory only: a page that is
 * opened again asks its host's node, and no wallet.
 *
 * @module
 */

import { createStore, type Store } from "./store.js";
import type { InjectedWallet } from "./wallets.js";

/** Where the chain is read. */
export type NodeChoice =
  /** At the node that the page's host names. */
  | { readonly kind: "host" }
  /** At another one: a path of this origin, or an address that the page's security policy lets it talk to. */
  | { readonly kind: "address"; readonly address: string }
  /** Through a wallet, at whatever node its owner gave it. */
  | { readonly kind: "wallet"; readonly wallet: InjectedWallet };

/** The choice. */
export const chosenNode: Store<NodeChoice> = createStore<NodeChoice>({ kind: "host" });

/** The wallet that signs; none until one is chosen. */
export const chosenWallet: Store<InjectedWallet | undefined> = createStore<InjectedWallet | undefined>(
  undefined,
);

/** The account that the chosen wallet gave; none before it was asked. */
export const chosenAccount: Store<string | undefined> = createStore<string | undefined>(undefined);

/** Chooses a wallet; an account is known once it is asked for one. */
export function chooseWallet(wallet: InjectedWallet | undefined): void {
  if (wallet?.id !== chosenWallet.get()?.id) chosenAccount.set(undefined);
  chosenWallet.set(wallet);
}

/** A choice as text, the same for the same node. */
export function nodeKey(choice: NodeChoice): string {
  switch (choice.kind) {
    case "host":
      return "host";
    case "address":
      return choice.address;
    case "wallet":
      return `wallet ${choice.wallet.id}`;
  }
}

/** Which role somebody has who looks at the page. */
export type Who = "manager" | "vault" | "regulator";

const ROLES: readonly Who[] = ["manager", "vault", "regulator"];
/** The one thing that the page stores: one of three words. What is secret has no place beside it. */
const KEY = "keel.who";

/** Who the visitor said to be the last time; nothing where no browser remembers it. */
export function rememberedWho(): Who | undefined {
  try {
    const word = localStorage.getItem(KEY);
    return ROLES.find((role) => role === word);
  } catch {
    return undefined;
  }
}

/** Remembers it, or forgets it. A browser that stores nothing is asked again the next time. */
export function rememberWho(who: Who | undefined): void {
  try {
    if (who === undefined) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, who);
  } catch {
    // The first page is shown again, which loses nothing.
  }
}
