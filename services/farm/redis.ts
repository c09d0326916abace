// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The connection to Redis, and what has to be true of it: a Redis that may evict keys would lose jobs without a word.
 *
 * @module
 */

import { inputError, KeelError } from "@keel/verifier/errors";
import { Redis } from "ioredis";

const LONGEST_PAUSE_MS = 2_000;
const PAUSE_MS = 50;

/**
 * Connects. A lost connection is made again, until whoever holds the signal has left: what waits then fails.
 *
 * @throws KeelError `farm.eviction` for a Redis that may evict, `farm.redis` for none
 */
export async function connectRedis(url: string, left?: AbortSignal): Promise<Redis> {
  const retryStrategy = (times: number): number | null =>
    left?.aborted === true ? null : Math.min(times * PAUSE_MS, LONGEST_PAUSE_MS);
  const redis = new Redis(url, { maxRetriesPerRequest: null, lazyConnect: true, retryStrategy });
  // Told by whoever waits for an answer; the client connects again by itself.
  redis.on("error", () => {});
  try {
    await withinTime(redis.connect());
    await checkEviction(redis);
    return redis;
  } catch (error) {
    redis.disconnect();
    if (error instanceof KeelError) throw error;
    throw new KeelError({
      ...{ kind: "environment", code: "farm.redis", path: "redis" },
      ...{ expected: "a Redis that answers", received: "none" },
    });
  }
}

const CONNECT_MS = 10_000;

async function withinTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in time")), CONNECT_MS);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

async function checkEviction(redis: Redis): Promise<void> {
  const [, policy = "unknown"] = /maxmemory_policy:(\S+)/.exec(await redis.info("memory")) ?? [];
  if (policy === "noeviction") return;
  throw inputError("farm.eviction", "redis", "maxmemory-policy noeviction", policy);
}
