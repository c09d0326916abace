// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code of a curve y^2 = x^3 + b over a prime field or its quadratic extension: affine points, added in batches that
 * share one inversion (5 multiplications and a square an addition, where a mixed Jacobian addition takes 11).
 *
 * A point is x, y, each below 2p, in Montgomery form; infinity is all zero (group orders are odd, so that no finite
 * point has y = 0).
 *
 * @module
 */

import {
  type Code,
  drop,
  i32,
  i64,
  type Local,
  loopWhile,
  type ModuleWriter,
  ret,
  when,
} from "../wasm/writer.js";
import { elementBytes, RADIX_BITS } from "./field.js";
import {
  COLUMNS,
  columnwise,
  constants,
  FIELD_BYTES,
  multiplyLimbs,
  reduceColumns,
  sumProducts,
} from "./limbs.js";
import { defineProducts } from "./products.js";

/**
 * Adds the functions of the quadratic extension field with u^2 = -1, on pairs (c0, c1), under `prefix` over `base`: a
 * subset of the base field's, with the same bounds on each coordinate.
 */
export function defineExtension(writer: ModuleWriter, prefix: string, base: string, p: bigint): void {
  const f = (op: string, ...args: Code[]): Code => writer.call(`${base}_${op}`, ...args);
  const c1 = (pointer: Code): Code => i32.add(pointer, i32.const(FIELD_BYTES));
  const temporary = (): Code => i32.const(writer.data(new Uint8Array(FIELD_BYTES)));
  const [t0, t1] = [temporary(), temporary()];
  const define = (op: string, params: number, body: (...pointers: Code[]) => Code): void =>
    writer.define(`${prefix}_${op}`, params, "none", ({ params: p }) => body(...p.map(({ get }) => get)));

  // A multiple of p^2 that keeps differences of products positive.
  const lift = constants(32n * p * p, COLUMNS);
  defineProducts(writer, prefix, p, {
    coordinates: 2,
    // a0 b0 - a1 b1 and a0 b1 + a1 b0: each alone, since the processor has no registers for three products at a time.
    multiply(steps, [a0, a1], [b0, b1], coordinate) {
      const negative = (limbs: Code[]): Code[] =>
        limbs.map((limb) => steps.keep(i64.sub(i64.const(0n), limb)));
      const [a, b] = coordinate === 0 ? [negative(a1!), b1!] : [a1!, b0!];
      const columns = sumProducts(steps, [
        [a0!, coordinate === 0 ? b0! : b1!],
        [a, b],
      ]);
      return reduceColumns(steps, columnwise(steps).add(columns, lift), p);
    },
    // (a0 + a1)(a0 - a1) and 2 a0 a1
    square(steps, [a0, a1], coordinate) {
      const { add, sub } = columnwise(steps);
      const [a, b] = coordinate === 0 ? [add(a0!, a1!), sub(a0!, a1!)] : [add(a0!, a0!), a1!];
      return reduceColumns(steps, add(multiplyLimbs(steps, a, b), lift), p);
    },
  });
  // 1 / a = conjugate(a) / (a0^2 + a1^2)
  define("invert", 2, (a, r) => [
    ...f("square", a!, t0),
    ...f("square", c1(a!), t1),
    ...f("add", t0, t1, t0),
    ...f("invert", t0, t0),
    ...f("mul", a!, t0, r!),
    ...f("negate", c1(a!), t1),
    ...f("mul", t1, t0, c1(r!)),
  ]);
  for (const op of ["add", "sub"]) {
    define(op, 3, (a, b, r) => [...f(op, a!, b!, r!), ...f(op, c1(a!), c1(b!), c1(r!))]);
  }
  define("copy", 2, (a, r) => [...f("copy", a!, r!), ...f("copy", c1(a!), c1(r!))]);
  define("reduce", 1, (a) => [...f("reduce", a!), ...f("reduce", c1(a!))]);
  writer.define(`${prefix}_isZero`, 1, "i32", ({ params: [a] }) =>
    i32.and(f("isZero", a!.get), f("isZero", c1(a!.get))),
  );
  writer.define(`${prefix}_equal`, 2, "i32", ({ params: [a, b] }) =>
    i32.and(f("equal", a!.get, b!.get), f("equal", c1(a!.get), c1(b!.get))),
  );
  define("negate", 2, (a, r) => [...f("negate", a!, r!), ...f("negate", c1(a!), c1(r!))]);
}

