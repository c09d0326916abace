// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Accounts at Hyperliquid, as HyperEVM's read precompiles have them at a block: perpetuals, dollars, coins and what is borrowed.
 * Source of addresses and structures: Hyperliquid's L1Read.sol. Calls have their arguments alone, without a selector, and fail
 * for an index that is not there.
 *
 * Positions are asked of every perpetual and debts of every coin, so what the mapping leaves out is refused, whatever its
 * value; names are held against the mapping's, so indices that were swapped are too. That a call fails is never taken for
 * nothing owed. Of accounts whose margin is unified the dollars stand in both states; the mapping has to say so.
 *
 * @module
 */

import { floorDiv, inputError, type Market, printable } from "@keel/verifier";
import { type AbiParameter, type Address, BaseError, decodeAbiParameters, encodeAbiParameters } from "viem";
import { Problems } from "../problems.js";
import type { Entry } from "./amounts.js";
import type { CoreIndexPlace, CorePlace, TokenPlace } from "./mapping.js";
import { type ChainView, callAt } from "./read.js";

const uint = (bits: number, name = ""): AbiParameter => ({ type: `uint${bits}`, name });
const int = (bits: number, name = ""): AbiParameter => ({ type: `int${bits}`, name });
/** A structure; what is not used gets a name too, as only then it is decoded by names. */
const tuple = (...parts: readonly AbiParameter[]): AbiParameter[] => {
  const components = parts.map((part, i) => ({ ...part, name: part.name || `unused${i}` }));
  return [{ type: "tuple", components }];
};
const USER: AbiParameter = { type: "address" };
const PAIR = (name: string): AbiParameter => ({
  ...{ type: "tuple", name },
  components: [uint(64, "basis"), uint(64, "value")],
});

/** A precompile: where it is, what it takes, and what it answers. */
interface Precompile {
  readonly address: Address;
  readonly takes: readonly AbiParameter[];
  readonly gives: readonly AbiParameter[];
}

const at = (place: number, takes: readonly AbiParameter[], gives: readonly AbiParameter[]): Precompile => ({
  address: `0x${place.toString(16).padStart(40, "0")}`,
  takes,
  gives,
});

const POSITION = at(
  0x800,
  [USER, uint(16)],
  tuple(int(64, "szi"), uint(64, "entryNtl"), int(64, "isolatedRawUsd"), uint(32), { type: "bool" }),
);
const SPOT_BALANCE = at(0x801, [USER, uint(64)], tuple(uint(64, "total"), uint(64, "hold"), uint(64)));
const L1_BLOCK = at(0x809, [], [uint(64)]);
const MARK_PRICE = at(0x806, [uint(32)], [uint(64)]);
const PERP_INFO = at(
  0x80a,
  [uint(32)],
  tuple({ type: "string", name: "coin" }, uint(32), uint(8, "szDecimals"), uint(8), { type: "bool" }),
);
const TOKEN_INFO = at(
  0x80c,
  [uint(32)],
  tuple(
    { type: "string", name: "name" },
    { type: "uint64[]" },
    uint(64),
    { type: "address" },
    { type: "address" },
    uint(8),
    uint(8, "weiDecimals"),
    int(8),
  ),
);
const MARGIN_SUMMARY = at(
  0x80f,
  [uint(32), USER],
  tuple(int(64, "accountValue"), uint(64, "marginUsed"), uint(64, "ntlPos"), int(64, "rawUsd")),
);
const BORROW_LEND = at(0x811, [USER, uint(64)], tuple(PAIR("borrow"), PAIR("supply")));
const RESERVE = at(
  0x812,
  [uint(64)],
  tuple(uint(64), uint(64), uint(64), uint(64), uint(64), uint(64), uint(64), uint(64, "totalBorrowed")),
);

const QUANTITY_SCALE = 10n ** 8n;
/** Dollars of the perpetuals' state have six places. */
const USD = 10n ** 6n;
const USD_TO_QUANTITY = QUANTITY_SCALE / USD;
/** Index of USDC. */
const DOLLARS = 0;
/** Asked of together, until none of them is there. */
const CHUNK = 50;
const MOST = 4_096;
const PATH = "mapping.hyperliquid";

