// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Writes the engine's modules to their files: a step of `npm run build`. When what the code writes has another hash than
 * stored.ts expects, it says so and fails.
 *
 * @module
 */
import { writeFile } from "node:fs/promises";
import { sha256Hex } from "../hash.js";
import { writeBn254 } from "./bn254.js";
import { storedModule } from "./stored.js";

for (const lanes of [false, true]) {
  const { code, heap } = writeBn254(lanes);
  const { url, ...expected } = storedModule(lanes);
  await writeFile(url, code);
  const sha256 = await sha256Hex(code);
  if (sha256 !== expected.sha256 || heap !== expected.heap) {
    process.stderr.write(`stored.ts expects another ${url.pathname}: it is ${sha256}, heap ${heap}\n`);
    process.exitCode = 1;
  }
}
