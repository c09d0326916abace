// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel report`: a report of records for people, from the chain's logs with every proof verified again; and `keel report verify`,
 * which holds one against its hash, its signature, and what the chain says.
 *
 * @module
 */

import { allFaults, inputError, KeelError } from "@keel/verifier";
import { isHealthy, lineRecordOf, type Registry, toKeelError } from "@keel/verifier/chain";
import {
  type AifmdFacts,
  aifmdFiling,
  type Difference,
  differences,
  formatReport,
  parseAifmdFacts,
  parseReport,
  type RecordFacts,
  type Report,
  type ReportContent,
  type ReportPolicy,
  type ReportRecord,
  reportCsv,
  reportOf,
  reportTypedData,
} from "@keel/verifier/report";
import { printable, span as spanText, table, utc } from "@keel/verifier/text";
import {
  AbiDecodingDataSizeTooSmallError,
  BaseError,
  ContractFunctionRevertedError,
  ContractFunctionZeroDataError,
  type Hex,
  hashTypedData,
  parseAbi,
  recoverTypedDataAddress,
} from "viem";
import type { NamedAddress } from "../arguments.js";
import { connect, type KeyOptions, type RegistryOptions, senderOf } from "../chain.js";
import { type Context, note, type Outcome } from "../context.js";
import { usageError } from "../errors.js";
import { checkDistinct, checkOutput, type NewFile, readBytes, readText, writeFiles } from "../files.js";
import { together } from "../load.js";
import { contentOf, loadReaders, type ReaderOptions, type Readers, readFacts } from "../report-sources.js";

/** The forms of a report beside report/2. */
interface FormOptions {
  readonly csv?: string;
  readonly pdf?: string;
  readonly aifmd?: string;
  readonly facts?: string;
}

export interface ReportOptions extends RegistryOptions, ReaderOptions, FormOptions, KeyOptions {
  readonly subject: readonly NamedAddress[];
  readonly policyId?: readonly Hex[];
  readonly line?: string;
  /** Unix seconds. */
  readonly from?: number;
  readonly until?: number;
  readonly fromBlock?: number;
  readonly out?: string;
  readonly sign?: true;
  readonly force?: true;
}

export interface ReportVerifyOptions extends ReaderOptions, FormOptions {
  readonly rpc?: string;
  readonly registry?: `0x${string}`;
  readonly expectSigner?: `0x${string}`;
  /** Whose record has to be in it. */
  readonly subject?: readonly NamedAddress[];
}

/** Makes a report, and writes it in the forms that are asked for: all of them or none. */
export async function report(options: ReportOptions, context: Context): Promise<Outcome> {
  const { subject: subjects, line, fromBlock = 0, from, until, force = false } = options;
  checkRequest(options);
  for (const path of [options.out, options.csv, options.pdf, options.aifmd])
    if (path !== undefined) await checkOutput(path, force);
  const [readers, declared] = await together(
    async () => await loadReaders(options, context),
    async () => await loadFacts(options, context),
  );
  const policyIds = policyIdsOf(options, readers);
  const registry = await connect(options);
  const query = {
    ...{ subjects, fromBlock: BigInt(fromBlock) },
    ...(policyIds === undefined ? {} : { policyIds }),
    ...(line === undefined ? {} : { line }),
  };
  const facts = await readFacts(registry, query, readers, context);
  const content = contentOf(facts, {
    ...(from === undefined ? {} : { from }),
    ...(until === undefined ? {} : { until }),
  });
  const made = await signed(reportOf(content), options, registry, context);
  const files = await filesOf(made, options, declared);
  if (files.length > 0) await writeFiles(files, force, context.signal);
  return {
    json: {
      ...{ ok: true, wrote: files.map(({ path }) => path), report: made },
      ...(declared === undefined ? {} : { aifmd: aifmdFiling(made, declared).fields }),
    },
    text: [reportText(made), ...files.map(wroteText)].join("\n"),
  };
}

function wroteText({ path, secret }: NewFile): string {
  return secret ? `Wrote ${path}; it is as secret as what it was read from.` : `Wrote ${path}.`;
}

