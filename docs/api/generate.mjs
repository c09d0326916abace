// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Writes the API pages of every published package into `docs/api/pages/`, from the declarations that it ships. Fails when
 * something public has no comment. Run by `npm run docs:api`, which builds first.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Application, ReflectionKind } from "typedoc";

const ROOT = join(import.meta.dirname, "../..");
const PACKAGES = ["verifier", "contracts", "prover/engine", "prover", "circuits"];

/** Entry points by the declarations that they lead to. */
async function entryPoints() {
  const entries = new Map();
  for (const folder of PACKAGES) {
    const { name, exports } = JSON.parse(await readFile(join(ROOT, folder, "package.json"), "utf8"));
    for (const [path, { types }] of Object.entries(exports)) {
      if (types !== undefined) entries.set(join(ROOT, folder, types), name + path.slice(1));
    }
  }
  return entries;
}

const entries = await entryPoints();
const app = await Application.bootstrap({
  name: "Keel",
  readme: join(ROOT, "README.md"),
  entryPoints: [...entries.keys()],
  tsconfig: join(import.meta.dirname, "tsconfig.json"),
  out: join(import.meta.dirname, "pages"),
  basePath: ROOT,
  disableSources: true,
  excludeExternals: true,
  // viem's clients, written out in full, make most of 46 MB.
  maxTypeConversionDepth: 3,
  githubPages: false,
  cleanOutputDir: true,
  sort: ["source-order"],
  validation: { notExported: false, invalidLink: false, invalidPath: false, notDocumented: true },
  packagesRequiringDocumentation: [...entries.values()].filter((name) => name.split("/").length === 2),
  requiredToBeDocumented: ["Class", "Enum", "Function", "Interface", "TypeAlias", "Variable"],
});
const project = await app.convert();
if (project === undefined) process.exit(1);
for (const part of project.getReflectionsByKind(ReflectionKind.Module)) {
  const file = project.getSymbolIdFromReflection(part)?.fileName;
  part.name = entries.get(file) ?? part.name;
}
app.validate(project);
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 2;
else await app.generateOutputs(project);
