// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A lending market of Morpho Blue on the local chain, compiled from Morpho's own package. Morpho Blue is licensed BUSL 1.1, for use outside
 * production: nothing of it is shipped.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { type Artifact, compileSources, deployContract } from "@keel/contracts";
import type { Wallet } from "@keel/verifier/chain";
import {
  type Abi,
  type Address,
  encodeAbiParameters,
  keccak256,
  maxUint256,
  parseEther,
  zeroAddress,
} from "viem";
import { addressOf, type Fund, walletOf } from "./fund.js";
import { type Stage, transact } from "./stage.js";
import { CAST } from "./world.js";

const SOURCE = "@morpho-org/morpho-blue/src/Morpho.sol";
/** What may be borrowed of collateral's worth, of 1e18. */
export const LLTV = parseEther("0.8");
const ONE = parseEther("1");
/** Scale of an oracle's price: Morpho's ORACLE_PRICE_SCALE. */
const ORACLE_SCALE = 10n ** 36n;

/** A market, as Morpho names one. */
interface MarketParams {
  readonly loanToken: Address;
  readonly collateralToken: Address;
  readonly oracle: Address;
  readonly irm: Address;
  readonly lltv: bigint;
}

/** A market in which coins are lent against the vault's shares. */
export interface LendingMarket {
  readonly morpho: Address;
  readonly abi: Abi;
  readonly feed: Address;
  readonly params: MarketParams;
}

/** Morpho's source asks for an older compiler; the rest of it stays as it is. */
export async function compileMorpho(): Promise<Artifact> {
  const text = await readFile(createRequire(import.meta.url).resolve(SOURCE), "utf8");
  const source = text.replace(/^pragma solidity 0\.8\.\d+;/m, "pragma solidity ^0.8.19;");
  const [artifact] = compileSources({ [SOURCE]: source }).filter(
    ({ contractName }) => contractName === "Morpho",
  );
  // The compiler blocks this process for seconds; connections that ended meanwhile have to be seen before the next request.
  await sleep(50);
  return artifact!;
}

/** Deploys Morpho Blue, a feed and an oracle of the vault's shares, and opens a market without interest. */
export async function openMarket(fund: Fund, { abi, bytecode }: Artifact): Promise<LendingMarket> {
  const { stage, vault, token } = fund;
  const clients = { walletClient: stage.wallets[CAST.deployer]!, publicClient: stage.client };
  const owner = clients.walletClient;
  const hash = await owner.deployContract({ abi, bytecode, args: [owner.account.address] });
  const { contractAddress } = await stage.client.waitForTransactionReceipt({ hash });
  const morpho = contractAddress!;
  const feed = await deployContract(clients, "NavFeed", [vault.address, vault.gate, "FUND / USD", true]);
  const day = 86_400;
  const oracle = await deployContract(clients, "NavOracle", [feed, vault.address, zeroAddress, token, day]);
  const params = {
    ...{ loanToken: token, collateralToken: vault.address, oracle, irm: zeroAddress, lltv: LLTV },
  };
  const market = { morpho, abi, feed, params };
  await call(stage, owner, market, "enableLltv", [LLTV]);
  await call(stage, owner, market, "enableIrm", [zeroAddress]);
  await call(stage, owner, market, "createMarket", [params]);
  return market;
}

/** A call of Morpho's, as a transaction that has to succeed. */
async function call(
  stage: Stage,
  from: Wallet,
  { morpho, abi }: Pick<LendingMarket, "morpho" | "abi">,
  functionName: string,
  args: readonly unknown[],
): Promise<void> {
  await transact(stage, from, { address: morpho, abi, functionName, args });
}

/** The lender supplies coins. */
export async function supplyCoins(fund: Fund, market: LendingMarket, amount: bigint): Promise<void> {
  const lender = walletOf(fund, "lender");
  await allowAll(fund, lender, market, market.params.loanToken);
  await call(fund.stage, lender, market, "supply", [
    ...[market.params, amount, 0n, addressOf(fund, "lender"), "0x"],
  ]);
}

/** Bob puts shares up as collateral. */
export async function supplyShares(fund: Fund, market: LendingMarket, amount: bigint): Promise<void> {
  const bob = walletOf(fund, "bob");
  await allowAll(fund, bob, market, market.params.collateralToken);
  await call(fund.stage, bob, market, "supplyCollateral", [
    ...[market.params, amount, addressOf(fund, "bob"), "0x"],
  ]);
}

/** What Bob calls to borrow. */
export function borrowCall(fund: Fund, { morpho, abi, params }: LendingMarket, amount: bigint) {
  const bob = addressOf(fund, "bob");
  return { address: morpho, abi, functionName: "borrow", args: [params, amount, 0n, bob, bob] };
}

/** Bob pays his whole loan back and takes his shares. */
export async function repayAll(fund: Fund, market: LendingMarket, collateral: bigint): Promise<void> {
  const [bob, own] = [walletOf(fund, "bob"), addressOf(fund, "bob")];
  const { stage } = fund;
  const { params } = market;
  await allowAll(fund, bob, market, params.loanToken);
  const owed = await borrowShares(fund, market, own);
  await call(stage, bob, market, "repay", [params, 0n, owed, own, "0x"]);
  await call(stage, bob, market, "withdrawCollateral", [params, collateral, own, own]);
}

/** The lender takes everything back. */
export async function withdrawSupply(fund: Fund, market: LendingMarket, amount: bigint): Promise<void> {
  const [lender, own] = [walletOf(fund, "lender"), addressOf(fund, "lender")];
  await call(fund.stage, lender, market, "withdraw", [market.params, amount, 0n, own, own]);
}

/** What somebody owes, in Morpho's own shares. */
async function borrowShares(
  fund: Fund,
  { morpho, abi, params }: LendingMarket,
  who: Address,
): Promise<bigint> {
  const { loanToken, collateralToken, oracle, irm, lltv } = params;
  const types = ["address", "address", "address", "address", "uint256"].map((type) => ({ type }));
  const id = keccak256(encodeAbiParameters(types, [loanToken, collateralToken, oracle, irm, lltv]));
  const call = { address: morpho, abi, functionName: "position", args: [id, who] } as const;
  const [, owed] = (await fund.stage.client.readContract(call)) as readonly [bigint, bigint, bigint];
  return owed;
}

async function allowAll(
  { stage, tokenAbi }: Fund,
  from: Wallet,
  { morpho }: LendingMarket,
  token: Address,
): Promise<void> {
  const args = [morpho, maxUint256];
  await transact(stage, from, { address: token, abi: tokenAbi, functionName: "approve", args });
}

/** The oracle's price: base units of coins for a base unit of shares, scaled. */
export async function oraclePrice({ stage }: Fund, { params }: LendingMarket, abi: Abi): Promise<bigint> {
  return (await stage.client.readContract({
    ...{ address: params.oracle, abi, functionName: "price" },
  })) as bigint;
}

/** The most that shares let one borrow by a price, as Morpho rounds it. */
export function mostOf(collateral: bigint, price: bigint): bigint {
  return (((collateral * price) / ORACLE_SCALE) * LLTV) / ONE;
}
