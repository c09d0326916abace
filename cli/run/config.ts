// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What `keel run` runs with (run/1), as keel.toml or keel.json. Paths are relative to the file. No secret stands in it: keys and
 * passwords are files or variables, and a URL that holds an access key is the name of a variable, `env:NAME`.
 *
 * @module
 */

import { dirname, resolve } from "node:path";
import { address, duration, FORMATS, parseFile } from "@keel/verifier";
import { allFaults, inputError, type KeelError } from "@keel/verifier/errors";
import { stringify as formatToml, parse as parseToml, TomlError } from "smol-toml";
import { z } from "zod";
import type { KeyOptions } from "../chain.js";
import type { Context } from "../context.js";
import { readText } from "../files.js";

/** What an alert may be about. */
export const ALERTS = [
  "unhealthy",
  "headroom",
  "missed",
  "source",
  "market",
  "gas",
  "signer",
  "node",
  "proof",
  "state",
  "disk",
  "failure",
] as const;
/** One of {@link ALERTS}. */
export type AlertKind = (typeof ALERTS)[number];

const path = z.string().min(1).max(4_096);
const text = z.string().min(1).max(2_000);
const count = z.int().min(1).max(65_535);
const amount = z.string().regex(/^(0|[1-9][0-9]{0,8})(\.[0-9]{1,9})?$/);
const kinds = z.array(z.enum(ALERTS)).min(1);

const schema = z.strictObject({
  keel: z.literal("run/1"),
  subject: address,
  policy: path,
  /** The declared accounts, from enrol. */
  enrolment: path,
  /** Folder of states, from `keel state init`. */
  vault: path,
  /** Folder of rounds and of alerts that wait. */
  rounds: path,
  /** Folders of a ceremony's artifacts; development keys without them, on local test chains. */
  artifacts: path.optional(),
  tailArtifacts: path.optional(),
  liquidityArtifacts: path.optional(),
  disclosureArtifacts: path.optional(),
  workers: z.int().min(1).max(64).optional(),
  registry: z.strictObject({
    chainId: z.int().min(1),
    address,
    rpc: text,
    /** At or before the registry's first block. */
    fromBlock: z.int().min(0).optional(),
  }),
  schedule: z
    .strictObject({
      /** When a round begins: minute, hour, day, month, weekday. */
      cron: text,
      timezone: text.optional(),
      /** Seconds after which a round that has not ended is missed; an hour when absent. */
      late: duration.optional(),
    })
    .optional(),
  /** A snapshot file that somebody places there, or sources that are asked. */
  book: z.strictObject({
    snapshot: path.optional(),
    sources: z.record(z.string(), text).optional(),
    tokens: path.optional(),
    units: path.optional(),
  }),
  market: z.strictObject({
    file: path,
    returns: path.optional(),
    liquidity: path.optional(),
    /** From sign-market: the table is published when the registry does not know it. */
    signatures: z.array(path).min(1).optional(),
  }),
  /** Without a key the variable KEEL_PRIVATE_KEY counts. */
  signer: z
    .strictObject({
      keystore: path.optional(),
      passwordFile: path.optional(),
      keyFile: path.optional(),
      ledger: text.optional(),
      account: z.int().min(0).max(19).optional(),
    })
    .default({}),
  warn: z
    .strictObject({
      /** Share of a limit that has to be left. */
      headroom: amount.optional(),
      /** Gwei; a round waits while the fee is higher. */
      maxFee: amount.optional(),
      /** Ether that the sender should have. */
      balance: amount.optional(),
    })
    .default({}),
  alerts: z
    .strictObject({
      webhook: z.array(z.strictObject({ url: text, kinds: kinds.optional() })).optional(),
      mail: z
        .array(
          z.strictObject({
            ...{ host: text, port: count, from: text, to: text },
            secure: z.boolean().optional(),
            user: text.optional(),
            password: text.optional(),
            kinds: kinds.optional(),
          }),
        )
        .optional(),
    })
    .default({}),
  /** Where /metrics and /healthz are; nowhere when absent. */
  listen: z.strictObject({ host: text.optional(), port: count }).optional(),
});
FORMATS.add(schema, { id: "run/1", folder: "cli", title: "What `keel run` does, as keel.toml or keel.json" });

/** A configuration as the file says it. */
export type RunFile = z.input<typeof schema>;
/** One whose paths are whole. */
export type RunConfig = z.output<typeof schema>;

/** Stands where nobody has said yet which registry it is. */
export const NO_REGISTRY = `0x${"0".repeat(40)}` as const;

/** What reads as a variable's name. */
const VARIABLE = /^env:[A-Z][A-Z0-9_]{0,63}$/;

/**
 * Reads a configuration; paths become those beside it.
 *
 * @throws KeelError `run.toml`, `run.secret` for each secret in the file, `input.*`: all faults at once
 */
export async function loadRunConfig(file: string, context: Context): Promise<RunConfig> {
  const config = parseRunConfig(
    await readText(file, "run", context),
    file.endsWith(".json") ? "json" : "toml",
  );
  return placed(config, dirname(resolve(file)));
}

/**
 * Parses and checks a configuration's text.
 *
 * @throws KeelError as {@link loadRunConfig}
 */
export function parseRunConfig(source: string, form: "toml" | "json"): RunConfig {
  const json = form === "json" ? source : jsonOf(source);
  const secrets = form === "json" && !isJson(source) ? [] : secretsIn(JSON.parse(json) as unknown, "run");
  if (secrets.length > 0) throw allFaults(secrets);
  const config = parseFile(schema, json, "run");
  const faults = contradictions(config);
  if (faults.length > 0) throw allFaults(faults);
  return config;
}

