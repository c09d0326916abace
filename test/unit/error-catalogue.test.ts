// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Has every error code in the source a cure, and is the page that lists them up to date?
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { errorCodes } from "../../dist/scripts/error-codes.js";
import { FAMILIES } from "../../dist/scripts/error-cures.js";
import { errorPage, openCures } from "../../dist/scripts/errors.js";
import { PACKAGE } from "../support/cli.js";

const codes = errorCodes();
const cures = Object.values(FAMILIES).flatMap((family) => Object.values(family.cures));
const read = (path: string): string => readFileSync(join(PACKAGE, path), "utf8");

describe("error codes", () => {
  it("are found: whole, in conditions, through functions, put together, and as names of contract errors", () => {
    const found = codes.map(({ code }) => code);
    expect(found).toEqual(
      expect.arrayContaining(["internal", "input.decimal", "file.missing", "venue.side"]),
    );
    expect(found).toEqual(
      expect.arrayContaining(["key.curve", "proof.curve", "trades.price", "ceremony.r1cs"]),
    );
    expect(found).toEqual(expect.arrayContaining(["registry.notEnrolled", "history.void", "http.type"]));
    expect(found.filter((code) => !/^[a-z]\w*(\.[a-zA-Z][\w-]*)?$/.test(code))).toEqual([]);
  });

  it("say what is expected, with values left open", () => {
    const { expected, files } = codes.find(({ code }) => code === "policy.interval")!;
    expect(expected).toEqual(["at most the validity, … s"]);
    expect(files).toHaveLength(1);
  });

  it("have each a cure, and no cure is left over", () => {
    expect(openCures(codes)).toEqual({ uncured: [], unused: [] });
    const missing = codes.filter(({ code }) => code !== "file.exists");
    expect(openCures(missing).unused).toEqual(["file.exists"]);
    const more = [...codes, { code: "file.haunted", expected: [], files: [] }];
    expect(openCures(more).uncured).toEqual(["file.haunted"]);
  });

  it("have cures that are short sentences", () => {
    for (const cure of cures) {
      expect(cure, cure).toMatch(/^(?:[A-Z]|`).*\.$/);
      expect(cure.length, cure).toBeLessThan(150);
    }
  });

  it("have cures with commands that there are", () => {
    const grammars = ["program", "operator-commands", "vault-commands"];
    const program = grammars.map((name) => read(`cli/${name}.ts`)).join("");
    const named = cures.flatMap((cure) => [...cure.matchAll(/`keel ([a-z-]+)/g)].map(([, name]) => name!));
    expect(named.length).toBeGreaterThan(10);
    expect([...new Set(named)].filter((name) => !program.includes(`"${name}"`))).toEqual([]);
  });

  it("are on the page as `npm run errors` writes it", async () => {
    for (const [path, text] of await errorPage()) expect(read(path) === text, path).toBe(true);
  });
});