/** What the arguments alone tell. */
function checkRequest(options: ReportOptions): void {
  const { subject: subjects, policyId: ids = [], line, from, until } = options;
  checkDistinct({
    ...{ "--out": options.out, "--csv": options.csv, "--pdf": options.pdf, "--aifmd": options.aifmd },
    ...{ "--facts": options.facts, "--policy": options.policy, "--market": options.market },
    "--viewer-key": options.viewerKey === true ? undefined : options.viewerKey,
  });
  const faults: KeelError[] = [];
  const twice = (option: string, list: readonly string[]): void => {
    const again = list.find((one, i) => list.indexOf(one) !== i);
    if (again !== undefined) faults.push(inputError("report.twice", option, "each once", again));
  };
  twice(
    "--subject",
    subjects.map(({ subject }) => subject),
  );
  twice("--policy-id", ids);
  const labels = subjects.flatMap(({ label }) => (label === undefined ? [] : [label]));
  if (new Set(labels).size < labels.length)
    faults.push(inputError("report.twice", "--subject", "another name for each", "one name twice"));
  if (line !== undefined && ids.length > 0)
    faults.push(usageError("--line or --policy-id", "both", "--line"));
  if (from !== undefined && until !== undefined && from >= until)
    faults.push(inputError("report.span", "--from", `a time before ${until}, the end`, `${from}`));
  if (faults.length > 0) throw allFaults(faults);
}

function policyIdsOf({ policyId, line }: ReportOptions, { names }: Readers): readonly Hex[] | undefined {
  const [own] = names.keys();
  if (line !== undefined || own === undefined) return policyId;
  if (policyId === undefined) return [own];
  if (policyId.includes(own)) return policyId;
  throw inputError("report.policy", "--policy", `the files of one of ${policyId.join(", ")}`, own);
}

async function signed(
  made: Report,
  options: ReportOptions,
  { chainId }: Registry,
  context: Context,
): Promise<Report> {
  if (options.sign !== true) return made;
  const account = await senderOf(options, chainId, context);
  const signature = await account.signTypedData(reportTypedData(made.contentHash as Hex));
  return { ...made, signature: { signer: account.address.toLowerCase(), signature } };
}

/** What the filer declares, for the form that needs it. */
async function loadFacts({ aifmd, facts }: FormOptions, context: Context): Promise<AifmdFacts | undefined> {
  if (aifmd === undefined && facts === undefined) return undefined;
  if (aifmd !== undefined && facts !== undefined) {
    return parseAifmdFacts(await readText(facts, "facts", context));
  }
  throw usageError("--aifmd and --facts together", "one alone", aifmd === undefined ? "--aifmd" : "--facts");
}

/** The forms that are asked for; with figures of a book they are secret. */
async function filesOf(
  made: Report,
  { out, csv, pdf, aifmd }: ReportOptions,
  declared: AifmdFacts | undefined,
): Promise<NewFile[]> {
  const secret = made.records.some(({ attestations }) => attestations.some(({ sums }) => sums !== undefined));
  return [
    ...(csv === undefined ? [] : [{ path: csv, text: reportCsv(made), secret }]),
    ...(pdf === undefined ? [] : [{ path: pdf, text: await pdfOf(made), secret }]),
    ...(aifmd === undefined ? [] : [{ path: aifmd, text: aifmdFiling(made, declared!).xml, secret }]),
    ...(out === undefined ? [] : [{ path: out, text: formatReport(made), secret }]),
  ];
}

/** Loaded where one is wanted: it carries fonts. */
async function pdfOf(made: Report): Promise<Uint8Array> {
  return await (await import("../report-pdf.js")).reportPdf(made);
}

