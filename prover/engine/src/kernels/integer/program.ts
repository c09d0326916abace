// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code that goes through a witness program (witness/program.ts says what its numbers mean). Elements are in Montgomery form and
 * below 2p; the first one is 1.
 *
 * @module
 */

import { CODES } from "../../witness/codes.js";
import {
  advance,
  type Callable,
  type Code,
  i32,
  i64,
  type Local,
  loopWhile,
  type ModuleWriter,
  type Operand,
  range,
  ret,
  type Steps,
  when,
} from "../wasm/writer.js";
import { elementBytes, type PrimeField, RADIX_BITS } from "./field.js";
import {
  columnwise,
  FIELD_BYTES,
  LIMB_BITS,
  LIMBS,
  type Limb,
  liftNegative,
  loadLimbs,
  moveCarries,
  reduceColumns,
  storeLimbs,
  sumProducts,
  toLimbs,
} from "./limbs.js";

const ELEMENT_BYTES = 32;
const WORD = 4;

export interface Program {
  /** Runs the numbers from `at` to `end`. 0 when a check fails. `scratch` has room for two elements for each division at once. */
  run(at: Operand, end: Operand, values: Operand, constants: Operand, scratch: Operand): Code;
  /** Writes the factors A and B of so many rows, and their products, as canonical 32-byte elements in Montgomery form. */
  rows(
    factors: Operand,
    n: Operand,
    values: Operand,
    constants: Operand,
    a: Operand,
    b: Operand,
    c: Operand,
  ): Code;
  /** Unpacks so many numbers; in front of the target there are as many zeros as the stride says. */
  unpack(source: Operand, n: Operand, stride: Operand, target: Operand): Code;
  /** Brings plain elements into Montgomery form, in place. */
  enter(vector: Operand, n: Operand): Code;
  /** Writes the elements that `places` names as plain 32-byte numbers. */
  leave(values: Operand, places: Operand, n: Operand, target: Operand): Code;
}

/** What handlers are given: where their numbers begin, after the code; they return where the next ones do, or 0. */
const PLACE = { at: i32, values: i32, constants: i32, scratch: i32 };
type Place = Readonly<Record<keyof typeof PLACE, Local>>;
type Handler = Callable<typeof PLACE>;

interface Context {
  readonly module: ModuleWriter;
  readonly field: PrimeField;
  readonly p: bigint;
  readonly rooms: Readonly<Record<"a" | "b" | "c" | "sum" | "plain", number>>;
  factor(at: Operand, values: Operand, constants: Operand, r: Operand): Code;
  source(at: Operand, product: Operand, values: Operand, constants: Operand, r: Operand): Code;
  /** Times a constant, by its place; 0 is none. */
  scale(r: Operand, place: Operand, constants: Operand): Code;
}

const elementAt = (base: Operand, index: Operand): Code => i32.add(base, i32.mul(index, FIELD_BYTES));
const word = (at: Operand, index = 0): Code => i32.load(at, WORD * index);
const storeZero = (r: Operand): Code => range(FIELD_BYTES / 8).map((i) => i64.store(r, 0n, 8 * i));

/** Adds the functions. */
export function defineProgram(module: ModuleWriter, field: PrimeField, p: bigint): Program {
  const rooms = module.rooms(FIELD_BYTES, "a", "b", "c", "sum", "plain");
  const factor = defineFactor(module, p);
  const scale = module.define("scaleBy", { r: i32, place: i32, constants: i32 }, ({ r, place, constants }) =>
    when(place, field.mul(r, elementAt(constants, place), r)),
  );
  const context: Context = {
    module,
    field,
    p,
    rooms,
    factor,
    scale,
    source: defineSource(module, field, p, rooms, factor),
  };
  const handlers: readonly (readonly [code: number, handler: Handler])[] = [
    [CODES.multiply, defineMultiply(context, defineSet(context, "sum", 1))],
    [CODES.set, defineSet(context, "set", 0)],
    [CODES.check, defineCheck(context)],
    [CODES.bits, defineBits(context)],
    [CODES.choose, defineChoose(context)],
    [CODES.divide, defineDivide(context)],
  ];
  const run = module.defineTest(
    "run",
    { at: i32, end: i32, values: i32, constants: i32, scratch: i32 },
    ({ at, end, values, constants, scratch }, steps) => {
      const code = steps.variable(i32);
      const dispatch = handlers.reduceRight<Code>(
        (otherwise, [known, handler]) =>
          when(i32.eq(code, known), at.set(handler(at, values, constants, scratch)), otherwise),
        at.set(0),
      );
      return [
        loopWhile(i32.ltU(at, end), [
          code.set(word(at)),
          advance(at, WORD),
          dispatch,
          when(i32.eqz(at), ret(0)),
        ]),
        i32.const(1),
      ];
    },
  );
  return {
    run,
    rows: defineRows(context),
    unpack: defineUnpack(module),
    ...defineBorders(module, field, p, rooms.a),
  };
}

