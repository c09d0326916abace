// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the program runs with (source-config/1): its role, accounts, drivers and tokens. Paths are relative to the file.
 * Secrets stand in files of their own; of tokens the configuration holds hashes.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { checkSourceUrl, parseSourceKey, type SourceKeyPair } from "@keel/prover";
import {
  address,
  checkUnique,
  circuitOf,
  FORMATS,
  identifier,
  inputError,
  KeelError,
  parseFile,
  parseJson,
  parseMarket,
  title,
} from "@keel/verifier";
import { z } from "zod";
import type { SourceAccount } from "./answers.js";
import { binance } from "./drivers/binance.js";
import { fileLedger, ledgerDriver, moduleLedger } from "./drivers/ledger.js";
import { moduleVenue, type Venue, venueDriver } from "./drivers/venue.js";
import type { Grant } from "./http/tokens.js";
import type { MemberConnection } from "./quorum/coordinator.js";
import { parseQuorum, parseShare, type Quorum, type Share } from "./quorum/files.js";
import type { Driver, Place } from "./reading.js";

/** A configuration whose files were read. */
export interface Config {
  readonly name: string;
  readonly role: Role;
  /** Folder of what was signed. */
  readonly store: string;
  readonly listen: { readonly host: string; readonly port: number };
  /** Requests a minute and token. */
  readonly perMinute: number;
  readonly grants: readonly Grant[];
  /** Empty for a coordinator. */
  readonly accounts: readonly SourceAccount[];
}

/** What a program is: a source by itself, or a part of a quorum. */
export type Role =
  | { readonly kind: "source"; readonly key: SourceKeyPair }
  | { readonly kind: "member"; readonly share: Share }
  | { readonly kind: "coordinator"; readonly quorum: Quorum; readonly members: readonly MemberConnection[] };

const path = z.string().min(1).max(4_096);
const url = z.string().max(2_000);
const word = z.string().min(1).max(100);

const places = z
  .record(
    z.string(),
    z.union([
      identifier.transform((instrument) => ({ instrument, per: 1 })),
      z.strictObject({ instrument: identifier, per: z.int().min(1).max(1_000_000_000) }),
    ]),
  )
  .transform((record): ReadonlyMap<string, Place> => new Map(Object.entries(record)));

const driver = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("ledger"),
    file: path.optional(),
    module: path.optional(),
    instruments: places,
    /** Holdings that may be left out. */
    leaveOut: z.array(word).default([]),
  }),
  z.strictObject({
    kind: z.literal("venue"),
    venue: z.enum(["binance", "module"]),
    module: path.optional(),
    /** JSON file of texts: apiKey, apiSecret, or what the module wants. */
    credentials: path,
    owner: word,
    window: z.int().min(1).max(3_600).default(10),
    futures: z.boolean().default(true),
    spotUrl: url.optional(),
    futuresUrl: url.optional(),
    instruments: places,
  }),
  z.strictObject({
    kind: z.literal("chain"),
    rpc: url,
    mapping: path,
    owner: address,
    account: identifier,
    confirmations: z.int().min(1).max(100_000).default(64),
  }),
  z.strictObject({
    kind: z.literal("notarised"),
    claims: path,
    provider: identifier,
    parameters: z.string().max(100_000),
    attestors: z.array(address).min(1).max(32),
    threshold: z.int().min(1).max(32).default(1),
    epoch: z.int().min(0),
    owner: address.optional(),
    instruments: places,
  }),
]);

const configSchema = z.strictObject({
  keel: z.literal("source-config/1"),
  name: title,
  /** Key file of a source by itself; or the share of a member; or the quorum of a coordinator. */
  key: path.optional(),
  share: path.optional(),
  quorum: path.optional(),
  members: z.array(z.strictObject({ name: identifier, url, tokenFile: path })).optional(),
  store: path,
  listen: z
    .strictObject({ host: z.string().max(255).default("127.0.0.1"), port: z.int().min(0).max(65_535) })
    .default({ host: "127.0.0.1", port: 8_700 }),
  perMinute: z.int().min(1).max(1_000_000).default(600),
  tokens: z
    .array(z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/), subjects: z.array(address).min(1) }))
    .min(1),
  accounts: z
    .array(z.strictObject({ id: identifier, subject: address, market: path, circuit: identifier, driver }))
    .default([]),
});
FORMATS.add(configSchema, {
  id: "source-config/1",
  folder: "services/source",
  title: "The source's program: keys, accounts, tokens",
});

type ConfigFile = z.output<typeof configSchema>;
type DriverFile = z.output<typeof driver>;

/** Reads a file beside the configuration. */
type Reader = (file: string, role: string) => Promise<string>;

/**
 * Reads a configuration and all files that it names.
 *
 * @throws KeelError kind "input"; never with a secret
 */
