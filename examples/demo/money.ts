// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The story's second half: a fund that shows its value, and a vault that is settled by it. Every sum is reckoned apart from the
 * contracts and held against what the chain says; a step that says "paid" has looked at the balances.
 *
 * @module
 */

import { loadArtifact } from "@keel/contracts";
import { circuitHash, readSums } from "@keel/verifier";
import {
  type AttestedEntry,
  allocateAssets,
  cancelRequest,
  claimRequests,
  disclosureOf,
  historyOf,
  isHealthy,
  pendingRequest,
  policyTermsOf,
  requestDeposit,
  requestRedeem,
  returnAssets,
  reverifyAll,
  startWindDown,
  strategyVaultAbi,
  strategyVaultStatus,
  surrenderShares,
} from "@keel/verifier/chain";
import { figureLines, figuresOf, navText, table } from "@keel/verifier/text";
import type { Hex } from "viem";
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
  nextPeriod,
  openFund,
  type Person,
  PRICES,
  type Proven,
  type Provers,
  pay,
  priceText,
  proveFund,
  richer,
  same,
  settleFund,
  shares,
  sharesOf,
  shareText,
  silent,
  usdText,
  vaultCall,
  walletOf,
} from "./fund.js";
import {
  borrowCall,
  compileMorpho,
  type LendingMarket,
  LLTV,
  mostOf,
  openMarket,
  oraclePrice,
  repayAll,
  supplyCoins,
  supplyShares,
  withdrawSupply,
} from "./morpho.js";
import {
  type Asked,
  type Ledger,
  NOTHING_ASKED,
  perShare,
  type Settlement,
  total,
  usdOf,
  worth,
} from "./reckoning.js";
import { callRefused, chainTime, goTo, passTime, transact } from "./stage.js";
import type { RunPart, Teller } from "./teller.js";
import { attestRefused, CAST, expect, refusedLocally, type World } from "./world.js";

const HOUR = 3600;
const DAY = 86_400;
const TERMS = {
  ...{ validity: DAY, dealingPeriod: HOUR, grace: 2 * DAY },
  ...{ managementFee: 0, performanceFee: 0 },
};

/** Everybody's coins at the beginning; there are never more. */
const PURSES = {
  ...{ custody: "703248", exchange: "1000000" },
  ...{ alice: "300000", bob: "150000", lender: "200000" },
} as const satisfies Partial<Record<Person, string>>;

const DEPOSITS = new Map([
  ["alice", coins("250000")],
  ["bob", coins("100000")],
]);
/** What the perpetual pays before the first settlement, and before the second. */
const FUNDING = [coins("12345.67"), coins("54321.09")] as const;
const ALLOCATED = coins("300000");
const BROUGHT_BACK = coins("80000");
const REDEEMED = shares("100000");
const REDEEMED_TOO_LATE = shares("50000");

/** What was said and done so far. */
interface Tale {
  readonly fund: Fund;
  readonly provers: Provers;
  readonly proofs: Proven[];
  readonly settlements: Settlement[];
  ledger: Ledger;
}

/** Everybody's coins at the end, by name. */
export type Purses = Readonly<Record<string, string>>;

/** Tells it. @returns everybody's coins at the end */
export async function tellMoney(
  world: World,
  provers: Provers,
  teller: Teller,
  say: (text: string) => void,
): Promise<Purses> {
  const { step } = teller;
  const tale = await step("nav", (part) => nav(part, world, provers), "a value that a proof shows");
  await step("settle", (part) => settle(part, tale), "deposits, at the proven value");
  await step("allocate", (part) => allocate(part, tale), "the money works, and earns");
  await step("redeem", (part) => redeem(part, tale), "shares are paid, at the proven value");
  await step("decrypt", (part) => decrypt(part, world, tale, say), "a viewer reads what is sealed");
  const market = await step("lend", (part) => lend(part, tale), "a loan against shares, on Morpho Blue");
  await step("lapse", (part) => lapse(part, tale, market), "health is not proven any more");
  return await step("wind-down", (part) => windDown(part, tale, market, say), "all gets its part back");
}

/** A part without a result. */
const did = (detail: string) => ({ value: undefined, detail });

