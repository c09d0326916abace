// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A quorum of which one program after another is killed amid an answer, while what its members read changes.
 *
 * What members say passes through the test, which compares: of a member one message for each time, and one part of a
 * signature for each commitment; of the coordinator one answer for each time.
 *
 * @module
 */

import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { generator } from "../support/generator.js";
import {
  account,
  ask,
  askAccount,
  ceremony,
  coordinatorHome,
  type Home,
  home,
  PLACES,
  type Program,
  standIn,
  startSource,
} from "./support.js";

const NAMES = ["ann", "bob", "cyd"];
const LANES = 2;
const WINDOW = 3_600;
/** Milliseconds after a member is asked to sign, at which somebody dies at the latest. */
const AMID_MS = 40;
/** Tries of a question on which members do not agree any more: some of them kept a message from before a change. */
const TRIES = 4;

export interface QuorumKillResult {
  readonly kills: number;
  /** Answers of the coordinator. */
  readonly answers: number;
  /** Parts of signatures. */
  readonly parts: number;
  /** Whatever was said twice in two ways. */
  readonly doubled: readonly string[];
}

/** What was said, by what it was said to. */
class Record {
  readonly #said = new Map<string, Set<string>>();
  count = 0;

  keep(name: string, text: string): void {
    this.#said.set(name, (this.#said.get(name) ?? new Set()).add(text));
    this.count += 1;
  }
  get names(): string[] {
    return [...this.#said.keys()];
  }
  get doubled(): string[] {
    return [...this.#said].filter(([, texts]) => texts.size > 1).map(([name]) => name);
  }
}

/** A program that dies and is started again. */
interface Mortal {
  readonly files: Home;
  program: Program;
}

/** A venue whose rows are what a file says at the moment. */
const venueText = (file: string) => `
import { readFileSync } from "node:fs";
export const venue = () => ({
  name: "changing",
  read: async () => ({
    owner: "desk",
    time: Math.floor(Date.now() / 1000),
    rows: [{ holding: "ETH", amount: readFileSync(${JSON.stringify(file)}, "utf8") }],
  }),
});
`;

/** Kills one program of a quorum after another, so many times. */
export async function killQuorum(folder: string, kills: number, seed: number): Promise<QuorumKillResult> {
  const random = generator(BigInt(seed));
  const amount = join(folder, "amount");
  const change = async (): Promise<void> => {
    await writeFile(`${amount}.new`, String(1n + random(2n ** 30n)));
    await rename(`${amount}.new`, amount);
  };
  await change();
  const record = { messages: new Record(), parts: new Record(), answers: new Record() };
  /** Called when a member is asked to sign. */
  let onSign = (): void => {};
  const members: Mortal[] = [];
  const shares = ceremony(NAMES, 2);
  for (const [i, name] of NAMES.entries())
    members.push(await mortalMember(join(folder, name), shares[i]!, amount));
  const wires = await Promise.all(
    members.map((member, i) => wire(NAMES[i]!, member, record, () => onSign())),
  );
  const connections = wires.map(({ url }, i) => ({ name: NAMES[i]!, url, token: members[i]!.files.token }));
  const coordinatorFiles = await coordinatorHome(join(folder, "coordinator"), shares[0]!, connections);
  const coordinator: Mortal = {
    files: coordinatorFiles,
    program: await startSource(coordinatorFiles.config),
  };
  const all = [coordinator, ...members];

  let isOver = false;
  const again: { asOf: number; tries: number }[] = [];
  let next = Math.floor(Date.now() / 1000) - 1;
  const lane = async (): Promise<void> => {
    while (!isOver) {
      const now = Math.floor(Date.now() / 1000);
      if (next < now - WINDOW + 100) next = now - 1;
      const asked = again.length > LANES ? again.shift()! : { asOf: next--, tries: 0 };
      const { asOf, tries } = asked;
      const answer = await askAccount(coordinator.program, coordinator.files, { asOf }).catch(
        () => undefined,
      );
      if (answer?.status === 200) record.answers.keep(`answer ${asOf}`, answer.text);
      else if (tries < TRIES) again.push({ asOf, tries: answer === undefined ? tries : tries + 1 });
      if (answer === undefined) await sleep(20);
    }
  };
  const lanes = Promise.all(Array.from({ length: LANES }, lane));
  try {
    for (let i = 0; i < kills; i++) {
      const victim = all[Number(random(BigInt(all.length)))]!;
      const delay = Number(random(BigInt(AMID_MS)));
      // Somebody is being asked to sign; without that for long, whenever it is.
      await Promise.race([
        new Promise<void>((resolve) => {
          onSign = resolve;
        }),
        sleep(2_000),
      ]);
      await sleep(delay);
      await victim.program.kill();
      if (random(2n) === 0n) await change();
      victim.program = await startSource(victim.files.config);
    }
    isOver = true;
    await lanes;
    // What was answered before is answered so by whoever is started anew.
    await coordinator.program.kill();
    coordinator.program = await startSource(coordinator.files.config);
    for (const name of record.answers.names) {
      const answer = await askAccount(coordinator.program, coordinator.files, {
        asOf: Number(name.split(" ")[1]),
      });
      record.answers.keep(name, answer.text);
    }
  } finally {
    isOver = true;
    await lanes;
    await Promise.all([...all.map(({ program }) => program.stop()), ...wires.map((one) => one.stop())]);
  }
  return {
    kills,
    answers: record.answers.names.length,
    parts: record.parts.count,
    doubled: Object.values(record).flatMap((one) => one.doubled),
  };
}

async function mortalMember(
  folder: string,
  share: ReturnType<typeof ceremony>[number],
  amount: string,
): Promise<Mortal> {
  const driver = {
    kind: "venue",
    venue: "module",
    module: "venue.mjs",
    credentials: "credentials.json",
    owner: "desk",
    window: WINDOW,
    instruments: PLACES,
  };
  const files = await home(folder, { share, accounts: [account({ driver })] });
  await writeFile(join(folder, "venue.mjs"), venueText(amount));
  await writeFile(join(folder, "credentials.json"), "{}");
  return { files, program: await startSource(files.config) };
}

/** An address that stays while the member behind it comes and goes; keeps what it says. */
async function wire(
  name: string,
  member: Mortal,
  record: { readonly messages: Record; readonly parts: Record },
  onSign: () => void,
) {
  return await standIn(async (path, { body }) => {
    const { commitments = [], asOf } = JSON.parse(body);
    if (path === "/v2/quorum/sign") onSign();
    const token = member.files.token;
    const answer = await ask(member.program.url, path, { token, raw: body }).catch(() => undefined);
    if (answer === undefined) return { status: 502, text: "gone" };
    const { message, part } = answer.json ?? {};
    if (message !== undefined) record.messages.keep(`message ${name} ${asOf}`, message);
    const own = commitments.find((one: { member: string }) => one.member === name);
    if (part !== undefined)
      record.parts.keep(`part ${own.hiding} ${own.binding}`, JSON.stringify([asOf, part]));
    return { status: answer.status, text: answer.text };
  });
}
