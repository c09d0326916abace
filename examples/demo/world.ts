// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The demo's world and what its people can do: sign, publish, prove, forge, deposit, withdraw, attest.
 *
 * @module
 */

import type { ArtifactSet } from "@keel/circuits";
import { deployContract, type loadArtifact } from "@keel/contracts";
import type { Prover } from "@keel/engine";
import {
  buildWitness,
  checkSignatures,
  type DrawdownState,
  type Enrolment,
  type ProvenAttestation,
  parseSnapshot,
  proveHealth,
  randomSalt,
  type Snapshot,
  type SourceKeyPair,
} from "@keel/prover";
import {
  type Attestation,
  attestationOf,
  type Domain,
  KeelError,
  type Market,
  type Policy,
  parseMarket,
  parsePolicy,
  parseUnits as parseUnitsFile,
  type SignedUnits,
  signUnits,
  type UnitsStatement,
  usd8,
} from "@keel/verifier";
import {
  healthRegistryAbi,
  latestVersion,
  publishMarket,
  type Registry,
  signMarket,
  submissionOf,
} from "@keel/verifier/chain";
import { commitmentOf, type TableName } from "keel/market-signature";
import { type Address, encodeFunctionData, type Hex, hexToBytes, maxUint256, parseUnits } from "viem";
import { exampleAdministrator, exampleTexts } from "../generate.js";
import { STRATEGIES } from "../strategies.js";
import type { Changes, Strategy } from "../strategy.js";
import { proveBlindly, wireOf } from "./forge.js";
import { chainTime, type Stage, sendRefused, transact } from "./stage.js";

const [hedged] = STRATEGIES;

/** The strategy of the story: the first example's, with a limit on drawdown and an administrator who says how many units. */
export const STRATEGY: Strategy = {
  ...hedged!,
  limits: { ...hedged!.limits, maxDrawdown: "0.2" },
  units: "1000000",
};
export const CIRCUIT = "portfolio-health/spot-16";
export const VERIFIER = "Spot16Verifier";

const USDC_DECIMALS = 6;
export const DEPOSIT = parseUnits("250000", USDC_DECIMALS);

/** Who is who among the chain's accounts. */
export const CAST = { deployer: 0, manager: 1, depositor: 2, rival: 3, relayer: 4 } as const;

/** Accounts that sign market tables, and how many of them have to. */
export const PUBLISHERS = [5, 6, 7] as const;
export const THRESHOLD = 2;

/** After the first step. */
export interface World {
  readonly stage: Stage;
  readonly artifacts: ArtifactSet;
  /** Of the circuit that shows a value and seals sums. */
  readonly disclosing: ArtifactSet;
  readonly registry: Registry;
  readonly abis: { readonly vault: VaultAbi; readonly token: VaultAbi };
  /** Keys of the sources, made for this run. */
  readonly keyOf: (source: string) => SourceKeyPair;
  /** The manager's declared accounts and the salt that hides them. */
  readonly enrolment: Enrolment;
}

type VaultAbi = Awaited<ReturnType<typeof loadArtifact>>["abi"];

/** A market and a book of one moment. */
export interface Book {
  readonly market: Market;
  readonly policy: Policy;
  readonly snapshot: Snapshot;
  /** How many units the fund has, by its administrator's word. */
  readonly units: SignedUnits;
}

/** A gated vault and the policy that it asks for. */
export interface Vault {
  readonly address: Address;
  readonly policyId: Hex;
  /** Its asset. */
  readonly token: Address;
}

/** How many units a fund has, signed. @param by a key; the administrator's when absent */
export function signedUnits(
  statement: UnitsStatement,
  by: Hex = exampleAdministrator.privateKey,
): SignedUnits {
  return signUnits(statement, hexToBytes(by));
}

/** A strategy's declared account, with the source that signs it. */
export function declaredBy(keyOf: World["keyOf"], strategy: Strategy = STRATEGY): Enrolment {
  const source = strategy.sources[0]!;
  const account = { id: strategy.accountId, source, key: keyOf(source).publicKey };
  return { accounts: [account], salt: randomSalt() };
}

