// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What every operator command does with a call to the contracts: says in words what changes when and who may, refuses a sender
 * without the role before anything is paid, tries the call, and then sends it, schedules and executes it where a delay applies, or
 * prints it for somebody else to sign.
 *
 * @module
 */

import {
  type Authority,
  authorityOf,
  chosenAuthority,
  connectAuthority,
  executionDelayAt,
  type Holder,
  holdersOf,
  operationCalls,
  operationId,
  operationLife,
  type Permission,
  permissionOf,
  type Receipt,
  type Registry,
  readyAtOf,
  rehearse,
  roleFor,
  roleName,
  send,
  toKeelError,
  type Wallet,
} from "@keel/verifier/chain";
import { inputError, KeelError } from "@keel/verifier/errors";
import { delayed, span, utc } from "@keel/verifier/text";
import type { Address, Hex } from "viem";
import { connect, connectSender, type KeyOptions, type RegistryOptions, senderOf } from "./chain.js";
import { type Context, note, type Outcome } from "./context.js";
import { usageError } from "./errors.js";
import { checkOutput, writeText } from "./files.js";
import { receiptJson } from "./receipts.js";
import { formatSafeBatch, type SafeCall } from "./safe-batch.js";

export interface OperateOptions extends RegistryOptions, KeyOptions {
  /** Who will send what is printed. */
  readonly from?: Address;
  readonly fromBlock?: number;
  /** Which authority, where the registry's contracts ask different ones and none of them is called. */
  readonly authority?: Address;
  readonly confirmations?: number;
  readonly calldata?: true;
  readonly safe?: string;
  readonly dryRun?: true;
  readonly execute?: true;
  readonly yes?: true;
  readonly force?: true;
}

/** What a command knows before it makes its call. */
export interface Ground {
  readonly registry: Registry;
  readonly authority: Authority;
  /** Who will make the call, where that is known. */
  readonly sender?: Address;
  /** Time of the latest block, unix seconds. */
  readonly now: number;
}

/** A call that an operator command makes. */
export interface Deed {
  /** The command's words. */
  readonly command: string;
  readonly to: Address;
  readonly data: Hex;
  /** What it does, as in "This will …". */
  readonly words: string;
  /** Whether the function asks the authority who calls; of others the contract says itself who may. */
  readonly access: "restricted" | "open";
  /** Who may, where access is open; who else may, where it is restricted. */
  readonly who?: string;
  /** What changes when, if the call is made at a time (unix seconds). */
  effects(at: number): readonly string[];
  /** What else a program may want to know. */
  readonly json?: object;
}

/** What is to be done with a call now. */
type Stage = "send" | "schedule" | "wait" | "execute";

/** A call with everything that decides how it is made. */
interface Plan {
  readonly deed: Deed;
  readonly ground: Ground;
  readonly stage: Stage;
  readonly holders: readonly Holder[];
  readonly role?: bigint;
  readonly permission?: Permission;
  readonly operation?: Hex;
  /** When it can be executed, and until when, where it waits or will wait. */
  readonly readyAt?: number;
  readonly lapsesAt?: number;
}

/**
 * Whose authority says who may: that of the contract that is called. Contracts may ask different ones, and what is wrong at one
 * of them must not keep a guardian from the others.
 */
export type Asked =
  | "address"
  | "policyBook"
  | "marketBook"
  | "verifierBook"
  | ((registry: Registry) => Promise<Address>);

/** Makes, schedules, executes or prints a call. @param asked a contract of the registry, or how the authority is found */
export async function operate(
  options: OperateOptions,
  context: Context,
  asked: Asked,
  prepare: (ground: Ground) => Promise<Deed>,
): Promise<Outcome> {
  checkModes(options);
  if (options.safe !== undefined) await checkOutput(options.safe, options.force === true);
  const { registry, wallet, sender } = await connectOperator(options, context);
  // Whose call it is decides whether it has to be scheduled: a batch for nobody would be refused, after its signatures.
  if (options.safe !== undefined && sender === undefined) throw usageError("--from SAFE with --safe", "none");
  const address = await (typeof asked === "string"
    ? authorityOf(registry, registry[asked])
    : asked(registry));
  const authority = await connectAuthority(registry, BigInt(options.fromBlock ?? 0), address);
  const ground = {
    registry,
    authority,
    now: authority.blockTime,
    ...(sender === undefined ? {} : { sender }),
  };
  const plan = await planFor(await prepare(ground), ground, options);
  const preview = previewOf(plan);
  if (wallet === undefined) return await printed(plan, preview, options, context);
  if (plan.stage === "wait") return outcome(plan, preview, { stage: "waiting" });
  await agreed(preview, options, context);
  const { to, data } = transactionOf(plan);
  const receipt = await send(registry, wallet, to, data);
  return await sent(plan, preview, receipt);
}

