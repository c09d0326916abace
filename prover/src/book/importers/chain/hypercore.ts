// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Accounts at Hyperliquid, as HyperEVM's read precompiles have them at a block: perpetuals, dollars, coins and what is borrowed.
 * Source of addresses and structures: Hyperliquid's L1Read.sol. Calls have their arguments alone, without a selector, and fail
 * for an index that is not there.
 *
 * The perpetuals' value is held against the account's own sum, so a position that the mapping leaves out is refused. Debts are
 * asked of every coin. Of accounts whose margin is unified the dollars stand in both states; the mapping has to say so.
 *
 * @module
 */

import { floorDiv, inputError, type Market } from "@keel/verifier";
import { type AbiParameter, type Address, decodeAbiParameters, encodeAbiParameters } from "viem";
import type { Entry } from "./amounts.js";
import type { CorePlace, TokenPlace } from "./mapping.js";
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

const QUANTITY_SCALE = 10n ** 8n;
/** Dollars of the perpetuals' state have six places. */
const USD = 10n ** 6n;
const USD_TO_QUANTITY = QUANTITY_SCALE / USD;
/** Index of USDC. */
const DOLLARS = 0;
/** Asked of together, until none of them is there. */
const CHUNK = 100;
const MOST = 4_096;
const MOST_DEXES = 256;
const PATH = "mapping.hyperliquid";

interface Perpetuals {
  readonly entries: readonly Entry[];
  readonly gross: bigint;
  readonly net: bigint;
  readonly unrealised: bigint;
}

interface Summary {
  readonly accountValue: bigint;
  readonly ntlPos: bigint;
  readonly rawUsd: bigint;
}

/** Everything of the owner's account there, as quantities. */
export async function coreEntries(view: ChainView, place: CorePlace, market: Market): Promise<Entry[]> {
  checkPerpetuals(place, market);
  const [summary, perpetuals, coins, debts] = await Promise.all([
    demand<Summary>(view, MARGIN_SUMMARY, [0, view.owner], PATH),
    readPerpetuals(view, place),
    readCoins(view, place),
    readDebts(view, place),
    checkOtherDexes(view),
  ]);
  reconcile(summary, perpetuals, place.unified === true);
  const cash = dollars(summary, perpetuals, coins.dollars, place);
  return [...perpetuals.entries, ...cash, ...coins.entries, ...debts];
}

/** The accounts that it fills. */
export function coreAccounts({ account, debts }: CorePlace): string[] {
  return debts === undefined ? [account] : [account, debts];
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

/** Positions that the mapping leaves out show in the account's own sums. */
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
  const expected = "every perpetual with a position, which add up to the account's own sum";
  throw inputError("chain.reconcile", `${PATH}.perps`, expected, "another sum");
}

/** Dollars once: of the perpetuals' state and of the coins, or of the coins alone, less losses, when margin is unified. */
function dollars(
  { accountValue }: Summary,
  { unrealised }: Perpetuals,
  held: bigint,
  { account, coins, unified }: CorePlace,
): Entry[] {
  if (unified === undefined && accountValue !== 0n && held !== 0n) {
    const expected = '"unified": true or false: dollars stand among the coins and with the perpetuals';
    throw inputError("chain.unified", PATH, expected, "neither");
  }
  const loss = unrealised < 0n ? unrealised : 0n;
  const amount = unified === true ? held + loss * USD_TO_QUANTITY : held + accountValue * USD_TO_QUANTITY;
  if (amount === 0n) return [];
  const place = coins.get(DOLLARS);
  if (place === undefined) throw unmapped(DOLLARS);
  return [{ account, ...placed(place, floorDiv(amount, BigInt(place.per)), `${PATH}.coins.${DOLLARS}`) }];
}

async function readCoins(
  view: ChainView,
  { account, coins }: CorePlace,
): Promise<{ readonly entries: readonly Entry[]; readonly dollars: bigint }> {
  const held = async (index: number): Promise<{ total: bigint; decimals: number }> => {
    const path = `${PATH}.coins.${index}`;
    const [{ total }, { weiDecimals }] = await Promise.all([
      demand<{ total: bigint }>(view, SPOT_BALANCE, [view.owner, BigInt(index)], path),
      demand<{ weiDecimals: number }>(view, TOKEN_INFO, [index], path),
    ]);
    return { total, decimals: weiDecimals };
  };
  const others = [...coins].filter(([index]) => index !== DOLLARS);
  const [cash, ...amounts] = await Promise.all([held(DOLLARS), ...others.map(([index]) => held(index))]);
  return {
    dollars: scaled(cash!.total, cash!.decimals, { per: 1 }),
    entries: others.map(([index, place], i) => {
      const { total, decimals } = amounts[i]!;
      return { account, ...placed(place, scaled(total, decimals, place), `${PATH}.coins.${index}`) };
    }),
  };
}

/** What is borrowed of any coin that there is; refused where the mapping has no account for it. */
async function readDebts(view: ChainView, { debts, coins }: CorePlace): Promise<Entry[]> {
  const found: Entry[] = [];
  await demand(view, BORROW_LEND, [view.owner, BigInt(DOLLARS)], PATH);
  for (let from = 0; from < MOST; from += CHUNK) {
    const indices = Array.from({ length: CHUNK }, (_, i) => from + i);
    const chunk = await Promise.all(indices.map((index) => readDebt(view, index)));
    for (const { index, owed, decimals } of chunk) {
      if (owed === 0n) continue;
      const place = coins.get(index);
      if (place === undefined) throw unmapped(index);
      if (debts === undefined) {
        throw inputError("chain.unmapped", `${PATH}.debts`, "an account for what is borrowed", "none");
      }
      const quantity = scaled(-owed, decimals, place);
      found.push({ account: debts, ...placed(place, quantity, `${PATH}.coins.${index}`) });
    }
    if (chunk.every(({ isThere }) => !isThere)) return found;
  }
  throw inputError("chain.range", PATH, `fewer than ${MOST} coins`, "more");
}

async function readDebt(view: ChainView, index: number) {
  const [info, state] = await Promise.all([
    query<{ weiDecimals: number }>(view, TOKEN_INFO, [index]),
    query<{ borrow: { value: bigint } }>(view, BORROW_LEND, [view.owner, BigInt(index)]),
  ]);
  const [owed, decimals] = [state?.borrow.value ?? 0n, info?.weiDecimals ?? 0];
  return { index, owed, decimals, isThere: info !== undefined };
}

/** Perpetuals that others than Hyperliquid list are in states of their own, which are not read: they have to be empty. */
async function checkOtherDexes(view: ChainView): Promise<void> {
  for (let dex = 1; dex < MOST_DEXES; dex++) {
    const summary = await query<Summary>(view, MARGIN_SUMMARY, [dex, view.owner]);
    if (summary === undefined) return;
    if (summary.accountValue === 0n && summary.ntlPos === 0n) continue;
    const expected = "nothing at perpetuals that others list; `keel import hyperliquid` reads them";
    throw inputError("chain.unmapped", PATH, expected, `an account at dex ${dex}`);
  }
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

/** What a precompile answers; undefined when it fails. */
async function query<T>(
  view: ChainView,
  { address, takes, gives }: Precompile,
  args: readonly unknown[],
): Promise<T | undefined> {
  const result = await callAt(view, { to: address, data: encodeAbiParameters(takes, args) });
  if (result === undefined || result === "0x") return undefined;
  return decodeAbiParameters(gives, result)[0] as T;
}
