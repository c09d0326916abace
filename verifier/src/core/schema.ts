// SPDX-License-Identifier: MIT
/**
 * From JSON text to checked data: zod schemas for what the file formats share, and one way to report what is wrong.
 *
 * @module
 */

import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { z } from "zod";
import { type DecimalFormat, decimalPattern, describeType, parseDecimal } from "./decimal.js";
import { allFaults, inputError } from "./errors.js";
import { type Json, parseJson } from "./json.js";

/** Schemas of the file formats, from which `npm run schemas` writes JSON Schemas. */
export const FORMATS = z.registry<{
  /** Format and version, as the file's first key has them: "policy/2". */
  readonly id: string;
  /** Of the package that it belongs to, in this repository. */
  readonly folder: string;
  readonly title: string;
}>();

/** Latest time that fits the statement's 40 bits. */
const MAX_TIME = 2 ** 40 - 1;

/** Canonical integers, as far as text alone tells. */
const FIELD_TEXT = /^(0|[1-9][0-9]{0,77})$/;

/** Identifiers of instruments, underlyings and accounts: printable ASCII that needs no escape anywhere. */
export const identifier = named(/^[A-Za-z0-9][A-Za-z0-9._:/+-]{0,31}$/, "1 to 32 of A-Z a-z 0-9 . _ : / + -");