/** An element, negated or not, and a constant: the address of one that is only that, or of r, which is below 4p. */
function defineFactor(module: ModuleWriter, p: bigint): Context["factor"] {
  const params = { at: i32, values: i32, constants: i32, r: i32 };
  return module.defineTest("factor", params, ({ at, values, constants, r }, steps) => {
    const { element, constant, negative } = steps.variables({ element: i32, constant: i32, negative: i32 });
    steps.run(
      element.set(elementAt(values, i32.shrU(word(at), 1))),
      negative.set(i32.and(word(at), 1)),
      constant.set(word(at, 1)),
      when(i32.eqz(i32.or(negative, constant)), ret(element)),
      constant.set(elementAt(constants, constant)),
    );
    // -x is all bits of x the other way and 1 more.
    const mask = steps.keep(i64.sub(0n, i64.ofUnsigned(negative)));
    const base = toLimbs(2n * p);
    const sum = range(LIMBS).map((i) => {
      const signed = i64.sub(i64.xor(i64.load32(element, WORD * i), mask), mask);
      return steps.keep(i64.add(i64.add(signed, i64.and(mask, base[i]!)), i64.load32(constant, WORD * i)));
    });
    storeLimbs(steps, sum, r);
    return [i32.add(r, 0)];
  });
}

/** sum + a b + c d, in the sum's place: with one reduction for both products. */
function defineMulAddTwo(module: ModuleWriter, p: bigint) {
  const params = { a: i32, b: i32, c: i32, d: i32, sum: i32 };
  return module.define("mulAddTwo", params, ({ a, b, c, d, sum }, steps) => {
    const load = (pointer: Local): Limb[] => loadLimbs(steps, pointer);
    const columns = sumProducts(steps, [
      [load(a), load(b)],
      [load(c), load(d)],
    ]);
    const { add, sub } = columnwise(steps);
    const total = sub(add(reduceColumns(steps, columns, p), load(sum)), toLimbs(2n * p));
    storeLimbs(steps, liftNegative(steps, total, 2n * p), sum);
  });
}

/** A sum: returns where its numbers end. */
function defineSource(
  module: ModuleWriter,
  field: PrimeField,
  p: bigint,
  { a, b, sum }: Context["rooms"],
  factor: Context["factor"],
): Context["source"] {
  const mulAddTwo = defineMulAddTwo(module, p);
  const params = { at: i32, product: i32, values: i32, constants: i32, r: i32 };
  return module.defineTest("source", params, ({ at, product, values, constants, r }, steps) => {
    const { element, plusEnd, minusEnd, end } = steps.variables({
      ...{ element: i32, plusEnd: i32, minusEnd: i32, end: i32 },
    });
    const limbs = range(LIMBS).map(() => steps.variable(i64));
    const each = (to: Local, operation: typeof i64.add): Code =>
      loopWhile(i32.ltU(at, to), [
        element.set(elementAt(values, word(at))),
        limbs.map((limb, i) => limb.set(operation(limb, i64.load32(element, WORD * i)))),
        advance(at, WORD),
      ]);
    const term = (index: number): [Code, Code] => [
      elementAt(constants, word(at, 2 * index + 1)),
      elementAt(values, word(at, 2 * index)),
    ];
    const pairs = loopWhile(i32.ltU(i32.add(at, 2 * WORD), end), [
      mulAddTwo(...term(0), ...term(1), sum),
      advance(at, 4 * WORD),
    ]);
    const others = loopWhile(i32.ltU(at, end), [
      field.mulAdd(elementAt(constants, word(at, 1)), elementAt(values, word(at)), sum),
      advance(at, 2 * WORD),
    ]);
    const factors = [
      field.mulAdd(
        factor(at, values, constants, a),
        factor(i32.add(at, 2 * WORD), values, constants, b),
        sum,
      ),
      advance(at, 4 * WORD),
    ];
    steps.run(
      element.set(elementAt(constants, word(at, 3))),
      limbs.map((limb, i) => limb.set(i64.load32(element, WORD * i))),
      plusEnd.set(i32.add(i32.add(at, 4 * WORD), i32.shl(word(at), 2))),
      minusEnd.set(i32.add(plusEnd, i32.shl(word(at, 1), 2))),
      end.set(i32.add(minusEnd, i32.shl(word(at, 2), 3))),
      advance(at, 4 * WORD),
      each(plusEnd, i64.add),
      each(minusEnd, i64.sub),
      when(i32.or(product, i32.ltU(at, end)), [
        storeZero(sum),
        pairs,
        others,
        when(product, factors),
        limbs.map((limb, i) => limb.set(i64.add(limb, i64.load32(sum, WORD * i)))),
      ]),
    );
    storeLimbs(steps, reduceSum(steps, limbs, p), r);
    return [i32.add(at, 0)];
  });
}

