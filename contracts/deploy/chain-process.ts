// SPDX-License-Identifier: MIT
/**
 * Child process of {@link startLocalChain}: a Hardhat node on loopback. Reports its port to the parent and ends when the
 * parent does.
 *
 * @module
 */

import { createRequire } from "node:module";

interface Server {
  listen(): Promise<{ readonly address: string; readonly port: number }>;
}

interface Environment {
  run(task: string, args: Record<string, unknown>): Promise<unknown>;
}

/** What the child tells the parent, once. */
export type ChainReport = { readonly port: number } | { readonly error: string };

const require = createRequire(import.meta.url);

process.on("disconnect", () => process.exit(0));
// The server reports a port in use as an event that nobody listens to.
process.on("uncaughtException", fail);
serve().then((port) => report({ port }), fail);

async function serve(): Promise<number> {
  const hardhat = require("hardhat") as Environment;
  const tasks = require("hardhat/builtin-tasks/task-names") as Record<string, string>;
  const provider = await hardhat.run(tasks.TASK_NODE_GET_PROVIDER!, {});
  const server = (await hardhat.run(tasks.TASK_NODE_CREATE_SERVER!, {
    hostname: "127.0.0.1",
    port: Number(process.env.KEEL_CHAIN_PORT ?? 0),
    provider,
  })) as Server;
  return (await server.listen()).port;
}

function fail(error: unknown): void {
  report({ error: error instanceof Error ? error.message : String(error) }, () => process.exit(1));
}

function report(message: ChainReport, done: () => void = () => {}): void {
  if (process.connected) process.send?.(message, done);
  else done();
}
