// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Has every clause of circuits/SPEC.md a circuit that holds it and a test that tries it, and does PROPERTIES.md say where?
 *
 * @module
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { clauses, idsIn, propertiesPage } from "../../dist/scripts/clauses.js";
import { PACKAGE } from "../support/cli.js";

const found = clauses();
const CIRCUITS = join(PACKAGE, "circuits/src");

/** Sources whose comments refer to documents. */
function sources(): string[] {
  const folders = [
    "circuits",
    "contracts",
    "verifier",
    "prover",
    "cli",
    "services",
    "app",
    "test",
    "scripts",
  ];
  return folders
    .flatMap((folder) =>
      readdirSync(join(PACKAGE, folder), { recursive: true, encoding: "utf8" }).map((n) => `${folder}/${n}`),
    )
    .filter((name) => /\.(ts|tsx|sol|circom)$/.test(name) && !/\/(dist|node_modules|artifacts)\//.test(name));
}

describe("clauses", () => {
  it("are read from brackets, singly, in lists and in spans", () => {
    // Not between double quotes, where these ids would count as tried here.
    expect(
      idsIn(`[L8] and [A1, A2], [L1 to L3, L13];
        not [u], L8, [l8] or [8]`),
    ).toEqual(["L8", "A1", "A2", "L1", "L2", "L3", "L13"]);
  });

  it("are said once each, and nothing refers to one that is not", () => {
    expect(found.clauses.length).toBeGreaterThan(35);
    expect(found.unknown).toEqual([]);
  });

  it("have each a circuit and a test", () => {
    const open = found.clauses.filter(({ circuits, tests }) => circuits.length === 0 || tests.length === 0);
    expect(open.map(({ id, text }) => `${id}: ${text}`)).toEqual([]);
  });

  it("are named by every circom file, but for the one of constants", () => {
    const files = readdirSync(CIRCUITS, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".circom"),
    );
    const named = new Set(found.clauses.flatMap(({ circuits }) => circuits));
    expect(files.filter((file) => !named.has(file))).toEqual(["lib/constants.circom"]);
  });

  it("stand in PROPERTIES.md with the tests of each attack, as `npm run clauses` writes it", async () => {
    for (const [path, text] of await propertiesPage()) {
      expect(readFileSync(join(PACKAGE, path), "utf8") === text, path).toBe(true);
    }
  });
});

describe("references in the code", () => {
  it("are to documents that there are", () => {
    const missing = sources().flatMap((file) => {
      const text = readFileSync(join(PACKAGE, file), "utf8");
      const named = [...text.matchAll(/\b((?:[\w-]+\/)*[A-Z]{4,}\.md)\b/g)].map(([, name]) => name!);
      const places = (name: string) => [
        name,
        `circuits/${name}`,
        `test/${name}`,
        `${file.split("/")[0]}/${name}`,
      ];
      return named
        .filter((name) => !places(name).some((place) => existsSync(join(PACKAGE, place))))
        .map((name) => `${file}: ${name}`);
    });
    expect(missing).toEqual([]);
  });

  it("say attack with its number, as PROPERTIES.md has it", () => {
    const old = sources().filter((file) => /\bATTACKS \d/.test(readFileSync(join(PACKAGE, file), "utf8")));
    expect(old.filter((file) => file !== "test/unit/clauses.test.ts")).toEqual([]);
  });
});
