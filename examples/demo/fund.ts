// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A fund whose vault is priced by proofs, and its people: depositors, a custodian's address on chain, an exchange. What the custodian
 * signs as dollars is what that address has on chain, to the last unit; coins and the perpetual that hedges them are at the exchange.
 *
 * @module
 */

import { deployContract, loadArtifact } from "@keel/contracts";
import type { Prover } from "@keel/engine";
import {
  checkSignatures,
  type DrawdownState,
  type Enrolment,
  enrolmentCommitment,
  type ProvenAttestation,
  parseSnapshot,
  proveHealth,
  type Seed,
} from "@keel/prover";
import {
  type Attestation,
  formatDecimal,
  generateViewerKey,
  type Policy,
  parseMarket,
  parsePolicy,
  policyId,
  policyTerms,
  type ViewerKeyPair,
} from "@keel/verifier";
import {
  connectStrategyVault,
  enrol,
  navRecordOf,
  policyBookAbi,
  publishPolicy,
  type Registry,
  type StrategyVault,
  strategyVaultAbi,
  submitAttestation,
  tokenUnits,
  type Wallet,
} from "@keel/verifier/chain";
import { dollars } from "@keel/verifier/text";
import {
  type Abi,
  type Address,
  encodeAbiParameters,
  erc20Abi,
  type Hex,
  keccak256,
  parseEventLogs,
  parseUnits,
  stringToHex,
  type TransactionReceipt,
  zeroAddress,
} from "viem";
import { type ExampleTexts, exampleTexts } from "../generate.js";
import { cash, perp, spot } from "../quotes.js";
import type { Strategy } from "../strategy.js";
import {
  type Asked,
  COIN_PLACES,
  type FeeTerms,
  type Ledger,
  perShare,
  type Settlement,
  SHARE_PLACES,
  settled,
  USD_PLACES,
  worth,
} from "./reckoning.js";
import { chainTime, goTo, passTime, type Stage, transact } from "./stage.js";
import { CAST, declaredBy, domainOf, expect, publishTable, STRATEGY, type World } from "./world.js";

export const DISCLOSURE = "disclosure/spot-16x1";
export const DISCLOSURE_VERIFIER = "DisclosureSpot16x1Verifier";

/** Who is who in the vault's story, among the chain's accounts; the subject is the manager. */
export const PEOPLE = {
  ...{ manager: 8, custody: 9, exchange: 10, treasurer: 11 },
  ...{ alice: 12, bob: 13, carol: 14, dave: 15, lender: 16 },
} as const;

/** A name of the story. */
export type Person = keyof typeof PEOPLE;

export const coins = (text: string): bigint => parseUnits(text, COIN_PLACES);
export const shares = (text: string): bigint => parseUnits(text, SHARE_PLACES);

/** Shares that stand for what custody holds at the start: a million. */
const SEED = shares("1000000");
/** Shares of them that nobody can ever give up: LOCKED of contracts/lib/VaultSetup.sol. */
export const LOCKED = 10n ** 6n;
/** Ether that the fund holds, hedged by as much of the perpetual. */
export const ETHER = "100";

const ROWS = [{ ...cash("USDC"), price: "1" }, spot("ETH"), perp("ETH")];
const [, ETH, PERP] = ROWS;

/** Ether held, its price sold through a perpetual that pays funding, and dollars. A dollar coin is a dollar, as the vault takes it. */
export const FUND: Strategy = {
  folder: "",
  // Account 8 of a local Hardhat chain.
  subject: "0x23618e81e3f5cdf7f54c3d65f7fbc0abf5b21e8f",
  accountId: "main",
  sources: STRATEGY.sources,
  underlyings: ["USD", "ETH"],
  instruments: ROWS,
  policyName: "Funding, shown",
  limits: {
    maxLeverage: "2",
    netDelta: ["-0.05", "0.05"],
    maxStressLoss: "0.05",
    maxDrawdown: "0.2",
    minEquity: "500000",
  },
  scenarios: [
    { name: "Ether down 40%", shocks: { ETH: "-0.4" } },
    { name: "Ether up 40%", shocks: { ETH: "0.4" } },
  ],
  positions: {},
  twin: { file: "", changes: {}, breaks: [] },
};

