// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the console's stories share: the built page, once for all processes and runs until something of it changes, and a local
 * chain for all files of a process, given back as it was.
 *
 * @module
 */

import { join } from "node:path";
import { exclusively } from "@keel/circuits/cache";
import { ROOT, refreshConsole } from "../../dist/app/host/build.js";
import { type LocalWorld, startLocalWorld } from "../../dist/app/host/local.js";
import type { ConsoleSizes } from "../../dist/app/host/sizes.js";
import { chainTime } from "../../dist/examples/demo/stage.js";

/** Where the built page lies; nothing writes there but a build. */
const SITE = join(ROOT, "dist", "console-test");

/** The built page's folder, and how much JavaScript its pages take. */
export async function builtSite(): Promise<{ readonly site: string; readonly sizes: ConsoleSizes }> {
  const sizes = await exclusively(`${SITE}.lock`, () => refreshConsole(SITE));
  return { site: SITE, sizes };
}

/** A chain of this process that no file uses now. */
let idle: LocalWorld | undefined;

/** The console's local chain as it began; its `stop()` takes it back to that, for the process's next file. */
export async function borrowWorld(): Promise<LocalWorld> {
  const world = idle ?? (await startLocalWorld());
  idle = undefined;
  const { stage } = world;
  await catchUp(world);
  const id = await stage.test.snapshot();
  const stop = async (): Promise<void> => {
    await stage.test.revert({ id });
    idle = world;
  };
  return { ...world, stop };
}

/** The clock of a chain that was taken back stands where it did then. */
async function catchUp({ stage }: LocalWorld): Promise<void> {
  const seconds = Math.floor(Date.now() / 1000) - (await chainTime(stage));
  if (seconds <= 0) return;
  await stage.test.increaseTime({ seconds });
  await stage.test.mine({ blocks: 1 });
}
