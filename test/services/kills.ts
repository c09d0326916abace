// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A source that is killed again and again while it answers, whose venue says something else each time it is asked.
 *
 * @module
 */

import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SUBJECT } from "../support/book.js";
import { generator } from "../support/generator.js";
import { account, askAccount, type Home, home, PLACES, startSource } from "./support.js";

/** A venue that never says the same twice; its clock is the test's. */
const VENUE = `
import { randomInt } from "node:crypto";
export const venue = () => ({
  name: "fickle",
  read: async () => ({
    owner: "desk",
    time: Math.floor(Date.now() / 1000),
    rows: [{ holding: "ETH", amount: String(randomInt(1, 2 ** 30)) }],
  }),
});
`;

const LANES = 3;
const WINDOW = 3_600;
/** Milliseconds that a process lives at most; more where its first answer takes longer, so that most kills are amid answers. */
const LIFE_MS = 400;
const LONGEST_LIFE_MS = 10_000;

export interface KillResult {
  readonly kills: number;
  /** Answers that arrived. */
  readonly answers: number;
  /** Kills between a message on disk and its answer. */
  readonly unanswered: number;
  /** Questions to which two different answers arrived, or whose answer is not the one on disk. */
  readonly doubled: readonly string[];
}

/** Writes the files of a source with a fickle venue. */
export async function fickleHome(folder: string): Promise<Home> {
  const driver = {
    kind: "venue",
    venue: "module",
    module: "venue.mjs",
    credentials: "credentials.json",
    owner: "desk",
    window: WINDOW,
    instruments: PLACES,
  };
  const files = await home(folder, { accounts: [account({ driver })] });
  await writeFile(join(folder, "venue.mjs"), VENUE);
  await writeFile(join(folder, "credentials.json"), "{}");
  return files;
}

/** Kills a source so many times, at random moments of its answering, and compares all that it ever said. */
export async function killAgainAndAgain(folder: string, kills: number, seed: number): Promise<KillResult> {
  const random = generator(BigInt(seed));
  const files = await fickleHome(folder);
  const said = new Map<string, Set<string>>();
  let answers = 0;
  const keep = (asOf: number, text: string): void => {
    const name = String(asOf);
    said.set(name, (said.get(name) ?? new Set()).add(text));
    answers += 1;
  };
  let open: number[] = [];
  let unanswered = 0;
  let life = LIFE_MS;
  let next = Math.floor(Date.now() / 1000) - 1;
  for (let i = 0; i < kills; i++) {
    const program = await startSource(files.config);
    const queue = open;
    open = [];
    const started = performance.now();
    let first = 0;
    // What was open when it was killed before comes first, then new questions until it is killed again.
    const lane = async (): Promise<void> => {
      for (;;) {
        const now = Math.floor(Date.now() / 1000);
        // Times that the venue's driver still takes; those that were asked before are asked again.
        if (next < now - WINDOW + 100) next = now - 1;
        const asOf = queue.pop() ?? next--;
        const answer = await askAccount(program, files, { asOf }).catch(() => undefined);
        if (answer === undefined) return void open.push(asOf);
        if (answer.json?.error?.code === "source.stale") continue;
        if (answer.status !== 200) throw new Error(answer.text);
        if (first === 0) first = performance.now() - started;
        keep(asOf, answer.text);
      }
    };
    const work = Promise.all(Array.from({ length: LANES }, lane));
    await sleep(Number(random(BigInt(Math.round(life)))));
    await program.kill();
    await work;
    life = Math.min(first === 0 ? 2 * life : Math.max(LIFE_MS, 3 * first), LONGEST_LIFE_MS);
    unanswered += (await entriesOf(files, open)).length;
    open.push(...queue);
  }
  const program = await startSource(files.config);
  const disk = await entries(files);
  for (const asOf of disk.keys()) keep(asOf, (await askAccount(program, files, { asOf })).text);
  await program.stop();
  const doubled = [...said].filter(([, texts]) => texts.size > 1).map(([name]) => name);
  const wrong = [...disk].filter(([asOf, message]) => {
    const [text] = said.get(String(asOf)) ?? [];
    return text === undefined || !text.includes(message);
  });
  return {
    kills,
    answers,
    unanswered,
    doubled: [...doubled, ...wrong.map(([asOf]) => String(asOf))],
  };
}

/** Those of some times that are on disk. */
async function entriesOf({ folder }: Home, times: readonly number[]): Promise<number[]> {
  const names = await readdir(join(folder, "store"), { recursive: true });
  const disk = new Set(names.map((name) => name.split("/").at(-1)));
  return times.filter((asOf) => disk.has(`${asOf}.json`));
}

/** What is on disk: times, and the signature's scalar of each. */
async function entries({ folder }: Home): Promise<Map<number, string>> {
  const store = join(folder, "store");
  const found = new Map<number, string>();
  for (const name of await readdir(store, { recursive: true })) {
    if (!/[0-9]+\.json$/.test(name)) continue;
    const { asOf, subject, signature } = JSON.parse(await readFile(join(store, name), "utf8"));
    if (subject !== SUBJECT) throw new Error("an entry of another subject");
    found.set(asOf, signature.S);
  }
  return found;
}