/** How a fund's vault goes; times in seconds. */
export interface FundTerms extends FeeTerms {
  readonly validity: number;
  readonly dealingPeriod: number;
  readonly grace: number;
}

/** Prices that move, decimals. */
export interface Prices {
  readonly ether: string;
  readonly perpetual: string;
}

/** The day's. */
export const PRICES: Prices = { ether: ETH!.price, perpetual: PERP!.price };

/** An open fund. */
export interface Fund {
  readonly stage: Stage;
  readonly registry: Registry;
  readonly terms: FundTerms;
  readonly policy: Policy;
  readonly policyId: Hex;
  readonly line: Hex;
  readonly vault: StrategyVault;
  readonly vaultAbi: Abi;
  readonly token: Address;
  readonly tokenAbi: Abi;
  readonly viewer: ViewerKeyPair;
  readonly keyOf: World["keyOf"];
  readonly enrolment: Enrolment;
  /** Coins that there are, all of them. */
  readonly minted: bigint;
}

/** A proof of the fund at a time, and what its book is worth, reckoned from amounts and prices. */
export interface Proven extends ProvenAttestation {
  readonly asOf: number;
  /** USD 1e16, in whole cents. */
  readonly nav: bigint;
  /** Exact, as the book's own model has it. */
  readonly equity: bigint;
}

/** The provers of both circuits. */
export interface Provers {
  readonly prover: Prover;
  readonly disclosureProver: Prover;
}

export const walletOf = ({ stage }: Pick<Fund, "stage">, who: Person): Wallet => stage.wallets[PEOPLE[who]]!;
export const addressOf = (fund: Pick<Fund, "stage">, who: Person): Address =>
  walletOf(fund, who).account.address;

/** Publishes a policy that names the vault's shares and a viewer, and makes the vault behind a line that follows it. */
export async function openFund(
  { stage, registry, keyOf }: Pick<World, "stage" | "registry" | "keyOf">,
  terms: FundTerms,
  purses: Readonly<Partial<Record<Person, string>>>,
): Promise<Fund> {
  const clients = { walletClient: stage.wallets[CAST.deployer]!, publicClient: stage.client };
  const deployer = clients.walletClient;
  const [vaultAbi, tokenAbi, factoryAbi] = await Promise.all(
    ["StrategyVault", "TestToken", "VaultFactory"].map(async (name) => (await loadArtifact(name)).abi),
  );
  const token = await deployContract(clients, "TestToken", ["Dollar coin", "USDC", COIN_PLACES]);
  const factory = await deployContract(clients, "VaultFactory", []);
  const salt = stringToHex("demo", { size: 32 });
  const known = { address: factory, abi: factoryAbi!, functionName: "addressOf" } as const;
  const args = [deployer.account.address, salt];
  const address = (await stage.client.readContract({ ...known, args })) as Address;

  const viewer = generateViewerKey();
  const { policy, market } = publicTexts(
    exampleTexts(FUND, { keyOf, policy: policyOf(terms, address, viewer) }),
  );
  const published = await publishPolicy(registry, deployer, policyTerms(policy, market));
  const line = await openLine(stage, registry, published.policyId);
  const gate = await deployContract(clients, "LineGate", [registry.address, FUND.subject, line]);
  const setup = setupOf({ stage }, terms, token, gate);
  await transact(stage, deployer, {
    ...{ address: factory, abi: factoryAbi!, functionName: "make", args: [setup, salt] },
  });
  const enrolment = declaredBy(keyOf, FUND);
  await enrol(registry, walletOf({ stage }, "manager"), enrolmentCommitment(enrolment));
  let minted = 0n;
  for (const [who, amount] of Object.entries(purses)) {
    const own = [addressOf({ stage }, who as Person), coins(amount)] as const;
    await transact(stage, deployer, { address: token, abi: tokenAbi!, functionName: "mint", args: own });
    minted += own[1];
  }
  return {
    ...{ stage, registry, terms, policy, line, token, viewer, keyOf, enrolment, minted },
    policyId: published.policyId,
    vault: await connectStrategyVault(stage.client, address),
    vaultAbi: vaultAbi!,
    tokenAbi: tokenAbi!,
  };
}

