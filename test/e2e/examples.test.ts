// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does every example get the exit code that examples/expected.json promises, from the command line: as a process for the
 * first strategy, in this one for the others and the many mistakes?
 *
 * @module
 */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ExpectedRow } from "../../dist/examples/expected.js";
import { EXAMPLES_FOLDER, exampleFiles } from "../../dist/examples/generate.js";
import { type Ended, EXAMPLES, errorOf, inParallel, keel, keelHere } from "../support/cli.js";

const rows: readonly ExpectedRow[] = JSON.parse(await readFile(join(EXAMPLES, "expected.json"), "utf8"));
type Command = "check" | "prove" | "verify";

let folder: string;
/** What each command of each row gave. */
const results = new Map<string, Ended>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keel-examples-"));
  // Proofs first: rows that cannot be proven borrow the first row's attestation.
  for (const command of ["check", "prove", "verify"] as const) {
    await inParallel([...rows.entries()], async ([i, row]) => {
      if (!isDue(command, row)) return;
      const run = i === 0 ? keel : keelHere;
      results.set(`${command} ${i}`, await run(argsOf(command, row, i)));
    });
  }
}, 300_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** What takes a large tier's key is left to examples.slow.test.ts. */
function isDue(command: Command, row: ExpectedRow): boolean {
  return row[command] !== undefined && !(row.slow && command !== "check");
}

function argsOf(command: Command, row: ExpectedRow, i: number): string[] {
  const file = (name: string): string => join(EXAMPLES, name);
  const returns = row.returns === undefined ? [] : ["--returns", file(row.returns)];
  const units = row.units === undefined ? [] : ["--units", file(row.units)];
  // Attestations here are bound to no registry, so the development key needs the flag.
  const shared = ["--market", file(row.market), "--policy", file(row.policy), ...returns, "--json"];
  const proofOf = (index: number): string => join(folder, `${index}.json`);
  if (command === "verify") {
    const attestation =
      row.attestation === undefined ? proofOf(row.prove === 0 ? i : 0) : file(row.attestation);
    return ["verify", "--attestation", attestation, "--insecure", ...shared];
  }
  const out = command === "prove" ? ["--insecure", "--out", proofOf(i)] : [];
  return [command, "--snapshot", file(row.snapshot!), ...shared, ...units, ...out];
}

describe("examples", () => {
  it("are what generate.ts writes, signatures included", async () => {
    for (const [name, text] of exampleFiles()) {
      expect(await readFile(join(EXAMPLES_FOLDER, name), "utf8"), name).toBe(text);
    }
  });

  it("30, 31, 32 are all in the table", async () => {
    const named = new Set(
      rows.flatMap((row) => [row.snapshot, row.market, row.policy, row.returns, row.units, row.attestation]),
    );
    // Programs to copy have files of their own.
    const files = (await readdir(EXAMPLES, { recursive: true })).filter(
      (name) => /\/.*\.json$/.test(name) && !/\/(package|tsconfig)\.json$/.test(name),
    );
    expect(files.filter((name) => !named.has(name))).toEqual([]);
  });

  const cases = rows.flatMap((row, i) =>
    (["check", "prove", "verify"] as const)
      .filter((command) => isDue(command, row))
      .map((command) => ({ command, i, row, name: row.attestation ?? bad(row) })),
  );

  it.each(cases)("$command $name", ({ command, i, row }) => {
    const ended = results.get(`${command} ${i}`)!;
    expect(ended.code, ended.stderr).toBe(row[command]);
    const json = JSON.parse(ended.stdout);
    if (command === "check" && (ended.code === 0 || ended.code === 2)) {
      expect(json.healthy).toBe(ended.code === 0);
      const broken = json.limits.filter((limit: { ok: boolean }) => !limit.ok);
      expect(broken.map(({ name }: { name: string }) => name)).toEqual(row.breaks ?? []);
      return;
    }
    expect(json.ok).toBe(ended.code === 0);
    if (ended.code === 0) return;
    expect(errorOf(ended).code).toBe(row.code);
    for (const limit of row.breaks ?? []) expect(errorOf(ended).message).toContain(limit);
  });

  it("write nothing when they fail", async () => {
    const proven = rows.flatMap((row, i) => (row.prove === 0 && !row.slow ? [`${i}.json`] : []));
    expect((await readdir(folder)).sort()).toEqual(proven.sort());
  });
});

/** The file that the row is about. */
function bad({ snapshot, market, policy, returns, units }: ExpectedRow): string {
  const files = [snapshot, market, policy, returns, units];
  return files.find((name) => name?.startsWith("invalid/")) ?? snapshot!;
}
