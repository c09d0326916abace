// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * From files to the circuit's inputs: the public tables, the signed accounts, the statement and its digest.
 *
 * @module
 */

import {
  BASE_POINT,
  type CircuitShape,
  commitStatement,
  type Domain,
  depthTable,
  type Exposures,
  exposuresCommitment,
  type Field,
  grossAndCollateral,
  type LiquidityStatement,
  liquidityBasis,
  liquidityLimitInputs,
  liquidityVector,
  type Policy,
  policyDomainField,
  type Quantity,
  quantity,
  restOf,
  type SourceKey,
  STATEMENT,
  type Statement,
  type StatementDigest,
  type StatementPlace,
  scopeOf,
  statementInputs,
  statementPlaces,
  type TailStatement,
  tailBasis,
  tailLimitInputs,
  tailTable,
  tailVector,
  toField,
  viewerPlaces,
} from "@keel/verifier";
import { type DrawdownState, isNewMark, nextState, stateCommitment } from "../book/drawdown.js";
import type { EddsaSignature } from "../book/eddsa.js";
import { declaredAccounts, type Enrolment, enrolmentCommitment } from "../book/enrolment.js";
import type { ProofContent, SaltSource } from "../book/seed.js";
import { type Account, accountField, accountMessage, withUnits } from "../book/snapshot.js";
import { signedAccounts } from "../book/source.js";
import type { Book, BookFiles } from "../risk/book.js";
import { type Metrics, measureHeld, underlyingDeltaBound } from "../risk/measure.js";
import { type TailMetrics, tailHints } from "../risk/tail.js";
import { basisOf } from "./basis.js";
import { portfolioCommitment } from "./commitments.js";
import { type DisclosureWitness, disclosureWitness } from "./disclosure.js";
import type { CircuitInput } from "./input.js";

/** Secrets that hide what a proof commits to. */
export interface ProofSalts {
  /** Hides the portfolio commitment; from {@link randomSalt}, new for every proof. */
  readonly portfolioSalt: Field;
  /** Hides the exposures commitment; likewise, and another. */
  readonly exposuresSalt: Field;
  /** Hides the new state; from {@link randomSalt}, kept with it. */
  readonly newStateSalt: Field;
}

/** Everything a proof needs, and what it will say. */
export interface Witness {
  /** Secret. */
  readonly input: CircuitInput;
  readonly statement: Statement;
  readonly digest: StatementDigest;
  /** What opens the exposures commitment, for the proofs beside this one. Secret. */
  readonly exposures: Exposures;
  /** What the next proof starts from. Secret. */
  readonly newState: DrawdownState;
  /** Secret. */
  readonly salts: ProofSalts;
  /** The tail-risk proof beside it, under policies with tail-risk limits. */
  readonly tail?: TailWitness;
  /** The liquidity proof beside it, under policies that limit the days to unwind. */
  readonly liquidity?: LiquidityWitness;
  /** The disclosure proof beside it, under policies that want something shown. */
  readonly disclosure?: DisclosureWitness;
}

/** Everything a tail-risk proof needs, and what it will say. */
export interface TailWitness {
  /** Secret. */
  readonly input: CircuitInput;
  readonly statement: TailStatement;
  readonly digest: StatementDigest;
}

/** Everything a liquidity proof needs, and what it will say. */
export interface LiquidityWitness {
  /** Secret. */
  readonly input: CircuitInput;
  readonly statement: LiquidityStatement;
  readonly digest: StatementDigest;
}

/** What a proof adds to a book: salts, or where they come from. */
type WitnessParts = {
  /** The registry where it shall count, or any member of the domain that the policy declares. */
  readonly domain: Domain;
  /** The declared accounts. */
  readonly enrolment: Enrolment;
} & (ProofSalts | { readonly salts: SaltSource });

/** What a proof of files is made from. */
export type WitnessRequest = WitnessParts &
  Pick<BookFiles, "snapshot" | "market" | "policy" | "units" | "state">;

