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
    window: 3_600,
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
  for (let i = 0; i < kills; i++) {
    const program = await startSource(files.config);
    const now = Math.floor(Date.now() / 1000);
    // New questions, and those that were open when it was killed before.
    const fresh = [now - 1 - 2 * (i % 200), now - 2 - 2 * (i % 200)];
    const asked = [...open.slice(-4), ...fresh];
    const work = asked.map(async (asOf) => {
      const { status, text } = await askAccount(program, files, { asOf });
      if (status === 200) keep(asOf, text);
      else throw new Error(text);
    });
    const settled = Promise.allSettled(work);
    await sleep(Number(random(40n)));
    await program.kill();
    const results = await settled;
    open = asked.filter((_, k) => results[k]!.status === "rejected");
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
    unanswered: open.length,
    doubled: [...doubled, ...wrong.map(([asOf]) => String(asOf))],
  };
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
