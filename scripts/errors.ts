// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run errors`: docs/errors.md, every error code with what is expected, where it comes from, and what to do; what to do,
 * for the command line (cli/cures.json), and where the console says it otherwise (app/src/console-cures.json).
 *
 * @module
 */

import { type ErrorCode, errorCodes } from "./error-codes.js";
import { FAMILIES, IN_CONSOLE } from "./error-cures.js";
import { type Generated, writeAsProgram } from "./generated.js";

/** More texts than these say no more. */
const MOST_TEXTS = 3;

const HEADER = `# Error codes

Every failure that Keel detects is a \`KeelError\`: a stable code, the place, what was expected and what was received. This page has
every code with a cure, and what the console says instead where a page does it otherwise. It is written by \`npm run errors\`; the cures stand in \`scripts/error-cures.ts\`. … stands for a value that the
message has. A code after \`registry.\` is a contract's refusal by its name, with the place, what was expected and received, and the kind of error;
{name} stands for the contract's own value of that name.
`;

/** Codes without a cure, and cures without a code. */
export function openCures(codes: readonly ErrorCode[]): {
  readonly uncured: string[];
  readonly unused: string[];
} {
  const known = new Set(codes.map(({ code }) => code));
  const cured = Object.entries(FAMILIES).flatMap(([family, { cures }]) =>
    Object.keys(cures).map((rest) => (rest === "" ? family : `${family}.${rest}`)),
  );
  return {
    uncured: [...known].filter((code) => cureOf(code) === undefined),
    unused: [...cured, ...Object.keys(IN_CONSOLE)].filter((code) => !known.has(code)),
  };
}

/** The page. */
export async function errorPage(): Promise<Generated> {
  const codes = errorCodes();
  const sections = Object.entries(FAMILIES).map(([family, { about }]) => {
    const rows = codes.filter(({ code }) => familyOf(code) === family).map(row);
    const head = "| code | expected | where | what to do |\n|---|---|---|---|";
    return `## ${family}\n\n${about}\n\n${head}\n${rows.join("\n")}\n`;
  });
  return new Map([
    ["docs/errors.md", [HEADER, ...sections].join("\n")],
    ["cli/cures.json", curesJson()],
    ["app/src/console-cures.json", `${JSON.stringify(IN_CONSOLE, null, 2)}\n`],
  ]);
}

/** The cures by code, for the command line. */
function curesJson(): string {
  const cures = Object.entries(FAMILIES).flatMap(([family, { cures }]) =>
    Object.entries(cures).map(([rest, cure]) => [rest === "" ? family : `${family}.${rest}`, cure]),
  );
  return `${JSON.stringify(Object.fromEntries(cures), null, 2)}\n`;
}

function row({ code, expected, files }: ErrorCode): string {
  const texts = expected.slice(0, MOST_TEXTS).map(cell).join("; ");
  const more = expected.length > MOST_TEXTS ? "; …" : "";
  const where = files.map((file) => `\`${file}\``).join(", ");
  const cures = [
    cureOf(code) ?? "",
    ...(IN_CONSOLE[code] === undefined ? [] : [`In the console: ${IN_CONSOLE[code]}`]),
  ];
  return `| \`${code}\` | ${texts}${more} | ${where} | ${cell(cures.join(" "))} |`;
}

const familyOf = (code: string): string => code.split(".")[0]!;

function cureOf(code: string): string | undefined {
  const family = familyOf(code);
  return FAMILIES[family]?.cures[code.slice(family.length + 1)];
}

/** Text as a cell of a table. */
const cell = (text: string): string => text.replace(/\s+/g, " ").replace(/[|<>]/g, (sign) => `\\${sign}`);

await writeAsProgram(import.meta.url, errorPage);
