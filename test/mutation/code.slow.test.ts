// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Changes one place of the code at a time, by seed, and shows which test finds each change out: `npm run mutate:code`.
 *
 * `KEEL_MUTANTS` is how many there are (24 in the slow tests, 320 by that command), `KEEL_SEED` chooses them, `KEEL_PIECE=2/8`
 * takes the second of eight pieces, and `KEEL_MINUTES=8` begins no mutant after so long. Verdicts are kept by seed and number in
 * dist/mutants: what has been judged is not judged again until the folder is removed, and the table at the end is of all.
 *
 * @module
 */

import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PACKAGE } from "../support/cli.js";
import { allMutants, judgeIn, type Mutant, sampleOf, tableOf, type Verdict } from "./mutants.js";
import { SURVIVORS } from "./survivors.js";
import { openWorkshop, type Workshop } from "./workshop.js";

const SEED = Number(process.env.KEEL_SEED ?? 20_261_130);
const COUNT = Number(process.env.KEEL_MUTANTS ?? 24);
const [PIECE, PIECES] = (process.env.KEEL_PIECE ?? "1/1").split("/").map(Number) as [number, number];
const DEADLINE = Date.now() + Number(process.env.KEEL_MINUTES ?? 600) * 60_000;
const FOLDER = join(PACKAGE, "dist", "mutants");
const KEPT = join(FOLDER, `${SEED}-${COUNT}.jsonl`);
const ALL = allMutants();
const SAMPLE = sampleOf(ALL, COUNT, SEED);

let workshop: Workshop;
let judge: (mutant: Mutant) => Promise<Verdict>;

beforeAll(async () => {
  workshop = await openWorkshop();
  judge = judgeIn(workshop);
  mkdirSync(FOLDER, { recursive: true });
});

afterAll(async () => {
  await workshop?.close();
  const known = kept();
  const open = `${known.length} of ${SAMPLE.length} mutants judged, seed ${SEED}; there are ${ALL.length} in all`;
  console.info(["", open, "area            mutants  killed  survive", tableOf(known)].join("\n"));
});

/** One a line, written as they come: a run that is ended loses none. */
function kept(): Verdict[] {
  if (!existsSync(KEPT)) return [];
  const lines = readFileSync(KEPT, "utf8").trim().split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Verdict);
}

async function verdictOf(mutant: Mutant): Promise<Verdict | undefined> {
  const known = kept().find(({ title }) => title === mutant.title);
  if (known !== undefined || Date.now() > DEADLINE) return known;
  const verdict = await judge(mutant);
  appendFileSync(KEPT, `${JSON.stringify(verdict)}\n`);
  const { title, line, killedBy } = verdict;
  const end = killedBy === undefined ? `SURVIVES ${verdict.tried} test files` : `killed by ${killedBy}`;
  console.info(`${title} (line ${line})\n    ${end}`);
  return verdict;
}

describe("17 one place of the code changed", { timeout: 700_000 }, () => {
  it.each(SAMPLE.filter((_, i) => i % PIECES === PIECE - 1))("$title", async (mutant) => {
    const verdict = await verdictOf(mutant);
    if (verdict === undefined) return;
    const reason = SURVIVORS[verdict.title];
    if (verdict.killedBy === undefined) expect(reason, `survives ${verdict.tried} test files`).toBeDefined();
    else expect(reason, "is killed, and needs no reason").toBeUndefined();
  });

  it("gives every survivor a reason, and no other", () => {
    const titles = new Set(ALL.map(({ title }) => title));
    expect(Object.keys(SURVIVORS).filter((title) => !titles.has(title))).toEqual([]);
  });
});
