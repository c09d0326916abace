// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does circomspect find nothing in the circuits but what a comment beside the line explains?
 *
 * @module
 */

import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lintCircuits } from "../../circuits/dist/lint.js";
import { inFolder, PACKAGE } from "../support/cli.js";

const SOURCES = join(PACKAGE, "circuits/src");

describe("npm run lint:circuits", () => {
  it("has nothing to say of the circuits", async () => {
    expect(await lintCircuits(SOURCES)).toEqual([]);
  });

  it("finds an assignment without a constraint, and an explanation of nothing", async () => {
    await inFolder(async (folder) => {
      await cp(SOURCES, folder, { recursive: true });
      const replace = async (file: string, from: string, to: string): Promise<void> => {
        const text = await readFile(join(folder, file), "utf8");
        expect(text).toContain(from);
        await writeFile(join(folder, file), text.replace(from, to));
      };
      await replace("lib/signed-quantity.circom", "long <== bits", "long <-- bits");
      await replace("lib/pack.circom", "out[w] <== word;", "out[w] <== word; // CS0005: nothing");
      const found = (await lintCircuits(folder)).map(({ file, code }) => `${file} ${code}`);
      expect(found).toEqual(["lib/signed-quantity.circom CS0013", "lib/pack.circom CS0005"]);
    });
  });
});
