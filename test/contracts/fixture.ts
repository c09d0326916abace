// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * One deployed Keel on a fresh local chain, with a policy, a market and a subject, for contract tests. Times start in a fixed
 * second, so that every run sees the same statements.
 *
 * @module
 */
import {
  compileVerifiers,
  type DeployOptions,
  deployKeel,
  type KeelDeployment,
  loadArtifact,
} from "@keel/contracts";
import {
  type Attestation,
  circuitHash,
  type DrawdownStep,
  KeelError,
  NO_DISCLOSURE,
  NO_TAIL,
  type PolicyTerms,
  policyId,
  type Statement,
} from "@keel/verifier";
import {
  connectRegistry,
  enrol,
  healthRegistryAbi,
  type MarketCommitment,
  publishMarket,
  publishPolicy,
  type Registry,
  signMarket,
  submissionOf,
  toKeelError,
  type Wallet,
} from "@keel/verifier/chain";
import { type Abi, type Hex, zeroAddress } from "viem";
import { afterAll, afterEach, beforeEach, expect } from "vitest";
import { now, startTestChain, type TestChain, travelTo, write } from "../support/chain.js";
import { attestationOf, CIRCUIT, endProving, testVerifiers } from "./statement-circuit.js";

/** First second of every test chain's story. */
export const START = 2_000_000_000;

/** The series of the fixture's market tables, by publishers, and of its returns tables. */
export const SERIES = `0x01${"5e".repeat(31)}` as const;
export const RETURNS_SERIES = `0x03${"5e".repeat(31)}` as const;

export const TERMS: PolicyTerms = {
  circuit: circuitHash(CIRCUIT),
  scenarioRoot: 111n,
  sourcesRoot: 222n,
  marketSeries: SERIES,
  minCollateralRatio: 15_000,
  minHealthFactor: 12_000,
  minAccountHealthFactor: 11_000,
  maxLeverage: 30_000,
  netDeltaLo: -1_000,
  netDeltaHi: 1_000,
  maxUnderlyingDelta: 2_000,
  maxVenue: 2 ** 32 - 1,
  maxGamma: 2 ** 32 - 1,
  maxVega: 2 ** 32 - 1,
  maxTheta: 2 ** 32 - 1,
  maxStressLoss: 2_500,
  maxDrawdown: 2 ** 32 - 1,
  minEquity: 1_000_000n * 10n ** 8n,
  maxAge: 600,
  validity: 3_600,
  maxMarketSkew: 300,
  minInterval: 1,
  ...NO_TAIL,
  domain: 0n,
  unitsKind: 0,
  unitsSource: zeroAddress,
  ...NO_DISCLOSURE,
};

export const POLICY = policyId(TERMS);
export const MARKET: MarketCommitment = tableOf({ root: 333n, asOf: START });

/** A table of the fixture's market series with some content. */
export function tableOf(
  table: Partial<MarketCommitment> & Pick<MarketCommitment, "root" | "asOf">,
): MarketCommitment {
  return { series: SERIES, contentHash: `0x${"c0".repeat(32)}`, ...table };
}

/** What the fixture's subject declared, and its first step of the drawdown chain. */
export const ENROLMENT = 666n;
export const GENESIS: DrawdownStep = { units: 100_000_000n, previousState: 0n, newState: 1_001n };

/** The step after another one. */
export function stepAfter({ units, newState }: DrawdownStep): DrawdownStep {
  return { units, previousState: newState, newState: newState + 1n };
}

/** Who is who among the chain's accounts. */
export interface Cast {
  readonly deployer: Wallet;
  readonly subject: Wallet;
  readonly stranger: Wallet;
  readonly guardian: Wallet;
}

export interface Fixture {
  readonly chain: TestChain;
  readonly keel: KeelDeployment;
  readonly registry: Registry;
  readonly cast: Cast;
}

/** Publishers of the fixture's market: accounts 5, 6 and 7, any two of them. */
export const PUBLISHERS = [5, 6, 7] as const;

/** Fixtures of this process that no test file uses now, by what they were made of. */
const idle = new Map<string, Fixture[]>();
/** Each chain that counts coverage tells its counts when it ends. */
const isShared = process.env.KEEL_COVERAGE === undefined;

/**
 * Compiles, starts, deploys; the subject is enrolled, `TERMS` and `MARKET` are published. Its chain's `stop()` takes it back
 * to this and keeps it for the process's next test file.
 */
export async function startFixture(
  chainId = 31337,
  verifier = "StatementVerifier",
  others: DeployOptions["verifiers"] = [],
): Promise<Fixture> {
  await compileVerifiers(await testVerifiers());
  const key = JSON.stringify([chainId, verifier, others]);
  const fixture = idle.get(key)?.pop() ?? (await freshFixture(chainId, verifier, others));
  return isShared ? await lent(key, fixture) : fixture;
}

async function freshFixture(
  chainId: number,
  verifier: string,
  others: DeployOptions["verifiers"] = [],
): Promise<Fixture> {
  const chain = await startTestChain(chainId);
  try {
    return await settle(chain, [{ circuit: CIRCUIT, contractName: verifier }, ...others]);
  } catch (error) {
    await chain.stop();
    throw error;
  }
}

/** A fixture that `stop()` gives back as it was. What a chain is taken back to leaves out its clock. */
async function lent(key: string, fixture: Fixture): Promise<Fixture> {
  const id = await fixture.chain.test.snapshot();
  await travelTo(fixture.chain, (await now(fixture.chain)) + 1);
  const stop = async () => {
    await fixture.chain.test.revert({ id });
    idle.set(key, [...(idle.get(key) ?? []), fixture]);
  };
  return { ...fixture, chain: { ...fixture.chain, stop } };
}

