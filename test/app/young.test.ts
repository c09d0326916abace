// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does code that runs in a browser keep to what the oldest browsers have that we say we run in: its sources, and the page with
 * everything that it is bundled with?
 *
 * @module
 */

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { buildConsole } from "../../dist/app/host/build.js";
import { PACKAGE } from "../support/cli.js";
import { youngInScript, youngInStyles } from "../support/young.js";

/** Everything that a page can be made of. */
const FOLDERS = ["app/src", "prover/src", "prover/engine/src", "verifier/src"];

async function sources(): Promise<string[]> {
  const lists = await Promise.all(
    FOLDERS.map(async (folder) => {
      const entries = await readdir(join(PACKAGE, folder), { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    }),
  );
  return lists.flat().filter((path) => /\.tsx?$/.test(path) && !path.endsWith(".d.ts"));
}

/** What libraries use only where it is there, what only looks alike by its name, and what a page is as good without. */
const ASKED_FOR: Readonly<Record<string, string>> = {
  "Error.captureStackTrace": "viem and zod ask whether it is there",
  "URL.canParse": "zod asks whether it is there",
  "Uint8Array.fromHex": "noble's hashes ask whether it is there",
  ".toHex": "as the former, and a point's own",
  ".fromHex": "a point's own",
  ".isValid": "a field's own",
  ".when": "a schema's own",
  ".moveBefore": "preact asks whether it is there",
  "cursor: pointer": "there is no pointer on a phone of Apple's",
  "cursor: default": "likewise",
  resize: "a text that cannot be made larger can be scrolled",
  "resize: vertical": "likewise",
};

/** What imports Node's own modules runs in no page. */
const isForNode = (text: string): boolean => /from "node:/.test(text);

describe("code for browsers", () => {
  it("uses nothing younger than the oldest browsers", async () => {
    const found: string[] = [];
    for (const path of await sources()) {
      const text = await readFile(path, "utf8");
      if (isForNode(text)) continue;
      for (const { feature, line } of youngInScript(path, text))
        found.push(`${relative(PACKAGE, path)}:${line} ${feature}`);
    }
    expect(found).toEqual([]);
  });

  it("with all that it is bundled with uses nothing younger either, but what it asks for first", async () => {
    const folder = await mkdtemp(join(tmpdir(), "keel-young-"));
    try {
      await buildConsole(folder);
      const assets = join(folder, "assets");
      const found = new Set<string>();
      for (const name of await readdir(assets)) {
        const text = await readFile(join(assets, name), "utf8");
        const young = name.endsWith(".css") ? youngInStyles(text) : [];
        if (name.endsWith(".js")) young.push(...youngInScript(name, text));
        for (const { feature } of young) found.add(feature);
      }
      expect([...found].filter((feature) => !(feature in ASKED_FOR))).toEqual([]);
      // What no library has any more is no exception any more.
      expect(Object.keys(ASKED_FOR).filter((feature) => !found.has(feature))).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it.each([
    ["const either = AbortSignal.any([a, b]);", "AbortSignal.any"],
    ["const sorted = list.toSorted();", ".toSorted"],
    ["const { promise } = Promise.withResolvers<void>();", "Promise.withResolvers"],
    ["const moment = Temporal.Now.instant();", "Temporal"],
    ["bytes.toBase64()", ".toBase64"],
    ["Iterator.from(list)", "Iterator.from"],
    ["const unions = first.union(second);", ".union"],
  ])("its check finds %s", (code, feature) => {
    expect(youngInScript("a.ts", code).map((young) => young.feature)).toContain(feature);
  });

  it.each([
    "type Mine = Iterator<number>; const at = list.at(-1);",
    "const Temporal = own(); Temporal.x();",
    'if (typeof Temporal === "undefined") fail();',
    "AbortSignal.timeout(5); structuredClone(1n); Object.hasOwn({}, 'a');",
  ])("its check lets pass %s", (code) => {
    expect(youngInScript("a.ts", code)).toEqual([]);
  });

  it.each([
    ["a { color: light-dark(red, blue); }", "light-dark()"],
    ["a { field-sizing: content; }", "field-sizing"],
    ["a:has-slotted { color: red; }", ":has-slotted"],
    ["a { text-wrap: balance; }", "text-wrap: balance"],
  ])("its check finds %s", (code, feature) => {
    expect(youngInStyles(code).map((young) => young.feature)).toContain(feature);
  });
});