/** For commands that call the authority itself: the one that is named, or the only one. */
export function ofAuthority({ authority }: Pick<OperateOptions, "authority">): Asked {
  return (registry) => chosenAuthority(registry, authority);
}

function checkModes({ calldata, safe, dryRun, from }: OperateOptions): void {
  const modes = [calldata && "--calldata", safe && "--safe", dryRun && "--dry-run"].filter(Boolean);
  if (modes.length > 1) throw usageError("one of --calldata, --safe, --dry-run", modes.join(" and "));
  if (from !== undefined && modes.length === 0) {
    throw usageError("--from with --calldata, --safe or --dry-run", "--from alone: a key signs for itself");
  }
}

/** The registry; with a wallet only where something is to be sent. */
async function connectOperator(
  options: OperateOptions,
  context: Context,
): Promise<{ readonly registry: Registry; readonly wallet?: Wallet; readonly sender?: Address }> {
  const { calldata, safe, dryRun, from } = options;
  if (!calldata && safe === undefined && !dryRun) {
    const { registry, wallet } = await connectSender(options, context);
    return { registry, wallet, sender: wallet.account.address };
  }
  const registry = await connect(options);
  if (from !== undefined) return { registry, sender: from };
  const { keyFile, account, keystore, ledger } = options;
  const key = keyFile ?? account ?? keystore ?? ledger ?? context.env.KEEL_PRIVATE_KEY;
  if (key === undefined) return { registry };
  return { registry, sender: (await senderOf(options, registry.chainId, context)).address };
}

/**
 * Decides how a call is made.
 *
 * @throws KeelError `role.missing`, `role.pending`, `role.closed`, `operation.notReady`; `registry.…` what the contract refuses
 */
async function planFor(deed: Deed, ground: Ground, { execute }: OperateOptions): Promise<Plan> {
  const { authority, sender, now } = ground;
  const { to, data, access } = deed;
  if (access === "open") {
    if (execute) throw usageError("--execute with a call that has to be scheduled", "one that has not");
    // A sender is known before the contract is asked.
    if (sender !== undefined) await tryOpen(ground, deed);
    return { deed, ground, stage: "send", holders: [] };
  }
  const role = await roleFor(authority, to, data);
  const holders = await holdersOf(authority, role);
  const known = { deed, ground, role, holders };
  await rehearse(authority, sender ?? holders[0]?.account ?? to, to, data);
  if (sender === undefined) return { ...known, stage: "send" };
  const permission = await permissionOf(authority, sender, to, data);
  checkPermission(permission, sender, holdersText(holders, now));
  const { delay } = permission;
  if (delay === 0) return { ...known, permission, stage: "send" };
  const operation = operationId(sender, to, data);
  const scheduled = await readyAtOf(authority, operation);
  const life = await operationLife(authority);
  const readyAt = scheduled === 0 ? now + delay : scheduled;
  const stage = scheduled === 0 ? "schedule" : scheduled > now ? "wait" : "execute";
  if (execute && stage !== "execute") {
    const received = stage === "wait" ? `one that is ready at ${utc(readyAt)}` : "one that nobody scheduled";
    throw inputError("operation.notReady", "--execute", "an operation that is scheduled and ready", received);
  }
  return { ...known, permission, operation, stage, readyAt, lapsesAt: readyAt + life };
}

async function tryOpen({ registry, sender }: Ground, { to, data }: Deed): Promise<void> {
  const { client } = registry;
  await client.call({ account: sender!, to, data, blockTag: "pending" }).catch((error: unknown) => {
    throw toKeelError(error);
  });
}