/** Bits of the quotient's factor: what it lacks must not matter beside a sum of 2^16 elements. */
const QUOTIENT_BITS = 45n;

/** A sum of elements, some of them negative, as one below 2p: its highest limb says how many times p is in it, or once less. */
function reduceSum(steps: Steps, limbs: readonly Limb[], p: bigint): Limb[] {
  const moved = moveCarries(steps, limbs);
  const top = LIMB_BITS * BigInt(LIMBS - 1);
  const factor = (1n << (QUOTIENT_BITS + top)) / p;
  const quotient = steps.keep(i64.shrS(i64.mul(moved.at(-1)!, factor), QUOTIENT_BITS));
  const rest = toLimbs(p).map((limb, i) => steps.keep(i64.sub(moved[i]!, i64.mul(quotient, limb))));
  return liftNegative(steps, rest, p);
}

/** Target, scale and source. */
function defineSet({ module, source, scale }: Context, name: string, product: number): Handler {
  return module.defineTest(name, PLACE, ({ at, values, constants }, steps) => {
    const { target, place } = steps.variables({ target: i32, place: i32 });
    return [
      target.set(elementAt(values, word(at))),
      place.set(word(at, 1)),
      at.set(source(i32.add(at, 2 * WORD), product, values, constants, target)),
      scale(target, place, constants),
      i32.add(at, 0),
    ];
  });
}

/** The same with a product, most often of two factors and nothing else. */
function defineMultiply({ module, field, factor, rooms: { a, b } }: Context, set: Handler): Handler {
  return module.defineTest("multiply", PLACE, ({ at, values, constants, scratch }) => {
    const others = [1, 2, 3, 4, 5].map((index) => word(at, index)).reduce((all, next) => i32.or(all, next));
    const factors = i32.add(at, 6 * WORD);
    return [
      when(others, ret(set(at, values, constants, scratch))),
      field.mul(
        factor(factors, values, constants, a),
        factor(i32.add(factors, 2 * WORD), values, constants, b),
        elementAt(values, word(at)),
      ),
      i32.add(at, 10 * WORD),
    ];
  });
}

/** Code that is 1 when an element is zero; `room` is canonical then. */
const isZeroIn = (field: PrimeField, element: Operand, room: number): Code => [
  field.copy(element, room),
  field.reduce(room),
  field.isZero(room),
];

function defineCheck({ module, field, factor, rooms: { a, b, c } }: Context): Handler {
  return module.defineTest("check", PLACE, ({ at, values, constants }) => [
    field.copy(factor(i32.add(at, 4 * WORD), values, constants, c), c),
    field.reduce(c),
    field.mul(factor(at, values, constants, a), factor(i32.add(at, 2 * WORD), values, constants, b), a),
    field.difference(a, c, a),
    when(i32.eqz(isZeroIn(field, a, a)), ret(0)),
    i32.add(at, 6 * WORD),
  ]);
}

