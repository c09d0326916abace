// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Files by which block explorers show a deployment's sources, and the commands that bring them there.
 *
 * For each contract there are two: the compiler's standard JSON input, which Etherscan and Blockscout take on their pages ("Solidity
 * (Standard-Json-Input)"), and the same as Sourcify's server takes it (docs.sourcify.dev, API version 2), which needs no account.
 *
 * @module
 */

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type KeelDeployment, recompilationOf } from "@keel/contracts";
import type { Context } from "./context.js";
import { writeText } from "./files.js";

/** How one contract's source is shown. */
export interface Verification {
  readonly contract: string;
  readonly address: `0x${string}`;
  /** Standard JSON input. */
  readonly input: string;
  /** A shell command. */
  readonly command: string;
}

const SOURCIFY = "https://sourcify.dev/server/v2/verify";

/** Writes the files of every contract of a deployment into a folder. */
export async function writeExplorerFiles(
  { chainId, steps }: Pick<KeelDeployment, "chainId" | "steps">,
  folder: string,
  context: Context,
): Promise<Verification[]> {
  await mkdir(folder, { recursive: true });
  const verifications: Verification[] = [];
  for (const [step, { address }] of Object.entries(steps)) {
    const contract = step.split(":").at(-1)!;
    const { input, compilerVersion, contractIdentifier } = await recompilationOf(contract);
    const path = join(folder, `${contract}.json`);
    const request = join(folder, `${contract}.sourcify.json`);
    await write(path, input, context);
    await write(request, { stdJsonInput: input, compilerVersion, contractIdentifier }, context);
    const command = `curl -X POST -H 'Content-Type: application/json' --data @${request} ${SOURCIFY}/${chainId}/${address}`;
    verifications.push({ contract, address, input: path, command });
  }
  return verifications;
}

async function write(path: string, content: object, context: Context): Promise<void> {
  const text = `${JSON.stringify(content, null, 1)}\n`;
  await writeText({ path, text, secret: false }, true, context.signal);
}
