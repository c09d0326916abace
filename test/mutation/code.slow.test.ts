// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Changes one place of the code at a time, by seed, and shows which test finds each change out: `npm run mutate:code`.
 *
 * `KEEL_MUTANTS` is how many there are (24 in the slow tests, 320 by that command), `KEEL_SEED` chooses them, and
 * `KEEL_PIECE=2/8` takes the second of eight pieces. Verdicts of one seed and number are kept in dist/mutants, so that the
 * table at the end is of all pieces that have run.
 *
 * @module
 */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PACKAGE } from "../support/cli.js";
import { allMutants, judgeIn, type Mutant, sampleOf, tableOf, type Verdict } from "./mutants.js";
import { SURVIVORS } from "./survivors.js";
import { openWorkshop, type Workshop } from "./workshop.js";

const SEED = Number(process.env.KEEL_SEED ?? 20_261_130);
const COUNT = Number(process.env.KEEL_MUTANTS ?? 24);
const [PIECE, PIECES] = (process.env.KEEL_PIECE ?? "1/1").split("/").map(Number) as [number, number];
const FOLDER = join(PACKAGE, "dist", "mutants", `${SEED}-${COUNT}`);
const ALL = allMutants();
const SAMPLE = sampleOf(ALL, COUNT, SEED).filter((_, i) => i % PIECES === PIECE - 1);

let workshop: Workshop;
let judge: (mutant: Mutant) => Promise<Verdict>;
const verdicts: Verdict[] = [];

beforeAll(async () => {
  workshop = await openWorkshop();
  judge = judgeIn(workshop);
});

afterAll(async () => {
  await workshop?.close();
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, `${PIECE}-of-${PIECES}.json`), JSON.stringify(verdicts, null, 2));
  const kept = readdirSync(FOLDER).filter((name) => name.endsWith(`-of-${PIECES}.json`));
  const all = kept.flatMap((name) => JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as Verdict[]);
  const lines = verdicts.map(
    ({ title, line, killedBy }) =>
      `${killedBy === undefined ? "SURVIVES" : "killed  "}  ${title} (line ${line})\n          ${killedBy ?? SURVIVORS[title] ?? ""}`,
  );
  const head = `seed ${SEED}, piece ${PIECE} of ${PIECES}; ${kept.length} pieces in the table, of ${ALL.length} mutants in all`;
  console.info([...lines, "", head, "area            mutants  killed  survive", tableOf(all)].join("\n"));
});

describe("17 one place of the code changed", { timeout: 700_000 }, () => {
  it.each(SAMPLE)("$title", async (mutant) => {
    const verdict = await judge(mutant);
    verdicts.push(verdict);
    const reason = SURVIVORS[verdict.title];
    if (verdict.killedBy === undefined) expect(reason, `survives ${verdict.tried} test files`).toBeDefined();
    else expect(reason, "is killed, and needs no reason").toBeUndefined();
  });

  it("gives every survivor a reason, and no other", () => {
    const titles = new Set(ALL.map(({ title }) => title));
    expect(Object.keys(SURVIVORS).filter((title) => !titles.has(title))).toEqual([]);
  });
});
