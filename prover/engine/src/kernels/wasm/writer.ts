// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Writes WebAssembly from TypeScript: just what the kernels need of it (i32, i64, two lanes of 64 bits, one memory,
 * exported functions).
 *
 * Code is a list of bytes; helpers nest as expressions do: `i64.mul(x.get, y.get)`.
 *
 * @module
 */
import { signed, unsigned } from "./leb128.js";

/** Instructions, encoded. */
export type Code = readonly number[];

/** A local variable or parameter. */
export interface Local {
  readonly get: Code;
  set(value: Code): Code;
  tee(value: Code): Code;
}

/** Gives a function under construction its variables. */
export interface FunctionScope {
  /** Parameters, all i32. */
  readonly params: readonly Local[];
  i32(): Local;
  i64(): Local;
  v128(): Local;
}

/** A module under construction. */
export interface ModuleWriter {
  /** Adds a function that takes i32 parameters; `body` leaves a result on the stack when there is one. */
  define(name: string, params: number, result: "i32" | "none", body: (scope: FunctionScope) => Code): void;
  /** Calls a function that is defined before the module is finished, in any order. */
  call(name: string, ...args: Code[]): Code;
  /** Reserves static memory, filled with these bytes; returns its address. */
  data(bytes: Uint8Array): number;
  /** The finished module: every function exported by name, the memory as `memory`, its first free byte as heap. */
  finish(): { readonly code: Uint8Array<ArrayBuffer>; readonly heap: number };
}

const TYPE = { i32: 0x7f, i64: 0x7e, v128: 0x7b, none: 0x40 } as const;

