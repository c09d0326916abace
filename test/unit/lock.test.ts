// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is there ever more than one program at a piece of work that must not be done twice, whoever dies on the way?
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { locked } from "../../cli/dist/lock.js";
import { inFolder } from "../support/cli.js";

const WORKER = fileURLToPath(new URL("../support/lock-worker.mjs", import.meta.url));
const LANES = 5;
const SPAN_MS = 3_000;

/** Starts workers in one lane, the next one when the last one has died, until the time is over. */
async function lane(place: string, seed: number, until: number, said: string[]): Promise<void> {
  for (let i = 0; Date.now() < until; i++) {
    const child = spawn(process.execPath, [WORKER, place, String(seed * 1000 + i), String(until)]);
    child.stdout.setEncoding("utf8").on("data", (text: string) => said.push(...text.trim().split("\n")));
    child.stderr.setEncoding("utf8").on("data", (text: string) => said.push(text));
    await once(child, "close");
  }
}

/** A program that has the lock and keeps it until it is killed. */
async function holder(place: string): Promise<ChildProcess> {
  const code = `import { locked } from ${JSON.stringify(new URL("../../cli/dist/lock.js", import.meta.url).href)};
    await locked(${JSON.stringify(place)}, async () => { console.log("in"); await new Promise((done) => setTimeout(done, 60000)); });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code]);
  await once(child.stdout, "data");
  return child;
}

describe("a piece of work that one program at a time may do", () => {
  it("is never done by two at once, however many ask and die while they are at it", async () => {
    const seed = Number(process.env.KEEL_SEED ?? Date.now() % 100_000);
    await inFolder(async (folder) => {
      const said: string[] = [];
      const until = Date.now() + SPAN_MS;
      const lanes = Array.from({ length: LANES }, (_, i) =>
        lane(join(folder, "work"), seed + i, until, said),
      );
      await Promise.all(lanes);
      expect(
        said.filter((line) => line !== "had it"),
        `seed ${seed}`,
      ).toEqual([]);
      expect(said.length, "somebody had it").toBeGreaterThan(5);
    });
  }, 30_000);

  it("is refused while another program is at it, and done when that one was killed", async () => {
    await inFolder(async (folder) => {
      const place = join(folder, "work");
      const child = await holder(place);
      const refusal = { code: "file.busy", expected: expect.stringContaining(`process ${child.pid} on`) };
      await expect(locked(place, async () => {})).rejects.toMatchObject(refusal);
      child.kill("SIGKILL");
      await once(child, "close");
      expect(await locked(place, async () => "done")).toBe("done");
      expect(await readdir(folder)).toEqual([]);
    });
  });

  it("is not held by a process that got the number of one that died, and is by one that cannot be seen from here", async () => {
    await inFolder(async (folder) => {
      const place = join(folder, "work");
      const [own] = await locked(place, () => readdir(folder));
      const [, began, space, host] = /^work\.lock\.\d+\.(\d+)\.(\d+)\.(.+)$/.exec(own!)!;
      await writeFile(`${place}.lock.${process.ppid}.${Number(began) + 1}.${space}.${host}`, "");
      expect(await locked(place, async () => "done")).toBe("done");
      expect(await readdir(folder)).toEqual([]);
      for (const elsewhere of [`${space}.elsewhere`, `1${space}.${host}`]) {
        const name = `${place}.lock.${process.ppid}.1.${elsewhere}`;
        await writeFile(name, "");
        await expect(locked(place, async () => {})).rejects.toMatchObject({ code: "file.busy", path: name });
        await rm(name);
      }
    });
  });

  it("is not done twice by one program either", async () => {
    await inFolder(async (folder) => {
      const place = join(folder, "work");
      const inner = locked(place, () => locked(place, async () => {}));
      await expect(inner).rejects.toMatchObject({ code: "file.busy" });
      expect(await locked(place, async () => "done")).toBe("done");
    });
  });
});