interface Perpetuals {
  readonly entries: readonly Entry[];
  readonly gross: bigint;
  readonly net: bigint;
  readonly unrealised: bigint;
}

interface Summary {
  readonly accountValue: bigint;
  readonly marginUsed: bigint;
  readonly ntlPos: bigint;
  readonly rawUsd: bigint;
}

/** Dollars among the coins, as quantities. */
interface Dollars {
  readonly total: bigint;
  readonly hold: bigint;
}

/** Everything of the owner's account there, as quantities. */
export async function coreEntries(view: ChainView, place: CorePlace, market: Market): Promise<Entry[]> {
  checkPerpetuals(place, market);
  await demand<Summary>(view, MARGIN_SUMMARY, [0, view.owner], PATH);
  const problems = new Problems();
  await problems.during([
    () => checkNames(view, PERP_INFO, `${PATH}.perps`, place.perps, perpNames),
    () => checkNames(view, TOKEN_INFO, `${PATH}.coins`, place.coins, coinNames),
    () => checkPositions(view, place),
    () => checkOtherDexes(view),
  ]);
  problems.throwIfAny();
  const [summary, perpetuals, coins, debts] = await Promise.all([
    demand<Summary>(view, MARGIN_SUMMARY, [0, view.owner], PATH),
    readPerpetuals(view, place),
    readCoins(view, place),
    readDebts(view, place),
  ]);
  reconcile(summary, perpetuals, place.unified === true);
  const cash = dollars(summary, perpetuals, coins.dollars, place);
  return [...perpetuals.entries, ...cash, ...coins.entries, ...debts];
}

/** The accounts that it fills. */
export function coreAccounts({ account, debts }: CorePlace): string[] {
  return debts === undefined ? [account] : [account, debts];
}

/** Hyperliquid's own block number, as the precompiles have it at the view's block. @throws KeelError `chain.contract` */
export async function coreBlock(view: ChainView): Promise<bigint> {
  return await demand<bigint>(view, L1_BLOCK, [], PATH);
}

function checkPerpetuals({ perps }: CorePlace, market: Market): void {
  for (const [index, { instrument }] of perps) {
    const kind = market.instruments.find(({ id }) => id === instrument)?.kind;
    if (kind === "perp") continue;
    const received = kind === undefined ? "an unknown instrument" : kind;
    throw inputError("chain.instrument", `${PATH}.perps.${index}`, "a perp of the market", received);
  }
}

async function readPerpetuals(view: ChainView, { account, perps }: CorePlace): Promise<Perpetuals> {
  const read = await Promise.all(
    [...perps].map(async ([index, place]) => {
      const path = `${PATH}.perps.${index}`;
      const [position, info, price] = await Promise.all([
        demand<{ szi: bigint; entryNtl: bigint }>(view, POSITION, [view.owner, index], path),
        demand<{ szDecimals: number }>(view, PERP_INFO, [index], path),
        demand<bigint>(view, MARK_PRICE, [index], path),
      ]);
      // The price has as many places as the size lacks of six.
      const value = position.szi * price;
      const entry = position.szi < 0n ? -position.entryNtl : position.entryNtl;
      const quantity = scaled(position.szi, info.szDecimals, place);
      return { value, unrealised: value - entry, entry: { account, ...placed(place, quantity, path) } };
    }),
  );
  const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);
  return {
    entries: read.map(({ entry }) => entry),
    gross: sum(read.map(({ value }) => (value < 0n ? -value : value))),
    net: sum(read.map(({ value }) => value)),
    unrealised: sum(read.map(({ unrealised }) => unrealised)),
  };
}

/** Instruments that a perpetual is known by, without the mapping's saying so. */
function perpNames(coin: string): string[] {
  const thousands = /^k[A-Z]/.test(coin) ? [`1000${coin.slice(1)}-PERP`] : [];
  return [coin, `${coin}-PERP`, ...thousands];
}

