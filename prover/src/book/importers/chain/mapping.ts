// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * chain-mapping/1: what is read from a chain, and where it goes.
 *
 * @module
 */

import {
  address,
  checkUnique,
  FORMATS,
  identifier,
  type Market,
  parseData,
  parseFile,
  printable,
} from "@keel/verifier";
import type { Address, Hex } from "viem";
import { z } from "zod";
import { Problems } from "../problems.js";

/** Which instrument a token is. */
export interface TokenPlace {
  readonly instrument: string;
  /** Tokens in one unit of the instrument: 1000 for SHIB as kSHIB. */
  readonly per: number;
  /** How shares of a vault are read: as what they are worth of its asset, or as a coin with a price of its own. */
  readonly as?: "assets" | "shares";
}

/** Where a lender's supplies and debts go. */
export interface LenderPlace {
  readonly account: string;
  /** Instruments of supplies, by token, where they differ from the token's own: `aave:WETH`. */
  readonly supplied: ReadonlyMap<Address, TokenPlace>;
}

export type Lenders = ReadonlyMap<Address, LenderPlace>;

/** Which instrument a perpetual or a coin at Hyperliquid is. */
export interface CoreIndexPlace extends TokenPlace {
  /** What Hyperliquid calls it, where that is not the instrument's name. */
  readonly name?: string;
}

/** Where an account at Hyperliquid goes: perpetuals and coins by their indices there. */
export interface CorePlace {
  readonly account: string;
  /** The account of what is borrowed. */
  readonly debts?: string;
  readonly perps: ReadonlyMap<number, CoreIndexPlace>;
  readonly coins: ReadonlyMap<number, CoreIndexPlace>;
  /** Whether margin is unified, or portfolio margin: dollars then count among the coins alone. */
  readonly unified?: boolean;
}

/** What is read from a chain, and where it goes. */
export interface ChainMapping {
  readonly chainId: number;
  readonly tokens: ReadonlyMap<Address, TokenPlace>;
  /** The chain's own coin, if it counts. */
  readonly native?: TokenPlace;
  /** Pools with Aave v3's interface. */
  readonly pools: Lenders;
  /** Markets of Compound III. */
  readonly comets: Lenders;
  /** Morpho Blue contracts, and of each the markets by their ids. */
  readonly morpho: ReadonlyMap<Address, ReadonlyMap<Hex, LenderPlace>>;
  /** Position managers of Uniswap v3. */
  readonly uniswap: Lenders;
  /** Pairs of Uniswap v2, whose tokens are shares of two coins. */
  readonly pairs: Lenders;
  /** Contracts that a scan of the logs finds and that are no lenders of the owner, whatever they say. */
  readonly unrelated: ReadonlySet<Address>;
  /** The owner's account at Hyperliquid, by HyperEVM's read precompiles. */
  readonly hyperliquid?: CorePlace;
}

const MAX_PER = 1_000_000_000;

const plainPlace = z.strictObject({ instrument: identifier, per: z.int().min(1).max(MAX_PER).default(1) });
const tokenPlace = plainPlace.extend({ as: z.enum(["assets", "shares"]).optional() });

/** A name, or an object that says more. */
const token = z.union([identifier.transform((instrument) => ({ instrument, per: 1 })), tokenPlace]);
const plain = z.union([identifier.transform((instrument) => ({ instrument, per: 1 })), plainPlace]);
const lenderObject = z.strictObject({
  account: identifier,
  supplied: z.record(z.string(), plain).optional(),
});
const lender = z.union([identifier.transform((account) => ({ account })), lenderObject]);
const lenders = z.record(z.string(), lender).default({});
const corePlain = plainPlace.extend({ name: z.string().min(1).max(32).optional() });
const coreIndex = z.union([identifier.transform((instrument) => ({ instrument, per: 1 })), corePlain]);
/** Precompiles take a perpetual's index in 16 bits. */
const indexed = z.record(z.string().regex(/^(0|[1-9][0-9]{0,3})$/), coreIndex).default({});
const core = z.strictObject({
  account: identifier,
  debts: identifier.optional(),
  perps: indexed,
  coins: indexed,
  unified: z.boolean().optional(),
});

const mappingSchema = z.strictObject({
  keel: z.literal("chain-mapping/1"),
  chainId: z.int().min(1),
  tokens: z.record(z.string(), token),
  native: plain.optional(),
  pools: lenders,
  comets: lenders,
  morpho: z.record(z.string(), z.record(z.string(), lender)).default({}),
  uniswap: lenders,
  pairs: lenders,
  unrelated: z.array(address).default([]),
  hyperliquid: core.optional(),
});
FORMATS.add(mappingSchema, {
  id: "chain-mapping/1",
  folder: "prover",
  title: "Contracts of a chain, and what they are here",
});

const marketId = z.string().regex(/^0x[0-9a-fA-F]{64}$/);

/**
 * Reads a chain-mapping/1 file.
 *
 * @throws KeelError kind "input"
 */