const op =
  (code: number) =>
  (...args: Code[]): Code => [...args.flat(), code];

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(BigInt(value | 0))],
  load: (address: Code, offset = 0): Code => [...address, 0x28, 2, ...unsigned(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [
    ...address,
    ...value,
    0x36,
    2,
    ...unsigned(offset),
  ],
  /** Loads a byte, zero-extended. */
  load8: (address: Code, offset = 0): Code => [...address, 0x2d, 0, ...unsigned(offset)],
  add: op(0x6a),
  sub: op(0x6b),
  mul: op(0x6c),
  divU: op(0x6e),
  and: op(0x71),
  or: op(0x72),
  xor: op(0x73),
  /** Stores the low byte. */
  store8: (address: Code, value: Code, offset = 0): Code => [
    ...address,
    ...value,
    0x3a,
    0,
    ...unsigned(offset),
  ],
  shl: op(0x74),
  shrU: op(0x76),
  eqz: op(0x45),
  eq: op(0x46),
  ne: op(0x47),
  ltU: op(0x49),
  geU: op(0x4f),
  geS: op(0x4e),
  wrap: op(0xa7),
};

export const i64 = {
  const: (value: bigint): Code => [0x42, ...signed(BigInt.asIntN(64, value))],
  load: (address: Code, offset = 0): Code => [...address, 0x29, 3, ...unsigned(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [
    ...address,
    ...value,
    0x37,
    3,
    ...unsigned(offset),
  ],
  /** Loads 32 bits, zero-extended. */
  load32: (address: Code, offset = 0): Code => [...address, 0x35, 2, ...unsigned(offset)],
  /** Stores the low 32 bits. */
  store32: (address: Code, value: Code, offset = 0): Code => [
    ...address,
    ...value,
    0x3e,
    2,
    ...unsigned(offset),
  ],
  add: op(0x7c),
  sub: op(0x7d),
  mul: op(0x7e),
  and: op(0x83),
  or: op(0x84),
  xor: op(0x85),
  shl: op(0x86),
  shrS: op(0x87),
  shrU: op(0x88),
  eqz: op(0x50),
  ltS: op(0x53),
  /** Of an i32, zero-extended. */
  ofUnsigned: op(0xad),
  /** Of a double without a fraction. */
  ofDouble: op(0xb0),
  /** Number of zero bits below the lowest that is set. */
  ctz: op(0x7a),
};

/** A double of a signed integer, as the 64 bits that it has in memory. */
export const doubleBits = (value: Code): Code => [...value, 0xb9, 0xbd];

/** A double out of memory. */
export const loadDouble = (address: Code, offset = 0): Code => [...address, 0x2b, 3, ...unsigned(offset)];

const vectorOp =
  (code: number) =>
  (...args: Code[]): Code => [...args.flat(), 0xfd, ...unsigned(code)];
const memoryOp =
  (code: number, lane?: 0 | 1) =>
  (args: readonly Code[], offset: number): Code => [
    ...args.flat(),
    0xfd,
    ...unsigned(code),
    ...[0, ...unsigned(offset), ...(lane === undefined ? [] : [lane])],
  ];
const shift =
  (code: number) =>
  (value: Code, by: number): Code => [...value, ...i32.const(by), 0xfd, ...unsigned(code)];

/** 128 bits: two lanes of 64. */
export const v128 = {
  load: (address: Code, offset = 0): Code => memoryOp(0x00)([address], offset),
  store: (address: Code, value: Code, offset = 0): Code => memoryOp(0x0b)([address, value], offset),
  /** One double from each address, as the two lanes. */
  gather: (first: Code, second: Code, offset = 0): Code =>
    memoryOp(0x57, 1)([second, memoryOp(0x5d)([first], offset)], offset),
  storeLane: (address: Code, value: Code, lane: 0 | 1, offset = 0): Code =>
    memoryOp(0x5b, lane)([address, value], offset),
  and: vectorOp(0x4e),
  or: vectorOp(0x50),
  xor: vectorOp(0x51),
  /** Whether any bit is set, as i32. */
  any: vectorOp(0x53),
  /** The first lanes of two vectors, and their second lanes. */
  firsts: (a: Code, b: Code): Code => [...a, ...b, 0xfd, 0x0d, ...lanes(0, 2)],
  seconds: (a: Code, b: Code): Code => [...a, ...b, 0xfd, 0x0d, ...lanes(1, 3)],
};

export const i64x2 = {
  add: vectorOp(0xce),
  sub: vectorOp(0xd1),
  /** All bits of a lane where the first is greater, signed. */
  gtS: vectorOp(0xd9),
  shl: shift(0xcb),
  shrU: shift(0xcd),
};

export const f64x2 = {
  add: vectorOp(0xf0),
  sub: vectorOp(0xf1),
  mul: vectorOp(0xf2),
  /** All bits of a lane where both are equal. */
  eq: vectorOp(0x47),
  /** a b + c and c - a b, rounded once where the processor can: relaxed SIMD, see lanes/fused.ts. */
  mulAdd: vectorOp(0x107),
  subMul: vectorOp(0x108),
};

/** The bytes of two lanes out of four, for a shuffle. */
function lanes(first: number, second: number): number[] {
  return [first, second].flatMap((lane) => Array.from({ length: 8 }, (_, i) => 8 * lane + i));
}

/** Does nothing with a value. */
export const drop = op(0x1a);

/** Picks the first value when the condition is not zero. */
export const select = (first: Code, second: Code, condition: Code): Code => [
  ...first,
  ...second,
  ...condition,
  0x1b,
];

/** `then` when the condition is not zero, else `otherwise`; neither leaves a value. */
export const when = (condition: Code, then: Code, otherwise: Code = []): Code => [
  ...condition,
  0x04,
  TYPE.none,
  ...then,
  ...(otherwise.length === 0 ? [] : [0x05, ...otherwise]),
  0x0b,
];

/** Runs the body while the condition, looked at first, is not zero. */
export const loopWhile = (condition: Code, body: Code): Code => [
  0x02,
  TYPE.none,
  0x03,
  TYPE.none,
  ...condition,
  0x45,
  0x0d,
  1,
  ...body,
  0x0c,
  0,
  0x0b,
  0x0b,
];

export const ret = (value: Code = []): Code => [...value, 0x0f];

/** A function of i32 parameters by itself, as a module's code section has it; it calls no others. */
export function writeFunction(params: number, body: (scope: FunctionScope) => Code): Uint8Array {
  return Uint8Array.from(writeBody({ params, body }));
}

/** Creates an empty module. Addresses below `FIRST_DATA` stay unused, so that 0 can mean none. */
export function createModuleWriter(): ModuleWriter {
  const functions: {
    name: string;
    params: number;
    result: "i32" | "none";
    body: (scope: FunctionScope) => Code;
  }[] = [];
  const segments: { address: number; bytes: Uint8Array }[] = [];
  let heap = 64;
  // Resolved when the module is finished, so that functions may be called before they are defined. A call is
  // written with a fixed-width index, patched by name.
  const names: string[] = [];
  return {
    define(name, params, result, body) {
      functions.push({ name, params, result, body });
    },
    call(name, ...args) {
      if (!names.includes(name)) names.push(name);
      return [...args.flat(), CALL_MARK, names.indexOf(name)];
    },
    data(bytes) {
      const address = heap;
      segments.push({ address, bytes });
      heap = (heap + bytes.length + 15) & ~15;
      return address;
    },
    finish() {
      const bodies = functions.map((f) => writeBody(f));
      const index = new Map(functions.map(({ name }, i) => [name, i]));
      const code = bodies.map((body) => patchCalls(body, names, index));
      return { code: writeModule(functions, code, segments, heap), heap };
    },
  };
}

// Not a byte: marks a call whose index is not known yet.
const CALL_MARK = 0x1000;

function patchCalls(body: Code, names: readonly string[], index: ReadonlyMap<string, number>): number[] {
  const result: number[] = [];
  for (let i = 0; i < body.length; i++) {
    if (body[i] !== CALL_MARK) {
      result.push(body[i]!);
      continue;
    }
    const name = names[body[++i]!]!;
    const target = index.get(name);
    if (target === undefined) throw new Error(`undefined function ${name}`);
    result.push(0x10, ...unsigned(target));
  }
  return result;
}

function writeBody({ params, body }: { params: number; body: (scope: FunctionScope) => Code }): number[] {
  const types: number[] = [];
  const local = (index: number): Local => ({
    get: [0x20, ...unsigned(index)],
    set: (value) => [...value, 0x21, ...unsigned(index)],
    tee: (value) => [...value, 0x22, ...unsigned(index)],
  });
  const declare = (type: number): Local => local(params + types.push(type) - 1);
  const code = body({
    params: Array.from({ length: params }, (_, i) => local(i)),
    i32: () => declare(TYPE.i32),
    i64: () => declare(TYPE.i64),
    v128: () => declare(TYPE.v128),
  });
  return [...unsigned(types.length), ...types.flatMap((type) => [1, type]), ...code, 0x0b];
}

function writeModule(
  functions: readonly { name: string; params: number; result: "i32" | "none" }[],
  code: readonly number[][],
  segments: readonly { address: number; bytes: Uint8Array }[],
  heap: number,
): Uint8Array<ArrayBuffer> {
  const text = (value: string): number[] => [...unsigned(value.length), ...new TextEncoder().encode(value)];
  const types = functions.map(({ params, result }) => [
    0x60,
    ...unsigned(params),
    ...new Array<number>(params).fill(TYPE.i32),
    ...(result === "i32" ? [1, TYPE.i32] : [0]),
  ]);
  const exports = functions.map(({ name }, i) => [...text(name), 0, ...unsigned(i)]);
  const data = segments.map(({ address, bytes }) => [
    0,
    ...i32.const(address),
    0x0b,
    ...unsigned(bytes.length),
    ...bytes,
  ]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list(types)),
    ...section(3, list(functions.map((_, i) => unsigned(i)))),
    ...section(5, list([[0, ...unsigned(Math.ceil(heap / 65536) + 1)]])),
    ...section(7, list([...exports, [...text("memory"), 2, 0]])),
    ...section(10, list(code.map((body) => [...unsigned(body.length), ...body]))),
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
