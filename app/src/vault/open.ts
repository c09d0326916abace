// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Any of Keel's vaults: a gated one, which pays in and out at once, or a strategy vault, which takes requests. What is read of it
 * is what the registry says of its manager, and what the vault says of itself.
 *
 * @module
 */

import { asKeelError, type Domain, KeelError, type PolicyTerms } from "@keel/verifier";
import {
  connectStrategyVault,
  connectVault,
  type GatedVault,
  gatedVaultAbi,
  policyTermsOf,
  type Status,
  type StrategyVault,
  type StrategyVaultStatus,
  statusOf,
  strategyVaultAbi,
  strategyVaultStatus,
  toKeelError,
} from "@keel/verifier/chain";
import { printable } from "@keel/verifier/text";
import { type Address, erc4626Abi, type Hex, type PublicClient } from "viem";
import { restsOnDevelopmentKey } from "../keys.js";

/** A vault and the kind that it is of. */
export type AnyVault =
  | { readonly kind: "gated"; readonly vault: GatedVault }
  | { readonly kind: "strategy"; readonly vault: StrategyVault };

/** What was last read of a vault. */
export interface Seen {
  readonly status: Status;
  readonly policyId: Hex;
  readonly terms: PolicyTerms;
  /** The vault itself lets deposits in: its gate may ask for more than the policy does. */
  readonly admits: boolean;
  /** In units of the asset. */
  readonly totalAssets: bigint;
  /** Of a strategy vault. */
  readonly strategy?: StrategySeen;
  /** Health under these terms can rest on a key whose secret is public. */
  readonly insecure: boolean;
}

/** What a strategy vault says beside. */
export interface StrategySeen extends StrategyVaultStatus {
  /** Seconds in which requests belong together. */
  readonly dealingPeriod: number;
  /** Seconds without a proven value until anybody may wind down. */
  readonly grace: number;
  /** Prices the asset in rounds; without one an asset is a dollar. */
  readonly hasFeed: boolean;
}

/** Longest name that is shown whole. */
const MOST_NAME = 60;
/** Beyond what any asset has. */
const MOST_DECIMALS = 36;

/**
 * Connects to a vault of either kind.
 *
 * @param expected the registry that the visitor knows: a vault can ask any that says what it wants
 * @throws KeelError `vault.missing` where there is neither, `vault.asset` for an asset that is none, or as `connectVault`
 */
export async function openVault(
  client: PublicClient,
  address: Address,
  expected: Domain | undefined,
): Promise<AnyVault> {
  try {
    return { kind: "gated", vault: shown(await connectVault(client, address, expected)) };
  } catch (error) {
    if (asKeelError(error).code !== "vault.missing") throw error;
  }
  return { kind: "strategy", vault: shown(await connectStrategyVault(client, address, expected)) };
}

/** Names are whoever's wrote the vault: they are cut, and what cannot be seen in them is. */
function shown<T extends Pick<GatedVault, "name" | "asset">>(vault: T): T {
  const { name, asset } = vault;
  if (asset.decimals > MOST_DECIMALS) {
    const details = { kind: "environment", code: "vault.asset", path: "asset.decimals" } as const;
    throw new KeelError({ ...details, expected: `at most ${MOST_DECIMALS}`, received: `${asset.decimals}` });
  }
  const symbol = shortened(asset.symbol, 12);
  return { ...vault, name: shortened(name, MOST_NAME), asset: { ...asset, symbol } };
}

function shortened(text: string, most: number): string {
  const plain = printable(text.trim());
  return plain.length <= most ? plain : `${plain.slice(0, most - 1)}…`;
}

/** How a vault and its manager stand. @throws KeelError kind "environment" */
export async function readVault(any: AnyVault): Promise<Seen> {
  const { registry, subject } = any.vault;
  const gate = any.kind === "gated" ? any.vault.address : any.vault.gate;
  const [policyId, admits, totalAssets, strategy] = await asked(() =>
    Promise.all([
      registry.client.readContract({ address: gate, abi: gatedVaultAbi, functionName: "policyId" }),
      registry.client.readContract({ address: gate, abi: gatedVaultAbi, functionName: "isHealthy" }),
      registry.client.readContract({
        address: any.vault.address,
        abi: erc4626Abi,
        functionName: "totalAssets",
      }),
      any.kind === "strategy" ? readStrategy(any.vault) : undefined,
    ]),
  );
  const status = await statusOf(registry, subject, policyId);
  const terms = await policyTermsOf(registry, policyId);
  const insecure = await restsOnDevelopmentKey(registry, terms, status.asOf);
  const lets = strategy === undefined || (!strategy.depositsPaused && !strategy.windingDown);
  const seen = { status, policyId, terms, admits: admits && lets, totalAssets, insecure };
  return strategy === undefined ? seen : { ...seen, strategy };
}

async function readStrategy(vault: StrategyVault): Promise<StrategySeen> {
  const { registry, address } = vault;
  const [status, terms] = await Promise.all([
    strategyVaultStatus(vault),
    registry.client.readContract({ address, abi: strategyVaultAbi, functionName: "terms" }),
  ]);
  const { dealingPeriod, grace, assetFeed } = terms;
  return { ...status, dealingPeriod, grace, hasFeed: BigInt(assetFeed) !== 0n };
}

async function asked<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toKeelError(error);
  }
}
