// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The world of the table's rows: a registry on a local chain, its policies and tables, a subject with one attestation, and
 * true proofs of whatever is claimed.
 *
 * @module
 */

import { compileVerifiers, type DeployOptions, deployKeel } from "@keel/contracts";
import {
  type Attestation,
  attestationOf,
  circuitHash,
  commitStatement,
  encodeProof,
  hex,
  type Market,
  marketTable,
  type Policy,
  type PolicyTerms,
  parseReturns,
  policyTerms,
  returnsTable,
  type Statement,
  statementInputs,
  statementVector,
  tailVector,
  withReturns,
} from "@keel/verifier";
import {
  type AttestedEntry,
  connectRegistry,
  disclosureEntryOf,
  enrol,
  type HistoryEntry,
  historyOf,
  type MarketCommitment,
  publishMarket,
  publishPolicy,
  type Registry,
  signMarket,
  submitAttestation,
  type Wallet,
} from "@keel/verifier/chain";
import { type Address, zeroAddress } from "viem";
import { book, randomReturns, returnsText, seededRandom } from "../support/book.js";
import { startTestChain, type TestChain, travelTo } from "../support/chain.js";
import { CIRCUIT_FILES, pageKey } from "../support/page-circuits.js";
import { type Trapdoor, trapdoor } from "../support/trapdoor.js";
import { AS_OF, BASE, type Case, type PolicyName, SHORT, START, TIMES } from "./vectors.js";

const CIRCUIT = "portfolio-health/spot-16";
const TAIL_CIRCUIT = "tail-risk/spot-64";
/** The keys of both circuits' proofs. */
export const KEYS = { health: trapdoor(1n), tail: trapdoor(2n) };

interface Circuit {
  readonly id: string;
  readonly key: Trapdoor;
}

/** A circuit whose key nobody calls a development key. */
export const CLEAN: Circuit = { id: "portfolio-health/fund-64", key: unmarked(trapdoor(3n)) };

function unmarked(key: Trapdoor): Trapdoor {
  const { insecure: _, ...verificationKey } = key.verificationKey;
  return { ...key, verificationKey };
}
const UNDERLYINGS = ["USD", "ETH", "BTC"];
const DAILY = randomReturns(seededRandom(7), UNDERLYINGS.length);

/** Where it happens, and who takes part. */
interface Place {
  readonly chain: TestChain;
  readonly registry: Registry;
  readonly subject: Wallet;
  readonly stranger: Wallet;
}

/** What the subject declared, and the state that its first attestation leaves. */
export const ENROLMENT = 666n;
const FIRST_STATE = 1_001n;
/** From a state to the one after it: no state is beside another by chance. */
export const STEP = 100n;

export interface World extends Place {
  readonly policies: Readonly<Record<PolicyName, Policy>>;
  /** Everything so far: the first attestation among it. */
  readonly history: readonly HistoryEntry[];
  /** The market at a time, with the returns of another. */
  marketOf(a: Pick<Case, "marketTime" | "returnsTime" | "policy">): Market;
  termsOf(a: Pick<Case, "policy">): PolicyTerms;
  /** An attestation of a case; its proofs are true. Of another circuit when one is named. */
  attest(a: Case, circuit?: Circuit): Attestation;
  /** What the log would say of it, if it were accepted at the case's time. */
  entryOf(a: Case, attestation: Attestation): AttestedEntry;
  /** Publishes the tables of cases. */
  publish(cases: readonly Case[]): Promise<void>;
}

/** The subject's first attestation, from which every case goes on. */
const FIRST: Case = { ...BASE, asOf: START, marketTime: START, now: START + 10 };

