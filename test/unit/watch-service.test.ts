// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a watch that runs as a service send each notice once, in its order, again after a pause that grows, and lose none?
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openWatchService } from "../../cli/dist/watch-service.js";
import { captured, inFolder } from "../support/cli.js";

interface Request {
  readonly key: string;
  readonly type: string;
  readonly body: { readonly keel: string; readonly id: string; readonly notice: { readonly n: number } };
}

let server: Server;
let webhook: string;
let requests: Request[] = [];
/** Numbers of the notices that are not taken. */
const refused = new Set<number>();

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = JSON.parse(Buffer.concat(parts).toString()) as Request["body"];
    const { "idempotency-key": key, "content-type": type } = request.headers;
    requests.push({ key: String(key), type: String(type), body });
    response.writeHead(refused.has(body.notice.n) ? 503 : 204).end();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  webhook = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterAll(async () => {
  await new Promise((done) => server.close(done));
});

beforeEach(() => {
  requests = [];
  refused.clear();
});

const sent = (): number[] => requests.map(({ body }) => body.notice.n);

interface Notes {
  readonly memory: string;
  readonly waiting: readonly {
    readonly notice: { readonly n: number };
    readonly tries: number;
    readonly next: number;
  }[];
}

/** A service with its notes in a folder. */
async function withService(
  work: (open: () => ReturnType<typeof openWatchService>, notes: () => Promise<Notes>) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const memory = join(folder, "memory.json");
    const { context } = captured({ env: { HOOK: webhook } });
    await work(
      () => openWatchService({ webhook: "env:HOOK", memory }, context),
      async () => JSON.parse(await readFile(memory, "utf8")) as Notes,
    );
  });
}

describe("a watch as a service", () => {
  it("sends each notice once, under its own key, and remembers how far it looked", async () => {
    await withService(async (open, notes) => {
      const service = (await open())!;
      expect(service.memory).toBeUndefined();
      await service.keep([{ n: 1 }, { n: 2 }], "until here");
      await service.flush(100);
      expect(sent()).toEqual([1, 2]);
      expect(await notes()).toEqual({ keel: "watch-service/1", memory: "until here", waiting: [] });
      for (const { key, type, body } of requests) {
        expect([body.id, body.keel, type]).toEqual([key, "notice/1", "application/json"]);
        expect(key).toMatch(/^[0-9a-f]{32}$/);
      }
      expect(new Set(requests.map(({ key }) => key)).size).toBe(2);
      await service.flush(10_000);
      expect(sent()).toEqual([1, 2]);
      expect((await open())!.memory).toBe("until here");
    });
  });

  it("sends what is not taken again after a pause that doubles to a quarter of an hour, also after a kill", async () => {
    await withService(async (open, notes) => {
      await (await open())!.keep([{ n: 1 }], "m");
      refused.add(1);
      let now = 1_000;
      for (const pause of [15, 30, 60, 120, 240, 480, 900, 900]) {
        // Whoever is started anew goes on from the file.
        const service = (await open())!;
        const before = requests.length;
        if (before > 0) await service.flush(now - 1);
        expect(requests).toHaveLength(before);
        await service.flush(now);
        const { next } = (await notes()).waiting[0]!;
        expect(next - now).toBe(pause);
        now = next;
      }
      expect(new Set(requests.map(({ key }) => key)).size).toBe(1);
      refused.clear();
      await (await open())!.flush(now);
      expect((await notes()).waiting).toEqual([]);
    });
  });

  it("keeps the order: what came after a notice that is not taken waits behind it", async () => {
    await withService(async (open, notes) => {
      const service = (await open())!;
      refused.add(1);
      await service.keep([{ n: 1 }, { n: 2 }], "m");
      await service.flush(100);
      await service.keep([{ n: 3 }], "m");
      await service.flush(101);
      expect(sent()).toEqual([1]);
      expect((await notes()).waiting.map(({ notice, tries }) => [notice.n, tries])).toEqual([
        [1, 1],
        [2, 0],
        [3, 0],
      ]);
      refused.clear();
      await service.flush(115);
      expect(sent()).toEqual([1, 1, 2, 3]);
    });
  });

  it("without a webhook remembers alone, and needs a file where one is told", async () => {
    const { context } = captured();
    expect(await openWatchService({}, context)).toBeUndefined();
    await inFolder(async (folder) => {
      const memory = join(folder, "memory.json");
      const service = (await openWatchService({ memory }, context))!;
      await service.keep([{ n: 1 }], "m");
      expect(JSON.parse(await readFile(memory, "utf8")).waiting).toEqual([]);
    });
    await expect(openWatchService({ webhook }, context)).rejects.toMatchObject({
      code: "usage",
      path: "--memory",
    });
  });

  it.each([
    ["env:NONE", "run.variable"],
    ["ftp://127.0.0.1/", "usage"],
    ["words", "usage"],
  ])("refuses the webhook %s", async (given, code) => {
    const { context } = captured();
    const opened = openWatchService({ webhook: given, memory: "memory.json" }, context);
    await expect(opened).rejects.toMatchObject({ code, path: "--webhook" });
  });
});
