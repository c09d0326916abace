// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The depositor's page: whether deposits are open and how long, on what that rests, what a share is worth, and one's money. A
 * vault by address is read at once; which registry it has to ask never comes from the address.
 *
 * @module
 */

import "./vault.css";

import { asKeelError, type Domain, inputError, limitsOf } from "@keel/verifier";
import { limitLines, span } from "@keel/verifier/text";
import type { JSX } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import type { PublicClient } from "viem";
import { BasisWords } from "../basis.js";
import { chainOf, readsOf } from "../chain.js";
import type { ConsoleConfig } from "../config.js";
import type { PageProps } from "../page-props.js";
import { DoesNotSay, Field, Fold, FoldOnPhone, hasRoom, PolicyWords, Section } from "../parts.js";
import { readAddress } from "../read.js";
import { linkTo } from "../route.js";
import { chooseWallet, chosenNode, chosenWallet, nodeKey } from "../session.js";
import { TrustPanel } from "../trust/panel.js";
import { useWallets, WalletChoice } from "../wallets.js";
import { Gate, type ReadAt } from "./gate.js";
import { Money } from "./money.js";
import { type AnyVault, openVault, readVault, type Seen } from "./open.js";
import { Requests } from "./requests.js";
import { Trouble } from "./trouble.js";
import { Worth } from "./worth-part.js";

/** A vault with what was last read of it. */
interface Open {
  readonly any: AnyVault;
  readonly seen: Seen;
  readonly readAt: ReadAt;
  /** The gate asks the registry that was named beforehand; false where none was named. */
  readonly isExpected: boolean;
}

const REFRESH_MS = 15_000;

/** The page. */
export function Vault({ config, about }: PageProps): JSX.Element {
  const wallets = useWallets(config);
  const wallet = chosenWallet.useValue();
  const node = nodeKey(chosenNode.useValue());
  const [address, setAddress] = useState<string>(about ?? config?.vault ?? "");
  const [registry, setRegistry] = useState<string>(config?.registry ?? "");
  const [open, setOpen] = useState<Open | undefined>();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const connect = async (which: string): Promise<void> => {
    setError(undefined);
    setBusy(true);
    try {
      const client = readsOf(config, wallet);
      if (client === undefined)
        throw inputError("wallet.none", "wallet", "a wallet to reach the chain through", "none");
      const expected = await expectedRegistry(registry, client, config);
      const any = await openVault(client, readAddress(which, "vault"), expected);
      setOpen(await look(any, expected !== undefined));
    } catch (reason) {
      setOpen(undefined);
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  useEffect(() => {
    const which = about ?? config?.vault;
    setAddress(which ?? "");
    setOpen(undefined);
    setError(undefined);
    if (which !== undefined && (config !== undefined || wallet !== undefined)) void connect(which);
  }, [about, node]);
  const refresh = useCallback(async () => {
    if (open === undefined) return;
    try {
      setOpen(await look(open.any, open.isExpected));
      setError(undefined);
    } catch (reason) {
      setError(reason);
    }
  }, [open?.any, open?.isExpected]);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) void refresh();
    }, REFRESH_MS);
    return () => clearInterval(timer);
  }, [refresh]);
  const fromBlock = fromBlockOf(config, open?.any);
  return (
    <>
      <Section title="Which vault">
        <FoldOnPhone title="Another vault or registry" open={open === undefined}>
          <form
            class="actions"
            onSubmit={(event) => {
              event.preventDefault();
              showAddress(address);
              void connect(address);
            }}
          >
            <Field label="Vault address" value={address} onInput={setAddress} mono class="wide" />
            <Field label="Registry you expect" value={registry} onInput={setRegistry} mono class="wide" />
            {config === undefined ? (
              <WalletChoice wallets={wallets} chosen={wallet} onChoose={chooseWallet} />
            ) : null}
            <button type="submit" class="primary" disabled={busy}>
              {busy ? "Connecting…" : "Connect"}
            </button>
          </form>
        </FoldOnPhone>
        <Trouble error={error} />
        {isForeign(error) ? (
          <p>
            This vault asks another registry than the one you expect. Whoever deploys a registry decides whom
            it calls healthy, so what this vault says of its manager is worth nothing to you.
          </p>
        ) : null}
        {open === undefined && error === undefined && !busy ? (
          <p class="empty">No vault is open. The page reads the vault and the registry behind its gate.</p>
        ) : null}
      </Section>
      {open === undefined ? null : (
        <>
          <Gate {...open} />
          <TrustPanel
            registry={open.any.vault.registry}
            policyId={open.seen.policyId}
            terms={open.seen.terms}
            config={config}
            isExpected={open.isExpected}
            isVault
          />
          {open.any.kind === "gated" ? (
            <Money
              vault={open.any.vault}
              status={open.seen.status}
              admits={open.seen.admits}
              wallets={wallets}
              wallet={wallet}
              onWallet={chooseWallet}
              onChange={refresh}
            />
          ) : (
            <Requests
              vault={open.any.vault}
              seen={open.seen}
              fromBlock={fromBlock}
              wallets={wallets}
              wallet={wallet}
              onWallet={chooseWallet}
              onChange={refresh}
            />
          )}
          <Worth any={open.any} seen={open.seen} fromBlock={fromBlock} />
          <PolicyInWords seen={open.seen} />
        </>
      )}
    </>
  );
}

/** What is looked at stands in the page's address, to be shared; nothing is read anew by that. */
function showAddress(text: string): void {
  const plain = text.trim();
  if (/^0x[0-9a-fA-F]{40}$/.test(plain))
    history.replaceState(null, "", linkTo({ name: "vault", address: plain }));
}

/** The registry that a vault has to ask: a vault's own word for it would be the word of whoever deployed the vault. */
async function expectedRegistry(
  registry: string,
  client: PublicClient,
  config: ConsoleConfig | undefined,
): Promise<Domain | undefined> {
  if (registry.trim() === "") return undefined;
  const chainId = config?.chainId ?? (await chainOf(client));
  return { chainId, registry: readAddress(registry, "registry") };
}

function isForeign(error: unknown): boolean {
  return error !== undefined && asKeelError(error).code === "registry.foreign";
}

async function look(any: AnyVault, isExpected: boolean): Promise<Open> {
  const seen = await readVault(any);
  const readAt = { moment: performance.now(), clock: Math.floor(Date.now() / 1000) };
  return { any, seen, readAt, isExpected };
}

/** The deployment's first block where the host names it; all that there is where another registry is looked at. */
function fromBlockOf(config: ConsoleConfig | undefined, any: AnyVault | undefined): bigint {
  const isHome = any?.vault.registry.address.toLowerCase() === config?.registry;
  return BigInt(isHome && config !== undefined ? config.fromBlock : 0);
}

function PolicyInWords({ seen: { terms } }: { readonly seen: Seen }): JSX.Element {
  return (
    <Section title="What the manager has to prove">
      <Fold title="The limits, each a sentence" open={hasRoom()}>
        <p>
          Deposits are open only while a proof, at most {span(terms.validity)} old, says of the manager's
          declared accounts that they keep to the policy.
        </p>
        <PolicyWords lines={limitLines({ limits: limitsOf(terms) })} />
        <p>They are judged by:</p>
        <BasisWords basis={terms} />
      </Fold>
      <FoldOnPhone title="What no attestation says">
        <DoesNotSay />
      </FoldOnPhone>
    </Section>
  );
}
