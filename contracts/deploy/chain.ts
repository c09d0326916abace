// SPDX-License-Identifier: MIT
/**
 * A local Hardhat chain in a child process, with the well-known accounts of Hardhat's test mnemonic.
 *
 * @module
 */

import { type ChildProcess, fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { KeelError } from "@keel/verifier/errors";
import { bytesToHex, type Hex } from "viem";
import { mnemonicToAccount, privateKeyToAddress } from "viem/accounts";
import type { ChainReport } from "./chain-process.js";

const MNEMONIC = "test test test test test test test test test test test junk";
const ACCOUNTS = 20;
const HARDHAT_CONFIG = fileURLToPath(new URL("../hardhat.config.cjs", import.meta.url));
const START_PATIENCE_MS = 60_000;

/** An account of the local chain. Its key is public knowledge: never send anything of value to it. */
export interface LocalAccount {
  readonly address: Hex;
  readonly privateKey: Hex;
}

/** A chain of its own process, for tests and demonstrations. */
export interface LocalChain {
  readonly rpcUrl: string;
  readonly chainId: number;
  /** Hardhat's twenty accounts with 10,000 ETH each. */
  readonly accounts: readonly LocalAccount[];
  /** Ends the chain; its state is gone. */
  stop(): Promise<void>;
}

/** How to start a local chain. */
export interface LocalChainOptions {
  /** Port on loopback; a free one when absent. */
  readonly port?: number;
  /** 31337 when absent; development keys are refused on other ids than 31337 and 1337. */
  readonly chainId?: number;
  /** A node whose chain goes on here from a block, in a copy; nothing of it is sent there. */
  readonly fork?: { readonly rpcUrl: string; readonly block: bigint };
}

/**
 * Starts a chain and waits until it answers. It ends with `stop()`, or by itself when this process ends; it does not
 * keep this process alive.
 *
 * @throws KeelError kind `environment`, code `chain.start`.
 */
export async function startLocalChain(options: LocalChainOptions = {}): Promise<LocalChain> {
  const chainId = options.chainId ?? 31337;
  // What a node said once is kept for one run only: chains of one id may differ.
  const cache = options.fork === undefined ? "" : await mkdtemp(join(tmpdir(), "keel-fork-"));
  const child = fork(fileURLToPath(new URL("./chain-process.js", import.meta.url)), [], {
    env: {
      ...process.env,
      // Coverage has a chain of its own kind.
      HARDHAT_CONFIG: process.env.KEEL_HARDHAT_CONFIG ?? HARDHAT_CONFIG,
      HARDHAT_DISABLE_TELEMETRY_PROMPT: "true",
      KEEL_CHAIN_ID: String(chainId),
      KEEL_CHAIN_PORT: String(options.port ?? 0),
      KEEL_CHAIN_FORK: options.fork?.rpcUrl ?? "",
      KEEL_CHAIN_FORK_BLOCK: String(options.fork?.block ?? ""),
      KEEL_CHAIN_CACHE: cache,
    },
    execArgv: [],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const clean = async (): Promise<void> => {
    if (cache !== "") await rm(cache, { recursive: true, force: true });
  };
  const port = await firstReport(child).catch(async (error: unknown) => {
    await clean();
    throw error;
  });
  child.unref();
  child.channel?.unref();
  const end = async (): Promise<void> => {
    await stop(child);
    await clean();
  };
  return { rpcUrl: `http://127.0.0.1:${port}`, chainId, accounts: localAccounts(), stop: end };
}

/** Hardhat's well-known accounts. */
export function localAccounts(): LocalAccount[] {
  // Stretching the mnemonic takes a while, so it is done once.
  const parent = mnemonicToAccount(MNEMONIC, { path: "m/44'/60'/0'/0" }).getHdKey();
  return Array.from({ length: ACCOUNTS }, (_, index) => {
    const privateKey = bytesToHex(parent.deriveChild(index).privateKey!);
    return { address: privateKeyToAddress(privateKey), privateKey };
  });
}

async function firstReport(child: ChildProcess): Promise<number> {
  return await new Promise((resolve, reject) => {
    const fail = (received: string): void => {
      clearTimeout(timer);
      child.kill();
      reject(
        new KeelError({
          kind: "environment",
          code: "chain.start",
          expected: "a local Hardhat chain",
          received,
        }),
      );
    };
    const timer = setTimeout(() => fail("no answer within a minute"), START_PATIENCE_MS);
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code) => fail(`exit code ${code}`));
    child.once("message", (report: ChainReport) => {
      if ("error" in report) return fail(report.error);
      clearTimeout(timer);
      child.removeAllListeners();
      resolve(report.port);
    });
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  // Nothing else may keep this process alive until then.
  child.ref();
  child.kill();
  await ended;
}
