// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do a circuit's inputs determine its wires? Starting from the inputs, a value is determined when one of these rules says so,
 * until none says anything new. Values are the wires, and the factors of constraints that are sums of wires.
 *
 * - linear: equations between values leave one choice for it (`linear.ts` solves them);
 * - product: both factors are determined, so the product is, which is one more equation;
 * - quotient: the other factor is determined, and the product is a constant that is not 0;
 * - bits: an equation has only values that are one of two numbers, and no two choices of them give the same sum;
 * - zero test: F * G = 0 and F * hint = k G + m, with F and m determined, leave one choice for G;
 * - one of many: F[i] * G[i] = 0, where at most one F[i] can be 0 since they differ by constants, and an equation has only
 *   the G[i].
 *
 * Each rule is sound: what it calls determined has one value for given inputs. The list is not complete: a value that no rule
 * reaches may be unique all the same. Two things that curve arithmetic needs are beyond it, and only said to hold where the
 * caller trusts them: that a divisor is never 0, and that a comparison keeps 254 bits below r.
 *
 * @module
 */

import { constraintAt, type LinearCombination } from "@keel/circuits";
import { FIELD_ORDER, toField } from "@keel/verifier";
import type { Constraints } from "./circuit.js";
import {
  addTo,
  type Equations,
  equations,
  type Form,
  inverse,
  learnKnown,
  learnZero,
  plus,
  ratio,
  reduced,
} from "./linear.js";

/**
 * What is trusted of circomlib's curve arithmetic, in a signature and in a key agreement: no divisor is 0, since the addition law
 * of BabyJubJub is complete and the ladders' points have large order (a viewer's key is checked in public to have it); and a
 * signature's hash has one decomposition, since circomlib compares it with r.
 */
export const CURVE = /\.(signature|fixed|multiple\[\d+\])\.|\.point\[\d\]$/;

/** Every template, at a small size, and the whole statements: what the rules are tried on. */
export const TEMPLATES: readonly (readonly [file: string, main: string])[] = [
  ["lib/absorb.circom", "Absorb(17)"],
  ["lib/absorb.circom", "TaggedHash(KIND_ACCOUNT(), 3)"],
  ["lib/account-sums.circom", "AccountSums(2)"],
  ["lib/approved-source.circom", "ApprovedSource(3)"],
  ["lib/common-limits.circom", "CommonLimits(2, 2, 1)"],
  ["lib/common-limits.circom", "CommonLimits(1, 2, 0)"],
  ["lib/daily-loss.circom", "DailyLoss(2, 2)"],
  ["lib/declared-accounts.circom", "DeclaredAccounts(2, 2, 2)"],
  ["lib/distinct.circom", "Distinct(4)"],
  ["lib/enrolment.circom", "Enrolment(3)"],
  ["lib/excess.circom", "Excess(3)"],
  ["lib/exposure-sums.circom", "ExposureSums(2, 2, 2, 0)"],
  ["lib/exposure-sums.circom", "ExposureSums(3, 2, 4, 1)"],
  ["lib/exposures-opening.circom", "ExposuresOpening(2, 1)"],
  ["lib/exposures.circom", "Exposures(1, 2, 1, 0)"],
  ["lib/exposures.circom", "Exposures(2, 2, 1, 1)"],
  ["lib/in-range.circom", "InRange(252)"],
  ["lib/key-agreement.circom", "KeyAgreement(1)"],
  ["lib/key-stream.circom", "KeyStream(18)"],
  ["lib/limit-is-set.circom", "LimitIsSet(4294967295)"],
  ["lib/limits/book-size.circom", "BookSize()"],
  ["lib/limits/max-days-to-unwind.circom", "MaxDaysToUnwind(2)"],
  ["lib/limits/max-drawdown.circom", "MaxDrawdown()"],
  ["lib/limits/max-expected-shortfall.circom", "MaxExpectedShortfall(64)"],
  ["lib/limits/max-leverage.circom", "MaxLeverage()"],
  ["lib/limits/max-sensitivity.circom", "MaxSensitivity(100)"],
  ["lib/limits/max-stress-loss.circom", "LinearPnl(2, 2)"],
  ["lib/limits/max-stress-loss.circom", "MaxStressLoss(2, 1)"],
  ["lib/limits/max-underlying-delta.circom", "MaxUnderlyingDelta(2)"],
  ["lib/limits/max-venue.circom", "MaxVenue(2)"],
  ["lib/limits/max-volatility.circom", "MaxVolatility(2)"],
  ["lib/limits/min-account-health-factor.circom", "MinAccountHealthFactor(2)"],
  ["lib/limits/min-collateral-ratio.circom", "MinCollateralRatio()"],
  ["lib/limits/min-health-factor.circom", "MinHealthFactor()"],
  ["lib/limits/net-delta.circom", "NetDelta()"],
  ["lib/linear-limits.circom", "LinearLimits(2, 2)"],
  ["lib/liquidity-table.circom", "LiquidityTable(2)"],
  ["lib/market-table.circom", "MarketTable(2, 2, 1, 0)"],
  ["lib/market-table.circom", "MarketTable(1, 2, 1, 1)"],
  ["lib/option-limits.circom", "OptionLimits(2)"],
  ["lib/pack.circom", "Pack(3, 24)"],
  ["lib/pack.circom", "PackBits(4, 65)"],
  ["lib/portfolio-opening.circom", "PortfolioOpening(2, 2)"],
  ["lib/returns-table.circom", "ReturnsTable(2, 2)"],
  ["lib/rounded-exposure.circom", "RoundedExposure()"],
  ["lib/rounded-value.circom", "RoundedValue()"],
  ["lib/scatter.circom", "Scatter(4)"],
  ["lib/scenario-table.circom", "ScenarioTable(2, 2)"],
  ["lib/sensitivities.circom", "Sensitivities(2, 2, 2)"],
  ["lib/signed-account.circom", "SignedAccount(2, 2)"],
  ["lib/signed-quantity.circom", "SignedQuantity()"],
  ["lib/state.circom", "State()"],
  ["lib/statement-digest.circom", "StatementDigest(3)"],
  ["lib/value-sums.circom", "ValueSums(2, 2, 0)"],
  ["lib/value-sums.circom", "ValueSums(2, 2, 1)"],
  ["lib/venue-equity.circom", "VenueEquity(3)"],
  ["disclosure.circom", "Disclosure(2, 2, 1, 1, 1)"],
  ["liquidity.circom", "Liquidity(2, 2)"],
  ["market-root.circom", "MarketRoot(2)"],
  ["portfolio-health.circom", "PortfolioHealth(2, 1, 2, 1, 1, 0, 1)"],
  ["tail-risk.circom", "TailRisk(2, 2, 2, 1)"],
];