/**
 * Writes a configuration as keel.toml, checked as it will be read.
 *
 * @throws KeelError as {@link parseRunConfig}
 */
export function formatRunConfig(file: RunFile): string {
  const source = `# What \`keel run\` does. Paths are relative to this file; secrets are files or env:NAME.\n${formatToml(file)}`;
  parseRunConfig(source, "toml");
  return source;
}

/** A value of the configuration, or of the variable that it names. */
export function resolved(value: string, at: string, { env }: Pick<Context, "env">): string {
  if (!VARIABLE.test(value)) return value;
  const found = env[value.slice("env:".length)];
  if (found !== undefined && found !== "") return found;
  throw inputError("run.variable", at, `the variable ${value.slice("env:".length)}`, "none");
}

/** How a configuration names its sender, as the commands' options. */
export function signerOf({ signer }: RunConfig): KeyOptions {
  const { keystore, passwordFile, keyFile, ledger, account } = signer;
  return {
    ...(keystore === undefined ? {} : { keystore }),
    ...(passwordFile === undefined ? {} : { passwordFile }),
    ...(keyFile === undefined ? {} : { keyFile }),
    ...(ledger === undefined ? {} : { ledger }),
    ...(account === undefined ? {} : { account }),
  };
}

/** TOML as JSON. What a parser says of a fault quotes the line, which may hold a secret. */
function jsonOf(source: string): string {
  try {
    return JSON.stringify(parseToml(source));
  } catch (error) {
    const where = error instanceof TomlError ? `line ${error.line}, column ${error.column}` : "another value";
    throw inputError("run.toml", "run", "TOML", `something else at ${where}`);
  }
}

function isJson(source: string): boolean {
  try {
    JSON.parse(source);
    return true;
  } catch {
    return false;
  }
}

/** Names of keys whose values are secret, unless they say where the secret is. */
const SECRET_NAME = /(password|passphrase|secret|private|private_?key|mnemonic|seed|token|api_?key)$/i;
/** Values that only a secret has: a private key, words of a wallet, a PEM block. */
const SECRET_VALUES = [/^(0x)?[0-9a-f]{64}$/i, /^([a-z]{3,8} ){11,23}[a-z]{3,8}$/, /-----BEGIN /];
/** A part of a URL that looks like an access key. */
const ACCESS_KEY = /^(?=.*[0-9])(?=.*[a-z])[A-Za-z0-9_-]{20,}$/i;

function secretsIn(value: unknown, at: string): KeelError[] {
  if (typeof value === "string") return isSecret(value, at) ? [secret(at)] : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) =>
    secretsIn(part, Array.isArray(value) ? `${at}[${name}]` : `${at}.${name}`),
  );
}

function isSecret(value: string, at: string): boolean {
  if (VARIABLE.test(value)) return false;
  return SECRET_NAME.test(at) || SECRET_VALUES.some((form) => form.test(value)) || hasAccessKey(value);
}

function hasAccessKey(value: string): boolean {
  if (!/^[a-z]+:\/\//.test(value) || !URL.canParse(value)) return false;
  const { username, password, pathname, search } = new URL(value);
  const parts = [...pathname.split("/"), ...[...new URLSearchParams(search)].map(([, part]) => part)];
  return username !== "" || password !== "" || parts.some((part) => ACCESS_KEY.test(part));
}

function secret(at: string): KeelError {
  return inputError("run.secret", at, "a file's name, or env:NAME of a variable that holds it", "a secret");
}

/** What a schema cannot say. */
function contradictions({ book, signer, registry }: RunConfig): KeelError[] {
  const faults: KeelError[] = [];
  const refuse = (at: string, expected: string, received: string): void => {
    faults.push(inputError("run.contradiction", `run.${at}`, expected, received));
  };
  const { snapshot, sources, tokens } = book;
  if ((snapshot === undefined) === (sources === undefined)) {
    refuse("book", "one of snapshot and sources", snapshot === undefined ? "neither" : "both");
  }
  if ((sources === undefined) !== (tokens === undefined))
    refuse("book.tokens", "tokens with sources", "one alone");
  const keys = [signer.keystore, signer.keyFile, signer.ledger, signer.account].filter(
    (key) => key !== undefined,
  );
  if (keys.length > 1) refuse("signer", "one key", "several");
  if (!VARIABLE.test(registry.rpc) && !/^https?:\/\//.test(registry.rpc)) {
    refuse("registry.rpc", "an http or https URL, or env:NAME", "other text");
  }
  return faults;
}

/** Paths beside the configuration. */
function placed(config: RunConfig, folder: string): RunConfig {
  const at = (name: string): string => resolve(folder, name);
  const each = <T extends object>(part: T, names: readonly (keyof T)[]): T => {
    const whole = Object.entries(part).map(([name, value]) =>
      names.includes(name as keyof T) && typeof value === "string" ? [name, at(value)] : [name, value],
    );
    return Object.fromEntries(whole) as T;
  };
  const { signatures } = config.market;
  return {
    ...each(config, [
      "policy",
      "enrolment",
      "vault",
      "rounds",
      "artifacts",
      "tailArtifacts",
      "liquidityArtifacts",
      "disclosureArtifacts",
    ]),
    book: each(config.book, ["snapshot", "tokens", "units"]),
    market: {
      ...each(config.market, ["file", "returns", "liquidity"]),
      ...(signatures === undefined ? {} : { signatures: signatures.map(at) }),
    },
    signer: each(config.signer, ["keystore", "passwordFile", "keyFile"]),
  };
}
