// SPDX-License-Identifier: MIT
/**
 * Compiles the Solidity sources together with the verifiers of given keys, and loads the results.
 *
 * Hardhat runs as a child process and only when something changed: a stamp holds the hash of all sources, settings and
 * tool versions. Processes that compile at the same time wait for each other.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Abi, Hex } from "viem";
import { KeelError } from "@keel/verifier/errors";
import type { VerificationKey } from "@keel/verifier/groth16";
import {
  artifactsFolder,
  cacheFolder,
  contractsFolder,
  generatedFolder,
  hardhatConfig,
  soliditySettings,
  sourcesFolder,
} from "./paths.js";
import { generateVerifier, type VerifierOptions } from "./verifier-template.js";

const require = createRequire(import.meta.url);
const STAMP = join(cacheFolder, "keel-inputs.sha256");
const LOCK = join(cacheFolder, "keel-compile.lock");
const LOCK_PATIENCE_MS = 300_000;
/** Packages whose versions decide what comes out. */
const TOOLS = [
  "hardhat",
  "solc",
  "@openzeppelin/contracts",
  "@ethereum-attestation-service/eas-contracts",
] as const;

const ZERO_G1 = ["0", "0", "1"] as const;
const ZERO_G2 = [
  ["0", "0"],
  ["0", "0"],
  ["1", "0"],
] as const;

/** A key of the right shape that stands for any: for what the template itself writes. */
const BLANK_KEY: VerificationKey = {
  protocol: "groth16",
  curve: "bn128",
  nPublic: 3,
  vk_alpha_1: ZERO_G1,
  vk_beta_2: ZERO_G2,
  vk_gamma_2: ZERO_G2,
  vk_delta_2: ZERO_G2,
  IC: [ZERO_G1, ZERO_G1, ZERO_G1, ZERO_G1],
};

/** A verifier contract to generate and compile. */
export interface VerifierSource extends VerifierOptions {
  readonly verificationKey: VerificationKey;
}

export interface CompileOptions {
  readonly verifiers: readonly VerifierSource[];
  /** Called with one line of text when something slow starts. */
  readonly onProgress?: (message: string) => void;
}

export interface CompileResult {
  /** False when everything was up to date. */
  readonly compiled: boolean;
}

/** A compiled contract. */
export interface Artifact {
  readonly contractName: string;
  readonly abi: Abi;
  readonly bytecode: Hex;
  readonly deployedBytecode: Hex;
}

/**
 * Writes the verifiers to src/generated/ and compiles everything that changed.
 *
 * @throws KeelError kind `environment`, code `contracts.compile` with the compiler's words; kind `input` for a key that
 * fits no verifier.
 */
export async function compileContracts({ verifiers, onProgress }: CompileOptions): Promise<CompileResult> {
  await mkdir(cacheFolder, { recursive: true });
  return await locked(async () => {
    const mark = await generation();
    for (const verifier of verifiers) await writeVerifier(verifier, mark);
    await removeOutdated(mark);
    const stamp = await hashInputs();
    if (existsSync(artifactsFolder) && (await readText(STAMP)) === stamp) return { compiled: false };
    onProgress?.("compiling contracts");
    await runHardhat();
    await writeWhole(STAMP, stamp);
    return { compiled: true };
  });
}

/**
 * A contract compiled before, by name.
 *
 * @throws KeelError kind `environment`, code `contracts.artifact`.
 */
export async function loadArtifact(name: string): Promise<Artifact> {
  const files = existsSync(artifactsFolder) ? await readdir(artifactsFolder, { recursive: true }) : [];
  const file = files.find(
    (path) => path.startsWith("src") && path.endsWith(join(`${name}.sol`, `${name}.json`)),
  );
  if (file === undefined) {
    throw new KeelError({
      kind: "environment",
      code: "contracts.artifact",
      path: name,
      expected: "a compiled contract (compileContracts makes them)",
      received: "none of this name",
    });
  }
  return JSON.parse(await readFile(join(artifactsFolder, file), "utf8")) as Artifact;
}

