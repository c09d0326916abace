// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run demo -- --year`: a year of a fund on the local chain, in minutes. Every week people ask to deposit and to redeem, prices
 * move, the perpetual pays or costs, both proofs are made, and the vault is settled, with fees and a high-water mark. Every settlement is
 * held against the reckoning, and at the end `keel history` reads the record as anybody would.
 *
 * @module
 */

import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { formatDecimal } from "@keel/verifier";
import {
  allocateAssets,
  cancelRequest,
  claimRequests,
  requestDeposit,
  requestRedeem,
  returnAssets,
  strategyVaultStatus,
} from "@keel/verifier/chain";
import { table, utc } from "@keel/verifier/text";
import { type Address, encodePacked, erc20Abi, type Hex, keccak256, parseUnits } from "viem";
import {
  addressOf,
  allCoins,
  attestFund,
  checkLedger,
  coins,
  coinsOf,
  coinText,
  ETHER,
  type Fund,
  firstLedger,
  LOCKED,
  nextPeriod,
  openFund,
  PEOPLE,
  type Person,
  PRICES,
  type Prices,
  type Proven,
  type Provers,
  pay,
  priceText,
  proveFund,
  same,
  settleFund,
  sharesOf,
  shareText,
  usdText,
  walletOf,
} from "./fund.js";
import { type Ledger, type Settlement, total, usdOf } from "./reckoning.js";
import { goTo, passTime } from "./stage.js";
import type { RunPart, Teller } from "./teller.js";
import { expect, type World } from "./world.js";

const DAY = 86_400;
/** A quarter's weeks, and a month's as a row has them. */
const QUARTER = 13;
const ROW = 4;
const TERMS = {
  ...{ validity: 8 * DAY, dealingPeriod: DAY, grace: 30 * DAY },
  ...{ managementFee: 100, performanceFee: 1000 },
};
const INVESTORS = ["alice", "bob", "carol", "dave"] as const;
const PURSES = {
  ...{ custody: "703248", exchange: "3000000" },
  ...{ alice: "400000", bob: "400000", carol: "400000", dave: "400000" },
} as const satisfies Partial<Record<Person, string>>;
/** Ether's price stays between these, in cents. */
const ETHER_BOUNDS = [200_000n, 450_000n] as const;

/** What a year is made of. */
export interface YearOptions {
  /** Of everything that is left to chance. */
  readonly seed: number;
  readonly weeks: number;
}

/** One row of the table: by what its last week was settled, and what happened in its weeks. */
interface YearRow {
  readonly weeks: string;
  /** Snapshot time of the last week, unix seconds. */
  readonly asOf: number;
  /** All assets, in USD with cents. */
  readonly value: string;
  readonly price: string;
  readonly shares: string;
  readonly deposited: string;
  readonly redeemed: string;
  /** What the fees' shares were worth when they were made. */
  readonly fees: string;
}

/** Where the record is, for whoever wants to read it. */
export interface YearRecord {
  readonly rpc: string;
  readonly chainId: number;
  readonly registry: Address;
  readonly fromBlock: number;
  readonly subject: Address;
  readonly policyId: Hex;
  readonly vault: Address;
  readonly seed: number;
  readonly attestations: number;
  readonly rows: readonly YearRow[];
}

interface Week {
  readonly number: number;
  readonly proven: Proven;
  readonly due: Settlement;
  readonly deposited: bigint;
  readonly redeemed: bigint;
}

interface Year {
  readonly fund: Fund;
  readonly provers: Provers;
  readonly random: () => number;
  readonly weeks: Week[];
  readonly navs: bigint[];
  opening: Proven;
  ledger: Ledger;
  prices: Prices;
}

/** Tells it. */
export async function tellYear(
  world: World,
  provers: Provers,
  teller: Teller,
  say: (text: string) => void,
  { seed, weeks }: YearOptions,
): Promise<YearRecord> {
  const year = await teller.step("open", (part) => open(part, world, provers, seed), "a fund and its vault");
  await teller.step("year", (part) => live(part, year, weeks), `${weeks} weeks, seed ${seed}`);
  const rows = rowsOf(year);
  say(`\n${indent(rowsText(rows))}\n`);
  const { fund } = year;
  const { stage, registry, vault, policyId } = fund;
  const record: YearRecord = {
    ...{ rpc: stage.chain.rpcUrl, chainId: stage.chain.chainId, registry: registry.address, fromBlock: 0 },
    ...{ subject: vault.subject, policyId, vault: vault.address, seed },
    ...{ attestations: year.navs.length, rows },
  };
  await teller.step("history", (part) => history(part, year, record), "the record, as anybody reads it");
  await teller.step("coins", (part) => count(part, year, say), "everybody's, counted");
  return record;
}