// Bit of an entry's pointer p that marks what is no chord; points lie at multiples of 8.
const SPECIAL = 2;
const CACHE_LINE = 64;
const COORDINATE_BYTES = 32;

/** Bytes of one entry of the table that `addPairs` reads: pointers to p, q and the result. */
export const ENTRY_BYTES = 12;

/**
 * Reads a byte of each cache line of the points of a table's entries, all at once: waiting for one after the other takes
 * longer.
 */
export function touchPoints(table: Local, end: Local, at: Local, point: Local, bytes: number): Code {
  const lines = Array.from({ length: Math.ceil(bytes / CACHE_LINE) }, (_, i) => i * CACHE_LINE);
  const touch = (pointer: Code): Code => [
    ...point.set(pointer),
    ...[...lines, bytes - 1].flatMap((offset) => drop(i32.load8(point.get, offset))),
  ];
  return [
    ...at.set(table.get),
    ...loopWhile(i32.ltU(at.get, end.get), [
      ...touch(i32.load(at.get)),
      ...touch(i32.load(at.get, 4)),
      ...at.set(i32.add(at.get, i32.const(ENTRY_BYTES))),
    ]),
  ];
}

/** Adds `load` and `read`. */
function defineFormats(writer: ModuleWriter, prefix: string, { base, bytes, p: modulus }: CurveField): void {
  const f = (op: string, ...args: Code[]): Code => writer.call(`${base}_${op}`, ...args);
  const constant = (value: bigint): Code => i32.const(writer.data(elementBytes(value)));
  // A product is divided by 2^261.
  const [fromSnarkjs, plainOne] = [constant((1n << (2n * RADIX_BITS - 256n)) % modulus), constant(1n)];
  const step = (local: Local, size: number): Code => local.set(i32.add(local.get, i32.const(size)));
  writer.define(`${prefix}_load`, 3, "none", (scope) => {
    const [source, count, target] = scope.params as [Local, Local, Local];
    const end = scope.i32();
    return [
      ...end.set(i32.add(target.get, i32.mul(count.get, i32.const(2 * bytes)))),
      ...loopWhile(i32.ltU(target.get, end.get), [
        ...f("fromBytes", source.get, target.get),
        ...f("mul", target.get, fromSnarkjs, target.get),
        ...f("reduce", target.get),
        ...step(source, COORDINATE_BYTES),
        ...step(target, FIELD_BYTES),
      ]),
    ];
  });
  writer.define(`${prefix}_read`, 2, "none", (scope) => {
    const [p, target] = scope.params as [Local, Local];
    const [end, element] = [scope.i32(), i32.const(writer.data(new Uint8Array(FIELD_BYTES)))];
    return [
      ...end.set(i32.add(p.get, i32.const(2 * bytes))),
      ...loopWhile(i32.ltU(p.get, end.get), [
        ...f("mul", p.get, plainOne, element),
        ...f("reduce", element),
        ...f("toBytes", element, target.get),
        ...step(p, FIELD_BYTES),
        ...step(target, COORDINATE_BYTES),
      ]),
    ];
  });
}

/** A field under a curve. */
export interface CurveField {
  readonly prefix: string;
  /** The base field's functions, and its modulus. */
  readonly base: string;
  readonly p: bigint;
  /** Bytes of an element. */
  readonly bytes: number;
  /** First words of p, 2p and 3p, one of which a difference of equal coordinates shows. */
  readonly zeroWords: readonly number[];
  /** Addresses of one and of the curve's constant, in Montgomery form. */
  readonly one: number;
  readonly b: number;
}

