// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Are a proof's secrets those of its seed, never the same for two things, and found again from what everybody sees?
 *
 * @module
 */

import {
  buildWitness,
  type DrawdownState,
  enrolmentSalt,
  formatSeed,
  memoOf,
  newEnrolment,
  newSeed,
  openStep,
  parseSeed,
  readMemo,
  recoverState,
  type Seed,
  seededSalts,
  stateCommitment,
} from "@keel/prover";
import { toField } from "@keel/verifier";
import { describe, expect, it } from "vitest";
import { AS_OF, type BookParts, book, DOMAIN, SALT } from "../support/book.js";

const SEED = parseSeed(formatSeed(new Uint8Array(32).map((_, i) => i)));
const OTHER = parseSeed(formatSeed(new Uint8Array(32).map((_, i) => i + 1)));

type State = DrawdownState;

function witness(parts: BookParts = {}, seed: Seed = SEED, state?: State, domain = DOMAIN) {
  const made = book(parts);
  const enrolment = newEnrolment(made.snapshot, made.policy, SALT);
  const start = state === undefined ? {} : { state };
  return buildWitness({ ...made, ...start, domain, enrolment, salts: seededSalts(seed) });
}

/** What the log and the transaction of a proof say. */
function stepOf({ statement, newState }: ReturnType<typeof witness>, hasMemo = true) {
  const { subject, portfolioCommitment, drawdown } = statement;
  const memo = hasMemo ? memoOf(SEED, newState).slice(2) : "";
  const input = `0x1234${"ab".repeat(100)}${memo}${"cd".repeat(10)}` as const;
  return { subject, portfolioCommitment, ...drawdown, input };
}

async function* listed<T>(steps: readonly T[]): AsyncGenerator<T> {
  yield* steps;
}

describe("75 salts from a seed", () => {
  it("are the same for the same content, so that a proof made again says the same", () => {
    const [one, again] = [witness(), witness()];
    expect(again.digest.c).toBe(one.digest.c);
    expect(again.salts).toEqual(one.salts);
  });

  it("are all others as soon as anything that they hide is, or where", () => {
    const first = witness();
    const elsewhere = { ...DOMAIN, chainId: 1 };
    const cases = {
      seed: witness({}, OTHER),
      positions: witness({ positions: { ETH: "10", USDC: "-13000", "ETH-PERP": "-9.00000001" } }),
      time: witness({ asOf: AS_OF + 1 }),
      state: witness({}, SEED, first.newState),
      registry: witness({}, SEED, undefined, elsewhere),
      limits: witness({ limits: { maxLeverage: "3.9" } }),
    };
    const seen = new Set(Object.values(first.salts).map(String));
    expect(seen.size).toBe(3);
    for (const [what, { salts }] of Object.entries(cases)) {
      for (const salt of Object.values(salts)) {
        expect(seen.has(String(salt)), what).toBe(false);
        seen.add(String(salt));
      }
    }
  });

  it("of another snapshot at the same step hides the same mark anew: nobody sees that it did not move", () => {
    const first = witness();
    // Both below the mark, which stays.
    const [one, other] = ["-13100", "-13200"].map((USDC, i) =>
      witness(
        { asOf: AS_OF + 60 * i, positions: { ETH: "10", USDC, "ETH-PERP": "-9" } },
        SEED,
        first.newState,
      ),
    );
    const { equity } = first.newState;
    expect([one!.newState.equity, other!.newState.equity]).toEqual([equity, equity]);
    expect(one!.newState.salt).not.toBe(other!.newState.salt);
  });

  it("of an enrolment follow from the subject and the list, whose order counts", () => {
    const key = [1n, 2n] as const;
    const list = [
      { id: "a", key },
      { id: "b", key },
    ];
    const salt = enrolmentSalt(SEED, "0x01", list);
    expect(enrolmentSalt(SEED, "0x01", list)).toBe(salt);
    const others = [
      enrolmentSalt(OTHER, "0x01", list),
      enrolmentSalt(SEED, "0x02", list),
      enrolmentSalt(SEED, "0x01", [...list].reverse()),
      enrolmentSalt(SEED, "0x01", list.slice(1)),
    ];
    expect(new Set([salt, ...others]).size).toBe(5);
  });

  it("a seed that is no seed is refused, and not repeated", () => {
    const weak = JSON.stringify({ keel: "seed/1", seed: "00".repeat(32) });
    expect(() => parseSeed(weak)).toThrow(/seed.weak/);
    const text = formatSeed(newSeed());
    expect(parseSeed(text)).toHaveLength(32);
    expect(() => parseSeed(text.replace('"seed": "', '"seed": "x'))).toThrow(/^(?!.*x[0-9a-f]{8}).*seed/);
  });
});

