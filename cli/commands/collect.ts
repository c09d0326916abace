// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel collect`: asks every source for its accounts of a subject at one time, and merges them into one snapshot.
 *
 * Nothing is taken on trust: each account has to be the one that was asked for, signed with the key that the policy has for the
 * source. All failures are told at once, and then nothing is written.
 *
 * @module
 */

import {
  askAccount,
  askAccounts,
  checkSignature,
  checkSourceUrl,
  formatSnapshot,
  parseSnapshot,
  type SignedAccount,
  type Snapshot,
  type SourceConnection,
} from "@keel/prover";
import { asKeelError, inputError, KeelError, type Market, meetsEvidence, type Policy } from "@keel/verifier";
import { type Context, note, type Outcome } from "../context.js";
import { interrupted, usageError } from "../errors.js";
import { checkDistinct, checkOutput, readSecret, writeText } from "../files.js";
import { loadPublic, type PublicFiles } from "../load.js";

export interface CollectOptions extends PublicFiles {
  readonly subject: `0x${string}`;
  readonly asOf: number;
  /** NAME=URL, once for each source. */
  readonly source: readonly string[];
  readonly tokenFile: string;
  readonly out: string;
  readonly force?: true;
}

/** A source of the policy, and where it listens. */
interface Place {
  readonly name: string;
  readonly connection: SourceConnection;
}

/** What a source said, or what went wrong. */
type Said = { readonly place: Place } & (
  | { readonly answers: readonly SignedAccount[] }
  | { readonly failures: readonly KeelError[] }
);

/** Writes the snapshot of all accounts that the sources have of the subject. */
export async function collect(options: CollectOptions, context: Context): Promise<Outcome> {
  const { out, subject, asOf, force = false } = options;
  checkDistinct({
    "--token-file": options.tokenFile,
    "--market": options.market,
    "--policy": options.policy,
    "--out": out,
  });
  await checkOutput(out, force);
  if (asOf > context.now()) throw usageError("a time that is over", "a later one", "--as-of");
  const { market, policy } = await loadPublic(options, context);
  const places = placesOf(options, policy, await readTokens(options.tokenFile, context), context);
  const said = await Promise.all(places.map((place) => ask(place, options, market, policy)));
  if (context.signal.aborted) throw interrupted();
  const failures = [...said.flatMap(failuresOf), ...duplicates(said), ...tooMany(said, policy)];
  if (failures.length > 0) throw allAtOnce(failures);
  const answers = said.flatMap((one) => ("answers" in one ? one.answers : []));
  const snapshot = merged(said, subject, asOf);
  await writeText({ path: out, text: formatSnapshot(snapshot), secret: true }, force, context.signal);
  warn(said, policy, context);
  return {
    json: { ok: true, out, accounts: said.flatMap(describe) },
    text: `Collected ${answers.length} accounts of ${places.length} sources for ${subject}; wrote ${out}.`,
  };
}

function placesOf(
  { source }: CollectOptions,
  policy: Policy,
  tokens: ReadonlyMap<string, string>,
  context: Context,
): Place[] {
  const places = source.map((text): Place => {
    const at = text.indexOf("=");
    const name = text.slice(0, at);
    if (at < 1 || !policy.sources.some((one) => one.name === name)) {
      throw usageError("NAME=URL with the name of one of policy.sources", "another name", "--source");
    }
    const token = tokens.get(name);
    if (token === undefined) throw inputError("source.token", "--token-file", `a token for ${name}`, "none");
    const url = checkSourceUrl(text.slice(at + 1), "--source");
    return { name, connection: { url, token, signal: context.signal } };
  });
  if (new Set(places.map(({ name }) => name)).size === places.length) return places;
  throw usageError("each source once", "a source twice", "--source");
}

/** Lines NAME=TOKEN: each source is shown its own token only. */
async function readTokens(file: string, context: Context): Promise<Map<string, string>> {
  const lines = (await readSecret(file, "tokens", context)).split(/\r?\n/);
  const tokens = new Map<string, string>();
  lines.forEach((line, i) => {
    if (line === "") return;
    const [, name, token] = /^([^=]+)=([A-Za-z0-9_-]{20,200})$/.exec(line) ?? [];
    if (name === undefined || token === undefined || tokens.has(name)) {
      throw inputError("source.token", `tokens, line ${i + 1}`, "NAME=TOKEN, each name once", "another line");
    }
    tokens.set(name, token);
  });
  return tokens;
}

