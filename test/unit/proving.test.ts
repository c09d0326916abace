// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Of two proofs that belong together, what becomes of one when the other fails? Is a proof of another statement refused, and is
 * each key's mark told?
 *
 * @module
 */

import type { ProofProgress, ProveOptions, Prover } from "@keel/engine";
import { memoOf, proveHealth } from "@keel/prover";
import {
  formatAttestation,
  KeelError,
  parseAttestation,
  type VerificationKey,
  verifyAttestation,
} from "@keel/verifier";
import { describe, expect, it } from "vitest";
import { AS_OF, book, DOMAIN } from "../support/book.js";
import { trapdoor } from "../support/trapdoor.js";

const { verificationKey } = trapdoor(3n);
const files = { ...book({ limits: { maxVolatility: "4" } }), domain: DOMAIN, now: AS_OF };

type Part = Pick<Prover, "prove" | "verificationKey">;

/** A prover that fails once it was asked. */
function failing(error: KeelError): Part {
  return { verificationKey, prove: async () => Promise.reject(error) };
}

/** A prover that goes on until it is told to stop, as the engine does; it says how it ended. */
function endless(): Part & { readonly ends: unknown[] } {
  const ends: unknown[] = [];
  const prove = (_: unknown, { signal }: ProveOptions = {}): Promise<never> =>
    new Promise((_, reject) => {
      signal!.addEventListener("abort", () => {
        ends.push("stopped");
        reject(new KeelError({ kind: "cancelled", code: "prover.cancelled" }));
      });
    });
  return { verificationKey, prove, ends };
}

it.each(["health", "tail"] as const)(
  "when the %s proof fails the other is given up, and the failure is told",
  async (which) => {
    const error = new KeelError({ kind: "environment", code: "worker.died", expected: "a running worker" });
    const [bad, other] = [failing(error), endless()];
    const pair = which === "health" ? { prover: bad, tailProver: other } : { prover: other, tailProver: bad };
    await expect(proveHealth({ ...files, ...pair })).rejects.toBe(error);
    expect(other.ends).toEqual(["stopped"]);
  },
  5_000,
);

it("when the caller cancels both are given up", async () => {
  const controller = new AbortController();
  const [one, other] = [endless(), endless()];
  const proving = proveHealth({
    ...files,
    ...{ prover: one, tailProver: other, options: { signal: controller.signal } },
  });
  setTimeout(() => controller.abort(), 200);
  await expect(proving).rejects.toMatchObject({ kind: "cancelled", code: "prover.cancelled" });
  expect([one.ends, other.ends]).toEqual([["stopped"], ["stopped"]]);
}, 5_000);

/** Proves by the secret of its key: at once, and without a circuit. */
function knowing(
  seed: bigint,
  { change = (signals) => signals, fractions = [], isMarked = true }: Knowing = {},
): Part {
  const { verificationKey: marked, prove } = trapdoor(seed);
  const { insecure: _, ...unmarked } = marked;
  return {
    verificationKey: isMarked ? marked : (unmarked as VerificationKey),
    prove: async (input, { onProgress } = {}) => {
      for (const fraction of fractions) {
        onProgress?.({ phase: "witness", fraction });
        await new Promise((done) => setTimeout(done, 20));
      }
      const { c, x, y } = input as Record<"c" | "x" | "y", bigint>;
      const signals = [BigInt(c), BigInt(x), BigInt(y)] as const;
      return { proof: prove(signals), publicSignals: change(signals).map(String) };
    },
  };
}

interface Knowing {
  readonly change?: (signals: readonly bigint[]) => readonly bigint[];
  readonly fractions?: readonly number[];
  readonly isMarked?: boolean;
}

