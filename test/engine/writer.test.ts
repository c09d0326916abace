// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the writer make modules that do what was written, and does the compiler count operands?
 *
 * @module
 */
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  createNumberReader,
  readSigned,
  readUnsigned,
  signed,
  skipNumber,
  unsigned,
} from "../../prover/engine/dist/kernels/wasm/leb128.js";
import {
  advance,
  type Code,
  createModule,
  i32,
  i64,
  loopWhile,
  type NewModule,
  type Operand,
  operand,
  when,
} from "../../prover/engine/dist/kernels/wasm/writer.js";

type Call = (...numbers: number[]) => number;

function open(module: NewModule): {
  readonly call: Readonly<Record<string, Call>>;
  readonly memory: DataView;
} {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.finish().code));
  const { memory, ...call } = exports as Record<string, Call> & { readonly memory: WebAssembly.Memory };
  return { call, memory: new DataView(memory.buffer) };
}

describe("the writer", () => {
  it("takes variables, constants and code for operands, and names parameters in their order", () => {
    const module = createModule();
    module.defineTest("mixed", { high: i32, low: i32 }, ({ high, low }, steps) => {
      const { sum } = steps.variables({ sum: i32 });
      return [sum.set(i32.sub(i32.mul(high, 10), low)), i32.add(sum, -1)];
    });
    expect(open(module).call.mixed!(5, 3)).toBe(46);
  });

  it("calls functions that are defined later, under names of their own", () => {
    const module = createModule();
    const [left, right] = [module.under("left"), module.under("right").under("inner")];
    left.defineTest("value", { x: i32 }, ({ x }) => double(x));
    const double = right.defineTest("value", { x: i32 }, ({ x }) => i32.add(x, x));
    const { call } = open(module);
    expect(Object.keys(call)).toEqual(["left_value", "right_inner_value"]);
    expect(call.left_value!(21)).toBe(42);
  });

  it("puts a block's steps where the block stands, and others first", () => {
    const module = createModule();
    const at = module.room(8);
    module.define("count", { times: i32 }, ({ times }, steps) => {
      const body = steps.block(({ keep, run }) => run(i64.store(at, i64.add(keep(i64.load(at)), 1n))));
      steps.run(i64.store(at, 100n));
      return loopWhile(times, [body, times.set(i32.sub(times, 1))]);
    });
    const { call, memory } = open(module);
    call.count!(7);
    expect(memory.getBigInt64(at, true)).toBe(107n);
  });

  it("reserves memory by names, in their order and apart", () => {
    const module = createModule();
    const { a, b } = module.rooms(40, "a", "b");
    const bytes = module.data(Uint8Array.of(1, 2));
    expect([a, b, bytes].map((address) => address - a)).toEqual([0, 48, 96]);
    module.defineTest("last", {}, () => i32.load8(bytes, 1));
    const { call, memory } = open(module);
    expect(call.last!()).toBe(2);
    expect(memory.getUint8(bytes)).toBe(1);
  });

  it("branches both ways", () => {
    const module = createModule();
    module.defineTest("collatz", { n: i32 }, ({ n }, steps) => {
      const count = steps.variable(i32);
      return [
        loopWhile(i32.ne(n, 1), [
          when(i32.and(n, 1), n.set(i32.add(i32.mul(n, 3), 1)), n.set(i32.shrU(n, 1))),
          advance(count, 1),
        ]),
        operand(count),
      ];
    });
    expect(open(module).call.collatz!(27)).toBe(111);
  });

  it("lets the compiler count the operands of a call", () => {
    const module = createModule();
    const two = module.define("two", { a: i32, b: i32 }, () => []);
    const none = module.define("none", {}, () => []);
    expectTypeOf(two).parameters.toEqualTypeOf<[Operand, Operand]>();
    expectTypeOf(none).toEqualTypeOf<() => Code>();
    // @ts-expect-error one operand is missing
    two(1);
    // @ts-expect-error one is too many
    two(1, 2, 3);
    // @ts-expect-error an i64
    two(1, 2n);
  });
});

describe("LEB128", () => {
  const numbers = [0, 1, 63, 64, 127, 128, 16_383, 16_384, 624_485, 2 ** 31 - 1];

  it("writes what the specification says, and reads it back", () => {
    expect(unsigned(624_485)).toEqual([0xe5, 0x8e, 0x26]);
    expect(signed(-123_456n)).toEqual([0xc0, 0xbb, 0x78]);
    for (const number of [...numbers, 2 ** 32 - 1]) {
      const bytes = Uint8Array.from([7, ...unsigned(number), 7]);
      expect(readUnsigned(bytes, 1)).toEqual([number, bytes.length - 1]);
      expect(skipNumber(bytes, 1)).toBe(bytes.length - 1);
    }
    for (const number of [...numbers, ...numbers.map((n) => -n - 1)]) {
      const bytes = Uint8Array.from([7, ...signed(BigInt(number)), 7]);
      expect(readSigned(bytes, 1)).toEqual([number, bytes.length - 1]);
    }
  });

  it("reads one number after the other, and zeros where bytes are missing", () => {
    const reader = createNumberReader(Uint8Array.from([...unsigned(300), ...signed(-300n), 0x85]), 0);
    expect([reader.unsigned(), reader.signed(), reader.unsigned()]).toEqual([300, -300, 5]);
  });
});