export async function loadConfig(file: string): Promise<Config> {
  const folder = dirname(resolve(file));
  const read: Reader = async (name, role) =>
    await readFile(resolve(folder, name), "utf8").catch(missing(role));
  const config = parseFile(configSchema, await read(resolve(file), "config"), "config");
  checkUnique(
    config.accounts.map(({ id }) => id),
    "config.accounts",
  );
  const role = await readRole(config, read);
  if ((role.kind === "coordinator") !== (config.accounts.length === 0)) {
    throw inputError("config.accounts", "config.accounts", "accounts, exactly where they are read", "others");
  }
  const accounts: SourceAccount[] = [];
  for (const [i, account] of config.accounts.entries()) {
    accounts.push(await readAccount(account, `config.accounts[${i}]`, folder, read));
  }
  const { name, listen, perMinute, tokens } = config;
  const store = resolve(folder, config.store);
  return { name, role, store, listen, perMinute, grants: tokens, accounts };
}

async function readRole(config: ConfigFile, read: Reader): Promise<Role> {
  const { key, share, quorum, members } = config;
  const given = [key, share, quorum].filter((file) => file !== undefined);
  if (given.length !== 1 || (quorum !== undefined) !== (members !== undefined)) {
    throw inputError("config.role", "config", "one of key, share, or quorum with members", "another choice");
  }
  if (key !== undefined) return { kind: "source", key: parseSourceKey(await read(key, "key")) };
  if (share !== undefined) return { kind: "member", share: parseShare(await read(share, "share")) };
  const group = parseQuorum(await read(quorum!, "quorum"));
  const names = members!.map(({ name }) => name);
  if ([...names].sort().join() !== [...group.members].sort().join()) {
    throw inputError("config.members", "config.members", "the quorum's members, each once", "others");
  }
  const connections = members!.map(async ({ name, url, tokenFile }, i) => ({
    name,
    url: checkSourceUrl(url, `config.members[${i}].url`),
    token: (await read(tokenFile, "token")).trim(),
  }));
  return { kind: "coordinator", quorum: group, members: await Promise.all(connections) };
}

async function readAccount(
  { id, subject, market, circuit, driver }: ConfigFile["accounts"][number],
  place: string,
  folder: string,
  read: Reader,
): Promise<SourceAccount> {
  return {
    id,
    subject,
    market: parseMarket(await read(market, "market")),
    circuit: circuitOf(circuit, `${place}.circuit`),
    driver: await readDriver(driver, `${place}.driver`, folder, read),
  };
}

async function readDriver(file: DriverFile, place: string, folder: string, read: Reader): Promise<Driver> {
  switch (file.kind) {
    case "ledger": {
      if ((file.file === undefined) === (file.module === undefined)) {
        throw inputError("config.driver", place, "a file or a module", "another choice");
      }
      const ledger =
        file.file === undefined
          ? await moduleLedger(resolve(folder, file.module!))
          : fileLedger(resolve(folder, file.file));
      return ledgerDriver("ledger", ledger, file.instruments, new Set(file.leaveOut));
    }
    case "venue": {
      const venue = await readVenue(file, place, folder, read);
      return venueDriver(venue, { owner: file.owner, window: file.window, places: file.instruments });
    }
    case "chain": {
      // Loaded on demand: a chain client is most of a start.
      const { openChain } = await import("./drivers/chain.js");
      const { rpc, owner, account, confirmations } = file;
      return openChain(rpc, { owner, account, confirmations }, await read(file.mapping, "mapping"));
    }
    case "notarised": {
      const { claims, instruments, owner, kind: _, ...rest } = file;
      const { notarisedDriver } = await import("./drivers/notarised.js");
      const named = owner === undefined ? {} : { owner };
      return notarisedDriver({ ...rest, ...named, folder: resolve(folder, claims), places: instruments });
    }
  }
}

async function readVenue(
  file: Extract<DriverFile, { kind: "venue" }>,
  place: string,
  folder: string,
  read: Reader,
): Promise<Venue> {
  const text = parseJson(await read(file.credentials, "credentials"), "credentials");
  const settings = z.record(z.string(), z.string()).safeParse(text).data;
  if (settings === undefined)
    throw inputError("config.credentials", `${place}.credentials`, "texts by name", "others");
  if (file.venue === "module") {
    if (file.module === undefined) throw inputError("config.driver", `${place}.module`, "a module", "none");
    return await moduleVenue(resolve(folder, file.module), settings);
  }
  const { apiKey, apiSecret } = settings;
  if (apiKey === undefined || apiSecret === undefined) {
    throw inputError("config.credentials", `${place}.credentials`, "apiKey and apiSecret", "others");
  }
  const { spotUrl, futuresUrl, futures } = file;
  return binance({
    ...{ apiKey, apiSecret, futures },
    ...(spotUrl === undefined ? {} : { spotUrl: checkSourceUrl(spotUrl, `${place}.spotUrl`) }),
    ...(futuresUrl === undefined ? {} : { futuresUrl: checkSourceUrl(futuresUrl, `${place}.futuresUrl`) }),
  });
}

function missing(role: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    const received = error.code ?? error.constructor.name;
    throw new KeelError({
      kind: "input",
      code: "file.missing",
      path: role,
      expected: "a file to read",
      received,
    });
  };
}
