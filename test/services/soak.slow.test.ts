// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The farm's figures: throughput against the engine's own batch, random kills of worker, second farm and Redis, and memory over many
 * proofs. KEEL_FUNDS, KEEL_KILLS, KEEL_PROOFS and KEEL_SEED change the numbers.
 *
 * @module
 */

import { createRequire } from "node:module";
import { join } from "node:path";
import { ensureCircuit } from "@keel/circuits";
import { type CircuitInput, createProver } from "@keel/engine";
import { buildWitness, openBook, parseEnrolment, parseSeed, parseSnapshot, seededSalts } from "@keel/prover";
import { parseMarket, parsePolicy, parseUnits } from "@keel/verifier";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { loadFarmConfig } from "../../services/farm/dist/config.js";
import { startProgram } from "../../services/farm/dist/program.js";
import type { JobId } from "../../services/farm/dist/store.js";
import { now } from "../support/chain.js";
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

/** The circuit's inputs of books. */
async function inputsOf(jobs: readonly JobId[]): Promise<CircuitInput[]> {
  const domain = { chainId: funds.registry.chainId, registry: funds.registry.address };
  const time = await now(funds.chain);
  return await Promise.all(
    jobs.map(async (job) => {
      const { snapshot, market, policy, enrolment, units } = await funds.store.book(job);
      const book = openBook({
        ...{ snapshot: parseSnapshot(snapshot), market: parseMarket(market), policy: parsePolicy(policy) },
        ...{ enrolment: parseEnrolment(enrolment), units: parseUnits(units!), now: time },
      });
      const salts = seededSalts(parseSeed(await funds.store.seed(job.subject)));
      return buildWitness({ book, domain, enrolment: book.enrolment!, salts }).input;
    }),
  );
}

/** What something took: seconds by the clock, and of processors in this process. */
interface Taken {
  readonly clock: number;
  readonly processors: number;
}

/** @returns what is to be called at the end */
function taking(): () => Taken {
  const [started, used] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(used);
    return { clock: (performance.now() - started) / 1_000, processors: (user + system) / 1e6 };
  };
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

it(`${COUNT} funds, one round: at least 0.85 of the engine's own batch`, async () => {
  const jobs = await funds.books(DAY);
  const inputs = await inputsOf(jobs);
  console.log(`${COUNT} books are there`);
  // One half before the farm and one after: a machine that others use meanwhile is not the same all the time.
  const half = Math.ceil(COUNT / 2);
  const first = await engineAlone(inputs.slice(0, half));
  const file = await funds.config(redis.url, { batch: { size: 20, waitMs: 1_000 }, backlog: 60 });
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
  const { clock, processors } = taken();
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
      `${own.toFixed(2)} of the farm's own processor time, ${Math.round(Number(gas) / COUNT)} gas a fund`,
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

it(`a worker's memory is flat over ${PROOFS} proofs`, async () => {
  const file = await funds.config(redis.url, {
    batch: { size: 20, waitMs: 500 },
    listen: { port: 0 },
    backlog: 60,
  });
  const farm = await startFarmProcess(file);
  const url = JSON.parse(
    farm
      .log()
      .split("\n")
      .find((line) => line.includes('"working"'))!,
  ).url as string;
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)![1]);
  };
  const sizes: number[] = [];
  let proofs = 0;
  while (proofs < PROOFS) {
    await funds.books(DAY);
    await eventually(async () => (await funds.store.open()).length === 0, 3_600, farm.log);
    proofs = await metric("keel_farm_proof_seconds_count");
    sizes.push((await metric("keel_farm_process_resident_memory_bytes")) / 2 ** 20);
  }
  await farm.stop();
  const third = Math.max(1, Math.floor(sizes.length / 3));
  const mean = (part: readonly number[]): number => part.reduce((a, b) => a + b, 0) / part.length;
  const [early, late] = [mean(sizes.slice(0, third)), mean(sizes.slice(-third))];
  console.log(`${proofs} proofs: ${early.toFixed(0)} MB at first, ${late.toFixed(0)} MB at last`);
  expect(late).toBeLessThan(1.15 * early);
});
