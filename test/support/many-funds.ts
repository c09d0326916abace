// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Many funds on one local chain, each enrolled, with a book of a time; and a farm's files for them.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CircuitInput } from "@keel/engine";
import {
  buildWitness,
  enrolmentCommitment,
  formatEnrolment,
  formatSeed,
  newEnrolment,
  newSeed,
  openBook,
  parseEnrolment,
  parseSeed,
  parseSnapshot,
  randomSalt,
  seededSalts,
} from "@keel/prover";
import { type Policy, parseMarket, parsePolicy, parseUnits, policyId, policyTerms } from "@keel/verifier";
import { enrol, healthRegistryAbi, publishPolicy, type Registry, statusOf } from "@keel/verifier/chain";
import { createWalletClient, http, keccak256, numberToHex, parseEther } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { exampleTexts } from "../../dist/examples/generate.js";
import { STRATEGIES } from "../../dist/examples/strategies.js";
import { type FarmStore, type JobId, openFarmStore } from "../../services/farm/dist/store.js";
import { now, type TestChain, travelTo } from "./chain.js";
import { PACKAGE } from "./cli.js";
import { deployedChain, publishTable } from "./fund.js";

const STRATEGY = STRATEGIES[0]!;
const LAUNCHER = join(PACKAGE, "services/farm/bin/keel-farm.js");
/** One that no test sends from otherwise. */
const SENDER = 4;

/** Funds, and the files of a farm that proves for them. */
export interface Funds {
  readonly chain: TestChain;
  readonly registry: Registry;
  readonly policyId: `0x${string}`;
  readonly subjects: readonly `0x${string}`[];
  readonly store: FarmStore;
  readonly folder: string;
  /** Another time: publishes its market and puts every fund's book into the store. */
  books(after?: number, positions?: Readonly<Record<string, string>>): Promise<JobId[]>;
  /** Writes a farm's configuration for a Redis. */
  config(redis: string, change?: object): Promise<string>;
  /** The circuit's inputs of books, each as its subject's first. */
  inputs(jobs: readonly JobId[]): Promise<CircuitInput[]>;
  /** Attestations on chain, by subject. */
  attested(): Promise<Map<string, number>>;
  /** How many subjects are healthy with this snapshot or a later one. */
  healthy(asOf: number): Promise<number>;
  stop(): Promise<void>;
}

