// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Writes WebAssembly from TypeScript: just what the kernels need of it (i32, i64, two lanes of 64 bits, one memory,
 * exported functions).
 *
 * Helpers nest as expressions do: `i64.mul(x, i64.load(pointer, 8))`. An operand is a variable, a constant or code that leaves a
 * value on the stack.
 *
 * @module
 */
import { signed, unsigned } from "./leb128.js";

/** Instructions: bytes, and other code between them. */
export type Code = readonly (number | Code)[];

/** A variable or parameter of a function. */
export interface Local {
  readonly index: number;
  set(value: Value): Code;
  tee(value: Value): Code;
}

/** An i32, of which a pointer is one. */
export type Operand = Local | Code | number;
/** An i64. */
export type Operand64 = Local | Code | bigint;
/** Two lanes of 64 bits. */
export type Vector = Local | Code;
type Value = Local | Code | number | bigint;

/** The numbers from 0 on, so many. */
export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Puts an operand on the stack, wherever code stands that takes it from there. */
export function operand(value: Value): Code {
  if (typeof value === "number") return i32.const(value);
  if (typeof value === "bigint") return i64.const(value);
  return "index" in value ? [0x20, ...unsigned(value.index)] : value;
}

type Instruction = readonly number[];
const unary =
  <A extends Value>(...instruction: Instruction) =>
  (a: A): Code => [operand(a), instruction];
const binary =
  <A extends Value>(...instruction: Instruction) =>
  (a: A, b: A): Code => [operand(a), operand(b), instruction];
const ternary =
  <A extends Value>(...instruction: Instruction) =>
  (a: A, b: A, c: A): Code => [operand(a), operand(b), operand(c), instruction];
/** Instructions on memory have the logarithm of an alignment after their number. */
const load =
  (...instruction: Instruction) =>
  (address: Operand, offset = 0): Code => [operand(address), instruction, unsigned(offset)];
const store =
  <A extends Value>(...instruction: Instruction) =>
  (address: Operand, value: A, offset = 0): Code => [
    operand(address),
    operand(value),
    instruction,
    unsigned(offset),
  ];

export const i32 = {
  type: 0x7f,
  const: (value: number): number[] => [0x41, ...signed(BigInt(value | 0))],
  load: load(0x28, 2),
  store: store<Operand>(0x36, 2),
  /** Loads a byte, zero-extended. */
  load8: load(0x2d, 0),
  /** Stores the low byte. */
  store8: store<Operand>(0x3a, 0),
  add: binary<Operand>(0x6a),
  sub: binary<Operand>(0x6b),
  mul: binary<Operand>(0x6c),
  divU: binary<Operand>(0x6e),
  and: binary<Operand>(0x71),
  or: binary<Operand>(0x72),
  xor: binary<Operand>(0x73),
  shl: binary<Operand>(0x74),
  shrU: binary<Operand>(0x76),
  eqz: unary<Operand>(0x45),
  eq: binary<Operand>(0x46),
  ne: binary<Operand>(0x47),
  ltU: binary<Operand>(0x49),
  geU: binary<Operand>(0x4f),
};

export const i64 = {
  type: 0x7e,
  const: (value: bigint): number[] => [0x42, ...signed(BigInt.asIntN(64, value))],
  load: load(0x29, 3),
  store: store<Operand64>(0x37, 3),
  /** Loads 32 bits, zero-extended. */
  load32: load(0x35, 2),
  /** Stores the low 32 bits. */
  store32: store<Operand64>(0x3e, 2),
  add: binary<Operand64>(0x7c),
  sub: binary<Operand64>(0x7d),
  mul: binary<Operand64>(0x7e),
  and: binary<Operand64>(0x83),
  or: binary<Operand64>(0x84),
  xor: binary<Operand64>(0x85),
  shl: binary<Operand64>(0x86),
  shrS: binary<Operand64>(0x87),
  shrU: binary<Operand64>(0x88),
  eqz: unary<Operand64>(0x50),
  ltS: binary<Operand64>(0x53),
  /** Of an i32, zero-extended. */
  ofUnsigned: unary<Operand>(0xad),
  /** Of a double without a fraction. */
  ofDouble: unary<Code>(0xb0),
  /** Number of zero bits below the lowest that is set. */
  ctz: unary<Operand64>(0x7a),
};

