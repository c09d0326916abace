// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run templates`: cli/templates.json, the eleven strategies of examples/ as drafts from which `keel init` starts: market,
 * policy, positions and returns, without signatures and without what is computed from the rest.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { layOut } from "keel/layout";
import { exampleTexts } from "../examples/generate.js";
import { AS_OF } from "../examples/quotes.js";
import { STRATEGIES } from "../examples/strategies.js";
import type { Strategy } from "../examples/strategy.js";
import { type Generated, ROOT, writeAsProgram } from "./generated.js";

/** The file. */
export async function templatesFile(): Promise<Generated> {
  const templates = Object.fromEntries(STRATEGIES.map((strategy) => [strategy.folder, template(strategy)]));
  return new Map([["cli/templates.json", layOut({ asOf: AS_OF, templates })]]);
}

function template(strategy: Strategy): object {
  const { policy, snapshot, returns } = exampleTexts(strategy);
  const { sources, market: _, tail, ...terms } = JSON.parse(policy);
  const { accounts } = JSON.parse(snapshot);
  return {
    about: aboutOf(strategy.folder),
    policy: { ...terms, ...(tail === undefined ? {} : { tail: withoutSeries(tail) }) },
    sources: sources.map(({ name }: { readonly name: string }) => name),
    underlyings: strategy.underlyings,
    instruments: strategy.instruments,
    accounts: accounts.map(({ signature: _, ...account }: { readonly signature: object }) => account),
    ...(returns === undefined ? {} : { returns: withoutHead(returns) }),
  };
}

function withoutSeries({ series: _, ...tail }: { readonly series: string }): object {
  return tail;
}

function withoutHead(returns: string): object {
  const { keel: _, asOf: __, underlyings: ___, ...rest } = JSON.parse(returns);
  return rest;
}

/** What examples/README.md says of a strategy. */
function aboutOf(folder: string): string {
  const readme = readFileSync(join(ROOT, "examples/README.md"), "utf8");
  const row = readme.split("\n").find((line) => line.startsWith(`| \`${folder}/\``));
  return row!.split("|")[2]!.trim();
}

await writeAsProgram(import.meta.url, templatesFile);
