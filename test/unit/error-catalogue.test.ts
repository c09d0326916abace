// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Has every error code in the source a cure, and is the page that lists them up to date?
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { contractRefusals } from "../../dist/scripts/contract-refusals.js";
import { errorCodes } from "../../dist/scripts/error-codes.js";
import { FAMILIES, IN_CONSOLE } from "../../dist/scripts/error-cures.js";
import { errorPage, openCures } from "../../dist/scripts/errors.js";
import { PACKAGE } from "../support/cli.js";

/** Refusals of what the contracts stand on, which no call of a client meets. */
const OF_LIBRARIES = [
  "accessManagedInvalidAuthority",
  "invalidShortString",
  "stringTooLong",
  "accessManagerBadConfirmation",
  "accessManagerInvalidInitialAdmin",
  "accessManagerLockedFunction",
  "failedCall",
  "insufficientBalance",
  "safeCastOverflowedUintDowncast",
];

const codes = errorCodes();
const cures = [
  ...Object.values(FAMILIES).flatMap((family) => Object.values(family.cures)),
  ...Object.values(IN_CONSOLE),
];
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

  it("have cures for a page where it is something else to do, without a command's options", () => {
    const own = Object.entries(IN_CONSOLE).map(([code, cure]) => ({ code, cure }));
    expect(own.filter(({ cure }) => / --|`--/.test(cure))).toEqual([]);
    const common: Readonly<Record<string, string>> = JSON.parse(read("cli/cures.json"));
    expect(own.filter(({ code, cure }) => common[code] === cure)).toEqual([]);
  });

  it("have cures with commands that there are", () => {
    const grammars = ["program", "operator-commands", "vault-commands", "run-commands", "report-commands"];
    const program = grammars.map((name) => read(`cli/${name}.ts`)).join("");
    const named = cures.flatMap((cure) => [...cure.matchAll(/`keel ([a-z-]+)/g)].map(([, name]) => name!));
    expect(named.length).toBeGreaterThan(10);
    expect([...new Set(named)].filter((name) => !program.includes(`"${name}"`))).toEqual([]);
  });

  it("say of a contract's refusal where, what and why, with the refusal's own values", () => {
    const refusals = contractRefusals();
    expect(refusals.length).toBeGreaterThan(150);
    // A name that a refusal does not have would be left open.
    expect(refusals.filter(({ text }) => /undefined/.test(text))).toEqual([]);
    const unknown = refusals.filter(({ text }) => text.startsWith("the contract to accept the call"));
    expect(unknown.map(({ code }) => code)).toEqual(OF_LIBRARIES.map((name) => `registry.${name}`));
    expect(refusals.find(({ code }) => code === "registry.wrongState")).toEqual({
      code: "registry.wrongState",
      kind: "proof",
      text: "`drawdown.previousState`: the registry's state {expected}; received {received}",
    });
  });

  it("are on the page as `npm run errors` writes it", async () => {
    for (const [path, text] of await errorPage()) expect(read(path) === text, path).toBe(true);
  });
});
