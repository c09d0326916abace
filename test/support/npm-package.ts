// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Packages that are too big to be dependencies: fetched once from the npm registry, pinned by hash, kept in the cache.
 *
 * @module
 */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cachedFolder } from "../../circuits/dist/cache.js";

const run = promisify(execFile);

export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** The tarball's hash as the registry gives it: "sha512-…". */
  readonly integrity: string;
  /** What to unpack, such as "artifacts"; nothing is installed and no script runs. */
  readonly parts: readonly string[];
}

/** The unpacked package's folder. */
export async function npmPackage({ name, version, integrity, parts }: NpmPackage): Promise<string> {
  const flat = `${name.replace("@", "").replace("/", "-")}-${version}`;
  const inputs = createHash("sha256")
    .update(JSON.stringify([integrity, parts]))
    .digest("hex")
    .slice(0, 12);
  return await cachedFolder(`npm-${flat}-${inputs}`, async (folder) => {
    await run("npm", ["pack", `${name}@${version}`, "--pack-destination", folder], { cwd: folder });
    const tarball = join(folder, `${flat}.tgz`);
    const hash = createHash("sha512")
      .update(await readFile(tarball))
      .digest("base64");
    if (`sha512-${hash}` !== integrity) throw new Error(`${name}@${version} is not the pinned package`);
    const wanted = parts.map((part) => `package/${part}`);
    await run("tar", ["-xzf", tarball, "-C", folder, "--strip-components=1", ...wanted]);
    await rm(tarball);
  });
}