/**
 * Adds a curve's functions:
 * - `addPairs(table, count, work)`: for each entry (p, q, r), r = p + q; an odd pointer means the negated point at the
 *   even address below; the table is used up; `work` has room for two field elements an entry and two more; a result
 *   may take the place of its own operands and of no other entry's;
 * - `doubleMany(p, k, r)`: r = 2^k p; `copy(p, r)`, where p may mean a negated point, too;
 * - `isInfinity(p)`; `areOnCurve(points, count)`, or infinite; `isOnCurve(p)` of a finite point;
 * - `load(source, count, target)`: points from snarkjs's form (32-byte little-endian coordinates, Montgomery form with
 *   2^256) to the module's; `read(p, target)`: to plain 32-byte little-endian coordinates.
 */
export function defineCurve(writer: ModuleWriter, prefix: string, field: CurveField): void {
  const { bytes } = field;
  const name = (op: string): string => `${prefix}_${op}`;
  const f = (op: string, ...args: Code[]): Code => writer.call(`${field.prefix}_${op}`, ...args);
  const temporary = (): Code => i32.const(writer.data(new Uint8Array(bytes)));
  const one = i32.const(field.one);
  const y = (point: Code): Code => i32.add(point, i32.const(bytes));
  const copyPoint = (from: Code, to: Code): Code => [...f("copy", from, to), ...f("copy", y(from), y(to))];
  const infinity = (point: Code): Code => writer.call(name("isInfinity"), point);

  writer.define(name("isInfinity"), 1, "i32", ({ params: [p] }) =>
    i32.and(f("isZero", p!.get), f("isZero", y(p!.get))),
  );
  writer.define(name("isOnCurve"), 1, "i32", ({ params: [p] }) => {
    const [left, right] = [temporary(), temporary()];
    return [
      ...f("square", p!.get, right),
      ...f("mul", right, p!.get, right),
      ...f("add", right, i32.const(field.b), right),
      ...f("reduce", right),
      ...f("square", y(p!.get), left),
      ...f("reduce", left),
      ...f("equal", left, right),
    ];
  });

  writer.define(name("areOnCurve"), 2, "i32", (scope) => {
    const [p, count] = scope.params as [Local, Local];
    return [
      ...loopWhile(count.get, [
        ...when(i32.eqz(i32.or(writer.call(name("isOnCurve"), p.get), infinity(p.get))), ret(i32.const(0))),
        ...p.set(i32.add(p.get, i32.const(2 * bytes))),
        ...count.set(i32.sub(count.get, i32.const(1))),
      ]),
      ...i32.const(1),
    ];
  });
  defineFormats(writer, prefix, field);

  const [inverse, slope, x3, product] = [temporary(), temporary(), temporary(), temporary()];
  const [negatedP, negatedQ] = [temporary(), temporary()];
  /** Takes the sign off a pointer and finds the y coordinate that it means. */
  const readSigned = (pointer: Local, yOf: Local, negated: Code): Code => [
    ...yOf.set(y(i32.and(pointer.get, i32.const(-2)))),
    ...when(i32.and(pointer.get, i32.const(1)), [
      ...f("negate", yOf.get, negated),
      ...yOf.set(negated),
      ...pointer.set(i32.sub(pointer.get, i32.const(1))),
    ]),
  ];
  /** Stores slope^2 - p.x - q.x and slope (p.x - x3) - p.y at `result`. */
  const finish = (p: Local, py: Local, q: Local, result: Code): Code => [
    ...f("squareSub", slope, p.get, q.get, x3),
    ...f("subMulSub", p.get, x3, slope, py.get, y(result)),
    ...f("copy", x3, result),
  ];

  writer.define(name("addPairs"), 3, "none", (scope) => {
    const [table, count, work] = scope.params as [Local, Local, Local];
    const [p, q, py, qy] = [scope.i32(), scope.i32(), scope.i32(), scope.i32()];
    const [at, room, end] = [scope.i32(), scope.i32(), scope.i32()];
    // Room of an entry: the product of all denominators before it, and its own.
    const denominator = y(room.get);
    const nextPrefix = i32.add(room.get, i32.const(2 * bytes));
    const move = (step: 1 | -1): Code => [
      ...at.set(i32.add(at.get, i32.const(step * ENTRY_BYTES))),
      ...room.set(i32.add(room.get, i32.const(step * 2 * bytes))),
    ];
    // Infinity shows as a zero word and equal x as a word of a multiple of p; both may be chance, which is rare.
    const suspicious = [
      ...field.zeroWords.map((word) => i32.eq(i32.load(denominator), i32.const(word))),
      i32.eqz(i32.load(p.get)),
      i32.eqz(i32.load(q.get)),
    ].reduce((any, next) => i32.or(any, next));
    const forward: Code = [
      ...p.set(i32.and(i32.load(at.get), i32.const(-2))),
      ...q.set(i32.and(i32.load(at.get, 4), i32.const(-2))),
      ...f("sub", q.get, p.get, denominator),
      ...when(suspicious, writer.call(name("inspect"), at.get, denominator)),
      ...f("mul", room.get, denominator, nextPrefix),
      ...move(1),
    ];
    const backward: Code = [
      ...move(-1),
      ...f("mul", product, room.get, inverse),
      ...f("mul", product, denominator, product),
      ...p.set(i32.load(at.get)),
      ...when(i32.and(p.get, i32.const(SPECIAL)), writer.call(name("addSpecial"), at.get), [
        ...readSigned(p, py, negatedP),
        ...q.set(i32.load(at.get, 4)),
        ...readSigned(q, qy, negatedQ),
        ...f("subMul", qy.get, py.get, inverse, slope),
        ...finish(p, py, q, i32.load(at.get, 8)),
      ]),
    ];
    return [
      ...end.set(i32.add(table.get, i32.mul(count.get, i32.const(ENTRY_BYTES)))),
      ...room.set(work.get),
      ...f("copy", one, room.get),
      ...touchPoints(table, end, at, p, 2 * bytes),
      ...at.set(table.get),
      ...loopWhile(i32.ltU(at.get, end.get), forward),
      ...f("invert", room.get, product),
      ...loopWhile(i32.ne(at.get, table.get), backward),
    ];
  });

  /** Reads entry `at`, whose pointer p may carry the mark, into the four variables. */
  const readEntry = (at: Local, p: Local, py: Local, q: Local, qy: Local): Code => [
    ...p.set(i32.and(i32.load(at.get), i32.const(~SPECIAL))),
    ...readSigned(p, py, negatedP),
    ...q.set(i32.load(at.get, 4)),
    ...readSigned(q, qy, negatedQ),
  ];
  const congruent = (a: Code, b: Code): Code => [
    ...f("sub", a, b, x3),
    ...f("reduce", x3),
    ...f("isZero", x3),
  ];

  // Marks an entry that is no chord, and makes its denominator 2y for a tangent, one where nothing is divided.
  writer.define(name("inspect"), 2, "none", (scope) => {
    const [at, denominator] = scope.params as [Local, Local];
    const [p, q, py, qy] = [scope.i32(), scope.i32(), scope.i32(), scope.i32()];
    const mark = i32.store(at.get, i32.or(i32.load(at.get), i32.const(SPECIAL)));
    return [
      ...readEntry(at, p, py, q, qy),
      ...when(i32.or(infinity(p.get), infinity(q.get)), [
        ...mark,
        ...f("copy", one, denominator.get),
        ...ret(),
      ]),
      ...when(congruent(p.get, q.get), [
        ...mark,
        ...when(
          congruent(py.get, qy.get),
          f("add", py.get, py.get, denominator.get),
          f("copy", one, denominator.get),
        ),
      ]),
    ];
  });

  // Infinity plus something, a point plus itself, a point plus its negative; the denominator's inverse is ready.
  writer.define(name("addSpecial"), 1, "none", (scope) => {
    const [at] = scope.params as [Local];
    const [p, q, py, qy] = [scope.i32(), scope.i32(), scope.i32(), scope.i32()];
    const result = i32.load(at.get, 8);
    const store = (point: Local, yOf: Local): Code => [
      ...f("copy", yOf.get, y(result)),
      ...f("copy", point.get, result),
    ];
    const zero = i32.const(writer.data(new Uint8Array(2 * bytes)));
    return [
      ...readEntry(at, p, py, q, qy),
      ...when(infinity(p.get), [...when(infinity(q.get), copyPoint(zero, result), store(q, qy)), ...ret()]),
      ...when(infinity(q.get), [...store(p, py), ...ret()]),
      ...when(
        congruent(py.get, qy.get),
        [
          ...f("square", p.get, slope),
          ...f("add", slope, slope, x3),
          ...f("add", slope, x3, slope),
          ...f("mul", slope, inverse, slope),
          ...finish(p, py, q, result),
        ],
        copyPoint(zero, result),
      ),
    ];
  });

  writer.define(name("copy"), 2, "none", (scope) => {
    const [p, r] = scope.params as [Local, Local];
    const even = i32.and(p.get, i32.const(-2));
    const negated = i32.and(p.get, i32.eqz(infinity(even)));
    return [...copyPoint(even, r.get), ...when(negated, f("negate", y(r.get), y(r.get)))];
  });
  writer.define(name("doubleMany"), 3, "none", (scope) => {
    const [p, k, r] = scope.params as [Local, Local, Local];
    const [X, Y, Z, A, B, C, D, E] = Array.from({ length: 8 }, temporary) as Code[];
    const exact = (op: string, a: Code, b: Code, to: Code): Code => [...f(op, a, b, to), ...f("reduce", to)];
    const mul = (a: Code, b: Code, to: Code): Code => exact("mul", a, b, to);
    const add = (a: Code, b: Code, to: Code): Code => exact("add", a, b, to);
    const sub = (a: Code, b: Code, to: Code): Code => exact("sub", a, b, to);
    // Jacobian doubling for a = 0 (dbl-2009-l of the Explicit-Formulas Database).
    const step: Code = [
      ...mul(X!, X!, A!),
      ...mul(Y!, Y!, B!),
      ...mul(B!, B!, C!),
      ...add(X!, B!, D!),
      ...mul(D!, D!, D!),
      ...sub(D!, A!, D!),
      ...sub(D!, C!, D!),
      ...add(D!, D!, D!),
      ...add(A!, A!, E!),
      ...add(E!, A!, E!),
      ...mul(Y!, Z!, Z!),
      ...add(Z!, Z!, Z!),
      ...mul(E!, E!, X!),
      ...sub(X!, D!, X!),
      ...sub(X!, D!, X!),
      ...sub(D!, X!, Y!),
      ...mul(E!, Y!, Y!),
      ...add(C!, C!, C!),
      ...add(C!, C!, C!),
      ...add(C!, C!, C!),
      ...sub(Y!, C!, Y!),
      ...k.set(i32.sub(k.get, i32.const(1))),
    ];
    return [
      ...when(infinity(p.get), [...copyPoint(p.get, r.get), ...ret()]),
      ...f("copy", p.get, X!),
      ...f("copy", y(p.get), Y!),
      ...f("copy", one, Z!),
      ...loopWhile(k.get, step),
      ...f("invert", Z!, Z!),
      ...mul(Z!, Z!, A!),
      ...mul(X!, A!, r.get),
      ...mul(A!, Z!, A!),
      ...mul(Y!, A!, y(r.get)),
    ];
  });
}