/** The hint of circomlib's IsZero is free when its input is 0; nothing depends on it (see support/wires.ts). */
export const isHint = (name: string): boolean => name.endsWith(".inv");

/** A constraint a * b = c; the factors are values of their own. */
interface Constraint {
  readonly a: Factor;
  readonly b: Factor;
  readonly c: Form;
}

interface Factor {
  readonly form: Form;
  /** The wire, or the number given to a sum of wires. */
  readonly value: number;
}

interface State {
  readonly system: Equations;
  readonly constraints: readonly Constraint[];
  /** How far apart the two numbers are that a value may be. */
  readonly spans: ReadonlyMap<number, bigint>;
  /** Factors F of constraints F * G = 0, by the value G. */
  readonly cofactors: ReadonlyMap<number, readonly Factor[]>;
  readonly isTrusted: (value: number) => boolean;
}

/**
 * Names of the wires that no rule determines, in a circuit whose inputs are all public. Where a name is trusted, the wire is
 * taken for a quotient whose divisor is never 0, or for one of the bits of a number below r.
 */
export function undetermined(circuit: Constraints, trusted?: RegExp): string[] {
  const { r1cs, names } = circuit;
  const state = stateOf(circuit, trusted);
  const { known, solved } = state.system;
  // Grows with each equation and with each value that is known, which may cost an equation.
  const learned = (): number => 2 * known.size + solved.size;
  for (let before = -1; before < learned(); ) {
    before = learned();
    for (const constraint of state.constraints) applyConstraint(state, constraint);
    for (const value of [...solved.keys()]) applyEquation(state, value);
  }
  const left: string[] = [];
  for (let wire = 0; wire < r1cs.wires; wire++) {
    if (!known.has(wire)) left.push(names.get(wire)?.[0] ?? `wire ${wire}`);
  }
  return left;
}

function stateOf({ r1cs, names }: Constraints, trusted: RegExp | undefined): State {
  const sums: Form[] = [];
  const factorOf = (terms: LinearCombination): Factor => {
    const form = formOf(terms);
    if (form.size === 1) return { form, value: [...form.keys()][0]! };
    return { form, value: r1cs.wires + sums.push(form) - 1 };
  };
  const constraints = Array.from({ length: r1cs.constraints }, (_, i) => {
    const { a, b, c } = constraintAt(r1cs, i);
    return { a: factorOf(a), b: factorOf(b), c: formOf(c) };
  });
  const spans = new Map(constraints.flatMap(spanOf));
  const cofactors = cofactorsOf(constraints.filter((constraint) => spanOf(constraint).length === 0));
  const inputs = Array.from({ length: r1cs.publicInputs }, (_, i) => 1 + r1cs.publicOutputs + i);
  // Solved for last, so that equations are left which have only such values.
  const ranks = new Map<number, number>();
  for (const value of spans.keys()) ranks.set(value, 1);
  for (const value of cofactors.keys()) ranks.set(value, 2);
  const system = equations([0, ...inputs], ranks);
  for (const [i, form] of sums.entries()) learnZero(system, plus(form, new Map([[r1cs.wires + i, 1n]]), -1n));
  const isTrusted = (value: number): boolean =>
    (value < r1cs.wires ? [value] : [...sums[value - r1cs.wires]!.keys()]).every(
      (wire) => system.known.has(wire) || names.get(wire)?.some((name) => trusted?.test(name)),
    );
  return { system, constraints, spans, cofactors, isTrusted };
}