/** Product?, source, scale; count; shift and target of each bit. */
function defineBits({ module, field, source, rooms: { c, plain } }: Context): Handler {
  return module.defineTest("bits", PLACE, ({ at, values, constants }, steps) => {
    const { end, place, target, shift } = steps.variables({ end: i32, place: i32, target: i32, shift: i64 });
    const { digits, bit } = steps.variables({ digits: i64, bit: i64 });
    const takeBit = [
      shift.set(i64.and(i64.ofUnsigned(word(at)), 63n)),
      place.set(i32.add(plain, i32.shl(i32.shrU(word(at), 6), 3))),
      target.set(elementAt(values, word(at, 1))),
      digits.set(i64.load(place)),
      bit.set(i64.and(i64.shrU(digits, shift), 1n)),
      i64.store(place, i64.xor(digits, i64.shl(bit, shift))),
      range(FIELD_BYTES / 8).map((i) => i64.store(target, i64.mul(i64.load(values, 8 * i), bit), 8 * i)),
      advance(at, 2 * WORD),
    ];
    const rest = [0, 8, 16, 24].map((byte): Code => i64.load(plain, byte));
    return [
      at.set(source(i32.add(at, WORD), word(at), values, constants, c)),
      field.mul(c, elementAt(constants, word(at)), c),
      field.reduce(c),
      field.toBytes(c, plain),
      end.set(i32.add(i32.add(at, 2 * WORD), i32.shl(word(at, 1), 3))),
      advance(at, 2 * WORD),
      loopWhile(i32.ltU(at, end), takeBit),
      // A number with more bits than there are wires for.
      when(i32.eqz(i64.eqz(rest.reduce((all, next) => i64.or(all, next)))), ret(0)),
      i32.add(at, 0),
    ];
  });
}

/** Count; factor, target, scale to close, scale and source of each; source to close. */
function defineChoose({ module, field, factor, source, scale, rooms: { c } }: Context): Handler {
  return module.defineTest("choose", PLACE, ({ at, values, constants }, steps) => {
    const { left, target, place } = steps.variables({ left: i32, target: i32, place: i32 });
    const { zeros, chosen, closing, zero } = steps.variables({
      zeros: i32,
      chosen: i32,
      closing: i32,
      zero: i32,
    });
    const choose = [
      zero.set(isZeroIn(field, factor(at, values, constants, c), c)),
      target.set(elementAt(values, word(at, 2))),
      when(zero, [chosen.set(target), closing.set(word(at, 3)), advance(zeros, 1)]),
      place.set(word(at, 4)),
      at.set(source(i32.add(at, 5 * WORD), 0, values, constants, target)),
      when(zero, storeZero(target), scale(target, place, constants)),
      advance(left, -1),
    ];
    return [
      left.set(word(at)),
      advance(at, WORD),
      loopWhile(left, choose),
      at.set(source(at, 0, values, constants, c)),
      when(zeros, [field.copy(c, chosen), scale(chosen, closing, constants)]),
      // The constraint that closes can say what one is, not two.
      when(i32.shrU(zeros, 1), ret(0)),
      i32.add(at, 0),
    ];
  });
}

/** Count; a divisor of each; dividend, target, scale and source of each. A divisor of zero counts as 1. */
function defineDivide(context: Context): Handler {
  const { module, field, factor, source, scale, rooms } = context;
  const { a, b, c } = rooms;
  const inverses = defineInverses(context);
  return module.defineTest("divide", PLACE, ({ at, values, constants, scratch }, steps) => {
    const { inverse, end, target, place } = steps.variables({
      inverse: i32,
      end: i32,
      target: i32,
      place: i32,
    });
    const divide = [
      field.mul(factor(at, values, constants, a), inverse, b),
      target.set(elementAt(values, word(at, 2))),
      place.set(word(at, 3)),
      at.set(source(i32.add(at, 4 * WORD), 0, values, constants, c)),
      field.add(b, c, target),
      scale(target, place, constants),
      // At most 4p without a scale.
      field.reduce(target),
      advance(inverse, FIELD_BYTES),
    ];
    return [
      inverse.set(scratch),
      end.set(elementAt(scratch, word(at))),
      at.set(inverses(at, values, constants, scratch)),
      loopWhile(i32.ltU(inverse, end), divide),
      i32.add(at, 0),
    ];
  });
}

/** Leaves the inverses of the divisors in `scratch`: one inversion for all. */
function defineInverses({ module, field, factor, rooms: { a, b, c } }: Context): Handler {
  return module.defineTest("inverses", PLACE, ({ at, values, constants, scratch }: Place, steps) => {
    const { count, product, divisor } = steps.variables({ count: i32, product: i32, divisor: i32 });
    const multiplyUp = [
      field.copy(factor(at, values, constants, a), divisor),
      field.reduce(divisor),
      when(field.isZero(divisor), field.copy(values, divisor)),
      field.copy(b, product),
      field.mul(b, divisor, b),
      advance(at, 2 * WORD),
      advance(product, FIELD_BYTES),
      advance(divisor, FIELD_BYTES),
    ];
    const divideDown = [
      advance(product, -FIELD_BYTES),
      advance(divisor, -FIELD_BYTES),
      field.mul(product, c, product),
      field.mul(c, divisor, c),
    ];
    return [
      count.set(word(at)),
      advance(at, WORD),
      product.set(scratch),
      divisor.set(elementAt(scratch, count)),
      count.set(divisor),
      field.copy(values, b),
      loopWhile(i32.ltU(product, count), multiplyUp),
      field.reduce(b),
      field.invert(b, c),
      loopWhile(i32.ltU(scratch, product), divideDown),
      i32.add(at, 0),
    ];
  });
}