function policyOf({ validity }: FundTerms, vault: Address, { publicKey }: ViewerKeyPair) {
  const viewers = [{ name: "Regulator", key: publicKey.map(String) }];
  return {
    validity,
    units: { token: vault.toLowerCase() },
    disclosure: { circuit: DISCLOSURE, navStep: "0.01", viewers },
  };
}

function publicTexts({ policy, market }: { readonly policy: string; readonly market: string }) {
  return { policy: parsePolicy(policy), market: parseMarket(market) };
}

const LINE = "demo fund";

async function openLine(stage: Stage, { policyBook }: Registry, id: Hex): Promise<Hex> {
  const call = { address: policyBook, abi: policyBookAbi, functionName: "openLine", args: [LINE, id] };
  await transact(stage, stage.wallets[CAST.deployer]!, call);
  const names = [{ type: "string" }, { type: "string" }];
  return keccak256(encodeAbiParameters(names, ["keel/line/1", LINE]));
}

function setupOf(fund: Pick<Fund, "stage">, terms: FundTerms, asset: Address, gate: Address) {
  const manager = addressOf(fund, "manager");
  return {
    ...{ name: shortString("Funding fund"), symbol: shortString("FUND"), asset, gate },
    ...{ owner: manager, manager, custody: addressOf(fund, "custody") },
    ...{ seedHolder: manager, seedShares: SEED },
    terms: {
      ...{ assetFeed: zeroAddress, feedStaleness: 0, transit: 0 },
      ...{ dealingPeriod: terms.dealingPeriod, grace: terms.grace, maxLag: 3600, delay: 2 * 86_400 },
      ...{ managementFee: terms.managementFee, performanceFee: terms.performanceFee },
      feeReceiver: addressOf(fund, "treasurer"),
    },
  };
}

/** At most 31 bytes with their number in the last one, as OpenZeppelin's ShortString has it. */
function shortString(text: string): Hex {
  const bytes = stringToHex(text, { size: 32 });
  return `${bytes.slice(0, -2)}${text.length.toString(16).padStart(2, "0")}` as Hex;
}

/** The vault as it was made: all shares stand for what custody holds. */
export async function firstLedger(fund: Fund): Promise<Ledger> {
  return { supply: SEED, idle: 0n, highest: 0n, asOf: await madeAt(fund) };
}

async function madeAt({ stage, vault, vaultAbi }: Fund): Promise<number> {
  const range = { address: vault.address, abi: vaultAbi, fromBlock: 0n } as const;
  const [first] = await stage.client.getContractEvents({ ...range, eventName: "CustodyAnnounced" });
  return Number((await stage.client.getBlock({ blockNumber: first!.blockNumber })).timestamp);
}

/** Coins of an address, from the token. */
export async function coinsOf({ stage, token }: Fund, who: Address): Promise<bigint> {
  const call = { address: token, abi: erc20Abi, functionName: "balanceOf", args: [who] } as const;
  return await stage.client.readContract(call);
}

/** Shares of an address, from the vault's token. */
export async function sharesOf({ stage, vault }: Fund, who: Address): Promise<bigint> {
  const call = { address: vault.address, abi: erc20Abi, functionName: "balanceOf", args: [who] } as const;
  return await stage.client.readContract(call);
}

/** A plain transfer of coins. */
export async function pay(fund: Fund, from: Person, to: Person, amount: bigint): Promise<void> {
  const { stage, token, tokenAbi } = fund;
  const call = {
    address: token,
    abi: tokenAbi,
    functionName: "transfer",
    args: [addressOf(fund, to), amount],
  };
  await transact(stage, walletOf(fund, from), call);
}

