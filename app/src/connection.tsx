// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Wallet and chain in the page's head, and behind it the choice of both: whose node the chain is read at, and who signs.
 *
 * @module
 */

import "./connection.css";

import { chainName } from "@keel/verifier";
import { KeelError } from "@keel/verifier/errors";
import type { JSX } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import { Problem, shortHex, useWork } from "./basics.js";
import type { ConsoleConfig } from "./config.js";
import { noteCall } from "./network.js";
import { otherAddresses, readNode } from "./security-policy.js";
import {
  chooseWallet,
  chosenAccount,
  chosenNode,
  chosenWallet,
  type NodeChoice,
  nodeKey,
} from "./session.js";
import { type InjectedWallet, useWallets, WalletChoice } from "./wallets.js";

/** The button, and the panel that it opens. */
export function Connection({ config }: { readonly config: ConsoleConfig | undefined }): JSX.Element {
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  const wallet = chosenWallet.useValue();
  const account = chosenAccount.useValue();
  const node = chosenNode.useValue();
  useWalletAccount(wallet);
  useEffect(() => {
    const close = ({ key }: KeyboardEvent): void => {
      if (key === "Escape") setOpen(false);
    };
    document.addEventListener("keydown", close);
    return () => document.removeEventListener("keydown", close);
  }, []);
  return (
    <div class="connection no-print">
      <button
        type="button"
        class="quiet"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        {chainText(config)}
        <span class="connection-more">
          {node.kind === "host" ? "" : " · own node"} · {walletText(wallet, account)}
        </span>
      </button>
      <div id={id} class="connection-panel" hidden={!isOpen}>
        {isOpen ? <Panel config={config} /> : null}
      </div>
    </div>
  );
}

function chainText(config: ConsoleConfig | undefined): string {
  if (config === undefined) return "No chain";
  const name = chainName(config.chainId);
  return name.startsWith("chain ") ? `Chain ${config.chainId}` : `${name} (${config.chainId})`;
}

function walletText(wallet: InjectedWallet | undefined, account: string | undefined): string {
  if (wallet === undefined) return "no wallet";
  return account === undefined ? wallet.name : shortHex(account);
}

function Panel({ config }: { readonly config: ConsoleConfig | undefined }): JSX.Element {
  const wallets = useWallets(config);
  const wallet = chosenWallet.useValue();
  const account = chosenAccount.useValue();
  return (
    <>
      <h2>Chain and wallet</h2>
      {config === undefined ? (
        <p>
          This host names no chain. Files are verified without one; a wallet that you choose here reaches the
          chain that it is on.
        </p>
      ) : (
        <NodeForm config={config} wallets={wallets} />
      )}
      <WalletChoice wallets={wallets} chosen={wallet} onChoose={chooseWallet} />
      <WalletChain wallet={wallet} config={config} />
      {account === undefined ? (
        <p class="note">A wallet is asked for its account when something needs it, not before.</p>
      ) : (
        <p>
          Account <code class="hash">{account}</code>
        </p>
      )}
    </>
  );
}

/** The chain that a wallet is on, said where it is another than the page's. */
function WalletChain(props: {
  readonly wallet: InjectedWallet | undefined;
  readonly config: ConsoleConfig | undefined;
}): JSX.Element | null {
  const { wallet, config } = props;
  const [chain, setChain] = useState<number | undefined>();
  useEffect(() => {
    setChain(undefined);
    if (wallet === undefined) return;
    let isCurrent = true;
    chainIdOf({ kind: "wallet", wallet }).then(
      (found) => isCurrent && setChain(Number(found)),
      () => {},
    );
    return () => {
      isCurrent = false;
    };
  }, [wallet]);
  if (chain === undefined || Number.isNaN(chain)) return null;
  if (config === undefined || chain === config.chainId) return <p>The wallet is on chain {chain}.</p>;
  return (
    <p>
      The wallet is on chain {chain}, the registry on chain {config.chainId}: the wallet is asked to go there
      when something is to be sent.
    </p>
  );
}