async function settle(chain: TestChain, verifiers: DeployOptions["verifiers"]): Promise<Fixture> {
  await travelTo(chain, START - 1_000);
  const [deployer, subject, stranger, guardian] = chain.wallets;
  const cast = { deployer: deployer!, subject: subject!, stranger: stranger!, guardian: guardian! };
  const roles = { guardian: cast.guardian.account.address };
  const receivers = [cast.guardian];
  const keel = await deployKeel({ ...deployment({ chain, cast }, verifiers), roles, receivers });
  const registry = await connectRegistry(chain.client, keel.registry);
  const fixture = { chain, keel, registry, cast };
  await enrol(registry, cast.subject, ENROLMENT);
  await publishPolicy(registry, cast.stranger, TERMS);
  await travelTo(chain, START);
  await acceptMarket(fixture, MARKET);
  return fixture;
}

function deployment(
  { chain, cast }: Pick<Fixture, "chain" | "cast">,
  verifiers: DeployOptions["verifiers"],
): DeployOptions {
  return {
    walletClient: cast.deployer,
    publicClient: chain.client,
    publishers: PUBLISHERS.map((i) => chain.signers[i]!.address),
    threshold: 2,
    verifiers,
  };
}

/** Publishes a table with two publishers' signatures; of the fixture's market series when no other is named. */
export async function acceptMarket(
  { chain, registry, cast }: Fixture,
  table: Parameters<typeof tableOf>[0],
): Promise<void> {
  const market = tableOf(table);
  const signatures = await Promise.all([5, 6].map((i) => signMarket(registry, chain.signers[i]!, market)));
  await publishMarket(registry, cast.stranger, market, signatures);
}

/**
 * A snapshot of the chain, which then goes on some seconds after START. The chain's clock runs on with the machine's, so each
 * test starts by setting it again.
 */
export async function begin({ chain }: Fixture, seconds = 10): Promise<Hex> {
  const snapshot = await chain.test.snapshot();
  await travelTo(chain, START + seconds);
  return snapshot;
}

/**
 * Gives every test of a file the chains as {@link begin} leaves them, and ends chains and proving after the last. For
 * fixtures that `beforeAll` starts. What it returns takes a test back to its own start.
 */
export function rewindEachTest(
  fixtures: () => readonly (Fixture | undefined)[],
  seconds?: number,
): () => Promise<void> {
  const started = () => fixtures().filter((fixture) => fixture !== undefined);
  let snapshots: Hex[];
  const start = async () => {
    snapshots = [];
    for (const fixture of started()) snapshots.push(await begin(fixture, seconds));
  };
  const end = async () => {
    for (const [i, { chain }] of started().entries()) await chain.test.revert({ id: snapshots[i]! });
  };
  beforeEach(start);
  afterEach(end);
  afterAll(async () => {
    for (const { chain } of started()) await chain.stop();
    await endProving();
  });
  return async () => {
    await end();
    await start();
  };
}

/** `write`, with the contract's refusal as a KeelError. */
export async function transact(...call: Parameters<typeof write>): ReturnType<typeof write> {
  return await write(...call).catch((error: unknown) => {
    throw toKeelError(error);
  });
}

/** A second registry on the fixture's chain, with books of its own; `MARKET` is accepted there too. */
export async function deployBeside(fixture: Fixture): Promise<Registry> {
  const keel = await deployKeel(
    deployment(fixture, [{ circuit: CIRCUIT, contractName: "StatementVerifier" }]),
  );
  const registry = await connectRegistry(fixture.chain.client, keel.registry);
  await acceptMarket({ ...fixture, keel, registry }, MARKET);
  return registry;
}

/** A true claim of the fixture's subject at START, with changes. */
export function claimOf({ keel, cast }: Fixture, change: Partial<Statement> = {}): Statement {
  return {
    domain: { chainId: keel.chainId, registry: keel.registry },
    subject: cast.subject.account.address,
    marketRoot: MARKET.root,
    marketTime: MARKET.asOf,
    asOf: START,
    enrolment: ENROLMENT,
    drawdown: GENESIS,
    portfolioCommitment: 444n,
    exposuresCommitment: 555n,
    terms: TERMS,
    ...change,
  };
}

/** An attestation of the fixture's subject at START, with changes, and with a true proof. */
export async function attestation(fixture: Fixture, change: Partial<Statement> = {}): Promise<Attestation> {
  return await attestationOf(claimOf(fixture, change));
}

/** Calls `attest` with the attestation's submission as it is, with changes: what the typed client would not always do. */
export async function submitRaw(
  { chain, registry, cast }: Fixture,
  attested: Attestation,
  change: Partial<ReturnType<typeof submissionOf>> = {},
): ReturnType<typeof write> {
  const submission = { ...submissionOf(attested, 1), ...change };
  return await transact(chain, cast.stranger, registry.address, healthRegistryAbi, "attest", [submission]);
}

/** The ABI of a compiled contract. */
export async function abiOf(name: string): Promise<Abi> {
  return (await loadArtifact(name)).abi;
}

/** Expects a KeelError with this code and returns it. */
export async function refused(work: Promise<unknown>, code: string): Promise<KeelError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error, `expected ${code}, but it succeeded`).toBeDefined();
  if (!(error instanceof KeelError)) throw error;
  expect(error.code, error.message).toBe(code);
  return error;
}