/** What a proof of an open book is made from. */
export type BookWitnessRequest = WitnessParts & { readonly book: Book };

const BPS = 10_000n;

/** Places of the statement that the circuit computes. */
const COMPUTED: readonly StatementPlace[] = [
  ...(["tag", "marketRoot", "scenarioRoot", "sourcesRoot", "enrolment"] as const),
  ...(["portfolioCommitment", "exposuresCommitment"] as const),
];
/** Places that it takes as they are. */
const COPIED = STATEMENT.filter((name) => !COMPUTED.includes(name));

/**
 * Builds the inputs of the policy's circuit. Does not ask whether the portfolio is healthy: an unhealthy one gives inputs
 * for which no witness exists.
 *
 * @throws KeelError kind "input": files that do not go together, a signature that does not verify, a registry outside the
 * policy's domain, units that nobody but the manager says
 */
export function buildWitness(request: WitnessRequest | BookWitnessRequest): Witness {
  return bookWitness("book" in request ? request.book : bookOf(request), request);
}

function bookOf({ market, policy, enrolment, state, units, ...request }: WitnessRequest): Book {
  declaredAccounts(request.snapshot, enrolment, policy);
  const snapshot = withUnits(request.snapshot, policy, units);
  const signed = signedAccounts(snapshot, market, policy);
  const metrics = measureHeld(signed.held, snapshot, market, policy);
  return { snapshot, market, policy, ...(state === undefined ? {} : { state }), ...signed, metrics };
}

function bookWitness(book: Book, parts: WitnessParts): Witness {
  const { snapshot, market, policy, state, metrics } = book;
  const { domain, enrolment } = parts;
  const accounts = declaredAccounts(snapshot, enrolment, policy);
  const { table, terms, policyId, tableInputs } = basisOf(market, policy);
  const slots = accountSlots(book, accounts, table.universe);
  const messages = slots.map((slot) => slot.message);
  const exposures = exposuresOfBook(book, enrolment);
  const today = { equity: metrics.equity, units: snapshot.units };
  const { subject, asOf, units } = snapshot;
  const scope = scopeOf(policy, domain);
  const content = {
    ...{ subject, asOf, units, messages },
    domain: policyDomainField(scope, policyId),
    marketRoot: table.root,
    enrolment: enrolmentCommitment(enrolment),
    previousState: state === undefined ? 0n : stateCommitment(state),
  };
  const salts = saltsOf(parts, content, nextState(today, state, toField(0n)));
  const { portfolioSalt, exposuresSalt, newStateSalt } = salts;
  const newState = nextState(today, state, newStateSalt);

  const statement: Statement = {
    domain: scope,
    subject,
    marketRoot: table.root,
    marketTime: market.asOf,
    asOf,
    enrolment: content.enrolment,
    drawdown: { units, previousState: content.previousState, newState: stateCommitment(newState) },
    portfolioCommitment: portfolioCommitment(messages, portfolioSalt),
    exposuresCommitment: exposuresCommitment(exposures, exposuresSalt),
    terms,
  };
  const places = statementPlaces(statement);
  const vector = STATEMENT.map((name) => places[name]);
  const digest = statementInputs(commitStatement(vector), vector);
  const mark = state ?? newState;

  const input = {
    ...digest,
    ...Object.fromEntries(COPIED.map((name) => [name, places[name]])),
    ...tableInputs,
    accountId: slots.map((slot) => slot.accountId),
    enrolmentSalt: enrolment.salt,
    quantity: slots.map((slot) => slot.quantities.map(toField)),
    sourceKey: slots.map((slot) => slot.sourceKey),
    signatureR8: slots.map((slot) => slot.signature.R8),
    signatureS: slots.map((slot) => slot.signature.S),
    underlyingDeltaBound: underlyingDeltaBound(metrics),
    markEquity: toField(mark.equity),
    markUnits: mark.units,
    epoch: mark.epoch,
    stateSalt: mark.salt,
    newStateSalt,
    isNewMark: BigInt(isNewMark(today, state)),
    portfolioSalt,
    exposuresSalt,
  };
  const tail = tailWitness(book, exposures, exposuresSalt, statement);
  const liquidity = liquidityWitness(book, slots, portfolioSalt, statement);
  const disclosure = wantedDisclosure(policy, exposures, exposuresSalt);
  return {
    ...{ input, statement, digest, exposures, newState, salts },
    ...(tail === undefined ? {} : { tail }),
    ...(liquidity === undefined ? {} : { liquidity }),
    ...(disclosure === undefined ? {} : { disclosure }),
  };
}