async function writeVerifier({ verificationKey, ...options }: VerifierSource, mark: string): Promise<void> {
  const source = `${generateVerifier(verificationKey, options)}${mark}`;
  const file = join(generatedFolder, `${options.contractName}.sol`);
  if ((await readText(file)) !== source) await writeWhole(file, source);
}

/**
 * A last line for generated files that changes with the template and with the interface they implement. Without it a verifier
 * that an earlier version wrote for some other key would stop everything from compiling.
 */
async function generation(): Promise<string> {
  const blank = generateVerifier(BLANK_KEY, { circuit: "blank", insecure: true, contractName: "Blank" });
  const promise = await readFile(join(sourcesFolder, "interfaces", "IGroth16Verifier.sol"), "utf8");
  return `// generation ${createHash("sha256").update(`${blank}\0${promise}`).digest("hex").slice(0, 16)}\n`;
}

async function removeOutdated(mark: string): Promise<void> {
  const files = existsSync(generatedFolder) ? await readdir(generatedFolder) : [];
  for (const file of files.filter((name) => name.endsWith(".sol"))) {
    const path = join(generatedFolder, file);
    if ((await readText(path))?.endsWith(mark) !== true) await rm(path, { force: true });
  }
}

async function hashInputs(): Promise<string> {
  const hash = createHash("sha256");
  const sources = (await readdir(sourcesFolder, { recursive: true })).filter((path) => path.endsWith(".sol"));
  const settings = [hardhatConfig, soliditySettings];
  for (const file of [...settings, ...sources.sort().map((path) => join(sourcesFolder, path))]) {
    hash.update(`${relative(contractsFolder, file)}\0${await readFile(file, "utf8")}\0`);
  }
  for (const tool of TOOLS) {
    const { version } = require(`${tool}/package.json`) as { version: string };
    hash.update(`${tool}@${version}\0`);
  }
  return hash.digest("hex");
}

async function runHardhat(): Promise<void> {
  const cli = join(dirname(require.resolve("hardhat/package.json")), "internal", "cli", "cli.js");
  const child = spawn(process.execPath, [cli, "--config", hardhatConfig, "compile", "--quiet"], {
    cwd: contractsFolder,
    env: { ...process.env, HARDHAT_DISABLE_TELEMETRY_PROMPT: "true", NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: string[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => output.push(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => output.push(text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  if (code !== 0) {
    throw new KeelError({
      kind: "environment",
      code: "contracts.compile",
      expected: "Hardhat to compile the contracts",
      received: `exit code ${code}: ${output.join("").trim().slice(0, 4000)}`,
    });
  }
}

async function locked<T>(work: () => Promise<T>): Promise<T> {
  await takeLock();
  try {
    return await work();
  } finally {
    await rm(LOCK, { force: true });
  }
}

async function takeLock(): Promise<void> {
  const deadline = Date.now() + LOCK_PATIENCE_MS;
  while (!(await tryLock())) {
    if (Date.now() > deadline) {
      throw new KeelError({
        kind: "environment",
        code: "contracts.lock",
        path: LOCK,
        expected: "the other compilation to end",
        received: "still locked after 5 minutes",
      });
    }
    await sleep(100);
  }
}

async function tryLock(): Promise<boolean> {
  try {
    const file = await open(LOCK, "wx");
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    if (await isAbandoned()) await rm(LOCK, { force: true });
    return false;
  }
}

/** Whether the process that holds the lock is gone. An empty file is a lock being written. */
async function isAbandoned(): Promise<boolean> {
  const holder = await readText(LOCK);
  if (holder === undefined || holder === "") return false;
  try {
    process.kill(Number(holder), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function writeWhole(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.tmp`;
  await writeFile(draft, text);
  await rename(draft, file);
}
