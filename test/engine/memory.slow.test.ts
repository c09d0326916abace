// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does memory stay flat over 200 proofs in a row?
 *
 * The process's whole memory counts, its workers included. What it holds hangs on when garbage is collected, so heaps are
 * kept small by flags, a hundred proofs go before, and the lowest of fifty readings is compared with the lowest of the
 * last fifty: a busy machine changes neither. Every proof passes on a dozen vectors as long as the domain; were one of them
 * kept each time, the 150 proofs between the two would add 150 times 512 KiB, which is 75 MiB. A quiet run adds 3 to 8.
 * (Of smaller circuits, garbage is so little that it takes over a thousand proofs until memory stops to grow by it.)
 *
 * @module
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { loadSubject } from "../../dist/bench/circuits.js";

const SCRIPT = `
import { createProver } from "keel/prover/engine";
const [wasm, zkey, input] = process.argv.slice(1);
const prover = await createProver({ wasm, zkey, workers: 2 });
const lowestOf = async (proofs) => {
  let lowest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < proofs; i++) {
    await prover.prove(JSON.parse(input));
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
  const { artifacts, input: signals } = await loadSubject("portfolio-health/spot-16");
  const { wasmPath, zkeyPath } = artifacts;
  const input = JSON.stringify(signals, (_, value) => (typeof value === "bigint" ? `${value}` : value));
  const flags = ["--max-semi-space-size=1", "--max-old-space-size=64", "--input-type=module", "-e", SCRIPT];
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, wasmPath, zkeyPath, input], {
    cwd,
  });
  expect(Number(stdout) / 2 ** 20, "MiB more").toBeLessThan(24);
});