async function nav(part: RunPart, world: World, provers: Provers): Promise<Tale> {
  const fund = await part(
    "a policy names a viewer and the vault's shares; the vault follows it",
    async () => {
      const value = await openFund(world, TERMS, PURSES);
      const { limits } = value.policy;
      return { value, detail: `${Object.keys(limits).length} limits, a value to the cent, one viewer` };
    },
  );
  await part("Alice asks to deposit before anything is proven", async () =>
    did(`refused, ${await depositRefused(fund)}`),
  );
  const ledger = await firstLedger(fund);
  const tale: Tale = { fund, provers, proofs: [], settlements: [], ledger };
  const proven = await part("prove health and value together", async () => {
    // At a period's beginning: what is asked for next is all of one period.
    await nextPeriod(fund);
    const value = await proveFund(fund, provers);
    same("the value", value.nav, coins("1000000") * 10n ** 10n);
    return { value, detail: "two proofs of one commitment" };
  });
  const { attestation } = proven;
  await part("the same without its value", async () =>
    did(`refused, ${await attestRefused(world, silent(attestation), "WrongDisclosures")}`),
  );
  await part("the same, a cent richer", async () =>
    did(`refused, ${await attestRefused(world, richer(attestation), "ProofRefused")}`),
  );
  await part("attest on chain", async () => did(await attested(tale, proven)));
  return tale;
}

/** Brings a proof to the registry, which has to say what was reckoned, and tells what a share is worth with what lies idle. */
async function attested(tale: Tale, proven: Proven): Promise<string> {
  const { fund, ledger } = tale;
  await attestFund(fund, proven, ledger);
  tale.proofs.push(proven);
  const { address } = fund.vault;
  const args = [fund.vault.subject, fund.policyId] as const;
  const shown = await fund.stage.client.readContract({
    ...{ address, abi: strategyVaultAbi, functionName: "navOf", args },
  });
  const all = proven.nav + usdOf(ledger.idle);
  same("the vault's value", shown.value, all);
  same("its shares", shown.units, ledger.supply);
  return `${usdText(proven.nav)} USD, ${priceText(all, ledger.supply)} a share; healthy, by development keys`;
}

/** Time passes to the next period; the book of then is proven and attested. */
async function provenNext(tale: Tale): Promise<Proven> {
  const { fund, provers, proofs } = tale;
  await nextPeriod(fund);
  return await proveFund(fund, provers, { state: proofs.at(-1)!.state });
}

/** Settles by the latest proof, as it must be. */
async function settledBy(tale: Tale, asked: Asked): Promise<Settlement> {
  const due = await settleFund(tale.fund, tale.ledger, tale.proofs.at(-1)!, asked);
  tale.settlements.push(due);
  tale.ledger = due.after;
  return due;
}

async function settle(part: RunPart, tale: Tale): Promise<void> {
  const { fund } = tale;
  const { stage, vault } = fund;
  const { period } = await part("Alice and Bob ask to deposit", async () => {
    const before = await coinsOf(fund, vault.address);
    for (const [who, amount] of DEPOSITS) await requestDeposit(vault, walletOf(fund, who as Person), amount);
    same("coins that wait", (await coinsOf(fund, vault.address)) - before, total(DEPOSITS));
    return { value: await strategyVaultStatus(vault), detail: `${coinText(total(DEPOSITS))} coins wait` };
  });
  await part("a settlement by the proof of before they asked", async () => {
    await settledBy(tale, NOTHING_ASKED);
    for (const [who, amount] of DEPOSITS) {
      const waits = await pendingRequest(vault, "deposit", period, addressOf(fund, who as Person));
      same(`what waits of ${who}'s`, waits, amount);
    }
    return did("no old price for them: both wait");
  });
  await part("an hour passes, the perpetual pays, proven again", async () => {
    await pay(fund, "exchange", "custody", FUNDING[0]);
    return did(await attested(tale, await provenNext(tale)));
  });
  const due = await part("settle, sent by a stranger", async () => {
    const value = await settledBy(tale, { ...NOTHING_ASKED, deposits: DEPOSITS });
    return { value, detail: `${priceOf(value)} a share, for both` };
  });
  await part("a settlement by the same proof again", async () => {
    const call = vaultCall(fund, "settle", [0n]);
    return did(`refused, ${await callRefused(stage, stage.wallets[CAST.rival]!, call, "UnfitSnapshot")}`);
  });
  await part("both claim their shares", async () => {
    for (const [who, count] of due.given) {
      await claimRequests(vault, walletOf(fund, who as Person), "deposit");
      same(`${who}'s shares`, await sharesOf(fund, addressOf(fund, who as Person)), count);
    }
    return did([...due.given.values()].map(shareText).join(" and "));
  });
}

