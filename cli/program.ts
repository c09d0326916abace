// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The grammar of the command line. Each command's module is loaded when it runs, so that `keel --help` and `keel check` do
 * not wait for a prover or a chain client.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { BEACON_EXPONENT } from "@keel/circuits/beacon";
import { Command, CommanderError, type CommandOptions, Option, type OutputConfiguration } from "commander";
import {
  accounts,
  addresses,
  chainAddress,
  collected,
  element,
  hash,
  LATEST_TIME,
  nodeUrl,
  once,
  share,
  units,
  wholeNumber,
} from "./arguments.js";
import { type ClockOptions, withClock } from "./clock.js";
import type { AttestOptions } from "./commands/attest.js";
import type {
  CeremonyBeaconOptions,
  CeremonyContributeOptions,
  CeremonyExportOptions,
  CeremonyNewOptions,
  CeremonyVerifyOptions,
} from "./commands/ceremony.js";
import type { CheckOptions } from "./commands/check.js";
import type { CollectOptions } from "./commands/collect.js";
import type { DevOptions, DevStartOptions } from "./commands/dev.js";
import type { DoctorOptions } from "./commands/doctor.js";
import type { EnrolOptions } from "./commands/enrol.js";
import type { HistoryOptions } from "./commands/history.js";
import type { ImportChainOptions } from "./commands/import-chain.js";
import type { ImportCsvOptions } from "./commands/import-csv.js";
import type { ImportVenueOptions } from "./commands/import-venue.js";
import type { InitOptions } from "./commands/init.js";
import type { KeygenOptions } from "./commands/keygen.js";
import type { MarketBuildOptions } from "./commands/market-build.js";
import type { MarketDepthOptions } from "./commands/market-depth.js";
import type { MarketFetchOptions } from "./commands/market-fetch.js";
import type { MergeOptions } from "./commands/merge.js";
import type { MigrateOptions } from "./commands/migrate.js";
import type { OpenOptions } from "./commands/open.js";
import type { PolicyExplainOptions } from "./commands/policy-explain.js";
import type { PolicyFitOptions } from "./commands/policy-fit.js";
import type { PolicyPinOptions } from "./commands/policy-pin.js";
import type { ProveOptions } from "./commands/prove.js";
import type { PublishMarketOptions } from "./commands/publish-market.js";
import type { PublishPolicyOptions } from "./commands/publish-policy.js";
import type { ReadOptions } from "./commands/read.js";
import type { ReturnsBuildOptions } from "./commands/returns-build.js";
import type { SignOptions } from "./commands/sign.js";
import type { SignMarketOptions } from "./commands/sign-market.js";
import type { SignUnitsOptions } from "./commands/sign-units.js";
import type { StatusOptions } from "./commands/status.js";
import type { VerifyOptions } from "./commands/verify.js";
import type { ViewerNewOptions } from "./commands/viewer.js";
import type { VoidOptions } from "./commands/void.js";
import type { WatchOptions } from "./commands/watch.js";
import type { Context, Outcome } from "./context.js";
import type { DeployCommandOptions } from "./deploy-plan.js";
import type { DeploymentOptions } from "./deployment-option.js";
import { usageError } from "./errors.js";
import { addOperatorCommands } from "./operator-commands.js";
import { addReportCommands } from "./report-commands.js";
import { addRunCommand } from "./run-commands.js";
import { addStateCommands } from "./vault-commands.js";

const EXIT_CODES = `
Exit codes: 0 yes; 1 bad input or usage; 2 the portfolio breaks the policy (watch: something happened); 3 the proof or
attestation is invalid; 4 the environment (artifacts, chain, file system).`;

const ANY_CHAIN = Number.MAX_SAFE_INTEGER;
const ANY_BLOCK = Number.MAX_SAFE_INTEGER;
const ANY_TIME = LATEST_TIME;
const ANY_SPAN = 2 ** 32 - 1;
const LAST_LOCAL_ACCOUNT = 19;
const FROM_BLOCK = "at or before the registry's first block; a deployments file has it";

/** Where a command leaves its result. */
type Finish = (outcome: Outcome) => void;

/**
 * Parses arguments and runs the command they name.
 *
 * @throws KeelError `usage` for arguments that are none; whatever the command throws
 */
