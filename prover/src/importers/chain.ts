// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Positions from an EVM chain into the accounts of a snapshot: ERC-20 balances, the chain's own coin, and what is supplied to
 * and owed to pools with Aave v3's interface. Everything is read at one block, decimals too.
 *
 * A mapping (chain-mapping/1) says which instrument a token is and which pools to read; a pool has an account of its own, or
 * shares one. A token that the mapping leaves out only lowers what can be proven. A debt that it leaves out is refused, and
 * so is whatever else cannot be placed: a chain that is another one, an address that is no token or pool, a debt at a stable
 * rate, and coins and a debt of one instrument in one account, which would cancel out.
 *
 * Apart from `keel/prover`, so that a page which proves does not carry a chain client.
 *
 * @module
 */

import {
  type Address,
  BaseError,
  ContractFunctionRevertedError,
  ContractFunctionZeroDataError,
  type Hash,
  type PublicClient,
  parseAbi,
  zeroAddress,
} from "viem";
import { z } from "zod";
import {
  address,
  checkUnique,
  floorDiv,
  identifier,
  inputError,
  type Market,
  parseData,
  parseFile,
  printable,
  type Quantity,
  quantity,
} from "../../../verifier/src/index.js";
import { toKeelError } from "../../../verifier/src/registry.js";
import type { Account } from "../snapshot.js";

/** Which instrument a token is. */
export interface TokenPlace {
  readonly instrument: string;
  /** Tokens in one unit of the instrument: 1000 for SHIB as kSHIB. */
  readonly per: number;
}

/** What is read from a chain, and where it goes. */
export interface ChainMapping {
  readonly chainId: number;
  readonly tokens: ReadonlyMap<Address, TokenPlace>;
  /** The chain's own coin, if it counts. */
  readonly native?: TokenPlace;
  /** Pools with Aave v3's interface, and the account of each. */
  readonly pools: ReadonlyMap<Address, string>;
}

/** Whose positions, when, and what their account is called. */
export interface ChainRequest {
  readonly owner: Address;
  /** Account of what the owner holds itself. */
  readonly account: string;
  /** Name of the source that will sign. */
  readonly source: string;
  /** The latest block when absent. */
  readonly blockNumber?: bigint;
}

/** Accounts as they stood at the end of a block. */
export interface ChainBalances {
  readonly accounts: readonly Account[];
  readonly blockNumber: bigint;
  readonly blockHash: Hash;
  /** The block's time, unix seconds. */
  readonly asOf: number;
}

const NATIVE_DECIMALS = 18;
const MAX_DECIMALS = 255;
const QUANTITY_SCALE = 10n ** 8n;
/** Beyond what a snapshot's quantity holds. */
const MAX_QUANTITY = 2n ** 64n;

const tokenAbi = parseAbi([
  "function balanceOf(address owner) view returns (uint256)",
  "function decimals() view returns (uint8)",
]);

/** Of Aave v3's IPool what is used here; the fields keep Aave's names. */
const poolAbi = parseAbi([
  "struct ReserveData { uint256 configuration; uint128 liquidityIndex; uint128 currentLiquidityRate; uint128 variableBorrowIndex; uint128 currentVariableBorrowRate; uint128 currentStableBorrowRate; uint40 lastUpdateTimestamp; uint16 id; address aTokenAddress; address stableDebtTokenAddress; address variableDebtTokenAddress; address interestRateStrategyAddress; uint128 accruedToTreasury; uint128 unbacked; uint128 isolationModeTotalDebt; }",
  "function getReservesList() view returns (address[])",
  "function getReserveData(address asset) view returns (ReserveData)",
]);

const place = z.union([
  identifier.transform((instrument) => ({ instrument, per: 1 })),
  z.strictObject({ instrument: identifier, per: z.int().min(1).max(1_000_000_000) }),
]);

const mappingSchema = z.strictObject({
  keel: z.literal("chain-mapping/1"),
  chainId: z.int().min(1),
  tokens: z.record(z.string(), place),
  native: place.optional(),
  pools: z.record(z.string(), identifier).default({}),
});

/**
 * Reads a chain-mapping/1 file.
 *
 * @throws KeelError kind "input"
 */
export function parseChainMapping(text: string): ChainMapping {
  const { chainId, tokens, native, pools } = parseFile(mappingSchema, text, "mapping");
  return {
    chainId,
    tokens: byAddress(tokens, "mapping.tokens"),
    pools: byAddress(pools, "mapping.pools"),
    ...(native === undefined ? {} : { native }),
  };
}

/**
 * What an owner has and owes on a chain at one block, unsigned: its own account first, then the pools' in the mapping's order.
 * Amounts finer than eight places are rounded against the prover, each by itself.
 *
 * @throws KeelError `chain.*` with the token's place in the mapping, never with an amount; kind "environment" when the
 *   node fails
 */