/** Checks a report; what is not as it says is an error of kind "proof", exit code 3. */
export async function verifyReport(
  file: string,
  options: ReportVerifyOptions,
  context: Context,
): Promise<Outcome> {
  const { rpc, registry } = options;
  if ((rpc === undefined) !== (registry === undefined)) {
    throw usageError(
      "--rpc and --registry together",
      "one alone",
      rpc === undefined ? "--rpc" : "--registry",
    );
  }
  const [readers, declared] = await together(
    async () => await loadReaders(options, context),
    async () => await loadFacts(options, context),
  );
  const told = parseReport(await readText(file, "report", context));
  checkSubjects(told, options.subject ?? []);
  const known =
    rpc === undefined || registry === undefined ? undefined : await connectFor(told, { rpc, registry });
  const signer = await signerOf(told, known);
  checkSigner(signer, options.expectSigner);
  const forms = await checkForms(told, options, declared);
  const chain = known === undefined ? undefined : await compareWithChain(told, known, readers, context);
  if (chain === undefined && told.warning !== undefined) note(context, told.warning);
  return {
    json: {
      ...{ ok: true, contentHash: told.contentHash, signer: signer ?? null, forms },
      ...{ span: told.span, records: told.records.map(coverOf) },
      ...(told.warning === undefined ? {} : { warning: told.warning }),
      chain: chain === undefined ? "not asked" : "says the same",
      ...(chain === undefined ? {} : chain),
    },
    text: [
      `The content's hash is ${told.contentHash}, as the report says.`,
      signer === undefined ? "Nobody signed it." : `${signer} signed it.`,
      ...forms.map((form) => `The ${form} is this report's.`),
      `It is of these records, from ${utc(told.span.from)} to ${utc(told.span.until)}; of a fund that is left out it says nothing:`,
      ...told.records.map(coverText),
      chain === undefined
        ? "THE CHAIN WAS NOT ASKED: anybody can make a report with a right hash. Give --rpc and --registry."
        : [chainWords(told, chain.notCompared), ...chain.atNewestBlock.map(newestText)].join("\n"),
      ...(told.warning === undefined ? [] : [told.warning]),
    ].join("\n"),
  };
}

/** What a record is of: by its addresses and ids, not by names that anybody can give. */
function coverOf({ subject, under, attestations, span, whole }: ReportRecord) {
  const read = attestations.filter(({ sums }) => sums !== undefined).length;
  return {
    subject,
    ...(under.kind === "policy" ? { policyId: under.policyId } : { line: under.name }),
    attestations: { shown: attestations.length, withSums: read },
    lapses: { span: span.lapses, whole: whole.lapses },
  };
}

function coverText(record: ReportRecord): string {
  const { subject, attestations, lapses } = coverOf(record);
  const { under } = record;
  const of = under.kind === "policy" ? `policy ${under.policyId}` : `line "${printable(under.name)}"`;
  return `  ${subject} under ${of}: ${attestations.shown} attestations, sums of ${attestations.withSums}; ${lapses.span} lapses, ${lapses.whole} in the whole record`;
}

/** A report cannot tell whom it leaves out; who asks for somebody can. */
function checkSubjects({ records }: Report, expected: readonly NamedAddress[]): void {
  const missing = expected.filter(({ subject }) => records.every((record) => record.subject !== subject));
  if (missing.length === 0) return;
  throw allFaults(
    missing.map(({ subject }) =>
      refused("report.mismatch", "report.records", `a record of ${subject}`, "none of it"),
    ),
  );
}

/** The registry, if the report is of it and its chain. */
async function connectFor({ chain }: Report, options: RegistryOptions): Promise<Registry> {
  const registry = await connect(options);
  const here = { chainId: registry.chainId, registry: registry.address.toLowerCase() };
  checkSame(differences(here, { chainId: chain.chainId, registry: chain.registry }, "report.chain"));
  return registry;
}

function chainWords({ chain }: Report, notCompared: readonly string[]): string {
  const left = notCompared.length === 0 ? "" : ` Not compared: ${notCompared.join("; ")}.`;
  return `Registry ${chain.registry} on chain ${chain.chainId} says the same up to block ${chain.block}, every proof verified again.${left}`;
}

/** Whose signature it is: of a key, or of a contract at the report's registry's chain, which alone can tell (ERC-1271). */
async function signerOf(
  { contentHash, signature }: Report,
  registry: Registry | undefined,
): Promise<string | undefined> {
  if (signature === undefined) return undefined;
  const { signer } = signature;
  const signed = { ...reportTypedData(contentHash as Hex), signature: signature.signature as Hex };
  const found = (await recoverTypedDataAddress(signed).catch(() => undefined))?.toLowerCase();
  if (found === signer) return signer;
  if (registry !== undefined && (await isContractSignature(registry, signer as Hex, signed))) return signer;
  const contract = registry === undefined ? "; one of a contract needs --rpc and --registry" : "";
  throw refused(
    "report.signature",
    "report.signature",
    `a signature of this content by ${signer}${contract}`,
    found ?? "none",
  );
}

