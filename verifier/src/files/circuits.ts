// SPDX-License-Identifier: MIT
/**
 * The circuits Keel knows, from circuits.json beside this file: the shape of each tier and which limits it proves, and the
 * circuits beside them.
 *
 * @module
 */

import table from "../circuits.json" with { type: "json" };
import { inputError, KeelError, readEach } from "../core/errors.js";

/** How many of each thing a tier has room for. */
export interface CircuitShape {
  readonly instruments: number;
  readonly accounts: number;
  readonly underlyings: number;
  readonly scenarios: number;
  readonly sources: number;
  /** 1: the market has greeks and risk arrays; 0: everything is linear in its underlying. */
  readonly options: number;
  /** 1: health factors are proven account by account too. */
  readonly accountHealth: number;
}

/** A portfolio-health tier. */
export interface Circuit {
  /** For instance `portfolio-health/spot-16`. */
  readonly id: string;
  readonly shape: CircuitShape;
  /** Names of the limits that the circuit proves; a policy may set no other. */
  readonly limits: readonly string[];
}

/** How many of each thing a tail-risk circuit has. */
export interface TailShape {
  readonly underlyings: number;
  /** Exactly so many. */
  readonly days: number;
  /** Confidence levels of expected shortfall. */
  readonly levels: number;
  /** 1: the exposures commitment holds a digest of what tiers with several accounts or options have more. */
  readonly rest: number;
}

/** A tail-risk circuit. */
export interface TailCircuit {
  /** For instance `tail-risk/64`. */
  readonly id: string;
  readonly shape: TailShape;
  /** Names of the limits that it proves, from the exposures of a portfolio-health proof with as many underlyings. */
  readonly limits: readonly string[];
}

/** How many of each thing a disclosure circuit has; the first four are those of the portfolio-health tier that it speaks of. */
export interface DisclosureShape
  extends Pick<CircuitShape, "accounts" | "underlyings" | "scenarios" | "options"> {
  /** Exactly so many keys; 0: a net asset value only. */
  readonly viewers: number;
}

/** A disclosure circuit. */
export interface DisclosureCircuit {
  /** For instance `disclosure/fund-64x1`. */
  readonly id: string;
  readonly shape: DisclosureShape;
}

/** How many of each thing a liquidity circuit has: as many as the portfolio-health tier that it speaks of. */
export type LiquidityShape = Pick<CircuitShape, "instruments" | "accounts">;

/** A liquidity circuit. */
export interface LiquidityCircuit {
  /** For instance `liquidity/64x4`. */
  readonly id: string;
  readonly shape: LiquidityShape;
  /** Names of the limits that it proves, from the quantities of a portfolio-health proof with as many places. */
  readonly limits: readonly string[];
}

/** Every portfolio-health tier, in the order of circuits.json. */
export const CIRCUITS: readonly Circuit[] = rowsOf<CircuitShape>("PortfolioHealth");

/** Every tail-risk circuit, in the order of circuits.json. */
export const TAIL_CIRCUITS: readonly TailCircuit[] = rowsOf<TailShape>("TailRisk");

/** Every disclosure circuit, in the order of circuits.json. */
export const DISCLOSURE_CIRCUITS: readonly DisclosureCircuit[] = rowsOf<DisclosureShape>("Disclosure");

/** Every liquidity circuit, in the order of circuits.json. */
export const LIQUIDITY_CIRCUITS: readonly LiquidityCircuit[] = rowsOf<LiquidityShape>("Liquidity");

/** Every circuit whose proof stands beside a portfolio-health proof. */
export const BESIDE_CIRCUITS: readonly { readonly id: string }[] = [
  ...TAIL_CIRCUITS,
  ...DISCLOSURE_CIRCUITS,
  ...LIQUIDITY_CIRCUITS,
];

function rowsOf<Shape>(template: string) {
  return Object.entries(table)
    .filter(([, row]) => row.template === template)
    .map(([id, row]) => ({ id, shape: row.parameters as Shape, limits: row.limits }));
}

/** How many of some things a book has; the limits that its policy sets. */
export interface Needs extends Partial<CircuitShape> {
  readonly limits?: readonly string[];
}

/** The smallest tier that has room for so much and proves so many limits; nothing when none has. */
export function smallestCircuit({ limits = [], ...needs }: Needs): Circuit | undefined {
  const counts = Object.entries(needs) as [keyof CircuitShape, number][];
  return CIRCUITS.filter(({ shape }) => counts.every(([part, count]) => count <= shape[part]))
    .filter((circuit) => limits.every((name) => circuit.limits.includes(name)))
    .sort((a, b) => a.shape.instruments - b.shape.instruments || a.shape.options - b.shape.options)[0];
}

/** So many of one thing, and where they stand. */
export interface Need {
  readonly part: keyof CircuitShape;
  readonly path: string;
  readonly count: number;
}

/**
 * Refuses lists that a tier has no room for, and names a tier that has.
 *
 * @param more what the other tier needs besides
 * @throws KeelError `circuit.size`
 */
export function checkRoom(shape: CircuitShape, needs: readonly Need[], more: Needs = {}): void {
  const counts = Object.fromEntries(needs.map(({ part, count }) => [part, count])) as Partial<CircuitShape>;
  const other = smallestCircuit({ options: shape.options, ...counts, ...more })?.id;
  const own = CIRCUITS.find((circuit) => circuit.shape === shape)?.id ?? "this circuit";
  const hint = other === undefined ? "no circuit has room for more" : `${other} has room`;
  readEach(needs, ({ part, path, count }) => {
    if (count <= shape[part]) return;
    throw inputError("circuit.size", path, `at most ${shape[part]} in ${own}; ${hint}`, `${count}`);
  });
}

/** The circuit that proves market roots for tiers of so many instruments. */
export function marketRootCircuit(instruments: number): string {
  return `market-root/${instruments}`;
}

/**
 * Looks a circuit up.
 *
 * @throws KeelError `circuit.unknown`
 */
export function circuitOf(id: string, path = "circuit"): Circuit {
  return find(CIRCUITS, id, path);
}

/**
 * Looks a tail-risk circuit up.
 *
 * @throws KeelError `circuit.unknown`
 */
export function tailCircuitOf(id: string, path = "circuit"): TailCircuit {
  return find(TAIL_CIRCUITS, id, path);
}

/**
 * Looks a disclosure circuit up.
 *
 * @throws KeelError `circuit.unknown`
 */
export function disclosureCircuitOf(id: string, path = "circuit"): DisclosureCircuit {
  return find(DISCLOSURE_CIRCUITS, id, path);
}

/**
 * Looks a liquidity circuit up.
 *
 * @throws KeelError `circuit.unknown`
 */
export function liquidityCircuitOf(id: string, path = "circuit"): LiquidityCircuit {
  return find(LIQUIDITY_CIRCUITS, id, path);
}

function find<T extends { readonly id: string }>(circuits: readonly T[], id: string, path: string): T {
  const circuit = circuits.find((candidate) => candidate.id === id);
  if (circuit !== undefined) return circuit;
  const known = circuits.map((candidate) => candidate.id).join(" or ");
  throw new KeelError({
    kind: "input",
    code: "circuit.unknown",
    path,
    expected: known,
    received: "another id",
  });
}
