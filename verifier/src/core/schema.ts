// SPDX-License-Identifier: MIT
/**
 * From JSON text to checked data: zod schemas for what the file formats share, and one way to report what is wrong.
 *
 * @module
 */

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

/** A chain address. */
export const address = named(/^0x[0-9a-fA-F]{40}$/, "0x and 40 hexadecimal digits").transform(
  (text) => text.toLowerCase() as `0x${string}`,
);

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
 * @throws KeelError kind "input" for the first problem found; `file.version` for a file of another version
 */
export function parseFile<T>(schema: z.ZodType<T>, text: string, name: string, conversion?: Conversion): T {
  const data = parseFileJson(text, name);
  if (conversion !== undefined) checkVersion(schema, data, name, conversion);
  return parseData(schema, data, name);
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
  const said = (data as { readonly keel?: unknown } | null)?.keel;
  const expected = schemaVersion(schema);
  if (typeof said !== "string" || said === expected) return;
  const [format] = expected.split("/");
  if (!new RegExp(`^${format}/[0-9]+$`).test(said)) return;
  throw inputError("file.version", `${name}.keel`, `${expected}; ${command}`, said);
}

function schemaVersion(schema: z.ZodType): string {
  const literal = (schema as z.ZodObject<{ keel: z.ZodLiteral<string> }>).shape.keel;
  return literal.value;
}

/**
 * {@link parseFile}, telling all problems at once.
 *
 * @throws KeelError kind "input" for the first problem, with the others under `also`
 */
export function parseWholeFile<T>(schema: z.ZodType<T>, text: string, name: string): T {
  const data = parseFileJson(text, name);
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  throw allFaults(result.error.issues.map((issue) => toError(issue, data, name)));
}

/** {@link parseFile} for data that is already JSON. */
export function parseData<T>(schema: z.ZodType<T>, data: Json, name: string): T {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  throw toError(result.error.issues[0]!, data, name);
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
      return inputError("input.type", path, issue.expected, received);
    case "invalid_value":
      return inputError("input.value", path, issue.values.map(String).join(" or "), "another value");
    case "too_small":
      return inputError("input.range", path, `at least ${issue.minimum} (${issue.origin})`, "less");
    case "too_big":
      return inputError("input.range", path, `at most ${issue.maximum} (${issue.origin})`, "more");
    default:
      return inputError("input.invalid", path, "valid data", received);
  }
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