/** The strategy at the chain's present time, signed by this run's sources and its administrator. */
export async function signedBook(
  { stage, keyOf }: Pick<World, "stage" | "keyOf">,
  changes: Changes = {},
): Promise<Book> {
  const asOf = await chainTime(stage);
  const texts = exampleTexts(STRATEGY, { asOf, changes, keyOf });
  const book = {
    market: parseMarket(texts.market),
    policy: parsePolicy(texts.policy),
    snapshot: parseSnapshot(texts.snapshot),
    units: parseUnitsFile(texts.units!),
  };
  checkSignatures(book.snapshot, book.market, book.policy);
  return book;
}

/** The same holdings by prices that nobody published: each a tenth higher. */
export function atInventedPrices({ market, ...book }: Book): Book {
  const instruments = market.instruments.map((row) => ({ ...row, price: usd8((row.price * 11n) / 10n) }));
  return { ...book, market: { ...market, instruments } };
}

/** The same holdings by a table in which ether weighs as much as cash: one of another series. */
export function atKinderFactors({ market, ...book }: Book): Book {
  const instruments = market.instruments.map((row) =>
    row.id === "ETH" ? { ...row, collateralFactor: market.instruments[0]!.collateralFactor } : row,
  );
  return { ...book, market: { ...market, instruments } };
}

/** Enough publishers sign a market table, or the returns that it carries, and anybody brings it to the market book. */
export async function publishTable(
  { stage, registry }: Pick<World, "stage" | "registry">,
  book: Pick<Book, "market" | "policy">,
  which: TableName = "prices",
): Promise<void> {
  const table = commitmentOf(book, which);
  const signers = PUBLISHERS.slice(0, THRESHOLD).map((i) => stage.accounts[i]!);
  const signatures = await Promise.all(signers.map((signer) => signMarket(registry, signer, table)));
  await publishMarket(registry, stage.wallets[CAST.relayer]!, table, signatures);
}

/** Proves a book for the registry, at the chain's time. @param state the drawdown chain's; absent at its genesis */
export async function proven(
  { stage, registry, enrolment }: World,
  book: Book,
  prover: Prover,
  state?: DrawdownState,
  onFraction: (fraction: number) => void = () => {},
): Promise<ProvenAttestation> {
  return await proveHealth({
    ...book,
    prover,
    domain: domainOf(registry),
    enrolment,
    ...(state === undefined ? {} : { state }),
    now: await chainTime(stage),
    options: { onProgress: ({ fraction }) => onFraction(fraction) },
  });
}

/** An attestation of a book whose debt was crossed out in the witness, with the proof that such a witness gives. */
export async function forgedAttestation(
  world: World,
  book: Book,
  prover: Prover,
  state: DrawdownState,
): Promise<Attestation> {
  const domain = domainOf(world.registry);
  const { input, statement, digest } = buildWitness({
    ...book,
    domain,
    enrolment: world.enrolment,
    state,
    portfolioSalt: randomSalt(),
    exposuresSalt: randomSalt(),
    newStateSalt: randomSalt(),
  });
  const witness = await prover.calculateWitness(input);
  const debt = book.market.instruments.findIndex(({ id }) => id === "USDC");
  const altered = [...witness];
  altered[await wireOf(world.artifacts.symPath, `main.quantity[0][${debt}]`)] = 0n;
  const { code } = await refusedLocally(prover.proveWitness(altered));
  expect(code === "proof.unsound", "the engine to give no proof", code);
  const proof = await proveBlindly(world.artifacts.zkeyPath, altered);
  return attestationOf(statement, {
    circuit: CIRCUIT,
    digest: digest.c,
    proof,
    insecure: true,
    unitsSignature: book.units.signature,
  });
}

