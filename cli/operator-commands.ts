// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The grammar of the operator commands: what those who run a registry do with it.
 *
 * @module
 */

import type { Command } from "commander";
import { chainAddress, collected, hash, wholeNumber } from "./arguments.js";
import type { RegistryOptions } from "./chain.js";
import type { LineMoveOptions, LineOptions } from "./commands/line.js";
import type { OperationCancelOptions } from "./commands/operation.js";
import type { PublishersAnnounceOptions } from "./commands/publishers.js";
import type { ReopenOptions, RestartOptions, RevokeOptions } from "./commands/record.js";
import type { RoleGrantOptions, RoleListOptions, RoleOptions, RoleRevokeOptions } from "./commands/role.js";
import type { VerifierAddOptions, VerifierListOptions, VerifierRetireOptions } from "./commands/verifier.js";
import type { Context, Outcome } from "./context.js";
import type { OperateOptions } from "./operate.js";

/** What the grammar of all commands has in common. */
export interface Grammar {
  readonly add: (parent: Command, name: string, description: string) => Command;
  readonly withRegistry: (command: Command) => Command;
  readonly withSender: (command: Command) => Command;
  readonly withConfirmations: (command: Command) => Command;
  readonly withFromBlock: (command: Command) => Command;
  /** A policy by its id, or by its file and a market's. */
  readonly withPolicy: (command: Command) => Command;
}

type Finish = (outcome: Outcome) => void;

const ROLE = "admin, guardian, verifier-admin, market-admin, curator or market-source";
const LONGEST_DELAY = 2 ** 32 - 1;

/** Adds them. */
export function addOperatorCommands(
  program: Command,
  context: Context,
  finish: Finish,
  grammar: Grammar,
): void {
  addSubjectCommands(program, context, finish, grammar);
  addLineCommands(program, context, finish, grammar);
  addRoleCommands(program, context, finish, grammar);
  addOperationCommands(program, context, finish, grammar);
  addPublisherCommands(program, context, finish, grammar);
  addVerifierBookCommands(program, context, finish, grammar);
}

function addSubjectCommands(program: Command, context: Context, finish: Finish, grammar: Grammar): void {
  const load = () => import("./commands/record.js");
  const revoking = "end one's own latest attestation, or as a guardian close another's record";
  grammar
    .withPolicy(operation(program, "revoke", revoking, grammar))
    .option("--for <subject>", "close this subject's record, as a guardian", chainAddress("--for"))
    .requiredOption("--reason <text>", "why; everybody can read it")
    .action(async (options: RevokeOptions) => {
      finish(await (await load()).revoke(options, context));
    });
  grammar
    .withPolicy(operation(program, "reopen", "open a record that a guardian closed", grammar))
    .requiredOption("--subject <address>", "whose record", chainAddress("--subject"))
    .action(async (options: ReopenOptions) => {
      finish(await (await load()).reopen(options, context));
    });
  operation(
    program,
    "restart",
    "announce that a subject's drawdown chain may start over, as a guardian",
    grammar,
  )
    .requiredOption("--subject <address>", "whose chain", chainAddress("--subject"))
    .option("--reason <text>", "why; everybody can read it")
    .option("--cancel", "call the announced restart off, as a guardian or the subject")
    .action(async (options: RestartOptions) => {
      finish(await (await load()).restart(options, context));
    });
}

function addLineCommands(program: Command, context: Context, finish: Finish, grammar: Grammar): void {
  const line = program.command("line").description("open and move lines of policies, by name");
  const load = () => import("./commands/line.js");
  const named = (name: string, description: string) =>
    operation(line, name, description, grammar).argument("<name>", "the line's name");
  grammar
    .withPolicy(named("open", "open a line with a policy, as a curator"))
    .action(async (name: string, options: LineMoveOptions) => {
      finish(await (await load()).openLine({ ...options, name }, context));
    });
  grammar
    .withPolicy(
      named("move", "move a line to another policy: tighter at once, anything else after the delay"),
    )
    .action(async (name: string, options: LineMoveOptions) => {
      finish(await (await load()).moveLine({ ...options, name }, context));
    });
  named("cancel", "call off an announced move, as a guardian").action(
    async (name: string, options: LineOptions) => {
      finish(await (await load()).cancelMove({ ...options, name }, context));
    },
  );
  named("undo", "take back the last tightening, as a guardian").action(
    async (name: string, options: LineOptions) => {
      finish(await (await load()).undoTightening({ ...options, name }, context));
    },
  );
}

