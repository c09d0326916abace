// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel init`: a folder with the first files of a book, by a strategy's template, which `keel check` calls healthy. Without a
 * template it asks.
 *
 * @module
 */

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  assess,
  fitLimits,
  formatSourceKey,
  generateSourceKey,
  parseSnapshot,
  type SourceKeyPair,
  withProposals,
} from "@keel/prover";
import {
  inputError,
  type LimitName,
  limitRow,
  parseMarket,
  parsePolicy,
  parseReturns,
  withReturns,
} from "@keel/verifier";
import { accounts, chainAddress, type NamedAccount } from "../arguments.js";
import { type Context, note, type Outcome } from "../context.js";
import { type NewFile, writeFiles } from "../files.js";
import { type BookDraft, type Choices, draftBook, readTemplates, type Templates } from "../init-draft.js";
import { layOut } from "../layout.js";
import { asking } from "../prompts.js";
import { formatRunConfig, NO_REGISTRY } from "../run/config.js";
import { check } from "./check.js";

export interface InitOptions {
  readonly template?: string;
  readonly name?: string;
  readonly subject?: `0x${string}`;
  readonly accounts?: readonly NamedAccount[];
  readonly instruments?: readonly string[];
  /** Share token, or the account that signs the fund's units. */
  readonly unitsToken?: `0x${string}`;
  readonly unitsAdministrator?: `0x${string}`;
}

/** Account 1 of every local chain: whoever rehearses has its key. */
const REHEARSAL_SUBJECT = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";
/** How far a limit is from the book where the template's own would break. */
const MARGIN = 2_000n;
/** Lines of .gitignore. Whatever else comes into the folder, an export of positions or a part of the book, stays out of sight. */
const PUBLIC_ALONE = [
  "# Everything is secret here but what is named.",
  ...["*", "!.gitignore", "!market*.json", "!policy*.json", "!returns*.json"],
  ...["!attestation*.json", "!signature*.json"],
];

/** Makes the folder. */
export async function init(folder: string, options: InitOptions, context: Context): Promise<Outcome> {
  const library = readTemplates();
  const { name, choices } = await chosen(library, options, context);
  const keys = new Map<string, SourceKeyPair>();
  const keyOf = (source: string) => {
    const pair = keys.get(source) ?? generateSourceKey();
    keys.set(source, pair);
    return pair.publicKey;
  };
  const from = { template: templateOf(library, name), asOf: library.asOf };
  const draft = widened(draftBook(from, choices, keyOf, context.now()));
  await mkdir(join(folder, "keys"), { recursive: true });
  const files = filesOf(folder, draft, keys, choices.subject);
  await writeFiles(files, false, context.signal);
  for (const line of remarks(draft, choices)) note(context, line);
  const book = { snapshot: join(folder, "snapshot.json"), ...publicOf(folder, draft) };
  const verdict = await check(book, context);
  return {
    exitCode: verdict.exitCode ?? 0,
    json: { ok: true, folder, template: name, circuit: draft.circuit, files: files.map(({ path }) => path) },
    text: [verdict.text, nextSteps(folder, draft)].join("\n\n"),
  };
}

type Draft = BookDraft & { readonly widened: readonly string[] };

/** The draft, with wider limits where its positions break the template's. */
function widened(draft: BookDraft): Draft {
  const market = parseMarket(draft.market);
  const policy = parsePolicy(draft.policy);
  const tables = draft.returns === undefined ? market : withReturns(market, parseReturns(draft.returns));
  const { limits } = assess(parseSnapshot(draft.snapshot), tables, policy);
  const broken = limits.filter(({ ok }) => !ok);
  if (broken.length === 0) return { ...draft, widened: [] };
  const file = JSON.parse(draft.policy);
  const next = layOut({ ...file, limits: withProposals(file.limits, fitLimits(broken, MARGIN)) });
  return { ...draft, policy: next, widened: [...new Set(broken.map((limit) => limit.name))] };
}

function filesOf(
  folder: string,
  draft: Draft,
  keys: ReadonlyMap<string, SourceKeyPair>,
  subject: `0x${string}`,
): NewFile[] {
  const open = { market: draft.market, policy: draft.policy, returns: draft.returns };
  return [
    ...[...keys].map(([source, pair]) => ({
      ...{ path: join(folder, keyFile(source)), text: formatSourceKey(pair), secret: true },
    })),
    ...Object.entries(open).flatMap(([name, text]) =>
      text === undefined ? [] : [{ path: join(folder, `${name}.json`), text, secret: false }],
    ),
    { path: join(folder, "keel.toml"), text: runFile(draft, subject), secret: false },
    { path: join(folder, ".gitignore"), text: `${PUBLIC_ALONE.join("\n")}\n`, secret: false },
    { path: join(folder, "snapshot.json"), text: draft.snapshot, secret: true },
  ];
}

