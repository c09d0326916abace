// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The benchmark; README.md lists its options. Prints Markdown: ratios against peers measured in the same run by turns,
 * medians of the pairs, and each stage's cost. Progress goes to stderr.
 *
 * @module
 */
import { rmSync } from "node:fs";
import { mkdtemp, readdir, writeFile } from "node:fs/promises";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fileName } from "@keel/circuits";
import { cacheRoot } from "@keel/circuits/cache";
import { CIRCUITS } from "@keel/verifier";
import { openPage } from "./chromium.js";
import { loadSubject, type Subject } from "./circuits.js";
import { measureKernels } from "./kernels.js";
import { median } from "./median.js";
import {
  findProgram,
  killAll,
  type ProverProcess,
  proveCold,
  proveColdSnarkjs,
  proveRapidsnark,
  startProver,
  writeWitness,
} from "./processes.js";
import { measureStages } from "./stages.js";
import type { SubjectOptions } from "./subject.js";

interface Options {
  readonly pairs: number;
  readonly batch: number;
  readonly rapidsnark: string | undefined;
  readonly chromium: string | undefined;
}

const GROWTH = ["portfolio-health/spot-16", "portfolio-health/fund-64", "portfolio-health/institution-256"];

/** One line of the table: medians of both, and of the ratios of the pairs. */
interface Row {
  readonly what: string;
  readonly keel: string;
  readonly peer: string;
  readonly ratio: number;
}

/** Times of Keel and of a peer, taken one after the other. */
interface Pair {
  readonly keel: number;
  readonly peer: number;
}

const { values } = parseArgs({
  options: {
    circuit: { type: "string", multiple: true },
    pairs: { type: "string", default: "5" },
    batch: { type: "string", default: "16" },
    rapidsnark: { type: "string" },
    chromium: { type: "string" },
    stages: { type: "boolean", default: false },
    growth: { type: "boolean", default: false },
    scaling: { type: "boolean", default: false },
    kernels: { type: "boolean", default: false },
  },
});
const options: Options = {
  pairs: Number(values.pairs),
  batch: Number(values.batch),
  rapidsnark: values.rapidsnark ?? findProgram("rapidsnark"),
  chromium: values.chromium ?? findProgram("chromium"),
};
const folder = await mkdtemp(join(tmpdir(), "keel-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    killAll();
    process.exit(130);
  });
}
print(`${new Date().toISOString().slice(0, 10)}, ${machine()}`);
if (values.growth) await printGrowth(values.circuit ?? GROWTH, options.pairs);
else if (values.scaling)
  for (const id of values.circuit ?? [await largestCached()]) await printScaling(id, options);
else if (values.kernels) await printKernels();
else for (const id of values.circuit ?? [await largestCached()]) await printCircuit(id);

async function printCircuit(id: string): Promise<void> {
  const subject = await loadSubject(id);
  const { constraints, wires } = subject.artifacts.manifest;
  print(`\n### ${id}: ${constraints} constraints, ${wires} wires\n`);
  if (!values.stages) await compare(subject, options);
  await printStages(subject, options.pairs);
}

/** Keel's time of a proof, circuit by circuit, and what a thousand constraints cost. */
async function printGrowth(circuits: readonly string[], proofs: number): Promise<void> {
  print(
    "\n| circuit | constraints | one proof, 2 workers, warm | a thousand constraints |\n|---|---|---|---|",
  );
  for (const id of circuits) {
    const subject = await loadSubject(id);
    const prover = startProver({ ...(await writeInput(subject)), prover: "keel", workers: 2 });
    const times: number[] = [];
    for (let i = 0; i < proofs + 2; i++) {
      progress(`${id}: proof ${i + 1} of ${proofs + 2}`);
      times.push((await prover.prove(1)).ms);
    }
    prover.end();
    const { constraints } = subject.artifacts.manifest;
    const ms = median(times.slice(2));
    print(`| ${id} | ${constraints} | ${ms.toFixed(0)} ms | ${((1000 * ms) / constraints).toFixed(1)} ms |`);
  }
}

/** Keel's processor time of a proof by the number of workers, by turns, in batches of four. */
async function printScaling(id: string, { pairs }: Options): Promise<void> {
  const files = await writeInput(await loadSubject(id));
  const counts = [2, 4, 8, 16];
  const provers = counts.map((workers) => startProver({ ...files, prover: "keel", workers }));
  const times = counts.map((): number[] => []);
  for (let i = 0; i < pairs + 2; i++) {
    progress(`${id}: batch ${i + 1} of ${pairs + 2}`);
    for (const [which, prover] of provers.entries()) times[which]!.push((await prover.prove(4)).cpuMs / 4);
  }
  for (const prover of provers) prover.end();
  // The first two are for the compiler.
  const medians = times.map((all) => median(all.slice(2)));
  print("\n| workers | processor time of a proof | against 2 |\n|---|---|---|");
  for (const [i, ms] of medians.entries())
    print(`| ${counts[i]} | ${ms.toFixed(0)} ms | ${(ms / medians[0]!).toFixed(2)} |`);
}

/** Paths of a circuit's artifacts and of its input, written to a file. */
async function writeInput({
  artifacts,
  input,
}: Subject): Promise<Pick<SubjectOptions, "wasm" | "witness" | "zkey" | "input">> {
  const file = join(folder, "input.json");
  const text = JSON.stringify(input, (_, value) => (typeof value === "bigint" ? `${value}` : value));
  await writeFile(file, text);
  const { wasmPath: wasm, witnessPath: witness, zkeyPath: zkey } = artifacts;
  return { wasm, witness, zkey, input: file };
}