export async function accountsFromChain(
  client: PublicClient,
  { owner, account, source, blockNumber }: ChainRequest,
  mapping: ChainMapping,
  market: Market,
): Promise<ChainBalances> {
  checkInstruments(mapping, market);
  await checkChain(client, mapping.chainId);
  const block = await answered(() =>
    client.getBlock(blockNumber === undefined ? { blockTag: "latest" } : { blockNumber }),
  );
  const chain: ChainView = { client, owner, blockNumber: block.number, mapping };
  const amounts = [
    ...(await ownAmounts(chain, account)),
    ...(await Promise.all([...mapping.pools].map(([pool, id]) => poolAmounts(chain, pool, id)))).flat(),
  ];
  const entries = await Promise.all(
    amounts.filter(({ raw }) => raw !== 0n).map((amount) => entryOf(chain, amount)),
  );
  await checkBlock(client, block);
  const ids = [...new Set([account, ...mapping.pools.values()])];
  return {
    accounts: ids.map((id) => ({ id, source, positions: positionsOf(id, entries) })),
    blockNumber: block.number,
    blockHash: block.hash,
    asOf: Number(block.timestamp),
  };
}

/** One owner at one block. */
interface ChainView {
  readonly client: PublicClient;
  readonly owner: Address;
  readonly blockNumber: bigint;
  readonly mapping: ChainMapping;
}

/** What was found of a token, for an account. */
interface Amount {
  readonly account: string;
  /** Absent for the chain's own coin. */
  readonly token?: Address;
  /** In the token's smallest unit, negative when owed. */
  readonly raw: bigint;
  /** Where in the mapping, for errors. */
  readonly path: string;
}

/** An amount as it goes into a snapshot. */
interface Entry {
  readonly account: string;
  readonly instrument: string;
  /** Negative when owed. */
  readonly quantity: bigint;
  readonly path: string;
}

function byAddress<T>(record: Readonly<Record<string, T>>, path: string): Map<Address, T> {
  const keys = Object.keys(record).map((key) => parseData(address, key, `${path}.${printable(key)}`));
  checkUnique(keys, path);
  return new Map(Object.values(record).map((value, i) => [keys[i]!, value]));
}

function checkInstruments({ tokens, native }: ChainMapping, market: Market): void {
  const kinds = new Map(market.instruments.map(({ id, kind }) => [id, kind]));
  const places = [...tokens].map(([token, { instrument }]) => ({ path: tokenPath(token), instrument }));
  if (native !== undefined) places.push({ path: "mapping.native", instrument: native.instrument });
  for (const { path, instrument } of places) {
    const kind = kinds.get(instrument);
    if (kind === "cash" || kind === "spot") continue;
    throw inputError("chain.instrument", path, "cash or spot of the market", kind ?? "an unknown instrument");
  }
}

async function checkChain(client: PublicClient, expected: number): Promise<void> {
  const received = await answered(() => client.getChainId());
  if (received === expected) return;
  throw inputError("chain.id", "mapping.chainId", `the node's chain, ${received}`, `${expected}`);
}

/** Refuses a block that is no longer part of the chain: some answers may have come from another one of its height. */
async function checkBlock(
  client: PublicClient,
  { number: blockNumber, hash }: { readonly number: bigint; readonly hash: Hash },
): Promise<void> {
  const now = await answered(() => client.getBlock({ blockNumber }));
  if (now.hash === hash) return;
  throw inputError(
    "chain.block",
    "--block",
    "a block that stays",
    "one that was replaced meanwhile; try again",
  );
}

/** What the owner holds itself. */
async function ownAmounts(chain: ChainView, account: string): Promise<Amount[]> {
  const { client, owner, blockNumber, mapping } = chain;
  const amounts = await Promise.all(
    [...mapping.tokens.keys()].map(async (token): Promise<Amount> => {
      const path = tokenPath(token);
      return { account, token, raw: await balanceOf(chain, token, path), path };
    }),
  );
  if (mapping.native === undefined) return amounts;
  const raw = await answered(() => client.getBalance({ address: owner, blockNumber }));
  return [...amounts, { account, raw, path: "mapping.native" }];
}