export const f64 = {
  load: load(0x2b, 3),
  /** A double of a signed integer, as the 64 bits that it has in memory. */
  bitsOf: unary<Operand64>(0xb9, 0xbd),
};

const vector = (code: number): Instruction => [0xfd, ...unsigned(code)];
const loadLane = (code: number, lane: 0 | 1) => (address: Operand, value: Code, offset: number) => [
  ...store<Vector>(...vector(code), 0)(address, value, offset),
  lane,
];
const shuffle =
  (first: number, second: number) =>
  (a: Vector, b: Vector): Code => [operand(a), operand(b), vector(0x0d), lanes(first, second)];

/** 128 bits: two lanes of 64. */
export const v128 = {
  type: 0x7b,
  load: load(...vector(0x00), 0),
  store: store<Vector>(...vector(0x0b), 0),
  /** One double from each address, as the two lanes. */
  gather: (first: Operand, second: Operand, offset = 0): Code =>
    loadLane(0x57, 1)(second, load(...vector(0x5d), 0)(first, offset), offset),
  storeLane: (address: Operand, value: Vector, lane: 0 | 1, offset = 0): Code => [
    store<Vector>(...vector(0x5b), 0)(address, value, offset),
    lane,
  ],
  and: binary<Vector>(...vector(0x4e)),
  or: binary<Vector>(...vector(0x50)),
  xor: binary<Vector>(...vector(0x51)),
  /** Whether any bit is set, as i32. */
  any: unary<Vector>(...vector(0x53)),
  /** The first lanes of two vectors, and their second lanes. */
  firsts: shuffle(0, 2),
  seconds: shuffle(1, 3),
};

const shift =
  (code: number) =>
  (value: Vector, by: number): Code => [operand(value), operand(by), vector(code)];

export const i64x2 = {
  add: binary<Vector>(...vector(0xce)),
  sub: binary<Vector>(...vector(0xd1)),
  /** All bits of a lane where the first is greater, signed. */
  gtS: binary<Vector>(...vector(0xd9)),
  shl: shift(0xcb),
  shrU: shift(0xcd),
};

export const f64x2 = {
  add: binary<Vector>(...vector(0xf0)),
  sub: binary<Vector>(...vector(0xf1)),
  mul: binary<Vector>(...vector(0xf2)),
  /** All bits of a lane where both are equal. */
  eq: binary<Vector>(...vector(0x47)),
  /** a b + c and c - a b, rounded once where the processor can: relaxed SIMD, see lanes/fused.ts. */
  mulAdd: ternary<Vector>(...vector(0x107)),
  subMul: ternary<Vector>(...vector(0x108)),
};

/** The bytes of two lanes out of four, for a shuffle. */
function lanes(first: number, second: number): number[] {
  return [first, second].flatMap((lane) => range(8).map((i) => 8 * lane + i));
}

/** Does nothing with a value. */
export const drop = unary<Operand>(0x1a);

/** Picks the first value when the condition is not zero. */
export const select = <A extends Operand | Operand64>(first: A, second: A, condition: Operand): Code => [
  operand(first),
  operand(second),
  operand(condition),
  0x1b,
];

const NO_RESULT = 0x40;
const END = 0x0b;

/** `then` when the condition is not zero, else `otherwise`; neither leaves a value. */
export const when = (condition: Operand, then: Code, otherwise?: Code): Code => [
  operand(condition),
  [0x04, NO_RESULT],
  then,
  otherwise === undefined ? [] : [0x05, otherwise],
  END,
];

/** Runs the body while the condition, looked at first, is not zero. */
export const loopWhile = (condition: Operand, body: Code): Code => [
  [0x02, NO_RESULT],
  [0x03, NO_RESULT],
  [i32.eqz(condition), 0x0d, 1],
  body,
  [0x0c, 0],
  END,
  END,
];