const isConstant = (form: Form): boolean => form.size === 0 || (form.size === 1 && form.has(0));

function applyConstraint(state: State, { a, b, c }: Constraint): void {
  const { system } = state;
  const isKnown = ({ value }: Factor): boolean => system.known.has(value);
  if (isConstant(a.form)) learnZero(system, plus(c, b.form, -(a.form.get(0) ?? 0n)));
  else if (isConstant(b.form)) learnZero(system, plus(c, a.form, -(b.form.get(0) ?? 0n)));
  else if (isKnown(a) && isKnown(b)) learnZero(system, c);
  else if (isKnown(a)) applyQuotient(state, a, b, c);
  else if (isKnown(b)) applyQuotient(state, b, a, c);
}

/** A constraint of which one factor is determined. */
function applyQuotient(state: State, factor: Factor, other: Factor, c: Form): void {
  const { system } = state;
  const product = reduced(system, c);
  const isNotZero = c.size === 1 && c.has(0);
  if (isNotZero || (c.size > 0 && product.size === 0 && state.isTrusted(other.value))) {
    learnKnown(system, other.value);
    return;
  }
  // A zero test: c is a multiple of a value whose product with the factor is 0.
  for (const [value, factors] of state.cofactors) {
    if (system.known.has(value) || !factors.some(({ form }) => ratio(form, factor.form) !== undefined))
      continue;
    if (ratio(product, reduced(system, new Map([[value, 1n]]))) !== undefined) learnKnown(system, value);
  }
}

/** An equation all of whose values are bits, or all but one of which are 0. */
function applyEquation(state: State, solved: number): void {
  const { system, spans } = state;
  const equal = system.solved.get(solved);
  if (equal === undefined || !system.ranks.has(solved)) return;
  const form = plus(equal, new Map([[solved, 1n]]), -1n);
  const values = [...form.keys()];
  const steps = values.flatMap((value) => form.get(value)! * (spans.get(value) ?? 0n) || []);
  const areBits = steps.length === values.length && hasDistinctSums(steps, values.every(state.isTrusted));
  if (!areBits && !areOneOfMany(state, values)) return;
  for (const value of values) learnKnown(system, value);
}

/** Whether each value is 0 unless its own factor is, and no two of the factors can be 0 at once. */
function areOneOfMany({ system, cofactors }: State, values: readonly number[]): boolean {
  const factors = values.flatMap((value) =>
    (cofactors.get(value) ?? []).filter((factor) => system.known.has(factor.value)).slice(0, 1),
  );
  const offsets = factors.map(({ form }) => plus(form, factors[0]!.form, -1n));
  if (factors.length < values.length || !offsets.every(isConstant)) return false;
  return new Set(offsets.map((offset) => offset.get(0) ?? 0n)).size === values.length;
}

/** Of a constraint that holds a value at one of two numbers: the value, and how far apart they are. */
function spanOf({ a, b, c }: Constraint): [number, bigint][] {
  const [left, right] = [linearPart(a.form), linearPart(b.form)];
  const by = ratio(left, right);
  if (c.size > 0 || by === undefined) return [];
  const span = toField((a.form.get(0) ?? 0n) - (b.form.get(0) ?? 0n) * inverse(by));
  const [[wire, coefficient]] = left as unknown as [[number, bigint]];
  return left.size === 1 ? [[wire, span * inverse(coefficient)]] : [[a.value, span]];
}

function linearPart(form: Form): Form {
  const part = new Map(form);
  part.delete(0);
  return part;
}

function cofactorsOf(constraints: readonly Constraint[]): Map<number, Factor[]> {
  const found = new Map<number, Factor[]>();
  for (const { a, b, c } of constraints) {
    if (c.size !== 0) continue;
    for (const [factor, { value }] of [
      [a, b],
      [b, a],
    ] as const) {
      found.set(value, [...(found.get(value) ?? []), factor]);
    }
  }
  return found;
}

/**
 * Whether sums of any two subsets differ: in some scale each step is larger than all smaller ones together, and all
 * together are below r; where the caller says that sums are below r, the steps need not be.
 */
function hasDistinctSums(steps: readonly bigint[], isBelowR: boolean): boolean {
  const size = isBelowR ? toField : magnitude;
  return steps.some((unit) => {
    const scale = inverse(unit);
    const sizes = steps.map((value): bigint => size(value * scale)).sort((x, y) => (x < y ? -1 : 1));
    let sum = 0n;
    for (const size of sizes) {
      if (size <= sum) return false;
      sum += size;
    }
    return isBelowR || sum < FIELD_ORDER;
  });
}

/** Distance from 0 on the circle of the field. */
function magnitude(value: bigint): bigint {
  const above = toField(value);
  return above > FIELD_ORDER >> 1n ? FIELD_ORDER - above : above;
}

function formOf(terms: LinearCombination): Form {
  const form = new Map<number, bigint>();
  for (const { wire, coefficient } of terms) addTo(form, wire, coefficient);
  return form;
}
