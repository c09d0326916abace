// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The depositor's view: whether the gate is open and how long, what stands behind it, deposit and withdraw.
 *
 * @module
 */

import { asKeelError, type Domain, inputError, limitsOf, type PolicyTerms } from "@keel/verifier";
import {
  type Closed,
  connectVault,
  depositAssets,
  type GatedVault,
  type Holding,
  holdingOf,
  policyTermsOf,
  type Status,
  type VaultStatus,
  vaultStatus,
  whyClosed,
  withdrawAssets,
} from "@keel/verifier/chain";
import { lapsesText, limitLines, span, utc } from "@keel/verifier/text";
import type { ComponentChildren, JSX } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import { formatUnits, type PublicClient, parseUnits } from "viem";
import { BasisWords } from "../basis.js";
import { chainOf, nodeClient, walletOn, walletReads } from "../chain.js";
import type { ConsoleConfig } from "../config.js";
import { restsOnDevelopmentKey } from "../keys.js";
import {
  DevelopmentKey,
  DoesNotSay,
  Facts,
  Field,
  Hash,
  PolicyWords,
  Problem,
  Section,
  useWork,
} from "../parts.js";
import { readAddress } from "../read.js";
import { type InjectedWallet, useWallets, WalletChoice } from "../wallets.js";
import { grouped } from "../words.js";

/** A vault with what was last read of it. */
interface Open {
  readonly vault: GatedVault;
  readonly status: VaultStatus;
  readonly terms: PolicyTerms;
  /** Health under these terms can rest on a key whose secret is public. */
  readonly insecure: boolean;
  /** The gate asks the registry that was named beforehand; false where none was named. */
  readonly isExpected: boolean;
}

const REFRESH_MS = 15_000;