/** Instruments that a coin is known by; bridged ones have a letter before their name. */
function coinNames(coin: string): string[] {
  return /^U(?:BTC|ETH|SOL)$/.test(coin) ? [coin, coin.slice(1)] : [coin];
}

/** Refuses an index whose name is neither the mapping's nor the instrument's. */
async function checkNames(
  view: ChainView,
  precompile: Precompile,
  path: string,
  places: ReadonlyMap<number, CoreIndexPlace>,
  known: (coin: string) => string[],
): Promise<void> {
  const problems = new Problems();
  const check = async (index: number, { instrument, name }: CoreIndexPlace): Promise<void> => {
    const at = `${path}.${index}`;
    const info = await demand<{ coin?: string; name?: string }>(view, precompile, [index], at);
    const own = info.coin ?? info.name ?? "";
    if (name === undefined ? known(own).includes(instrument) : name === own) return;
    const expected = name ?? `${instrument}, or the name that it has there ("name")`;
    throw inputError("chain.name", at, expected, printable(own));
  };
  await problems.during(
    [...places].map(
      ([index, place]) =>
        () =>
          check(index, place),
    ),
  );
  problems.throwIfAny();
}

/** Refuses a position of any size that the mapping leaves out. */
async function checkPositions(view: ChainView, { perps }: CorePlace): Promise<void> {
  const problems = new Problems();
  const infos = await scan(
    "perpetuals",
    async (index) => await query<{ coin: string }>(view, PERP_INFO, [index]),
  );
  const check = async (info: { coin: string } | undefined, index: number): Promise<void> => {
    const position = await query<{ szi: bigint; entryNtl: bigint }>(view, POSITION, [view.owner, index]);
    if (info !== undefined && position === undefined) {
      problems.add(
        "chain.contract",
        `${PATH}.perps`,
        `the position of perpetual ${index}`,
        "a call that fails",
      );
    }
    const isOpen = position !== undefined && (position.szi !== 0n || position.entryNtl !== 0n);
    if (!isOpen || perps.has(index)) return;
    const received = `not ${index}${info === undefined ? "" : `, ${printable(info.coin)}`}`;
    problems.add("chain.unmapped", `${PATH}.perps`, "every perpetual with a position", received);
  };
  await Promise.all(infos.map(check));
  problems.throwIfAny();
}

/**
 * What there is by index, with gaps, until none of many in a row is there.
 *
 * @throws KeelError `chain.range`
 */
async function scan<T>(
  what: string,
  look: (index: number) => Promise<T | undefined>,
): Promise<(T | undefined)[]> {
  const found: (T | undefined)[] = [];
  for (let from = 0; from < MOST; from += CHUNK) {
    const chunk = await Promise.all(Array.from({ length: CHUNK }, (_, i) => look(from + i)));
    if (chunk.every((one) => one === undefined)) {
      return found.slice(0, found.findLastIndex((one) => one !== undefined) + 1);
    }
    found.push(...chunk);
  }
  throw inputError("chain.range", PATH, `fewer than ${MOST} ${what}`, "more");
}

/** What was read has to add up to the account's own sums. */
function reconcile(
  { accountValue, ntlPos, rawUsd }: Summary,
  { gross, net }: Perpetuals,
  isUnified: boolean,
): void {
  const isNear = (own: bigint, stated: bigint): boolean => {
    const apart = own < stated ? stated - own : own - stated;
    return apart <= ntlPos / 1_000n + USD;
  };
  const hasAll = isNear(gross, ntlPos) && (isUnified || isNear(rawUsd + net, accountValue));
  if (hasAll) return;
  const expected = "positions that add up to the account's own sum";
  throw inputError("chain.reconcile", `${PATH}.perps`, expected, "another sum");
}

/**
 * Dollars once: of the perpetuals' state and of the coins, or, when margin is unified, of the coins alone, less losses and less
 * what the perpetuals' state is short of. The second is never more than the first.
 */