export const ret = (value: Operand = []): Code => [operand(value), 0x0f];

/** A pointer so many bytes further on. */
export const advance = (pointer: Local, bytes: Operand): Code => pointer.set(i32.add(pointer, bytes));

/** A type of values; the parameters of functions are pointers and other i32. */
interface Type {
  readonly type: number;
}
type Types = Readonly<Record<string, Type>>;
export type Parameters = Readonly<Record<string, typeof i32>>;
export type Locals<T> = { readonly [Name in keyof T]: Local };

/** A function's body in the making. */
export interface Steps {
  variable(type: Type): Local;
  /** Variables by names, in this order. */
  variables<T extends Types>(types: T): Locals<T>;
  /** Puts a value, of type i64 when nothing is said, into a new variable. */
  keep(value: Value, type?: Type): Local;
  /** Adds instructions. */
  run(...code: readonly Code[]): void;
  /** The same function's steps as code by themselves, for a place within a loop or a branch. */
  block(body: (steps: Steps) => void): Code;
}

/** Adds steps; what it returns comes after them, and leaves the result on the stack when there is one. */
export type Body<P> =
  | ((params: Locals<P>, steps: Steps) => Code)
  | ((params: Locals<P>, steps: Steps) => void);

/** Calls a function: an operand for each of its parameters, in their order. */
export type Callable<P> = (
  ...operands: Operands<keyof P> extends infer A extends Operand[] ? A : never
) => Code;

/** As many operands as there are names. */
type Operands<Names, Done extends Operand[] = []> = [Names] extends [never]
  ? Done
  : Operands<Exclude<Names, OneOf<Names>>, [...Done, Operand]>;
/** The compiler finds one name of many as the result of the last overload of a function that returns them all. */
type OneOf<Names> = (Names extends unknown ? (f: () => Names) => void : never) extends (f: infer F) => void
  ? F extends () => infer One
    ? One
    : never
  : never;

/** A module under construction. */
export interface ModuleWriter {
  /** Adds a function without a result. */
  define<P extends Parameters>(name: string, params: P, body: Body<P>): Callable<P>;
  /** Adds a function whose result is an i32. */
  defineTest<P extends Parameters>(name: string, params: P, body: Body<P>): Callable<P>;
  /** Reserves static memory, filled with these bytes; returns its address. */
  data(bytes: Uint8Array): number;
  /** Reserves static memory of so many bytes; returns its address. */
  room(bytes: number): number;
  /** The same for each of some names, in their order. */
  rooms<Name extends string>(bytes: number, ...names: readonly Name[]): Readonly<Record<Name, number>>;
  /** The same module, for functions with names of their own: `mul` is exported as `fp_mul` under `fp`. */
  under(name: string): ModuleWriter;
}

/** A module that can be finished. */
export interface NewModule extends ModuleWriter {
  /** The module: every function exported by name, the memory as `memory`, its first free byte as heap. */
  finish(): { readonly code: Uint8Array<ArrayBuffer>; readonly heap: number };
}

/** A function by itself, as a module's code section has it; it calls no others. */
export function writeFunction<P extends Parameters>(params: P, body: Body<P>): Uint8Array {
  return Uint8Array.from(writeBody(params, body));
}

interface WasmFunction {
  readonly name: string;
  readonly params: Parameters;
  readonly hasResult: boolean;
  write(): number[];
}

