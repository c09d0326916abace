// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The farm's figures: throughput against the engine's own batch, random kills of worker, second farm and Redis, and memory over many
 * proofs. KEEL_FUNDS, KEEL_KILLS, KEEL_PROOFS and KEEL_SEED change the numbers.
 *
 * @module
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { ensureCircuit } from "@keel/circuits";
import { type CircuitInput, createProver } from "@keel/engine";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { loadFarmConfig } from "../../services/farm/dist/config.js";
import { startProgram } from "../../services/farm/dist/program.js";
import type { JobId } from "../../services/farm/dist/store.js";
import { SPOT } from "../support/fund.js";
import {
  eventually,
  type FarmProcess,
  type Funds,
  startFarmProcess,
  startFunds,
} from "../support/many-funds.js";
import { startRedis, type TestRedis } from "../support/redis.js";

const COUNT = Number(process.env.KEEL_FUNDS ?? 200);
const KILLS = Number(process.env.KEEL_KILLS ?? 200);
const PROOFS = Number(process.env.KEEL_PROOFS ?? 1000);
const SEED = Number(process.env.KEEL_SEED ?? 78);
const DAY = 86_400;

vi.setConfig({ hookTimeout: 1_200_000, testTimeout: 7_200_000 });

const { pino } = createRequire(join(import.meta.dirname, "../../services/farm/package.json"))("pino");
let funds: Funds;
let redis: TestRedis;
let random: () => number;

beforeAll(async () => {
  [funds, redis] = [await startFunds(COUNT), await startRedis()];
  let state = SEED;
  random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
});

afterAll(async () => {
  await Promise.all([funds?.stop(), redis?.stop()]);
});

const sum = (counts: Map<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);

/** What something took: seconds by the clock, and of processors in this process, and in the chain's and Redis's. */
interface Taken {
  readonly clock: number;
  readonly processors: number;
  readonly others: number;
}

/** @returns what is to be called at the end */
function taking(): () => Taken {
  const [started, used, beside] = [performance.now(), process.cpuUsage(), ofChildren()];
  return () => {
    const { user, system } = process.cpuUsage(used);
    const clock = (performance.now() - started) / 1_000;
    return { clock, processors: (user + system) / 1e6, others: ofChildren() - beside };
  };
}

/** Ticks of a second in which Linux counts processor time. */
const TICKS = 100;

/** Seconds of processors that the processes which this one has started have used so far (proc(5)); 0 where there is no /proc. */
function ofChildren(): number {
  if (!existsSync("/proc")) return 0;
  const fields = readdirSync("/proc").flatMap((pid) => {
    try {
      return /^\d+$/.test(pid)
        ? [readFileSync(`/proc/${pid}/stat`, "latin1").replace(/^.*\)/s, "").trim().split(" ")]
        : [];
    } catch {
      return [];
    }
  });
  const own = fields.filter(([, parent]) => Number(parent) === process.pid);
  return own.reduce((sum, stat) => sum + (Number(stat[11]) + Number(stat[12])) / TICKS, 0);
}

/** What the engine alone takes, two proofs under way; its start is not counted. */
async function engineAlone(inputs: readonly CircuitInput[]): Promise<Taken> {
  const { witnessPath, zkeyPath } = await ensureCircuit(SPOT);
  const prover = await createProver({ wasm: witnessPath, zkey: zkeyPath });
  await prover.prove(inputs[0]!);
  const taken = taking();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < inputs.length) await prover.prove(inputs[next++]!);
  };
  await Promise.all([lane(), lane()]);
  prover.close();
  return taken();
}

const each = (seconds: number): string => `${((1000 * seconds) / COUNT).toFixed(0)} ms`;

it(`${COUNT} funds, one round: at least 0.85 of the engine's own batch`, async () => {
  const jobs = await funds.books(DAY);
  const inputs = await funds.inputs(jobs);
  console.log(`${COUNT} books are there`);
  // One half before the farm and one after: a machine that others use meanwhile is not the same all the time.
  const half = Math.ceil(COUNT / 2);
  const first = await engineAlone(inputs.slice(0, half));
  const file = await funds.config(redis.url, { batch: { size: 20, waitMs: 5_000 }, backlog: 60 });
  const { stop, metrics } = await startProgram(await loadFarmConfig(file, {}), pino({ level: "silent" }));
  // Asked of the farm's own counters: reading two hundred folders again and again would take a good part of a processor.
  const counted = async (name: string): Promise<number> =>
    Number(new RegExp(`^keel_farm_${name} (\\S+)`, "m").exec(await metrics.text())?.[1] ?? 0);
  const until = async (name: string, count: number): Promise<void> => {
    while ((await counted(name)) < count) await new Promise((done) => setTimeout(done, 500));
  };
  // The engine's figure has no start in it either: the farm's begins once its provers are loaded.
  await until("proof_seconds_count", 1);
  const [taken, before] = [taking(), await counted("proof_seconds_count")];
  await until('ended_total{outcome="attested"}', COUNT);
  const { clock, processors, others } = taken();
  const share = COUNT / (COUNT - before);
  await stop();
  expect(await funds.store.open()).toEqual([]);
  const second = await engineAlone(inputs.slice(half));
  const ratio = (first.clock + second.clock) / (clock * share);
  const own = (first.processors + second.processors) / (processors * share);
  const [, gas] = /^keel_farm_gas_total (\S+)/m.exec(await metrics.text()) ?? [];
  console.log(
    `${COUNT} funds: engine ${(first.clock + second.clock).toFixed(1)} s, farm ${(clock * share).toFixed(1)} s, ` +
      `ratio ${ratio.toFixed(2)} with chain, Redis and this test on the same processors, ` +
      `${own.toFixed(2)} of the farm's own processor time; a fund: ${each(processors * share)} of the farm, ` +
      `${each(others * share)} of chain and Redis, ${Math.round(Number(gas) / COUNT)} gas`,
  );
  expect(await funds.healthy(jobs[0]!.asOf)).toBe(COUNT);
  // By the clock the local chain counts too, which elsewhere is another machine's.
  expect(ratio).toBeGreaterThanOrEqual(0.85);
});

