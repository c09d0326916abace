// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the farm attest every fund once, whatever is killed, and does nothing but ids get into Redis?
 *
 * @module
 */

import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { join } from "node:path";
import type { CircuitInput } from "@keel/engine";
import type { KeelError } from "@keel/verifier/errors";
import { Redis } from "ioredis";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { loadFarmConfig } from "../../services/farm/dist/config.js";
import { openProvers } from "../../services/farm/dist/engine.js";
import { exclusiveBy } from "../../services/farm/dist/farm.js";
import { startProgram } from "../../services/farm/dist/program.js";
import { connectRedis } from "../../services/farm/dist/redis.js";
import { type JobId, jobKey, openFarmStore } from "../../services/farm/dist/store.js";
import { inFolder } from "../support/cli.js";
import { SPOT } from "../support/fund.js";
import { eventually, type Funds, startFarmProcess, startFunds } from "../support/many-funds.js";
import { startRedis, type TestRedis } from "../support/redis.js";

vi.setConfig({ hookTimeout: 180_000, testTimeout: 180_000 });

const require = createRequire(join(import.meta.dirname, "../../services/farm/package.json"));
const { pino } = require("pino");
const { Queue } = require("bullmq") as typeof import("bullmq");
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
      // A book leaves the store a moment before its ending is counted, and what was put again goes after it.
      await eventually(
        async () => {
          const { "prove.active": proving, "prove.waiting": waiting } = await farm.counts();
          const isEmpty = (await funds.store.open()).length === 0 && proving === 0 && waiting === 0;
          return isEmpty && (await metrics.text()).includes('keel_farm_ended_total{outcome="attested"} 4');
        },
        10,
        () => "an ending of each",
      );
      expect([...(await funds.attested()).values()]).toEqual(new Array(COUNT).fill(1));
      expect(await metrics.text()).toContain("keel_farm_batch_size_count 2");
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
    const file = await funds.config(redis.url, { stalledMs: 2_000 });
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

describe("the farm's engine", () => {
  it("goes on while the program's own loop is busy, and tells failures as the engine does", async () => {
    const provers = openProvers(2);
    try {
      const prover = await provers.of(SPOT);
      const [input] = (await funds.inputs([(await funds.books(DAY))[0]!])) as [CircuitInput];
      await prover.prove(input);
      const alone = performance.now();
      await prover.prove(input);
      const took = performance.now() - alone;
      const proof = prover.prove(input);
      await new Promise((done) => setImmediate(done));
      const until = performance.now() + 4 * took;
      while (performance.now() < until);
      const free = performance.now();
      expect((await proof).publicSignals).toHaveLength(3);
      expect(performance.now() - free).toBeLessThan(took / 2);

      await expect(prover.prove({})).rejects.toMatchObject({
        kind: "input",
        code: expect.stringMatching(/^input\./),
      });
      const given = new AbortController();
      const cancelled = prover.prove(input, { signal: given.signal });
      given.abort();
      await expect(cancelled).rejects.toMatchObject({ kind: "cancelled", code: "prover.cancelled" });
      await expect(openProvers(1, { [SPOT]: funds.folder }).of(SPOT)).rejects.toMatchObject({
        code: expect.stringMatching(/^artifact\./),
      });
      const last = prover.prove(input);
      provers.close();
      await expect(last).rejects.toMatchObject({ kind: "cancelled", code: "prover.closed" });
    } finally {
      provers.close();
    }
  });
});

