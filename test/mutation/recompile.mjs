// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Run as `node recompile.mjs <source>` in a copy of the checkout: compiles the contracts that a Solidity source is part of, and
 * puts them in the place of those that were built. Their interfaces stay: no mutant changes one.
 */
import { dirname, join } from "node:path";
import { compileSources, SETTINGS, SMALL_SETTINGS } from "../../contracts/dist/solidity.js";
import { readSources, writeArtifacts } from "../../contracts/dist/sources.js";

const ROOT = new URL("../..", import.meta.url).pathname;
/** As contracts/deploy/build.ts has them. */
const SMALL = ["StrategyVault.sol", "CloneVault.sol", "VaultFactory.sol"];
const IMPORT = /^import [^"]*"(\.{1,2}\/[^"]+)"/gm;

const [changed] = process.argv.slice(2).map((path) => path.replace(/^contracts\//, ""));
const sources = await readSources();
const imports = new Map(
  Object.entries(sources).map(([path, text]) => [
    path,
    Array.from(text.matchAll(IMPORT), ([, name]) => join(dirname(path), name)),
  ]),
);
const reached = (path) => {
  const seen = new Set([path]);
  for (const next of seen) for (const other of imports.get(next) ?? []) seen.add(other);
  return seen;
};
const wanted = Object.keys(sources).filter((path) => reached(path).has(changed));
const isSmall = (path) => SMALL.includes(path);
for (const [settings, paths] of [
  [SETTINGS, wanted.filter((path) => !isSmall(path))],
  [SMALL_SETTINGS, wanted.filter(isSmall)],
]) {
  if (paths.length === 0) continue;
  const needed = new Set(paths.flatMap((path) => [...reached(path)]));
  const texts = Object.fromEntries(Object.entries(sources).filter(([path]) => needed.has(path)));
  await writeArtifacts(join(ROOT, "contracts/artifacts"), compileSources(texts, settings, paths));
}
