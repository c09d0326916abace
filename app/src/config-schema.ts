// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What `keel.json` may say; apart, because the page is drawn before anything that reads files is loaded.
 *
 * @module
 */

import { address, parseFile } from "@keel/verifier";
import { z } from "zod";

const id32 = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .transform((text) => text as `0x${string}`);
const path = z.string().regex(/^\/[A-Za-z0-9/._-]*$/);
const web = z.string().regex(/^https:\/\/[A-Za-z0-9.-]+(:\d{1,5})?(\/[A-Za-z0-9._~-]+)*\/?$/);
const name = z.string().max(80);

const configSchema = z.strictObject({
  keel: z.literal("console/1"),
  chainId: z.int().min(1),
  /** A JSON-RPC node behind a path of this origin. */
  rpc: path,
  /** Other nodes of the same chain to choose: paths of this origin, or addresses that the page was built to talk to. */
  nodes: z.array(z.strictObject({ name, rpc: z.union([path, web]) })).default([]),
  registry: address,
  /** First block of the deployment. */
  fromBlock: z.int().min(0),
  vault: address.optional(),
  /** Vaults beside it to look at, by name. */
  vaults: z.array(z.strictObject({ name, address })).default([]),
  subject: address.optional(),
  policyId: id32.optional(),
  /** A block explorer; links lead there, nothing is asked there. */
  explorer: web.optional(),
  /**
   * Files with the texts of a policy and of a market that it fits: what a policy's id is the hash of. They name sources, what
   * their words rest on, and scenarios, which a registry does not know.
   */
  policies: z.array(z.strictObject({ policyId: id32, path })).default([]),
  /** Freshly signed examples whose markets the chain has accepted, the first opened at once; local chains only. */
  examples: z.array(z.strictObject({ name, path })).default([]),
  /** Accounts that the node signs for; local chains only. */
  accounts: z.array(z.strictObject({ name, address })).default([]),
});

/** A chain that the page's host knows. */
export type ConsoleConfig = z.output<typeof configSchema>;

/** Reads `keel.json`. @throws KeelError as `parseFile` */
export function parseConfig(text: string): ConsoleConfig {
  return parseFile(configSchema, text, "keel.json");
}