const CONTRACT_SIGNATURE = parseAbi([
  "function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)",
]);
/** What a contract answers to a signature that it takes for its own (ERC-1271). */
const VALID = "0x1626ba7e";

/** Whether the contract at an address says so now; one that cannot answer does not. */
async function isContractSignature(
  { client }: Registry,
  address: Hex,
  { signature, ...typed }: ReturnType<typeof reportTypedData> & { readonly signature: Hex },
): Promise<boolean> {
  const args = [hashTypedData(typed), signature] as const;
  try {
    const call = { address, abi: CONTRACT_SIGNATURE, functionName: "isValidSignature", args } as const;
    return (await client.readContract(call)) === VALID;
  } catch (error) {
    if (isAnswer(error)) return false;
    throw toKeelError(error);
  }
}

/** No contract, one that reverts, or one that answers with something else than four bytes; not a node that does not answer. */
function isAnswer(error: unknown): boolean {
  const is = (cause: unknown): boolean =>
    cause instanceof ContractFunctionRevertedError ||
    cause instanceof ContractFunctionZeroDataError ||
    cause instanceof AbiDecodingDataSizeTooSmallError;
  return error instanceof BaseError && error.walk(is) !== null;
}

function checkSigner(signer: string | undefined, expected: string | undefined): void {
  if (expected === undefined || signer === expected) return;
  throw refused(
    "report.signature",
    "report.signature",
    `${expected}'s`,
    signer === undefined ? "none" : `${signer}'s`,
  );
}

/** Files that have to be the report's, byte by byte. */
async function checkForms(
  told: Report,
  { csv, pdf, aifmd }: ReportVerifyOptions,
  declared: AifmdFacts | undefined,
): Promise<string[]> {
  const forms: string[] = [];
  const check = async (
    name: string,
    path: string | undefined,
    ...makes: readonly (() => Promise<string | Uint8Array>)[]
  ) => {
    if (path === undefined) return;
    const found = Buffer.from(await readBytes(path, name));
    for (const make of makes) {
      if (!found.equals(Buffer.from(await make()))) continue;
      forms.push(name);
      return;
    }
    const expected = `the ${name} of report ${told.contentHash}, byte by byte`;
    throw refused("report.form", name, expected, "another file");
  };
  const { signature: _, ...unsigned } = told;
  await check("CSV", csv, async () => reportCsv(told));
  await check(
    "PDF",
    pdf,
    async () => await pdfOf(told),
    // Made before it was signed, as it is where a contract signs: it says that nobody did.
    async () => await pdfOf(unsigned),
  );
  await check("XML", aifmd, async () => aifmdFiling(told, declared!).xml);
  return forms;
}

/** Builds the report again from the chain, for the same records and span, and compares. */
async function compareWithChain(
  told: Report,
  registry: Registry,
  readers: Readers,
  context: Context,
): Promise<{ readonly notCompared: readonly string[]; readonly atNewestBlock: readonly NewestState[] }> {
  checkPolicyFiles(told, readers);
  await checkBlock(told, registry);
  const subjects = [...new Map(told.records.map(({ subject, label }) => [subject, label]))].map(
    ([subject, label]) => ({ subject: subject as Hex, ...(label === undefined ? {} : { label }) }),
  );
  const lines = told.records.flatMap(({ under }) => (under.kind === "line" ? [under.name] : []));
  const { fromBlock, block } = told.chain;
  const query = {
    ...{ subjects, fromBlock: BigInt(fromBlock), block: BigInt(block) },
    ...(lines[0] === undefined ? {} : { line: lines[0] }),
  };
  const build = async (): Promise<ReportContent> => {
    const facts = await readFacts(registry, query, readers, context);
    const records = told.records.map((record) => sameRecord(record, facts.records));
    const { from, until } = told.span;
    return contentOf({ ...facts, records }, { from, until });
  };
  const again = await build().catch((error: unknown) => {
    throw asMismatch(error);
  });
  const { expected, claimed, notCompared } = comparable(told, again);
  checkSame(differences(expected, claimed, "report"));
  return { notCompared, atNewestBlock: await newestStates(told, registry) };
}