export async function parseCommandLine(argv: readonly string[], context: Context): Promise<Outcome> {
  let outcome: Outcome | undefined;
  let help = "";
  const output: OutputConfiguration = {
    writeOut: (text) => {
      help += text;
    },
    // The error is reported once, by whoever catches it.
    writeErr: () => {},
  };
  const program = createProgram(context, output, (result) => {
    outcome = result;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { json: { help: help.trimEnd() }, text: help.trimEnd() };
    throw fromCommander(error, argv, program);
  }
  return outcome!;
}

/** The grammar. @param finish called with the outcome of the command that ran */
export function createProgram(context: Context, output: OutputConfiguration, finish: Finish): Command {
  const program = new Command("keel")
    .description("Prove that a private portfolio respects a public risk policy.")
    .version(version(), "-V, --version")
    .addHelpText("after", EXIT_CODES)
    .configureOutput(output)
    .exitOverride();
  addInitCommand(program, context, finish);
  addManagerCommands(program, context, finish);
  addVerifierCommands(program, context, finish);
  addViewerCommands(program, context, finish);
  addSourceCommands(program, context, finish);
  addImportCommands(program, context, finish);
  addMergeCommand(program, context, finish);
  addMarketCommands(program, context, finish);
  addPolicyCommands(program, context, finish);
  addChainCommands(program, context, finish);
  addRecordCommands(program, context, finish);
  addReportCommands(program, context, finish, {
    add,
    withRegistry,
    withDeployment,
    withFromBlock,
    withSender,
  });
  addDeployCommand(program, context, finish);
  addDevCommands(program, context, finish);
  addOperatorCommands(program, context, finish, {
    ...{ add, withRegistry, withSender, withConfirmations, withFromBlock },
    withPolicy,
  });
  addRunCommand(program, context, finish, add);
  addStateCommands(program, context, finish, { add, withRegistry, withFromBlock });
  addEnvironmentCommands(program, context, finish);
  addCeremonyCommands(program, context, finish);
  return program;
}

function addInitCommand(program: Command, context: Context, finish: Finish): void {
  add(program, "init", "make a folder with the first files of a book; asks when no template is named")
    .argument("<folder>", "a new one, or one without such files")
    .option("--template <name>", "the strategy to start from; the other options stay its own when absent")
    .option("--name <text>", "the policy's name")
    .option(
      "--subject <address>",
      "the fund; account 1 of local chains when absent",
      chainAddress("--subject"),
    )
    .option("--accounts <list>", "id=SourceName,id=SourceName", accounts("--accounts"))
    .option("--instruments <list>", "what the book may hold, with commas", (text) => text.split(","))
    .option("--units-token <address>", "share token that says the units", chainAddress("--units-token"))
    .option(
      "--units-administrator <address>",
      "who signs the units with a key",
      chainAddress("--units-administrator"),
    )
    .action(async (folder: string, options: InitOptions) => {
      const { init } = await import("./commands/init.js");
      finish(await init(folder, options, context));
    });
}

function addManagerCommands(program: Command, context: Context, finish: Finish): void {
  withClockOf(withBook(add(program, "check", "every metric and limit with its headroom; no proof")))
    .option("--units <file>", "units/1 file from the fund's administrator, where the policy names one")
    .option("--state <file>", "latest state of the drawdown chain (secret); its genesis when absent")
    .option("--after <file>", "trades/1 file: judge the book as these trades would leave it")
    .action(async (options: CheckOptions & ClockOptions) => {
      const { check } = await import("./commands/check.js");
      finish(await check(options, await withClock(options, context)));
    });
  withDeployment(
    withClockOf(
      withBook(add(program, "prove", "prove that a snapshot respects a policy, and write the attestation")),
    ),
  )
    .requiredOption("--out <file>", "the attestation to write")
    .option("--chain-id <n>", "the chain where it shall count", wholeNumber("--chain-id", 1, ANY_CHAIN))
    .option("--registry <address>", "the registry where it shall count", chainAddress("--registry"))
    .option("--opening <file>", "also write the salts that open the commitments (secret)")
    .option("--enrolment <file>", "the declared accounts, from enrol (secret)")
    .option("--units <file>", "units/1 file from the fund's administrator, where the policy names one")
    .option("--state <file>", "latest state of the drawdown chain (secret); its genesis when absent")
    .option("--same-units", "go on from a state whose units another source counted on the same scale")
    .option("--state-out <file>", "write the state that the next proof starts from (secret); never replaced")
    .option("--vault <folder>", "take and keep states there instead, as `keel state` does; asks --rpc")
    .option("--artifacts <folder>", "what a ceremony exported; a development key when absent")
    .option("--tail-artifacts <folder>", "the same for the tail-risk circuit")
    .option("--liquidity-artifacts <folder>", "the same for the liquidity circuit")
    .option("--disclosure-artifacts <folder>", "the same for the disclosure circuit")
    .option("--workers <n>", "worker threads", wholeNumber("--workers", 1, 64))
    .option("--timeout <seconds>", "give up after this time", wholeNumber("--timeout", 1, 86_400))
    .option("--insecure", "accept a development key outside local test chains")
    .option("--force", "replace existing files")
    .action(async (options: ProveOptions & ClockOptions) => {
      const { prove } = await import("./commands/prove.js");
      finish(await prove(options, await withClock(options, context)));
    });
}

function addViewerCommands(program: Command, context: Context, finish: Finish): void {
  add(
    program.command("viewer").description("who can read the sums of attestations under a policy"),
    "new",
    "make a viewer's key pair",
  )
    .requiredOption("--out <file>", "the key file to write (secret)")
    .option("--force", "replace an existing file")
    .action(async (options: ViewerNewOptions) => {
      const { newViewer } = await import("./commands/viewer.js");
      finish(await newViewer(options, context));
    });
  withHistory(add(program, "read", "read what a record's attestations seal for a viewer"))
    .option("--policy <file>", "policy/2 file, with --market instead of --policy-id: names scenarios too")
    .option("--market <file>", "market/1 file of that policy: names underlyings")
    .option("--viewer-key <file>", "viewer-key/1 file (secret); the variable KEEL_VIEWER_KEY when absent")
    .option("--key <circuit=file>", "verification key; the built circuit's when absent", collected)
    .option("--csv <file>", "also write every figure of every attestation (secret)")
    .option("--force", "replace an existing file")
    .action(async (options: ReadOptions) => {
      const { read } = await import("./commands/read.js");
      finish(await read(options, context));
    });
  withBook(add(program, "open", "open an attestation's sums to one reader, and nothing of the accounts"))
    .requiredOption("--attestation <file>", "attestation/2 file")
    .requiredOption("--salts <file>", "opening/2 file, from prove --opening (secret)")
    .requiredOption("--enrolment <file>", "the declared accounts, in whose order equity is (secret)")
    .requiredOption("--out <file>", "the opening to write, for the reader (secret)")
    .option("--force", "replace an existing file")
    .action(async (options: OpenOptions) => {
      const { open } = await import("./commands/open.js");
      finish(await open(options, context));
    });
}

function addVerifierCommands(program: Command, context: Context, finish: Finish): void {
  withDeployment(
    withClockOf(
      withPublic(
        add(program, "verify", "verify an attestation off chain, against your own market and policy"),
      ),
    ),
  )
    .requiredOption("--attestation <file>", "attestation/2 file")
    .option("--key <file>", "verification key; the built circuit's when absent")
    .option("--tail-key <file>", "the tail-risk circuit's, likewise")
    .option("--liquidity-key <file>", "the liquidity circuit's, likewise")
    .option("--disclosure-key <file>", "the disclosure circuit's, likewise")
    .option("--opening <file>", "what the manager opened to you, from open (secret): shows its figures")
    .option("--on-chain", "the registry's log has to have it: with --rpc and --registry")
    .option("--from-block <n>", FROM_BLOCK, wholeNumber("--from-block", 0, ANY_BLOCK))
    .option("--insecure", "accept a development key though no registry on a local test chain is named")
    .option("--live", "an attestation that has expired is invalid")
    .option("--chain-id <n>", "the chain where it has to count", wholeNumber("--chain-id", 1, ANY_CHAIN))
    .option("--registry <address>", "the registry where it has to count", chainAddress("--registry"))
    .option("--expect-subject <address>", "whose book it has to be", chainAddress("--expect-subject"))
    .option("--expect-enrolment <n>", "the accounts that the subject declared", element("--expect-enrolment"))
    .option(
      "--expect-state <n>",
      "the drawdown state that it has to go on from; 0: none",
      element("--expect-state"),
    )
    .option("--expect-units <amount>", "units of the fund at the snapshot's time", units("--expect-units"))
    .option(
      "--now [seconds]",
      "the snapshot is at most the policy's maxAge old then; the present without a number",
      wholeNumber("--now", 0, ANY_TIME),
    )
    .action(async (options: VerifyOptions & ClockOptions) => {
      const { verify } = await import("./commands/verify.js");
      finish(await verify(options, await withClock(options, context)));
    });
}

function addSourceCommands(program: Command, context: Context, finish: Finish): void {
  add(program, "keygen", "make a source's key pair")
    .requiredOption("--out <file>", "the key file to write (secret)")
    .option("--force", "replace an existing file")
    .action(async (options: KeygenOptions) => {
      const { keygen } = await import("./commands/keygen.js");
      finish(await keygen(options, context));
    });
  add(program, "sign", "sign the accounts of a snapshot as their source")
    .requiredOption("--snapshot <file>", "snapshot/1 file (secret); - is standard input")
    .requiredOption("--market <file>", "market/1 file, the source's own: its rows are signed, not its prices")
    .option("--policy <file>", "policy/2 file with the source's name, circuit and series")
    .option("--returns <file>", "returns/1 file, with a policy with tail-risk limits")
    .option("--liquidity <file>", "liquidity/1 file, with a policy that limits the days to unwind")
    .option("--source <name>", "the source's name, with --circuit instead of --policy")
    .option("--circuit <id>", "the circuit that the accounts will be proven with")
    .option(
      "--series <id>",
      "refuse a market of another series, which the source has pinned",
      hash("--series"),
    )
    .requiredOption("--key <file>", "the source's key file", once("--key"))
    .requiredOption("--out <file>", "the signed snapshot to write (secret)")
    .option("--force", "replace an existing file")
    .action(async (options: SignOptions) => {
      const { sign } = await import("./commands/sign.js");
      finish(await sign(options, context));
    });
  withClockOf(
    withPublic(add(program, "collect", "ask every source for its accounts at one time, into one snapshot")),
  )
    .requiredOption("--subject <address>", "whose accounts", chainAddress("--subject"))
    .requiredOption("--as-of <seconds>", "their time, unix seconds", wholeNumber("--as-of", 0, ANY_TIME))
    .requiredOption(
      "--source <name=url>",
      "a source of the policy and where it listens; once each",
      collected,
    )
    .requiredOption("--token-file <file>", "lines NAME=TOKEN (secret)")
    .requiredOption("--out <file>", "the snapshot to write (secret)")
    .option("--force", "replace an existing file")
    .action(async (options: CollectOptions & ClockOptions) => {
      const { collect } = await import("./commands/collect.js");
      finish(await collect(options, await withClock(options, context)));
    });
  withSender(add(program, "sign-units", "sign how many units a fund has, as its administrator"))
    .requiredOption("--subject <address>", "whose units", chainAddress("--subject"))
    .requiredOption(
      "--as-of <seconds>",
      "the snapshot's time, unix seconds",
      wholeNumber("--as-of", 0, ANY_TIME),
    )
    .requiredOption("--units <amount>", "units outstanding at that time", units("--units"))
    .requiredOption("--out <file>", "the signed units to write")
    .option("--force", "replace an existing file")
    .action(async (options: SignUnitsOptions) => {
      const { signFundUnits } = await import("./commands/sign-units.js");
      finish(await signFundUnits(options, context));
    });
}

function addImportCommands(program: Command, context: Context, finish: Finish): void {
  const importing = program.command("import").description("make a snapshot from data of another form");
  add(importing, "csv", "a CSV file with the header account,source,instrument,quantity, or as a mapping says")
    .requiredOption("--csv <file>", "the positions (secret); - is standard input")
    .option("--mapping <file>", "mapping/1 or mapping/2 file: where a venue's own export has them")
    .requiredOption("--market <file>", "market/1 file with the instruments")
    .requiredOption("--subject <address>", "whose positions", chainAddress("--subject"))
    .requiredOption("--as-of <seconds>", "their time, unix seconds", wholeNumber("--as-of", 0, ANY_TIME))
    .requiredOption("--out <file>", "the snapshot to write (secret)")
    .option("--force", "replace an existing file")
    .action(async (options: ImportCsvOptions) => {
      const { importCsv } = await import("./commands/import-csv.js");
      finish(await importCsv(options, context));
    });
  add(importing, "chain", "what an address holds, supplied to and owes to lenders of a chain, at one block")
    .requiredOption("--rpc <url>", "the chain's node", nodeUrl("--rpc"))
    .requiredOption("--mapping <file>", "chain-mapping/1 file: tokens, lenders, and what they are here")
    .requiredOption("--market <file>", "market/1 file with the instruments")
    .requiredOption("--subject <address>", "who will prove", chainAddress("--subject"))
    .option("--owner <address>", "whose positions; the subject's when absent", chainAddress("--owner"))
    .requiredOption("--account <id>", "the account of what the owner holds itself")
    .requiredOption("--source <name>", "the policy's source that will sign")
    .option("--block <n>", "at this block; the latest when absent", wholeNumber("--block", 0, ANY_BLOCK))
    .option(
      "--scan-from <block>",
      "look for lenders that the mapping leaves out in the logs from this block on",
      wholeNumber("--scan-from", 0, ANY_BLOCK),
    )
    .option("--check-rpc <url>", "a second node, which has to say the same", nodeUrl("--check-rpc"))
    .requiredOption("--out <file>", "the snapshot to write (secret)")
    .option("--force", "replace an existing file")
    .action(async (options: ImportChainOptions) => {
      const { importChain } = await import("./commands/import-chain.js");
      finish(await importChain(options, context));
    });
  addVenueCommands(importing, context, finish);
}

/** Each venue and what its responses are. */
const VENUES = {
  hyperliquid: "Hyperliquid: perp=FILE for each dex, spot=FILE",
  deribit: "Deribit: summaries=FILE, positions=FILE",
  "binance-portfolio-margin": "Binance portfolio margin: balance=FILE, um=FILE, cm=FILE, account=FILE",
  binance: "Binance: spot=FILE, futures=FILE",
  okx: "OKX: balance=FILE, positions=FILE, instruments=FILE for each type",
  bybit: "Bybit: wallet=FILE, positions=FILE for each category",
  fireblocks: "Fireblocks: vault=FILE for each page",
  "coinbase-prime": "Coinbase Prime: balances=FILE",
} as const;

function addVenueCommands(importing: Command, context: Context, finish: Finish): void {
  for (const [venue, description] of Object.entries(VENUES)) {
    add(importing, venue, `saved responses of ${description}`)
      .requiredOption("--response <name=file>", "a response as it was saved (secret)", collected)
      .requiredOption("--market <file>", "market/1 file with the instruments")
      .option("--mapping <file>", "venue-mapping/1 file: names that the market has otherwise")
      .requiredOption("--subject <address>", "who will prove", chainAddress("--subject"))
      .requiredOption("--account <id>", "the account")
      .requiredOption("--source <name>", "the policy's source that will sign")
      .requiredOption("--as-of <seconds>", "its time, unix seconds", wholeNumber("--as-of", 0, ANY_TIME))
      .option("--tolerance <share>", "how far equity and the venue's own figure may differ; 0.01 when absent")
      .requiredOption("--out <file>", "the snapshot to write (secret)")
      .option("--force", "replace an existing file")
      .action(async (options: ImportVenueOptions) => {
        const { importVenue } = await import("./commands/import-venue.js");
        finish(await importVenue(venue as keyof typeof VENUES, options, context));
      });
  }
}

function addMergeCommand(program: Command, context: Context, finish: Finish): void {
  add(program, "merge", "put snapshots of one subject and time together; signatures are kept")
    .requiredOption("--snapshot <file>", "snapshot/1 file (secret), at least two", collected)
    .requiredOption("--out <file>", "the snapshot to write (secret)")
    .option("--force", "replace an existing file")
    .action(async (options: MergeOptions) => {
      const { merge } = await import("./commands/merge.js");
      finish(await merge(options, context));
    });
}

function addMarketCommands(program: Command, context: Context, finish: Finish): void {
  const market = program.command("market").description("prepare a market table");
  withPublic(add(market, "build", "compute greeks and stress P&L of the options that give a contract"))
    .requiredOption("--out <file>", "the complete market/1 file to write")
    .option("--force", "replace an existing file")
    .action(async (options: MarketBuildOptions) => {
      const { buildMarketFile } = await import("./commands/market-build.js");
      finish(await buildMarketFile(options, context));
    });
  withResponses(add(market, "fetch", "make a market from public data, saved or read from price feeds"))
    .requiredOption("--sources <file>", "market-sources/1 file: the rows, and where each price is from")
    .option("--origins <file>", "also write where each price is from, and of when it is")
    .action(async (options: MarketFetchOptions) => {
      const { fetchMarketFile } = await import("./commands/market-fetch.js");
      finish(await fetchMarketFile(options, context));
    });
  withResponses(add(market, "depth", "units a day that each instrument's order books and pools can take"))
    .requiredOption("--sources <file>", "depth-sources/1 file: participation, band, and each one's books")
    .requiredOption("--market <file>", "market/1 file with the instruments")
    .action(async (options: MarketDepthOptions) => {
      const { marketDepthFile } = await import("./commands/market-depth.js");
      finish(await marketDepthFile(options, context));
    });
  const returns = program.command("returns").description("prepare a returns table");
  add(returns, "build", "daily returns and their covariance from a history of prices")
    .requiredOption("--prices <file>", "CSV: date and a column for each underlying, a row a day")
    .requiredOption("--market <file>", "market/1 file with the underlyings")
    .requiredOption("--days <n>", "returns in the table", wholeNumber("--days", 2, 1024))
    .requiredOption(
      "--as-of <seconds>",
      "the table's time, unix seconds",
      wholeNumber("--as-of", 0, ANY_TIME),
    )
    .requiredOption("--shrinkage <name>", "none, ledoit-wolf-2004, or diagonal:SHARE")
    .option("--span-gaps", "a return over several days counts as one day's")
    .requiredOption("--out <file>", "the returns/1 file to write")
    .option("--force", "replace an existing file")
    .action(async (options: ReturnsBuildOptions) => {
      const { buildReturnsFile } = await import("./commands/returns-build.js");
      finish(await buildReturnsFile(options, context));
    });
}

function addPolicyCommands(program: Command, context: Context, finish: Finish): void {
  const policy = program.command("policy").description("prepare a policy");
  add(policy, "pin", "write into a policy which series of tables it is judged by")
    .requiredOption("--policy <file>", "policy/2 file, or a draft of one without series")
    .requiredOption("--market <file>", "market/1 file of the series")
    .option("--returns <file>", "returns/1 file of the series, for a policy with tail-risk limits")
    .option("--liquidity <file>", "liquidity/1 file of the series, for a policy that limits days to unwind")
    .option("--series <id>", "series of a market that a contract reads from feeds (0x02…)", hash("--series"))
    .requiredOption("--out <file>", "the policy to write")
    .option("--force", "replace an existing file")
    .action(async (options: PolicyPinOptions) => {
      const { pinPolicy } = await import("./commands/policy-pin.js");
      finish(await pinPolicy(options, context));
    });
  withClockOf(
    withPublic(
      add(policy, "explain", "each limit in words, with values that others use and where that is said"),
    ),
  )
    .option("--snapshot <file>", "also show the value in this book (secret)")
    .option("--units <file>", "units/1 file from the fund's administrator")
    .option("--state <file>", "latest state of the drawdown chain (secret)")
    .action(async (options: PolicyExplainOptions & ClockOptions) => {
      const { explainPolicy } = await import("./commands/policy-explain.js");
      finish(await explainPolicy(options, await withClock(options, context)));
    });
  withClockOf(
    withBook(add(policy, "fit", "limits that a book keeps with a margin, beside those of its policy")),
  )
    .option("--margin <share>", "of each value", share("--margin"), 2_000n)
    .option("--units <file>", "units/1 file from the fund's administrator")
    .option("--state <file>", "latest state of the drawdown chain (secret)")
    .option("--out <file>", "the policy to write with them")
    .option("--force", "replace an existing file")
    .action(async (options: PolicyFitOptions & ClockOptions) => {
      const { fitPolicy } = await import("./commands/policy-fit.js");
      finish(await fitPolicy(options, await withClock(options, context)));
    });
  add(program, "migrate", "convert a policy or an enrolment of statement version 1")
    .option("--policy <file>", "policy/1 file to convert; with --enrolment the policy/2 file of its sources")
    .option("--market <file>", "market/1 file of the series that the policy shall name")
    .option("--returns <file>", "returns/1 file, for a policy with tail-risk limits")
    .option("--units-token <address>", "share token that says the units", chainAddress("--units-token"))
    .option(
      "--units-administrator <address>",
      "who signs the units with a key",
      chainAddress("--units-administrator"),
    )
    .option(
      "--units-administrator-contract <address>",
      "contract that signs the units (ERC-1271)",
      chainAddress("--units-administrator-contract"),
    )
    .option(
      "--min-interval <seconds>",
      "least time between attestations of a streak; half the validity when absent",
      wholeNumber("--min-interval", 1, ANY_SPAN),
    )
    .option("--enrolment <file>", "enrolment/1 file to convert (secret)")
    .option("--snapshot <file>", "snapshot/1 file with the accounts' sources (secret)")
    .option("--attestation <file>", "says what to do instead")
    .option("--opening <file>", "says what to do instead (secret)")
    .option("--signature <file>", "a publisher's: says what to do instead")
    .option("--out <file>", "the file to write")
    .option("--force", "replace an existing file")
    .action(async (options: MigrateOptions) => {
      const { migrate } = await import("./commands/migrate.js");
      finish(await migrate(options, context));
    });
}

function addChainCommands(program: Command, context: Context, finish: Finish): void {
  withDeployment(
    withConfirmations(
      withSender(
        add(program, "enrol", "declare the subject's accounts: make the list, or send its commitment"),
      ),
    ),
  )
    .option("--accounts <list>", "id=SourceName,id=SourceName: accounts, in order", accounts("--accounts"))
    .option("--snapshot <file>", "take the accounts of a snapshot instead; - is standard input")
    .option("--policy <file>", "policy/2 file with the sources' keys")
    .option("--out <file>", "the enrolment to write (secret)")
    .option("--force", "replace an existing file")
    .option("--enrolment <file>", "send this enrolment's commitment, as the subject")
    .option("--vault <folder>", "derive the new list's salt from this vault's seed; with --subject")
    .option("--subject <address>", "whose list, with --vault", chainAddress("--subject"))
    .option("--rpc <url>", "the chain's node", nodeUrl("--rpc"))
    .option("--registry <address>", "the registry", chainAddress("--registry"))
    .action(async (options: EnrolOptions) => {
      const { enrolSubject } = await import("./commands/enrol.js");
      finish(await enrolSubject(options, context));
    });
  withConfirmations(
    withSender(withRegistry(withPublic(add(program, "publish-policy", "publish a policy's terms on chain")))),
  ).action(async (options: PublishPolicyOptions) => {
    const { publishPolicyTerms } = await import("./commands/publish-policy.js");
    finish(await publishPolicyTerms(options, context));
  });
  withSender(
    withRegistry(
      withPublic(add(program, "sign-market", "sign a table of prices, returns or depths as a publisher")),
    ),
  )
    .addOption(tableOption())
    .requiredOption("--out <file>", "the signature to write")
    .option("--force", "replace an existing file")
    .action(async (options: SignMarketOptions) => {
      const { signMarketTable } = await import("./commands/sign-market.js");
      finish(await signMarketTable(options, context));
    });
  withConfirmations(
    withSender(
      withRegistry(
        withPublic(
          add(program, "publish-market", "publish a signed table of prices, returns or depths on chain"),
        ),
      ),
    ),
  )
    .addOption(tableOption())
    .requiredOption("--signature <file>", "from sign-market; once for each publisher", collected)
    .action(async (options: PublishMarketOptions) => {
      const { publishMarketTable } = await import("./commands/publish-market.js");
      finish(await publishMarketTable(options, context));
    });
  withConfirmations(
    withSender(withRegistry(withPublic(add(program, "attest", "submit an attestation to its registry")))),
  )
    .requiredOption("--attestation <file>", "attestation/2 file")
    .action(async (options: AttestOptions) => {
      const { attest } = await import("./commands/attest.js");
      finish(await attest(options, context));
    });
}

/** What anybody may ask a registry. */
function addRecordCommands(program: Command, context: Context, finish: Finish): void {
  withFromBlock(
    withPolicyName(
      withRegistry(add(program, "status", "whether a subject is attested healthy now; exit code 3 when not")),
    ),
  ).action(async (options: StatusOptions) => {
    const { status } = await import("./commands/status.js");
    finish(await status(options, context));
  });
  withConfirmations(
    withSender(
      withPolicyName(
        withRegistry(add(program, "void", "end an attestation whose verifier or table was taken back")),
      ),
    ),
  )
    .option("--from-block <n>", FROM_BLOCK, wholeNumber("--from-block", 0, ANY_BLOCK))
    .action(async (options: VoidOptions) => {
      const { voidLatest } = await import("./commands/void.js");
      finish(await voidLatest(options, context));
    });
  withHistory(
    add(program, "history", "rebuild a registry's record from its logs, and verify every proof again"),
  )
    .option(
      "--policy <file>",
      "policy/2 file, with --market instead of --policy-id: says what sources' words rest on",
    )
    .option("--market <file>", "market/1 file of that policy")
    .option("--key <circuit=file>", "verification key; the built circuit's when absent", collected)
    .option("--no-proofs", "do not verify the proofs again")
    .action(async (options: HistoryOptions) => {
      const { history } = await import("./commands/history.js");
      finish(await history(options, context));
    });
  withHistory(
    add(program, "watch", "tell of lapses, revocations, and whatever else moves trust; exit code 2"),
  )
    .option("--once", "look once, instead of until interrupted")
    .option("--since <block|file>", "first block to look at, or what the last look printed with --json")
    .option(
      "--interval <seconds>",
      "time between looks; 15 when absent",
      wholeNumber("--interval", 1, 86_400),
    )
    .option(
      "--confirmations <n>",
      "leave out so many latest blocks; with --once from a block: those that are not final when absent, else none",
      wholeNumber("--confirmations", 0, 10_000),
    )
    .option("--webhook <env:NAME|url>", "also send each notice there, again until it is taken")
    .option("--memory <file>", "go on from this file, and keep there how far was told: for a service")
    .option(
      "--depth <n>",
      "notice when one of so many latest blocks is replaced; 64 when absent",
      wholeNumber("--depth", 1, 10_000),
    )
    .action(async (options: WatchOptions) => {
      const { watch } = await import("./commands/watch.js");
      finish(await watch(options, context));
    });
}

function addDeployCommand(program: Command, context: Context, finish: Finish): void {
  withSender(
    add(program, "deploy", "deploy everything: rehearsed first, resumable, with roles and hand-over"),
  )
    .requiredOption("--rpc <url>", "the chain's node", nodeUrl("--rpc"))
    .option("--network <file>", "deploy/1 file: what the deployment shall be; options say more than it does")
    .option("--chain-id <n>", "the chain that is meant", wholeNumber("--chain-id", 1, ANY_CHAIN))
    .option("--roles <file>", "roles/1 file: who shall hold which role")
    .option(
      "--publishers <list>",
      "who signs market tables: addresses with commas",
      addresses("--publishers"),
    )
    .option("--threshold <n>", "how many of them must sign", wholeNumber("--threshold", 1, 64))
    .option(
      "--verifier <circuit=folder>",
      "a circuit and what a ceremony exported; its development key without a folder; once each",
      collected,
    )
    .option(
      "--sequencer-feed <address>",
      "uptime feed of a layer 2's sequencer",
      chainAddress("--sequencer-feed"),
    )
    .option("--eas <address>", "the chain's EAS, for a resolver", chainAddress("--eas"))
    .option("--file <file>", "deployments file; deployments/<chainId>.json when absent")
    .option("--sources <folder>", "files for explorers; beside the deployments file when absent")
    .option("--dry-run", "say what would be done and what it costs; send nothing")
    .option("--safe <file>", "write it all for a Safe's Transaction Builder instead of sending it")
    .option("--safe-address <address>", "the Safe that will execute it", chainAddress("--safe-address"))
    .action(async (options: DeployCommandOptions) => {
      const { deploy } = await import("./commands/deploy.js");
      finish(await deploy(options, context));
    });
}

function addDevCommands(program: Command, context: Context, finish: Finish): void {
  const dev = program
    .command("dev")
    .description("a local chain for rehearsals: start, move its time, take it back");
  const withState = (command: Command): Command =>
    command.option("--state <file>", "where the running chain is noted; in the cache when absent");
  const load = () => import("./commands/dev.js");
  withState(add(dev, "start", "start a chain with Keel on it, until Ctrl-C", { isDefault: true }))
    .option("--policy <file>", "policy/2 file whose circuits it shall verify; once for each", collected)
    .option("--all", "verify every circuit that is built; so it is without --policy")
    .option("--port <n>", "port on loopback; 8545 when that is free", wholeNumber("--port", 1, 65_535))
    .action(async (options: DevStartOptions) => {
      finish(await (await load()).devStart(options, context));
    });
  withState(add(dev, "time", "move the running chain's clock"))
    .argument("<time>", "+7d, +3h, +30m, unix seconds, or 2026-07-01T12:00:00Z")
    .action(async (time: string, options: DevOptions) => {
      finish(await (await load()).devTime(time, options, context));
    });
  withState(add(dev, "reset", "take the running chain back to its beginning")).action(
    async (options: DevOptions) => {
      finish(await (await load()).devReset(options));
    },
  );
}

function addEnvironmentCommands(program: Command, context: Context, finish: Finish): void {
  add(program, "setup", "compile circuits and make their development keys; keeps what exists")
    .argument("[circuit...]", "circuits; all when absent")
    .action(async (circuits: readonly string[]) => {
      const { setup } = await import("./commands/setup.js");
      finish(await setup(circuits, context));
    });
  withDeployment(add(program, "doctor", "check this machine, the built artifacts and, if named, a registry"))
    .option("--artifacts <folder>", "what a ceremony exported, to check as well")
    .option("--rpc <url>", "the chain's node", nodeUrl("--rpc"))
    .option("--registry <address>", "the registry", chainAddress("--registry"))
    .action(async (options: DoctorOptions) => {
      const { doctor } = await import("./commands/doctor.js");
      finish(await doctor(options, context));
    });
}

function addCeremonyCommands(program: Command, context: Context, finish: Finish): void {
  const ceremony = program
    .command("ceremony")
    .description("make a key with strangers; verify how one was made");
  const load = () => import("./commands/ceremony.js");
  const exponent = wholeNumber("--beacon-exponent", BEACON_EXPONENT.least, BEACON_EXPONENT.most);
  withPowersOfTau(withFolder(add(ceremony, "new", "start a ceremony in a new folder")))
    .requiredOption("--circuit <id>", "the circuit")
    .requiredOption(
      "--beacon-source <text>",
      "where the last randomness will come from, such as a drand round",
    )
    .option("--beacon-exponent <n>", "it is hashed 2^n times", exponent, BEACON_EXPONENT.least)
    .action(async (options: CeremonyNewOptions) => {
      finish(await (await load()).ceremonyNew(options, context));
    });
  withFolder(add(ceremony, "contribute", "add a contribution to the newest key"))
    .requiredOption("--name <name>", "who contributes (public)")
    .option("--typed", "also mix in a line of text from standard input")
    .action(async (options: CeremonyContributeOptions) => {
      finish(await (await load()).ceremonyContribute(options, context));
    });
  withFolder(add(ceremony, "beacon", "close the ceremony with the beacon that was announced"))
    .requiredOption("--value <hex>", "the beacon's value (public), 32 to 64 bytes")
    .action(async (options: CeremonyBeaconOptions) => {
      finish(await (await load()).ceremonyBeacon(options, context));
    });
  withPowersOfTau(
    withFolder(add(ceremony, "verify", "verify everything; exit code 3 when something is wrong")),
  )
    .option("--in-progress", "accept a ceremony that has not been closed")
    .option("--since <file>", "an earlier transcript, which this one must continue")
    .action(async (options: CeremonyVerifyOptions) => {
      finish(await (await load()).ceremonyVerify(options, context));
    });
  withPowersOfTau(withFolder(add(ceremony, "export", "verify, then write artifacts and verifier contract")))
    .requiredOption("--out <folder>", "the folder to make")
    .action(async (options: CeremonyExportOptions) => {
      finish(await (await load()).ceremonyExport(options, context));
    });
}

function withResponses(command: Command): Command {
  return command
    .option(
      "--response <venue=file>",
      "a public response as it was saved; VENUE:NAME=FILE names what it is of",
      collected,
    )
    .option("--at <venue=seconds>", "when it was saved, where it does not say", collected)
    .option("--rpc <url>", "a node, for what is read from a chain", nodeUrl("--rpc"))
    .option("--block <n>", "at this block; the latest when absent", wholeNumber("--block", 0, ANY_BLOCK))
    .requiredOption(
      "--as-of <seconds>",
      "the table's time, unix seconds",
      wholeNumber("--as-of", 0, ANY_TIME),
    )
    .requiredOption("--out <file>", "the file to write")
    .option("--force", "replace an existing file");
}

function withFolder(command: Command): Command {
  return command.requiredOption("--dir <folder>", "the ceremony's folder");
}

function withPowersOfTau(command: Command): Command {
  return command
    .requiredOption("--ptau <file>", "the published powers-of-tau file")
    .option("--insecure-ptau", "accept another powers-of-tau file; marks the key, for tests only");
}

function add(program: Command, name: string, description: string, options: CommandOptions = {}): Command {
  return program
    .command(name, options)
    .description(description)
    .option("--json", "print one JSON object on standard output")
    .allowExcessArguments(false);
}

function withPublic(command: Command): Command {
  return command
    .requiredOption("--market <file>", "market/1 file")
    .requiredOption("--policy <file>", "policy/2 file")
    .option("--returns <file>", "returns/1 file, for a policy with tail-risk limits")
    .option("--liquidity <file>", "liquidity/1 file, for a policy that limits the days to unwind");
}

function tableOption(): Option {
  return new Option("--table <name>", "which table of the policy")
    .choices(["prices", "returns", "liquidity"])
    .default("prices");
}

function withBook(command: Command): Command {
  return withPublic(
    command.requiredOption("--snapshot <file>", "snapshot/1 file (secret); - is standard input"),
  );
}

function withRegistry(command: Command): Command {
  return withDeployment(withAddress(command), true);
}

function withAddress(command: Command): Command {
  return command
    .requiredOption("--rpc <url>", "the chain's node", nodeUrl("--rpc"))
    .option("--registry <address>", "the registry", chainAddress("--registry"));
}

/** A registry by its address, or by the file of its deployment. */
function withDeployment(command: Command, isRequired = false): Command {
  return command
    .option("--deployment <file>", "deployments file that names the registry, instead of --registry")
    .hook("preAction", async (_, acting) => {
      const options = acting.opts<DeploymentOptions>();
      if (options.deployment === undefined) {
        if (!isRequired || options.registry !== undefined) return;
        throw usageError("--registry, or --deployment with its file", "neither");
      }
      const { fromDeployment } = await import("./deployment-option.js");
      const found = await fromDeployment({ ...options, deployment: options.deployment });
      const named = new Set(acting.options.map((option) => option.attributeName()));
      for (const [name, value] of Object.entries(found)) {
        if (named.has(name)) acting.setOptionValue(name, value);
      }
    });
}

function withPolicyName(command: Command): Command {
  return withPolicy(command.requiredOption("--subject <address>", "whose health", chainAddress("--subject")));
}

function withPolicy(command: Command): Command {
  return command
    .option("--policy-id <hash>", "under which policy", hash("--policy-id"))
    .option("--market <file>", "market/1 file, with --policy instead of --policy-id")
    .option("--policy <file>", "policy/2 file");
}

function withHistory(command: Command): Command {
  return withRegistry(command)
    .option("--subject <address>", "of this subject alone", chainAddress("--subject"))
    .option("--policy-id <hash>", "under this policy alone", hash("--policy-id"))
    .option("--from-block <n>", FROM_BLOCK, wholeNumber("--from-block", 0, ANY_BLOCK));
}

/** For commands that ask what time it is. */
function withClockOf(command: Command): Command {
  return command.option("--rpc <url>", "node of a local chain, whose clock counts", nodeUrl("--rpc"));
}

function withFromBlock(command: Command): Command {
  return command.option("--from-block <n>", FROM_BLOCK, wholeNumber("--from-block", 0, ANY_BLOCK));
}

function withConfirmations(command: Command): Command {
  return command.option(
    "--confirmations <n>",
    "blocks in which the transaction has to stand; 1 on local chains and 2 elsewhere when absent",
    wholeNumber("--confirmations", 1, 1000),
  );
}

function withSender(command: Command): Command {
  return command
    .option("--keystore <file>", "encrypted key (Web3 Secret Storage, version 3)")
    .option("--password-file <file>", "its password, on the first line; else the variable KEEL_PASSWORD")
    .option("--ledger <path>", "key on a Ledger device, such as 44'/60'/0'/0/0")
    .option("--key-file <file>", "file with the account's private key; else the variable KEEL_PRIVATE_KEY")
    .option(
      "--account <n>",
      "one of Hardhat's well-known accounts, on local test chains",
      wholeNumber("--account", 0, LAST_LOCAL_ACCOUNT),
    );
}

function fromCommander(error: CommanderError, argv: readonly string[], program: Command) {
  const { command, name } = commandOf(argv, program);
  if (error.code === "commander.help") return usageError(`a command (\`${name} --help\`)`, "none");
  const message = messageOf(error, command)
    .replace(/^error: /, "")
    // A value glued to an unknown option may be a secret.
    .replace(/(--?[\w-]+)=[^']*/g, "$1=…")
    .replace(/\s*\n\s*/g, " ");
  return usageError(`arguments as in \`${name} --help\``, message);
}

/** The command that arguments name, as deep as they name it, and how one calls it. */
function commandOf(argv: readonly string[], program: Command): { command: Command; name: string } {
  let found = { command: program, name: "keel" };
  for (const word of argv) {
    const inner = found.command.commands.find((candidate) => candidate.name() === word);
    if (inner === undefined) break;
    found = { command: inner, name: `${found.name} ${word}` };
  }
  return found;
}

/** All options that are missing, not the first alone; and what a value without its option wants. */
function messageOf(error: CommanderError, command: Command): string {
  if (error.code === "commander.excessArguments") {
    return `${error.message} Each value needs its option before it, also the second of two`;
  }
  if (error.code !== "commander.missingMandatoryOptionValue") return error.message;
  const missing = command.options.filter(
    (option) => option.mandatory && command.getOptionValue(option.attributeName()) === undefined,
  );
  if (missing.length < 2) return error.message;
  return `required options ${missing.map(({ flags }) => `'${flags}'`).join(", ")} not specified`;
}

/** From package.json, two levels above the built module. */
function version(): string {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
