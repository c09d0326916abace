// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Inputs of liquidity circuits of any size, as a manager would put them together, and the circuit held against the model on random
 * books.
 *
 * @module
 */

import { accountMessage, assess, portfolioCommitment } from "@keel/prover";
import {
  commitStatement,
  formatDecimal,
  KIND,
  liquidityVector,
  quantity,
  statementInputs,
  taggedHash,
  toField,
  UNLIMITED_DEPTH,
} from "@keel/verifier";
import { expect } from "vitest";
import { type Book, type BookParts, book, seededRandom, witnessOf } from "./book.js";
import type { Circuit, Input } from "./circuit.js";

/** What a test says of the accounts and the table; everything else is one account that holds little. */
export interface UnwindParts {
  /** [accounts][instruments], signed. */
  readonly quantities?: readonly (readonly bigint[])[];
  readonly depth?: readonly bigint[];
  readonly limit?: bigint;
  readonly participation?: bigint;
  readonly time?: bigint;
}

const SUBJECT = 161n;
const AS_OF = 50n;
export const UNIVERSE = 77n;
const PORTFOLIO_SALT = toField(5n);

/** What the accounts' message is to in each place of the circuit. */
export function unwindInput(parts: UnwindParts = {}): Input {
  const { quantities = [[10n, -10n]], limit = 10_000n, participation = 1_000n, time = 40n } = parts;
  const depth = parts.depth ?? quantities[0]!.map(() => 10n);
  const accountId = quantities.map((_, s) => BigInt(s + 1));
  const messages = quantities.map((row, s) =>
    accountMessage({
      subject: `0x${SUBJECT.toString(16).padStart(40, "0")}`,
      accountId: accountId[s]!,
      asOf: Number(AS_OF),
      universe: UNIVERSE,
      quantities: row.map(quantity),
    }),
  );
  const root = taggedHash(KIND.liquidity, [time, UNIVERSE, participation, ...depth]);
  const vector = liquidityVector({
    portfolioCommitment: portfolioCommitment(messages, PORTFOLIO_SALT),
    liquidityRoot: root,
    liquidityTime: Number(time),
    terms: { participation: Number(participation), maxDaysToUnwind: Number(limit) },
  });
  return {
    ...statementInputs(commitStatement(vector), vector),
    ...{ maxDaysToUnwind: limit, participation, time, universe: UNIVERSE, depth },
    ...{ subject: SUBJECT, accountId, asOf: AS_OF, portfolioSalt: PORTFOLIO_SALT },
    quantity: quantities.map((row) => row.map(toField)),
  };
}

/** A limit that holds for every book here, by depths that take all of it in less than ten years. */
export const PATIENT = { maxDaysToUnwind: "3650" };

/** The model's word on the days to unwind. */
export function isUnwindable({ snapshot, market, policy }: Book): boolean {
  return assess(snapshot, market, policy).limits.find(({ name }) => name === "maxDaysToUnwind")!.ok;
}

/** The same book with the limit at its own value plus so many 1e-4 days. */
export function atDays(parts: BookParts, plus: bigint): Book {
  const { snapshot, market, policy } = book({ ...parts, limits: PATIENT });
  const { value } = assess(snapshot, market, policy).limits.find(({ name }) => name === "maxDaysToUnwind")!;
  const limit = value! + plus;
  return book({
    ...parts,
    limits: { maxDaysToUnwind: formatDecimal(limit < 0n ? 0n : limit, 4) },
  });
}

/** Random books and depths, with the limit at the book's value or beside: the circuit accepts just what the model does. */
export async function unwindAgreement(
  circuit: Circuit,
  id: string,
  tier: string,
  seed: number,
  rounds: number,
) {
  const random = seededRandom(seed);
  const counts = { sound: 0, broken: 0 };
  const amount = (most: number): string =>
    `${random(3) === 0 ? "-" : ""}${random(most)}.${1 + random(99_999_999)}`;
  const accounts = tier.endsWith("spot-16") ? 1 : 4;
  for (let round = 0; round < rounds; round++) {
    const deep = (): bigint => BigInt(1 + random(2 ** 31)) * BigInt(1 + random(1_000));
    const parts: BookParts = {
      circuit: tier,
      liquidityCircuit: id,
      accounts: Array.from({ length: 1 + random(accounts) }, () => ({
        USDC: `${10 ** 6 + random(10 ** 7)}`,
        ETH: amount(50),
        "BTC-PERP": amount(3),
      })),
      depths: [UNLIMITED_DEPTH, deep(), deep(), random(2) === 0 ? 0n : deep(), deep()],
    };
    const near = atDays(parts, BigInt(random(4) - 1));
    const sound = isUnwindable(near);
    counts[sound ? "sound" : "broken"]++;
    const { input } = witnessOf(near).liquidity!;
    expect(await circuit.accepts(input), `round ${round}, seed ${seed}`).toBe(sound);
  }
  return counts;
}
