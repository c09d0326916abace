// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What runs inside a worker, in Node and in browsers alike: one kernel with its slice of the key, one circuit, and
 * the witnesses of the proofs under way. Every function returns an outcome, since errors do not cross the border.
 *
 * @module
 */
import { KeelError } from "@keel/verifier/errors";
import type { Groth16Proof, VerificationKey } from "@keel/verifier/groth16";
import { type Assembler, createAssembler, type QuerySums } from "./assemble.js";
import { compileCircuitModule, createWitnessCalculator, type WitnessCalculator } from "./circom.js";
import { readProgram } from "./circom-sections.js";
import type { FlatSignal } from "./inputs.js";
import { createKernel, type Kernel, type RowValues } from "./kernel.js";
import {
  type Arithmetic,
  type CompiledArithmetic,
  compileArithmetic,
  createArithmetic,
} from "./kernels/run/arithmetic.js";
import { loadProgram } from "./kernels/run/program.js";
import type { ReadStored } from "./kernels/stored.js";
import { type Outcome, toOutcome } from "./outcome.js";
import type { PartFile, SharedFile } from "./parts.js";
import { type CutKey, cutZkey, type KeyPart, openSlice, type Query } from "./slices.js";
import { isShared, movable } from "./vectors.js";
import type { WitnessProgram } from "./witness/program.js";
import type { Zkey } from "./zkey.js";

/** Compiled code that all workers share. */
export interface EngineModules {
  readonly circuit: WebAssembly.Module;
  /** A faster way to the same witnesses, where the circuit was set up with one. */
  readonly program: WitnessProgram | undefined;
  readonly arithmetic: CompiledArithmetic;
}

/** A key that was cut, with the checked copy of its verification key. */
export interface CheckedKey extends CutKey {
  readonly verificationKey: VerificationKey;
}

/** A part of a key, and where the key is. */
export interface SliceSource {
  readonly file: SharedFile;
  readonly zkey: Zkey;
  readonly part: KeyPart;
}

/** What differs between a worker in Node and one in a browser. */
export interface WorkerPlatform {
  /** Reads a file of this package. */
  readonly read: ReadStored;
  /** Opens a file for an action. */
  withFile<T>(file: SharedFile, action: (file: PartFile) => T): T;
}

/** Functions of a worker; `job` names a proof under way. */
export interface EngineWorker {
  /** Compiles a circuit and the engine's own code, for all workers. */
  compile(wasm: Uint8Array): Promise<Outcome<EngineModules>>;
  /** Decides how to cut a key for so many workers. */
  cut(file: SharedFile, workers: number): Promise<Outcome<CheckedKey>>;
  /** Loads the circuit, a checked key and this worker's slice of it; before any proof. Returns the circuit's number of wires. */
  load(modules: EngineModules, key: VerificationKey, slice: SliceSource): Promise<Outcome<number>>;
  // What is to be filled comes back: shared memory as it is, other memory moved.
  calculateWitness(signals: readonly FlatSignal[], result: Uint8Array): Promise<Outcome<Uint8Array>>;
  /** Takes a job's witness and evaluates the slice's rows. */
  evaluate(job: number, witness: Uint8Array, result: RowValues): Promise<Outcome<RowValues>>;
  /** From values on the domain to values on the odd coset. */
  extend(values: Uint8Array): Promise<Outcome<Uint8Array>>;
  multiply(job: number, query: Query): Promise<Outcome<Uint8Array>>;
  multiplyC(job: number, values: RowValues): Promise<Outcome<Uint8Array>>;
  assemble(sums: QuerySums, publicSignals: readonly string[]): Promise<Outcome<Groth16Proof>>;
  /** Wipes and forgets a job's witness. */
  release(job: number): void;
}

/**
 * Witnesses by the program; where there is none or it finds that the inputs do not fit, by circom's module, which says what is
 * wrong with them. That one is instantiated when it is needed first.
 */
export function createCalculator(
  arithmetic: Arithmetic,
  { circuit, program }: Pick<EngineModules, "circuit" | "program">,
): WitnessCalculator {
  if (program === undefined) return createWitnessCalculator(circuit);
  const loaded = loadProgram(arithmetic, program);
  let circom: WitnessCalculator | undefined;
  return {
    wires: program.outputs.count,
    calculate(signals, result) {
      const witness = loaded.run(signals, result);
      if (witness !== undefined) return witness;
      circom ??= createWitnessCalculator(circuit);
      return circom.calculate(signals, result);
    },
  };
}

/** A fresh worker's functions, ready to be exposed. */
export function createEngineWorker({ read, withFile }: WorkerPlatform): EngineWorker {
  const witnesses = new Map<number, Uint8Array>();
  let loaded: { circuit: WitnessCalculator; kernel: Kernel; assembler: Assembler } | undefined;
  const ready = (): NonNullable<typeof loaded> => {
    if (loaded === undefined)
      throw new KeelError({ kind: "environment", code: "worker.fault", expected: "a key" });
    return loaded;
  };
  const witnessOf = (job: number): Uint8Array => {
    const witness = witnesses.get(job);
    if (witness === undefined)
      throw new KeelError({ kind: "environment", code: "worker.fault", expected: "a job" });
    return witness;
  };
  return {
    compile: (wasm) =>
      toOutcome(async () => {
        const [circuit, arithmetic] = await Promise.all([
          compileCircuitModule(wasm),
          compileArithmetic(read),
        ]);
        return { circuit, program: readProgram(wasm), arithmetic };
      }),
    cut: (file, workers) =>
      toOutcome(async () => {
        const cut = withFile(file, (key) => cutZkey(key, workers));
        // The other workers do without this code.
        const { parseVerificationKey } = await import("@keel/verifier/groth16");
        return { ...cut, verificationKey: parseVerificationKey(cut.zkey.verificationKey) };
      }),
    load: (modules, key, { file, zkey, part }) =>
      toOutcome(async () => {
        const arithmetic = await createArithmetic(modules.arithmetic);
        const circuit = createCalculator(arithmetic, modules);
        const kernel = withFile(file, (opened) => createKernel(arithmetic, openSlice(opened, zkey, part)));
        loaded = { circuit, kernel, assembler: createAssembler(arithmetic, key) };
        return circuit.wires;
      }),
    calculateWitness: (signals, result) =>
      toOutcome(
        () => ready().circuit.calculate(signals, result),
        (witness) => movable([witness]),
      ),
    evaluate: (job, witness, result) =>
      toOutcome(
        () => {
          witnesses.set(job, witness);
          return ready().kernel.rows(witness, result);
        },
        (rows) => movable(Object.values(rows)),
      ),
    extend: (values) =>
      toOutcome(
        () => {
          ready().kernel.extend(values);
          return values;
        },
        (extended) => movable([extended]),
      ),
    multiply: (job, query) => toOutcome(() => ready().kernel.multiply(query, witnessOf(job))),
    multiplyC: (job, values) => toOutcome(() => ready().kernel.multiplyC(witnessOf(job), values)),
    assemble: (sums, publicSignals) => toOutcome(() => ready().assembler.assemble(sums, publicSignals)),
    release(job) {
      const witness = witnesses.get(job);
      // Shared memory may be another job's by now; who lent it has wiped it.
      if (witness !== undefined && !isShared(witness)) witness.fill(0);
      witnesses.delete(job);
    },
  };
}
