// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a policy may want proven beside its limits on the book itself: a proof each, and for some of them a table of their own that
 * publishers sign. What the page does for one of them it does for all, by the rows of this file.
 *
 * @module
 */

import {
  depthTable,
  type Liquidity,
  liquidityBasis,
  type Market,
  NO_DISCLOSURE,
  NO_TAIL,
  type Policy,
  type PolicyTerms,
  parseLiquidity,
  parseReturns,
  type Returns,
  type SeriesId,
  tailBasis,
  tailTable,
  withLiquidity,
  withReturns,
} from "@keel/verifier";
import type { Hex } from "viem";

/** Proofs beside the health proof, in the order in which they are listed everywhere. */
export const BESIDE = ["tail", "liquidity", "disclosure"] as const;

/** One of them. */
export type Beside = (typeof BESIDE)[number];

/** Something for each proof beside that there is. */
export type OfBeside<T> = { readonly [name in Beside]?: T };

/** The same with the health proof's. */
export type OfProofs<T> = OfBeside<T> & { readonly health: T };

/** What each is of, where proofs are counted. */
export const BESIDE_WORDS: Readonly<Record<Beside, string>> = {
  tail: "tail risk",
  liquidity: "the days to unwind",
  disclosure: "what is shown",
};

/** Asks for each; what there is not is left out. */
export function ofBeside<T>(find: (name: Beside) => T | undefined): OfBeside<T> {
  const found = BESIDE.map((name) => [name, find(name)] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined)) as OfBeside<T>;
}

/** The same under names with an end, as `tailKey`, which functions of the packages take. */
export function besideAs<T, End extends string>(
  all: OfBeside<T>,
  end: End,
): { readonly [name in `${Beside}${End}`]?: T } {
  const named = BESIDE.flatMap((name) => (all[name] === undefined ? [] : [[`${name}${end}`, all[name]]]));
  return Object.fromEntries(named) as { readonly [name in `${Beside}${End}`]?: T };
}

/** The circuits that terms name, by the hashes of their names. */
export function circuitHashes(terms: PolicyTerms): OfProofs<Hex> {
  const { circuit, tailCircuit, liquidity, disclosureCircuit } = terms;
  const hashes: Readonly<Record<Beside, Hex | undefined>> = {
    tail: tailCircuit === NO_TAIL.tailCircuit ? undefined : tailCircuit,
    liquidity: liquidity?.circuit,
    disclosure: disclosureCircuit === NO_DISCLOSURE.disclosureCircuit ? undefined : disclosureCircuit,
  };
  return { health: circuit, ...ofBeside((name) => hashes[name]) };
}

/** Tables beside the market's, as files are opened: each under its kind, which is its name on a market too. */
export interface TableFiles {
  /** Daily returns, for policies that limit tail risk. */
  readonly returns?: Returns;
  /** What a day takes of each instrument, for policies that limit the days to unwind. */
  readonly liquidity?: Liquidity;
}

/** What stands before the version in such a file's mark. */
export type TableKind = keyof TableFiles;

/** Which tables a policy takes. */
export interface TableTerms {
  readonly series: SeriesId;
  /** Seconds between a snapshot and its table, at most. */
  readonly maxSkew: number;
}

/** A table by what stands for it on chain. */
export interface TablePlace {
  readonly root: bigint;
  /** Unix seconds. */
  readonly asOf: number;
}

/** What an attestation rests on, in its file or in the registry's log. */
interface Attested {
  readonly market: TablePlace;
  readonly tail?: { readonly returns: TablePlace };
  readonly liquidity?: { readonly depths: TablePlace };
}

/** A table that a proof beside is about. */
interface TableRow {
  /** The proof. */
  readonly of: Beside;
  readonly title: string;
  /** Where an attestation has it. */
  readonly path: string;
  parse(text: string): TableFiles;
  /** A market with the table that is open. @throws KeelError where they do not go together */
  attach(market: Market, files: TableFiles): Market;
  /** What stands for a market's; nothing where the policy needs none. @throws KeelError as `tailBasis` and `liquidityBasis` */
  placeOf(policy: Policy, market: Market): TablePlace | undefined;
  attested(attestation: Attested): TablePlace | undefined;
  /** Nothing where the policy takes none. */
  terms(terms: PolicyTerms): TableTerms | undefined;
}

/** All of them, by their files' kind. */
export const TABLES: Readonly<Record<TableKind, TableRow>> = {
  returns: {
    ...{ of: "tail", title: "Returns", path: "tail.returns" },
    parse: (text) => ({ returns: parseReturns(text) }),
    attach: (market, { returns }) => (returns === undefined ? market : withReturns(market, returns)),
    placeOf: (policy, market) => {
      const basis = tailBasis(policy, market);
      return basis && { root: tailTable(basis).root, asOf: basis.returns.asOf };
    },
    attested: ({ tail }) => tail?.returns,
    terms: ({ tailCircuit, returnsSeries: series, maxReturnsSkew: maxSkew }) =>
      tailCircuit === NO_TAIL.tailCircuit ? undefined : { series, maxSkew },
  },
  liquidity: {
    ...{ of: "liquidity", title: "Liquidity", path: "liquidity.depths" },
    parse: (text) => ({ liquidity: parseLiquidity(text) }),
    attach: (market, { liquidity }) => (liquidity === undefined ? market : withLiquidity(market, liquidity)),
    placeOf: (policy, market) => {
      const basis = liquidityBasis(policy, market);
      return basis && { root: depthTable(basis).root, asOf: basis.market.liquidity.asOf };
    },
    attested: ({ liquidity }) => liquidity?.depths,
    terms: ({ liquidity }) => liquidity && { series: liquidity.series, maxSkew: liquidity.maxLiquiditySkew },
  },
};

/** Their kinds, in order. */
export const TABLE_KINDS = Object.keys(TABLES) as readonly TableKind[];

/** Whether a mark is of such a table. */
export function isTableKind(kind: string | undefined): kind is TableKind {
  return kind !== undefined && Object.hasOwn(TABLES, kind);
}

/** The tables that a policy needs. */
export function neededTables(policy: Policy | undefined): readonly TableKind[] {
  return TABLE_KINDS.filter((kind) => policy?.[TABLES[kind].of] !== undefined);
}

/** A market with the open tables that its policy needs. @throws KeelError where they do not go together */
export function withTables(market: Market, policy: Policy, files: TableFiles): Market {
  return neededTables(policy).reduce((all, kind) => TABLES[kind].attach(all, files), market);
}

/** A market without a table. */
export function withoutTable(market: Market, kind: TableKind): Market {
  const { [kind]: _, ...rest } = market;
  return rest;
}

/** A table of an attestation, and what its policy takes in its place. */
export interface AttestedTable extends TablePlace, TableTerms {
  readonly path: string;
}

/** No series has it, so that no table of it is accepted anywhere. */
const NO_TABLE: TableTerms = { series: NO_TAIL.returnsSeries, maxSkew: 0 };

/** Every table that an attestation rests on, the market's first. */
export function tablesOf(attestation: Attested, terms: PolicyTerms): AttestedTable[] {
  const { marketSeries: series, maxMarketSkew: maxSkew } = terms;
  const beside = TABLE_KINDS.flatMap((kind) => {
    const { path, attested, terms: taken } = TABLES[kind];
    const place = attested(attestation);
    return place === undefined ? [] : [{ path, ...(taken(terms) ?? NO_TABLE), ...place }];
  });
  return [{ path: "market", series, maxSkew, ...attestation.market }, ...beside];
}
