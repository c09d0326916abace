// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Coverage of the contracts by the contract tests: instruments a copy of the sources before they run, and adds up afterwards
 * what their chains counted. Fails when a line was never run or a branch never taken.
 *
 * @module
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { compileSources } from "@keel/contracts";
import { readSources, writeArtifacts } from "../../contracts/dist/sources.js";
import { isMeasured } from "./parts.js";

/** The parts of solidity-coverage's interface that are used; it has no types. */
interface Instrumentation {
  instrument(targets: readonly Target[]): Target[];
  getInstrumentationData(): Record<string, Mark>;
  readonly instrumenter: { readonly instrumentationData: Record<string, Mark> };
  readonly coverage: {
    generate(data: Record<string, Mark>): void;
    readonly data: Readonly<Record<string, Counted>>;
  };
}
interface Target {
  readonly source: string;
  readonly canonicalPath: string;
}
interface Mark {
  hits: number;
}
/** Istanbul's counts of one file: lines, functions, both ways of branches. */
interface Counted {
  readonly l: Readonly<Record<string, number>>;
  readonly f: Readonly<Record<string, number>>;
  readonly b: Readonly<Record<string, readonly [number, number]>>;
  readonly branchMap: Readonly<Record<string, { readonly line: number }>>;
}

const ROOT = resolve(import.meta.dirname, "../..");
const FOLDER = mkdtempSync(join(tmpdir(), "keel-coverage-"));
const SOURCES = join(ROOT, "contracts");

const MARK_FILE = "Mark.sol";
/** Where the chain expects calls that tell of coverage. */
const LISTENER = "0xc0bEc0BEc0BeC0bEC0beC0bEC0bEC0beC0beC0BE";
/**
 * Tells the chain of a marker by a call to nobody: a listener to every step of the machine would be some hundred times slower.
 * The chain keeps what it is told in a transaction as a set; the gas that is left makes each time another.
 */
const MARK = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;
library Mark {
    function tell(bytes8 mark) internal pure { _asPure(_tell)(mark); }
    function _tell(bytes8 mark) private view {
        assembly ("memory-safe") { mstore(0, mark) mstore(8, gas()) pop(staticcall(gas(), ${LISTENER}, 0, 40, 0, 0)) }
    }
    function _asPure(function(bytes8) view f) private pure returns (function(bytes8) pure g) {
        assembly ("memory-safe") { g := f }
    }
}`;
/** The empty functions to which the instrumenter gives its markers. */
const MARKER =
  /(function c_(?:true|false)?[0-9a-f]{8}\(bytes8 (c__[0-9a-f]{8})\) (?:internal )?pure[^{]*\{)/g;

const require = createRequire(import.meta.url);
const Api = require("solidity-coverage/lib/api") as new (config: { silent: boolean }) => Instrumentation;
const api = new Api({ silent: true });

export async function setup(): Promise<void> {
  const sources = await readSources();
  const measured = Object.keys(sources).filter(isMeasured);
  const targets = measured.map((name) => ({ canonicalPath: join(SOURCES, name), source: sources[name]! }));
  sources[MARK_FILE] = MARK;
  for (const { canonicalPath, source } of api.instrument(targets)) {
    sources[relative(SOURCES, canonicalPath)] = told(source);
  }
  writeFileSync(join(FOLDER, "marks.json"), JSON.stringify(api.getInstrumentationData()));
  // As small as can be: markers are calls, which the optimiser leaves where they are.
  const settings = { optimizer: { enabled: true, runs: 1 }, evmVersion: "cancun" } as const;
  await writeArtifacts(join(FOLDER, "artifacts"), compileSources(sources, settings));
  process.env.KEEL_COVERAGE = FOLDER;
  process.env.KEEL_ARTIFACTS = join(FOLDER, "artifacts");
  process.env.KEEL_HARDHAT_CONFIG = join(import.meta.dirname, "hardhat.config.cjs");
}

function told(source: string): string {
  return `${source.replaceAll(MARKER, "$1 Mark.tell($2);")}\nimport {Mark} from "${MARK_FILE}";\n`;
}

export function teardown(): void {
  const marks = api.instrumenter.instrumentationData;
  for (const name of readdirSync(FOLDER).filter((file) => file.startsWith("hits-"))) {
    const hits = JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as Record<string, number>;
    for (const [hash, count] of Object.entries(hits)) marks[hash]!.hits += count;
  }
  rmSync(FOLDER, { recursive: true, force: true });
  api.coverage.generate(marks);
  const files = Object.entries(api.coverage.data).sort(([a], [b]) => (a < b ? -1 : 1));
  process.stdout.write(`\n${table(files)}\n`);
  if (files.every(([, { l, b }]) => missed(l).length + missed(b).length === 0)) return;
  throw new Error("the contract tests do not reach every line and branch of the contracts");
}

function table(files: readonly (readonly [string, Counted])[]): string {
  const rows = files.map(([path, { l, f, b, branchMap }]) => {
    const branches = missed(b).map((id) => `branch at ${branchMap[id]!.line}`);
    const lines = missed(l).map((line) => `line ${line}`);
    const shares = [l, f, b].map((counts) => share(Object.values<number | readonly number[]>(counts).flat()));
    return [relative(SOURCES, path), ...shares, [...branches, ...lines].join(", ")];
  });
  const line = ([name = "", ...cells]: readonly string[]): string =>
    [name.padEnd(24), ...cells.slice(0, 3).map((cell) => cell.padStart(9)), "", cells[3]].join(" ").trimEnd();
  return [["contract", "lines", "functions", "branches", "missing"], ...rows].map(line).join("\n");
}

/** Keys of lines never run, or of branches with a way never taken. */
function missed(counts: Readonly<Record<string, number | readonly number[]>>): string[] {
  return Object.entries(counts).flatMap(([key, count]) => ([count].flat().includes(0) ? [key] : []));
}

function share(counts: readonly number[]): string {
  return `${counts.filter((count) => count > 0).length}/${counts.length}`;
}
