// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the engine makes a witness program from: a circuit's constraints as they are written, and which of their wires are
 * wires of the circuit's own. circom numbers signals the same way in both, outputs first, then inputs.
 *
 * @module
 */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type InputSignal,
  type InputValue,
  planWitness,
  prepareCircuit,
  type WitnessSource,
} from "@keel/engine/setup";
import { cachedFolder, sha256 } from "./cache.js";
import { type CompiledCircuit, compileWritten, fileName, type WrittenConstraints } from "./compile.js";
import { parseR1cs, type R1cs } from "./r1cs.js";
import { WITNESS_VERSION } from "./versions.js";

/**
 * Path of a circuit's WebAssembly as the engine runs it, with a witness program unless the engine finds none. It is made when the cache
 * does not have it, which takes one more run of the compiler.
 *
 * @throws KeelError as `compileCircuit`
 */
export async function prepareWitness(
  { id, definition, hash, wasmPath, symPath }: CompiledCircuit,
  r1cs: R1cs,
  signal?: AbortSignal,
): Promise<string> {
  const build = async (folder: string): Promise<void> => {
    const aside = join(folder, "written");
    await mkdir(aside);
    const written = await compileWritten(definition, aside, signal);
    const source = await readWitnessSource(written, r1cs, symPath);
    await rm(aside, { recursive: true });
    const program = source && planWitness(source);
    await writeFile(join(folder, WITNESS), prepareCircuit(await readFile(wasmPath), program));
  };
  const name = `witness-${fileName(id)}-${sha256(JSON.stringify([hash, WITNESS_VERSION])).slice(0, 20)}`;
  return join(await cachedFolder(name, build, signal), WITNESS);
}

const WITNESS = "witness.wasm";

/** A line of a .sym file: a signal's number, its wire or -1, and its name. */
interface Signal {
  readonly label: number;
  readonly wire: number;
  readonly name: string;
}

/**
 * Reads the written constraints of a circuit.
 *
 * @param symPath names of the wires of the circuit itself
 * @returns undefined when the two do not fit, which means no program and is no error
 */
export async function readWitnessSource(
  written: WrittenConstraints,
  { wires }: R1cs,
  symPath: string,
): Promise<WitnessSource | undefined> {
  const system = parseR1cs(await readFile(written.r1csPath));
  const signals = await readSignals(written.symPath);
  const wireOf = new Map(signals.map(({ label, wire }) => [label, wire]));
  const outputs = new Uint32Array(wires);
  for (const { label, wire } of await readSignals(symPath)) {
    const own = wireOf.get(label) ?? -1;
    if (wire >= 0 && own < 0) return undefined;
    if (wire >= 0) outputs[wire] = own;
  }
  const substitutions = JSON.parse(await readFile(written.substitutionsPath, "utf8"));
  const inputs = inputSignals(system, signals, substitutions);
  return inputs && { system: { ...system, inputs }, outputs };
}

async function readSignals(path: string): Promise<Signal[]> {
  const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
  return lines.map((line) => {
    const [label, wire, , name] = line.split(",");
    return { label: Number(label), wire: Number(wire), name: name ?? "" };
  });
}

/** What a signal without a wire equals, by its number: a sum of others, each by its number, 0 for a constant. */
type Substitutions = Readonly<Record<string, Readonly<Record<string, string>>>>;

function inputSignals(
  { publicOutputs, publicInputs, privateInputs }: R1cs,
  signals: readonly Signal[],
  substitutions: Substitutions,
): InputSignal[] | undefined {
  const byName = new Map<string, InputValue[]>();
  const wires = new Set<number>();
  for (const { label, wire, name } of signals) {
    if (label <= publicOutputs || label > publicOutputs + publicInputs + privateInputs) continue;
    // main.price[3][1]
    const signal = name.slice(name.indexOf(".") + 1).replace(/\[.*/, "");
    const terms = Object.entries(substitutions[label] ?? {});
    // An input that is another one, or a sum: nothing here writes such circuits.
    if (wires.has(wire) || (wire < 0 && terms.some(([of]) => of !== "0"))) return undefined;
    if (wire >= 0) wires.add(wire);
    const constant = terms[0] === undefined ? undefined : { constant: BigInt(terms[0][1]) };
    byName.set(signal, [...(byName.get(signal) ?? []), wire >= 0 ? { wire } : constant]);
  }
  return Array.from(byName, ([name, values]) => ({ name, values }));
}
