// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Where a running `keel dev` is found: a small file in the cache, which ends with it.
 *
 * @module
 */

import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheRoot } from "@keel/circuits/cache";
import { address, parseFile } from "@keel/verifier";
import { KeelError } from "@keel/verifier/errors";
import { createPublicClient, createTestClient, type Hex, http, type TestClient } from "viem";
import { z } from "zod";
import { systemCode } from "./errors.js";

const schema = z.strictObject({
  keel: z.literal("dev/1"),
  pid: z.int().min(1),
  rpc: z.url(),
  chainId: z.int().min(1),
  registry: address,
  fromBlock: z.int().min(0),
  /** The chain as it was when it was ready, by the node's own number for it. */
  snapshot: z.string().regex(/^0x[0-9a-f]+$/),
});

/** A running local chain. */
export type DevState = Omit<z.infer<typeof schema>, "keel">;

/** Where it is kept when nobody says otherwise. */
export function devStateFile(): string {
  return join(cacheRoot(), "dev.json");
}

/** Writes the file, whole or not at all. */
export async function writeDevState(file: string, state: DevState): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.tmp`;
  await writeFile(draft, `${JSON.stringify({ keel: "dev/1", ...state }, null, 2)}\n`);
  await rename(draft, file);
}

/** Takes the file away. */
export async function removeDevState(file: string): Promise<void> {
  await rm(file, { force: true });
}

/** What runs; nothing when the file is missing, of another version, or of a chain that has ended. */
export async function runningDev(file: string): Promise<DevState | undefined> {
  const state = await readState(file);
  if (state === undefined) return undefined;
  const client = createPublicClient({ transport: http(state.rpc, { retryCount: 0 }) });
  const [chainId, code] = await Promise.all([
    client.getChainId().catch(() => undefined),
    client.getCode({ address: state.registry as Hex }).catch(() => undefined),
  ]);
  return chainId === state.chainId && code !== undefined ? state : undefined;
}

/**
 * What runs.
 *
 * @throws KeelError `dev.none`
 */
export async function requireDev(file: string): Promise<DevState> {
  const state = await runningDev(file);
  if (state !== undefined) return state;
  throw new KeelError({
    kind: "environment",
    code: "dev.none",
    path: file,
    expected: "a running local chain: `keel dev start`",
    received: "none",
  });
}

async function readState(file: string): Promise<DevState | undefined> {
  try {
    const { keel: _, ...state } = parseFile(schema, await readFile(file, "utf8"), "dev");
    return state;
  } catch (error) {
    if (error instanceof KeelError || systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Controls of a local chain. */
export function devControls({ rpc }: Pick<DevState, "rpc">): TestClient<"hardhat"> {
  return createTestClient({
    mode: "hardhat",
    transport: http(rpc, { retryCount: 0 }),
  }) as TestClient<"hardhat">;
}
