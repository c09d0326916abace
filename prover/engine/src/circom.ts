// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Witnesses from circom's WebAssembly (circom 2): compiled once, instantiated once, used for many proofs.
 *
 * The circuit's memory keeps the signals of the last witness until the next one or the end of its worker. What
 * circuits print with log() is dropped: it could only be values.
 *
 * @module
 */
import { KeelError } from "@keel/verifier/errors";
import { ELEMENT_BYTES, readElement, writeElement } from "./bytes.js";
import { isPrepared } from "./circom-sections.js";
import { SCALAR_FIELD } from "./field.js";
import { type FlatSignal, signalError } from "./inputs.js";

/** A loaded circuit. */
export interface WitnessCalculator {
  /** Number of wires. */
  readonly wires: number;
  /**
   * The witness as plain 32-byte little-endian values, the constant one first.
   *
   * @throws KeelError kind `input`, code `input.signal`, for a wrong name or length; kind `policy`, code
   *   `witness.assertion`, when the inputs do not satisfy the circuit, with templates and lines but no values; kind
   *   `environment`, code `witness.trap`, when the WebAssembly fails.
   * @param result where they are to be; new memory when absent
   */
  calculate(signals: readonly FlatSignal[], result?: Uint8Array): Uint8Array;
}

interface CircomExports {
  readonly getVersion: () => number;
  readonly getFieldNumLen32: () => number;
  readonly getRawPrime: () => void;
  readonly memory: WebAssembly.Memory;
  /** Address of the number that is exchanged, 32 bytes little-endian. */
  readonly getSharedRWMemoryStart: () => number;
  readonly init: (sanityCheck: number) => void;
  readonly setInputSignal: (hashHigh: number, hashLow: number, position: number) => void;
  readonly getInputSignalSize: (hashHigh: number, hashLow: number) => number;
  readonly getInputSize: () => number;
  readonly getWitnessSize: () => number;
  readonly getWitness: (index: number) => void;
  readonly getMessageChar: () => number;
}

const EXPORTS: readonly (keyof CircomExports)[] = [
  "getVersion",
  "getFieldNumLen32",
  "getRawPrime",
  "memory",
  "getSharedRWMemoryStart",
  "init",
  "setInputSignal",
  "getInputSignalSize",
  "getInputSize",
  "getWitnessSize",
  "getWitness",
  "getMessageChar",
];

const WORDS = ELEMENT_BYTES / 4;
const ASSERTION_FAILED = 4;

/** Thrown by circom's exception handler, through the WebAssembly, to the caller here. */
class CircomException {
  constructor(readonly code: number) {}
}

/**
 * Compiles a circuit's WebAssembly.
 *
 * @throws KeelError kind `environment`, code `wasm.format`, unless it is a circom 2 module.
 */
export async function compileCircuitModule(bytes: Uint8Array): Promise<WebAssembly.Module> {
  const code = isPrepared(bytes) ? bytes : (await import("./circom-prepare.js")).prepareCircuit(bytes);
  const module = await WebAssembly.compile(code as Uint8Array<ArrayBuffer>).catch((cause: unknown) => {
    throw formatError("a WebAssembly module", "something else", cause);
  });
  const exported = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  const missing = EXPORTS.filter((name) => !exported.has(name));
  if (missing.length > 0) throw formatError("circom 2's exports", `none called ${missing.join(", ")}`);
  const foreign = WebAssembly.Module.imports(module).filter(({ module: from }) => from !== "runtime");
  if (foreign.length > 0) throw formatError("circom 2's imports", "others");
  return module;
}

/**
 * Instantiates a compiled circuit.
 *
 * @throws KeelError kind `environment`, code `wasm.format`, for another version or field.
 */
export function createWitnessCalculator(module: WebAssembly.Module): WitnessCalculator {
  let current: Instance | undefined = instantiate(module);
  checkField(current.exports);
  const wires = current.exports.getWitnessSize();
  return {
    wires,
    calculate(signals, result = new Uint8Array(wires * ELEMENT_BYTES)) {
      current ??= instantiate(module);
      const { messages } = current;
      try {
        calculate(current, signals, result);
        return result;
      } catch (error) {
        if (error instanceof KeelError) throw error;
        // An exception leaves circom's own stack where it was; a fresh instance is certain to be sound.
        current = undefined;
        throw circomError(error, messages);
      }
    },
  };
}

