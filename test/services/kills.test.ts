// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a source that is killed at any moment ever sign a second message for one account and time?
 *
 * @module
 */

import { existsSync, watch } from "node:fs";
import { mkdir, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openStore } from "../../services/source/dist/store.js";
import { SUBJECT } from "../support/book.js";
import { inFolder, inParallel } from "../support/cli.js";
import { fickleHome, killAgainAndAgain } from "./kills.js";
import { killQuorum } from "./kills-quorum.js";
import { askAccount, startSource } from "./support.js";

const entry = (changes: object = {}) => ({
  subject: SUBJECT as `0x${string}`,
  account: "custody",
  asOf: 5,
  scope: "test",
  message: "1",
  positions: { ETH: "1" },
  basis: { evidence: "ledger" as const, driver: "ledger", read: 6 },
  ...changes,
});

describe("kill -9", () => {
  it("73 at 30 random moments: never two messages for one account and time", {
    timeout: 400_000,
  }, async () => {
    const seed = Date.now() % 1_000_000;
    const kill = async (each: number) =>
      await inFolder(async (folder) => await killAgainAndAgain(folder, 15, each));
    for (const result of await inParallel([seed, seed + 1], kill)) {
      expect(result, `seed ${seed}`).toMatchObject({ kills: 15, doubled: [] });
      expect(result.answers).toBeGreaterThan(0);
    }
  });

  it("73 of any program of a quorum amid an answer: one message for each time, one part for each commitment", {
    timeout: 400_000,
  }, async () => {
    const seed = Date.now() % 1_000_000;
    const result = await inFolder(async (folder) => await killQuorum(folder, 5, seed));
    expect(result, `seed ${seed}`).toMatchObject({ kills: 5, doubled: [] });
    expect(Math.min(result.answers, result.parts), `seed ${seed}`).toBeGreaterThan(0);
  });

  it("73 between signing and answering: what was signed is what is answered", async () => {
    await inFolder(async (folder) => {
      const files = await fickleHome(folder);
      let lost = 0;
      for (let i = 0; i < 4; i++) {
        const program = await startSource(files.config);
        const asOf = Math.floor(Date.now() / 1000) - 100 - i;
        const store = join(folder, "store");
        const watcher = watch(store, { recursive: true }, (_, name) => {
          if (String(name).endsWith(`${asOf}.json`)) program.child.kill("SIGKILL");
        });
        const first = await askAccount(program, files, { asOf }).catch(() => undefined);
        watcher.close();
        await program.kill();
        const names = await readdir(store, { recursive: true });
        const isSigned = names.some((name) => name.endsWith(`${asOf}.json`));
        if (first === undefined && isSigned) lost += 1;
        const again = await startSource(files.config);
        const second = await askAccount(again, files, { asOf });
        expect(second.status).toBe(200);
        if (first !== undefined) expect(second.text).toBe(first.text);
        expect((await askAccount(again, files, { asOf })).text).toBe(second.text);
        await again.kill();
      }
      expect(lost).toBeGreaterThan(0);
    });
  });
});

describe("the store", () => {
  it("gives the first of many entries to all who claim at once", async () => {
    await inFolder(async (folder) => {
      const stores = await Promise.all([openStore(folder), openStore(folder)]);
      const claims = Array.from({ length: 40 }, (_, i) => stores[i % 2]!.claim(entry({ message: `${i}` })));
      const results = await Promise.allSettled(claims);
      const kept = results.flatMap((one) => (one.status === "fulfilled" ? [one.value.message] : []));
      expect(kept.length).toBe(40);
      expect(new Set(kept).size).toBe(1);
      const [message] = kept;
      expect((await (await openStore(folder)).find("custody", 5))?.message).toBe(message);
    });
  });

  it("73 after a power cut: what was not linked was not signed, and a damaged entry is not replaced", async () => {
    await inFolder(async (folder) => {
      const store = await openStore(folder);
      await store.claim(entry());
      await writeFile(join(folder, "drafts", "half"), '{"keel":"signed/1","subject"');
      await utimes(join(folder, "drafts", "half"), 5, 5);
      const after = await openStore(folder);
      expect(existsSync(join(folder, "drafts", "half"))).toBe(false);
      expect(await after.find("custody", 6)).toBeUndefined();
      const [account] = (await readdir(folder)).filter((name) => name !== "drafts");
      for (const text of ["", '{"keel":"signed/1"']) {
        await rm(join(folder, account!, "5.json"));
        await writeFile(join(folder, account!, "5.json"), text);
        const again = await openStore(folder);
        await expect(again.find("custody", 5)).rejects.toThrow(/store.failed/);
        await expect(again.claim(entry({ message: "2" }))).rejects.toThrow(/store.failed/);
      }
    });
  });

  it("refuses an entry in another's place, and a folder that it cannot write", async () => {
    await inFolder(async (folder) => {
      const store = await openStore(join(folder, "one"));
      await store.claim(entry());
      const [account] = (await readdir(join(folder, "one"))).filter((name) => name !== "drafts");
      await writeFile(
        join(folder, "one", account!, "7.json"),
        JSON.stringify({ keel: "signed/1", ...entry() }),
      );
      await expect((await openStore(join(folder, "one"))).find("custody", 7)).rejects.toThrow(/store.failed/);
      await mkdir(join(folder, "two"));
      await writeFile(join(folder, "two", "drafts"), "");
      await expect(openStore(join(folder, "two"))).rejects.toThrow(/store.failed/);
    });
  });
});