/** What `keel run` will do, every week; which registry it attests to is left to say. */
function runFile({ policy, returns }: Draft, subject: `0x${string}`): string {
  const { kind } = parsePolicy(policy).units ?? {};
  const isSigned = kind === "signer" || kind === "contract";
  return formatRunConfig({
    ...{ keel: "run/1", subject, policy: "policy.json", enrolment: "enrolment.json" },
    ...{ vault: "vault", rounds: "rounds" },
    registry: { chainId: 31337, address: NO_REGISTRY, rpc: "env:KEEL_RPC" },
    schedule: { cron: "0 6 * * 1", timezone: "UTC" },
    book: { snapshot: "snapshot.json", ...(isSigned ? { units: "units.json" } : {}) },
    market: { file: "market.json", ...(returns === undefined ? {} : { returns: "returns.json" }) },
    warn: { headroom: "0.1" },
  });
}

function publicOf(folder: string, { returns }: Draft) {
  const files = { market: join(folder, "market.json"), policy: join(folder, "policy.json") };
  return returns === undefined ? files : { ...files, returns: join(folder, "returns.json") };
}

/** A source's key file by its name. */
function keyFile(source: string): string {
  return join("keys", `${source.toLowerCase().replace(/[^a-z0-9]+/g, "-")}.json`);
}

function remarks({ circuit, instead, leftOut, widened }: Draft, { accounts }: Choices): string[] {
  const several = accounts !== undefined && accounts.length > 1;
  return [
    `the tier that fits${several ? ` ${accounts.length} accounts` : ""} is ${circuit}${instead === undefined ? "" : `; the template's is ${instead}`}`,
    ...leftOut.map((name) => `${name} is left out: ${whyLeftOut(name)}`),
    ...widened.map((name) => `${name} is wider than the template's, so that the draft holds it`),
    "prices and positions are the template's: replace them (`keel market fetch`, `keel import`, or by hand)",
    ...(several
      ? ["each account has an equal part of every position: leave in each what is kept there"]
      : []),
    "the sources' keys are for rehearsals: a real source keeps its own and gives you the public half",
  ];
}

function whyLeftOut(name: string): string {
  const { needs } = limitRow(name as LimitName);
  if (needs === "units") return "--units-token or --units-administrator says who counts the fund's units";
  return needs === "scenarios" ? "no scenario moves what is left" : "the tier does not prove it";
}

function nextSteps(folder: string, draft: Draft): string {
  const book = ["market", "policy", ...(draft.returns === undefined ? [] : ["returns"])];
  const files = book.map((name) => `--${name} ${name}.json`).join(" ");
  return [
    `Wrote ${folder}. Change what is not yours, and look again; then let each source sign:`,
    "",
    `  cd ${folder}`,
    `  keel check --snapshot snapshot.json ${files}`,
    ...draft.sources.map(
      (source) =>
        `  keel sign --snapshot snapshot.json ${files} --key ${keyFile(source)} --out snapshot.json --force`,
    ),
    `  keel prove --snapshot snapshot.json ${files} --out attestation.json --insecure`,
    "",
    "Every week without anybody there: say in keel.toml which registry it is, then",
    "",
    "  keel state init --vault vault",
    "  keel enrol --snapshot snapshot.json --policy policy.json --out enrolment.json   # and once more with --rpc and --registry",
    "  keel run --once",
    "",
    `What each limit means: keel policy explain --policy policy.json --market market.json --snapshot snapshot.json`,
  ].join("\n");
}

/** What the options leave open is asked, when they name no template; else it is the template's. */
async function chosen(
  library: Templates,
  options: InitOptions,
  context: Context,
): Promise<{ readonly name: string; readonly choices: Choices }> {
  if (options.template !== undefined) {
    return { name: options.template, choices: choicesOf(options, options.subject ?? REHEARSAL_SUBJECT) };
  }
  const ask = asking(context);
  for (const [name, { about }] of Object.entries(library.templates)) {
    context.writeError(`  ${name.padEnd(20)} ${about}\n`);
  }
  const [first] = Object.keys(library.templates);
  const name = await ask("Which strategy is nearest to yours?", first!, (text) => {
    templateOf(library, text);
    return text;
  });
  const template = templateOf(library, name);
  const title = options.name ?? (await ask("The policy's name", template.policy.name, (text) => text));
  const subject =
    options.subject ??
    (await ask("The fund's address on chain", REHEARSAL_SUBJECT, chainAddress("--subject")));
  const list = template.accounts.map(({ id, source }) => `${id}=${source}`).join(",");
  const named =
    options.accounts ??
    (await ask("Its accounts, each with who signs for it", list, (text) =>
      text === list ? undefined : accounts("--accounts")(text),
    ));
  const rows = template.instruments.map(({ id }) => id).join(",");
  const instruments =
    options.instruments ??
    (await ask("What it may hold", rows, (text) => (text === rows ? undefined : text.split(/\s*,\s*/))));
  const all = { ...options, name: title, ...given({ accounts: named, instruments }) };
  return { name, choices: choicesOf(all, subject) };
}

function choicesOf(options: InitOptions, subject: `0x${string}`): Choices {
  const { name, accounts, instruments, unitsToken: token, unitsAdministrator: administrator } = options;
  const units = token === undefined ? administrator && { administrator } : { token };
  return { subject, ...given({ name, accounts, instruments, units }) };
}

/** Without what is not there. */
function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

function templateOf({ templates }: Templates, name: string) {
  const template = templates[name];
  if (template !== undefined) return template;
  throw inputError("init.template", "--template", Object.keys(templates).join(", "), "another name");
}
