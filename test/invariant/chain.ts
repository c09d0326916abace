// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Hardhat's chain in this very process: thousands of calls a second. The clock moves only when told.
 *
 * @module
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { keelErrorsAbi } from "@keel/verifier/chain";
import {
  type Address,
  custom,
  decodeErrorResult,
  type EIP1193Provider,
  type Hex,
  isHex,
  parseAbi,
} from "viem";
import { PACKAGE } from "../support/cli.js";

/** Refusals of the vault that are not Keel's own. */
const VAULT_ERRORS = parseAbi([
  "error ERC4626ExceededMaxDeposit(address receiver, uint256 assets, uint256 max)",
  "error ERC4626ExceededMaxMint(address receiver, uint256 shares, uint256 max)",
  "error ERC4626ExceededMaxWithdraw(address owner, uint256 assets, uint256 max)",
  "error ERC4626ExceededMaxRedeem(address owner, uint256 shares, uint256 max)",
  "error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)",
]);
const GAS = "0xf00000";

export interface Chain {
  readonly transport: ReturnType<typeof custom>;
  /** Unix seconds of the latest block. */
  readonly now: () => number;
  /** Sends in the next second; after `keep`. @returns the error that refused it */
  readonly send: (from: Address, to: Address, data: Hex) => Promise<string | undefined>;
  readonly call: (to: Address, data: Hex) => Promise<Hex>;
  /** Lets time pass, in one block. */
  readonly wait: (seconds: number) => Promise<void>;
  /** Puts other code at an address. */
  readonly setCode: (address: Address, code: Hex) => Promise<void>;
  /** Remembers this moment, from which the clock is told; the result goes back to it. */
  readonly keep: () => Promise<() => Promise<void>>;
}

/** @param now unix seconds, after the present */
export async function openChain(now: number): Promise<Chain> {
  process.env.HARDHAT_CONFIG = join(PACKAGE, "contracts", "hardhat.config.cjs");
  process.env.HARDHAT_DISABLE_TELEMETRY_PROMPT = "true";
  const require = createRequire(import.meta.url);
  const hardhat = require("hardhat") as { run(task: string): Promise<EIP1193Provider> };
  const { TASK_NODE_GET_PROVIDER } = require("hardhat/builtin-tasks/task-names") as Record<string, string>;
  const provider = await hardhat.run(TASK_NODE_GET_PROVIDER!);
  const request = (method: string, ...params: unknown[]): Promise<unknown> =>
    provider.request({ method, params } as never);
  let clock = now;
  const next = async (seconds: number): Promise<void> => {
    clock += seconds;
    await request("evm_setNextBlockTimestamp", clock);
  };
  // The process has one chain: whatever was on it is gone.
  await request("hardhat_reset");
  await next(0);
  await request("evm_mine");
  return {
    transport: custom(provider),
    now: () => clock,
    async send(from, to, data) {
      await next(1);
      return await request("eth_sendTransaction", { from, to, data, gas: GAS }).then(
        () => undefined,
        errorName,
      );
    },
    call: async (to, data) => (await request("eth_call", { to, data }, "latest")) as Hex,
    async wait(seconds) {
      await next(seconds);
      await request("evm_mine");
    },
    setCode: async (address, code) => void (await request("hardhat_setCode", address, code)),
    async keep() {
      const { timestamp } = (await request("eth_getBlockByNumber", "latest", false)) as { timestamp: Hex };
      const then = Number(timestamp);
      let id = await request("evm_snapshot");
      return async () => {
        await request("evm_revert", id);
        id = await request("evm_snapshot");
        clock = then;
      };
    },
  };
}

function errorName(error: unknown): string {
  const { data } = error as { data?: unknown };
  const revert = typeof data === "object" && data !== null ? (data as { data?: unknown }).data : data;
  if (typeof revert !== "string" || !isHex(revert)) throw error;
  return decodeErrorResult({ abi: [...keelErrorsAbi, ...VAULT_ERRORS], data: revert }).errorName;
}