it(`78, 79 ${KILLS} random kills of farm, second farm and Redis: nothing lost, nothing attested twice`, async () => {
  const file = await funds.config(redis.url, { batch: { size: 5, waitMs: 300 }, stalledMs: 3_000 });
  const before = sum(await funds.attested());
  const farms: FarmProcess[] = [await startFarmProcess(file), await startFarmProcess(file)];
  let [rounds, jobs]: [number, JobId[]] = [0, []];
  const isDone = async (): Promise<boolean> => (await funds.store.open()).length === 0;
  for (let kill = 0; kill < KILLS; kill++) {
    if (await isDone()) {
      if (jobs.length > 0)
        expect(await funds.healthy(jobs[0]!.asOf), `seed ${SEED}, kill ${kill}`).toBe(COUNT);
      jobs = await funds.books(DAY);
      rounds += 1;
    }
    await new Promise((done) => setTimeout(done, random() * 3_000));
    const what = Math.floor(random() * 3);
    if (what === 2) {
      await redis.kill();
      await redis.start();
    } else {
      await farms[what]!.kill();
      farms[what] = await startFarmProcess(file, random() < 0.5);
    }
  }
  const logs = () =>
    farms
      .map((farm) => farm.log())
      .join("\n")
      .slice(-4_000);
  await eventually(isDone, 1_200, logs);
  expect(await funds.healthy(jobs[0]!.asOf)).toBe(COUNT);
  await Promise.all(farms.map((farm) => farm.stop()));
  const attested = sum(await funds.attested()) - before;
  console.log(`${KILLS} kills, seed ${SEED}: ${rounds} rounds of ${COUNT} funds, ${attested} attestations`);
  expect(attested).toBe(rounds * COUNT);
});

/** Proofs between two looks, and those before the first one that counts. */
const [LOOK, WARM_UP] = [100, 300];
/** What may grow by how much between the first half of the looks and the second: pages that an allocator keeps vary more than a heap. */
const MOST_GROWTH = { rss: 1.05, heap: 1.03 } as const;

it(`a worker's memory is flat over ${PROOFS} proofs`, async () => {
  const change = { batch: { size: 20, waitMs: 500 }, listen: { port: 0 }, backlog: 60 };
  const probe = join(import.meta.dirname, "../support/memory-probe.mjs");
  const file = await funds.config(redis.url, change);
  const farm = await startFarmProcess(file, true, ["--expose-gc", "--import", probe]);
  const lineOf = (part: string): string | undefined =>
    farm
      .log()
      .split("\n")
      .findLast((line) => line.includes(part));
  const url = JSON.parse(lineOf('"working"')!).url as string;
  const proofs = async (): Promise<number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(/^keel_farm_proof_seconds_count (\S+)$/m.exec(text)![1]);
  };
  const look = async (): Promise<{ readonly rss: number; readonly heap: number }> => {
    const before = lineOf('"probe"');
    farm.child.kill("SIGUSR2");
    await eventually(async () => lineOf('"probe"') !== before, 60, farm.log);
    return JSON.parse(lineOf('"probe"')!).probe;
  };
  const looks: { readonly rss: number; readonly heap: number }[] = [];
  let [done, next] = [0, WARM_UP];
  while (done < PROOFS) {
    await funds.books(DAY);
    await eventually(async () => (await funds.store.open()).length === 0, 3_600, farm.log);
    done = await proofs();
    if (done < next) continue;
    next += LOOK;
    looks.push(await look());
    const { rss, heap } = looks.at(-1)!;
    console.log(`${done} proofs: ${rss.toFixed(1)} MB, heap after collection ${heap.toFixed(2)} MB`);
  }
  await farm.stop();
  const half = Math.max(1, Math.floor(looks.length / 2));
  const mean = (part: readonly number[]): number => part.reduce((a, b) => a + b, 0) / part.length;
  for (const what of ["rss", "heap"] as const) {
    const sizes = looks.map((one) => one[what]);
    const [early, late] = [mean(sizes.slice(0, half)), mean(sizes.slice(-half))];
    console.log(`${done} proofs, ${what}: ${early.toFixed(2)} MB at first, ${late.toFixed(2)} MB at last`);
    expect(late, what).toBeLessThan(MOST_GROWTH[what] * early);
  }
});