function dollars(
  summary: Summary,
  { unrealised, gross }: Perpetuals,
  held: Dollars,
  { account, coins, unified }: CorePlace,
): Entry[] {
  const { accountValue, marginUsed, ntlPos, rawUsd } = summary;
  const hasState = [accountValue, marginUsed, ntlPos, rawUsd, unrealised, gross].some((sum) => sum !== 0n);
  if (unified === undefined && hasState && held.total !== 0n) {
    const expected = '"unified": true or false: dollars stand among the coins and with the perpetuals';
    throw inputError("chain.unified", PATH, expected, "neither");
  }
  if (unified !== true && looksUnified(summary, held)) {
    const expected =
      '"unified": true: dollars among the coins and with the perpetuals look like the same ones';
    throw inputError("chain.unified", PATH, expected, unified === undefined ? "nothing of it" : "false");
  }
  const short = [0n, unrealised, accountValue].reduce((least, sum) => (sum < least ? sum : least));
  const amount = held.total + (unified === true ? short : accountValue) * USD_TO_QUANTITY;
  if (amount === 0n) return [];
  const place = coins.get(DOLLARS);
  if (place === undefined) throw unmapped(DOLLARS);
  return [{ account, ...placed(place, floorDiv(amount, BigInt(place.per)), `${PATH}.coins.${DOLLARS}`) }];
}

/** Whether the dollars of both states are the same, as far as the states tell: in sum, or in what margin holds back. */
function looksUnified({ accountValue, marginUsed }: Summary, { total, hold }: Dollars): boolean {
  const isSame = (held: bigint, stated: bigint): boolean => {
    const apart = held - stated * USD_TO_QUANTITY;
    return held !== 0n && apart > -USD_TO_QUANTITY && apart < USD_TO_QUANTITY;
  };
  return isSame(total, accountValue) || isSame(hold, marginUsed);
}

async function readCoins(
  view: ChainView,
  { account, coins }: CorePlace,
): Promise<{ readonly entries: readonly Entry[]; readonly dollars: Dollars }> {
  const held = async (index: number): Promise<Dollars & { decimals: number }> => {
    const path = `${PATH}.coins.${index}`;
    const [{ total, hold }, { weiDecimals }] = await Promise.all([
      demand<Dollars>(view, SPOT_BALANCE, [view.owner, BigInt(index)], path),
      demand<{ weiDecimals: number }>(view, TOKEN_INFO, [index], path),
    ]);
    return { total, hold, decimals: weiDecimals };
  };
  const others = [...coins].filter(([index]) => index !== DOLLARS);
  const [cash, ...amounts] = await Promise.all([held(DOLLARS), ...others.map(([index]) => held(index))]);
  const { total, hold, decimals } = cash!;
  return {
    dollars: { total: scaled(total, decimals, { per: 1 }), hold: scaled(hold, decimals, { per: 1 }) },
    entries: others.map(([index, place], i) => {
      const { total, decimals } = amounts[i]!;
      return { account, ...placed(place, scaled(total, decimals, place), `${PATH}.coins.${index}`) };
    }),
  };
}

/** What is borrowed of any coin that there is; refused where the mapping has no account for it. */
async function readDebts(view: ChainView, { debts, coins }: CorePlace): Promise<Entry[]> {
  const found: Entry[] = [];
  const problems = new Problems();
  await demand(view, BORROW_LEND, [view.owner, BigInt(DOLLARS)], PATH);
  await demand(view, RESERVE, [BigInt(DOLLARS)], PATH);
  const place = (index: number, owed: bigint, decimals: number): void => {
    const coin = coins.get(index);
    if (coin === undefined) throw unmapped(index);
    if (debts === undefined) {
      throw inputError("chain.unmapped", `${PATH}.debts`, "an account for what is borrowed", "none");
    }
    const quantity = scaled(-owed, decimals, coin);
    found.push({ account: debts, ...placed(coin, quantity, `${PATH}.coins.${index}`) });
  };
  const infos = await scan(
    "coins",
    async (index) => await query<{ weiDecimals: number }>(view, TOKEN_INFO, [index]),
  );
  await problems.during(
    infos.map((info, index) => async () => {
      placeDebt(index, await owedOf(view, index), info?.weiDecimals, place);
    }),
  );
  problems.throwIfAny();
  return found;
}

