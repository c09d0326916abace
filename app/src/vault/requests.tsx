// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A depositor's requests at a strategy vault: ask, take back, settle, claim; and what is left in a wind-down.
 *
 * @module
 */

import {
  cancelRequest,
  claimRequests,
  requestDeposit,
  requestRedeem,
  type StrategyVault,
  settleRequests,
  startWindDown,
  surrenderShares,
} from "@keel/verifier/chain";
import { span, utc } from "@keel/verifier/text";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { walletOn } from "../chain.js";
import { Facts, Fold, FoldOnPhone, Section, useWork } from "../parts.js";
import type { InjectedWallet } from "../wallets.js";
import { closedText } from "./gate-word.js";
import { type Mine, mineAt, type OpenRequest, SHARE_DECIMALS } from "./mine.js";
import { amountText, type MoneyProps, Move, WalletPart } from "./money.js";
import type { Seen, StrategySeen } from "./open.js";
import { Trouble } from "./trouble.js";

/** The part. */
export function Requests(
  props: MoneyProps & { readonly vault: StrategyVault; readonly seen: Seen; readonly fromBlock: bigint },
): JSX.Element {
  const { vault, seen, fromBlock, wallets, wallet, onWallet, onChange } = props;
  const strategy = seen.strategy!;
  const [mine, setMine] = useState<Mine | undefined>();
  const [error, setError] = useState<unknown>();
  useEffect(() => setMine(undefined), [wallet, vault.address]);
  useEffect(() => {
    setError(undefined);
    if (wallet === undefined) return;
    walletOn(wallet, vault.registry.chainId)
      .then(({ account }) => mineAt(vault, account.address, fromBlock))
      .then(setMine, setError);
  }, [wallet, vault, seen]);
  return (
    <Section title="Your money">
      <FoldOnPhone title="How it works: you ask, and wait for a price">
        <p>
          Money works elsewhere, so you ask, and wait for a price: what a proof says the fund is worth, at a
          time after your request's period. Until the period ends you can take a request back.
        </p>
      </FoldOnPhone>
      <WalletPart
        wallets={wallets}
        wallet={wallet}
        onWallet={onWallet}
        isKnown={mine !== undefined}
        error={error}
      />
      {wallet === undefined || mine === undefined ? null : (
        <>
          <Facts
            rows={[
              ["Your shares", `${amountText(mine.claims.shares, SHARE_DECIMALS)}`],
              ["This period", `${strategy.period}, until ${utc(periodEnd(strategy.period, strategy))}`],
            ]}
          />
          <Claimable vault={vault} wallet={wallet} mine={mine} onChange={onChange} />
          {strategy.windingDown ? (
            <Surrender vault={vault} wallet={wallet} mine={mine} onChange={onChange} />
          ) : (
            <Ask vault={vault} wallet={wallet} mine={mine} seen={seen} onChange={onChange} />
          )}
          <Waiting vault={vault} wallet={wallet} mine={mine} seen={seen} onChange={onChange} />
        </>
      )}
    </Section>
  );
}

interface PartProps {
  readonly vault: StrategyVault;
  readonly wallet: InjectedWallet;
  readonly mine: Mine;
  readonly onChange: () => Promise<void>;
}

/** First second after a period. */
function periodEnd(period: bigint, { dealingPeriod }: Pick<StrategySeen, "dealingPeriod">): number {
  return (Number(period) + 1) * dealingPeriod;
}

function Ask({ vault, wallet, mine, seen, onChange }: PartProps & { readonly seen: Seen }): JSX.Element {
  const { chainId } = vault.registry;
  const lets = seen.status.healthy && seen.admits;
  return (
    <div class="columns">
      <Move
        name="Ask to deposit"
        {...vault.asset}
        most={mine.balance}
        where="in your wallet"
        act={async (assets) => (await requestDeposit(vault, await walletOn(wallet, chainId), assets)).gasUsed}
        onDone={onChange}
      >
        {lets ? null : <p class="note">Refused now: {closedText(seen.status)}</p>}
      </Move>
      <Move
        name="Ask to redeem"
        symbol="shares"
        decimals={SHARE_DECIMALS}
        most={mine.claims.shares}
        where="are yours"
        act={async (shares) => (await requestRedeem(vault, await walletOn(wallet, chainId), shares)).gasUsed}
        onDone={onChange}
      />
    </div>
  );
}

