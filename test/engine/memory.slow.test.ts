// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does memory stay flat over 200 proofs in a row?
 *
 * The process's whole memory counts, its workers included. Heaps are kept small by flags, and garbage is collected in
 * every thread, again and again: a proof leaves so little of it that otherwise a process grows for over a thousand proofs
 * before anything is collected. A hundred proofs go before, and the lowest of fifty readings is compared with the lowest of
 * the last fifty: a busy machine changes neither. Every proof fills four vectors as long as the domain; were one
 * of them kept each time, the 150 proofs between the two would add 150 times 256 KiB, which is 38 MiB.
 *
 * @module
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ensureCircuit } from "@keel/circuits";
import { expect, it } from "vitest";
import { CHAIN, chainInput } from "./small-circuit.js";

const ENGINE = new URL("../../prover/engine/dist/", import.meta.url).href;
const SCRIPT = `
import { readFile } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import { shareFile, workerHandle } from "${ENGINE}node.js";
import { createProverOn } from "${ENGINE}prover.js";
const [wasm, zkey, input] = process.argv.slice(1);
const code = 'setInterval(gc, 50).unref(); import("${ENGINE}worker-node.js");';
const spawn = () => workerHandle(new Worker(code, { eval: true, execArgv: [] }));
const platform = { workers: 2, sharesMemory: true, spawn, readBytes: (path) => readFile(path), shareFile };
const prover = await createProverOn(platform, { wasm, zkey });
const lowestOf = async (proofs) => {
  let lowest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < proofs; i++) {
    await prover.prove(JSON.parse(input));
    gc();
    lowest = Math.min(lowest, process.memoryUsage.rss());
  }
  return lowest;
};
await lowestOf(100);
const first = await lowestOf(50);
await lowestOf(100);
console.log((await lowestOf(50)) - first);
prover.close();
`;

it("28 memory is flat over 200 proofs", { timeout: 900_000 }, async () => {
  const { wasmPath, zkeyPath } = await ensureCircuit(CHAIN);
  const input = JSON.stringify(chainInput(7n), (_, value) =>
    typeof value === "bigint" ? `${value}` : value,
  );
  const flags = ["--expose-gc", "--max-semi-space-size=1", "--max-old-space-size=64"];
  const args = [...flags, "--input-type=module", "-e", SCRIPT, wasmPath, zkeyPath, input];
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd });
  expect(stdout).toMatch(/^-?\d+\n$/);
  expect(Number(stdout) / 2 ** 20, "MiB more").toBeLessThan(12);
});