const priceOf = ({ assets, shares: count }: Settlement): string => priceText(usdOf(assets), count);

async function allocate(part: RunPart, tale: Tale): Promise<void> {
  const { fund } = tale;
  const { stage, vault } = fund;
  const custody = addressOf(fund, "custody");
  const refusal = async (who: Person, to: Person, amount: bigint, expected: string) => {
    const call = vaultCall(fund, "allocate", [addressOf(fund, to), amount]);
    return did(`refused, ${await callRefused(stage, walletOf(fund, who), call, expected)}`);
  };
  await part("a stranger sends the money away", () => refusal("carol", "custody", 1n, "NotManager"));
  await part("the manager sends it to himself", () => refusal("manager", "manager", 1n, "NotCustody"));
  await part("the manager sends more than lies idle", () =>
    refusal("manager", "custody", tale.ledger.idle + 1n, "MoreThanIdle"),
  );
  await part("the manager sends it to custody", async () => {
    const before = await coinsOf(fund, custody);
    await allocateAssets(vault, walletOf(fund, "manager"), custody, ALLOCATED);
    same("coins in custody", (await coinsOf(fund, custody)) - before, ALLOCATED);
    tale.ledger = { ...tale.ledger, idle: tale.ledger.idle - ALLOCATED };
    await checkLedger(fund, tale.ledger);
    return did(`${coinText(ALLOCATED)} coins; ${coinText(tale.ledger.idle)} lie idle`);
  });
  await part("twelve hours pass, the perpetual pays, proven again", async () => {
    await goTo(stage, (await chainTime(stage)) + 12 * HOUR);
    await pay(fund, "exchange", "custody", FUNDING[1]);
    const [before, proven] = [tale.proofs.at(-1)!, await provenNext(tale)];
    const detail = await attested(tale, proven);
    same("the profit", proven.nav - before.nav, usdOf(ALLOCATED + FUNDING[1]));
    return did(detail);
  });
}

async function redeem(part: RunPart, tale: Tale): Promise<void> {
  const { fund } = tale;
  const { vault } = fund;
  const alice = addressOf(fund, "alice");
  const redemptions = new Map([["alice", REDEEMED]]);
  await part("Alice asks to redeem shares", async () => {
    const before = await sharesOf(fund, alice);
    await requestRedeem(vault, walletOf(fund, "alice"), REDEEMED);
    same("shares that she gave", before - (await sharesOf(fund, alice)), REDEEMED);
    return did(`${shareText(REDEEMED)} shares wait`);
  });
  await part("custody brings coins back", async () => {
    await returnAssets(vault, walletOf(fund, "custody"), BROUGHT_BACK);
    tale.ledger = { ...tale.ledger, idle: tale.ledger.idle + BROUGHT_BACK };
    await checkLedger(fund, tale.ledger);
    return did(`${coinText(BROUGHT_BACK)}`);
  });
  const due = await part("an hour passes, proven again, settled", async () => {
    await attested(tale, await provenNext(tale));
    const value = await settledBy(tale, { ...NOTHING_ASKED, redemptions });
    return { value, detail: `${priceOf(value)} a share` };
  });
  await part("Alice is paid", async () => {
    const before = await coinsOf(fund, alice);
    await claimRequests(vault, walletOf(fund, "alice"), "redeem");
    const paid = (await coinsOf(fund, alice)) - before;
    same("coins that she was paid", paid, due.paid.get("alice")!);
    const [cost, got] = [DEPOSITS.get("alice")!, tale.settlements[1]!.given.get("alice")!];
    return did(`${coinText(paid)} coins for what cost ${coinText((REDEEMED * cost) / got)}`);
  });
}

