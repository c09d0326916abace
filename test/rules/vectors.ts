// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The rules that lie outside the circuits, each at its limit, one inside and one beyond, in one table. Whoever judges an
 * attestation has a column: the registry, the verifier of files, the replay of logs, and the regulator's page by files and by
 * the chain. What a judge cannot know it says itself, as what it did not compare: a word in brackets.
 *
 * @module
 */

import { ONE_UNIT } from "@keel/verifier";

/** First second of the chain's story, in which the subject's first attestation was made. */
export const START = 2_000_000_000;
/** Snapshot's time of the second attestation, of which every row tells. */
export const AS_OF = START + 2_000;

/** Limits of the table's policies, no two alike, so that none can stand for another. */
export const TIMES = {
  maxAge: 3_600,
  validity: 9_000,
  maxMarketSkew: 300,
  maxReturnsSkew: 200,
  minInterval: 700,
};
/** A policy under which an attestation expires before it is too old. */
export const SHORT = { ...TIMES, maxAge: 5_000, validity: 1_200 };

/** The table's policies; two name the series beside the market's own. */
export type PolicyName = "plain" | "short" | "tail" | "series below" | "series above";

/** What is judged. */
export interface Case {
  readonly policy: PolicyName;
  /** The chain's time, and the verifier's. */
  readonly now: number;
  readonly asOf: number;
  readonly marketTime: number;
  readonly returnsTime: number;
  readonly units: bigint;
  /** More than what the subject declared. */
  readonly enrolment: bigint;
  /** More than the state that the first attestation left. */
  readonly state: bigint;
}

export const BASE: Case = {
  policy: "plain",
  now: AS_OF + 1_000,
  asOf: AS_OF,
  marketTime: AS_OF,
  returnsTime: AS_OF,
  units: ONE_UNIT,
  enrolment: 0n,
  state: 0n,
};

/** What every judge says of a case that breaks a rule: a code and a path, or in brackets what it leaves open. */
export interface Words {
  readonly registry: string;
  readonly files: string;
  readonly logs: string;
  readonly pageByFiles: string;
  readonly pageByChain: string;
}

export type Judge = keyof Words;

export interface Row {
  readonly rule: string;
  /** So many inside the limit when below 0, beyond it when above. */
  readonly at: (by: number) => Partial<Case>;
  /** Which of -1, 0 and 1 break the rule. */
  readonly broken: readonly number[];
  /** What breaks it is a table that nobody published. */
  readonly isUnpublished?: true;
  readonly words: Words;
}

const AGE = { files: "proof.age attestation.asOf", pageByFiles: "(age)", pageByChain: "(age)" };
const SKEW = {
  registry: "registry.marketTooFar",
  files: "proof.skew attestation.asOf",
  logs: "history.skew",
  pageByFiles: "proof.skew attestation.asOf",
  pageByChain: "proof.mismatch attestation.asOf",
};

const UNPUBLISHED = {
  registry: "registry.marketNotAccepted",
  files: "(tableAccepted)",
  logs: "history.table",
};

export const ROWS: readonly Row[] = [
  {
    rule: "a snapshot is not of the future",
    at: (by) => ({ asOf: BASE.now + by, marketTime: BASE.now - 100 }),
    broken: [1],
    words: { registry: "registry.snapshotInFuture", logs: "history.future", ...AGE },
  },
  {
    rule: "a snapshot is at most maxAge old",
    at: (by) => ({ now: AS_OF + TIMES.maxAge + by }),
    broken: [1],
    words: { registry: "registry.snapshotTooOld", logs: "history.age", ...AGE },
  },
  {
    rule: "an attestation counts before its expiry, not at it",
    at: (by) => ({ policy: "short", now: AS_OF + SHORT.validity + by }),
    broken: [0, 1],
    words: {
      registry: "registry.alreadyExpired",
      files: "(expired)",
      logs: "history.expired",
      pageByFiles: "(expired)",
      pageByChain: "(expired)",
    },
  },
  {
    rule: "a market table is at most maxMarketSkew before the snapshot",
    at: (by) => ({ marketTime: AS_OF - TIMES.maxMarketSkew - by }),
    broken: [1],
    words: SKEW,
  },
  {
    rule: "a market table is at most maxMarketSkew after the snapshot",
    at: (by) => ({ marketTime: AS_OF + TIMES.maxMarketSkew + by }),
    broken: [1],
    words: SKEW,
  },
  {
    rule: "a returns table is at most maxReturnsSkew before the snapshot",
    at: (by) => ({ policy: "tail", returnsTime: AS_OF - TIMES.maxReturnsSkew - by }),
    broken: [1],
    words: SKEW,
  },
  {
    rule: "a returns table is at most maxReturnsSkew after the snapshot",
    at: (by) => ({ policy: "tail", returnsTime: AS_OF + TIMES.maxReturnsSkew + by }),
    broken: [1],
    words: SKEW,
  },
  {
    rule: "a fund without a source of units has one unit",
    at: (by) => ({ units: ONE_UNIT + BigInt(by) }),
    broken: [-1, 1],
    words: {
      registry: "registry.wrongUnits",
      files: "units.mismatch attestation.drawdown.units",
      logs: "history.units",
      pageByFiles: "units.mismatch attestation.drawdown.units",
      pageByChain: "history.units",
    },
  },
  {
    rule: "a table is of the policy's series",
    at: (by) => ({ policy: by === 0 ? "plain" : by < 0 ? "series below" : "series above" }),
    broken: [-1, 1],
    words: {
      registry: "registry.marketNotAccepted",
      files: "policy.series market",
      logs: "history.table",
      pageByFiles: "policy.series market",
      pageByChain: "proof.mismatch attestation.market",
    },
  },
  {
    rule: "a market table is one that was published",
    at: (by) => ({ marketTime: AS_OF + by }),
    broken: [-1, 1],
    isUnpublished: true,
    words: {
      ...UNPUBLISHED,
      pageByFiles: "proof.mismatch attestation.market",
      pageByChain: "proof.mismatch attestation.market",
    },
  },
  {
    rule: "a returns table is one that was published",
    at: (by) => ({ policy: "tail", returnsTime: AS_OF + by }),
    broken: [-1, 1],
    isUnpublished: true,
    words: {
      ...UNPUBLISHED,
      pageByFiles: "proof.mismatch attestation.tail.returns",
      pageByChain: "proof.mismatch attestation.tail.returns",
    },
  },
  {
    rule: "an attestation is about the declared accounts",
    at: (by) => ({ enrolment: BigInt(by) }),
    broken: [-1, 1],
    words: {
      registry: "registry.wrongEnrolment",
      files: "proof.mismatch attestation.enrolment",
      logs: "history.enrolment",
      pageByFiles: "(enrolment)",
      pageByChain: "(enrolment)",
    },
  },
  {
    rule: "an attestation goes on from the state before it",
    at: (by) => ({ state: BigInt(by) }),
    broken: [-1, 1],
    words: {
      registry: "registry.wrongState",
      files: "proof.mismatch attestation.drawdown.previousState",
      logs: "history.state",
      pageByFiles: "(previousState)",
      pageByChain: "(previousState)",
    },
  },
  {
    rule: "a snapshot is newer than the one before",
    at: (by) => ({ asOf: START - by, marketTime: START }),
    broken: [0, 1],
    words: {
      registry: "registry.notNewer",
      files: "(standing)",
      logs: "history.floor",
      pageByFiles: "(standing)",
      pageByChain: "(standing)",
    },
  },
];
