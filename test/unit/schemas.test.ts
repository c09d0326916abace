// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Are the JSON Schemas up to date, do they take every example, and does a parser ignore the key that names one?
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseMapping, parseSnapshot } from "@keel/prover";
import { FORMATS, parseAttestation, parseFile, parseMarket, parsePolicy } from "@keel/verifier";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { jsonSchemas } from "../../dist/scripts/schemas.js";
import { EXAMPLES, PACKAGE } from "../support/cli.js";

const schemas = await jsonSchemas();

const schemaOf = (path: string): z.ZodType =>
  z.fromJSONSchema(JSON.parse(schemas.get(path)!) as Parameters<typeof z.fromJSONSchema>[0]);

const SCHEMA_OF: Readonly<Record<string, string>> = {
  snapshot: "prover/schemas/snapshot-1.json",
  market: "verifier/schemas/market-1.json",
  policy: "verifier/schemas/policy-2.json",
  returns: "verifier/schemas/returns-1.json",
  units: "verifier/schemas/units-1.json",
};

/** Files of all strategies, by their role: what stands before the first dash. */
function exampleFiles(): (readonly [file: string, role: string])[] {
  return (
    readdirSync(EXAMPLES, { recursive: true, encoding: "utf8" })
      .filter((file) => /^(?!invalid)[\w-]+\/[\w-]+\.json$/.test(file))
      .map((file) => [file, /\/([a-z]+)/.exec(file)![1]!] as const)
      // Projects of their own have manifests too.
      .filter(([, role]) => role in SCHEMA_OF)
  );
}

const read = (file: string): string => readFileSync(join(EXAMPLES, file), "utf8");
const VAULT = "eth-hedged-vault";

describe("JSON Schemas", () => {
  it("are as `npm run schemas` writes them", () => {
    expect(schemas.size).toBeGreaterThan(20);
    const stale = [...schemas].filter(([path, text]) => readFileSync(join(PACKAGE, path), "utf8") !== text);
    expect(stale.map(([path]) => path)).toEqual([]);
  });

  it("are there for formats that exist, and for no others", () => {
    const folders = new Set([...schemas.keys()].map((path) => path.slice(0, path.lastIndexOf("/"))));
    const there = [...folders].flatMap((folder) =>
      readdirSync(join(PACKAGE, folder)).map((name) => `${folder}/${name}`),
    );
    expect(there.sort()).toEqual([...schemas.keys()].sort());
  });

  it("take every example", () => {
    const files = exampleFiles();
    expect(files.length).toBeGreaterThan(40);
    for (const [file, role] of files) {
      const result = schemaOf(SCHEMA_OF[role]!).safeParse(JSON.parse(read(file)));
      expect(result.error?.issues, file).toBeUndefined();
    }
  });

  it.each([
    ["policy-misspelt-limit", "policy"],
    ["policy-float-limit", "policy"],
    ["policy-five-places", "policy"],
    ["policy-market-as-policy", "policy"],
    ["policy-version-1", "policy"],
    ["market-negative-price", "market"],
    ["market-nine-decimals", "market"],
    ["snapshot-exponent", "snapshot"],
    ["snapshot-unknown-key", "snapshot"],
    ["snapshot-leading-zero", "snapshot"],
    ["snapshot-unicode-digits", "snapshot"],
  ])("refuse %s", (name, role) => {
    const data = JSON.parse(read(`invalid/${name}.json`));
    expect(schemaOf(SCHEMA_OF[role]!).safeParse(data).success).toBe(false);
  });

  it("name what may stand in a file: its schema", () => {
    const data = { $schema: "policy-2.json", ...JSON.parse(read(`${VAULT}/policy.json`)) };
    expect(schemaOf(SCHEMA_OF.policy!).safeParse(data).success).toBe(true);
  });
});

describe("a file with $schema", () => {
  const named = (text: string, schema: unknown = "../schema.json") =>
    JSON.stringify({ $schema: schema, ...JSON.parse(text) });

  it.each([
    ["policy", parsePolicy],
    ["market", parseMarket],
    ["snapshot", parseSnapshot],
  ] as const)("is read as the same %s", (role, parse) => {
    const text = read(`${VAULT}/${role}.json`);
    expect(parse(named(text))).toEqual(parse(text));
  });

  it("is read as the same mapping", () => {
    const columns = { account: "a", source: "s", instrument: "i", quantity: "q" };
    for (const keel of ["mapping/1", "mapping/2"]) {
      const text = JSON.stringify({ keel, columns });
      expect(parseMapping(named(text))).toEqual(parseMapping(text));
    }
  });

  it("is refused for the same reason when it is an attestation that is wrong", () => {
    const text = read("invalid/attestation-unknown-key.json");
    const refusal = (file: string): string => {
      try {
        parseAttestation(file);
        return "none";
      } catch (error) {
        return String(error);
      }
    };
    expect(refusal(text)).not.toContain("$schema");
    expect(refusal(named(text))).toBe(refusal(text));
  });

  it("is refused when that is no text, stands deeper, or is spelt otherwise", () => {
    const text = read(`${VAULT}/policy.json`);
    const code = "input.unknown";
    expect(() => parsePolicy(named(text, 7))).toThrow(code);
    expect(() => parsePolicy(JSON.stringify({ ...JSON.parse(text), $Schema: "x" }))).toThrow(code);
    const market = { ...JSON.parse(text).market, $schema: "x" };
    expect(() => parsePolicy(JSON.stringify({ ...JSON.parse(text), market }))).toThrow(code);
  });

  it("does not hide a duplicate key", () => {
    const schema = z.strictObject({ keel: z.literal("x/1") });
    expect(() => parseFile(schema, '{"$schema":"a","$schema":"b","keel":"x/1"}', "x")).toThrow("duplicate");
    expect(FORMATS.has(schema)).toBe(false);
  });
});