/** What the owner supplied to a pool and owes to it. */
async function poolAmounts(chain: ChainView, pool: Address, account: string): Promise<Amount[]> {
  const { client, blockNumber, mapping } = chain;
  const path = `mapping.pools.${pool}`;
  const contract = { address: pool, abi: poolAbi, blockNumber } as const;
  const assets = await fromContract(path, "a pool with Aave v3's interface", () =>
    client.readContract({ ...contract, functionName: "getReservesList" }),
  );
  const amounts = assets.map(async (asset): Promise<Amount[]> => {
    const reserve = await fromContract(path, "a pool with Aave v3's interface", () =>
      client.readContract({ ...contract, functionName: "getReserveData", args: [asset] }),
    );
    const { aTokenAddress, stableDebtTokenAddress, variableDebtTokenAddress } = reserve;
    for (const token of [aTokenAddress, stableDebtTokenAddress, variableDebtTokenAddress]) {
      if (!mapping.tokens.has(lowerCase(token))) continue;
      throw inputError("chain.twice", tokenPath(lowerCase(token)), "no token of a pool", `one of ${pool}`);
    }
    // Newer pools have no debt at stable rates and say so with the zero address.
    const stable =
      stableDebtTokenAddress === zeroAddress ? 0n : await balanceOf(chain, stableDebtTokenAddress, path);
    if (stable !== 0n)
      throw inputError("chain.stable", path, "debts at variable rates", "one at a stable rate");
    const token = lowerCase(asset);
    return [
      { account, token, raw: await balanceOf(chain, aTokenAddress, path), path },
      { account, token, raw: -(await balanceOf(chain, variableDebtTokenAddress, path)), path },
    ];
  });
  return (await Promise.all(amounts)).flat();
}

async function entryOf(chain: ChainView, { account, token, raw, path }: Amount): Promise<Entry> {
  const { native, tokens } = chain.mapping;
  const place = token === undefined ? native : tokens.get(token);
  if (place === undefined) {
    throw inputError(
      "chain.unmapped",
      path,
      "every token of a supply or debt in mapping.tokens",
      `not ${token}`,
    );
  }
  const decimals = token === undefined ? NATIVE_DECIMALS : await decimalsOf(chain, token);
  const divisor = 10n ** BigInt(decimals) * BigInt(place.per);
  const { instrument } = place;
  return { account, instrument, quantity: floorDiv(raw * QUANTITY_SCALE, divisor), path };
}

/** Sums of an account's entries, by instrument. */
function positionsOf(account: string, entries: readonly Entry[]): Map<string, Quantity> {
  const positions = new Map<string, Quantity>();
  for (const entry of entries) {
    if (entry.account !== account) continue;
    const before = positions.get(entry.instrument) ?? 0n;
    if (before * entry.quantity < 0n) {
      const received = "both: give the pool an account of its own";
      throw inputError(
        "chain.netting",
        entry.path,
        `${entry.instrument} held or owed in an account`,
        received,
      );
    }
    const sum = before + entry.quantity;
    if (sum >= MAX_QUANTITY || sum <= -MAX_QUANTITY) {
      throw inputError("chain.range", entry.path, "a quantity below 2^64 when scaled by 1e8", "a larger one");
    }
    positions.set(entry.instrument, quantity(sum));
  }
  return positions;
}

async function balanceOf(
  { client, owner, blockNumber }: ChainView,
  token: Address,
  path: string,
): Promise<bigint> {
  const call = {
    address: token,
    abi: tokenAbi,
    functionName: "balanceOf",
    args: [owner],
    blockNumber,
  } as const;
  return await fromContract(path, "an ERC-20 token", () => client.readContract(call));
}

async function decimalsOf({ client, blockNumber }: ChainView, token: Address): Promise<number> {
  const call = { address: token, abi: tokenAbi, functionName: "decimals", blockNumber } as const;
  const path = tokenPath(token);
  const decimals = await fromContract(path, "an ERC-20 token", () => client.readContract(call));
  if (decimals <= MAX_DECIMALS) return decimals;
  throw inputError("chain.contract", path, `at most ${MAX_DECIMALS} decimals`, "more");
}

const lowerCase = (name: Address): Address => name.toLowerCase() as Address;
const tokenPath = (token: Address): string => `mapping.tokens.${token}`;

/** A contract's answer; an address that has no such contract is the mapping's mistake, not the chain's. */
async function fromContract<T>(path: string, expected: string, call: () => Promise<T>): Promise<T> {
  return await answered(async () => {
    try {
      return await call();
    } catch (error) {
      if (!isForeignContract(error)) throw error;
      throw inputError("chain.contract", path, expected, "no contract or one of another kind");
    }
  });
}

/** Whether a call reached the chain and found no contract, one that refuses the call, or one that answers something else. */
function isForeignContract(error: unknown): boolean {
  const found = (cause: unknown): boolean =>
    cause instanceof ContractFunctionZeroDataError ||
    cause instanceof ContractFunctionRevertedError ||
    (cause instanceof BaseError && /^AbiDecoding|OutOfBounds/.test(cause.name));
  return error instanceof BaseError && error.walk(found) !== null;
}

async function answered<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toKeelError(error);
  }
}