/** Whose node the chain is read at. What a node says of the chain is believed; proofs are verified here all the same. */
function NodeForm(props: {
  readonly config: ConsoleConfig;
  readonly wallets: readonly InjectedWallet[];
}): JSX.Element {
  const { config, wallets } = props;
  const id = useId();
  const current = chosenNode.useValue();
  const others = otherAddresses();
  const choices = nodeChoices(config, wallets, current);
  const [text, setText] = useState("");
  const { busy, error, run } = useWork();
  const take = (choice: NodeChoice): void =>
    void run(async () => {
      if (choice.kind !== "host") await checkChain(choice, config.chainId);
      chosenNode.set(choice);
    });
  return (
    <>
      <div class="field">
        <label for={id}>The chain is read at</label>
        <select
          id={id}
          disabled={busy}
          value={nodeKey(current)}
          onChange={({ currentTarget }) => {
            const found = choices.find(({ choice }) => nodeKey(choice) === currentTarget.value);
            currentTarget.value = nodeKey(current);
            if (found !== undefined) take(found.choice);
          }}
        >
          {choices.map(({ name, choice }) => (
            <option key={nodeKey(choice)} value={nodeKey(choice)}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <form
        class="actions"
        onSubmit={(event) => {
          event.preventDefault();
          void run(async () => {
            const address = readNode(text, location.origin, others);
            const choice = { kind: "address", address } as const;
            await checkChain(choice, config.chainId);
            chosenNode.set(choice);
          });
        }}
      >
        <OwnNode value={text} onInput={setText} others={others} />
        <button type="submit" disabled={busy}>
          {busy ? "Asking…" : "Use this node"}
        </button>
      </form>
      <Problem error={error} />
    </>
  );
}

function OwnNode(props: {
  readonly value: string;
  readonly onInput: (text: string) => void;
  readonly others: readonly string[];
}): JSX.Element {
  const { value, onInput, others } = props;
  const id = useId();
  const reach = ["/path", ...others].join(", ");
  return (
    <div class="field wide">
      <label for={id}>Or at a node of your own</label>
      <input
        id={id}
        type="text"
        class="mono"
        value={value}
        autocomplete="off"
        spellcheck={false}
        placeholder={reach}
        aria-describedby={`${id}-note`}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
      <small id={`${id}-note`}>
        This page's security policy lets it talk to {others.length === 0 ? "its own origin only" : reach}. The
        node of a wallet is always within reach: choose the wallet above.
      </small>
    </div>
  );
}

function nodeChoices(
  config: ConsoleConfig,
  wallets: readonly InjectedWallet[],
  current: NodeChoice,
): { readonly name: string; readonly choice: NodeChoice }[] {
  const known = [
    { name: "this host's node", choice: { kind: "host" } as const },
    ...config.nodes.map(({ name, rpc }) => ({ name, choice: { kind: "address", address: rpc } as const })),
    // A local chain's accounts are that chain's node itself.
    ...wallets
      .filter(({ isNodeAccount }) => isNodeAccount !== true)
      .map((wallet) => ({ name: `the node of ${wallet.name}`, choice: { kind: "wallet", wallet } as const })),
  ];
  if (known.some(({ choice }) => nodeKey(choice) === nodeKey(current))) return known;
  return [...known, { name: nodeKey(current), choice: current }];
}

/** @throws KeelError `chain.id` for a node of another chain, `chain.call` for one that does not answer */
async function checkChain(choice: NodeChoice, chainId: number): Promise<void> {
  const answer = await chainIdOf(choice).catch(() => undefined);
  const found = typeof answer === "string" ? Number(answer) : Number.NaN;
  if (found === chainId) return;
  const details = { kind: "environment", path: "node" } as const;
  if (Number.isNaN(found)) {
    throw new KeelError({
      ...details,
      code: "chain.call",
      expected: "the node to answer",
      received: `nothing (${whereOf(choice)})`,
    });
  }
  const expected = `a node of chain ${chainId}, whose registry this page is about`;
  throw new KeelError({ ...details, code: "chain.id", expected, received: `one of chain ${found}` });
}

/** Scheme, host and port, or the wallet's name: the rest of a node's address may hold an access key. */
function whereOf(choice: NodeChoice): string {
  if (choice.kind === "wallet") return choice.wallet.name;
  return choice.kind === "host" ? location.origin : new URL(choice.address, location.origin).origin;
}

async function chainIdOf(choice: NodeChoice): Promise<unknown> {
  if (choice.kind === "wallet") return await choice.wallet.provider.request({ method: "eth_chainId" });
  const address = (choice as Extract<NodeChoice, { kind: "address" }>).address;
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] });
  noteCall(address, body);
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(address, { method: "POST", headers, body });
  return ((await response.json()) as { readonly result?: unknown }).result;
}

/** Follows a wallet whose owner goes to another account. */
function useWalletAccount(wallet: InjectedWallet | undefined): void {
  useEffect(() => {
    if (wallet === undefined) return;
    const change = (accounts: readonly string[]): void => chosenAccount.set(accounts[0]);
    wallet.provider.on("accountsChanged", change as never);
    return () => wallet.provider.removeListener("accountsChanged", change as never);
  }, [wallet]);
}