/** Starts a chain with so many funds. */
export async function startFunds(count: number): Promise<Funds> {
  const folder = await mkdtemp(join(tmpdir(), "keel-funds-"));
  const { chain, registry } = await deployedChain();
  const storeKey = randomBytes(32);
  await writeFile(join(folder, "store.key"), storeKey.toString("hex"), { mode: 0o600 });
  await writeFile(join(folder, "sender.key"), chain.accounts[SENDER]!.privateKey, { mode: 0o600 });
  await mkdir(join(folder, "store"));
  const store = openFarmStore(join(folder, "store"), storeKey);
  const limits = { ...STRATEGY.limits, maxDrawdown: "0.5" };
  const owners = Array.from({ length: count }, (_, i) =>
    privateKeyToAccount(keccak256(numberToHex(i + 1, { size: 32 }))),
  );
  const subjects = owners.map(({ address }) => address.toLowerCase() as `0x${string}`);
  const textsOf = (subject: string, asOf: number, positions = STRATEGY.positions) =>
    exampleTexts({ ...STRATEGY, limits, subject, positions } as typeof STRATEGY, {
      asOf,
    }) as unknown as Readonly<Record<string, string>>;

  const first = textsOf(subjects[0]!, await now(chain));
  const policy: Policy = parsePolicy(first.policy!);
  const terms = policyTerms(policy, parseMarket(first.market!));
  await publishPolicy(registry, chain.wallets[0]!, terms);
  const id = policyId(terms);
  const enrolments = new Map<string, string>();
  for (const [i, account] of owners.entries()) {
    await chain.test.setBalance({ address: account.address, value: parseEther("1") });
    const wallet = createWalletClient({
      account,
      chain: chain.wallets[0]!.chain,
      transport: http(chain.rpcUrl),
      pollingInterval: 20,
    });
    const enrolment = newEnrolment(parseSnapshot(first.snapshot!), policy, randomSalt());
    await enrol(registry, wallet, enrolmentCommitment(enrolment));
    enrolments.set(subjects[i]!, formatEnrolment(enrolment));
    await store.putSeed(subjects[i]!, formatSeed(newSeed()));
  }
  const attested = async () => {
    const { address } = registry;
    const logs = await chain.client.getContractEvents({
      address,
      abi: healthRegistryAbi,
      eventName: "Attested",
      fromBlock: 0n,
      strict: true,
    });
    const counts = new Map<string, number>(subjects.map((subject) => [subject, 0]));
    for (const { args } of logs) {
      const subject = args.subject.toLowerCase();
      counts.set(subject, (counts.get(subject) ?? 0) + 1);
    }
    return counts;
  };
  return {
    ...{ chain, registry, subjects, store, folder, attested, policyId: id },
    books: async (after = 0, positions) => {
      if (after > 0) await travelTo(chain, (await now(chain)) + after);
      const asOf = await now(chain);
      await publishTable({ chain, registry }, textsOf(subjects[0]!, asOf).market!, policy);
      const jobs: JobId[] = [];
      for (const subject of subjects) {
        const {
          snapshot,
          market,
          policy: text,
          units,
        } = textsOf(subject, asOf, positions as typeof STRATEGY.positions);
        const job = { subject, policyId: id, asOf };
        const book = {
          snapshot: snapshot!,
          market: market!,
          policy: text!,
          units: units!,
          enrolment: enrolments.get(subject)!,
        };
        await store.putBook(job, book);
        jobs.push(job);
      }
      return jobs;
    },
    inputs: async (jobs) => {
      const domain = { chainId: registry.chainId, registry: registry.address };
      const time = await now(chain);
      return await Promise.all(
        jobs.map(async (job) => {
          const { snapshot, market, policy: text, enrolment, units } = await store.book(job);
          const book = openBook({
            ...{ snapshot: parseSnapshot(snapshot), market: parseMarket(market), policy: parsePolicy(text) },
            ...{ enrolment: parseEnrolment(enrolment), units: parseUnits(units!), now: time },
          });
          const salts = seededSalts(parseSeed(await store.seed(job.subject)));
          return buildWitness({ book, domain, enrolment: book.enrolment!, salts }).input;
        }),
      );
    },
    config: async (redis, change = {}) => {
      const file = join(folder, "farm.json");
      const config = {
        ...{ keel: "farm-config/1", redis, store: "store", storeKey: "store.key", keyFile: "sender.key" },
        registry: { chainId: chain.chainId, address: registry.address, rpc: chain.rpcUrl },
        batch: { size: 5, waitMs: 500 },
        ...change,
      };
      await writeFile(file, JSON.stringify(config));
      return file;
    },
    healthy: async (asOf) => {
      const found = await Promise.all(subjects.map((subject) => statusOf(registry, subject, id)));
      return found.filter((status) => status.healthy && status.asOf !== undefined && status.asOf >= asOf)
        .length;
    },
    stop: async () => {
      await chain.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A farm as a process of its own. */
export interface FarmProcess {
  readonly child: ChildProcess;
  log(): string;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/**
 * Starts `keel-farm work`, and waits until it works unless told not to.
 *
 * @param flags of Node
 */
export async function startFarmProcess(
  config: string,
  isAwaited = true,
  flags: readonly string[] = [],
): Promise<FarmProcess> {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, KEEL_CACHE: process.env.KEEL_CACHE };
  const child = spawn(process.execPath, [...flags, LAUNCHER, "work", "--config", config], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
  }
  const ended = new Promise<void>((done) => child.once("exit", () => done()));
  void ended.then(() => running.delete(child));
  const isWorking = async (): Promise<void> => {
    while (!text.includes('"working"') && child.exitCode === null && child.signalCode === null) {
      await new Promise((done) => setTimeout(done, 20));
    }
  };
  if (isAwaited) await isWorking();
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
  };
  return { child, log: () => text, kill: () => end("SIGKILL"), stop: () => end("SIGTERM") };
}

/** Waits for something, and says what was there when it does not come. */
export async function eventually(
  work: () => Promise<boolean>,
  seconds: number,
  told: () => string,
): Promise<void> {
  const until = Date.now() + seconds * 1000;
  while (!(await work())) {
    if (Date.now() > until) throw new Error(`not within ${seconds} s: ${told()}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}
