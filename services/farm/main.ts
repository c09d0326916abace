// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel-farm`: the command line of the program.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { parseEnrolment, parseSeed, parseSnapshot } from "@keel/prover";
import {
  parseLiquidity,
  parseMarket,
  parsePolicy,
  parseReturns,
  parseUnits,
  policyId,
  policyTerms,
} from "@keel/verifier";
import { asKeelError, exitCode, inputError } from "@keel/verifier/errors";
import { pino } from "pino";
import { loadFarmConfig, readKey, readSecretText } from "./config.js";
import { startProgram } from "./program.js";
import { jobKey, openFarmStore } from "./store.js";

const USAGE = `keel-farm: proves for many funds.

  key --out FILE                      make the key that the store is sealed with (secret)
  fund --config FILE --subject 0x… --seed FILE
                                      take in a fund, with the seed of its states
  put --config FILE --snapshot FILE --market FILE --policy FILE --enrolment FILE [--units FILE] [--returns FILE] [--liquidity FILE]
                                      put a book into the store; a farm that runs takes it from there
  list --config FILE                  jobs that are open
  work --config FILE                  prove and submit until interrupted

Exit codes: 0 yes; 1 bad input or usage; 4 the environment.`;

const OPTIONS = [
  "config",
  "out",
  "subject",
  "seed",
  "snapshot",
  "market",
  "policy",
  "enrolment",
  "units",
  "returns",
  "liquidity",
];
type Values = Readonly<Record<string, string | undefined>>;

/** Runs a command line to its exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    return await command(argv);
  } catch (error) {
    const known = asKeelError(error);
    process.stderr.write(`keel-farm: ${known.message}\n`);
    return exitCode(known.kind);
  }
}

async function command(argv: readonly string[]): Promise<number> {
  const { values, name } = read(argv);
  switch (name) {
    case "key":
      await writeFile(needed(values, "out"), `${randomBytes(32).toString("hex")}\n`, {
        mode: 0o600,
        flag: "wx",
      });
      return 0;
    case "fund":
      return await takeFund(values);
    case "put":
      return await putBook(values);
    case "list":
      return await list(values);
    case "work":
      return await work(values);
    default:
      process.stdout.write(`${USAGE}\n`);
      return name === "help" ? 0 : 1;
  }
}

function read(argv: readonly string[]): { readonly values: Values; readonly name: string } {
  try {
    const options = Object.fromEntries(OPTIONS.map((name) => [name, { type: "string" } as const]));
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
    return { values: values as Values, name: positionals.join(" ") };
  } catch {
    throw inputError("usage", "arguments", "arguments as in `keel-farm help`", "others");
  }
}

function needed(values: Values, name: string): string {
  const value = values[name];
  if (value !== undefined) return value;
  throw inputError("usage", `--${name}`, "a value", "none");
}

async function storeOf(values: Values) {
  const config = await loadFarmConfig(needed(values, "config"));
  return openFarmStore(config.store, await readKey(config.storeKey, "config.storeKey"));
}

async function takeFund(values: Values): Promise<number> {
  const subject = needed(values, "subject").toLowerCase();
  if (!/^0x[0-9a-f]{40}$/.test(subject)) throw inputError("usage", "--subject", "an address", "other text");
  const text = await readSecretText(needed(values, "seed"));
  parseSeed(text);
  await (await storeOf(values)).putSeed(subject, text);
  return 0;
}

/** Every file is parsed before anything is stored: a worker at night would be too late. */
async function putBook(values: Values): Promise<number> {
  const text = async (name: string): Promise<string> => await readSecretText(needed(values, name));
  const [snapshot, market, policy, enrolment] = await Promise.all(
    ["snapshot", "market", "policy", "enrolment"].map(text),
  );
  const units = values.units === undefined ? undefined : await text("units");
  const returns = values.returns === undefined ? undefined : await text("returns");
  const liquidity = values.liquidity === undefined ? undefined : await text("liquidity");
  const { subject, asOf } = parseSnapshot(snapshot!);
  parseEnrolment(enrolment!);
  if (units !== undefined) parseUnits(units);
  if (returns !== undefined) parseReturns(returns);
  if (liquidity !== undefined) parseLiquidity(liquidity);
  const id = { subject, policyId: policyId(policyTerms(parsePolicy(policy!), parseMarket(market!))), asOf };
  await (await storeOf(values)).putBook(id, {
    ...{ snapshot: snapshot!, market: market!, policy: policy!, enrolment: enrolment! },
    ...(units === undefined ? {} : { units }),
    ...(returns === undefined ? {} : { returns }),
    ...(liquidity === undefined ? {} : { liquidity }),
  });
  process.stdout.write(`${JSON.stringify({ job: jobKey(id) })}\n`);
  return 0;
}

async function list(values: Values): Promise<number> {
  for (const id of await (await storeOf(values)).open()) process.stdout.write(`${jobKey(id)}\n`);
  return 0;
}

const LEFT_BEHIND_MS = 2_000;

/** Until a signal ends it; proofs under way are finished. */
async function work(values: Values): Promise<number> {
  const log = pino({ level: process.env.KEEL_FARM_LOG ?? "info", base: null });
  const { url, stop } = await startProgram(await loadFarmConfig(needed(values, "config")), log);
  log.info({ ...(url === undefined ? {} : { url }) }, "working");
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  await stop();
  // A Redis that went away meanwhile leaves timers of its client behind.
  setTimeout(() => process.exit(0), LEFT_BEHIND_MS).unref();
  return 0;
}
