// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a failed assertion of Keel's circuits means. circom tells templates and lines only; the signal is on that line of
 * the source, and the limit is the template of `lib/limits` that was running.
 *
 * @module
 */
import { readdir, readFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { KeelError } from "@keel/verifier/errors";
import { SOURCE_FOLDER } from "./compile.js";

/** A failed assertion, by names of the public source: never a value. */
export interface FailedAssertion {
  /** The innermost template of Keel's own. */
  readonly template: string;
  readonly line: number;
  /** What that line was about to constrain: `holds.in`. */
  readonly signal: string;
  /** The policy's limit that the template proves, when it proves one: `minHealthFactor`. */
  readonly limit?: string;
}

interface Template {
  readonly isLimit: boolean;
  readonly lines: readonly string[];
}

/**
 * Explains where a circuit's assertion failed.
 *
 * @param path the `path` of an error `witness.assertion`: `Num2Bits line 38 in InRange line 15 in …`, innermost first
 * @returns nothing when no template of Keel's is named
 */
export async function explainAssertion(path: string): Promise<FailedAssertion | undefined> {
  const templates = await readTemplates();
  const places = Array.from(path.matchAll(/(\w+) line (\d+)/g), ([, name, line]) => {
    const template = templates.get(name!);
    const text = template?.lines[Number(line) - 1] ?? "";
    // A helper's signal says less than that of the template that called it.
    const signal = /^\s*(?:signal (?:input |output )?)?(.*?)\s*(?:<==|===)\s*(.*?);/.exec(text);
    return { name: name!, line: Number(line), template, signal: signal?.[1], value: signal?.[2] };
  });
  const own = places.filter(({ template, signal }) => template !== undefined && signal !== undefined);
  const limitAt = own.findIndex(({ template }) => template!.isLimit);
  const innermost = own[Math.max(limitAt, 0)];
  if (innermost === undefined) return undefined;
  const found = { template: innermost.name, line: innermost.line, signal: innermost.signal! };
  if (limitAt < 0) return found;
  // The caller hands the limit over by its name, where one template proves several.
  const given = own[limitAt + 1]?.value ?? "";
  const itself = innermost.name[0]!.toLowerCase() + innermost.name.slice(1);
  return { ...found, limit: /^(?:min|max)[A-Z]\w*$/.test(given) ? given : itself };
}

/** An error as it is, or a failed assertion's told by the names of its limit, signal and template. */
export async function explainError(error: unknown): Promise<unknown> {
  if (!(error instanceof KeelError) || error.code !== "witness.assertion") return error;
  const { kind, code, path = "" } = error;
  const found = await explainAssertion(path);
  if (found === undefined) return error;
  const { template, line, signal, limit = template } = found;
  const expected = `${signal} of ${template} (line ${line}) to satisfy the circuit`;
  return new KeelError(
    { kind, code, path: limit, expected, received: "values that do not" },
    { cause: error },
  );
}

let known: Promise<ReadonlyMap<string, Template>> | undefined;

function readTemplates(): Promise<ReadonlyMap<string, Template>> {
  known ??= (async () => {
    const folder = SOURCE_FOLDER;
    const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".circom"));
    const templates = new Map<string, Template>();
    for (const file of files) {
      const text = await readFile(join(folder, file), "utf8");
      const template = { isLimit: file.startsWith(join("lib", "limits") + sep), lines: text.split("\n") };
      for (const [, name] of text.matchAll(/^template (\w+)\(/gm)) templates.set(name!, template);
    }
    return templates;
  })();
  return known;
}
