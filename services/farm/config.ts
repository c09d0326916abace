// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the farm runs with (farm-config/1). Paths are relative to the file. Secrets are files, or variables that the file names as
 * `env:NAME`.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { address, FORMATS, inputError, KeelError, parseFile } from "@keel/verifier";
import { z } from "zod";

const path = z.string().min(1).max(4_096);
const text = z.string().min(1).max(2_000);
const name = z.string().regex(/^[a-z0-9-]{1,40}$/);

const schema = z.strictObject({
  keel: z.literal("farm-config/1"),
  /** Farms of one name on one Redis share the work. */
  name: name.default("farm"),
  redis: text,
  /** Folder of the funds' store, the same for all of a farm's machines. */
  store: path,
  /** File with 64 hexadecimal digits, under which the store is sealed. */
  storeKey: path,
  registry: z.strictObject({
    chainId: z.int().min(1),
    address,
    rpc: text,
    fromBlock: z.int().min(0).default(0),
  }),
  /** File with the sender's private key. */
  keyFile: path,
  /** Worker threads; the machine's processors when absent. */
  workers: z.int().min(1).max(64).optional(),
  /** Jobs under way at once: two that the engine proves, and others that are ready when it is: a node that takes a batch answers late. */
  proofs: z.int().min(1).max(16).default(8),
  batch: z
    .strictObject({
      size: z.int().min(1).max(50).default(10),
      waitMs: z.int().min(0).max(600_000).default(5_000),
    })
    .prefault({}),
  /** Attestations that may wait to be submitted before no more are proven. */
  backlog: z.int().min(1).max(1_000).default(40),
  /** Milliseconds after which the job of a worker that died is given to another. */
  stalledMs: z.int().min(1_000).max(600_000).default(30_000),
  /** Folder of a ceremony's artifacts, by circuit. */
  artifacts: z.record(z.string(), path).default({}),
  /** Where /metrics and /healthz are. */
  listen: z.strictObject({ host: text.default("127.0.0.1"), port: z.int().min(0).max(65_535) }).optional(),
});
FORMATS.add(schema, { id: "farm-config/1", folder: "services/farm", title: "What a farm runs with" });

/** A configuration with whole paths. */
export type FarmConfig = z.output<typeof schema>;

/**
 * Reads a configuration.
 *
 * @throws KeelError `input.*`, all faults at once; `farm.variable`, `farm.missing`
 */
export async function loadFarmConfig(
  file: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<FarmConfig> {
  const config = parseFile(schema, await readSecretText(file), "config");
  const at = (one: string): string => resolve(dirname(resolve(file)), one);
  const artifacts = Object.entries(config.artifacts).map(
    ([circuit, folder]) => [circuit, at(folder)] as const,
  );
  return {
    ...config,
    redis: variable(config.redis, "config.redis", env),
    registry: { ...config.registry, rpc: variable(config.registry.rpc, "config.registry.rpc", env) },
    ...{ store: at(config.store), storeKey: at(config.storeKey), keyFile: at(config.keyFile) },
    artifacts: Object.fromEntries(artifacts),
  };
}

function variable(value: string, at: string, env: Readonly<Record<string, string | undefined>>): string {
  const [, wanted] = /^env:([A-Z][A-Z0-9_]{0,63})$/.exec(value) ?? [];
  if (wanted === undefined) return value;
  const found = env[wanted];
  if (found !== undefined && found !== "") return found;
  throw inputError("farm.variable", at, `the variable ${wanted}`, "none");
}

/** The bytes of a file of hexadecimal digits. */
export async function readKey(file: string, at: string): Promise<Uint8Array> {
  const digits = (await readSecretText(file)).trim().replace(/^0x/, "");
  if (/^[0-9a-f]{64}$/i.test(digits)) return Uint8Array.from(Buffer.from(digits, "hex"));
  throw inputError("farm.key", at, "64 hexadecimal digits", "other text");
}

/**
 * Reads a file.
 *
 * @throws KeelError `farm.missing`
 */
export async function readSecretText(file: string): Promise<string> {
  return await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT" || cause.code === "EISDIR") {
      throw inputError("farm.missing", file, "a file", cause.code);
    }
    throw new KeelError({
      kind: "environment",
      code: "farm.file",
      path: file,
      expected: "to read it",
      received: cause.code ?? "a failure",
    });
  });
}
