// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * From files to the circuit's inputs: the public tables, the signed accounts, the statement and its digest.
 *
 * @module
 */

import {
  approvedSources,
  commitStatement,
  type Domain,
  type Field,
  type Market,
  marketTable,
  type Policy,
  policyTerms,
  type SourceKey,
  type Statement,
  type StatementDigest,
  scenarioTable,
  statementInputs,
  statementVector,
  toField,
} from "../../verifier/src/index.js";
import { exposuresCommitment, portfolioCommitment } from "./commitments.js";
import type { EddsaSignature } from "./eddsa.js";
import { measure, underlyingDeltaBound } from "./risk.js";
import { accountField, messageOf, quantities, type Snapshot } from "./snapshot.js";
import { checkSignatures } from "./source.js";

/** Inputs of the circuit by signal name; lists nest as the signals' dimensions do. */
export type CircuitInput = Readonly<Record<string, NestedInput>>;
/** A signal's value or an array of them. */
export type NestedInput = bigint | readonly NestedInput[];

/** Everything a proof needs, and what it will say. */
export interface Witness {
  /** Secret. */
  readonly input: CircuitInput;
  readonly statement: Statement;
  readonly digest: StatementDigest;
}

/** What a proof is made from. */
export interface WitnessRequest {
  readonly snapshot: Snapshot;
  readonly market: Market;
  readonly policy: Policy;
  readonly domain: Domain;
  /** Hides the commitments; from {@link randomSalt}, new for every proof. */
  readonly salt: Field;
}

/** A uniform field element from the platform's secure random numbers: 512 bits, reduced, so the bias is below 2^-256. */
export function randomSalt(): Field {
  const bytes = crypto.getRandomValues(new Uint8Array(64));
  const salt = toField(bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n));
  bytes.fill(0);
  return salt;
}

/**
 * Builds the inputs of the policy's circuit. Does not ask whether the portfolio is healthy: an unhealthy one gives inputs
 * for which no witness exists.
 *
 * @throws KeelError kind "input": files that do not go together, a signature that does not verify
 */
export function buildWitness({ snapshot, market, policy, domain, salt }: WitnessRequest): Witness {
  const { shape } = policy.circuit;
  const keys = checkSignatures(snapshot, market, policy);
  const metrics = measure(snapshot, market, policy);
  const table = marketTable(market, shape);
  const terms = policyTerms(policy, market);
  const messages = snapshot.accounts.map((_, s) => messageOf(snapshot, s, market, shape));
  const deltas = [...metrics.underlyingDelta.values()];

  const statement: Statement = {
    domain,
    subject: snapshot.subject,
    marketRoot: table.root,
    marketTime: market.asOf,
    asOf: snapshot.asOf,
    portfolioCommitment: portfolioCommitment(messages, salt),
    exposuresCommitment: exposuresCommitment(
      { underlyingsId: table.underlyingsId, equity: metrics.equity, deltas: pad(deltas, shape.underlyings) },
      salt,
    ),
    terms,
  };
  const vector = statementVector(statement);
  const digest = statementInputs(commitStatement(vector), vector);
  const accounts = snapshot.accounts.map((account, s) =>
    signedSlot(account.id, keys[s]!, account.signature!),
  );

  const input = {
    ...digest,
    domain: vector[1]!,
    subject: vector[2]!,
    asOf: BigInt(snapshot.asOf),
    minCollateralRatio: vector[15]!,
    minHealthFactor: vector[16]!,
    maxLeverage: vector[17]!,
    netDeltaLow: vector[18]!,
    netDeltaHigh: vector[19]!,
    maxUnderlyingDelta: vector[20]!,
    maxStressLoss: vector[25]!,
    minEquity: vector[27]!,
    marketTime: table.time,
    underlyingsId: table.underlyingsId,
    universe: table.universe,
    price: table.price,
    factor: table.factor,
    funded: table.funded,
    exposed: table.exposed,
    underlying: table.underlying,
    shock: scenarioTable(policy, market).shock.map((row) => row.map(toField)),
    sourceList: approvedSources(policy, shape).list,
    ...columns(accounts),
    quantity: quantities(snapshot, market, shape).map((row) => row.map(toField)),
    underlyingDeltaBound: underlyingDeltaBound(metrics),
    salt,
  };
  return { input, statement, digest };
}

interface Slot {
  readonly enabled: bigint;
  readonly accountId: bigint;
  readonly sourceKey: SourceKey;
  readonly signatureR8: SourceKey;
  readonly signatureS: bigint;
}

function signedSlot(id: string, sourceKey: SourceKey, { R8, S }: EddsaSignature): Slot {
  return { enabled: 1n, accountId: accountField(id), sourceKey, signatureR8: R8, signatureS: S };
}

function columns(slots: readonly Slot[]) {
  return {
    enabled: slots.map((slot) => slot.enabled),
    accountId: slots.map((slot) => slot.accountId),
    sourceKey: slots.map((slot) => slot.sourceKey),
    signatureR8: slots.map((slot) => slot.signatureR8),
    signatureS: slots.map((slot) => slot.signatureS),
  };
}

function pad(values: readonly bigint[], length: number): bigint[] {
  return [...values, ...new Array<bigint>(length - values.length).fill(0n)];
}
