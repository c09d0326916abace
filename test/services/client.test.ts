// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do requests between programs survive a connection that the other side closed, and nothing else?
 *
 * @module
 */

import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { askSource } from "@keel/prover";
import { MAX_LENGTH } from "@keel/verifier";
import { describe, expect, it } from "vitest";
import { sendByHttp } from "../../services/source/dist/http/client.js";
import { standIn } from "./support.js";

async function serving(server: Server, work: (url: string) => Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const ask = async (url: string, body?: object) => await askSource({ url, send: sendByHttp }, "/", body);

describe("requests over connections that stay open", () => {
  it("use one connection, and another one when it was closed meanwhile", async () => {
    const seen = new Map<Socket, number>();
    const bodies: string[] = [];
    const server = createServer(async (request, response) => {
      const count = (seen.get(request.socket) ?? 0) + 1;
      seen.set(request.socket, count);
      if (count === 3) return void request.socket.resetAndDestroy();
      let body = "";
      for await (const chunk of request) body += chunk;
      bodies.push(body);
      response.end("{}");
    });
    await serving(server, async (url) => {
      for (let i = 0; i < 4; i++) expect(await ask(url, { i })).toEqual({});
    });
    expect(bodies).toEqual(['{"i":0}', '{"i":1}', '{"i":2}', '{"i":3}']);
    expect([...seen.values()]).toEqual([3, 2]);
  });

  it("fail once for a connection that is closed at its first request", async () => {
    let count = 0;
    const server = createServer((request) => {
      count += 1;
      request.socket.resetAndDestroy();
    });
    await serving(server, async (url) => {
      await expect(ask(url)).rejects.toThrow(/source.unreachable/);
    });
    expect(count).toBe(1);
  });

  it("73 follow no redirect, and read no answer without end", async () => {
    const other = await standIn(() => ({ json: { secret: true } }));
    const moved = await standIn(() => ({ status: 302, headers: { location: other.url }, json: {} }));
    await expect(ask(moved.url)).rejects.toThrow(/source.answer/);
    await Promise.all([moved.stop(), other.stop()]);
    const server = createServer((_, response) => {
      const part = Buffer.alloc(1 << 20, 32);
      const more = (): void => {
        while (response.write(part)) {}
      };
      response.on("drain", more);
      more();
    });
    await serving(server, async (url) => {
      await expect(ask(url)).rejects.toThrow(new RegExp(`at most ${MAX_LENGTH} bytes`));
    });
  });
});