describe("proofs that are of the statement", () => {
  const other = (signals: readonly bigint[]): readonly bigint[] => [signals[0]! + 1n, ...signals.slice(1)];
  const [prover, tailProver] = [knowing(3n), knowing(4n)];

  it.each([true, false])("make an attestation, verified again or not: %s", async (isVerifiedAgain) => {
    const { attestation } = await proveHealth({ ...files, prover, tailProver, isVerifiedAgain });
    expect(attestation.tail).toBeDefined();
    const keys = { verificationKey: prover.verificationKey, tailKey: tailProver.verificationKey };
    const { policy, market } = files;
    const verified = verifyAttestation({ attestation, policy, market, ...keys, allowInsecure: true });
    expect(verified).toMatchObject({ insecure: true, policyId: attestation.policyId });
  });

  it("carry the state's memo where they follow from a seed, and lose it in no file", async () => {
    const seed = new Uint8Array(32).fill(9);
    const { attestation, state } = await proveHealth({ ...files, prover, tailProver, seed });
    expect(attestation.memo).toBe(memoOf(seed, state));
    expect(parseAttestation(formatAttestation(attestation))).toEqual(attestation);
    const without = (await proveHealth({ ...files, prover, tailProver })).attestation;
    expect("memo" in without).toBe(false);
    expect(parseAttestation(formatAttestation(without))).toEqual(without);
  });

  it.each(["health", "tail"] as const)("are told from the %s proof of another one", async (which) => {
    const bad = knowing(which === "health" ? 3n : 4n, { change: other });
    const pair = which === "health" ? { prover: bad, tailProver } : { prover, tailProver: bad };
    const request = { ...files, ...pair, isVerifiedAgain: false };
    await expect(proveHealth(request)).rejects.toMatchObject({ kind: "proof", code: "proof.invalid" });
  });

  it.each([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ])("are marked when one key is a development key: health %s, tail %s", async (health, tail) => {
    const pair = { prover: knowing(3n, { isMarked: health }), tailProver: knowing(4n, { isMarked: tail }) };
    const { attestation } = await proveHealth({ ...files, ...pair, isVerifiedAgain: false });
    const verification = {
      ...{ attestation, policy: files.policy, market: files.market },
      ...{ verificationKey: pair.prover.verificationKey, tailKey: pair.tailProver.verificationKey },
    };
    const verified = verifyAttestation({ ...verification, allowInsecure: true });
    expect(verified.insecure).toBe(health || tail);
  });

  describe("are held against what the reader expects:", () => {
    const verified = async (expected: object) => {
      const { attestation } = await proveHealth({ ...files, prover, tailProver, isVerifiedAgain: false });
      const keys = { verificationKey: prover.verificationKey, tailKey: tailProver.verificationKey };
      const { policy, market } = files;
      return verifyAttestation({ attestation, policy, market, ...keys, expected, allowInsecure: true });
    };
    const { maxAge } = files.policy;

    it.each([0, maxAge])("an age of %i seconds", async (age) => {
      expect((await verified({ now: AS_OF + age })).notCompared).not.toContain("age");
    });

    it.each([-1, maxAge + 1])("no age of %i seconds", async (age) => {
      await expect(verified({ now: AS_OF + age })).rejects.toMatchObject({
        ...{ kind: "proof", code: "proof.age", path: "attestation.asOf" },
      });
    });

    const other = { ...DOMAIN, chainId: 1337 };
    it.each([
      ["the registry itself", DOMAIN, true],
      ["another chain's", other, false],
      ["several with it", [other, DOMAIN], false],
      ["it alone as several", [DOMAIN], false],
    ])("a domain: %s", async (_, domain, fits) => {
      const outcome = verified({ domain });
      if (fits) expect((await outcome).notCompared).not.toContain("domain");
      else await expect(outcome).rejects.toMatchObject({ path: "attestation.domain", kind: "proof" });
    });
  });

  it("tell the progress of the slowest", async () => {
    const told: number[] = [];
    const pair = {
      prover: knowing(3n, { fractions: [0.1, 0.5, 0.9] }),
      tailProver: knowing(4n, { fractions: [0.3, 0.4, 0.6] }),
    };
    const onProgress = ({ fraction }: ProofProgress): void => void told.push(fraction);
    await proveHealth({ ...files, ...pair, options: { onProgress } });
    expect(told.filter((fraction, i) => fraction < (told[i - 1] ?? 0))).toEqual([]);
    expect(told).toContain(0.1);
    expect(told).toContain(0.4);
    expect(Math.max(...told)).toBe(0.6);
  });
});
