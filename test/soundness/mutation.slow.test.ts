// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Mutates every check of every circuit, one at a time, and shows which input finds each mutant out: `npm run
 * mutate:circuits`.
 *
 * @module
 */

import { afterAll, describe, expect, it } from "vitest";
import { HOSTS, SURVIVORS } from "../support/hosts.js";
import { hostCircuit, killedBy, type Mutation, mutableFiles, mutationsOf } from "../support/mutation.js";

const MUTATIONS = (await Promise.all((await mutableFiles()).map(mutationsOf))).flat();
const table: string[] = [];

/** The first host that finds a mutant out, and how. */
async function killer(mutation: Mutation): Promise<string | undefined> {
  for (const host of HOSTS.filter(({ file }) => file === mutation.file)) {
    const found = await killedBy(mutation, host);
    if (found !== undefined) return `${host.main} ${found}`;
  }
  return undefined;
}

describe("hosts", { timeout: 600_000 }, () => {
  it.each(HOSTS)("$main is as it should be, unchanged", async (host) => {
    const circuit = await hostCircuit(host);
    for (const [i, input] of host.accepts.entries()) {
      expect(await circuit.accepts(input), `good input ${i}`).toBe(true);
    }
    for (const [i, input] of host.refuses.entries()) {
      expect(await circuit.accepts(input), `bad input ${i}`).toBe(false);
    }
  });
});

describe("17 every check deleted or weakened", { timeout: 600_000 }, () => {
  it.each(MUTATIONS)("$file: $name", async (mutation) => {
    const title = `${mutation.file}: ${mutation.name}`;
    const reason = SURVIVORS[title];
    const found = await killer(mutation);
    table.push(`${found === undefined ? "SURVIVES" : "killed  "}  ${title.padEnd(80)}  ${found ?? reason}`);
    if (found === undefined) expect(reason, `${title} survives`).toBeDefined();
    else expect(reason, `${title} is killed, and needs no reason`).toBeUndefined();
  });

  it("gives every survivor a reason, and no other", () => {
    const titles = MUTATIONS.map(({ file, name }) => `${file}: ${name}`);
    expect(Object.keys(SURVIVORS).filter((title) => !titles.includes(title))).toEqual([]);
  });
});

afterAll(() => {
  const survivors = table.filter((line) => line.startsWith("SURVIVES")).length;
  console.info([...table, "", `${table.length} mutants: ${table.length - survivors} killed`].join("\n"));
});
