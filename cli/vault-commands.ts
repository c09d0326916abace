// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The grammar of `keel state`.
 *
 * @module
 */

import type { Command } from "commander";
import { chainAddress, nodeUrl } from "./arguments.js";
import type {
  StateBackupOptions,
  StateRecoverOptions,
  StateShowOptions,
  VaultOptions,
} from "./commands/state.js";
import type { Context, Outcome } from "./context.js";

type Add = (parent: Command, name: string, description: string) => Command;

/** Adds them. */
export function addStateCommands(
  program: Command,
  context: Context,
  finish: (outcome: Outcome) => void,
  {
    add,
    withRegistry,
    withFromBlock,
  }: Record<"withRegistry" | "withFromBlock", (command: Command) => Command> & {
    readonly add: Add;
  },
): void {
  const load = () => import("./commands/state.js");
  const state = program.command("state").description("the vault of the drawdown chain's states");
  const vault = (name: string, description: string): Command =>
    add(state, name, description).requiredOption("--vault <folder>", "the vault (secret)");
  vault("init", "make a vault with a new seed").action(async (options: VaultOptions) => {
    finish(await (await load()).stateInit(options, context));
  });
  vault("show", "the states, and with a registry which one is confirmed")
    .option("--rpc <url>", "the chain's node", nodeUrl("--rpc"))
    .option("--registry <address>", "the registry", chainAddress("--registry"))
    .option("--subject <address>", "of this subject alone", chainAddress("--subject"))
    .action(async (options: StateShowOptions) => {
      finish(await (await load()).stateShow(options, context));
    });
  withFromBlock(withRegistry(vault("recover", "open the registry's state from the seed and the chain")))
    .requiredOption("--subject <address>", "whose state", chainAddress("--subject"))
    .option("--backup <file>", "make the vault from this backup (secret)")
    .option("--seed <file>", "make the vault from this seed/1 file (secret)")
    .option("--password-file <file>", "the backup's password, on the first line; else KEEL_PASSWORD")
    .option("--state <file>", "a state/1 file from before there was a vault (secret)")
    .action(async (options: StateRecoverOptions) => {
      finish(await (await load()).stateRecover(options, context));
    });
  vault("backup", "write the seed under a password")
    .requiredOption("--out <file>", "the backup to write")
    .option("--password-file <file>", "its password, on the first line; else the variable KEEL_PASSWORD")
    .action(async (options: StateBackupOptions) => {
      finish(await (await load()).stateBackup(options, context));
    });
}
