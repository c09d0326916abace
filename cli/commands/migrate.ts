// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel migrate`: files of statement version 1 as files of version 2, where that can be honest. A policy gets what it left open:
 * its tables' series, its source of units, the least interval of a streak. An enrolment gets each account's source. What was
 * signed or proven said what it said, and is made again instead.
 *
 * @module
 */

import {
  enrolmentCommitment,
  formatEnrolment,
  newEnrolment,
  parseEnrolment,
  parseSnapshot,
  randomSalt,
} from "@keel/prover";
import {
  identifier,
  inputError,
  type Limits,
  limitRow,
  limitsWhere,
  parseFile,
  parsePolicy,
} from "@keel/verifier";
import { span } from "@keel/verifier/text";
import { z } from "zod";
import type { Context, Outcome } from "../context.js";
import { usageError } from "../errors.js";
import { checkDistinct, checkOutput, readSecret, readText, writeText } from "../files.js";
import { SIGN_AGAIN } from "../market-signature.js";
import { type Draft, loadTables, pin, readDraft, writePolicy } from "../policy-file.js";

export interface MigrateOptions {
  /** The file to convert, or the policy/2 of an enrolment. */
  readonly policy?: string;
  readonly market?: string;
  readonly returns?: string;
  readonly unitsToken?: `0x${string}`;
  readonly unitsAdministrator?: `0x${string}`;
  readonly unitsAdministratorContract?: `0x${string}`;
  /** Seconds; half the validity when absent. */
  readonly minInterval?: number;
  readonly enrolment?: string;
  readonly snapshot?: string;
  readonly attestation?: string;
  readonly opening?: string;
  readonly signature?: string;
  readonly out?: string;
  readonly force?: true;
}

/** Files that no command converts, and what to do instead. */
const MADE_AGAIN = {
  attestation: ["attestation/1", "`keel prove` makes a new proof: an old one says what it said"],
  opening: [
    "opening/1",
    "`keel prove --opening` writes one with a new proof: an old proof keeps its opening",
  ],
  signature: ["market-signature/1", SIGN_AGAIN],
} as const;

/** Converts the file that the options name. */
export async function migrate(options: MigrateOptions, context: Context): Promise<Outcome> {
  for (const role of ["attestation", "opening", "signature"] as const) {
    const file = options[role];
    if (file !== undefined) throw await madeAgain(role, file, context);
  }
  const { out, policy, market, enrolment, snapshot } = options;
  if (out === undefined || policy === undefined) throw wrongMix();
  if (enrolment === undefined && market !== undefined && snapshot === undefined) {
    return await migratePolicy({ ...options, out, policy, market }, context);
  }
  if (enrolment !== undefined && market === undefined && snapshot !== undefined) {
    return await migrateEnrolment({ ...options, out, policy, enrolment, snapshot }, context);
  }
  throw wrongMix();
}

function wrongMix() {
  return usageError(
    "--policy, --market and --out; or --enrolment, --policy, --snapshot and --out",
    "another mix",
  );
}

async function madeAgain(role: keyof typeof MADE_AGAIN, file: string, context: Context) {
  const [version, instead] = MADE_AGAIN[role];
  const header = z.looseObject({ keel: z.literal(version) });
  parseFile(header, await readText(file, role, context), role, { command: "nothing to convert" });
  return inputError("file.version", `${role}.keel`, `no conversion; ${instead}`, version);
}

async function migratePolicy(
  options: MigrateOptions & { readonly policy: string; readonly market: string; readonly out: string },
  context: Context,
): Promise<Outcome> {
  const { policy, market, returns, out, force = false } = options;
  checkDistinct({ "--market": market, "--returns": returns, "--out": out });
  await checkOutput(out, force);
  const draft = readDraft(await readText(policy, "policy", context), "policy/1", "nothing to convert");
  const tables = await loadTables({ market, ...(returns === undefined ? {} : { returns }) }, context);
  const pinned = pin(
    { ...draft, keel: "policy/2", minInterval: intervalOf(draft, options), ...unitsOf(options) },
    tables,
  );
  const { json, text } = await writePolicy(pinned, { out, force }, "Converted", context);
  const { minInterval, limits } = pinned.policy;
  const changed = changedLimits(limits);
  const streak = `An attestation counts for a streak ${span(minInterval)} after the last one that did (--min-interval).`;
  return {
    json: {
      ...json,
      minInterval,
      changed,
    },
    text: [
      text,
      streak,
      ...changed.map(({ limit, meaning }) => `${limit} has another meaning: ${meaning}`),
    ].join("\n"),
  };
}

/** Limits that keep their number, and not what they say. */
function changedLimits(limits: Limits): { readonly limit: string; readonly meaning: string }[] {
  return limitsWhere(({ changed }) => changed !== undefined)
    .filter((name) => limits[name] !== undefined)
    .map((limit) => ({ limit, meaning: limitRow(limit).changed! }));
}

/** Version 1 counted whatever came. Half the validity counts each attestation of whoever renews in time, and no more. */
function intervalOf({ validity }: Draft, { minInterval }: MigrateOptions): number {
  if (minInterval !== undefined) return minInterval;
  return Number.isSafeInteger(validity) ? Math.max(1, Math.ceil((validity as number) / 2)) : 1;
}

function unitsOf({ unitsToken, unitsAdministrator, unitsAdministratorContract }: MigrateOptions): object {
  const sources = [
    { token: unitsToken },
    { administrator: unitsAdministrator },
    { administratorContract: unitsAdministratorContract },
  ].filter((source) => Object.values(source)[0] !== undefined);
  if (sources.length > 1) throw usageError("one source of units", "several", "--units-token");
  return sources.length === 0 ? {} : { units: sources[0] };
}

interface EnrolmentFiles {
  readonly enrolment: string;
  readonly policy: string;
  readonly snapshot: string;
  readonly out: string;
  readonly force?: true;
}

/** The list as it was declared, in its order; who speaks for an account is what the snapshot and the policy say. */
async function migrateEnrolment(options: EnrolmentFiles, context: Context): Promise<Outcome> {
  const { enrolment, policy, snapshot, out, force = false } = options;
  checkDistinct({ "--policy": policy, "--snapshot": snapshot, "--out": out });
  await checkOutput(out, force);
  const header = z.looseObject({ keel: z.literal("enrolment/1"), accounts: z.array(identifier).min(1) });
  const text = await readSecret(enrolment, "enrolment", context);
  const { accounts: ids } = parseFile(header, text, "enrolment", { command: "nothing to convert" });
  const sources = parsePolicy(await readText(policy, "policy", context));
  const known = parseSnapshot(await readText(snapshot, "snapshot", context)).accounts;
  const accounts = ids.map((id, s) => {
    const account = known.find((candidate) => candidate.id === id);
    if (account !== undefined) return account;
    throw inputError("enrolment.missing", `enrolment.accounts[${s}]`, "an account of the snapshot", "none");
  });
  const converted = formatEnrolment(newEnrolment({ accounts }, sources, randomSalt()));
  const commitment = enrolmentCommitment(parseEnrolment(converted)).toString();
  await writeText({ path: out, text: converted, secret: true }, force, context.signal);
  return {
    json: { ok: true, out, accounts: accounts.length, enrolment: commitment },
    text: `Converted the enrolment; wrote ${out}. Its commitment is another, ${commitment}: enrol again.`,
  };
}