/** The view. */
export function Vault({ config }: { readonly config: ConsoleConfig | undefined }): JSX.Element {
  const wallets = useWallets(config);
  const [wallet, setWallet] = useState<InjectedWallet | undefined>();
  const [address, setAddress] = useState<string>(config?.vault ?? "");
  const [registry, setRegistry] = useState<string>(config?.registry ?? "");
  const [open, setOpen] = useState<Open | undefined>();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const connect = async (): Promise<void> => {
    setError(undefined);
    setBusy(true);
    try {
      const client = readsOf(config, wallet);
      const expected = await expectedRegistry(registry, client, config);
      const vault = await connectVault(client, readAddress(address, "vault"), expected);
      setOpen(await read(vault, expected !== undefined));
    } catch (reason) {
      setOpen(undefined);
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  useEffect(() => {
    if (config?.vault !== undefined) void connect();
  }, []);
  const refresh = useCallback(async () => {
    if (open === undefined) return;
    try {
      setOpen(await read(open.vault, open.isExpected));
    } catch (reason) {
      setError(reason);
    }
  }, [open?.vault, open?.isExpected]);
  useEffect(() => {
    const timer = setInterval(() => void refresh(), REFRESH_MS);
    return () => clearInterval(timer);
  }, [refresh]);
  return (
    <>
      <Section title="Which vault">
        <form
          class="actions"
          onSubmit={(event) => {
            event.preventDefault();
            void connect();
          }}
        >
          <Field label="Vault address" value={address} onInput={setAddress} mono class="wide" />
          <Field label="Registry you expect" value={registry} onInput={setRegistry} mono class="wide" />
          {config === undefined ? (
            <WalletChoice wallets={wallets} chosen={wallet} onChoose={setWallet} />
          ) : null}
          <button type="submit" class="primary" disabled={busy}>
            {busy ? "Connecting…" : "Connect"}
          </button>
        </form>
        <Problem error={error} />
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
          <Money
            vault={open.vault}
            status={open.status.status}
            wallets={wallets}
            wallet={wallet}
            onWallet={setWallet}
            onChange={refresh}
          />
          <PolicyInWords {...open} />
        </>
      )}
    </>
  );
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

async function read(vault: GatedVault, isExpected: boolean): Promise<Open> {
  const { registry } = vault;
  const status = await vaultStatus(vault);
  const terms = await policyTermsOf(registry, status.policyId);
  const insecure = await restsOnDevelopmentKey(registry, terms, status.status.asOf);
  return { vault, status, terms, insecure, isExpected };
}

function readsOf(config: ConsoleConfig | undefined, wallet: InjectedWallet | undefined): PublicClient {
  if (config !== undefined) return nodeClient(config);
  if (wallet !== undefined) return walletReads(wallet);
  throw inputError("wallet.none", "wallet", "a wallet to reach the chain through", "none");
}

const REASONS: Readonly<Record<Closed, (status: Status) => string>> = {
  neverAttested: ({ enrolled }) =>
    enrolled
      ? "The manager has not attested under this policy yet."
      : "The manager has not declared its accounts, and has not attested yet.",
  expired: ({ expiry }) =>
    `The latest attestation expired at ${utc(expiry!)}; the manager has to prove a newer snapshot.`,
  revokedBySubject: () => "The manager withdrew its latest attestation; it has to prove a newer snapshot.",
  revokedByGuardian: () =>
    "A guardian closed the manager's record; nothing counts until a guardian opens it again.",
  voided: () =>
    "The market table or the verifier behind the latest attestation was withdrawn; the manager has to prove a newer snapshot.",
};

function Gate({ vault, status: { status, totalAssets, policyId }, insecure, isExpected }: Open): JSX.Element {
  const closed = whyClosed(status);
  const left = useTimeLeft(status);
  const { symbol } = vault.asset;
  return (
    <Section title={vault.name}>
      {insecure ? <DevelopmentKey /> : null}
      {isExpected ? null : <UnknownRegistry />}
      <div class={closed === undefined ? "gate open" : "gate closed"} role="status">
        <strong>{closed === undefined ? "Deposits are open" : "Deposits are closed"}</strong>
        <span>
          {closed === undefined
            ? `for another ${span(left)}, until ${utc(status.expiry!)}`
            : REASONS[closed](status)}
        </span>
      </div>
      <p>Withdrawals are always open: health never blocks them.</p>
      <Facts
        rows={[
          ["In the vault", `${amountText(vault, totalAssets)} ${symbol}`],
          ["Manager", <Hash key="subject" value={status.subject} />],
          ["Policy id", <Hash key="policy" value={policyId} />],
          ["Latest snapshot", status.asOf === undefined ? "none" : utc(status.asOf)],
          ["Attestations", `${status.count}, ${status.streak} in a row, ${lapsesText(status)}`],
          ...(status.healthy ? [["Healthy since", utc(status.since!)] as const] : []),
          [
            isExpected ? "Registry, as expected" : "Registry, by the vault's own word",
            <Hash key="registry" value={vault.registry.address} />,
          ],
        ]}
      />
    </Section>
  );
}

/** Above the gate, because without a registry that the visitor knows the gate's word is the vault's own. */
function UnknownRegistry(): JSX.Element {
  return (
    <p class="warning">
      Nobody named the registry that this vault should ask, so the vault named it itself. Anybody can deploy a
      registry that calls any manager healthy. Enter the registry that you know above, and connect again.
    </p>
  );
}

/** Counts down from what the chain said, by the page's own clock. */
function useTimeLeft(status: Status): number {
  const [left, setLeft] = useState(status.timeLeft);
  useEffect(() => {
    setLeft(status.timeLeft);
    const started = performance.now();
    const tick = (): void =>
      setLeft(Math.max(0, status.timeLeft - Math.floor((performance.now() - started) / 1000)));
    const timer = setInterval(tick, 1000);
    return () => clearInterval(timer);
  }, [status]);
  return left;
}

function PolicyInWords({ terms }: Open): JSX.Element {
  return (
    <Section title="What the manager has to prove">
      <p>
        Deposits are open only while a proof, at most {span(terms.validity)} old, says of the manager's
        declared accounts:
      </p>
      <PolicyWords lines={limitLines({ limits: limitsOf(terms) })} />
      <p>That is judged by:</p>
      <BasisWords basis={terms} />
      <DoesNotSay />
    </Section>
  );
}

function Money(props: {
  readonly vault: GatedVault;
  readonly status: Status;
  readonly wallets: readonly InjectedWallet[];
  readonly wallet: InjectedWallet | undefined;
  readonly onWallet: (wallet: InjectedWallet | undefined) => void;
  readonly onChange: () => Promise<void>;
}): JSX.Element {
  const { vault, status, wallets, wallet, onWallet, onChange } = props;
  const { chainId } = vault.registry;
  const [holding, setHolding] = useState<Holding | undefined>();
  const [error, setError] = useState<unknown>();
  useEffect(() => setHolding(undefined), [wallet, vault.address]);
  // What is typed stays while figures are read again.
  useEffect(() => {
    setError(undefined);
    if (wallet === undefined) return;
    walletOn(wallet, chainId)
      .then(({ account }) => holdingOf(vault, account.address))
      .then(setHolding, setError);
  }, [wallet, vault, status]);
  return (
    <Section title="Your money">
      <div class="actions">
        <WalletChoice wallets={wallets} chosen={wallet} onChoose={onWallet} />
      </div>
      <Problem error={error} />
      {wallet === undefined ? <p class="empty">Choose a wallet to see what you have.</p> : null}
      {wallet !== undefined && holding === undefined && error === undefined ? (
        <p role="status">Asking the wallet…</p>
      ) : null}
      {wallet === undefined || holding === undefined ? null : (
        <div class="columns">
          <Move
            name="Deposit"
            vault={vault}
            wallet={wallet}
            most={holding.balance}
            where="in your wallet"
            act={depositAssets}
            onDone={onChange}
          >
            {status.healthy ? null : <p class="note">Refused now: {REASONS[whyClosed(status)!](status)}</p>}
          </Move>
          <Move
            name="Withdraw"
            vault={vault}
            wallet={wallet}
            most={holding.withdrawable}
            where="in the vault"
            act={withdrawAssets}
            onDone={onChange}
          />
        </div>
      )}
    </Section>
  );
}

function Move(props: {
  readonly name: string;
  readonly vault: GatedVault;
  readonly wallet: InjectedWallet;
  readonly most: bigint;
  readonly where: string;
  readonly act: typeof depositAssets;
  readonly onDone: () => Promise<void>;
  readonly children?: ComponentChildren;
}): JSX.Element {
  const { name, vault, wallet, most, where, act, onDone, children } = props;
  const { symbol, decimals } = vault.asset;
  const [text, setText] = useState("");
  const [done, setDone] = useState("");
  const { busy, error, run } = useWork();
  const move = async (): Promise<void> => {
    setDone("");
    const assets = readAmount(text, decimals);
    const account = await walletOn(wallet, vault.registry.chainId);
    const { gasUsed } = await act(vault, account, assets);
    setDone(`${name} of ${amountText(vault, assets)} ${symbol} accepted (${gasUsed} gas).`);
    setText("");
    await onDone();
  };
  return (
    <form
      aria-label={name}
      onSubmit={(event) => {
        event.preventDefault();
        void run(move);
      }}
    >
      <Field
        label={`${name}, ${symbol}`}
        value={text}
        onInput={setText}
        hint={`${amountText(vault, most)} ${symbol} ${where}`}
      />
      <div class="actions">
        <button type="submit" disabled={busy}>
          {busy ? "Waiting…" : name}
        </button>
      </div>
      {children}
      <Problem error={error} />
      {done === "" ? null : <p role="status">{done}</p>}
    </form>
  );
}

/** @throws KeelError `input.decimal` */
function readAmount(text: string, decimals: number): bigint {
  const plain = text.trim().replaceAll(",", "");
  const places = plain.split(".")[1]?.length ?? 0;
  if (/^(0|[1-9][0-9]{0,30})(\.[0-9]+)?$/.test(plain) && places <= decimals)
    return parseUnits(plain, decimals);
  const expected = `a decimal number with at most ${decimals} places`;
  throw inputError("input.decimal", "amount", expected, "other text");
}

function amountText({ asset }: GatedVault, amount: bigint): string {
  return grouped(formatUnits(amount, asset.decimals));
}