function checkPermission(permission: Permission, sender: Address, held: string): void {
  const { role, isMember, liveAt, isClosed } = permission;
  if (isClosed) {
    throw inputError(
      "role.closed",
      "contract",
      "a contract that is open",
      "one that an administrator closed",
    );
  }
  if (isMember) return;
  const expected = `an account with role ${roleName(role)} (${held})`;
  if (liveAt !== undefined) {
    throw inputError("role.pending", "sender", expected, `${sender}, which has it from ${utc(liveAt)} on`);
  }
  throw inputError("role.missing", "sender", expected, sender);
}

/** "held by 0x… with an execution delay of 2 d, 0x…", as it will be at a time, and what is to come after it. */
export function holdersText(holders: readonly Holder[], at: number): string {
  if (holders.length === 0) return "nobody has it";
  return `held by ${holders.map((holder) => holderText(holder, at)).join(", ")}`;
}

/** "0x… with an execution delay of 2 d, without execution delay from 2026-12-07 on". */
export function holderText(holder: Holder, at: number): string {
  const { account, since, pending } = holder;
  const change =
    pending === undefined || pending.liveAt <= at
      ? ""
      : `, ${delayed(pending.executionDelay)} from ${utc(pending.liveAt)} on`;
  const begin = since > at ? `, from ${utc(since)} on` : "";
  return `${account} ${delayed(executionDelayAt(holder, at))}${begin}${change}`;
}

/** What is said before anything is signed. */
function previewOf(plan: Plan): string[] {
  const { deed, ground } = plan;
  const { registry, now } = ground;
  const at = plan.readyAt ?? now;
  return [
    `This will ${deed.words}, at registry ${registry.address} on chain ${registry.chainId}.`,
    roleLine(plan),
    ...scheduleLines(plan),
    ...deed.effects(at > now ? at : now),
  ];
}

function roleLine({ deed, ground, role, holders, permission }: Plan): string {
  if (role === undefined) return `Who may: ${deed.who ?? "any account"}.`;
  const others = deed.who === undefined ? "" : `; or ${deed.who}`;
  if (ground.sender === undefined)
    return `It needs role ${roleName(role)}: ${holdersText(holders, ground.now)}${others}.`;
  return `It needs role ${roleName(role)}: ${ground.sender} has it, ${delayed(permission!.delay)}.`;
}

function scheduleLines({ stage, readyAt, lapsesAt, operation }: Plan): string[] {
  if (readyAt === undefined) return [];
  const until = `until ${utc(lapsesAt!)}`;
  const off = "A guardian or the administrator may call it off until it is executed.";
  switch (stage) {
    case "schedule":
      return [
        `It is scheduled now, as operation ${operation}, and can be executed from ${utc(readyAt)} ${until}. ${off}`,
      ];
    case "wait":
      return [
        `It is scheduled as operation ${operation}, and can be executed from ${utc(readyAt)} ${until}. ${off}`,
      ];
    default:
      return [`It was scheduled as operation ${operation} and is executed now.`];
  }
}

/** The transaction that the present stage needs. */
function transactionOf({ deed, ground, stage }: Plan): SafeCall {
  const { to, data } = deed;
  // Once it is ready, the call itself: the contract then knows who made it, and takes the schedule as used.
  if (stage !== "schedule") return { to, data };
  return { to: ground.authority.address, data: operationCalls(to, data).schedule };
}

/** What somebody else signs. */
async function printed(
  plan: Plan,
  preview: readonly string[],
  options: OperateOptions,
  context: Context,
): Promise<Outcome> {
  if (options.dryRun) return outcome(plan, preview, { stage: "preview" });
  if (options.safe !== undefined)
    return await safeFile(plan, preview, options.safe, options.force === true, context);
  const calls = callsOf(plan);
  const lines = Object.entries(calls).flatMap(([name, { to, value, data }]) => [
    "",
    `${name}:`,
    `  to     ${to}`,
    `  value  ${value}`,
    `  data   ${data}`,
  ]);
  return outcome(plan, [...preview, ...lines], { stage: "printed", preview, calls });
}

