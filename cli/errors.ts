// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How failures leave the program: a line or two on the error stream, an object on standard output under `--json`, and the
 * exit code. An unexpected error shows no text of its own, which might quote a secret.
 *
 * @module
 */

import { asKeelError, exitCode, inputError, KeelError } from "@keel/verifier/errors";
import { jsonText, printable } from "@keel/verifier/text";
import { type Context, note } from "./context.js";

/** Exit codes of programs that a signal ended: 128 and the signal's number. */
const SIGNAL_EXIT_CODES: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

const MORE = "KEEL_DEBUG=1 shows more";
const FROM_THE_START = "--from-block has to be at or before the registry's first block";

/** What to do next, by error code. */
const HINTS: Readonly<Record<string, string>> = {
  "deploy.administrator":
    "make a Safe and name it as `admin` in the roles file; one key must not govern alone",
  "deploy.balance": "send the account what is missing, or wait for a lower fee",
  "deploy.busy": "wait until its other transactions are mined, or use an account of its own",
  "deploy.chain": "name the node of the chain that is meant",
  "deploy.developmentKey": "--verifier CIRCUIT=FOLDER takes what a ceremony exported",
  "deploy.feed": "take the feed's address from its own documentation",
  "deploy.nobody": "name an account that somebody holds",
  "deploy.proxy": "have the proxy put on the chain, or deploy with a key and hand over to the Safe",
  "deploy.publishers": "each publisher once, and a threshold that they can reach",
  "deploy.receiver":
    'a Safe\'s own address; `"unchecked": true` says that you made sure that it can call others',
  "deploy.rehearsal": "nothing was sent; KEEL_DEBUG=1 shows more",
  "deploy.sequencer": "--sequencer-feed, from docs.chain.link/data-feeds/l2-sequencer-feeds",
  "deploy.unmined": "the same command waits on for it",
  "deployment.arguments": "the arguments that it was begun with, or another --file for another deployment",
  "deployment.chain": "a deployments file is of one chain",
  "deployment.deployer": "go on with the account that began it, or name another --file",
  "deployment.missing": "the node may be of another chain; name another --file if the chain was started over",
  "dev.none": "`keel dev start`",
  "enrolment.source": "who speaks for an account changes by enrolling again: `keel enrol`",
  "enrolment.missing": 'every declared account needs data, an empty one `"positions": {}`',
  "file.exists": "use --force to replace it (a state file is never replaced)",
  "history.enrolment": FROM_THE_START,
  "history.none": FROM_THE_START,
  "history.record": FROM_THE_START,
  "history.state": FROM_THE_START,
  internal: MORE,
  "key.insecure": "--insecure accepts a key whose secret everybody knows; never where it matters",
  "policy.broken": "`keel check` shows every limit with its headroom",
  "policy.series":
    "a table of another series is no table of this policy; `keel policy pin` names the series of a new one",
  "policy.units":
    "name a share token (policy.units.token) or who signs with `keel sign-units` (.administrator)",
  "operation.notReady": "the same command without --execute schedules, and executes once its time has come",
  "registry.marketNotAccepted": "publish the market first: `keel sign-market`, then `keel publish-market`",
  "registry.notEnrolled": "the subject declares its accounts with `keel enrol`",
  "registry.unknownPolicy": "publish the policy first: `keel publish-policy`",
  "registry.wrongEnrolment": "prove with `--enrolment` and the list that the subject enrolled with",
  "registry.wrongState": "prove with `--state` and the file that the attestation before this one left",
  "role.missing":
    "`keel role list` says who has which role and what is offered; --from names a Safe that will sign",
  "snapshot.signature": "the account's source signs with `keel sign`",
  "state.lost":
    "another seed's backup, or `keel state recover --state FILE` with a state file; else a guardian lets the chain start over",
  "state.other": "the file that the latest attestation left; earlier ones are of no use",
  "state.units":
    "a subject has one chain at a registry, in one scale; --same-units says that the new source counts the same units",
  system: MORE,
  "states.missing": "`keel state init` makes one; `keel state recover --backup FILE` brings a lost one back",
  "units.missing": "the fund's administrator signs with `keel sign-units`; --units takes the file",
};

/** Reports a failure and gives the exit code. */
export function reportError(error: unknown, context: Context, json: boolean): number {
  if (context.signal.aborted) return reportInterrupt(context, json);
  const known = asKeelError(withSystemCode(error));
  if (json) context.writeOut(`${jsonText({ ok: false, error: known })}\n`);
  for (const line of known.message.split("\n")) note(context, printable(line));
  const hint = HINTS[known.code];
  if (hint !== undefined) note(context, `hint: ${hint}`);
  if (context.env.KEEL_DEBUG !== undefined && error instanceof Error) {
    for (const line of (error.stack ?? error.message).split("\n")) context.writeError(`${printable(line)}\n`);
  }
  return exitCode(known.kind);
}

/** Wrong usage of the command line. */
export function usageError(expected: string, received: string, path = "arguments"): KeelError {
  return inputError("usage", path, expected, received);
}

/** The error of a command that the user interrupted. */
export function interrupted(): KeelError {
  return new KeelError({ kind: "cancelled", code: "interrupted" });
}

/** The system's error code, such as ENOENT. */
export function systemCode(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? "unknown error";
}

function reportInterrupt(context: Context, json: boolean): number {
  if (json) context.writeOut(`${jsonText({ ok: false, error: interrupted() })}\n`);
  note(context, "interrupted; no file is half written");
  return SIGNAL_EXIT_CODES[String(context.signal.reason)] ?? 130;
}

/** A full or locked disk in the system's words; anything else as it is. */
function withSystemCode(error: unknown): unknown {
  const { syscall } = (error ?? {}) as NodeJS.ErrnoException;
  if (syscall === undefined) return error;
  return new KeelError({
    kind: "environment",
    code: "system",
    expected: "the system to do its part",
    received: `${syscall}: ${systemCode(error)}`,
  });
}
