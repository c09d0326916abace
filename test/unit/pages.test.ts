// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Are pages and templates that are written from the source up to date, and is each example of a format one that its parser reads?
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FORMATS } from "@keel/verifier";
import { beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import { costPage } from "../../dist/scripts/cost-page.js";
import { formatExamples } from "../../dist/scripts/format-examples.js";
import { formatPages } from "../../dist/scripts/format-pages.js";
import { limitPages } from "../../dist/scripts/limit-pages.js";
import { jsonSchemas } from "../../dist/scripts/schemas.js";
import { templatesFile } from "../../dist/scripts/templates.js";
import { PACKAGE } from "../support/cli.js";

/** What programs write for each other. */
const UNWRITTEN = [
  ...["ceremony/1", "seed/1", "seed-backup/1", "vault-state/1", "viewer-key/1"],
  ...["quorum/1", "quorum-deal/1", "quorum-hello/1", "quorum-secret/1", "quorum-share/1"],
];

describe("generated", () => {
  it.each([
    ["pages of limits", limitPages],
    ["pages of formats", formatPages],
    ["costs", costPage],
    ["templates", templatesFile],
  ])("%s are as their script writes them", async (_, make) => {
    for (const [path, text] of await make()) {
      expect(readFileSync(join(PACKAGE, path), "utf8") === text, path).toBe(true);
    }
  });
});

describe("the example of", () => {
  const examples = formatExamples();
  let ids: string[];

  beforeAll(async () => {
    ids = [...(await jsonSchemas()).keys()].map((path) => path.replace(/^.*\/(.*)-(\d+)\.json$/, "$1/$2"));
  });

  it("every format that people write or read is there, and no other", () => {
    expect([...Object.keys(examples), ...UNWRITTEN].sort()).toEqual(ids.sort());
  });

  it.each(Object.entries(examples))("%s is read by its schema", (id, example) => {
    const schema = FORMATS._idmap.get(id) as z.ZodType;
    expect(schema.safeParse(example).error?.issues ?? []).toEqual([]);
  });
});
