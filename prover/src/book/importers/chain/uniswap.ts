// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Liquidity in Uniswap v3 and v2 as the two coins that it would pay out at the block, fees with it.
 *
 * Version 3 is asked itself: the position manager's `decreaseLiquidity` and `collect` are called for the owner, and nothing
 * is sent. So no price of a tick is computed twice in two ways. Version 2 pays a share of its reserves.
 *
 * The amounts follow the pool's price in this one block, which whoever trades in it moves.
 *
 * @module
 */

import { inputError } from "@keel/verifier";
import { type Address, decodeFunctionResult, encodeFunctionData, type Hex, parseAbi } from "viem";
import type { LenderPlace } from "./mapping.js";
import { type ChainView, callAt, read } from "./read.js";
import { type Amount, balanceOf, lowerCase } from "./tokens.js";

const managerAbi = parseAbi([
  "struct Decrease { uint256 tokenId; uint128 liquidity; uint256 amount0Min; uint256 amount1Min; uint256 deadline; }",
  "struct Collect { uint256 tokenId; address recipient; uint128 amount0Max; uint128 amount1Max; }",
  "function balanceOf(address owner) view returns (uint256)",
  "function tokenOfOwnerByIndex(address owner, uint256 index) view returns (uint256)",
  "function positions(uint256 tokenId) view returns (uint96 nonce, address operator, address token0, address token1, uint24 fee, int24 tickLower, int24 tickUpper, uint128 liquidity, uint256 feeGrowthInside0LastX128, uint256 feeGrowthInside1LastX128, uint128 tokensOwed0, uint128 tokensOwed1)",
  "function decreaseLiquidity(Decrease params) returns (uint256 amount0, uint256 amount1)",
  "function collect(Collect params) returns (uint256 amount0, uint256 amount1)",
  "function multicall(bytes[] data) returns (bytes[] results)",
]);

const pairAbi = parseAbi([
  "function token0() view returns (address)",
  "function token1() view returns (address)",
  "function totalSupply() view returns (uint256)",
  "function getReserves() view returns (uint112 reserve0, uint112 reserve1, uint32 time)",
]);

const MANAGER = "a position manager of Uniswap v3";
const PAIR = "a pair of Uniswap v2";
const MOST_POSITIONS = 1_000n;
const ALL = 2n ** 128n - 1n;

/** What the owner's positions of a manager would pay out. */
export async function managerAmounts(
  view: ChainView,
  manager: Address,
  place: LenderPlace,
): Promise<Amount[]> {
  const path = `mapping.uniswap.${manager}`;
  const contract = { address: manager, abi: managerAbi } as const;
  const args = [view.owner] as const;
  const count = await read(view, path, MANAGER, { ...contract, functionName: "balanceOf", args });
  if (count > MOST_POSITIONS) {
    throw inputError("chain.range", path, `at most ${MOST_POSITIONS} positions`, "more");
  }
  const positions = Array.from({ length: Number(count) }, async (_, i) => {
    const at = [view.owner, BigInt(i)] as const;
    const id = await read(view, path, MANAGER, {
      ...contract,
      functionName: "tokenOfOwnerByIndex",
      args: at,
    });
    return await positionAmounts(view, manager, id, place);
  });
  return (await Promise.all(positions)).flat();
}

async function positionAmounts(
  view: ChainView,
  manager: Address,
  id: bigint,
  place: LenderPlace,
): Promise<Amount[]> {
  const path = `mapping.uniswap.${manager}`;
  const call = { address: manager, abi: managerAbi, functionName: "positions", args: [id] } as const;
  const [, , token0, token1, , , , liquidity, , , owed0, owed1] = await read(view, path, MANAGER, call);
  if (liquidity === 0n && owed0 === 0n && owed1 === 0n) return [];
  const [amount0, amount1] = await paidOut(view, manager, id, liquidity);
  return coins(place, path, [token0, amount0], [token1, amount1]);
}

/** What the manager would pay the owner for a position, nothing left in it. */
async function paidOut(
  view: ChainView,
  manager: Address,
  tokenId: bigint,
  liquidity: bigint,
): Promise<readonly [bigint, bigint]> {
  const { owner, time } = view;
  const abi = managerAbi;
  const leave = { tokenId, liquidity, amount0Min: 0n, amount1Min: 0n, deadline: time + 86_400n };
  const take = { tokenId, recipient: owner, amount0Max: ALL, amount1Max: ALL };
  const calls: Hex[] = [
    ...(liquidity === 0n
      ? []
      : [encodeFunctionData({ abi, functionName: "decreaseLiquidity", args: [leave] })]),
    encodeFunctionData({ abi, functionName: "collect", args: [take] }),
  ];
  const data = encodeFunctionData({ abi, functionName: "multicall", args: [calls] });
  const result = await callAt(view, { from: owner, to: manager, data });
  if (result === undefined) {
    const path = `mapping.uniswap.${manager}`;
    throw inputError("chain.position", path, "positions that pay out", `position ${tokenId}, which does not`);
  }
  const results = decodeFunctionResult({ abi, functionName: "multicall", data: result });
  return decodeFunctionResult({ abi, functionName: "collect", data: results.at(-1)! });
}

/** The owner's share of a pair's reserves. */
export async function pairAmounts(view: ChainView, pair: Address, place: LenderPlace): Promise<Amount[]> {
  const path = `mapping.pairs.${pair}`;
  const contract = { address: pair, abi: pairAbi } as const;
  const [shares, total, reserves, token0, token1] = await Promise.all([
    balanceOf(view, pair, path),
    read(view, path, PAIR, { ...contract, functionName: "totalSupply" }),
    read(view, path, PAIR, { ...contract, functionName: "getReserves" }),
    read(view, path, PAIR, { ...contract, functionName: "token0" }),
    read(view, path, PAIR, { ...contract, functionName: "token1" }),
  ]);
  if (shares === 0n || total === 0n) return [];
  const part = (reserve: bigint): bigint => (reserve * shares) / total;
  return coins(place, path, [token0, part(reserves[0])], [token1, part(reserves[1])]);
}

function coins(
  { account, supplied }: LenderPlace,
  path: string,
  ...amounts: (readonly [Address, bigint])[]
): Amount[] {
  return amounts.map(([address, raw]): Amount => {
    const token = lowerCase(address);
    const place = supplied.get(token);
    return { account, token, raw, path, ...(place === undefined ? {} : { place }) };
  });
}