/** The salts that were given, or those of what the proof speaks of. */
function saltsOf(parts: WitnessParts, content: ProofContent, next: DrawdownState): ProofSalts {
  if (!("salts" in parts)) {
    const { portfolioSalt, exposuresSalt, newStateSalt } = parts;
    return { portfolioSalt, exposuresSalt, newStateSalt };
  }
  const { salts } = parts;
  const portfolioSalt = salts.portfolio(content);
  const { subject, previousState, messages } = content;
  const step = { subject, previousState, portfolioCommitment: portfolioCommitment(messages, portfolioSalt) };
  return {
    portfolioSalt,
    exposuresSalt: salts.exposures(content),
    newStateSalt: salts.state(step, next),
  };
}

/** Inputs of the policy's disclosure circuit, from the same exposures and salt. */
function wantedDisclosure(
  { disclosure }: Policy,
  exposures: Exposures,
  exposuresSalt: Field,
): DisclosureWitness | undefined {
  if (disclosure === undefined) return undefined;
  const { circuit, navStep } = disclosure;
  const terms = { shape: circuit.shape, navStep, viewers: viewerPlaces(disclosure) };
  return disclosureWitness(exposures, exposuresSalt, terms);
}

/** What a proof of a book commits to, or committed to: its sums, with the accounts in their declared order. */
export function exposuresOfBook(
  { snapshot, market, policy, metrics }: Pick<Book, "snapshot" | "market" | "policy" | "metrics">,
  enrolment: Enrolment,
): Exposures {
  const accounts = declaredAccounts(snapshot, enrolment, policy);
  const equities = accounts.map(({ id }) => metrics.accounts.get(id)!.equity);
  return exposuresOf(metrics, equities, basisOf(market, policy).table.underlyingsId, policy.circuit.shape);
}

/** The sums of a book as the circuit commits to them. @param accountEquity in the declared order */
function exposuresOf(
  metrics: Metrics,
  accountEquity: readonly bigint[],
  underlyingsId: Field,
  shape: CircuitShape,
): Exposures {
  const { equity, assets, grossExposure, collateral, underlyingDelta } = metrics;
  const isOne = shape.accounts === 1 && shape.options === 0;
  return {
    ...{ underlyingsId, equity, assets, grossExposure, collateral },
    deltas: pad([...underlyingDelta.values()], shape.underlyings),
    accountEquity: isOne ? [] : pad(accountEquity, shape.accounts),
    bookSums: bookSums(metrics, shape),
  };
}

/** Greeks and P&L of a tier with options, USD 1e16; nothing in a linear one. */
function bookSums({ greeks, scenarioPnl }: Metrics, shape: CircuitShape): bigint[] {
  if (greeks === undefined) return [];
  const pnl = [...scenarioPnl.values()].map((value) => value / BPS);
  return [greeks.gamma, greeks.vega, greeks.theta, ...pad(pnl, shape.scenarios)];
}

