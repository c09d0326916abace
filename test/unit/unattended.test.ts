// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does what `keel run` keeps on disk survive a full disk, a clock that jumps, damaged files and a machine that is gone?
 *
 * @module
 */

import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { locked } from "../../cli/dist/lock.js";
import { type Alert, openOutbox, type Receiver } from "../../cli/dist/run/alerts.js";
import { ALERTS } from "../../cli/dist/run/config.js";
import { beginRound, endRound, listRounds, roundFile, unfinished } from "../../cli/dist/run/journal.js";
import { kindOf } from "../../cli/dist/run/trouble.js";
import { captured, inFolder } from "../support/cli.js";

const { context } = captured();
const SUBJECT = `0x${"ab".repeat(20)}`;
const NOW = 1_790_000_000;
const HOUR = 3_600;

/** A receiver that takes an alert, or not. */
function receiver(name: string, isOpen = true) {
  const state = { isOpen, taken: [] as string[] };
  const one: Receiver = {
    ...{ name, kinds: ALERTS },
    send: async ({ id }) => {
      if (!state.isOpen) throw new Error("away");
      state.taken.push(id);
    },
  };
  return { ...state, state, one };
}

const alert = (about = "1"): Alert => ({ kind: "disk", about, text: "The round stopped at collect." });

describe("75 alerts", () => {
  it("reach every receiver, once, on a disk that takes no file; and are kept when it does again", async () => {
    await inFolder(async (folder) => {
      const [first, second] = [receiver("first"), receiver("second", false)];
      const rounds = join(folder, "rounds");
      await mkdir(rounds);
      const outbox = await openOutbox(rounds, SUBJECT, [first.one, second.one], context);
      await rm(rounds, { recursive: true });
      await expect(outbox.raise(alert(), NOW)).rejects.toMatchObject({ code: "file.write" });
      expect(await outbox.flush(NOW)).toBe(1);
      second.state.isOpen = true;
      expect(await outbox.flush(NOW + HOUR)).toBe(0);
      expect(await outbox.flush(NOW + 2 * HOUR)).toBe(0);
      expect([first.state.taken.length, second.state.taken.length]).toEqual([1, 1]);
      await mkdir(rounds);
      await outbox.flush(NOW + 3 * HOUR);
      const again = await openOutbox(rounds, SUBJECT, [first.one, second.one], context);
      expect(await again.raise(alert(), NOW)).toBe(false);
    });
  });

  it("do not wait for years because the clock was wrong when they were first sent", async () => {
    await inFolder(async (folder) => {
      const one = receiver("hook", false);
      const outbox = await openOutbox(folder, SUBJECT, [one.one], context);
      await outbox.raise(alert(), NOW + 9_000 * HOUR);
      expect(await outbox.flush(NOW + 9_000 * HOUR)).toBe(1);
      one.state.isOpen = true;
      expect(await outbox.flush(NOW)).toBe(0);
    });
  });

  it("are told though their file is damaged, which is laid aside", async () => {
    for (const damaged of ["", "{", "[]", '{"keel":"alerts/1","alerts":[{"id":1}]}', "\u0000".repeat(100)]) {
      await inFolder(async (folder) => {
        await writeFile(join(folder, "alerts.json"), damaged);
        const one = receiver("hook");
        const outbox = await openOutbox(folder, SUBJECT, [one.one], context);
        expect(await outbox.raise(alert(), NOW)).toBe(true);
        expect(await outbox.flush(NOW)).toBe(0);
        expect(one.state.taken).toHaveLength(1);
        expect(await readFile(join(folder, "alerts.json.damaged"), "utf8")).toBe(damaged);
      });
    }
  });
});

describe("75 rounds", () => {
  it("of a time to come are not gone on with: the clock was wrong when they began", async () => {
    await inFolder(async (folder) => {
      await beginRound(folder, NOW + 90 * HOUR, NOW + 90 * HOUR, context);
      expect(unfinished(await listRounds(folder, context), NOW, HOUR)).toBeUndefined();
      const present = await beginRound(folder, NOW - 60, NOW - 60, context);
      expect(unfinished(await listRounds(folder, context), NOW, HOUR)?.asOf).toBe(present.asOf);
      expect(unfinished(await listRounds(folder, context), NOW + HOUR, HOUR)).toBeUndefined();
    });
  });

  it("that never ended leave no book behind once a later one has, and no folder in the long run", async () => {
    await inFolder(async (folder) => {
      for (let i = 0; i < 120; i++) {
        const round = await beginRound(folder, NOW + i, NOW + i, context);
        await writeFile(roundFile(round, "snapshot.json"), "secret");
        await writeFile(roundFile(round, "market.json"), "public");
        if (i === 110) await endRound({ ...round, ended: NOW + i, outcome: "attested" }, context);
      }
      await listRounds(folder, context);
      const names = await readdir(folder);
      expect(names.length).toBe(100);
      for (const name of names) {
        const files = await readdir(join(folder, name));
        expect(files.includes("snapshot.json"), name).toBe(Number(name) > NOW + 110);
      }
    });
  });
});

describe("75 the kind of an alert", () => {
  it("is that of the file that is missing or says nothing", () => {
    const kinds = [
      ["market", "market"],
      ["market.instruments[3].price", "market"],
      ["returns", "market"],
      ["liquidity.depths", "market"],
      ["snapshot", "source"],
      ["snapshot.accounts[0]", "source"],
      ["units", "source"],
      ["seed", "state"],
      ["vault", "state"],
      ["policy", "failure"],
    ] as const;
    for (const [path, kind] of kinds) {
      expect(kindOf({ code: "input.json", path }), path).toBe(kind);
      expect(kindOf({ code: "file.missing", path }), path).toBe(kind);
    }
    expect(kindOf({ code: "file.read", path: "market" })).toBe("disk");
    expect(kindOf({ code: "input.future", path: "snapshot.asOf" })).toBe("market");
  });
});

describe("79 one at a time", () => {
  it("does not wait for ever for a container that is gone: a claim that nobody renews is none after a while", async () => {
    await inFolder(async (folder) => {
      const place = join(folder, "run");
      const gone = `${place}.lock.1.7.4026531836.a1b2c3d4e5f6`;
      await writeFile(gone, "");
      await expect(locked(place, async () => {})).rejects.toMatchObject({ code: "file.busy", path: gone });
      const old = new Date(Date.now() - 600_000);
      await utimes(gone, old, old);
      expect(await locked(place, async () => "done")).toBe("done");
      expect(await readdir(folder)).toEqual([]);
    });
  });

  it("renews its own claim while it works", async () => {
    await inFolder(async (folder) => {
      const place = join(folder, "run");
      await locked(
        place,
        async () => {
          const [own] = await readdir(folder);
          const old = new Date(Date.now() - 600_000);
          await utimes(join(folder, own!), old, old);
          await new Promise((done) => setTimeout(done, 300));
          expect(Date.now() - (await stat(join(folder, own!))).mtimeMs).toBeLessThan(5_000);
        },
        50,
      );
    });
  });
});
