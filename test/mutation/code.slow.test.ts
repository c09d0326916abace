// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Changes one place of the code at a time, by seed, and shows which test finds each change out: `npm run mutate:code`.
 *
 * `KEEL_MUTANTS` is how many there are (24 in the slow tests, 320 by that command; 0 only measures which place each test file runs),
 * `KEEL_SEED` chooses them, `KEEL_PIECE=2/8` takes the second of eight pieces, `KEEL_LANES` are judged at a time, and
 * `KEEL_MINUTES=8` begins nothing after so long, `KEEL_MEASURE=4` measures no test file after so long. Verdicts are kept by seed and number in dist/mutants: what has been judged is not
 * judged again until the folder is removed, and the table at the end is of all. `KEEL_ONLY=venues/` judges every mutant whose title
 * matches instead: whether a new test kills what it was written for.
 *
 * @module
 */

import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PACKAGE } from "../support/cli.js";
import { measureReach } from "./coverage.js";
import {
  allMutants,
  judgeIn,
  type Mutant,
  sampleOf,
  tableOf,
  unreachedTable,
  type Verdict,
} from "./mutants.js";
import { readTree } from "./selection.js";
import { SURVIVORS } from "./survivors.js";
import { openWorkshop, type Workshop } from "./workshop.js";

const SEED = Number(process.env.KEEL_SEED ?? 20_261_130);
const COUNT = Number(process.env.KEEL_MUTANTS ?? 24);
const LANES = Number(process.env.KEEL_LANES ?? 2);
const [PIECE, PIECES] = (process.env.KEEL_PIECE ?? "1/1").split("/").map(Number) as [number, number];
const DEADLINE = Date.now() + Number(process.env.KEEL_MINUTES ?? 600) * 60_000;
/** Those that are not measured by then are left out. */
const MEASURED_BY = Date.now() + Number(process.env.KEEL_MEASURE ?? 600) * 60_000;
const FOLDER = join(PACKAGE, "dist", "mutants");
const KEPT = join(
  FOLDER,
  process.env.KEEL_ONLY === undefined ? `${SEED}-${COUNT}.jsonl` : `only-${process.pid}.jsonl`,
);
const ALL = allMutants();
/** Titles of those that are judged in the sample's place, and not kept. */
const ONLY = process.env.KEEL_ONLY;
const SAMPLE =
  ONLY === undefined ? sampleOf(ALL, COUNT, SEED) : ALL.filter(({ title }) => new RegExp(ONLY).test(title));
const OURS = SAMPLE.filter((_, i) => i % PIECES === PIECE - 1);

type Judge = (mutant: Mutant) => Promise<Verdict>;

const workshops: Workshop[] = [];
/** Those that judge nothing now. */
const idle: Judge[] = [];
let unmeasured = 0;

beforeAll(async () => {
  unmeasured = await measureReach(readTree(PACKAGE).tests, LANES, Math.min(DEADLINE, MEASURED_BY));
  if (OURS.length === 0) return;
  for (let i = 0; i < LANES; i++) workshops.push(await openWorkshop());
  idle.push(...workshops.map(judgeIn));
  mkdirSync(FOLDER, { recursive: true });
}, 7_200_000);

afterAll(async () => {
  for (const workshop of workshops) await workshop.close();
  if (unmeasured > 0) console.info(`${unmeasured} test files are not measured yet, and left out`);
  console.info(["", "no test runs their place:", unreachedTable(readTree(PACKAGE), ALL)].join("\n"));
  const known = [...kept().values()];
  const open = `${known.length} of ${SAMPLE.length} mutants judged, seed ${SEED}; there are ${ALL.length} in all`;
  console.info(["", open, "area            mutants  killed  survive", tableOf(known)].join("\n"));
});

/** One a line, written as they come: a run that is ended loses none. */
function kept(): Map<string, Verdict> {
  if (!existsSync(KEPT)) return new Map();
  const lines = readFileSync(KEPT, "utf8").trim().split("\n");
  const verdicts = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Verdict);
  return new Map(verdicts.map((verdict) => [verdict.title, verdict]));
}

const waiting: ((judge: Judge) => void)[] = [];

/** Does work with a judge that is idle; each has a lane of its own. */
async function withJudge<T>(work: (judge: Judge) => Promise<T>): Promise<T> {
  const judge = idle.pop() ?? (await new Promise<Judge>((take) => waiting.push(take)));
  try {
    return await work(judge);
  } finally {
    const next = waiting.shift();
    if (next === undefined) idle.push(judge);
    else next(judge);
  }
}

/** Nothing when there is no time left. */
async function verdictOf(mutant: Mutant): Promise<Verdict | undefined> {
  const known = kept().get(mutant.title);
  if (known !== undefined || isOver()) return known;
  return await withJudge(async (judge) => {
    if (isOver()) return undefined;
    const verdict = await judge(mutant);
    appendFileSync(KEPT, `${JSON.stringify(verdict)}\n`);
    const { title, line, killedBy } = verdict;
    const end = killedBy === undefined ? `SURVIVES ${verdict.tried} test files` : `killed by ${killedBy}`;
    console.info(`${title} (line ${line})\n    ${end}`);
    return verdict;
  });
}

/** Whether nothing may be begun any more. */
function isOver(): boolean {
  return Date.now() > DEADLINE;
}

describe("17 one place of the code changed", { timeout: 7_200_000, concurrent: true }, () => {
  it.each(OURS)("$title", async (mutant) => {
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
