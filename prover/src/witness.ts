// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * From files to the circuit's inputs: the public tables, the signed accounts, the statement and its digest.
 *
 * @module
 */

import {
  approvedSources,
  BASE_POINT,
  type CircuitShape,
  commitStatement,
  type Domain,
  type Field,
  type Market,
  marketTable,
  type Policy,
  policyTerms,
  type Quantity,
  quantity,
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
import { accountField, accountMessage, quantities, type Snapshot } from "./snapshot.js";
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
  const slots = accountSlots(snapshot, market, shape, keys);
  const messages = slots.map((slot) =>
    accountMessage({ ...slot, subject: snapshot.subject, asOf: snapshot.asOf, universe: table.universe }),
  );
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
    enabled: slots.map((slot) => slot.enabled),
    accountId: slots.map((slot) => slot.accountId),
    quantity: slots.map((slot) => slot.quantities.map(toField)),
    sourceKey: slots.map((slot) => slot.sourceKey),
    signatureR8: slots.map((slot) => slot.signature.R8),
    signatureS: slots.map((slot) => slot.signature.S),
    underlyingDeltaBound: underlyingDeltaBound(metrics),
    salt,
  };
  return { input, statement, digest };
}

/** One of the circuit's places for an account. */
interface Slot {
  readonly enabled: bigint;
  readonly accountId: bigint;
  readonly quantities: readonly Quantity[];
  readonly sourceKey: SourceKey;
  readonly signature: EddsaSignature;
}

/** The accounts in their order, then places that are disabled: no quantities, and a key and R8 that are on the curve. */
function accountSlots(
  snapshot: Snapshot,
  market: Market,
  shape: CircuitShape,
  keys: readonly SourceKey[],
): Slot[] {
  const rows = quantities(snapshot, market, shape);
  const disabled: Slot = {
    enabled: 0n,
    accountId: 0n,
    quantities: new Array<Quantity>(shape.instruments).fill(quantity(0n)),
    sourceKey: BASE_POINT,
    signature: { R8: BASE_POINT, S: 0n },
  };
  return Array.from({ length: shape.accounts }, (_, s): Slot => {
    const account = snapshot.accounts[s];
    if (account === undefined) return disabled;
    return {
      enabled: 1n,
      accountId: accountField(account.id),
      quantities: rows[s]!,
      sourceKey: keys[s]!,
      signature: account.signature!,
    };
  });
}

function pad(values: readonly bigint[], length: number): bigint[] {
  return [...values, ...new Array<bigint>(length - values.length).fill(0n)];
}