/** Calls the vault with what the client has no function for, or from somebody who may not; for refusals. */
export function vaultCall({ vault, vaultAbi }: Fund, functionName: string, args: readonly unknown[]) {
  return { address: vault.address, abi: vaultAbi, functionName, args };
}

/** Goes to the beginning of the next dealing period: what was asked for in this one is due. */
export async function nextPeriod({ stage, terms }: Fund): Promise<number> {
  const time = (Math.floor((await chainTime(stage)) / terms.dealingPeriod) + 1) * terms.dealingPeriod;
  await goTo(stage, time);
  return time;
}

/** The fund's files of a time, and the dollars among its positions. */
export interface FundTexts {
  readonly texts: ExampleTexts;
  readonly asOf: number;
  readonly held: string;
}

/** Publishers sign the table of now, the custodian signs the book of now: what its address has, and what is at the exchange. */
export async function signFund(fund: Fund, prices: Prices = PRICES): Promise<FundTexts> {
  const { stage, registry, vault, keyOf, terms, viewer } = fund;
  const asOf = await chainTime(stage);
  const held = formatDecimal(await coinsOf(fund, addressOf(fund, "custody")), COIN_PLACES);
  await passTime(stage, 1);
  const units = await tokenUnits(registry, vault.address, asOf);
  const positions = { USDC: held, ETH: ETHER, "ETH-PERP": `-${ETHER}` };
  const instruments = [ROWS[0]!, { ...ETH!, price: prices.ether }, { ...PERP!, price: prices.perpetual }];
  const strategy = { ...FUND, instruments, positions, units: formatDecimal(units, SHARE_PLACES) };
  const texts = exampleTexts(strategy, { asOf, keyOf, policy: policyOf(terms, vault.address, viewer) });
  const { policy, market } = publicTexts(texts);
  expect(policyId(policyTerms(policy, market)) === fund.policyId, "the policy that was published");
  const snapshot = parseSnapshot(texts.snapshot);
  checkSignatures(snapshot, market, policy);
  await publishTable(fund, { market, policy });
  return { texts, asOf, held };
}

/** What a proof of the fund goes on from, and by which prices; its secrets are random without a seed. */
export interface FundProof {
  readonly prices?: Prices;
  readonly state?: DrawdownState;
  readonly seed?: Seed;
}

/** {@link signFund}, and both proofs are made of it. */
export async function proveFund(
  fund: Fund,
  provers: Provers,
  { prices = PRICES, ...from }: FundProof = {},
): Promise<Proven> {
  const { stage, registry } = fund;
  const { texts, asOf, held } = await signFund(fund, prices);
  const snapshot = parseSnapshot(texts.snapshot);
  const proven = await proveHealth({
    ...{ snapshot, ...publicTexts(texts), ...provers, ...from },
    ...{ enrolment: fund.enrolment, domain: domainOf(registry), now: await chainTime(stage) },
  });
  const nav = worth({ USDC: held, ETH: ETHER }, { USDC: "1", ETH: prices.ether });
  return { ...proven, asOf, nav, equity: proven.exposures.equity };
}

/** Brings an attestation to the registry, which then has to say the value that was reckoned, of all shares. */
export async function attestFund(fund: Fund, { attestation, nav, asOf }: Proven, { supply }: Ledger) {
  const { registry, policyId: id, stage } = fund;
  await submitAttestation(registry, stage.wallets[CAST.relayer]!, attestation);
  const shown = await navRecordOf(registry, FUND.subject, id);
  same("the value that the registry shows", shown?.value, nav);
  same("its units", shown?.units, supply);
  same("its time", shown?.asOf, asOf);
  expect(shown?.live === true, "the registry to say that it counts");
}

