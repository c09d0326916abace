// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a proof takes from market and policy alone: made once for all books that share the two, as those of many funds do.
 *
 * @module
 */

import {
  approvedSources,
  type Market,
  type MarketTable,
  marketTable,
  type Policy,
  type PolicyTerms,
  policyId,
  policyTerms,
  scenarioTable,
  toField,
} from "@keel/verifier";
import type { CircuitInput } from "./input.js";

/** Of a market and a policy, which nobody changes once they are read. */
export interface Basis {
  readonly table: MarketTable;
  readonly terms: PolicyTerms;
  readonly policyId: `0x${string}`;
  /** The public tables as the circuit takes them; their roots are in the statement. */
  readonly tableInputs: CircuitInput;
}

const made = new WeakMap<Market, WeakMap<Policy, Basis>>();

/** @throws KeelError kind "input": a market and a policy that do not go together */
export function basisOf(market: Market, policy: Policy): Basis {
  const byPolicy = made.get(market) ?? new WeakMap<Policy, Basis>();
  made.set(market, byPolicy);
  const basis = byPolicy.get(policy) ?? makeBasis(market, policy);
  byPolicy.set(policy, basis);
  return basis;
}

function makeBasis(market: Market, policy: Policy): Basis {
  const table = marketTable(market, policy);
  const terms = policyTerms(policy, market);
  return { table, terms, policyId: policyId(terms), tableInputs: tableInputs(table, policy, market) };
}

/** The table's columns have the circuit's names. */
function tableInputs(table: MarketTable, policy: Policy, market: Market): CircuitInput {
  const { options, root: _, time: marketTime, ...columns } = table;
  const scenarios =
    options === undefined
      ? { shock: scenarioTable(policy, market).shock.map((row) => row.map(toField)) }
      : {
          scenarioTable: [options.scenarioRoot],
          sensitivity: options.sensitivity.map((row) => row.map(toField)),
        };
  const sourceList = approvedSources(policy, policy.circuit.shape).list;
  return { marketTime, ...columns, sourceList, ...scenarios };
}