describe("whoever can write into Redis", () => {
  it("78 gets no proof and no file of what the store has no book of, holds nobody up, and learns nothing", async () => {
    const jobs = await funds.books(DAY);
    const [job] = jobs as [JobId];
    const before = sum(await funds.attested());
    const stray = { ...job, subject: `0x${"ee".repeat(20)}` } as const;
    const old = { ...job, asOf: job.asOf - 5 };
    const forged: unknown[] = [
      ...[stray, old, { ...job, policyId: `0x${"ff".repeat(32)}` }, { ...job, asOf: -1 }],
      ...[
        { ...job, subject: "../../x" },
        { ...job, subject: [job.subject] },
        null,
        { x: "x".repeat(5_000_000) },
      ],
      { ...job, snapshot: "seed" },
    ];
    const client = new Redis(redis.url, { maxRetriesPerRequest: null });
    const options = { connection: client, prefix: "{keel-farm}" };
    const queues = [new Queue("prove", options), new Queue("submit", options)];
    try {
      for (const [i, data] of forged.entries()) {
        for (const queue of queues) await queue.add("prove", data, { jobId: `forged${i}`, attempts: 3 });
      }
      // Keys without an end, and the turn of a fund given to nobody.
      await client.set(`{keel-farm}:subject:${job.subject}`, "nobody");
      await client.set(
        `{keel-farm}:subject:${jobs[1]!.subject}`,
        jobKey({ ...stray, subject: jobs[1]!.subject }),
      );
      const sender = privateKeyToAccount(
        (await readFile(join(funds.folder, "sender.key"), "utf8")) as `0x${string}`,
      );
      await client.set(`{keel-farm}:sender:${sender.address}`, "nobody");
      const lines: string[] = [];
      const log = pino({ level: "trace" }, { write: (line: string) => void lines.push(line) });
      const file = await funds.config(redis.url, { stalledMs: 2_000 });
      const { stop } = await startProgram(await loadFarmConfig(file, {}), log);
      const seen: string[] = [];
      try {
        await eventually(
          async () => {
            seen.push(await everything());
            return (await funds.store.open()).length === 0;
          },
          90,
          () => lines.join(""),
        );
      } finally {
        await stop();
      }
      expect(await funds.healthy(job.asOf)).toBe(COUNT);
      expect(sum(await funds.attested()) - before).toBe(COUNT);
      expect(await funds.store.ending(old)).toBeUndefined();
      const folders = await readdir(join(funds.folder, "store"));
      expect(folders.sort()).toEqual([...funds.subjects].sort());
      const told = [...seen, ...lines].join("\n");
      for (const secret of ['"positions"', '"R8"', "USDC", '"salt"', "market/1", funds.folder]) {
        expect(told.includes(secret), secret).toBe(false);
      }
    } finally {
      await Promise.all(queues.map((queue) => queue.obliterate({ force: true }).then(() => queue.close())));
      client.disconnect();
    }
  });

  it("78 reads codes where something failed, not the node's address with its access key", async () => {
    const node = await startWire(funds.chain.rpcUrl);
    const [job] = (await funds.books(DAY)) as [JobId];
    const lines: string[] = [];
    const log = pino({ level: "trace" }, { write: (line: string) => void lines.push(line) });
    const { chainId } = funds.chain;
    const registry = { chainId, address: funds.registry.address, rpc: `${node.url}/v2/9f8e7d6c5b4a39281706` };
    const config = await loadFarmConfig(await funds.config(redis.url, { name: "away", registry }), {});
    const { stop, metrics } = await startProgram(config, log);
    try {
      node.cut();
      await eventually(
        async () => (await metrics.text()).includes('failures_total{code="chain.call"}'),
        60,
        () => lines.join(""),
      );
      const text = [await everything(), ...lines, await metrics.text()].join("\n");
      expect(text).toContain(jobKey(job));
      expect(text.includes("9f8e7d6c5b4a39281706")).toBe(false);
    } finally {
      await Promise.all([stop(), node.stop()]);
    }
  });
});

/** A node behind an address of its own, which can be cut off. */
async function startWire(to: string) {
  let isCut = false;
  const server = createServer(async (request, response) => {
    if (isCut) return void request.socket.destroy();
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const headers = { "content-type": "application/json" };
    const answer = await fetch(to, { method: "POST", headers, body: Buffer.concat(parts) });
    response.writeHead(answer.status, headers).end(await answer.text());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", () => done()));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () => {
      isCut = true;
      server.closeAllConnections();
    },
    stop: () => new Promise<void>((done) => server.close(() => done())),
  };
}

describe("a farm whose store is gone", () => {
  it("does not start, and tells it while it runs: no work is not the same as no disk", async () => {
    const file = await funds.config(redis.url, { store: "nowhere", name: "nowhere" });
    const ended = await startFarmProcess(file);
    await eventually(async () => ended.child.exitCode !== null, 20, ended.log);
    expect([ended.child.exitCode, ended.log()]).toEqual([4, expect.stringContaining("farm.store")]);
    await mkdir(join(funds.folder, "nowhere"));
    const { farm, stop } = await startProgram(await loadFarmConfig(file, {}), pino({ level: "silent" }));
    try {
      await rm(join(funds.folder, "nowhere"), { recursive: true });
      await expect(farm.refill()).rejects.toMatchObject({ code: "farm.store", kind: "environment" });
    } finally {
      await stop();
    }
  });
});

describe("a farm whose Redis is gone", () => {
  beforeAll(() => mkdir(join(funds.folder, "empty")));

  it("ends with exit code 4 when Redis takes a connection and says nothing", async () => {
    const sockets: Socket[] = [];
    const silent = createTcpServer((socket) => void sockets.push(socket));
    await new Promise<void>((done) => silent.listen(0, "127.0.0.1", () => done()));
    const { port } = silent.address() as AddressInfo;
    const farm = await startFarmProcess(await funds.config(`redis://127.0.0.1:${port}`, { store: "empty" }));
    expect([farm.child.exitCode, farm.log()]).toEqual([4, expect.stringContaining("farm.redis")]);
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((done) => silent.close(() => done()));
  });

  it("ends when it is told to", async () => {
    const gone = await startRedis();
    const farm = await startFarmProcess(await funds.config(gone.url, { store: "empty" }));
    await gone.stop();
    const started = Date.now();
    await farm.stop();
    expect(Date.now() - started).toBeLessThan(15_000);
  });

  it("78 what it sent from is free for another once it has said nothing for a while", async () => {
    const [first, second] = [await connectRedis(redis.url), await connectRedis(redis.url)];
    try {
      const begun = new Promise<void>((done) => {
        void exclusiveBy(
          first,
          "sender",
          1_000,
        )(async () => {
          done();
          await new Promise(() => {});
        });
      });
      await begun;
      let isFree = false;
      const turn = exclusiveBy(
        second,
        "sender",
        1_000,
      )(async () => {
        isFree = true;
      });
      await new Promise((done) => setTimeout(done, 2_000));
      expect(isFree).toBe(false);
      first.disconnect();
      await turn;
      expect(isFree).toBe(true);
    } finally {
      second.disconnect();
    }
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