/** How a record stands when the report is verified: it may have been made before somebody took something back. */
interface NewestState {
  readonly subject: string;
  readonly under: string;
  readonly healthy: boolean;
}

async function newestStates({ records }: Report, registry: Registry): Promise<NewestState[]> {
  return await Promise.all(
    records.map(async ({ subject, under }) => {
      const who = subject as Hex;
      const healthy =
        under.kind === "policy"
          ? await isHealthy(registry, who, under.policyId as Hex)
          : (await lineRecordOf(registry, who, under.line as Hex)).healthy;
      return { subject, under: under.kind === "policy" ? under.policyId : under.name, healthy };
    }),
  );
}

function newestText({ subject, under, healthy }: NewestState): string {
  return `  now, at the newest block: ${subject} under ${printable(under)} is ${healthy ? "healthy" : "NOT healthy"}`;
}

/** A block that the node has not may be one that it lags behind; not where the report says that its time has come already. */
async function checkBlock({ chain }: Report, { client }: Registry): Promise<void> {
  const { number, timestamp } = await client.getBlock().catch((error: unknown) => {
    throw toKeelError(error);
  });
  if (chain.block <= number || chain.time > timestamp) return;
  throw refused("report.mismatch", "report.chain.block", `at most ${number}, at its time`, `${chain.block}`);
}

/** Who gives a policy's files wants to know whether the report is of that policy. */
function checkPolicyFiles({ policies }: Report, { names }: Readers): void {
  const known = policies.map(({ policyId }) => policyId);
  const missing = [...names.keys()].find((id) => !known.includes(id));
  if (missing === undefined) return;
  const expected = `policy ${missing}, whose files are given`;
  throw refused("report.mismatch", "report.policies", expected, known.join(", "));
}

/** What would be a wrong request of who makes a report is a false word of one that is there. */
const FALSE_WORDS: ReadonlySet<string> = new Set(["report.empty", "report.line", "report.span"]);

function asMismatch(error: unknown): unknown {
  if (!(error instanceof KeelError) || !FALSE_WORDS.has(error.code)) return error;
  const { path = "report", expected = "what the chain has", received = "something else" } = error;
  return refused("report.mismatch", path, expected, received);
}

/** The record that a report speaks of, as the chain has it. */
function sameRecord({ subject, label, under }: ReportRecord, found: readonly RecordFacts[]): RecordFacts {
  const who = { subject: subject as Hex, ...(label === undefined ? {} : { label }) };
  if (under.kind === "policy") return { ...who, under: { policyId: under.policyId as Hex } };
  const own = found.find((record) => record.subject === subject)!;
  return { ...who, under: own.under };
}

function checkSame(found: readonly Difference[]): void {
  if (found.length === 0) return;
  throw allFaults(
    found.map(({ path, expected, received }) =>
      refused("report.mismatch", path, `${expected}, as the chain gives it`, received),
    ),
  );
}

/** Both contents without what only one of them can know, and what that was. */
interface Comparable {
  readonly expected: ReportContent;
  readonly claimed: ReportContent;
  readonly notCompared: string[];
}

