// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel-source`: the command line of the program.
 *
 * @module
 */

import { link, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { asKeelError, exitCode, inputError, KeelError } from "@keel/verifier";
import { loadConfig } from "./config.js";
import { createLog } from "./http/server.js";
import { newToken } from "./http/tokens.js";
import { startProgram } from "./program.js";
import { beginCeremony, dealShares, finishCeremony } from "./quorum/ceremony.js";
import { formatQuorum, formatShare } from "./quorum/files.js";

const USAGE = `keel-source: the program of a Keel source.

  serve --config FILE                 run; the configuration says as what
  token --out FILE                    make a token (secret) and print its hash, for the configuration
  quorum begin --dir DIR --name NAME --members A,B,C --threshold K
                                      first step of a quorum's key: writes hello.NAME.json for everybody
  quorum deal --dir DIR --name NAME   second step, with everybody's hello in DIR: writes deal.NAME.X.json for each X
  quorum finish --dir DIR --name NAME last step, with the letters to NAME in DIR: writes share.NAME.json (secret) and
                                      quorum.json, the same for everybody

Exit codes: 0 yes; 1 bad input or usage; 4 the environment.`;

const SECRET_MODE = 0o600;
const PUBLIC_MODE = 0o644;

type Values = Readonly<Record<string, string | undefined>>;

/** Runs a command line to its exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    return await command(argv);
  } catch (error) {
    const known = asKeelError(fromSystem(error));
    process.stderr.write(`keel-source: ${known.message}\n`);
    return exitCode(known.kind);
  }
}

async function command(argv: readonly string[]): Promise<number> {
  const { values, positionals } = read(argv);
  switch (positionals.join(" ")) {
    case "serve":
      return await serve(needed(values, "config"));
    case "token":
      return await makeToken(needed(values, "out"));
    case "quorum begin":
      return await begin(values);
    case "quorum deal":
      return await deal(needed(values, "dir"), needed(values, "name"));
    case "quorum finish":
      return await finish(needed(values, "dir"), needed(values, "name"));
    default:
      process.stdout.write(`${USAGE}\n`);
      return positionals.length === 0 && values.help ? 0 : 1;
  }
}

function read(argv: readonly string[]): { readonly values: Values; readonly positionals: string[] } {
  const text = { type: "string" } as const;
  const options = { config: text, out: text, dir: text, name: text, members: text, threshold: text };
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { ...options, help: { type: "boolean", short: "h" } },
      allowPositionals: true,
    });
    const { help, ...rest } = values;
    return { values: { ...rest, ...(help ? { help: "yes" } : {}) }, positionals };
  } catch {
    throw inputError("usage", "arguments", "arguments as in `keel-source --help`", "others");
  }
}

function needed(values: Values, name: string): string {
  const value = values[name];
  if (value !== undefined) return value;
  throw inputError("usage", `--${name}`, "a value", "none");
}

/** Runs until a signal ends it; what is being answered is finished. */
async function serve(file: string): Promise<number> {
  const config = await loadConfig(file);
  const log = createLog(process.env.KEEL_SOURCE_LOG ?? "info");
  const { server, url } = await startProgram(config, log);
  log.info({ url, role: config.role.kind, accounts: config.accounts.length }, "listening");
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  await server.close();
  return 0;
}

async function makeToken(out: string): Promise<number> {
  const { token, sha256 } = newToken();
  await writeNew(out, `${token}\n`, SECRET_MODE);
  process.stdout.write(`${JSON.stringify({ sha256 })}\n`);
  return 0;
}

async function begin(values: Values): Promise<number> {
  const [dir, name, members] = ["dir", "name", "members"].map((option) => needed(values, option)) as [
    string,
    string,
    string,
  ];
  const threshold = /^[1-9][0-9]?$/.test(needed(values, "threshold")) ? Number(values.threshold) : 0;
  const { hello, secret } = beginCeremony(name, members.split(","), threshold);
  await writeNew(join(dir, `secret.${name}.json`), secret, SECRET_MODE);
  await writeNew(join(dir, `hello.${name}.json`), hello, PUBLIC_MODE);
  return 0;
}

async function deal(dir: string, name: string): Promise<number> {
  const secret = await readOne(join(dir, `secret.${name}.json`));
  for (const [to, letter] of dealShares(secret, await readAll(dir, /^hello\./))) {
    await writeNew(join(dir, `deal.${name}.${to}.json`), letter, PUBLIC_MODE);
  }
  return 0;
}

async function finish(dir: string, name: string): Promise<number> {
  const secretFile = join(dir, `secret.${name}.json`);
  const hellos = await readAll(dir, /^hello\./);
  const letters = (await readAll(dir, /^deal\./)).filter((text) => addressee(text) === name);
  const share = finishCeremony(await readOne(secretFile), hellos, letters);
  await writeNew(join(dir, `share.${name}.json`), formatShare(share), SECRET_MODE);
  const text = formatQuorum(share.quorum);
  await writeNew(join(dir, "quorum.json"), text, PUBLIC_MODE).catch(async (error: unknown) => {
    if ((await readOne(join(dir, "quorum.json"))) !== text) throw error;
  });
  await rm(secretFile);
  process.stdout.write(`${JSON.stringify({ publicKey: share.quorum.publicKey.map(String) })}\n`);
  return 0;
}

function addressee(text: string): unknown {
  try {
    return (JSON.parse(text) as { readonly to?: unknown }).to;
  } catch {
    return undefined;
  }
}

async function readAll(dir: string, pattern: RegExp): Promise<string[]> {
  const names = (await readdir(dir)).filter((name) => pattern.test(name) && name.endsWith(".json")).sort();
  return await Promise.all(names.map((name) => readOne(join(dir, name))));
}

async function readOne(path: string): Promise<string> {
  return await readFile(path, "utf8");
}

/** Whole or not at all, and never over a file that is there. */
async function writeNew(path: string, text: string, mode: number): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(draft, text, { mode, flag: "wx", flush: true });
    await link(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

/** The system's failures by their code alone. */
function fromSystem(error: unknown): unknown {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  if (error instanceof KeelError || syscall === undefined) return error;
  const isPath = code === "ENOENT" || code === "EEXIST" || code === "ENOTDIR";
  return new KeelError({
    kind: isPath ? "input" : "environment",
    code: "system",
    path: syscall,
    expected: "the system to do its part",
    received: code ?? "another failure",
  });
}