async function decrypt(
  part: RunPart,
  world: World,
  { fund, proofs }: Tale,
  say: (text: string) => void,
): Promise<void> {
  const { registry, policyId, vault, viewer } = fund;
  const terms = await policyTermsOf(registry, policyId);
  const entries = await part("the record, verified again from the log", async () => {
    const query = { subject: vault.subject, policyId, fromBlock: 0n };
    const value = (await historyOf(registry, query)).filter(isAttested);
    const keys = new Map(
      [world.artifacts, world.disclosing].map(({ id, verificationKey }) => [
        circuitHash(id),
        verificationKey,
      ]),
    );
    const keyOf = async (circuit: Hex) => keys.get(circuit)!;
    expect((await reverifyAll(registry, value, { keyOf })) === undefined, "every proof of the log to hold");
    same("attestations in the log", value.length, proofs.length);
    const first = navText({ value: proofs[0]!.nav, units: entryUnits(value[0]!) });
    return { value, detail: `${2 * value.length} proofs, under development keys; the first: ${first}` };
  });
  const { shape } = fund.policy.disclosure!.circuit;
  await part("the viewer opens each attestation", async () => {
    const read = entries.map((entry) => readSums(disclosureOf(entry, terms)!, shape, viewer.secret));
    for (const [i, sums] of read.entries()) {
      same("equity that the viewer reads", sums.equity, proofs[i]!.equity);
      expect(sums.deltas.join() === proofs[i]!.exposures.deltas.join(), "the book's exposures");
      same("the public value", sums.equity - (sums.equity % 10n ** 14n), proofs[i]!.nav);
    }
    say(
      `\n${figureLines(figuresOf(read.at(-1)!, { underlyings: ["USD", "ETH"] })).replace(/^/gm, "      ")}\n`,
    );
    return did("the book's sums, as the custodian signed it");
  });
  await part("somebody else's key", async () => {
    const secret = crypto.getRandomValues(new Uint8Array(32));
    const refused = (async () => readSums(disclosureOf(entries[0]!, terms)!, shape, secret))();
    const { code } = await refusedLocally(refused);
    expect(code === "disclosure.viewer", "the key to be none of the policy's", code);
    return did("opens nothing");
  });
}

const isAttested = (entry: { readonly kind: string }): entry is AttestedEntry => entry.kind === "attested";
const entryUnits = ({ drawdown }: AttestedEntry): bigint => drawdown.units;

/** A market, and what Bob put up and borrowed. */
interface Loan extends LendingMarket {
  readonly collateral: bigint;
  readonly borrowed: bigint;
}

async function lend(part: RunPart, tale: Tale): Promise<Loan> {
  const { fund, proofs, settlements } = tale;
  const { stage } = fund;
  const [oracleAbi, feedAbi] = [(await loadArtifact("NavOracle")).abi, (await loadArtifact("NavFeed")).abi];
  const compiled = await part("compile Morpho Blue from its package", async () => ({
    value: await compileMorpho(),
    detail: "Morpho.sol, as it is published",
  }));
  const market = await part("open a market: coins against the vault's shares", async () => ({
    value: await openMarket(fund, compiled),
    detail: `to ${(LLTV * 100n) / 10n ** 18n} % of what the feed says`,
  }));
  const collateral = await sharesOf(fund, addressOf(fund, "bob"));
  // Nothing was settled, moved or proven since: the price is the last settlement's.
  const { assets, shares: count } = settlements.at(-1)!;
  const answer = perShare(usdOf(assets), count);
  const price = answer * 10n ** 26n;
  await part("the market asks the feed", async () => {
    const call = { address: market.feed, abi: feedAbi, functionName: "latestRoundData" } as const;
    const round = (await stage.client.readContract(call)) as readonly bigint[];
    same("the feed's answer", round[1], answer);
    same("its time", Number(round[3]), proofs.at(-1)!.asOf);
    same("the oracle's price", await oraclePrice(fund, market, oracleAbi), price);
    return did(`${priceText(answer * 10n ** 8n, 10n ** 8n)} USD a share, as it was settled`);
  });
  const borrowed = mostOf(collateral, price) - coins("1");
  await part("a lender supplies coins, Bob puts up his shares", async () => {
    await supplyCoins(fund, market, coins(PURSES.lender));
    await supplyShares(fund, market, collateral);
    same("shares that Morpho holds", await sharesOf(fund, market.morpho), collateral);
    return did(`${shareText(collateral)} shares`);
  });
  await part("Bob borrows a coin more than they allow", async () => {
    const call = borrowCall(fund, market, mostOf(collateral, price) + coins("1"));
    const refusal = await callRefused(stage, walletOf(fund, "bob"), call, "insufficient collateral");
    return did(`refused, ${refusal}`);
  });
  await part("Bob borrows a coin less", async () => {
    const before = await coinsOf(fund, addressOf(fund, "bob"));
    await transact(stage, walletOf(fund, "bob"), borrowCall(fund, market, borrowed));
    same("coins that he has", (await coinsOf(fund, addressOf(fund, "bob"))) - before, borrowed);
    return did(`${coinText(borrowed)} coins`);
  });
  return { ...market, collateral, borrowed };
}