interface Instance {
  readonly exports: CircomExports;
  /** What circom said of the last failure: template names and line numbers. */
  readonly messages: string[];
}

function instantiate(module: WebAssembly.Module): Instance {
  const messages: string[] = [];
  const readMessage = (): string => {
    let message = "";
    for (let c = exports.getMessageChar(); c !== 0; c = exports.getMessageChar())
      message += String.fromCharCode(c);
    return message;
  };
  const runtime = {
    exceptionHandler: (code: number) => {
      throw new CircomException(code);
    },
    printErrorMessage: () => messages.push(readMessage()),
    // The message must be read, or circom's buffer stays full.
    writeBufferMessage: () => void readMessage(),
    showSharedRWMemory: () => {},
    error: () => {},
    log: () => {},
  };
  const instance = new WebAssembly.Instance(module, { runtime });
  const exports = instance.exports as unknown as CircomExports;
  return { exports, messages };
}

function checkField(exports: CircomExports): void {
  if (exports.getVersion() !== 2) throw formatError("circom version 2", `version ${exports.getVersion()}`);
  if (exports.getFieldNumLen32() !== WORDS) throw formatError("32-byte numbers", "others");
  exports.getRawPrime();
  const prime = readElement(new Uint8Array(exports.memory.buffer), exports.getSharedRWMemoryStart());
  if (prime !== SCALAR_FIELD) throw formatError("BN254's scalar field", "another field");
}

function calculate({ exports }: Instance, signals: readonly FlatSignal[], result: Uint8Array): void {
  const hashes = checkSignals(exports, signals);
  exports.init(1);
  const memory = new Uint8Array(exports.memory.buffer);
  const shared = exports.getSharedRWMemoryStart();
  for (const [i, { values }] of signals.entries()) {
    const [high, low] = hashes[i]!;
    for (const [position, value] of values.entries()) {
      writeElement(memory, shared, value);
      // The last one set starts the calculation.
      exports.setInputSignal(high, low, position);
    }
  }
  const words = new Uint32Array(exports.memory.buffer, shared, WORDS);
  const witness = new Uint32Array(result.buffer, result.byteOffset, result.length / 4);
  for (let wire = 0; wire * WORDS < witness.length; wire++) {
    exports.getWitness(wire);
    for (let word = 0; word < WORDS; word++) witness[wire * WORDS + word] = words[word]!;
  }
  words.fill(0);
}

/** Compares names and lengths with the circuit's; returns each name's hash. */
function checkSignals(exports: CircomExports, signals: readonly FlatSignal[]): [number, number][] {
  let given = 0;
  const hashes = signals.map(({ name, values }): [number, number] => {
    const [high, low] = nameHash(name);
    const size = exports.getInputSignalSize(high, low);
    if (size < 0) throw signalError(name, "the name of an input signal", "no such signal");
    if (size !== values.length) throw signalError(name, `${size} values`, `${values.length} values`);
    given += values.length;
    return [high, low];
  });
  const total = exports.getInputSize();
  if (given !== total) throw signalError("input", `${total} values of all signals`, `${given} values`);
  return hashes;
}

/** circom finds signals by the 64-bit FNV-1a hash of their names. */
function nameHash(name: string): [number, number] {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(name)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return [Number(hash >> 32n), Number(hash & 0xffffffffn)];
}

function circomError(error: unknown, messages: readonly string[]): KeelError {
  if (error instanceof CircomException && error.code === ASSERTION_FAILED) {
    const path = failedTemplates(messages);
    const details = {
      kind: "policy",
      code: "witness.assertion",
      expected: "inputs that satisfy the circuit",
    } as const;
    return new KeelError({ ...details, ...(path === "" ? {} : { path }) });
  }
  const received = error instanceof CircomException ? `circom exception ${error.code}` : "a trap";
  return new KeelError({ kind: "environment", code: "witness.trap", expected: "a witness", received });
}

/** `Range line 10 in Small line 24`, innermost first; circom appends an instance number to each template's name. */
function failedTemplates(messages: readonly string[]): string {
  const places = messages.join("\n").matchAll(/template (\w+?)(?:_\d+)? line: (\d+)/g);
  return Array.from(places, ([, template, line]) => `${template} line ${line}`).join(" in ");
}

function formatError(expected: string, received: string, cause?: unknown): KeelError {
  return new KeelError(
    { kind: "environment", code: "wasm.format", path: "wasm", expected, received },
    { cause },
  );
}
