// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * When rounds begin. Times are unix seconds.
 *
 * @module
 */

import { inputError } from "@keel/verifier/errors";
import { span } from "@keel/verifier/text";
import { Cron } from "croner";
import type { RunConfig } from "./config.js";

/** A schedule of rounds. */
export interface Schedule {
  /** The first round after a time. */
  next(after: number): number;
  /** The round that a time belongs to: the last one that began; nothing before the first. */
  slot(at: number): number | undefined;
  /** The shortest time between two rounds. */
  readonly gap: number;
  /** Seconds after which a round that has not ended is missed. */
  readonly late: number;
}

/** Rounds that are looked at for the shortest gap: more than a year of weeks, and every day of a month. */
const LOOKED_AT = 100;
const LATE_S = 3_600;

/**
 * The schedule of a configuration; nothing when it has none.
 *
 * @throws KeelError `run.schedule`
 */
export function scheduleOf({ schedule }: RunConfig, now: number): Schedule | undefined {
  if (schedule === undefined) return undefined;
  const cron = cronOf(schedule.cron, schedule.timezone ?? "UTC");
  const runs = cron.nextRuns(LOOKED_AT, new Date(now * 1000)).map(seconds);
  if (runs.length < 2) throw refused("run.schedule.cron", "rounds again and again", "fewer than two");
  const gaps = runs.slice(1).map((run, i) => run - runs[i]!);
  return {
    next: (after) => seconds(cron.nextRun(new Date(after * 1000))!),
    slot: (at) => {
      const [last] = cron.previousRuns(1, new Date((at + 1) * 1000));
      return last === undefined ? undefined : seconds(last);
    },
    gap: Math.min(...gaps),
    late: schedule.late ?? LATE_S,
  };
}

/**
 * Refuses a schedule whose rounds begin before a proof has ended.
 *
 * @param proof seconds that one takes
 * @throws KeelError `run.schedule`
 */
export function checkSchedule({ gap }: Schedule, proof: number): void {
  if (gap > 2 * proof) return;
  const expected = `rounds more than twice as far apart as a proof takes, ${span(2 * proof)}`;
  throw refused("run.schedule.cron", expected, span(gap));
}

function cronOf(pattern: string, timezone: string): Cron {
  try {
    const cron = new Cron(pattern, { timezone, paused: true });
    // A time zone is looked at when it is used.
    cron.nextRun();
    return cron;
  } catch {
    const expected = "minute, hour, day, month and weekday, such as 0 6 * * 1, and a time zone that there is";
    throw refused("run.schedule", expected, "others");
  }
}

function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

function refused(at: string, expected: string, received: string) {
  return inputError("run.schedule", at, expected, received);
}