function Waiting(props: PartProps & { readonly seen: Seen }): JSX.Element {
  const { vault, wallet, mine, seen, onChange } = props;
  const strategy = seen.strategy!;
  return (
    <>
      <h3>Your requests that wait</h3>
      {mine.requests.length === 0 ? <p class="empty">None.</p> : null}
      <ul class="requests">
        {mine.requests.map((request) => (
          <li key={`${request.side} ${request.id}`}>
            <span>
              {requestText(request, vault)}, asked in period {`${request.id}`}
              {strategy.period > request.id
                ? ", which is over: it waits to be settled"
                : `, until ${utc(periodEnd(request.id, strategy))}`}
            </span>
            <Act
              label="Take it back"
              work={async () => {
                const account = await walletOn(wallet, vault.registry.chainId);
                await cancelRequest(vault, account, request.side, request.id);
              }}
              onDone={onChange}
            />
          </li>
        ))}
      </ul>
      <FoldOnPhone title="Settle for everybody, or wind down">
        <p>{settleText(strategy)}</p>
        <Act
          label="Settle for everybody"
          work={async () => {
            await settleRequests(vault, await walletOn(wallet, vault.registry.chainId));
          }}
          onDone={onChange}
        />
        <WindDown vault={vault} wallet={wallet} strategy={strategy} onChange={onChange} />
      </FoldOnPhone>
    </>
  );
}

function requestText({ side, amount }: OpenRequest, { asset }: StrategyVault): string {
  return side === "deposit"
    ? `Deposit of ${amountText(amount, asset.decimals)} ${asset.symbol}`
    : `Redemption of ${amountText(amount, SHARE_DECIMALS)} shares`;
}

function settleText({ proven, hasFeed }: StrategySeen): string {
  if (proven === undefined) {
    return "Nothing can be settled now: no proof of the fund's worth counts that is newer than the last settlement.";
  }
  const feed = hasFeed ? " The asset has a price feed: whoever settles names its round." : "";
  return `Anybody may settle what was asked for in periods before ${utc(proven.asOf)}, the time of the latest proven worth.${feed}`;
}

function Claimable({ vault, wallet, mine, onChange }: PartProps): JSX.Element | null {
  const { claimableShares, claimableAssets } = mine.claims;
  if (claimableShares === 0n && claimableAssets === 0n) return null;
  const claim = (side: "deposit" | "redeem") => async (): Promise<void> => {
    await claimRequests(vault, await walletOn(wallet, vault.registry.chainId), side);
  };
  return (
    <>
      <h3>Settled, and yours to take</h3>
      <ul class="requests">
        {claimableShares === 0n ? null : (
          <li>
            <span>{amountText(claimableShares, SHARE_DECIMALS)} shares of your deposits</span>
            <Act label="Take the shares" work={claim("deposit")} onDone={onChange} />
          </li>
        )}
        {claimableAssets === 0n ? null : (
          <li>
            <span>
              {amountText(claimableAssets, vault.asset.decimals)} {vault.asset.symbol} of your redemptions
            </span>
            <Act label="Take the money" work={claim("redeem")} onDone={onChange} />
          </li>
        )}
      </ul>
    </>
  );
}

function WindDown(props: Omit<PartProps, "mine"> & { readonly strategy: StrategySeen }): JSX.Element | null {
  const { vault, wallet, strategy, onChange } = props;
  if (strategy.windingDown) return null;
  return (
    <Fold title="When nothing is proven any more">
      <p>
        After {span(strategy.grace)} without a proven worth, or with requests that wait so long, anybody may
        wind the vault down: for ever, and everybody is paid his part of what comes back.
      </p>
      <Act
        label="Wind the vault down"
        work={async () => {
          await startWindDown(vault, await walletOn(wallet, vault.registry.chainId));
        }}
        onDone={onChange}
      />
    </Fold>
  );
}

function Surrender({ vault, wallet, mine, onChange }: PartProps): JSX.Element {
  const { chainId } = vault.registry;
  return (
    <div class="columns">
      <Move
        name="Give up"
        symbol="shares"
        decimals={SHARE_DECIMALS}
        most={mine.claims.shares}
        where="are yours"
        act={async (shares) =>
          (await surrenderShares(vault, await walletOn(wallet, chainId), shares)).gasUsed
        }
        onDone={onChange}
      >
        <p class="note">
          The vault is wound down. You are paid your part of what came back so far; give up none to be paid
          what came since.
        </p>
      </Move>
    </div>
  );
}

/** A button that does one thing, and says what became of it. */
function Act(props: {
  readonly label: string;
  readonly work: () => Promise<void>;
  readonly onDone: () => Promise<void>;
}): JSX.Element {
  const { label, work, onDone } = props;
  const [isDone, setDone] = useState(false);
  const { busy, error, run } = useWork();
  const act = async (): Promise<void> => {
    setDone(false);
    await work();
    setDone(true);
    await onDone();
  };
  return (
    <span class="act">
      <button type="button" disabled={busy} onClick={() => void run(act)}>
        {busy ? "Waiting…" : label}
      </button>
      {isDone ? <span role="status">Done.</span> : null}
      <Trouble error={error} />
    </span>
  );
}