/** Starts it; ends with the fixture's chain. */
export async function startWorld(): Promise<World> {
  const [health, tail] = [KEYS.health.verificationKey, KEYS.tail.verificationKey];
  const clean = CLEAN.key.verificationKey;
  CIRCUIT_FILES.push(pageKey(CIRCUIT, health), pageKey(TAIL_CIRCUIT, tail), pageKey(CLEAN.id, clean));
  const verifiers = [
    { contractName: "RulesVerifier", circuit: CIRCUIT, verificationKey: health, insecure: true },
    { contractName: "RulesTailVerifier", circuit: TAIL_CIRCUIT, verificationKey: tail, insecure: true },
    { contractName: "RulesCleanVerifier", circuit: CLEAN.id, verificationKey: clean, insecure: false },
  ];
  await compileVerifiers(verifiers);
  const place = await deploy(verifiers);
  const policies = policiesOf();
  const world = worldOf(place, policies);
  const { registry, chain, stranger } = place;
  for (const policy of Object.keys(policies) as PolicyName[]) {
    await publishPolicy(registry, stranger, world.termsOf({ policy }));
  }
  await world.publish([FIRST]);
  await travelTo(chain, FIRST.now);
  // It starts the drawdown chain.
  await submitAttestation(registry, stranger, world.attest({ ...FIRST, state: -FIRST_STATE }));
  const history = await historyOf(registry, { fromBlock: 0n });
  return { ...world, history };
}

async function deploy(verifiers: DeployOptions["verifiers"]): Promise<Place> {
  const chain = await startTestChain();
  try {
    await travelTo(chain, START - 1_000);
    const [deployer, subject, stranger] = chain.wallets;
    const keel = await deployKeel({
      walletClient: deployer!,
      publicClient: chain.client,
      publishers: [chain.signers[5]!.address],
      threshold: 1,
      verifiers,
    });
    const registry = await connectRegistry(chain.client, keel.registry);
    await enrol(registry, subject!, ENROLMENT);
    await travelTo(chain, START);
    return { chain, registry, subject: subject!, stranger: stranger! };
  } catch (error) {
    await chain.stop();
    throw error;
  }
}

function policiesOf(): Readonly<Record<PolicyName, Policy>> {
  const { policy } = book({ asOf: AS_OF, limits: { minCollateralRatio: "1.5" } });
  const { policy: tail } = book({ asOf: AS_OF, limits: { maxVolatility: "4" } });
  const { series } = policy.market;
  const beside = (by: bigint): Policy => ({
    ...policy,
    ...TIMES,
    market: { ...policy.market, series: hex(BigInt(series) + by) },
  });
  return {
    plain: { ...policy, ...TIMES },
    short: { ...policy, ...SHORT },
    tail: { ...tail, ...TIMES, tail: { ...tail.tail!, maxReturnsSkew: TIMES.maxReturnsSkew } },
    "series below": beside(-1n),
    "series above": beside(1n),
  };
}

