// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * When a check is deleted from a circuit, does a test fail? Here for one check of every small template; all of them, and
 * the whole statement, are mutated by `npm run mutate:circuits`.
 *
 * @module
 */

import { describe, expect, it } from "vitest";
import { HOSTS } from "../support/hosts.js";
import { hostCircuit, isForged, killedBy, mutableFiles, mutationsOf } from "../support/mutation.js";

/** Hosts that compile in a second: no hash, no signature. */
const SMALL = HOSTS.filter(
  ({ file }) =>
    !/drawdown|signed-account|enrolment|-table|root|portfolio|tail|disclosure|opening|agreement|liquidity\./.test(
      file,
    ),
);

describe("mutants", () => {
  it("have a host wherever a source checks something", async () => {
    const hosted = new Set(HOSTS.map(({ file }) => file));
    expect((await mutableFiles()).filter((file) => !hosted.has(file))).toEqual([]);
  });

  it.each(SMALL)("are held against what $main accepts and refuses unchanged", async (host) => {
    const circuit = await hostCircuit(host);
    for (const [i, input] of host.accepts.entries()) {
      expect(await circuit.accepts(input), `good input ${i}`).toBe(true);
    }
    for (const [i, input] of host.refuses.entries()) {
      expect(await circuit.accepts(input), `bad input ${i}`).toBe(false);
    }
    for (const [i, forgery] of (host.forged ?? []).entries()) {
      expect(await isForged(circuit, forgery), `forgery ${i}`).toBe(false);
    }
  });

  it("of a file that a circuit does not use survive in it: nothing is called killed for nothing", async () => {
    const host = SMALL.find(({ file }) => file === "lib/limits/max-leverage.circom")!;
    const [elsewhere] = await mutationsOf("lib/limits/max-venue.circom");
    expect(await killedBy(elsewhere!, host)).toBeUndefined();
  });
});

describe("17 a limit's or a range's check deleted", () => {
  // A file may have several hosts, one for each way in which its parameters build it.
  it.each([...new Set(SMALL.map(({ file }) => file))])("from '%s' is found out", async (file) => {
    const mutations = await mutationsOf(file);
    const mutation = mutations.find(({ name }) => /^drop (InRange|.*===)/.test(name)) ?? mutations[0]!;
    const kills: (string | undefined)[] = [];
    for (const host of SMALL.filter((other) => other.file === file)) {
      kills.push(await killedBy(mutation, host));
      if (kills.at(-1) !== undefined) break;
    }
    expect(kills.at(-1)).toMatch(/^accepts /);
  });
});