/** Hands on a debt; one that cannot be told is refused, unless no such coin is there. */
function placeDebt(
  index: number,
  owed: bigint | undefined,
  decimals: number | undefined,
  place: (index: number, owed: bigint, decimals: number) => void,
): void {
  if (owed === 0n) return;
  if (owed === undefined || decimals === undefined) {
    throw inputError("chain.contract", `${PATH}.coins`, `what is owed of coin ${index}`, "a call that fails");
  }
  place(index, owed, decimals);
}

/** What is owed of a coin: nothing where it cannot be borrowed or nobody has; undefined when that cannot be told. */
async function owedOf(view: ChainView, index: number): Promise<bigint | undefined> {
  const id = BigInt(index);
  const state = await query<{ borrow: { value: bigint; basis: bigint } }>(view, BORROW_LEND, [
    view.owner,
    id,
  ]);
  if (state !== undefined) {
    const { value, basis } = state.borrow;
    return value === 0n && basis !== 0n ? undefined : value;
  }
  const reserve = await query<{ totalBorrowed: bigint }>(view, RESERVE, [id]);
  return reserve === undefined || reserve.totalBorrowed === 0n ? 0n : undefined;
}

/** Perpetuals that others than Hyperliquid list are in states of their own, which are not read: they have to be empty. */
async function checkOtherDexes(view: ChainView): Promise<void> {
  const problems = new Problems();
  const states = await scan(
    "dexes",
    async (dex) => await query<Summary>(view, MARGIN_SUMMARY, [dex, view.owner]),
  );
  for (const [dex, summary] of states.entries()) {
    if (dex === 0 || summary === undefined) continue;
    const { accountValue, marginUsed, ntlPos, rawUsd } = summary;
    if ([accountValue, marginUsed, ntlPos, rawUsd].every((sum) => sum === 0n)) continue;
    const expected = "nothing at perpetuals that others list; `keel import hyperliquid` reads them";
    problems.add("chain.unmapped", PATH, expected, `an account at dex ${dex}`);
  }
  problems.throwIfAny();
}

function unmapped(index: number) {
  return inputError(
    "chain.unmapped",
    `${PATH}.coins`,
    "every coin that is held or owed",
    `not coin ${index}`,
  );
}

function placed({ instrument }: TokenPlace, quantity: bigint, path: string): Omit<Entry, "account"> {
  return { instrument, quantity, path };
}

/** Rounded against the prover. */
function scaled(raw: bigint, decimals: number, { per }: Pick<TokenPlace, "per">): bigint {
  return floorDiv(raw * QUANTITY_SCALE, 10n ** BigInt(decimals) * BigInt(per));
}

/** {@link query} of what has to be there. @throws KeelError `chain.contract` */
async function demand<T>(
  view: ChainView,
  precompile: Precompile,
  args: readonly unknown[],
  path: string,
): Promise<T> {
  const answer = await query<T>(view, precompile, args);
  if (answer !== undefined) return answer;
  throw inputError("chain.contract", path, "what HyperEVM's precompiles know", "nothing there");
}

/** What a precompile answers; undefined when it fails. @throws KeelError `chain.contract` for what it does not answer */
async function query<T>(
  view: ChainView,
  { address, takes, gives }: Precompile,
  args: readonly unknown[],
): Promise<T | undefined> {
  const result = await callAt(view, { to: address, data: encodeAbiParameters(takes, args) });
  if (result === undefined || result === "0x") return undefined;
  try {
    return decodeAbiParameters(gives, result)[0] as T;
  } catch (error) {
    if (!(error instanceof BaseError || error instanceof RangeError)) throw error;
    throw inputError("chain.contract", PATH, `HyperEVM's precompile at ${address}`, "another answer");
  }
}
