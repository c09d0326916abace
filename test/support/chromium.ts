// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A Chromium to test in: the system's, else Debian's package where it may be installed, else one that comes inside an npm
 * package. No browser test is ever skipped for want of one.
 *
 * @module
 */

import { execFile } from "node:child_process";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { chmod, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { createBrotliDecompress } from "node:zlib";
import { cachedFolder } from "../../circuits/dist/cache.js";
import { npmPackage } from "./npm-package.js";

const run = promisify(execFile);

const SYSTEM = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Headless Chromium for Linux on x64, with the libraries that a bare machine lacks. */
const PACKED = {
  name: "@sparticuz/chromium",
  version: "153.0.0",
  integrity:
    "sha512-jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA==",
  parts: ["bin"],
} as const;

/** How to start a browser. */
export interface Chromium {
  readonly executablePath: string;
  /** Variables that it needs beside the process's own. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Finds one or provides one. `KEEL_CHROMIUM` names another, or "packed" for the one in the npm package. */
export async function findChromium(): Promise<Chromium> {
  const wanted = process.env.KEEL_CHROMIUM;
  if (wanted === "packed") return await unpackChromium();
  const found = [wanted, ...SYSTEM].find((path) => path !== undefined && existsSync(path));
  if (found !== undefined) return { executablePath: found };
  return (await installChromium()) ?? (await unpackChromium());
}

async function installChromium(): Promise<Chromium | undefined> {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return undefined;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  try {
    await run("apt-get", ["update", "-qq"], { env });
    await run("apt-get", ["install", "-y", "-qq", "-o", "DPkg::Lock::Timeout=240", "chromium"], { env });
  } catch {
    return undefined;
  }
  const path = SYSTEM.find((candidate) => existsSync(candidate));
  return path === undefined ? undefined : { executablePath: path };
}

/** The package's own names folders of another machine; without any font the browser ends at the first field to type in. */
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir prefix="relative">fonts</dir></fontconfig>
`;

async function unpackChromium(): Promise<Chromium> {
  const packed = join(await npmPackage(PACKED), "bin");
  const folder = await cachedFolder(`chromium-${PACKED.version}-fonts`, async (fresh) => {
    for (const part of ["al2023", "swiftshader", "fonts"])
      await unpackTar(join(packed, `${part}.tar.br`), fresh);
    await writeFile(join(fresh, "fonts.conf"), FONTS);
    await decompress(join(packed, "chromium.br"), join(fresh, "chromium"));
    await chmod(join(fresh, "chromium"), 0o755);
  });
  return {
    executablePath: join(folder, "chromium"),
    env: { LD_LIBRARY_PATH: join(folder, "lib"), FONTCONFIG_PATH: folder },
  };
}

async function unpackTar(packed: string, folder: string): Promise<void> {
  const tar = join(folder, "part.tar");
  await decompress(packed, tar);
  await run("tar", ["-xf", tar, "-C", folder]);
  await rm(tar);
}

async function decompress(from: string, to: string): Promise<void> {
  await pipeline(createReadStream(from), createBrotliDecompress(), createWriteStream(to));
}