async function lapse(part: RunPart, { fund, proofs }: Tale, market: Loan): Promise<void> {
  const { stage, vault, registry, policyId } = fund;
  const manager = walletOf(fund, "manager");
  await part("a day passes without a proof", async () => {
    await goTo(stage, proofs.at(-1)!.asOf + TERMS.validity);
    expect(!(await isHealthy(registry, vault.subject, policyId)), "the attestation to have expired");
    return did("the attestation has expired");
  });
  await part("a deposit", async () => did(`refused, ${await depositRefused(fund)}`));
  await part("money to custody", async () => {
    const call = vaultCall(fund, "allocate", [addressOf(fund, "custody"), 1n]);
    return did(`refused, ${await callRefused(stage, manager, call, "NoProvenValue")}`);
  });
  await part("a settlement", async () => {
    const call = vaultCall(fund, "settle", [0n]);
    return did(`refused, ${await callRefused(stage, manager, call, "NoProvenValue")}`);
  });
  await part("another loan by the last price", async () => {
    const { abi: errors } = await loadArtifact("NavFeed");
    const call = borrowCall(fund, market, 1n);
    return did(`refused, ${await callRefused(stage, walletOf(fund, "bob"), call, "Stale", errors)}`);
  });
  await part("Alice asks to redeem: health never blocks that", async () => {
    const { period } = await strategyVaultStatus(vault);
    await requestRedeem(vault, walletOf(fund, "alice"), REDEEMED_TOO_LATE);
    const waits = await pendingRequest(vault, "redeem", period, addressOf(fund, "alice"));
    same("shares that wait", waits, REDEEMED_TOO_LATE);
    return did(`${shareText(REDEEMED_TOO_LATE)} shares wait`);
  });
  await part("Bob pays his loan back", async () => {
    const bob = addressOf(fund, "bob");
    const before = await coinsOf(fund, bob);
    await repayAll(fund, market, market.collateral);
    same("what it cost", before - (await coinsOf(fund, bob)), market.borrowed);
    same("his shares", await sharesOf(fund, bob), market.collateral);
    await withdrawSupply(fund, market, coins(PURSES.lender));
    same("the lender's coins", await coinsOf(fund, addressOf(fund, "lender")), coins(PURSES.lender));
    return did("and has his shares; the lender has the coins");
  });
}