/** A vault over a test token, and a depositor who has some. */
export async function openVault(
  { stage, registry, abis }: Pick<World, "stage" | "registry" | "abis">,
  id: Hex,
): Promise<Vault> {
  const clients = { walletClient: stage.wallets[CAST.deployer]!, publicClient: stage.client };
  const token = await deployContract(clients, "TestToken", ["USD Coin", "USDC", USDC_DECIMALS]);
  const args = [token, "Hedged ether vault", "hETH", registry.address, STRATEGY.subject, id];
  const address = await deployContract(clients, "GatedVault", args);
  const depositor = stage.wallets[CAST.depositor]!;
  for (const [functionName, callArgs] of [
    ["mint", [depositor.account.address, 2n * DEPOSIT]],
    ["approve", [address, maxUint256]],
  ] as const) {
    await transact(stage, depositor, { address: token, abi: abis.token, functionName, args: callArgs });
  }
  return { address, policyId: id, token };
}

/** A deposit of the depositor, whose coins the vault then has to have. */
export async function deposit(world: World, vault: Vault, assets: bigint): Promise<void> {
  await movesCoins(world, vault, "deposit", [assets, depositorOf(world)], assets);
}

/** A withdrawal of the depositor, who then has to have the coins. */
export async function withdraw(world: World, vault: Vault, assets: bigint): Promise<void> {
  const depositor = depositorOf(world);
  await movesCoins(world, vault, "withdraw", [assets, depositor, depositor], -assets);
}

/** A transaction of the depositor that has to succeed, and to bring so many coins to the vault. */
async function movesCoins(
  { stage, abis }: World,
  { address, token }: Vault,
  functionName: "deposit" | "withdraw",
  args: readonly unknown[],
  expected: bigint,
): Promise<void> {
  const balance = { address: token, abi: abis.token, functionName: "balanceOf", args: [address] } as const;
  const before = (await stage.client.readContract(balance)) as bigint;
  await transact(stage, stage.wallets[CAST.depositor]!, { address, abi: abis.vault, functionName, args });
  const moved = ((await stage.client.readContract(balance)) as bigint) - before;
  expect(moved === expected, `${expected} coins to come to the vault`, `${moved}`);
}

/** Sends a deposit that the vault has to refuse; gives the error's name. */
export async function depositRefused(world: World, vault: Vault): Promise<string> {
  const { stage, abis } = world;
  const args = [DEPOSIT, depositorOf(world)];
  const data = encodeFunctionData({ abi: abis.vault, functionName: "deposit", args });
  return await sendRefused(stage, stage.wallets[CAST.depositor]!, { to: vault.address, data }, "NotHealthy");
}

/** Sends an attestation that the registry has to refuse; gives the error's name. */
export async function attestRefused(
  world: Pick<World, "stage" | "registry">,
  attestation: Attestation,
  expected: string,
): Promise<string> {
  const relayer = world.stage.wallets[CAST.relayer]!;
  return await sendRefused(world.stage, relayer, await attestCall(world, attestation), expected);
}

/** The call that submits an attestation. */
export async function attestCall(
  { registry }: Pick<World, "registry">,
  attestation: Attestation,
): Promise<{ to: Address; data: Hex }> {
  const { circuit, disclosure } = attestation;
  const beside = disclosure === undefined ? 0 : await latestVersion(registry, disclosure.circuit);
  const submission = submissionOf(attestation, await latestVersion(registry, circuit), 0, beside);
  const data = encodeFunctionData({ abi: healthRegistryAbi, functionName: "attest", args: [submission] });
  return { to: registry.address, data };
}

/** The error of work that has to fail before anything reaches the chain. */
export async function refusedLocally(work: Promise<unknown>): Promise<KeelError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof KeelError) return error;
  if (error !== undefined) throw error;
  throw new KeelError({ kind: "proof", code: "demo.refusal", expected: "a refusal", received: "none" });
}

function depositorOf({ stage }: World): Address {
  return stage.accounts[CAST.depositor]!.address;
}

/** The registry where a proof counts. */
export function domainOf({ chainId, address }: Registry): Domain {
  return { chainId, registry: address.toLowerCase() as Hex };
}

/** Stops the story when something is not as told. */
export function expect(holds: boolean, expected: string, received = "something else"): void {
  if (holds) return;
  throw new KeelError({ kind: "proof", code: "demo.unexpected", expected, received });
}
