// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel dev` as a process, for tests.
 *
 * @module
 */

import type { Hex } from "viem";
import { type Ended, start } from "./cli.js";

/** What it says when it is ready. */
export interface DevStarted {
  readonly rpc: string;
  readonly chainId: number;
  readonly registry: Hex;
  readonly circuits: readonly string[];
  readonly accounts: readonly { readonly account: number; readonly address: Hex }[];
}

/** A running one. */
export interface RunningDev {
  readonly started: DevStarted;
  /** Ends it with Ctrl-C. */
  stop(): Promise<Ended>;
}

/** Starts it and waits until it is ready. */
export async function startDev(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<RunningDev> {
  const { child, ended } = start(["dev", "start", ...args, "--json"], { env });
  const line = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout!.on("data", (part: string) => {
      text += part;
      if (text.includes("\n")) resolve(text.split("\n", 1)[0]!);
    });
    void ended.then(({ stderr }) => reject(new Error(`keel dev ended: ${stderr}`)));
  });
  return {
    started: JSON.parse(line) as DevStarted,
    stop: async () => {
      child.kill("SIGINT");
      return await ended;
    },
  };
}
