// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run schemas`: a JSON Schema for every file format, made of the schema that its parser uses. A file names it by
 * `"$schema"`, so that an editor completes and checks; a parser checks more than a schema can say.
 *
 * @module
 */

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { FORMATS } from "@keel/verifier";
import { z } from "zod";
import { type Generated, ROOT, writeAsProgram } from "./generated.js";

/** All modules with file formats. */
const MODULES = [
  "@keel/verifier",
  "@keel/verifier/report",
  "@keel/prover",
  "@keel/prover/chain",
  "@keel/prover/market-data",
  "@keel/circuits",
  "keel/market-signature",
  "keel/deploy-file",
  "keel/run-config",
  "keel/vault",
  "keel/vault-backup",
  fileUrl("services/source/dist/quorum/ceremony.js"),
  fileUrl("services/source/dist/config.js"),
  fileUrl("services/farm/dist/config.js"),
];

/** Every format's schema, by path: `verifier/schemas/policy-2.json`. */
export async function jsonSchemas(): Promise<Generated> {
  for (const module of MODULES) await import(module);
  const paths = new Map<string, string>();
  const { schemas } = z.toJSONSchema(FORMATS, {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      acceptSchemaKey(zodSchema, jsonSchema);
      const format = FORMATS.get(zodSchema as unknown as z.ZodType);
      if (format === undefined) return;
      jsonSchema.title = format.title;
      paths.set(format.id, `${format.folder}/schemas/${format.id.replace("/", "-")}.json`);
    },
  });
  return new Map([...paths].map(([id, path]) => [path, layOut(schemas[id]!)]));
}

/** What has a format as its first key is a whole file, which may name its schema. */
function acceptSchemaKey(zodSchema: z.core.$ZodTypes, jsonSchema: z.core.JSONSchema.BaseSchema): void {
  if (zodSchema._zod.def.type !== "object" || jsonSchema.properties?.keel === undefined) return;
  jsonSchema.properties = { $schema: { type: "string" }, ...jsonSchema.properties };
}

/** Where it lies says what it is: an id would be an address that nobody serves. */
function layOut({ $id: _, $schema, title, ...schema }: z.core.JSONSchema.BaseSchema): string {
  return `${JSON.stringify({ $schema, title, ...schema }, null, 2)}\n`;
}

function fileUrl(path: string): string {
  return pathToFileURL(join(ROOT, path)).href;
}

await writeAsProgram(import.meta.url, jsonSchemas);
