// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does code live where the architecture says? The public side imports nothing private, the engine knows no portfolios, the
 * MIT folders import no GPL package.
 *
 * @module
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const GPL = [
  "snarkjs",
  "ffjavascript",
  "circomlib",
  "circomlibjs",
  "circom2",
  "circom_runtime",
  "wasmcurves",
  "r1csfile",
];

interface Import {
  readonly file: string;
  readonly target: string;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(tsx?|sol)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/\/(artifacts|dist|node_modules)\//.test(path));
}

/** Every import of a folder's files; relative ones as paths from the root, packages by name. */
function imports(folder: string): Import[] {
  return sourceFiles(folder).flatMap((path) => {
    const text = readFileSync(path, "utf8");
    const found = text.matchAll(/(?:\bfrom\s+|\bimport\s*\(?\s*|^import\s+)"([^"]+)"/gm);
    return [...found]
      .filter(([, name]) => /^[@a-z.][\w@./:-]*$/i.test(name!))
      .map(([, name]) => ({
        file: relative(ROOT, path),
        target: name!.startsWith(".") ? relative(ROOT, resolve(path, "..", name!)) : name!,
      }));
  });
}

/** Titles of the tests and groups in a file, as they are written there. */
function titlesOf(path: string): string[] {
  const found = readFileSync(path, "utf8").matchAll(/\b(?:it|describe)(?:\.\w+)*\b[^"`]*?(["`])(.*?)\1/g);
  return [...found].map(([, , title]) => title!);
}

const violations = (folder: string, forbidden: (target: string) => boolean): Import[] =>
  imports(folder).filter(({ target }) => forbidden(target));

interface Manifest {
  readonly name: string;
  readonly license: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** Packages from the ground up: each may import those before it that its manifest names. */
const PACKAGES = [
  "verifier",
  "contracts",
  "prover/engine",
  "prover",
  "circuits",
  "cli",
  "services/source",
  "services/farm",
] as const;

/** The rooms of a house from the ground up: each may use those before it. */
const STOREYS = {
  "verifier/src": ["core", "files", "statement", "chain", "text", "report"],
  "prover/src": ["book", "risk", "proof", "market-data"],
  app: ["src", "host"],
} as const;

/** Folders in which no module leads back to itself. */
const HOUSES = [
  "verifier/src",
  "prover/src",
  "prover/engine/src",
  "contracts/deploy",
  "circuits/setup",
  "cli",
  "services/source",
  "services/farm",
  "app",
] as const;

/** The modules of one circle, or none. */
function circleIn(next: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const walk = (file: string, trail: readonly string[]): string[] => {
    if (trail.includes(file)) return trail.slice(trail.indexOf(file));
    if (done.has(file)) return [];
    for (const target of next.get(file) ?? []) {
      const circle = walk(target, [...trail, file]);
      if (circle.length > 0) return circle;
    }
    done.add(file);
    return [];
  };
  for (const file of next.keys()) {
    const circle = walk(file, []);
    if (circle.length > 0) return circle;
  }
  return [];
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(ROOT, folder, "package.json"), "utf8")) as Manifest;

/** `@keel/verifier/chain` is of package `@keel/verifier`. */
const packageOf = (target: string): string =>
  target
    .split("/")
    .slice(0, target.startsWith("@") ? 2 : 1)
    .join("/");

const isPackage = (target: string): boolean => !/^(node:|\.)/.test(target) && !existsSync(join(ROOT, target));

describe("imports", () => {
  it("are found at all", () => {
    expect(imports("verifier").length).toBeGreaterThan(20);
    expect(imports("contracts").length).toBeGreaterThan(10);
  });

  it.each(PACKAGES)("of %s stay inside the package, or name one that its manifest has", (folder) => {
    const { name, dependencies = {}, peerDependencies = {} } = manifestOf(folder);
    // Its own name is what an example in a doc comment says.
    const declared = [name, ...Object.keys(dependencies), ...Object.keys(peerDependencies)];
    const inside = (target: string) =>
      target.startsWith(`${folder}/`) && (folder !== "prover" || !target.startsWith("prover/engine/"));
    const foreign = violations(
      folder,
      (target) => !target.startsWith("node:") && !inside(target) && !declared.includes(packageOf(target)),
    );
    expect(foreign.filter(({ file }) => !(folder === "prover" && file.startsWith("prover/engine/")))).toEqual(
      [],
    );
  });

  it.each(Object.entries(STOREYS))("of %s go down: a room uses those before it only", (house, rooms) => {
    const roomOf = (path: string): number => {
      const name = path.slice(house.length + 1).split("/")[0]!;
      return (rooms as readonly string[]).indexOf(name);
    };
    const up = imports(house).filter(({ file, target }) => {
      const [from, to] = [roomOf(file), roomOf(target)];
      return from >= 0 && target.startsWith(`${house}/`) && to > from;
    });
    expect(up).toEqual([]);
    // Every file has a room, but for the entries and what they stand for.
    const loose = imports(house).filter(({ file }) => roomOf(file) < 0);
    expect(loose.filter(({ file }) => file.slice(house.length + 1).includes("/"))).toEqual([]);
  });

  it.each(HOUSES)("of %s run in no circle", (folder) => {
    const all = imports(folder).filter(({ target }) => target.startsWith(`${folder}/`));
    const next = new Map<string, string[]>();
    for (const { file, target } of all) {
      const path = target.replace(/\.js$/, "");
      const to = [`${path}.ts`, `${path}.tsx`].find((name) => existsSync(join(ROOT, name)));
      if (to !== undefined) next.set(file, [...(next.get(file) ?? []), to]);
    }
    expect(circleIn(next)).toEqual([]);
  });

  it("go down only: a package stands on those before it", () => {
    const names = PACKAGES.map((folder) => manifestOf(folder).name);
    for (const [i, folder] of PACKAGES.entries()) {
      const { dependencies = {}, peerDependencies = {} } = manifestOf(folder);
      const own = [...Object.keys(dependencies), ...Object.keys(peerDependencies)].filter((name) =>
        names.includes(name),
      );
      for (const name of own) expect(names.indexOf(name), `${folder} on ${name}`).toBeLessThan(i);
    }
  });

  it.each(["verifier", "contracts"])("%s/ is MIT: it imports no GPL package", (folder) => {
    expect(manifestOf(folder).license).toBe("MIT");
    const gpl = [
      ...GPL,
      ...PACKAGES.map(manifestOf)
        .filter(({ license }) => license !== "MIT")
        .map(({ name }) => name),
    ];
    expect(violations(folder, (target) => isPackage(target) && gpl.includes(packageOf(target)))).toEqual([]);
  });

  it("the engine knows nothing of portfolios", () => {
    const shared = ["@keel/verifier/errors", "@keel/verifier/groth16"];
    expect(violations("prover/engine", (t) => t.startsWith("@keel/") && !shared.includes(t))).toEqual([]);
  });

  it("nothing that ships imports tests or examples", () => {
    for (const folder of PACKAGES)
      expect(violations(folder, (t) => /^(test|examples)\//.test(t))).toEqual([]);
  });
});

/** Files that say a limit's name and mean something else. */
const NAMESAKES: Readonly<Record<string, readonly string[]>> = {
  // The sum of the book that the limit bounds.
  netDelta: ["prover/src/risk/measure.ts", "prover/src/risk/report.ts", "app/src/manager/manager.tsx"],
  // What Hyperliquid calls it.
  maxLeverage: ["prover/src/book/importers/venues/hyperliquid.ts"],
};

describe("a limit", () => {
  const circuits = JSON.parse(readFileSync(join(ROOT, "verifier/src/circuits.json"), "utf8")) as Readonly<
    Record<string, { readonly limits: readonly string[] }>
  >;
  const names = [...new Set(Object.values(circuits).flatMap(({ limits }) => limits))];
  const code = [...HOUSES, "bench", "services"]
    .flatMap(sourceFiles)
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => ({
      file: relative(ROOT, path),
      text: readFileSync(path, "utf8").replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, ""),
    }));

  it("is one of sixteen", () => {
    expect(names).toHaveLength(16);
  });

  it.each(names)("%s stands in three TypeScript files at most: the two tables and the ABI", (name) => {
    const word = new RegExp(`\\b${name}(Lo|Hi)?\\b`);
    const files = new Set(code.filter(({ text }) => word.test(text)).map(({ file }) => file));
    for (const file of NAMESAKES[name] ?? []) files.delete(file);
    expect([...files].sort()).toEqual([
      "prover/src/risk/limits.ts",
      "verifier/src/chain/abi.ts",
      "verifier/src/files/limits.ts",
    ]);
  });
});

describe("PROPERTIES.md", () => {
  it("names test files that exist", () => {
    const text = readFileSync(join(ROOT, "test/PROPERTIES.md"), "utf8");
    const files = [...text.matchAll(/`([a-z0-9]+\/[a-z0-9.-]+\.test\.ts)`/g)].map(([, file]) => file!);
    expect(files.length).toBeGreaterThan(50);
    expect(files.filter((file) => !existsSync(join(ROOT, "test", file)))).toEqual([]);
  });
});

describe("THREATS.md", () => {
  it("names tests that exist, by file and title", () => {
    const text = readFileSync(join(ROOT, "THREATS.md"), "utf8");
    const tests = [...text.matchAll(/`([a-z0-9]+\/[a-z0-9.-]+\.test\.ts)` "([^"]+)"/g)];
    expect(tests.length).toBeGreaterThan(35);
    const missing = tests.filter(([, file, title]) => {
      const path = join(ROOT, "test", file!);
      return !existsSync(path) || !titlesOf(path).some((found) => found.startsWith(title!));
    });
    expect(missing.map(([reference]) => reference)).toEqual([]);
  });

  it("has a test in every row of attacks", () => {
    const rows = readFileSync(join(ROOT, "THREATS.md"), "utf8")
      .split("\n## Attacks\n")[1]!
      .split("\n## ")[0]!
      .split("\n")
      .filter((line) => line.startsWith("| ") && !line.startsWith("| who wants"));
    for (const row of rows) expect(row, row).toMatch(/\.test\.ts` "/);
  });
});

describe("licences", () => {
  it.each([
    ["verifier", "MIT"],
    ["contracts", "MIT"],
    ["prover", "GPL-3.0-or-later"],
    ["circuits", "GPL-3.0-or-later"],
    ["cli", "GPL-3.0-or-later"],
    ["app", "GPL-3.0-or-later"],
  ])("every file of %s/ says %s in its first lines", (folder, licence) => {
    const silent = sourceFiles(folder).filter(
      (path) => !readFileSync(path, "utf8").slice(0, 200).includes(`SPDX-License-Identifier: ${licence}`),
    );
    expect(silent.map((path) => relative(ROOT, path))).toEqual([]);
  });
});
