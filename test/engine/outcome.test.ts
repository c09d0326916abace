// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What crosses a worker's border when something fails: Keel's own errors whole, of all others the class and no word.
 *
 * @module
 */

import { KeelError } from "@keel/verifier";
import { expect, it } from "vitest";
import { toOutcome, unwrap, workerError } from "../../prover/engine/dist/outcome.js";

const SECRET = "quantity 2403.18273645";

/** What arrives on the other side. */
async function sent(action: () => unknown): Promise<ReturnType<typeof structuredClone>> {
  return structuredClone(await toOutcome(action));
}

function caught(outcome: unknown): KeelError {
  try {
    unwrap(outcome as Parameters<typeof unwrap>[0]);
  } catch (error) {
    return error as KeelError;
  }
  return expect.unreachable("it did not fail");
}

it("48 a foreign error's words stay where they were said: its class alone goes over", async () => {
  class Inner extends RangeError {
    readonly note = SECRET;
  }
  const thrown: readonly [() => unknown, string][] = [
    [() => Promise.reject(new Error(SECRET)), "Error"],
    [() => Promise.reject(new Inner(SECRET, { cause: new Error(SECRET) })), "Inner"],
    [() => Promise.reject(SECRET), "string"],
    [() => Promise.reject({ message: SECRET }), "object"],
  ];
  for (const [action, received] of thrown) {
    const outcome = await sent(action);
    expect(JSON.stringify(outcome)).not.toContain("2403");
    const error = caught(outcome);
    expect(error).toMatchObject({ kind: "environment", code: "worker.fault", received });
    expect(JSON.stringify(error) + error.message + error.stack + String(error.cause)).not.toContain("2403");
  }
  expect(JSON.stringify(workerError(new Error(SECRET)).toJSON())).not.toContain("2403");
});

it("Keel's own error comes out with the fields that it had", async () => {
  const details = {
    kind: "proof",
    code: "proof.unsound",
    path: "proof",
    expected: "a",
    received: "b",
  } as const;
  const error = caught(await sent(() => Promise.reject(new KeelError(details))));
  expect(error).toBeInstanceOf(KeelError);
  expect(error.toJSON()).toMatchObject(details);
});

it("a value comes out as it went in", async () => {
  expect(unwrap(await toOutcome(() => 7n))).toBe(7n);
});