async function ask(
  place: Place,
  { subject, asOf }: CollectOptions,
  market: Market,
  policy: Policy,
): Promise<Said> {
  try {
    const ids = await askAccounts(place.connection, subject);
    if (ids.length === 0) throw inputError("source.account", "accounts", "an account of the subject", "none");
    const settled = await Promise.allSettled(
      ids.map(async (account) => {
        const answer = await askAccount(place.connection, { subject, account, asOf });
        checkAnswer(place, answer, market, policy);
        return answer;
      }),
    );
    const failures = settled.flatMap((one, i) =>
      one.status === "rejected" ? [named(one.reason, `${place.name}, ${ids[i]}`)] : [],
    );
    if (failures.length > 0) return { place, failures };
    return { place, answers: settled.map((one) => (one as PromiseFulfilledResult<SignedAccount>).value) };
  } catch (error) {
    return { place, failures: [named(error, place.name)] };
  }
}

/** Whether the policy's key for this source signed this account, time and market, and on evidence that the policy takes. */
function checkAnswer(place: Place, answer: SignedAccount, market: Market, policy: Policy): void {
  const wanted = policy.sources.find(({ name }) => name === place.name)?.evidence;
  const { evidence, weakest = "not said" } = answer.basis;
  if (wanted !== undefined && !meetsEvidence(answer.basis, wanted)) {
    const received = evidence === "quorum" ? `quorum, the weakest ${weakest}` : evidence;
    throw inputError("source.evidence", "basis.evidence", `${wanted} or stronger, by the policy`, received);
  }
  checkSignature(snapshotOf([{ place, answer }], answer.subject, answer.asOf), 0, market, policy);
}

function snapshotOf(
  accounts: readonly { readonly place: Place; readonly answer: SignedAccount }[],
  subject: string,
  asOf: number,
): Snapshot {
  return parseSnapshot(
    JSON.stringify({
      keel: "snapshot/1",
      subject,
      asOf,
      accounts: accounts.map(({ place, answer }) => ({ ...answer.account, source: place.name })),
    }),
  );
}

function merged(said: readonly Said[], subject: string, asOf: number): Snapshot {
  const accounts = said.flatMap((one) =>
    "answers" in one ? one.answers.map((answer) => ({ place: one.place, answer })) : [],
  );
  return snapshotOf(accounts, subject, asOf);
}

/** Two sources that sign an account of one id. */
function duplicates(said: readonly Said[]): KeelError[] {
  const seen = new Map<string, string>();
  const found: KeelError[] = [];
  for (const one of said) {
    for (const { account } of "answers" in one ? one.answers : []) {
      const other = seen.get(account.id);
      if (other !== undefined) {
        const expected = `an account id of its own, not one of ${other}`;
        found.push(inputError("source.account", `${one.place.name}, ${account.id}`, expected, "the same"));
      }
      seen.set(account.id, one.place.name);
    }
  }
  return found;
}

/** More accounts than the policy's circuit has places. */
function tooMany(said: readonly Said[], { circuit }: Policy): KeelError[] {
  const count = said.reduce((sum, one) => sum + ("answers" in one ? one.answers.length : 0), 0);
  const { accounts } = circuit.shape;
  if (count <= accounts) return [];
  return [inputError("circuit.size", "accounts", `at most ${accounts} in ${circuit.id}`, `${count}`)];
}

function failuresOf(one: Said): readonly KeelError[] {
  return "failures" in one ? one.failures : [];
}

function named(error: unknown, name: string): KeelError {
  const known = asKeelError(error);
  const { kind, code, path, expected, received } = known;
  return new KeelError({
    kind,
    code,
    path: path === undefined ? name : `${name}: ${path}`,
    ...(expected === undefined ? {} : { expected }),
    ...(received === undefined ? {} : { received }),
  });
}

/** One error with a line for each. */
function allAtOnce(failures: readonly KeelError[]): KeelError {
  if (failures.length === 1) return failures[0]!;
  return new KeelError({
    kind: failures.some(({ kind }) => kind === "input") ? "input" : "environment",
    code: "collect.failed",
    path: "--source",
    expected: "a signed account for every question",
    received: `${failures.length} failures:\n${failures.map(({ message }) => message).join("\n")}`,
  });
}

function describe(one: Said): object[] {
  if (!("answers" in one)) return [];
  return one.answers.map(({ account, basis }) => ({ id: account.id, source: one.place.name, basis }));
}

/** What is right and still worth knowing. */
function warn(said: readonly Said[], policy: Policy, context: Context): void {
  for (const one of said) {
    for (const { account, basis } of "answers" in one ? one.answers : []) {
      const where = `${one.place.name}, ${account.id}`;
      for (const { member, code } of basis.dissent ?? []) {
        note(context, `warning: ${where}: member ${member} did not sign with the others (${code})`);
      }
      if (basis.leftOut !== undefined) {
        note(context, `warning: ${where}: left out, without a row: ${basis.leftOut.join(", ")}`);
      }
    }
  }
  const asked = new Set(said.map(({ place }) => place.name));
  const silent = policy.sources.filter(({ name }) => !asked.has(name)).map(({ name }) => name);
  if (silent.length > 0) note(context, `not asked, as no --source names them: ${silent.join(", ")}`);
}