/** Sums of some attestations and not of others is a choice, which is told; a report without any says nothing of them. */
function comparable({ contentHash: _, signature: __, ...told }: Report, again: ReportContent): Comparable {
  const all = told.records.flatMap(({ attestations }) => attestations);
  const showsSums = all.some(({ sums }) => sums !== undefined);
  let unread = 0;
  const records = told.records.map((record, r) => ({
    ...record,
    attestations: record.attestations.map((one, a) => {
      const mine = again.records[r]?.attestations[a];
      if (mine?.sums !== undefined || one.sums === undefined) return one;
      unread += 1;
      const { sums: _, ...rest } = one;
      return rest;
    }),
  }));
  let unnamed = 0;
  const policies = told.policies.map((policy, p) => {
    if (again.policies[p]?.names !== undefined || policy.names === undefined) return policy;
    unnamed += 1;
    return withoutNames(policy);
  });
  const readable = again.records.some(({ attestations }) =>
    attestations.some(({ sums }) => sums !== undefined),
  );
  return {
    expected: withoutDerived({
      ...again,
      records: showsSums ? again.records : again.records.map(withoutSums),
      policies: again.policies.map((policy, p) =>
        told.policies[p]?.names === undefined ? withoutNames(policy) : policy,
      ),
    }),
    claimed: withoutDerived({ ...told, records, policies }),
    notCompared: [
      ...(unread === 0 ? [] : [`the sums of ${unread} attestations, which need a viewer's key or openings`]),
      ...(readable && !showsSums ? ["sums, of which the report says nothing"] : []),
      ...(unnamed === 0 ? [] : [`the names of ${unnamed} policies, which need their files`]),
      ...(records.some(({ label }) => label !== undefined)
        ? ["the funds' names, which are the report's own"]
        : []),
    ],
  };
}

function withoutNames({ names: _, ...policy }: ReportPolicy): ReportPolicy {
  return policy;
}

function withoutSums(record: ReportRecord): ReportRecord {
  return { ...record, attestations: record.attestations.map(({ sums: _, ...one }) => one) };
}

/** Without what follows from other parts, which was checked by itself; how sums were read may differ. */
function withoutDerived(content: ReportContent): ReportContent {
  return {
    ...content,
    records: content.records.map((record) => ({
      ...record,
      attestations: record.attestations.map(({ figures: _, ratios: __, read: ___, ...one }) => one),
    })),
  };
}

function refused(code: string, path: string, expected: string, received: string): KeelError {
  return new KeelError({ kind: "proof", code, path, expected, received });
}

/** What a report says, in a screen. */
function reportText(made: Report): string {
  const { chain, span } = made;
  const head = ["fund", "now", "attestations", "lapses", "share of time healthy", "of the whole record"];
  const rows = made.records.map((record) => [
    ...[nameOf(record), nowText(record)],
    ...[`${record.span.attestations}`, `${record.span.lapses}`, percentOf(record.span.share)],
    `${percentOf(record.whole.share)} since ${utc(record.whole.from)}, ${record.whole.lapses} lapses`,
  ]);
  const lapses = made.records.flatMap((record) =>
    record.lapses.map(({ from, until, words }) => {
      const length = until === null ? "goes on" : spanText(until - from);
      return `${utc(from)}  ${nameOf(record)}: ${printable(words)} (${length})`;
    }),
  );
  return [
    `From ${utc(span.from)} to ${utc(span.until)}, by registry ${chain.registry} on chain ${chain.chainId} at block ${chain.block}.`,
    ...(made.warning === undefined ? [] : [made.warning]),
    table([head, ...rows], [2, 3]),
    ...(lapses.length === 0 ? ["No lapse in the span."] : lapses),
    "Every proof was verified again, and the registry says the same.",
    `Content hash ${made.contentHash}${made.signature === undefined ? "" : `, signed by ${made.signature.signer}`}.`,
  ].join("\n");
}

/** The record may be open and its latest attestation have expired. */
function nowText({ now }: ReportRecord): string {
  if (now.healthy)
    return now.leftPolicy === undefined ? "healthy" : "healthy, under a policy that the line left";
  return `NOT healthy (${now.standing === "open" ? "expired" : now.standing})`;
}

/** The name that the report's maker gave, or the address; under which policy. */
function nameOf({ label, subject, under }: ReportRecord): string {
  const policy = under.kind === "policy" ? under.policyId.slice(0, 10) : `line "${printable(under.name)}"`;
  return `${label === undefined ? subject : printable(label)} under ${policy}`;
}

/** "0.987654" as "98.7654 %", exact. */
function percentOf(share: string): string {
  const [whole, fraction = ""] = share.split(".") as [string, string?];
  const digits = `${whole}${fraction.padEnd(6, "0")}`.replace(/^0+(?=\d{5})/, "");
  const rest = digits.slice(-4).replace(/0+$/, "");
  return `${digits.slice(0, -4)}${rest === "" ? "" : `.${rest}`} %`;
}