function defineRows({ module, field, factor, rooms }: Context): Program["rows"] {
  const bytes = { a: i32, b: i32, c: i32 };
  const params = { factors: i32, n: i32, values: i32, constants: i32, ...bytes };
  return module.define("rows", params, ({ factors, n, values, constants, a, b, c }, steps) => {
    const end = steps.variable(i32);
    const write = (room: number, target: Local): Code => [
      field.reduce(room),
      field.toBytes(room, target),
      advance(target, ELEMENT_BYTES),
    ];
    return [
      end.set(i32.add(factors, i32.shl(n, 4))),
      loopWhile(i32.ltU(factors, end), [
        field.copy(factor(factors, values, constants, rooms.a), rooms.a),
        field.copy(factor(i32.add(factors, 2 * WORD), values, constants, rooms.b), rooms.b),
        write(rooms.a, a),
        write(rooms.b, b),
        // Half of the rows say that a wire is a bit.
        when(
          i32.or(field.isZero(rooms.a), field.isZero(rooms.b)),
          storeZero(rooms.c),
          field.mul(rooms.a, rooms.b, rooms.c),
        ),
        write(rooms.c, c),
        advance(factors, 4 * WORD),
      ]),
    ];
  });
}

function defineUnpack(module: ModuleWriter): Program["unpack"] {
  const params = { source: i32, n: i32, stride: i32, target: i32 };
  return module.define("unpack", params, ({ source, n, stride, target }, steps) => {
    const { end, byte, value, shift } = steps.variables({ end: i32, byte: i32, value: i32, shift: i32 });
    const readByte = [
      byte.set(i32.load8(source)),
      value.set(i32.or(value, i32.shl(i32.and(byte, 0x7f), shift))),
      advance(shift, 7),
      advance(source, 1),
    ];
    // The lowest bit says whether it is negative.
    const difference = i32.xor(i32.shrU(value, 1), i32.sub(0, i32.and(value, 1)));
    return [
      end.set(i32.add(target, i32.shl(n, 2))),
      stride.set(i32.shl(stride, 2)),
      loopWhile(i32.ltU(target, end), [
        [value.set(0), shift.set(0), byte.set(0x80)],
        loopWhile(i32.and(byte, 0x80), readByte),
        i32.store(target, i32.add(difference, word(i32.sub(target, stride)))),
        advance(target, WORD),
      ]),
    ];
  });
}

function defineBorders(
  module: ModuleWriter,
  field: PrimeField,
  p: bigint,
  room: number,
): Pick<Program, "enter" | "leave"> {
  const radixSquared = module.data(elementBytes((1n << (2n * RADIX_BITS)) % p));
  const [one, plainOne] = [module.data(elementBytes((1n << RADIX_BITS) % p)), module.data(elementBytes(1n))];
  const enter = module.define("enter", { vector: i32, n: i32 }, ({ vector, n }, steps) => {
    const end = steps.variable(i32);
    return [
      end.set(elementAt(vector, n)),
      loopWhile(i32.ltU(vector, end), [
        field.mul(vector, radixSquared, vector),
        advance(vector, FIELD_BYTES),
      ]),
    ];
  });
  const params = { values: i32, places: i32, n: i32, target: i32 };
  const leave = module.define("leave", params, ({ values, places, n, target }, steps) => {
    const { element, end } = steps.variables({ element: i32, end: i32 });
    const write = (value: Operand): Code => field.toBytes(value, target);
    const convert = [field.mul(element, plainOne, room), field.reduce(room), write(room)];
    return [
      end.set(i32.add(places, i32.shl(n, 2))),
      loopWhile(i32.ltU(places, end), [
        element.set(elementAt(values, word(places))),
        // Half of the wires are bits.
        when(
          field.isZero(element),
          write(element),
          when(field.equal(element, one), write(plainOne), convert),
        ),
        advance(places, WORD),
        advance(target, ELEMENT_BYTES),
      ]),
    ];
  });
  return { enter, leave };
}