interface Segment {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** Creates an empty module. Addresses below 64 stay unused, so that 0 can mean none. */
export function createModule(): NewModule {
  const functions: WasmFunction[] = [];
  const segments: Segment[] = [];
  let heap = 64;
  const data = (bytes: Uint8Array): number => {
    const address = heap;
    segments.push({ address, bytes });
    heap = (heap + bytes.length + 15) & ~15;
    return address;
  };
  const room = (bytes: number): number => data(new Uint8Array(bytes));
  // Bodies are written when the module is finished: they may call functions that are defined after them.
  const definer =
    (prefix: string, hasResult: boolean) =>
    <P extends Parameters>(name: string, params: P, body: Body<P>): Callable<P> => {
      const index = functions.length;
      functions.push({ name: prefix + name, params, hasResult, write: () => writeBody(params, body) });
      return (...operands) => [operands.map(operand), 0x10, unsigned(index)];
    };
  const under = (prefix: string): ModuleWriter => ({
    define: definer(prefix, false),
    defineTest: definer(prefix, true),
    data,
    room,
    rooms: (bytes, ...names) => byName(names, () => room(bytes)),
    under: (name) => under(`${prefix}${name}_`),
  });
  return {
    ...under(""),
    finish() {
      const bodies = functions.map((f) => f.write());
      return { code: writeModule(functions, bodies, segments, heap), heap };
    },
  };
}

function writeBody<P extends Parameters>(params: P, body: Body<P>): number[] {
  const names = namesOf(params);
  const types: number[] = [];
  const local = (index: number): Local => ({
    index,
    set: (value) => [operand(value), 0x21, unsigned(index)],
    tee: (value) => [operand(value), 0x22, unsigned(index)],
  });
  const variable = ({ type }: Type): Local => local(names.length + types.push(type) - 1);
  const block = (write: ((steps: Steps) => Code) | ((steps: Steps) => void)): Code => {
    const code: Code[] = [];
    const result = write({
      variable,
      variables: (wanted) => byName(namesOf(wanted), (name) => variable(wanted[name])),
      keep(value, type = i64) {
        const kept = variable(type);
        code.push(kept.set(value));
        return kept;
      },
      run: (...more) => code.push(...more),
      block,
    });
    // What is said to return nothing may return anything.
    return [code, Array.isArray(result) ? result : []];
  };
  const code = block((steps) =>
    body(
      byName(names, (_, i) => local(i)),
      steps,
    ),
  );
  const bytes = [...unsigned(types.length), ...types.flatMap((type) => [1, type])];
  append(bytes, [code, END]);
  return bytes;
}

/** An object's keys, in their order. */
const namesOf = <T extends object>(object: T): (keyof T)[] => Object.keys(object) as (keyof T)[];

/** Something for each name, made in their order. */
function byName<Name extends PropertyKey, T>(
  names: readonly Name[],
  make: (name: Name, index: number) => T,
): Record<Name, T> {
  return Object.fromEntries(names.map((name, i) => [name, make(name, i)])) as Record<Name, T>;
}

function append(bytes: number[], code: Code): void {
  for (const part of code) {
    if (typeof part === "number") bytes.push(part);
    else append(bytes, part);
  }
}

function writeModule(
  functions: readonly WasmFunction[],
  bodies: readonly number[][],
  segments: readonly Segment[],
  heap: number,
): Uint8Array<ArrayBuffer> {
  const text = (value: string): number[] => [...unsigned(value.length), ...new TextEncoder().encode(value)];
  const types = functions.map(({ params, hasResult }) => [
    0x60,
    ...list(Object.values(params).map(({ type }) => [type])),
    ...list(hasResult ? [[i32.type]] : []),
  ]);
  const exports = functions.map(({ name }, i) => [...text(name), 0, ...unsigned(i)]);
  const data = segments.map(({ address, bytes }) => {
    const segment: number[] = [0];
    append(segment, [operand(address), END, unsigned(bytes.length), [...bytes]]);
    return segment;
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list(types)),
    ...section(3, list(functions.map((_, i) => unsigned(i)))),
    ...section(5, list([[0, ...unsigned(Math.ceil(heap / 65536) + 1)]])),
    ...section(7, list([...exports, [...text("memory"), 2, 0]])),
    ...section(10, list(bodies.map((body) => [...unsigned(body.length), ...body]))),
    ...section(11, list(data)),
  ]);
}

/** A list: its length, and its items one after the other. */
export const list = (items: readonly (readonly number[])[]): number[] => [
  ...unsigned(items.length),
  ...items.flat(),
];

/** A section of a module. */
export const section = (id: number, content: readonly number[]): number[] => [
  id,
  ...unsigned(content.length),
  ...content,
];