/** A part without a result. */
const did = (detail: string) => ({ value: undefined, detail });

async function open(part: RunPart, world: World, provers: Provers, seed: number): Promise<Year> {
  const fund = await part("a policy that shows a value, a vault that is settled by it", async () => ({
    value: await openFund(world, TERMS, PURSES),
    detail: `fees ${TERMS.managementFee / 100} % a year, ${TERMS.performanceFee / 100} % above the highest price`,
  }));
  return await part("the first proof", async () => {
    await passTime(fund.stage, 1);
    const opening = await proveFund(fund, provers);
    const ledger = await firstLedger(fund);
    await attestFund(fund, opening, ledger);
    const random = createRandom(seed);
    const year = { fund, provers, random, weeks: [], navs: [opening.nav], opening, ledger, prices: PRICES };
    return { value: year, detail: `${usdText(opening.nav)} USD; healthy, by development keys` };
  });
}

async function live(part: RunPart, year: Year, weeks: number): Promise<void> {
  for (let first = 1; first <= weeks; first += QUARTER) {
    const last = Math.min(first + QUARTER - 1, weeks);
    await part(`weeks ${first} to ${last}`, async (progress) => {
      for (let number = first; number <= last; number++) {
        progress.update(`week ${number} of ${weeks}`, (number - first) / (last - first + 1));
        year.weeks.push(await week(year, number));
      }
      const { due } = year.weeks.at(-1)!;
      return did(`${priceOf(due)} a share, ${last - first + 1} settlements as they were reckoned`);
    });
  }
}

/** People ask, custody brings back what is due, the market moves, and at the week's end it is proven, settled, claimed and allocated. */
async function week(year: Year, number: number): Promise<Week> {
  const { fund } = year;
  const { stage, vault } = fund;
  const began = (year.weeks.at(-1)?.proven ?? year.opening).asOf;
  await goTo(stage, Math.floor(began / DAY) * DAY + 3 * DAY + 3600);
  const asked = await ask(year);
  await bringBack(year, asked);
  await goTo(stage, Math.floor(began / DAY) * DAY + 6 * DAY);
  await nextPeriod(fund);
  await move(year);
  const state = (year.weeks.at(-1)?.proven ?? year.opening).state;
  const proven = await proveFund(fund, year.provers, { prices: year.prices, state });
  await attestFund(fund, proven, year.ledger);
  year.navs.push(proven.nav);
  const due = await settleFund(fund, year.ledger, proven, asked);
  year.ledger = due.after;
  await claim(year, due);
  if (year.ledger.idle > 0n) {
    await allocateAssets(vault, walletOf(fund, "manager"), addressOf(fund, "custody"), year.ledger.idle);
    year.ledger = { ...year.ledger, idle: 0n };
    await checkLedger(fund, year.ledger);
  }
  return { number, proven, due, deposited: total(asked.deposits), redeemed: total(due.paid) };
}

interface Asks {
  readonly deposits: ReadonlyMap<string, bigint>;
  readonly redemptions: ReadonlyMap<string, bigint>;
}

/** Each investor deposits, redeems, changes their mind within the day, or does nothing. */
async function ask({ fund, random }: Year): Promise<Asks> {
  const { vault } = fund;
  const [deposits, redemptions] = [new Map<string, bigint>(), new Map<string, bigint>()];
  for (const who of INVESTORS) {
    const [choice, part] = [random(), random()];
    const wallet = walletOf(fund, who);
    const [purse, owned] = [
      await coinsOf(fund, wallet.account.address),
      await sharesOf(fund, wallet.account.address),
    ];
    const amount = partOf(purse, 0.02 + 0.2 * part);
    if (choice < 0.35 && amount > 0n) {
      await requestDeposit(vault, wallet, amount);
      if (choice < 0.04)
        await cancelRequest(vault, wallet, "deposit", (await strategyVaultStatus(vault)).period);
      else deposits.set(who, amount);
    } else if (choice < 0.55 && owned > 0n) {
      const given = choice < 0.38 ? owned : partOf(owned, 0.1 + 0.5 * part);
      await requestRedeem(vault, wallet, given);
      redemptions.set(who, given);
    }
  }
  return { deposits, redemptions };
}

