// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A compiled circuit to try witnesses on. Witnesses come from circom's own runtime, not from Keel's engine, so that the
 * circuits are judged by somebody else's code; the constraints are checked by `firstUnsatisfied`.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import {
  type CircuitDefinition,
  type CompiledCircuit,
  compileCircuit,
  compileConstraints,
  ensureCircuit,
  firstUnsatisfied,
  parseR1cs,
  type R1cs,
} from "@keel/circuits";
import { WitnessCalculatorBuilder } from "circom_runtime";

export type Input = Readonly<Record<string, Nested>>;
export type Nested = bigint | readonly Nested[];

export interface Circuit {
  readonly r1cs: R1cs;
  /** Names of the wires: `main.account[0].long[3]`; several names when the compiler merged signals. */
  readonly names: ReadonlyMap<number, readonly string[]>;
  /** The witness, or undefined when circom's runtime finds an assertion of the circuit broken. */
  witness(input: Input): Promise<bigint[] | undefined>;
  /** Whether a witness exists that circom's runtime finds and every constraint accepts. */
  accepts(input: Input): Promise<boolean>;
  /**
   * The templates in which an assertion is broken, the innermost first, so that an input is known to be refused for the reason
   * that is meant; undefined for an input that is accepted.
   */
  refusal(input: Input): Promise<readonly string[] | undefined>;
}

/** Compiles a small circuit around `main`, such as `OneHot(3)`, of a library file such as `lib/one-hot.circom`. */
export async function libraryCircuit(file: string, main: string, publicSignals = ""): Promise<Circuit> {
  return compiled(around(file, main, publicSignals));
}

/** What a circuit demands, without what makes witnesses. */
export type Constraints = Pick<Circuit, "r1cs" | "names">;

/** The constraints of a small circuit, as {@link libraryCircuit} compiles it. */
export async function libraryConstraints(
  file: string,
  main: string,
  publicSignals: string,
): Promise<Constraints> {
  return await readConstraints(await compileConstraints(around(file, main, publicSignals)));
}

function around(file: string, main: string, publicSignals: string): CircuitDefinition {
  const source = `pragma circom 2.1.6;\ninclude "${file}";\ncomponent main ${publicSignals} = ${main};\n`;
  return { id: `test/${file.replace(/.*\//, "").replace(".circom", "")}`, source };
}

async function readConstraints(files: Pick<CompiledCircuit, "r1csPath" | "symPath">): Promise<Constraints> {
  const r1cs = parseR1cs(await readFile(files.r1csPath));
  return { r1cs, names: readNames(await readFile(files.symPath, "utf8")) };
}

/** A circuit without keys. */
export async function compiled(definition: CircuitDefinition): Promise<Circuit> {
  return openCircuit(await compileCircuit(definition));
}

/** A row of circuits.json. */
export async function knownCircuit(id: string): Promise<Circuit> {
  return openCircuit(await ensureCircuit(id));
}

/** The files of a compiled circuit. */
export type CircuitFiles = Pick<CompiledCircuit, "r1csPath" | "wasmPath" | "symPath">;

/** Reads a compiled circuit. */
export async function openCircuit(files: CircuitFiles): Promise<Circuit> {
  const { r1cs, names } = await readConstraints(files);
  const calculator = await WitnessCalculatorBuilder(await readFile(files.wasmPath), {
    logGetSignal: () => {},
  });
  // The runtime tells every failure so far each time.
  let told = "";
  const calculate = async (input: Input): Promise<bigint[] | readonly string[]> => {
    try {
      return await calculator.calculateWitness(input, 0);
    } catch (error) {
      if (!(error instanceof Error && /Assert Failed/.test(error.message))) throw error;
      const places = error.message.slice(told.length).matchAll(/template (\w+?)(?:_\d+)? line/g);
      told = error.message;
      return Array.from(places, ([, name]) => name!);
    }
  };
  const isWitness = (found: bigint[] | readonly string[]): found is bigint[] => typeof found[0] === "bigint";
  const isSatisfied = (wires: bigint[]): boolean => firstUnsatisfied(r1cs, wires) === undefined;
  return {
    r1cs,
    names,
    witness: async (input) => {
      const found = await calculate(input);
      return isWitness(found) ? found : undefined;
    },
    accepts: async (input) => {
      const found = await calculate(input);
      return isWitness(found) && isSatisfied(found);
    },
    refusal: async (input) => {
      const found = await calculate(input);
      if (!isWitness(found)) return found;
      return isSatisfied(found) ? undefined : [];
    },
  };
}

function readNames(sym: string): Map<number, string[]> {
  const names = new Map<number, string[]>();
  for (const line of sym.split("\n")) {
    const [, wire, , name] = line.split(",");
    if (name === undefined || wire === "-1") continue;
    const known = names.get(Number(wire));
    if (known === undefined) names.set(Number(wire), [name]);
    else known.push(name);
  }
  return names;
}
