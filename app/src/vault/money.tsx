// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A depositor's money at a gated vault: what there is, deposit, withdraw.
 *
 * @module
 */

import { inputError } from "@keel/verifier";
import {
  depositAssets,
  type GatedVault,
  type Holding,
  holdingOf,
  type Status,
  withdrawAssets,
} from "@keel/verifier/chain";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { formatUnits, parseUnits } from "viem";
import { walletOn } from "../chain.js";
import { Field, Section, useWork } from "../parts.js";
import { type InjectedWallet, WalletChoice } from "../wallets.js";
import { grouped } from "../words.js";
import { closedText } from "./gate-word.js";
import { Trouble } from "./trouble.js";

/** What every form about money is given. */
export interface MoneyProps {
  readonly wallets: readonly InjectedWallet[];
  readonly wallet: InjectedWallet | undefined;
  readonly onWallet: (wallet: InjectedWallet | undefined) => void;
  readonly onChange: () => Promise<void>;
}

/** The part. */
export function Money(
  props: MoneyProps & { readonly vault: GatedVault; readonly status: Status; readonly admits: boolean },
): JSX.Element {
  const { vault, status, admits, wallets, wallet, onWallet, onChange } = props;
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
      <WalletPart
        wallets={wallets}
        wallet={wallet}
        onWallet={onWallet}
        isKnown={holding !== undefined}
        error={error}
      />
      {wallet === undefined || holding === undefined ? null : (
        <div class="columns">
          <Move
            name="Deposit"
            {...vault.asset}
            most={holding.balance}
            where="in your wallet"
            act={async (assets) => {
              const { gasUsed } = await depositAssets(vault, await walletOn(wallet, chainId), assets);
              return gasUsed;
            }}
            onDone={onChange}
          >
            {status.healthy && admits ? null : <p class="note">Refused now: {closedText(status)}</p>}
          </Move>
          <Move
            name="Withdraw"
            {...vault.asset}
            most={holding.withdrawable}
            where="in the vault"
            act={async (assets) => {
              const { gasUsed } = await withdrawAssets(vault, await walletOn(wallet, chainId), assets);
              return gasUsed;
            }}
            onDone={onChange}
          />
        </div>
      )}
    </Section>
  );
}

/** The choice of a wallet, and what becomes of it. */
export function WalletPart(props: {
  readonly wallets: readonly InjectedWallet[];
  readonly wallet: InjectedWallet | undefined;
  readonly onWallet: (wallet: InjectedWallet | undefined) => void;
  readonly isKnown: boolean;
  readonly error: unknown;
}): JSX.Element {
  const { wallets, wallet, onWallet, isKnown, error } = props;
  return (
    <>
      <div class="actions">
        <WalletChoice wallets={wallets} chosen={wallet} onChoose={onWallet} />
      </div>
      <Trouble error={error} />
      {wallet === undefined ? <p class="empty">Choose a wallet to see what you have.</p> : null}
      {wallet !== undefined && !isKnown && error === undefined ? (
        <p role="status">Asking the wallet…</p>
      ) : null}
    </>
  );
}

/** An amount to move, and what came of it. */
export function Move(props: {
  readonly name: string;
  readonly symbol: string;
  readonly decimals: number;
  readonly most: bigint;
  readonly where: string;
  /** @returns the gas that it took */
  readonly act: (amount: bigint) => Promise<bigint>;
  readonly onDone: () => Promise<void>;
  readonly children?: ComponentChildren;
}): JSX.Element {
  const { name, symbol, decimals, most, where, act, onDone, children } = props;
  const [text, setText] = useState("");
  const [done, setDone] = useState("");
  const { busy, error, run } = useWork();
  const words = (amount: bigint): string => `${amountText(amount, decimals)} ${symbol}`;
  const move = async (): Promise<void> => {
    setDone("");
    const amount = readAmount(text, decimals);
    const gasUsed = await act(amount).catch((error: unknown) => {
      // A token's own words for that are none of Keel's.
      throw amount > most
        ? inputError("vault.balance", "amount", `at most ${words(most)}`, words(amount))
        : error;
    });
    setDone(`${name} of ${words(amount)} accepted (${gasUsed} gas).`);
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
      <Field label={`${name}, ${symbol}`} value={text} onInput={setText} hint={`${words(most)} ${where}`} />
      <div class="actions">
        <button type="submit" disabled={busy}>
          {busy ? "Waiting…" : name}
        </button>
        <button
          type="button"
          class="quiet"
          disabled={busy || most === 0n}
          onClick={() => setText(formatUnits(most, decimals))}
        >
          All of it
        </button>
      </div>
      {children}
      <Trouble error={error} />
      {done === "" ? null : <p role="status">{done}</p>}
    </form>
  );
}

/** @throws KeelError `input.decimal` */
export function readAmount(text: string, decimals: number): bigint {
  const plain = text.trim().replaceAll(",", "");
  const places = plain.split(".")[1]?.length ?? 0;
  if (/^(0|[1-9][0-9]{0,30})(\.[0-9]+)?$/.test(plain) && places <= decimals)
    return parseUnits(plain, decimals);
  const expected = `a decimal number with at most ${decimals} places`;
  throw inputError("input.decimal", "amount", expected, "other text");
}

/** An amount with its thousands apart. */
export function amountText(amount: bigint, decimals: number): string {
  return grouped(formatUnits(amount, decimals));
}
