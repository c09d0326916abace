// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a share is worth: the last settled price, what is proven now, and both over time.
 *
 * @module
 */

import { navText, utc } from "@keel/verifier/text";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type Line, LineChart } from "../charts/line.js";
import { Facts, FoldOnPhone, Problem, Section, useIsPhone } from "../parts.js";
import { SHARE_DECIMALS } from "./mine.js";
import { amountText } from "./money.js";
import type { AnyVault, Seen } from "./open.js";
import { axisText, provenLine, settledLine, usdText } from "./worth.js";

/** The part; nothing where the policy shows no worth. */
export function Worth(props: {
  readonly any: AnyVault;
  readonly seen: Seen;
  readonly fromBlock: bigint;
}): JSX.Element | null {
  const { any, seen, fromBlock } = props;
  const { terms, policyId, status } = seen;
  const { registry, subject } = any.vault;
  const [lines, setLines] = useState<readonly Line[]>([]);
  const [error, setError] = useState<unknown>();
  const isPhone = useIsPhone();
  const isShown = terms.navStep > 0n || any.kind === "strategy";
  useEffect(() => {
    if (!isShown) return;
    let isCurrent = true;
    Promise.all([
      ...(terms.navStep > 0n ? [provenLine(registry, subject, policyId, terms, fromBlock)] : []),
      ...(any.kind === "strategy" ? [settledLine(any.vault, fromBlock)] : []),
    ]).then(
      (found) => isCurrent && setLines(found),
      (reason: unknown) => isCurrent && setError(reason),
    );
    return () => {
      isCurrent = false;
    };
  }, [any, policyId, status.asOf, seen.strategy?.assets, seen.strategy?.shares]);
  if (!isShown) return null;
  const rows = [...navRows(seen), ...shareRows(any, seen)];
  return (
    <Section title="What a share is worth" class={seen.insecure ? "insecure" : ""}>
      <Facts rows={isPhone ? rows.slice(0, MAIN_ROWS) : rows} />
      <Problem error={error} />
      <FoldOnPhone title="Over time, and shares">
        {isPhone ? <Facts rows={rows.slice(MAIN_ROWS)} /> : null}
        <LineChart title="By attestation and by settlement" lines={lines} format={axisText} />
        <p class="note">
          By the registry's and the vault's logs{seen.insecure ? ", over a DEVELOPMENT KEY" : ""}. Proofs are
          verified again on the manager's record.
        </p>
      </FoldOnPhone>
    </Section>
  );
}

/** Proven, and settled. */
const MAIN_ROWS = 2;

function navRows({ status, terms }: Seen): (readonly [string, string])[] {
  if (terms.navStep === 0n) return [["Net asset value", "the policy wants none shown"]];
  if (status.nav === undefined) return [["Net asset value", "none proven yet"]];
  const counts = status.healthy ? "" : ", which counts no more";
  return [["Net asset value", `${navText(status.nav)}, as of ${utc(status.asOf!)}${counts}`]];
}

function shareRows(any: AnyVault, { strategy }: Seen): (readonly [string, string])[] {
  if (any.kind !== "strategy" || strategy === undefined) return [];
  const { decimals, symbol } = any.vault.asset;
  const { shares, assets, idle, proven } = strategy;
  const one = 10n ** BigInt(SHARE_DECIMALS);
  const price = shares === 0n ? 0n : (assets * one) / shares;
  return [
    [
      "A share, as last settled",
      price === 0n ? "not settled yet" : `${amountText(price, decimals)} ${symbol}`,
    ],
    [
      "Can be settled by",
      proven === undefined ? "nothing now" : `${usdText(proven.value)}, proven of ${utc(proven.asOf)}`,
    ],
    ["All shares", amountText(shares, SHARE_DECIMALS)],
    ["Idle in the vault", `${amountText(idle, decimals)} ${symbol}`],
  ];
}