/** What redemptions come to by the last price and a little more; what is too much goes back to custody. */
async function bringBack(year: Year, { deposits, redemptions }: Asks): Promise<void> {
  const { fund, ledger, weeks } = year;
  const last = weeks.at(-1)?.due;
  if (redemptions.size === 0 || last === undefined) return;
  const owed = (total(redemptions) * last.assets * 106n) / (last.shares * 100n);
  const missing = owed - total(deposits) - ledger.idle;
  if (missing <= 0n) return;
  await returnAssets(fund.vault, walletOf(fund, "custody"), missing);
  year.ledger = { ...ledger, idle: ledger.idle + missing };
}

/** Ether's price walks, the exchange settles the hedge in coins, and the perpetual pays or costs. */
async function move(year: Year): Promise<void> {
  const { fund, random, prices, navs } = year;
  const before = cents(prices.ether);
  const steps = BigInt(Math.round((random() + random() + random() - 1.5) * 800));
  const walked = before + (before * steps) / 10_000n;
  const [least, most] = ETHER_BOUNDS;
  const after = walked < least ? least : walked > most ? most : walked;
  year.prices = { ether: formatDecimal(after, 2), perpetual: formatDecimal(after + after / 4_000n, 2) };
  const lost = ((after - before) * BigInt(ETHER) * coins("1")) / 100n;
  const rate = BigInt(Math.round((random() * 2 - 0.65) * 100));
  const funding = (navs.at(-1)! * rate) / 10_000n / 10n ** 10n;
  const paid = funding - lost;
  if (paid > 0n) await pay(fund, "exchange", "custody", paid);
  if (paid < 0n) await pay(fund, "custody", "exchange", -paid);
}

const cents = (price: string): bigint => parseUnits(price, 2);

/** Everybody takes what was settled, and has it. */
async function claim({ fund }: Year, { given, paid }: Settlement): Promise<void> {
  for (const [side, due] of [
    ["deposit", given],
    ["redeem", paid],
  ] as const) {
    const balance = side === "deposit" ? sharesOf : coinsOf;
    for (const [name, amount] of due) {
      const who = name as Person;
      const before = await balance(fund, addressOf(fund, who));
      await claimRequests(fund.vault, walletOf(fund, who), side);
      same(`what ${who} got`, (await balance(fund, addressOf(fund, who))) - before, amount);
    }
  }
}

/** Runs `keel history` as a program of its own, and holds its values against those of the year. */
async function history(part: RunPart, year: Year, record: YearRecord): Promise<void> {
  await part("keel history verifies every proof again", async () => {
    const folder = dirname(createRequire(import.meta.url).resolve("keel/package.json"));
    const found = await promisify(execFile)(
      process.execPath,
      [join(folder, "bin/keel.js"), ...historyArgs(record), "--json"],
      { maxBuffer: 2 ** 26 },
    );
    const told = JSON.parse(found.stdout) as HistoryOutput;
    expect(told.proofs === "verified", "every proof verified", told.proofs);
    const values = told.nav.map(({ value }) => BigInt(value));
    expect(values.join() === year.navs.join(), "the values of the year, in their order");
    const [only] = told.records;
    same("lapses", only?.lapses, 0);
    same("attestations", only?.count, year.navs.length);
    const lowest = values.reduce((a, b) => (a < b ? a : b));
    const highest = values.reduce((a, b) => (a > b ? a : b));
    return did(
      `${2 * values.length} proofs; custody held ${usdText(lowest)} to ${usdText(highest)} USD; no lapse`,
    );
  });
}

interface HistoryOutput {
  readonly proofs: string;
  readonly nav: readonly { readonly value: string }[];
  readonly records: readonly { readonly lapses: number; readonly count: number }[];
}