function addRoleCommands(program: Command, context: Context, finish: Finish, grammar: Grammar): void {
  const role = program.command("role").description("who may do what at a registry");
  const load = () => import("./commands/role.js");
  withAuthority(
    operation(role, "grant", "offer a role, as an administrator; its receiver accepts it", grammar),
  )
    .argument("<role>", ROLE)
    .requiredOption("--to <address>", "who shall have it", chainAddress("--to"))
    .option(
      "--delay <seconds>",
      "its calls are scheduled so long before; 0 when absent, and to be said for an administrator",
      wholeNumber("--delay", 0, LONGEST_DELAY),
    )
    .action(async (name: string, options: RoleGrantOptions) => {
      finish(await (await load()).grantRole({ ...options, role: name }, context));
    });
  const revoking = "take a role or an offer back, as an administrator; give up one's own";
  withAuthority(operation(role, "revoke", revoking, grammar))
    .argument("<role>", ROLE)
    .requiredOption("--holder <address>", "who has it, or is offered it", chainAddress("--holder"))
    .option("--pending", "only what is offered, or was accepted and does not count yet; also as a guardian")
    .action(async (name: string, options: RoleRevokeOptions) => {
      finish(await (await load()).revokeRole({ ...options, role: name }, context));
    });
  withAuthority(operation(role, "accept", "accept a role that one is offered", grammar))
    .argument("<role>", ROLE)
    .action(async (name: string, options: RoleOptions) => {
      finish(await (await load()).acceptRole({ ...options, role: name }, context));
    });
  withAuthority(
    grammar.withFromBlock(
      grammar.withRegistry(grammar.add(role, "list", "who has which role, what is offered, what waits")),
    ),
  ).action(async (options: RoleListOptions) => {
    finish(await (await load()).listRoles(options));
  });
}

function addOperationCommands(program: Command, context: Context, finish: Finish, grammar: Grammar): void {
  const parent = program.command("operation").description("calls that wait in the authority");
  withAuthority(
    operation(parent, "cancel", "call off a call that waits, as a guardian or who scheduled it", grammar),
  )
    .argument("<operation>", "its id, from `keel role list` or `keel watch`", hash("operation"))
    .action(async (id: OperationCancelOptions["operation"], options: OperationCancelOptions) => {
      const { cancelOperation } = await import("./commands/operation.js");
      finish(await cancelOperation({ ...options, operation: id }, context));
    });
}

function addPublisherCommands(program: Command, context: Context, finish: Finish, grammar: Grammar): void {
  const publishers = program.command("publishers").description("who signs market and returns tables");
  const load = () => import("./commands/publishers.js");
  operation(publishers, "announce", "announce other publishers, as a market administrator", grammar)
    .requiredOption("--publisher <address>", "once for each, in any order", each("--publisher"))
    .requiredOption("--threshold <n>", "how many of them sign a table", wholeNumber("--threshold", 1, 1000))
    .action(async (options: PublishersAnnounceOptions) => {
      finish(await (await load()).announcePublishers(options, context));
    });
  operation(publishers, "cancel", "call off the announced publishers, as a guardian", grammar).action(
    async (options: OperateOptions) => {
      finish(await (await load()).cancelPublishers(options, context));
    },
  );
  grammar
    .withRegistry(grammar.add(publishers, "list", "who signs tables, and who is announced"))
    .action(async (options: RegistryOptions) => {
      finish(await (await load()).listPublishers(options));
    });
}

function addVerifierBookCommands(program: Command, context: Context, finish: Finish, grammar: Grammar): void {
  const verifier = program.command("verifier").description("which contracts verify a circuit's proofs");
  const load = () => import("./commands/verifier.js");
  operation(verifier, "add", "add a verifier's contract, as a verifier administrator", grammar)
    .requiredOption("--circuit <id>", "of which circuit")
    .requiredOption("--verifier <address>", "the contract", chainAddress("--verifier"))
    .option("--standby", "it verifies nothing until every other live version is retired")
    .action(async (options: VerifierAddOptions) => {
      finish(await (await load()).addVerifier(options, context));
    });
  operation(verifier, "retire", "retire a version at once and for ever, as a guardian", grammar)
    .argument("<version>", "which version", wholeNumber("version", 1, LONGEST_DELAY))
    .requiredOption("--circuit <id>", "of which circuit")
    .requiredOption("--reason <text>", "why; everybody can read it")
    .action(async (version: number, options: VerifierRetireOptions) => {
      finish(await (await load()).retireVerifier({ ...options, version }, context));
    });
  grammar
    .withRegistry(grammar.add(verifier, "list", "every version of the verifiers"))
    .option("--circuit <id>", "of this circuit alone")
    .action(async (options: VerifierListOptions) => {
      finish(await (await load()).listVerifiers(options));
    });
}

/** The options of a command that makes a call. */
function operation(parent: Command, name: string, description: string, grammar: Grammar): Command {
  const { add, withRegistry, withSender, withConfirmations, withFromBlock } = grammar;
  return withConfirmations(withFromBlock(withSender(withRegistry(add(parent, name, description)))))
    .option("--dry-run", "only say what changes when, and who may")
    .option("--calldata", "print to, value and data, for somebody else to sign")
    .option("--safe <file>", "write a file for a Safe's Transaction Builder instead of sending")
    .option("--from <address>", "who will sign what is printed, such as the Safe", chainAddress("--from"))
    .option("--execute", "execute what was scheduled; refused while it is not ready")
    .option("--yes", "do not ask before sending")
    .option("--force", "replace an existing file");
}

/** Of a command that calls the authority, where the registry's contracts may ask different ones. */
function withAuthority(command: Command): Command {
  const about = "which authority, where the registry's contracts ask different ones";
  return command.option("--authority <address>", about, chainAddress("--authority"));
}

function each(option: string): (value: string, previous?: readonly string[]) => readonly string[] {
  return (value, previous) => collected(chainAddress(option)(value), previous);
}
