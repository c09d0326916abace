// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What an example strategy is made of.
 *
 * @module
 */

import type { MarketRow } from "./quotes.js";

/** Amounts by instrument, decimal strings. */
export type Positions = Readonly<Record<string, string>>;

/** What differs in some accounts, by their ids; an amount of 0 is a position that is gone. */
export type Changes = Readonly<Record<string, Positions>>;

/** An account beside the first one. */
export interface OtherAccount {
  readonly id: string;
  readonly source: string;
  readonly positions: Positions;
}

/** One strategy, from which a folder of files is made. */
export interface Strategy {
  /** The folder's name. */
  readonly folder: string;
  /** The tier; spot-16 when absent. */
  readonly circuit?: string;
  readonly subject: `0x${string}`;
  readonly accountId: string;
  /** Approved sources by name; the first one signs the first account. */
  readonly sources: readonly string[];
  readonly underlyings: readonly string[];
  readonly instruments: readonly MarketRow[];
  readonly policyName: string;
  readonly limits: Readonly<
    Record<string, string | readonly [string, string] | Readonly<Record<string, string>>>
  >;
  /** Circuit of the tail-risk limits, when there are some. */
  readonly tailCircuit?: string;
  /** Of the limit on the days to unwind, when there is one: its circuit, and what a day takes of what is no cash. */
  readonly liquidity?: { readonly circuit: string; readonly depths: Positions };
  readonly scenarios: readonly {
    readonly name: string;
    readonly shocks: Readonly<Record<string, string>>;
    readonly volatility?: string;
  }[];
  /** A second policy, which is the first one and shows something: a public value in steps, and all sums to viewers by name. */
  readonly shown?: {
    readonly circuit: string;
    readonly navStep: string;
    readonly viewers: readonly string[];
  };
  /** Units of the fund outstanding; one when absent. */
  readonly units?: string;
  readonly positions: Positions;
  readonly otherAccounts?: readonly OtherAccount[];
  /** A snapshot that breaks the policy, and the limits that it breaks, in the order of a report. */
  readonly twin: {
    readonly file: string;
    readonly changes: Changes;
    readonly breaks: readonly string[];
  };
}
