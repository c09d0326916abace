// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the farm attest every fund once, whatever is killed, and does nothing but ids get into Redis?
 *
 * @module
 */

import { readdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { KeelError } from "@keel/verifier/errors";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { loadFarmConfig } from "../../services/farm/dist/config.js";
import { startProgram } from "../../services/farm/dist/program.js";
import { connectRedis } from "../../services/farm/dist/redis.js";
import { jobKey, openFarmStore } from "../../services/farm/dist/store.js";
import { inFolder } from "../support/cli.js";
import { eventually, type Funds, startFarmProcess, startFunds } from "../support/many-funds.js";
import { startRedis, type TestRedis } from "../support/redis.js";

vi.setConfig({ hookTimeout: 180_000, testTimeout: 180_000 });

const { pino } = createRequire(join(import.meta.dirname, "../../services/farm/package.json"))("pino");
const COUNT = 4;
const DAY = 86_400;

let funds: Funds;
let redis: TestRedis;

beforeAll(async () => {
  [funds, redis] = [await startFunds(COUNT), await startRedis()];
});

afterAll(async () => {
  await Promise.all([funds?.stop(), redis?.stop()]);
});

const sum = (counts: Map<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);

/** Everything that Redis has, as one text. */
async function everything(): Promise<string> {
  const client = new Redis(redis.url);
  try {
    const parts: string[] = [];
    for (const key of await client.keys("*")) {
      const kind = await client.type(key);
      if (kind === "string") parts.push(key, String(await client.get(key)));
      else if (kind === "hash") parts.push(key, JSON.stringify(await client.hgetall(key)));
      else if (kind === "list") parts.push(key, JSON.stringify(await client.lrange(key, 0, -1)));
      else if (kind === "zset") parts.push(key, JSON.stringify(await client.zrange(key, "0", "-1")));
      else if (kind === "stream") parts.push(key, JSON.stringify(await client.xrange(key, "-", "+")));
      else parts.push(key);
    }
    return parts.join("\n");
  } finally {
    client.disconnect();
  }
}

describe("the farm", () => {
  it("refuses a Redis that may evict keys, and one that is not there", async () => {
    const evicting = await startRedis("allkeys-lru");
    try {
      const refused = await connectRedis(evicting.url).catch((error: unknown) => error as KeelError);
      expect(refused).toMatchObject({ code: "farm.eviction", kind: "input", received: "allkeys-lru" });
      const ended = await startFarmProcess(await funds.config(evicting.url));
      await eventually(async () => ended.child.exitCode === 1, 20, ended.log);
      expect(ended.log()).toContain("farm.eviction");
    } finally {
      await evicting.stop();
    }
  });

  it("78 attests every fund once, by batches, though jobs are put twice; Redis has ids only, also while it works", async () => {
    const jobs = await funds.books();
    const file = await funds.config(redis.url, { batch: { size: 2, waitMs: 30_000 } });
    const { farm, metrics, stop } = await startProgram(
      await loadFarmConfig(file, {}),
      pino({ level: "silent" }),
    );
    const seen: string[] = [];
    try {
      for (const job of [...jobs, ...jobs]) await farm.add(job);
      await eventually(
        async () => {
          seen.push(await everything());
          return (await funds.healthy(jobs[0]!.asOf)) === COUNT;
        },
        60,
        () => JSON.stringify(seen.at(-1)),
      );
      for (const job of jobs) await farm.add(job);
      await eventually(
        async () => (await funds.store.open()).length === 0,
        10,
        () => "open",
      );
      expect([...(await funds.attested()).values()]).toEqual(new Array(COUNT).fill(1));
      expect(await metrics.text()).toContain("keel_farm_batch_size_count 2");
      expect(await metrics.text()).toContain('keel_farm_ended_total{outcome="attested"} 4');
      expect(await farm.counts()).toMatchObject({ "prove.active": 0, "submit.active": 0, "prove.failed": 0 });
    } finally {
      await stop();
    }
    const text = seen.join("\n");
    expect(text).toContain(jobKey(jobs[0]!));
    for (const secret of ["positions", "quantity", "signature", "USDC", "salt", "market/1", "seed"]) {
      expect(text, secret).not.toContain(secret);
    }
    await expect(farm.add({ ...jobs[0]!, subject: "0x12" })).rejects.toThrow(/farm.job/);
  });

  it("78, 79 a worker, then Redis, then the second of two farms is killed -9: every fund is attested, once", async () => {
    const before = sum(await funds.attested());
    const jobs = await funds.books(DAY);
    const file = await funds.config(redis.url);
    const first = await startFarmProcess(file);
    await eventually(
      async () =>
        /"batch"|proof/.test(first.log()) || (await funds.store.attestation(jobs[0]!)) !== undefined,
      60,
      first.log,
    );
    await first.kill();
    const [second, third] = await Promise.all([startFarmProcess(file), startFarmProcess(file)]);
    await redis.kill();
    await redis.start();
    await third!.kill();
    try {
      await eventually(async () => (await funds.store.open()).length === 0, 120, second!.log);
      expect(await funds.healthy(jobs[0]!.asOf)).toBe(COUNT);
      expect(sum(await funds.attested()) - before).toBe(COUNT);
    } finally {
      await second!.stop();
    }
  });

  it("an unhealthy book ends as such: its book goes, no proof is made, and the other funds are not held up", async () => {
    const jobs = await funds.books(DAY);
    const bad = await funds.store.book(jobs[1]!);
    const snapshot = JSON.parse(bad.snapshot);
    snapshot.accounts[0].positions.USDC = "-900000000";
    await funds.store.putBook(jobs[1]!, { ...bad, snapshot: JSON.stringify(snapshot) });
    const lines: string[] = [];
    const log = pino({ level: "trace" }, { write: (line: string) => void lines.push(line) });
    const { stop } = await startProgram(await loadFarmConfig(await funds.config(redis.url), {}), log);
    try {
      await eventually(
        async () => (await funds.store.open()).length === 0,
        120,
        () => lines.join(""),
      );
    } finally {
      await stop();
    }
    const endings = await Promise.all(jobs.map((job) => funds.store.ending(job)));
    expect(endings.map((one) => one?.outcome)).toEqual(["attested", "refused", "attested", "attested"]);
    expect(endings[1]).toMatchObject({ code: "snapshot.signature" });
    expect(await funds.store.attestation(jobs[1]!)).toBeUndefined();
    await expect(funds.store.book(jobs[1]!)).rejects.toThrow(/farm.missing/);
    expect(lines.join("")).not.toContain("900000000");
  });
});

describe("the farm's store", () => {
  it("78 is sealed: no file shows a position, another key opens nothing, and no file opens in another's place", async () => {
    await inFolder(async (folder) => {
      const job = { subject: `0x${"ab".repeat(20)}`, policyId: `0x${"cd".repeat(32)}`, asOf: 7 } as const;
      const other = { ...job, asOf: 8 };
      const store = openFarmStore(folder, new Uint8Array(32).fill(1));
      const book = { snapshot: "ETH 12345", market: "m", policy: "p", enrolment: "e" };
      await store.putBook(job, book);
      await store.putSeed(job.subject, "a seed");
      await expect(store.putSeed(job.subject, "another seed")).rejects.toThrow();
      expect(await store.book(job)).toEqual(book);
      const place = join(folder, job.subject);
      const names = await readdir(place);
      for (const name of names) {
        const bytes = await readFile(join(place, name));
        expect(bytes.includes("12345") || bytes.includes("seed")).toBe(false);
      }
      const thief = openFarmStore(folder, new Uint8Array(32).fill(2));
      await expect(thief.book(job)).rejects.toThrow(/farm.sealed/);
      const sealed = await readFile(join(place, `${job.policyId}-7.book.sealed`));
      await writeFile(join(place, `${job.policyId}-8.book.sealed`), sealed);
      await expect(store.book(other)).rejects.toThrow(/farm.sealed/);
      expect(await store.open()).toEqual([job, other]);
      await store.end(job, { outcome: "attested" });
      expect(await store.open()).toEqual([other]);
    });
  });
});