async function windDown(
  part: RunPart,
  tale: Tale,
  market: Loan,
  say: (text: string) => void,
): Promise<Purses> {
  const { fund } = tale;
  const { stage, vault } = fund;
  const custody = addressOf(fund, "custody");
  await part("before the grace is over", async () => {
    const call = vaultCall(fund, "windDown", []);
    const refusal = await callRefused(stage, walletOf(fund, "bob"), call, "NoReasonToWindDown");
    return did(`refused, ${refusal}`);
  });
  await part("two more days pass; Bob starts it", async () => {
    await passTime(stage, TERMS.grace);
    await startWindDown(vault, walletOf(fund, "bob"));
    expect((await strategyVaultStatus(vault)).windingDown, "a wind-down");
    return did(`${shareText(tale.ledger.supply)} shares, and nothing goes to custody`);
  });
  await part("the manager sends the rest to custody", async () => {
    const call = vaultCall(fund, "allocate", [custody, 1n]);
    return did(`refused, ${await callRefused(stage, walletOf(fund, "manager"), call, "WindingDown")}`);
  });
  const came = await part("custody sells the ether and brings half of all back", async () => {
    await pay(fund, "exchange", "custody", worth({ ETH: ETHER }, { ETH: PRICES.ether }) / 10n ** 10n);
    const half = (await coinsOf(fund, custody)) / 2n;
    await returnAssets(vault, walletOf(fund, "custody"), half);
    return { value: tale.ledger.idle + half, detail: coinText(half) };
  });
  const owned = new Map<Person, bigint>();
  const paid = new Map<Person, bigint>();
  /** Gives up shares, and is paid the same part of all that came as everybody. */
  const surrender = async (who: Person, all: bigint): Promise<bigint> => {
    const own = await sharesOf(fund, addressOf(fund, who));
    owned.set(who, (owned.get(who) ?? 0n) + own);
    const before = await coinsOf(fund, addressOf(fund, who));
    await surrenderShares(vault, walletOf(fund, who), own);
    const got = (await coinsOf(fund, addressOf(fund, who))) - before;
    const due = (owned.get(who)! * all) / tale.ledger.supply - (paid.get(who) ?? 0n);
    same(`what ${who} is paid`, got, due);
    paid.set(who, (paid.get(who) ?? 0n) + got);
    return got;
  };
  await part("Alice takes her request back and gives up her shares", async () => {
    const id = await periodOfRequest(tale);
    await cancelRequest(vault, walletOf(fund, "alice"), "redeem", id);
    return did(`${coinText(await surrender("alice", came))} coins, her part of what came`);
  });
  const all = await part("custody brings the other half back", async () => {
    const rest = await coinsOf(fund, custody);
    await returnAssets(vault, walletOf(fund, "custody"), rest);
    same("coins in custody", await coinsOf(fund, custody), 0n);
    return { value: came + rest, detail: coinText(rest) };
  });
  await part("everybody gives up their shares; who came early gets the rest", async () => {
    for (const who of ["manager", "bob", "alice"] as const) await surrender(who, all);
    const each = new Set([...paid].map(([who, got]) => perShare(usdOf(got), owned.get(who)!)));
    expect(each.size === 1, "the same for each share", [...each].join(" and "));
    return did(`${priceText(usdOf(paid.get("bob")!), owned.get("bob")!)} a share, the same for all`);
  });
  return await part("all coins are counted", async () => {
    const purses = await allCoins(fund, { morpho: market.morpho });
    same("all coins", total(purses), fund.minted);
    const left = purses.get("vault")!;
    const mostLeft = (all * 10n ** 6n) / tale.ledger.supply + BigInt(paid.size) + 1n;
    expect(left <= mostLeft, `at most ${mostLeft} left in the vault`, `${left}`);
    say(`\n${pursesText(purses).replace(/^/gm, "      ")}\n`);
    const value = Object.fromEntries([...purses].map(([who, amount]) => [who, coinText(amount)]));
    return { value, detail: `${coinText(fund.minted)}, as at the beginning` };
  });
}

function pursesText(purses: ReadonlyMap<string, bigint>): string {
  const began: Readonly<Record<string, string>> = PURSES;
  const rows = [...purses].flatMap(([who, amount]) => {
    const before = coins(began[who] ?? "0");
    if (before === 0n && amount === 0n) return [];
    return [[who, coinText(before), coinText(amount), coinText(amount - before)]];
  });
  return table([["whose", "at first", "at the end", "gain"], ...rows], [1, 2, 3]);
}

async function periodOfRequest({ fund }: Tale): Promise<bigint> {
  const range = { address: fund.vault.address, abi: fund.vaultAbi, fromBlock: 0n } as const;
  const asked = await fund.stage.client.getContractEvents({ ...range, eventName: "RedeemRequest" });
  return (asked.at(-1) as unknown as { readonly args: { readonly requestId: bigint } }).args.requestId;
}

async function depositRefused(fund: Fund): Promise<string> {
  const alice = addressOf(fund, "alice");
  const call = vaultCall(fund, "requestDeposit", [coins("1"), alice, alice]);
  return await callRefused(fund.stage, walletOf(fund, "alice"), call, "DepositsClosed");
}