/** Names for people: one line of text without control characters or markup. */
export const title = named(
  /^[^\p{C}<>&"'`]{1,80}$/u,
  "1 to 80 characters without control characters, quotes or markup",
);

/** Names of firms that sign, which have & and ' in them; otherwise as {@link title}. */
export const firm = named(
  /^[^\p{C}<>"`]{1,80}$/u,
  "1 to 80 characters without control characters, double quotes or markup",
);

/** Expected of an address that is not in lower case. */
export const CHECKSUM = "an address with its checksum (EIP-55)";
/** Received instead. */
export const MISTYPED = "one with a digit mistyped";

/** A chain address. One in upper and lower case has its checksum in them. */
export const address = named(/^0x[0-9a-fA-F]{40}$/, "0x and 40 hexadecimal digits").transform(
  (text, context) =>
    hasChecksum(text)
      ? (text.toLowerCase() as `0x${string}`)
      : refuse(context, "input.checksum", CHECKSUM, MISTYPED),
);

/**
 * Whether an address agrees with its checksum: a letter is upper case exactly where the hash of the lower-case text has a digit
 * of 8 or more (EIP-55). One without both cases has none, which agrees.
 */
export function hasChecksum(address: string): boolean {
  const digits = address.slice(2);
  const lower = digits.toLowerCase();
  if (digits === lower || digits === digits.toUpperCase()) return true;
  const hash = bytesToHex(keccak_256(utf8ToBytes(lower)));
  return [...digits].every((digit, i) => {
    const isUpper = Number.parseInt(hash[i]!, 16) >= 8;
    return digit === (isUpper ? lower[i]!.toUpperCase() : lower[i]);
  });
}

/** Unix seconds. */
export const time = z.int().min(0).max(MAX_TIME);

/** A length of time in seconds that fits 32 bits. */
export const duration = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);

/** A decimal string, as a scaled integer. */
export function decimal(format: DecimalFormat): z.ZodType<bigint> {
  return asText(decimalPattern(format)).transform((value, context) => {
    const result = parseDecimal(value, format);
    if (result.ok) return result.value;
    return refuse(context, "input.decimal", result.expected, result.received);
  });
}

/** A canonical integer below `order`, written as a decimal string. */
export function fieldElement(order: bigint): z.ZodType<bigint> {
  return asText(FIELD_TEXT).transform((value, context) => {
    const expected = "an integer in the field, as a decimal string";
    if (typeof value !== "string") return refuse(context, "input.field", expected, describeType(value));
    if (!FIELD_TEXT.test(value)) return refuse(context, "input.field", expected, "other text");
    const element = BigInt(value);
    return element < order
      ? element
      : refuse(context, "input.field", expected, "an integer beyond the field");
  });
}

/** Reports a problem that zod has no name for; the result is never used. */
export function refuse(
  context: { addIssue(issue: { code: "custom"; params: Problem }): void },
  code: string,
  expected: string,
  received: string,
): never {
  context.addIssue({ code: "custom", params: { code, expected, received } });
  return z.NEVER;
}

/** What to do with a file of an older version. */
export interface Conversion {
  /** Said after the version that is expected: "`keel migrate …` converts it". */
  readonly command: string;
}

/**
 * Reads one of Keel's files.
 *
 * @param name the file's role, the root of error paths: "policy"
 * @param conversion for formats that had another version
 * @throws KeelError kind "input" for the first problem, with the others under `also`; `file.format` for a file of another
 * format, `file.version` for one of another version
 */
export function parseFile<T>(schema: z.ZodType<T>, text: string, name: string, conversion?: Conversion): T {
  const data = parseFileJson(text, name);
  checkFormat(schema, data, name);
  if (conversion !== undefined) checkVersion(schema, data, name, conversion);
  return parseData(schema, data, name);
}

/** Refuses a file that says that it is of another format, before anything else is said of it. */
export function checkFormat(schema: z.ZodType, data: Json, name: string): void {
  const said = saidFormat(data);
  const expected = schemaVersion(schema);
  if (said === undefined || expected === undefined) return;
  const [format] = expected.split("/");
  if (said.split("/")[0] === format) return;
  throw inputError("file.format", name, `a ${format} file (${expected})`, `a file of ${said}`);
}

/** Format and version that a file says it has, when they could be those of one of Keel's. */
function saidFormat(data: Json): string | undefined {
  const said = (data as { readonly keel?: unknown } | null)?.keel;
  return typeof said === "string" && /^[a-z][a-z-]{1,31}\/[0-9]{1,3}$/.test(said) ? said : undefined;
}

/** The JSON of one of Keel's files, without the `$schema` that tells an editor what it is. */
export function parseFileJson(text: string, name: string): Json {
  const data = parseJson(text, name);
  if (typeof data !== "object" || data === null || Array.isArray(data)) return data;
  if (typeof data.$schema === "string") delete data.$schema;
  return data;
}

/** Refuses a file of the format that `schema` reads, but of another version, before anything else is said of it. */
export function checkVersion(schema: z.ZodType, data: Json, name: string, { command }: Conversion): void {
  const said = saidFormat(data);
  const expected = schemaVersion(schema);
  if (said === undefined || expected === undefined || said === expected) return;
  if (said.split("/")[0] !== expected.split("/")[0]) return;
  throw inputError("file.version", `${name}.keel`, `${expected}; ${command}`, said);
}

/** Format and version of the files that a schema reads; nothing when they have none. */
function schemaVersion(schema: z.ZodType): string | undefined {
  const { shape } = schema as { readonly shape?: { readonly keel?: unknown } };
  const { value } = (shape?.keel ?? {}) as { readonly value?: unknown };
  return typeof value === "string" ? value : undefined;
}

/** {@link parseFile} for data that is already JSON. */
export function parseData<T>(schema: z.ZodType<T>, data: Json, name: string): T {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  throw allFaults(result.error.issues.map((issue) => toError(issue, data, name)));
}

interface Problem {
  readonly code: string;
  readonly expected: string;
  readonly received: string;
}

/** Anything, checked by what follows; a JSON Schema says of it that it is text of this form. */
function asText({ source }: RegExp): z.ZodUnknown {
  // Not every validator knows classes of Unicode; the control characters that matter most have numbers.
  const pattern = source.replace("\\p{C}", "\\u0000-\\u001f\\u007f-\\u009f");
  return z.unknown().meta({ type: "string", pattern });
}

function named(pattern: RegExp, expected: string): z.ZodType<string> {
  return asText(pattern).transform((value, context) => {
    if (typeof value !== "string") return refuse(context, "input.type", "text", describeType(value));
    if (!pattern.test(value)) return refuse(context, "input.text", expected, "other text");
    return value;
  });
}

/** The schema library's own words for two types, said as a reader would. */
const TYPE_WORDS: Readonly<Record<string, string>> = {
  tuple: 'a list of two, such as ["1", "2"]',
  nonoptional: "something",
};

function typeWords(expected: string): string {
  return TYPE_WORDS[expected] ?? expected;
}

function toError(issue: z.core.$ZodIssue, data: Json, name: string) {
  const path = formatPath(name, issue.path);
  const received = describeType(valueAt(data, issue.path));
  switch (issue.code) {
    case "custom": {
      const problem = issue.params as unknown as Problem;
      return inputError(problem.code, path, problem.expected, problem.received);
    }
    case "unrecognized_keys":
      return inputError("input.unknown-key", path, "only known keys", issue.keys.map(printable).join(", "));
    case "invalid_type":
      return inputError("input.type", path, typeWords(issue.expected), received);
    case "invalid_value":
      return inputError("input.value", path, issue.values.map(String).join(" or "), "another value");
    case "too_small":
      return inputError("input.range", path, `at least ${issue.minimum} (${issue.origin})`, "less");
    case "too_big":
      if (issue.maximum === MAX_TIME && isMilliseconds(valueAt(data, issue.path))) {
        return inputError("input.time", path, "unix seconds", "milliseconds, as it seems");
      }
      return inputError("input.range", path, `at most ${issue.maximum} (${issue.origin})`, "more");
    default:
      return inputError("input.invalid", path, "valid data", received);
  }
}

/** Of this century. */
function isMilliseconds(value: unknown): boolean {
  return typeof value === "number" && value < 4.2e12;
}

function valueAt(data: Json, path: readonly PropertyKey[]): unknown {
  let value: unknown = data;
  for (const step of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[step];
  return value;
}

/** `policy` and `["limits", "netDelta", 0]` become `policy.limits.netDelta[0]`. */
export function formatPath(name: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, step) => (typeof step === "number" ? `${text}[${step}]` : `${text}.${printable(String(step))}`),
    name,
  );
}

/** A key as it may be shown: hostile characters replaced, long ones cut. */
export function printable(key: string): string {
  const clean = key.replace(/[^A-Za-z0-9._:/+-]/g, "?");
  return clean.length > 40 ? `${clean.slice(0, 40)}…` : clean;
}
