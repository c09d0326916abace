// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the page's host says about itself in `keel.json`, beside the page: a node on the same origin and the contracts there.
 * Without the file the page checks, proves and verifies files, and reaches a chain through an injected wallet only.
 *
 * @module
 */

import { address, parseFile } from "@keel/verifier";
import { z } from "zod";
import { getFile } from "./network.js";

const id32 = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .transform((text) => text as `0x${string}`);
const path = z.string().regex(/^\/[A-Za-z0-9/._-]*$/);

const configSchema = z.strictObject({
  keel: z.literal("console/1"),
  chainId: z.int().min(1),
  /** A JSON-RPC node behind a path of this origin. */
  rpc: path,
  registry: address,
  /** First block of the deployment. */
  fromBlock: z.int().min(0),
  vault: address.optional(),
  subject: address.optional(),
  policyId: id32.optional(),
  /** Freshly signed examples whose markets the chain has accepted, the first opened at once; local chains only. */
  examples: z.array(z.strictObject({ name: z.string().max(80), path })).default([]),
  /** Accounts that the node signs for; local chains only. */
  accounts: z.array(z.strictObject({ name: z.string().max(80), address })).default([]),
});

/** A chain that the page's host knows. */
export type ConsoleConfig = z.output<typeof configSchema>;

/** The host's configuration; nothing where there is none. */
export async function loadConfig(): Promise<ConsoleConfig | undefined> {
  const text = await getFile("keel.json", "configuration").then(
    (response) => response.text(),
    () => undefined,
  );
  return text === undefined ? undefined : parseFile(configSchema, text, "keel.json");
}
