// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The benchmark: `node dist/bench/bench.js [--circuit ID]... [--pairs N] [--batch N] [--rapidsnark PATH] [--stages]`.
 * Prints Markdown: ratios against peers measured in the same run by turns, medians of the pairs, and each stage's cost.
 *
 * @module
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { packageRoot } from "../circuits/setup/cache.js";
import { fileName } from "../circuits/setup/compile.js";
import { loadSubject, type Subject } from "./circuits.js";
import { median } from "./median.js";
import {
  findProgram,
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
  readonly stagesOnly: boolean;
}

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
    stages: { type: "boolean", default: false },
  },
});
const options: Options = {
  pairs: Number(values.pairs),
  batch: Number(values.batch),
  rapidsnark: values.rapidsnark ?? findProgram("rapidsnark"),
  stagesOnly: values.stages,
};
print(`${new Date().toISOString().slice(0, 10)}, ${machine()}`);
const costs: { id: string; perThousand: number }[] = [];
for (const id of values.circuit ?? [await largestCached()]) {
  const subject = await loadSubject(id);
  const { constraints, wires } = subject.artifacts.manifest;
  print(`\n### ${id}: ${constraints} constraints, ${wires} wires\n`);
  if (!options.stagesOnly) {
    const ms = await compare(subject, options);
    costs.push({ id, perThousand: (1000 * ms) / constraints });
  }
  await printStages(subject, options.pairs);
}
if (costs.length > 1) {
  const growth = costs.map(({ id, perThousand }) => `${id} ${perThousand.toFixed(1)} ms`);
  print(`\nA thousand constraints cost: ${growth.join(", ")} (2 workers, warm).`);
}

/** Prints the table of a circuit; returns Keel's median time of one proof with two workers. */
async function compare(
  { artifacts, input }: Subject,
  { pairs, batch, rapidsnark }: Options,
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "keel-bench-"));
  const file = join(folder, "input.json");
  await writeFile(
    file,
    JSON.stringify(input, (_, value) => (typeof value === "bigint" ? `${value}` : value)),
  );
  const common = { wasm: artifacts.wasmPath, zkey: artifacts.zkeyPath, input: file };
  const keel2: SubjectOptions = { ...common, prover: "keel", workers: 2 };
  const processes = {
    two: startProver(keel2),
    one: startProver({ ...keel2, workers: 1 }),
    snarkjs: startProver({ ...keel2, prover: "snarkjs" }),
  };
  try {
    for (const prover of Object.values(processes)) for (let i = 0; i < 2; i++) await prover.prove(1);
    const [two, one, many, cold]: Pair[][] = [[], [], [], []];
    let memory = { keel: 0, peer: 0 };
    for (let i = 0; i < pairs; i++) {
      const keel = (await processes.two.prove(1)).ms;
      const peer = (await processes.snarkjs.prove(1)).ms;
      two!.push({ keel, peer });
      one!.push({ keel: (await processes.one.prove(1)).ms, peer });
    }
    memory = {
      keel: (await processes.two.prove(1)).peakMiB,
      peer: (await processes.snarkjs.prove(1)).peakMiB,
    };
    for (let i = 0; i < Math.ceil(pairs / 2); i++) {
      // snarkjs proves one after the other: its time of one proof, so many times.
      const peer = batch * (await processes.snarkjs.prove(1)).ms;
      many!.push({ keel: (await processes.two.prove(batch)).ms, peer });
      cold!.push({ keel: await proveCold(keel2), peer: await proveColdSnarkjs(keel2, folder) });
    }
    const rows = [
      timeRow("one proof with witness, 2 workers, warm / snarkjs fullProve", two!),
      timeRow("the same, 1 worker", one!),
      timeRow(`batch of ${batch} / snarkjs one after the other`, many!),
      timeRow("cold process: load, prove, end / snarkjs CLI", cold!),
      memoryRow(memory),
    ];
    if (rapidsnark !== undefined) {
      const witness = join(folder, "witness.wtns");
      await writeWitness(keel2, witness);
      const native: Pair[] = [];
      for (let i = 0; i < pairs; i++) {
        const keel = (await processes.two.prove(1)).ms;
        native.push({ keel, peer: await proveRapidsnark(rapidsnark, common.zkey, witness, folder) });
      }
      rows.push(timeRow("one proof with witness, warm / rapidsnark's process, no witness", native));
    }
    printTable(rows);
    return median(two!.map(({ keel }) => keel));
  } finally {
    for (const prover of Object.values(processes)) prover.end();
    await rm(folder, { recursive: true });
  }
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

/** The portfolio circuit with the most instruments among those whose keys are made already. */
async function largestCached(): Promise<string> {
  const root = await packageRoot();
  const known = JSON.parse(await readFile(join(root, "circuits/circuits.json"), "utf8")) as Record<
    string,
    { readonly file: string; readonly parameters: { readonly instruments: number } }
  >;
  const cached = await readdir(join(root, ".keel")).catch(() => []);
  const [largest] = Object.entries(known)
    .filter(([, { file }]) => file === "portfolio-health.circom")
    .filter(([id]) => cached.some((name) => name.startsWith(`artifacts-${fileName(id)}-`)))
    .sort(([, one], [, other]) => other.parameters.instruments - one.parameters.instruments);
  return largest?.[0] ?? "portfolio-health/spot-16";
}

function machine(): string {
  const processors = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${processors.length} x ${processors[0]!.model.trim()}, ${memory} GiB, Node ${process.version}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