/** The call, and the two forms that it has in the authority where it may have to wait. */
function callsOf({ deed, ground, role, permission }: Plan) {
  const { to, data } = deed;
  const call = { to, value: "0", data };
  const waits = role !== undefined && (permission === undefined || permission.delay > 0);
  if (!waits) return { call };
  const { schedule, execute } = operationCalls(to, data);
  const { address } = ground.authority;
  return {
    call,
    schedule: { to: address, value: "0", data: schedule },
    execute: { to: address, value: "0", data: execute },
  };
}

async function safeFile(
  plan: Plan,
  preview: readonly string[],
  path: string,
  force: boolean,
  context: Context,
): Promise<Outcome> {
  const { deed, ground, stage } = plan;
  const { registry, sender } = ground;
  if (stage === "wait") {
    const received = `one that is ready at ${utc(plan.readyAt!)}`;
    throw inputError(
      "operation.notReady",
      "--safe",
      "an operation that is ready, or not scheduled yet",
      received,
    );
  }
  const text = formatSafeBatch({
    chainId: registry.chainId,
    name: `keel ${deed.command}${stage === "schedule" ? " (schedule)" : ""}`,
    description: preview.join(" "),
    ...(sender === undefined ? {} : { safe: sender }),
    createdAt: context.now(),
    calls: [transactionOf(plan)],
  });
  await writeText({ path, text, secret: false }, force, context.signal);
  const line = `Wrote ${path}: load it into the Safe app's Transaction Builder.`;
  return outcome(plan, [...preview, line], { stage: "printed", preview, safe: path });
}

/** Asks at a terminal; a program that has the key has agreed. */
async function agreed(preview: readonly string[], options: OperateOptions, context: Context): Promise<void> {
  for (const line of preview) note(context, line);
  if (options.yes || !context.interactive) return;
  context.writeError("keel: send it? [y/N] ");
  if (/^y(es)?$/i.test((await firstLine(context)).trim())) return;
  throw new KeelError({ kind: "input", code: "operation.declined", expected: "y", received: "no" });
}

async function firstLine(context: Context): Promise<string> {
  let text = "";
  for await (const chunk of context.readInput()) {
    text += new TextDecoder().decode(chunk);
    if (text.includes("\n")) break;
  }
  return text.split("\n")[0]!;
}

async function sent(plan: Plan, preview: readonly string[], receipt: Receipt): Promise<Outcome> {
  const { stage, ground, operation } = plan;
  const receiptPart = receiptJson(receipt);
  const after = `in block ${receipt.blockNumber} (${receipt.gasUsed} gas).`;
  if (stage !== "schedule") {
    const isExecuted = stage === "execute";
    const line = `${isExecuted ? "Executed" : "Done"}, ${after}`;
    return outcome(plan, [line], { stage: isExecuted ? "executed" : "sent", preview, ...receiptPart });
  }
  // By the block's own time, which only now is known.
  const readyAt = await readyAtOf(ground.authority, operation!);
  const lapsesAt = readyAt + (await operationLife(ground.authority));
  const line = `Scheduled, ${after} Run the same command again from ${utc(readyAt)} on, in ${span(readyAt - ground.now)}.`;
  const done = { ...plan, readyAt, lapsesAt };
  return outcome(done, [line], { stage: "scheduled", preview, ...receiptPart });
}

function outcome(plan: Plan, lines: readonly string[], more: object): Outcome {
  const { deed, ground, role, permission, operation, readyAt, lapsesAt } = plan;
  const { registry, sender } = ground;
  return {
    json: {
      ok: true,
      command: deed.command,
      ...{ chainId: registry.chainId, registry: registry.address },
      ...{ to: deed.to, value: "0", data: deed.data },
      ...(sender === undefined ? {} : { sender }),
      ...(role === undefined ? {} : { role: roleName(role) }),
      ...(permission === undefined ? {} : { delay: permission.delay }),
      ...(operation === undefined ? {} : { operation, readyAt, lapsesAt }),
      ...deed.json,
      preview: lines,
      ...more,
    },
    text: lines.join("\n"),
  };
}
