// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A thousand kills at random moments: does a source ever sign a second message for one account and time?
 *
 * They take a while: KEEL_KILLS is another number of them, for a run in pieces, each with a seed of its own.
 *
 * @module
 */

import { expect, it } from "vitest";
import { inFolder, inParallel } from "../support/cli.js";
import { killAgainAndAgain } from "./kills.js";
import { killQuorum } from "./kills-quorum.js";

const LANES = 4;
const KILLS = Number(process.env.KEEL_KILLS ?? 1_000);

it("73 a thousand kills, and never two messages for one account and time", {
  timeout: 3_600_000,
}, async () => {
  const seed = Date.now() % 1_000_000;
  const lanes = Array.from({ length: LANES }, (_, i) => seed + i);
  const results = await inParallel(
    lanes,
    async (each) => await inFolder(async (folder) => await killAgainAndAgain(folder, KILLS / LANES, each)),
    LANES,
  );
  for (const [i, result] of results.entries()) {
    expect(result, `seed ${lanes[i]}`).toMatchObject({ kills: KILLS / LANES, doubled: [] });
  }
  console.log(JSON.stringify({ seed, results }));
});

it("73 a thousand kills of a quorum's programs: no second message, no second part for one commitment", {
  timeout: 3_600_000,
}, async () => {
  const seed = Date.now() % 1_000_000;
  const lanes = [seed, seed + 1];
  const results = await inParallel(
    lanes,
    async (each) => await inFolder(async (folder) => await killQuorum(folder, KILLS / lanes.length, each)),
    lanes.length,
  );
  for (const [i, result] of results.entries()) {
    expect(result, `seed ${lanes[i]}`).toMatchObject({ kills: KILLS / lanes.length, doubled: [] });
    expect(result.parts, `seed ${lanes[i]}`).toBeGreaterThan(0);
  }
  console.log(JSON.stringify({ seed, results }));
});