export function parseChainMapping(text: string): ChainMapping {
  const file = parseFile(mappingSchema, text, "mapping");
  const of = (part: "pools" | "comets" | "uniswap" | "pairs") =>
    byAddress(file[part], `mapping.${part}`, lenderPlace);
  const mapping: ChainMapping = {
    chainId: file.chainId,
    tokens: byAddress<z.output<typeof token>, TokenPlace>(file.tokens, "mapping.tokens", tokenPlaceOf),
    pools: of("pools"),
    comets: of("comets"),
    morpho: byAddress(file.morpho, "mapping.morpho", morphoMarkets),
    uniswap: of("uniswap"),
    pairs: of("pairs"),
    unrelated: new Set(file.unrelated),
    ...(file.native === undefined ? {} : { native: file.native }),
    ...(file.hyperliquid === undefined ? {} : { hyperliquid: corePlace(file.hyperliquid) }),
  };
  // What is read in two ways would count twice; a token that is a lender is refused by what it answers.
  const keysOf = (...parts: readonly ("tokens" | "pools" | "comets" | "morpho" | "uniswap" | "pairs")[]) =>
    parts.flatMap((part) => [...mapping[part].keys()]);
  checkUnique(keysOf("pools", "comets", "morpho", "uniswap", "pairs"), "mapping");
  checkUnique(keysOf("tokens", "pairs"), "mapping");
  return mapping;
}

function corePlace({ account, debts, perps, coins, unified }: z.output<typeof core>): CorePlace {
  const byIndex = (record: z.output<typeof indexed>) =>
    new Map(Object.entries(record).map(([index, place]) => [Number(index), coreIndexPlace(place)]));
  return {
    ...{ account, perps: byIndex(perps), coins: byIndex(coins) },
    ...(debts === undefined ? {} : { debts }),
    ...(unified === undefined ? {} : { unified }),
  };
}

function coreIndexPlace(place: z.output<typeof coreIndex>): CoreIndexPlace {
  const { instrument, per } = place;
  return "name" in place && place.name !== undefined
    ? { instrument, per, name: place.name }
    : { instrument, per };
}

function tokenPlaceOf(place: z.output<typeof token>): TokenPlace {
  const { instrument, per } = place;
  return "as" in place && place.as !== undefined ? { instrument, per, as: place.as } : { instrument, per };
}

function lenderPlace(place: z.output<typeof lender>, path: string): LenderPlace {
  const supplied = "supplied" in place ? (place.supplied ?? {}) : {};
  return { account: place.account, supplied: byAddress(supplied, `${path}.supplied`, (place) => place) };
}

function morphoMarkets(
  record: Readonly<Record<string, z.output<typeof lender>>>,
  path: string,
): Map<Hex, LenderPlace> {
  const ids = Object.keys(record).map(
    (key) => parseData(marketId, key, `${path}.${printable(key)}`).toLowerCase() as Hex,
  );
  checkUnique(ids, path);
  return new Map(
    Object.values(record).map((place, i) => [ids[i]!, lenderPlace(place, `${path}.${ids[i]!}`)]),
  );
}

function byAddress<T, R>(
  record: Readonly<Record<string, T>>,
  path: string,
  read: (value: T, path: string) => R,
): Map<Address, R> {
  const keys = Object.keys(record).map((key) => parseData(address, key, `${path}.${printable(key)}`));
  checkUnique(keys, path);
  return new Map(Object.values(record).map((value, i) => [keys[i]!, read(value, `${path}.${keys[i]!}`)]));
}

/** Every account that the mapping names, in its order. */
export function accountsOf({ pools, comets, morpho, uniswap, pairs }: ChainMapping): string[] {
  const markets = [...morpho.values()].flatMap((places) => [...places.values()]);
  const places = [pools, comets].flatMap((lenders) => [...lenders.values()]);
  const liquidity = [uniswap, pairs].flatMap((lenders) => [...lenders.values()]);
  return [...new Set([...places, ...markets, ...liquidity].map(({ account }) => account))];
}

/** Every place that names an instrument, with where it stands. */
function* placesOf(mapping: ChainMapping): Generator<readonly [string, TokenPlace]> {
  for (const [key, place] of mapping.tokens) yield [tokenPath(key), place];
  if (mapping.native !== undefined) yield ["mapping.native", mapping.native];
  const parts = (["pools", "comets", "uniswap", "pairs"] as const).flatMap((part) =>
    [...mapping[part]].map(([key, place]) => [`mapping.${part}.${key}`, place] as const),
  );
  const markets = [...mapping.morpho].flatMap(([key, places]) =>
    [...places].map(([id, place]) => [`mapping.morpho.${key}.${id}`, place] as const),
  );
  for (const [index, place] of mapping.hyperliquid?.coins ?? []) {
    yield [`mapping.hyperliquid.coins.${index}`, place];
  }
  for (const [path, { supplied }] of [...parts, ...markets]) {
    for (const [key, place] of supplied) yield [`${path}.supplied.${key}`, place];
  }
}

/** Refuses what the market has not, or has as something that no coin is. */
export function checkInstruments(mapping: ChainMapping, market: Market): void {
  const kinds = new Map(market.instruments.map(({ id, kind }) => [id, kind]));
  const problems = new Problems();
  for (const [path, { instrument }] of placesOf(mapping)) {
    const kind = kinds.get(instrument);
    if (kind === "cash" || kind === "spot") continue;
    const received = kind === undefined ? "an unknown instrument" : kind;
    problems.add("chain.instrument", path, "cash or spot of the market", received);
  }
  problems.throwIfAny();
}

export const tokenPath = (token: Address): string => `mapping.tokens.${token}`;
