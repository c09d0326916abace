// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Of two proofs that belong together, what becomes of one when the other fails?
 *
 * @module
 */

import type { ProveOptions, Prover } from "@keel/engine";
import { proveHealth } from "@keel/prover";
import { KeelError } from "@keel/verifier";
import { expect, it } from "vitest";
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
