// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel enrol`: a subject declares its accounts, each with the source that speaks for it. With `--out` it makes the enrolment
 * file, without a chain; with `--enrolment` it sends the file's commitment to a registry, as the sender. The list itself never leaves the machine.
 *
 * @module
 */

import {
  type Account,
  type Enrolment,
  enrolmentCommitment,
  enrolmentSalt,
  formatEnrolment,
  newEnrolment,
  parseEnrolment,
  parseSnapshot,
  randomSalt,
} from "@keel/prover";
import { inputError, type Policy, parsePolicy } from "@keel/verifier";
import { enrol, pendingEnrolmentOf } from "@keel/verifier/chain";
import { utc } from "@keel/verifier/text";
import type { NamedAccount } from "../arguments.js";
import { connectSender, type SenderOptions } from "../chain.js";
import type { Context, Outcome } from "../context.js";
import { usageError } from "../errors.js";
import { checkDistinct, readSecret, readText, writeText } from "../files.js";
import { receiptJson } from "../receipts.js";
import { openVault } from "../vault/vault.js";

export interface EnrolOptions extends Partial<SenderOptions> {
  /** Accounts with the names of their sources, in order. */
  readonly accounts?: readonly NamedAccount[];
  /** Its accounts are declared. */
  readonly snapshot?: string;
  /** Has the sources' keys. */
  readonly policy?: string;
  readonly out?: string;
  readonly force?: true;
  readonly enrolment?: string;
  /** The salt follows from its seed, so that the same list can be made again. */
  readonly vault?: string;
  readonly subject?: `0x${string}`;
}

/** Makes an enrolment file, or sends one's commitment. */
export async function enrolSubject(options: EnrolOptions, context: Context): Promise<Outcome> {
  const { out, enrolment, rpc, registry } = options;
  const isMaking = out !== undefined;
  const isSending = enrolment !== undefined && rpc !== undefined && registry !== undefined;
  const others = isMaking
    ? [enrolment, rpc, registry, options.keyFile, options.account]
    : [options.accounts, options.snapshot, options.policy, options.force];
  if (isMaking === isSending || others.some((other) => other !== undefined)) {
    const making = "--out with --policy and --accounts or --snapshot";
    throw usageError(`${making}; or --enrolment, --rpc, --registry`, "another mix");
  }
  if (isMaking) return await makeEnrolment({ ...options, out }, context);
  return await sendEnrolment({ ...options, rpc: rpc!, registry: registry!, enrolment: enrolment! }, context);
}

async function makeEnrolment(options: EnrolOptions & { readonly out: string }, context: Context) {
  const { out, force = false } = options;
  checkDistinct({ "--snapshot": options.snapshot, "--policy": options.policy, "--out": out });
  if (options.policy === undefined) throw usageError("--policy, which has the sources' keys", "none");
  const policy = parsePolicy(await readText(options.policy, "policy", context));
  const accounts = await accountsOf(options, policy, context);
  const text = formatEnrolment(await enrolmentOf(accounts, policy, options, context));
  // The same rules as for a file that is read: names that are none, or twice, are refused before anything is written.
  const enrolment = parseEnrolment(text);
  await writeText({ path: out, text, secret: true }, force, context.signal);
  const count = enrolment.accounts.length;
  const commitment = enrolmentCommitment(enrolment).toString();
  return {
    json: { ok: true, out, accounts: count, enrolment: commitment },
    text: [
      `Wrote the enrolment of ${count} ${count === 1 ? "account" : "accounts"} to ${out}; keep it secret.`,
      `Its public commitment is ${commitment}.`,
    ].join("\n"),
  };
}

/** With a random salt, or one of a vault's seed. */
async function enrolmentOf(
  accounts: readonly Account[],
  policy: Policy,
  { vault, subject }: EnrolOptions,
  context: Context,
): Promise<Enrolment> {
  const list = newEnrolment({ accounts }, policy, randomSalt());
  if (vault === undefined) return list;
  if (subject === undefined) throw usageError("--subject with --vault", "none");
  const { seed } = await openVault(vault, context);
  return { ...list, salt: enrolmentSalt(seed, subject, list.accounts) };
}

async function accountsOf(
  { accounts, snapshot }: EnrolOptions,
  { sources }: Policy,
  context: Context,
): Promise<readonly Account[]> {
  if ((accounts === undefined) === (snapshot === undefined)) {
    throw usageError("one of --accounts and --snapshot", accounts === undefined ? "none" : "both");
  }
  if (accounts === undefined) return parseSnapshot(await readText(snapshot!, "snapshot", context)).accounts;
  return accounts.map((account, s) => {
    if (sources.some(({ name }) => name === account.source)) return { ...account, positions: new Map() };
    throw inputError("source.unknown", `--accounts[${s}]`, "one of policy.sources", "another name");
  });
}

async function sendEnrolment(
  options: SenderOptions & { readonly enrolment: string },
  context: Context,
): Promise<Outcome> {
  const enrolment = parseEnrolment(await readSecret(options.enrolment, "enrolment", context));
  const commitment = enrolmentCommitment(enrolment);
  const { registry, wallet } = await connectSender(options, context);
  const receipt = await enrol(registry, wallet, commitment);
  const subject = wallet.account.address;
  const pending = await pendingEnrolmentOf(registry, subject);
  const from = pending?.enrolment === commitment ? pending.liveAt : undefined;
  return {
    json: {
      ...{ ok: true, subject, enrolment: commitment.toString() },
      ...(from === undefined ? {} : { countsFrom: from }),
      ...receiptJson(receipt),
    },
    text:
      from === undefined
        ? `${subject} is enrolled at ${registry.address} with ${commitment} (${receipt.gasUsed} gas).`
        : `${subject} announced ${commitment} at ${registry.address} (${receipt.gasUsed} gas). It counts from ${utc(from)}; until then prove with the list that counts now.`,
  };
}