/** Settles by the attested value, sent by somebody who has nothing to do with it, and holds the vault against the reckoning. */
export async function settleFund(
  fund: Fund,
  before: Ledger,
  { nav, asOf }: Proven,
  asked: Asked,
): Promise<Settlement> {
  const { stage, vault, vaultAbi } = fund;
  const hash = await stage.wallets[CAST.rival]!.writeContract(vaultCall(fund, "settle", [0n]));
  const receipt = await stage.client.waitForTransactionReceipt({ hash });
  const due = settled(before, fund.terms, nav, asOf, asked);
  const told = settlementIn(receipt, vaultAbi);
  same("the time that was settled by", told.asOf, asOf);
  same("what all shares stood for", told.low, due.assets);
  same("the same for deposits", told.high, due.assets);
  same("shares with the fees'", told.shares, due.shares);
  await checkLedger(fund, due.after);
  const client = stage.client;
  const max = { address: vault.address, abi: strategyVaultAbi } as const;
  for (const who of new Set([...asked.deposits.keys(), ...asked.redemptions.keys()])) {
    const args = [addressOf(fund, who as Person)] as const;
    const [mint, withdraw] = await Promise.all([
      client.readContract({ ...max, functionName: "maxMint", args }),
      client.readContract({ ...max, functionName: "maxWithdraw", args }),
    ]);
    same(`shares that ${who} can claim`, mint, due.given.get(who) ?? 0n);
    same(`coins that ${who} can claim`, withdraw, due.paid.get(who) ?? 0n);
  }
  return due;
}

function settlementIn({ logs }: TransactionReceipt, abi: Abi) {
  const [event] = parseEventLogs({ abi, logs, eventName: "Settled" });
  return (event as unknown as { readonly args: SettledArgs }).args;
}

interface SettledArgs {
  readonly asOf: number;
  readonly low: bigint;
  readonly high: bigint;
  readonly shares: bigint;
}

/** The vault's own numbers against the ledger's. */
export async function checkLedger(fund: Fund, { supply, idle }: Ledger): Promise<void> {
  const { client } = fund.stage;
  const vault = { address: fund.vault.address, abi: strategyVaultAbi } as const;
  const [shareCount, idleCoins] = await Promise.all([
    client.readContract({ address: vault.address, abi: erc20Abi, functionName: "totalSupply" }),
    client.readContract({ ...vault, functionName: "idle" }),
  ]);
  same("all shares", shareCount, supply);
  same("idle coins", idleCoins, idle);
}

/** The attestation with another value in it. */
export function richer(attestation: Attestation): Attestation {
  const { disclosure, ...rest } = attestation;
  return { ...rest, disclosure: { ...disclosure!, nav: disclosure!.nav + 1n } };
}

/** The attestation without what it shows. */
export function silent({ disclosure: _, ...rest }: Attestation): Attestation {
  return rest;
}

/** Everybody's coins; whoever is not among them has none, so they come to all that there are. */
export async function allCoins(
  fund: Fund,
  others: Readonly<Record<string, Address>> = {},
): Promise<ReadonlyMap<string, bigint>> {
  const people = (Object.keys(PEOPLE) as Person[]).map((who) => [who, addressOf(fund, who)] as const);
  const places = [...people, ["vault", fund.vault.address] as const, ...Object.entries(others)];
  const found = await Promise.all(places.map(async ([name, at]) => [name, await coinsOf(fund, at)] as const));
  return new Map(found);
}

/** Stops the story when the chain says another number than was reckoned. */
export function same<T extends bigint | number>(what: string, received: T | undefined, expected: T): void {
  expect(received === expected, `${what}: ${expected}`, String(received));
}

/** Coins for people. */
export const coinText = (amount: bigint): string => dollars(formatDecimal(amount, COIN_PLACES));
/** Shares for people. */
export const shareText = (amount: bigint): string => dollars(formatDecimal(amount, SHARE_PLACES));
/** USD 1e16 for people. */
export const usdText = (amount: bigint): string => dollars(formatDecimal(amount, USD_PLACES));
/** A share's price for people, with eight places. */
export const priceText = (usd: bigint, count: bigint): string => {
  const [whole, fraction = ""] = formatDecimal(perShare(usd, count), 8).split(".");
  return `${whole}.${fraction.padEnd(8, "0")}`;
};