/** Inputs of the policy's tail-risk circuit, from the same exposures and salt. */
function tailWitness(
  { market, policy, metrics }: Book,
  exposures: Exposures,
  exposuresSalt: Field,
  { exposuresCommitment, terms }: Statement,
): TailWitness | undefined {
  const basis = tailBasis(policy, market);
  if (metrics.tail === undefined || basis === undefined) return undefined;
  const { tail, returns } = basis;
  const table = tailTable(basis);
  const statement = { exposuresCommitment, returnsRoot: table.root, returnsTime: returns.asOf, terms };
  const vector = tailVector(statement);
  const rest = restOf(exposures);
  const digest = statementInputs(commitStatement(vector), vector);
  const input = {
    ...digest,
    ...tailLimitInputs(terms),
    time: table.time,
    underlyingsId: exposures.underlyingsId,
    covariance: table.covariance.map(toField),
    dailyReturn: table.daily.map((day) => day.map(toField)),
    equity: toField(exposures.equity),
    assets: toField(exposures.assets),
    grossAndCollateral: grossAndCollateral(exposures),
    delta: exposures.deltas.map(toField),
    rest: rest === undefined ? [] : [rest],
    exposuresSalt,
    ...hintInputs(metrics.tail, tail.circuit.shape.levels),
  };
  return { input, statement, digest };
}

function hintInputs(metrics: TailMetrics, levels: number): CircuitInput {
  const { threshold, beyond } = tailHints(metrics, levels);
  return { threshold: threshold.map(toField), beyond };
}

/** Inputs of the policy's liquidity circuit, from the same accounts and salt. */
function liquidityWitness(
  { snapshot: { subject, asOf }, market, policy }: Book,
  slots: readonly Slot[],
  portfolioSalt: Field,
  { portfolioCommitment, terms }: Statement,
): LiquidityWitness | undefined {
  const basis = liquidityBasis(policy, market);
  if (basis === undefined) return undefined;
  const { root, ...table } = depthTable(basis);
  const statement = {
    portfolioCommitment,
    liquidityRoot: root,
    liquidityTime: Number(table.time),
    terms: terms.liquidity!,
  };
  const vector = liquidityVector(statement);
  const digest = statementInputs(commitStatement(vector), vector);
  const input = {
    ...digest,
    ...table,
    ...liquidityLimitInputs(statement.terms),
    subject: BigInt(subject),
    accountId: slots.map((slot) => slot.accountId),
    asOf: BigInt(asOf),
    quantity: slots.map((slot) => slot.quantities.map(toField)),
    portfolioSalt,
  };
  return { input, statement, digest };
}

/** One of the circuit's places for an account. */
interface Slot {
  /** 0 in a place that is not used. */
  readonly accountId: bigint;
  readonly quantities: readonly Quantity[];
  readonly message: Field;
  readonly sourceKey: SourceKey;
  readonly signature: EddsaSignature;
}

/** The accounts in the declared order, then empty places: no quantities, and a key and R8 that are on the curve. */
function accountSlots(
  { snapshot, policy, held, messages, sources }: Book,
  declared: readonly Account[],
  universe: bigint,
): Slot[] {
  const { shape } = policy.circuit;
  const nothing = {
    accountId: 0n,
    quantities: new Array<Quantity>(shape.instruments).fill(quantity(0n)),
  };
  const empty: Slot = {
    ...nothing,
    message: accountMessage({ ...nothing, subject: snapshot.subject, asOf: snapshot.asOf, universe }),
    sourceKey: BASE_POINT,
    signature: { R8: BASE_POINT, S: 0n },
  };
  return Array.from({ length: shape.accounts }, (_, place): Slot => {
    const account = declared[place];
    if (account === undefined) return empty;
    const s = snapshot.accounts.indexOf(account);
    return {
      accountId: accountField(account.id),
      quantities: held[s]!,
      message: messages[s]!,
      sourceKey: sources[s]!,
      signature: account.signature!,
    };
  });
}

function pad(values: readonly bigint[], length: number): bigint[] {
  return [...values, ...new Array<bigint>(length - values.length).fill(0n)];
}