function worldOf(place: Place, policies: World["policies"]): Omit<World, "history"> {
  const { registry, chain, subject, stranger } = place;
  const markets = new Map<string, Market>();
  const marketOf: World["marketOf"] = (a) => {
    const name = `${a.marketTime} ${a.policy === "tail" ? a.returnsTime : ""}`;
    const market = markets.get(name) ?? newMarket(a);
    markets.set(name, market);
    return market;
  };
  const newMarket: World["marketOf"] = ({ marketTime, returnsTime, policy }) => {
    const { market } = book({ asOf: marketTime, limits: { minCollateralRatio: "1.5" } });
    if (policy !== "tail") return market;
    return withReturns(market, parseReturns(returnsText(UNDERLYINGS, returnsTime, DAILY)));
  };
  /** The market of the policy's own series, whatever the policy names: its table is what was published. */
  const rootOf = (a: Case): bigint => marketTable(marketOf({ ...a, policy: "plain" }), policies.plain).root;
  const returnsOf = (a: Case) => {
    const { root } = returnsTable(marketOf(a).returns!, policies.tail.tail!.circuit.shape);
    return { root, asOf: a.returnsTime };
  };
  const termsOf: World["termsOf"] = ({ policy }) => {
    const market = marketOf({ ...BASE, policy });
    const plain = policyTerms(policies[policy].tail === undefined ? policies.plain : policies.tail, market);
    const { maxAge, validity, market: named } = policies[policy];
    return { ...plain, maxAge, validity, marketSeries: named.series };
  };
  const statementOf = (a: Case): Statement => ({
    domain: { chainId: registry.chainId, registry: lower(registry.address) },
    subject: lower(subject.account.address),
    marketRoot: rootOf(a),
    marketTime: a.marketTime,
    asOf: a.asOf,
    enrolment: ENROLMENT + a.enrolment,
    drawdown: {
      units: a.units,
      previousState: FIRST_STATE + a.state,
      newState: a.state === -FIRST_STATE ? FIRST_STATE : FIRST_STATE + a.state + STEP,
    },
    portfolioCommitment: 444n,
    exposuresCommitment: 555n,
    terms: termsOf(a),
  });
  const attest: World["attest"] = (a, circuit = { id: CIRCUIT, key: KEYS.health }) => {
    const terms = { ...termsOf(a), circuit: circuitHash(circuit.id) };
    return proven({ ...statementOf(a), terms }, circuit, a.policy === "tail" ? returnsOf(a) : undefined);
  };
  const publish: World["publish"] = async (cases) => {
    const tables = new Map<string, Omit<MarketCommitment, "contentHash">>();
    for (const a of cases) {
      const { series } = policies.plain.market;
      tables.set(`market ${a.marketTime}`, { series, root: rootOf(a), asOf: a.marketTime });
      if (a.policy !== "tail") continue;
      const returns = { series: policies.tail.tail!.series, ...returnsOf(a) };
      tables.set(`returns ${a.returnsTime}`, returns);
    }
    for (const table of tables.values()) {
      const market = { ...table, contentHash: `0x${"c0".repeat(32)}` } as const;
      await publishMarket(registry, stranger, market, [
        await signMarket(registry, chain.signers[5]!, market),
      ]);
    }
  };
  const entryOf: World["entryOf"] = (a, attestation) =>
    logged(attestation, a.now, policies[a.policy].validity);
  return { ...place, policies, marketOf, termsOf, attest, entryOf, publish };
}

/** The log's entry of an attestation that was accepted at a time. */
function logged(attestation: Attestation, blockTime: number, validity: number): AttestedEntry {
  const { tail, liquidity: _, disclosure, proof, ...about } = attestation;
  const place = { blockNumber: 0n, blockTime, transaction: "0x00", logIndex: 0 } as const;
  return {
    kind: "attested",
    ...about,
    ...place,
    expiry: attestation.asOf + validity,
    proof: encodeProof(proof),
    verifier: zeroAddress,
    version: 1,
    ...(tail === undefined ? {} : { tail: { ...tail, proof: encodeProof(tail.proof), version: 1 } }),
    ...(disclosure === undefined ? {} : { disclosure: { ...disclosureEntryOf(disclosure), version: 1 } }),
  };
}

function lower(address: Address): Address {
  return address.toLowerCase() as Address;
}

/** An attestation with true proofs. */
function proven(
  statement: Statement,
  { id, key }: Circuit,
  returns?: { root: bigint; asOf: number },
): Attestation {
  const { exposuresCommitment, terms } = statement;
  const attestation = attestationOf(statement, { circuit: id, ...proofOf(key, statementVector(statement)) });
  if (returns === undefined) return attestation;
  const { root: returnsRoot, asOf: returnsTime } = returns;
  const vector = tailVector({ exposuresCommitment, returnsRoot, returnsTime, terms });
  return { ...attestation, tail: { circuit: TAIL_CIRCUIT, returns, ...proofOf(KEYS.tail, vector) } };
}

function proofOf(key: Trapdoor, vector: readonly bigint[]) {
  const { c, x, y } = statementInputs(commitStatement(vector), vector);
  return { digest: c, proof: key.prove([c, x, y]), insecure: key.verificationKey.insecure === true };
}
