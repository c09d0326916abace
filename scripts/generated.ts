// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Files that are made from the source, by path from the checkout's root; and how a script writes them.
 *
 * @module
 */

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

/** Texts by path. */
export type Generated = ReadonlyMap<string, string>;

/** Writes the files when the module is run as a program. */
export async function writeAsProgram(moduleUrl: string, make: () => Promise<Generated>): Promise<void> {
  if (process.argv[1] !== fileURLToPath(moduleUrl)) return;
  for (const [path, text] of await make()) {
    const file = join(ROOT, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    process.stdout.write(`${path}\n`);
  }
}