describe("75 a lost state", () => {
  it("is found in the memo wherever it stands, by the seed alone", () => {
    const made = witness();
    const { newState } = made;
    const { input, ...step } = stepOf(made);
    const commitment = stateCommitment(newState);
    const mark = readMemo(SEED, commitment, input)!;
    expect(openStep(SEED, step, mark)).toEqual(newState);
    expect(readMemo(OTHER, commitment, input)).toBeUndefined();
    expect(readMemo(SEED, toField(commitment + 1n), input)).toBeUndefined();
    // Cut short, or changed: nothing that is not the state.
    expect(readMemo(SEED, commitment, input.slice(0, -60) as `0x${string}`)).toBeUndefined();
    const flipped = input.slice(0, -21) + (input.at(-21) === "0" ? "1" : "0") + input.slice(-20);
    expect(openStep(SEED, step, readMemo(SEED, commitment, flipped as `0x${string}`)!)).toBeUndefined();
  });

  it("the memo of the same state is the same, of two states shares no key", () => {
    const [one, other] = [witness(), witness({ asOf: AS_OF + 1 })];
    expect(memoOf(SEED, one.newState)).toBe(memoOf(SEED, witness().newState));
    // The marks are equal: equal bytes would be a reused stream.
    expect(one.newState.equity).toBe(other.newState.equity);
    expect(memoOf(SEED, one.newState)).not.toBe(memoOf(SEED, other.newState));
    expect(memoOf(SEED, one.newState).slice(34)).not.toBe(memoOf(SEED, other.newState).slice(34));
  });

  it("submitted without its memo, is found from an earlier mark while that stands, and lost when it rose", async () => {
    const first = witness();
    const lower = { ETH: "10", USDC: "-13100", "ETH-PERP": "-9" };
    const second = witness({ asOf: AS_OF + 60, positions: lower }, SEED, first.newState);
    const third = witness({ asOf: AS_OF + 120, positions: lower }, SEED, second.newState);
    const steps = [stepOf(third, false), stepOf(second, false), stepOf(first)];
    const { state } = await recoverState(SEED, stateCommitment(third.newState), listed(steps));
    expect(state).toEqual(third.newState);

    const higher = { ETH: "10", USDC: "-12000", "ETH-PERP": "-9" };
    const risen = witness({ asOf: AS_OF + 180, positions: higher }, SEED, third.newState);
    const all = [stepOf(risen, false), ...steps];
    const find = (marks = [] as readonly State[]) =>
      recoverState(SEED, stateCommitment(risen.newState), listed(all), marks);
    await expect(find()).rejects.toThrow(/state.lost/);
    // Without any memo, whoever still has the mark names it.
    const bare = all.map((step) => ({ ...step, input: "0x" as const }));
    const again = await recoverState(SEED, stateCommitment(risen.newState), listed(bare), [risen.newState]);
    expect(again.state).toEqual(risen.newState);
  });

  it("is not looked for in another subject's chain, or where its steps do not reach", async () => {
    const [first, other] = [witness(), witness({ asOf: AS_OF + 60 })];
    const lost = recoverState(SEED, stateCommitment(first.newState), listed([stepOf(other)]));
    await expect(lost).rejects.toThrow(/no attestation that made it/);
    const second = witness({ asOf: AS_OF + 60 }, SEED, first.newState);
    const steps = listed([stepOf(second, false)]);
    await expect(recoverState(SEED, stateCommitment(second.newState), steps)).rejects.toThrow(/from-block/);
  });
});
