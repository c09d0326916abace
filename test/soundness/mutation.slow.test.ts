// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Mutates every check of every circuit and every assignment of the templates, one at a time, and shows what finds each
 * mutant out: `npm run mutate:circuits`.
 *
 * @module
 */

import { afterAll, describe, expect, it } from "vitest";
import { HOSTS, SURVIVORS } from "../support/hosts.js";
import { hostCircuit, killedBy, type Mutation, mutableFiles, mutationsOf } from "../support/mutation.js";
import { openedBy, uncheckedAssignments } from "../support/unchecked.js";
import { TEMPLATES } from "../support/uniqueness.js";

const MUTATIONS = (await Promise.all((await mutableFiles()).map(mutationsOf))).flat();
const LIBRARY = [...new Set(TEMPLATES.map(([file]) => file))].filter((file) => file.startsWith("lib/"));
const UNCHECKED = (await Promise.all(LIBRARY.map(uncheckedAssignments))).flat();
const table: string[] = [];

/** The first host that finds a mutant out, and how. */
async function killer(mutation: Mutation): Promise<string | undefined> {
  for (const host of HOSTS.filter(({ file }) => file === mutation.file)) {
    const found = await killedBy(mutation, host);
    if (found !== undefined) return `${host.main} ${found}`;
  }
  return undefined;
}

/** Enters a mutant into the table; one that nothing finds out needs a reason. */
function judge({ file, name }: Mutation, found: string | undefined): void {
  const title = `${file}: ${name}`;
  const reason = SURVIVORS[title];
  table.push(`${found === undefined ? "SURVIVES" : "killed  "}  ${title.padEnd(80)}  ${found ?? reason}`);
  if (found === undefined) expect(reason, `${title} survives`).toBeDefined();
  else expect(reason, `${title} is killed, and needs no reason`).toBeUndefined();
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
    judge(mutation, await killer(mutation));
  });

  it.each(UNCHECKED)("$file: $name", async (mutation) => {
    // Where nothing else used the value, no wire of it is left that could be open; then a lie has to be found out.
    judge(mutation, (await openedBy(mutation)) ?? (await killer(mutation)));
  });

  it("gives every survivor a reason, and no other", () => {
    const titles = [...MUTATIONS, ...UNCHECKED].map(({ file, name }) => `${file}: ${name}`);
    expect(Object.keys(SURVIVORS).filter((title) => !titles.includes(title))).toEqual([]);
  });
});

afterAll(() => {
  const survivors = table.filter((line) => line.startsWith("SURVIVES")).length;
  console.info([...table, "", `${table.length} mutants: ${table.length - survivors} killed`].join("\n"));
});