/** Prints the table of a circuit. */
async function compare(subject: Subject, { pairs, batch, rapidsnark, chromium }: Options): Promise<void> {
  const keel2: SubjectOptions = { ...(await writeInput(subject)), prover: "keel", workers: 2 };
  const processes = {
    two: startProver(keel2),
    one: startProver({ ...keel2, workers: 1 }),
    snarkjs: startProver({ ...keel2, prover: "snarkjs" }),
  };
  const time = async (prover: ProverProcess, proofs = 1): Promise<number> => (await prover.prove(proofs)).ms;
  try {
    for (const [name, prover] of Object.entries(processes)) {
      progress(`warming up: ${name}`);
      for (let i = 0; i < 2; i++) await prover.prove(1);
    }
    const [two, one, many, cold]: [Pair[], Pair[], Pair[], Pair[]] = [[], [], [], []];
    for (let i = 0; i < pairs; i++) {
      progress(`one proof: pair ${i + 1} of ${pairs}`);
      const keel = await time(processes.two);
      const peer = await time(processes.snarkjs);
      two.push({ keel, peer });
      one.push({ keel: await time(processes.one), peer });
    }
    const memory = {
      keel: (await processes.two.prove(1)).peakMiB,
      peer: (await processes.snarkjs.prove(1)).peakMiB,
    };
    for (let i = 0; i < Math.ceil(pairs / 2); i++) {
      progress(`batch and cold start: pair ${i + 1} of ${Math.ceil(pairs / 2)}`);
      // snarkjs proves one after the other: its time of one proof, so many times.
      const peer = batch * (await time(processes.snarkjs));
      many.push({ keel: await time(processes.two, batch), peer });
      cold.push({ keel: await proveCold(keel2), peer: await proveColdSnarkjs(keel2, folder) });
    }
    const rows = [
      timeRow("one proof with witness, 2 workers, warm / snarkjs fullProve", two),
      timeRow("the same, 1 worker", one),
      timeRow(`batch of ${batch} / snarkjs one after the other`, many),
      timeRow("cold process: load, prove, end / snarkjs CLI", cold),
      memoryRow(memory),
    ];
    if (rapidsnark !== undefined) {
      const witness = join(folder, "witness.wtns");
      await writeWitness(keel2, witness);
      const native = await pairUp(pairs, "rapidsnark", async () => ({
        keel: await time(processes.two),
        peer: await proveRapidsnark(rapidsnark, keel2.zkey, witness, folder),
      }));
      rows.push(timeRow("one proof with witness, warm / rapidsnark's process, no witness", native));
    }
    if (chromium !== undefined) {
      const page = await openPage(chromium, keel2, folder);
      await pairUp(3, "Chromium, warming up", async () => ({ keel: await page.prove(), peer: 0 }));
      const browser = await pairUp(pairs, "Chromium", async () => ({
        keel: await page.prove(),
        peer: await time(processes.two),
      }));
      await page.close();
      rows.push(timeRow("one proof with witness in Chromium / the same in Node", browser));
    }
    printTable(rows);
  } finally {
    for (const prover of Object.values(processes)) prover.end();
  }
}

async function pairUp(pairs: number, name: string, measure: () => Promise<Pair>): Promise<Pair[]> {
  const all: Pair[] = [];
  for (let i = 0; i < pairs; i++) {
    progress(`${name}: pair ${i + 1} of ${pairs}`);
    all.push(await measure());
  }
  return all;
}

function timeRow(what: string, pairs: readonly Pair[]): Row {
  const ms = (of: keyof Pair): string => `${median(pairs.map((pair) => pair[of])).toFixed(0)} ms`;
  return {
    what,
    keel: ms("keel"),
    peer: ms("peer"),
    ratio: median(pairs.map(({ keel, peer }) => peer / keel)),
  };
}

function memoryRow({ keel, peer }: Pair): Row {
  const size = (mib: number): string => `${mib.toFixed(0)} MiB`;
  return { what: "peak memory, 2 workers", keel: size(keel), peer: size(peer), ratio: peer / keel };
}

function printTable(rows: readonly Row[]): void {
  print("| what | Keel | peer | better by |\n|---|---|---|---|");
  for (const { what, keel, peer, ratio } of rows)
    print(`| ${what} | ${keel} | ${peer} | ${ratio.toFixed(2)}x |`);
}

async function printStages(subject: Subject, runs: number): Promise<void> {
  const stages = await measureStages(subject, runs);
  const total = stages.reduce((sum, { ms }) => sum + ms, 0);
  print("\n| stage, one thread | ms | share |\n|---|---|---|");
  for (const { name, ms } of [...stages, { name: "all", ms: total }]) {
    print(`| ${name} | ${ms.toFixed(0)} | ${((100 * ms) / total).toFixed(0)}% |`);
  }
}

async function printKernels(): Promise<void> {
  const costs = await measureKernels();
  const lanes = costs[0]!.ns.length > 1;
  print(`\n| kernel | 29-bit limbs, ns |${lanes ? " two lanes, ns |" : ""}`);
  print(`|---|---|${lanes ? "---|" : ""}`);
  for (const { name, ns } of costs) print(`| ${[name, ...ns.map((cost) => cost.toFixed(1))].join(" | ")} |`);
}

/** The portfolio circuit with the most instruments among those whose keys are made already. */
async function largestCached(): Promise<string> {
  const cached = await readdir(cacheRoot()).catch(() => []);
  const [largest] = CIRCUITS.filter(({ id }) =>
    cached.some((name) => name.startsWith(`artifacts-${fileName(id)}-`)),
  ).sort((one, other) => other.shape.instruments - one.shape.instruments);
  return largest?.id ?? "portfolio-health/spot-16";
}

function machine(): string {
  const processors = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${processors.length} x ${processors[0]!.model.trim()}, ${memory} GiB, Node ${process.version}`;
}

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
