// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The grammar of `keel report`.
 *
 * @module
 */

import type { Command, CommandOptions } from "commander";
import { chainAddress, collected, hashes, moment, namedAddresses, nodeUrl } from "./arguments.js";
import type { ReportOptions, ReportVerifyOptions } from "./commands/report.js";
import type { Context, Outcome } from "./context.js";

type With = (command: Command) => Command;

interface Parts {
  readonly add: (parent: Command, name: string, description: string, options?: CommandOptions) => Command;
  readonly withRegistry: With;
  readonly withDeployment: With;
  readonly withFromBlock: With;
  readonly withSender: With;
}

/** Adds them. */
export function addReportCommands(
  program: Command,
  context: Context,
  finish: (outcome: Outcome) => void,
  { add, withRegistry, withDeployment, withFromBlock, withSender }: Parts,
): void {
  const load = () => import("./commands/report.js");
  const report = program
    .command("report")
    .description("a report of records for people: what was attested, lapses and why, figures");
  withSender(
    withReaders(
      withFromBlock(
        withRegistry(add(report, "make", "verify records again and write the report", { isDefault: true })),
      ),
    ),
  )
    .requiredOption(
      "--subject <[name=]address>",
      "whose record, with a name for people; once for each fund",
      namedAddresses("--subject"),
    )
    .option("--policy-id <hash>", "under this policy alone; once for each", hashes("--policy-id"))
    .option("--line <name>", "under this line of policies instead")
    .option("--from <time>", "begin of the span; the first attestation when absent", moment("--from"))
    .option("--until <time>", "end of the span; the newest block when absent", moment("--until"))
    .option("--out <file>", "the report/2 file to write")
    .option("--csv <file>", "also write it as CSV")
    .option("--pdf <file>", "also write it as PDF")
    .option("--aifmd <file>", "also write a subset of an AIFMD Annex IV filing (XML), with --facts")
    .option("--facts <file>", "aifmd-facts/1 file: what the filer declares")
    .option("--sign", "sign the content's hash as the sender")
    .option("--force", "replace existing files")
    .action(async (options: ReportOptions) => {
      finish(await (await load()).report(options, context));
    });
  withReaders(
    withDeployment(add(report, "verify", "check a report's hash and signature, and what the chain says")),
  )
    .argument("<file>", "report/2 file")
    .option("--rpc <url>", "the chain's node: build the report again and compare", nodeUrl("--rpc"))
    .option("--registry <address>", "the registry that you know", chainAddress("--registry"))
    .option("--expect-signer <address>", "who has to have signed", chainAddress("--expect-signer"))
    .option(
      "--subject <address>",
      "whose record has to be in it; once for each fund",
      namedAddresses("--subject"),
    )
    .option("--csv <file>", "has to be this report as CSV")
    .option("--pdf <file>", "has to be this report as PDF")
    .option("--aifmd <file>", "has to be this report as XML, with --facts")
    .option("--facts <file>", "aifmd-facts/1 file that it was made with")
    .action(async (file: string, options: ReportVerifyOptions) => {
      finish(await (await load()).verifyReport(file, options, context));
    });
}

/** What lets a reader see more. */
function withReaders(command: Command): Command {
  return command
    .option("--policy <file>", "policy/2 file, with --market: names scenarios, and what they move")
    .option("--market <file>", "market/1 file of that policy: names underlyings")
    .option("--viewer-key [file]", "viewer-key/1 file (secret), or the variable KEEL_VIEWER_KEY: reads sums")
    .option(
      "--opening <file>",
      "what the manager opened of one attestation (secret); once for each",
      collected,
    )
    .option("--key <circuit=file>", "verification key; the built circuit's when absent", collected);
}