/** Arguments of `keel` that read a record. */
export function historyArgs({ rpc, registry, subject, fromBlock }: YearRecord): string[] {
  return [
    ...["history", "--rpc", rpc, "--registry", registry],
    ...["--subject", subject, "--from-block", `${fromBlock}`],
  ];
}

/** All coins and all shares are somebody's. */
async function count(part: RunPart, year: Year, say: (text: string) => void): Promise<void> {
  const { fund, ledger } = year;
  await part("all coins and all shares are somebody's", async () => {
    const purses = await allCoins(fund);
    same("all coins", total(purses), fund.minted);
    const holders = new Map<string, bigint>([["locked", LOCKED]]);
    for (const who of Object.keys(PEOPLE) as Person[])
      holders.set(who, await sharesOf(fund, addressOf(fund, who)));
    const { client } = fund.stage;
    const call = { address: fund.vault.address, abi: erc20Abi, functionName: "totalSupply" } as const;
    const supply = await client.readContract(call);
    same("all shares", supply, ledger.supply);
    // Shares of deposits are rounded down one by one, so a few base units may be nobody's.
    const loose = supply - total(holders);
    const most = BigInt(INVESTORS.length * year.weeks.length);
    expect(
      loose >= 0n && loose <= most,
      `at most ${most} base units of shares that are nobody's`,
      `${loose}`,
    );
    say(`\n${indent(holdersText(year, purses, holders))}\n`);
    return did(`${coinText(fund.minted)} coins, ${shareText(supply)} shares`);
  });
}

function holdersText(
  { weeks }: Year,
  purses: ReadonlyMap<string, bigint>,
  holders: ReadonlyMap<string, bigint>,
): string {
  const { assets, shares } = weeks.at(-1)!.due;
  const began: Readonly<Record<string, string>> = PURSES;
  const rows = [...INVESTORS, "treasurer" as const].map((who) => {
    const [own, purse] = [holders.get(who)!, purses.get(who)!];
    const worth = (own * assets) / shares;
    const gain = purse + worth - coins(began[who] ?? "0");
    return [who, coinText(purse), shareText(own), coinText(worth), coinText(gain)];
  });
  return table([["who", "coins", "shares", "worth", "gain"], ...rows], [1, 2, 3, 4]);
}

function rowsOf({ weeks }: Year): YearRow[] {
  const rows: YearRow[] = [];
  for (let i = 0; i < weeks.length; i += ROW) {
    const these = weeks.slice(i, i + ROW);
    const { number, proven, due } = these.at(-1)!;
    const sum = (of: (week: Week) => bigint): bigint => these.reduce((all, week) => all + of(week), 0n);
    rows.push({
      ...{ weeks: `${these[0]!.number}-${number}`, asOf: proven.asOf },
      ...{ value: usdText(usdOf(due.assets)), price: priceOf(due), shares: shareText(due.shares) },
      ...{ deposited: coinText(sum((one) => one.deposited)), redeemed: coinText(sum((one) => one.redeemed)) },
      fees: coinText(sum((one) => (one.due.fees * one.due.assets) / one.due.shares)),
    });
  }
  return rows;
}

function rowsText(rows: readonly YearRow[]): string {
  const head = ["weeks", "until", "value, USD", "a share", "shares", "deposited", "redeemed", "fees"];
  const lines = rows.map(({ weeks, asOf, value, price, shares, deposited, redeemed, fees }) => [
    ...[weeks, utc(asOf).slice(0, 10), value, price, shares, deposited, redeemed, fees],
  ]);
  return table([head, ...lines], [2, 3, 4, 5, 6, 7]);
}

const priceOf = ({ assets, shares }: Settlement): string => priceText(usdOf(assets), shares);

const partOf = (amount: bigint, part: number): bigint =>
  (amount * BigInt(Math.round(part * 10_000_019))) / 10_000_019n;

/** A seed's numbers from 0 to 1: hashes of it with a counter. */
function createRandom(seed: number): () => number {
  let count = 0n;
  return () => {
    count += 1n;
    const hash = keccak256(encodePacked(["uint256", "uint256"], [BigInt(seed), count]));
    return Number(BigInt(hash) >> 203n) / 2 ** 53;
  };
}

const indent = (text: string): string => text.replace(/^(?=.)/gm, "      ");
