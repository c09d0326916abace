// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a unit of the fund was worth over time: as attestations showed it, by the registry's logs, and as a strategy vault settled.
 *
 * @module
 */

import { formatDecimal, type PolicyTerms } from "@keel/verifier";
import {
  type AttestedEntry,
  historyOf,
  inSpans,
  latestBlock,
  type NetAssetValue,
  type Registry,
  type StrategyVault,
  shownNav,
  strategyVaultAbi,
  toKeelError,
} from "@keel/verifier/chain";
import { dollars } from "@keel/verifier/text";
import { type Address, formatUnits, type Hex } from "viem";
import type { Line, Point } from "../charts/line.js";
import { grouped } from "../words.js";
import { SHARE_DECIMALS } from "./mine.js";

const ONE_UNIT = 10n ** 8n;
/** Decimals of a value in USD, and of those that are shown. */
const [USD_DECIMALS, SHOWN_DECIMALS] = [16, 8];

/** A net asset value by the unit, as a decimal of USD, what is beyond 8 places cut off. */
export function eachText({ value, units }: NetAssetValue): string {
  const decimal = formatDecimal((value * ONE_UNIT) / units, USD_DECIMALS);
  const [whole, fraction = ""] = decimal.split(".");
  const rest = fraction.slice(0, SHOWN_DECIMALS).replace(/0+$/, "");
  return grouped(rest === "" ? whole! : `${whole}.${rest}`);
}

/** An attestation's net asset value by the unit, as a point; none where there are no units to divide by. */
export function navPoints(entry: AttestedEntry, terms: Pick<PolicyTerms, "navStep">): Point[] {
  const nav = shownNav(entry, terms.navStep);
  if (nav.units === 0n) return [];
  const text = eachText(nav);
  return [{ time: entry.asOf, value: Number(text.replaceAll(",", "")), text: `${text} USD` }];
}

/** By the registry's logs, whose proofs are not verified here. @throws KeelError kind "environment" */
export async function provenLine(
  registry: Registry,
  subject: Address,
  policyId: Hex,
  terms: PolicyTerms,
  fromBlock: bigint,
): Promise<Line> {
  const entries = await historyOf(registry, { subject, policyId, fromBlock });
  const points = entries.flatMap((entry) => (entry.kind === "attested" ? navPoints(entry, terms) : []));
  return { name: "proven, a unit", points };
}

/** Prices that a strategy vault settled by, for whoever redeemed. @throws KeelError kind "environment" */
export async function settledLine(
  { registry, address, asset }: StrategyVault,
  fromBlock: bigint,
): Promise<Line> {
  const call = { address, abi: strategyVaultAbi, eventName: "Settled", strict: true } as const;
  try {
    const blocks = { fromBlock, toBlock: await latestBlock(registry) };
    const logs = await inSpans(blocks, (span) => registry.client.getContractEvents({ ...call, ...span }));
    const points = logs.flatMap(({ args: { asOf, low, shares } }) => {
      if (shares === 0n) return [];
      const decimal = formatUnits((low * 10n ** BigInt(SHARE_DECIMALS)) / shares, asset.decimals);
      return [{ time: asOf, value: Number(decimal), text: `${grouped(decimal)} ${asset.symbol}` }];
    });
    return { name: "settled, a share", points };
  } catch (error) {
    throw toKeelError(error);
  }
}

/** A value of an axis. */
export function axisText(value: number): string {
  const digits = Math.abs(value) >= 1000 ? 0 : Math.abs(value) >= 1 ? 4 : 8;
  return grouped(
    value
      .toFixed(digits)
      .replace(/(\.\d*?)0+$/, "$1")
      .replace(/\.$/, ""),
  );
}

/** An amount of USD with places to the cent. */
export function usdText(value: bigint): string {
  return `${dollars(formatDecimal(value, USD_DECIMALS))} USD`;
}
