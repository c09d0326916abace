// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code of a curve on two lanes: what integer/curve.ts offers under the same names, with four additions at a time.
 *
 * A point is x, y, tight elements of one lane each (see lanes/field.ts); infinity is all zero. What is rare, above all
 * what is no chord, goes through the curve of integer/curve.ts.
 *
 * @module
 */
import { concatenate } from "../../bytes.js";
import { ENTRY_BYTES, touchPoints } from "../integer/curve.js";
import { elementBytes } from "../integer/field.js";
import { FIELD_BYTES } from "../integer/limbs.js";
import {
  type Code,
  drop,
  type FunctionScope,
  f64x2,
  i32,
  i64,
  type Local,
  loopWhile,
  type ModuleWriter,
  ret,
  v128,
  when,
} from "../wasm/writer.js";
import {
  bitsOf,
  type Constants,
  createLaneSteps,
  LANE_LIMBS,
  LANE_RADIX_BITS,
  loadLaneBits,
  PAIRS,
  QUAD_BYTES,
  quadBytes,
  storePair,
} from "./field.js";

/** A field under a curve on lanes: Fp, or Fp2 with quads of its coordinates one after the other. */
export interface LaneCurveField {
  /** Of the lanes' base field, and of the functions that {@link defineLaneExtension} adds. */
  readonly base: string;
  readonly prefix: string;
  readonly coordinates: 1 | 2;
  /** The base field, the field and the curve of integer/limbs.ts's elements. */
  readonly scalarBase: string;
  readonly scalarField: string;
  readonly scalarCurve: string;
  /** The curve's constant, by coordinates, not in Montgomery form. */
  readonly b: readonly bigint[];
  readonly p: bigint;
}

/**
 * Adds the products that a curve needs, on quads of elements of Fp or Fp2 (u^2 = -1): `mul(a, b, r)`,
 * `mulMinus(a, b, s, r)` = a b - s, `squareMinus(a, s, r)` = a^2 - s. The first factor and s may be the sum or difference
 * of two tight elements, but for squares; results are tight.
 */
export function defineLaneProducts(writer: ModuleWriter, field: LaneCurveField): void {
  const { base, prefix, coordinates } = field;
  const f = (op: string, ...args: Code[]): Code => writer.call(`${base}_${op}`, ...args);
  const temporary = (): Code => i32.const(writer.data(new Uint8Array(QUAD_BYTES)));
  const [first, sum] = [temporary(), temporary()];
  const c1 = (pointer: Code): Code => i32.add(pointer, i32.const(QUAD_BYTES));
  const define = (op: string, params: number, body: (...pointers: Code[]) => Code): void =>
    writer.define(`${prefix}_${op}`, params, "none", ({ params: p }) => body(...p.map(({ get }) => get)));
  const reduceMinus = (s: Code | undefined, r: Code): Code =>
    s === undefined ? f("reduce", r) : f("reduceMinus", s, r);

  const multiply = (a: Code, b: Code, s: Code | undefined, r: Code): Code =>
    coordinates === 1
      ? [...f("columns", a, b), ...reduceMinus(s, r)]
      : [
          ...f("columns", a, b),
          ...f("subColumns", c1(a), c1(b)),
          ...reduceMinus(s, first),
          ...f("columns", a, c1(b)),
          ...f("addColumns", c1(a), b),
          ...reduceMinus(s && c1(s), c1(r)),
          ...f("copy", first, r),
        ];
  define("mul", 3, (a, b, r) => multiply(a!, b!, undefined, r!));
  define("mulMinus", 4, (a, b, s, r) => multiply(a!, b!, s!, r!));
  define("squareMinus", 3, (a, s, r) =>
    coordinates === 1
      ? [...f("square", a!), ...reduceMinus(s!, r!)]
      : [
          ...f("square", a!),
          ...f("subColumns", c1(a!), c1(a!)),
          ...reduceMinus(s!, first),
          ...f("add", a!, a!, sum),
          ...f("columns", sum, c1(a!)),
          ...reduceMinus(c1(s!), c1(r!)),
          ...f("copy", first, r!),
        ],
  );
}

/** Adds the functions that {@link defineCurve} adds. */
export function defineLaneCurve(
  writer: ModuleWriter,
  prefix: string,
  field: LaneCurveField,
  constants: Constants,
): void {
  const { base, coordinates, p: modulus } = field;
  const name = (op: string): string => `${prefix}_${op}`;
  const f = (op: string, ...args: Code[]): Code => writer.call(`${field.prefix}_${op}`, ...args);
  const convert = (op: string, ...args: Code[]): Code => writer.call(`${base}_${op}`, ...args);
  const scalar = (op: string, ...args: Code[]): Code => writer.call(`${field.scalarField}_${op}`, ...args);
  const scalarBase = (op: string, ...args: Code[]): Code => writer.call(`${field.scalarBase}_${op}`, ...args);
  const scalarCurve = (op: string, ...args: Code[]): Code =>
    writer.call(`${field.scalarCurve}_${op}`, ...args);
  const coordinateBytes = coordinates * FIELD_BYTES;
  const pointBytes = 2 * coordinateBytes;
  const quadBytesOf = coordinates * QUAD_BYTES;
  const limbs = coordinates * LANE_LIMBS;
  const place = (bytes: number): Code => i32.const(writer.data(new Uint8Array(bytes)));
  const quads = (count: number): Code[] => range(count).map(() => place(quadBytesOf));
  const quadOf = (values: readonly bigint[]): Code =>
    i32.const(writer.data(concatenate(values.map((value) => quadBytes(value << LANE_RADIX_BITS, modulus)))));
  const zeros = new Array<bigint>(coordinates - 1).fill(0n);
  const one = quadOf([1n, ...zeros]);
  const copyQuad = (source: Code, target: Code): Code =>
    range(quadBytesOf / 16).flatMap((i) => v128.store(target, v128.load(source, 16 * i), 16 * i));
  /** Where limb i of all coordinates of the base field lies in a pair of a quad. */
  const limbAt = (i: number, pair: number): number =>
    QUAD_BYTES * Math.floor(i / LANE_LIMBS) + pair + 16 * (i % LANE_LIMBS);
  /** Limb i of a coordinate (0 is x) of two points. */
  const gather = (a: Code, b: Code, coordinate: number, i: number): Code =>
    v128.gather(a, b, coordinate * coordinateBytes + 8 * i);
  const scatter = (source: Code, pair: number, targets: readonly [Code, Code], coordinate: number): Code =>
    range(limbs).flatMap((i) =>
      ([0, 1] as const).flatMap((lane) => {
        const limb = v128.load(source, limbAt(i, pair));
        return v128.storeLane(targets[lane], limb, lane, coordinate * coordinateBytes + 8 * i);
      }),
    );
  /** Converts each of so many coordinates of the base field. */
  const convertAll = (
    op: string,
    count: number,
    from: Code,
    to: Code,
    fromStep = FIELD_BYTES,
    toStep = FIELD_BYTES,
  ) => range(count).flatMap((i) => convert(op, plus(from, i * fromStep), plus(to, i * toStep)));
  const unsigned = (pointer: Code): Code => i32.and(pointer, i32.const(-2));
  const sign = (pointer: Code): Code => i32.and(pointer, i32.const(1));

  writer.define(name("isInfinity"), 1, "i32", ({ params: [p] }) => {
    const words = range(pointBytes / 8).map((i) => i64.load(p!.get, 8 * i));
    // Zero may have a sign.
    return i64.eqz(
      i64.shl(
        words.reduce((all, next) => i64.or(all, next)),
        i64.const(1n),
      ),
    );
  });
  const infinity = (point: Code): Code => writer.call(name("isInfinity"), point);

  // The products of each lane's denominators, of two of them, and of all, in the form of integer/limbs.ts.
  const totals = range(LANES).map(() => place(coordinateBytes)) as CodesOfFour;
  const [firstHalf, secondHalf, total] = range(3).map(() => place(coordinateBytes)) as [Code, Code, Code];
  const ofLane = (quad: Code, lane: number): Code => plus(quad, PAIRS[lane >> 1]! + 8 * (lane & 1));

  // Room of four entries: the product of all denominators before them, and their own, lane by lane. Tells whether one of
  // them may be no chord: a denominator is zero, or so is a limb of x, which is chance or infinity.
  writer.define(name("prepare"), 3, "i32", (scope) => {
    const [table, count, work] = scope.params as [Local, Local, Local];
    const [at, room, end, p0, p1, q0, q1] = locals(scope, 7) as LocalsOfSeven;
    const [suspicious, a, b] = range(3).map(() => scope.v128()) as [Local, Local, Local];
    const read = (pair: number): Code =>
      range(limbs).flatMap((i) => [
        ...a.set(gather(p0.get, p1.get, 0, i)),
        ...b.set(gather(q0.get, q1.get, 0, i)),
        ...v128.store(room.get, f64x2.sub(b.get, a.get), quadBytesOf + limbAt(i, pair)),
        ...(i === 0
          ? suspicious.set(v128.or(suspicious.get, f64x2.eq(f64x2.mul(a.get, b.get), constants(0n))))
          : []),
      ]);
    return [
      ...at.set(table.get),
      ...end.set(i32.add(table.get, i32.mul(count.get, i32.const(ENTRY_BYTES)))),
      ...room.set(work.get),
      ...copyQuad(one, room.get),
      ...loopWhile(i32.ltU(at.get, end.get), [
        ...PAIRS.flatMap((pair) => [
          ...p0.set(unsigned(i32.load(at.get))),
          ...q0.set(unsigned(i32.load(at.get, 4))),
          ...p1.set(unsigned(i32.load(at.get, ENTRY_BYTES))),
          ...q1.set(unsigned(i32.load(at.get, ENTRY_BYTES + 4))),
          ...read(pair),
          ...at.set(plus(at.get, 2 * ENTRY_BYTES)),
        ]),
        ...f("mul", plus(room.get, quadBytesOf), room.get, plus(room.get, 2 * quadBytesOf)),
        ...room.set(plus(room.get, 2 * quadBytesOf)),
      ]),
      ...totals.flatMap((target, lane) =>
        convertAll("toLimbsInPair", coordinates, ofLane(room.get, lane), target, QUAD_BYTES),
      ),
      ...scalar("mul", totals[0], totals[1], firstHalf),
      ...scalar("mul", totals[2], totals[3], secondHalf),
      ...scalar("mul", firstHalf, secondHalf, total),
      ...scalar("reduce", total),
      ...i32.or(v128.any(suspicious.get), scalar("isZero", total)),
    ];
  });

  // A chord that nobody needs.
  const points = range(3).map(() => place(pointBytes));
  const [dummyP, dummyQ] = points as [Code, Code, Code];
  const dummy = (at: Code, offset: number): Code => [
    ...i64.store(dummyP, i64.const(DOUBLE_ONE)),
    ...i64.store(dummyQ, i64.const(DOUBLE_TWO)),
    ...points.flatMap((point, i) => i32.store(at, point, offset + 4 * i)),
  ];

  writer.define(name("addPairs"), 3, "none", (scope) => {
    const [table, count, work] = scope.params as [Local, Local, Local];
    const [at, room, end, p0, p1, q0, q1] = locals(scope, 7) as LocalsOfSeven;
    const [a, b, signA, signB] = range(4).map(() => scope.v128()) as [Local, Local, Local, Local];
    const [product, inverse, numerator, slope] = quads(4) as CodesOfFour;
    const [px, py, sumX, step] = quads(4) as CodesOfFour;
    const [x3, y3] = quads(2) as [Code, Code];
    const signs = i32.const(writer.data(signTable()));
    /** The sign bits of two entries' points. */
    const signsOf = (first: Code, second: Code): Code =>
      v128.load(
        i32.add(signs, i32.add(i32.shl(sign(first), i32.const(4)), i32.shl(sign(second), i32.const(5)))),
      );
    const read = (pair: number): Code =>
      range(limbs).flatMap((i) => {
        const to = limbAt(i, pair);
        return [
          ...a.set(gather(p0.get, p1.get, 0, i)),
          ...v128.store(px, a.get, to),
          ...v128.store(sumX, f64x2.add(a.get, gather(q0.get, q1.get, 0, i)), to),
          ...a.set(v128.xor(gather(p0.get, p1.get, 1, i), signA.get)),
          ...b.set(v128.xor(gather(q0.get, q1.get, 1, i), signB.get)),
          ...v128.store(py, a.get, to),
          ...v128.store(numerator, f64x2.sub(b.get, a.get), to),
        ];
      });
    const pointers = [
      { local: p0, offset: 0 },
      { local: p1, offset: ENTRY_BYTES },
      { local: q0, offset: 4 },
      { local: q1, offset: ENTRY_BYTES + 4 },
    ];
    /** Of the two entries of a pair. */
    const readPointers = (index: number): Code => [
      ...pointers.flatMap(({ local, offset }) =>
        local.set(i32.load(at.get, 2 * ENTRY_BYTES * index + offset)),
      ),
      ...signA.set(signsOf(p0.get, p1.get)),
      ...signB.set(signsOf(q0.get, q1.get)),
      ...pointers.flatMap(({ local }) => local.set(unsigned(local.get))),
    ];
    const result = (entry: number): Code => i32.load(at.get, ENTRY_BYTES * entry + 8);
    const prepare = writer.call(name("prepare"), table.get, count.get, work.get);
    return [
      ...end.set(i32.add(table.get, i32.mul(count.get, i32.const(ENTRY_BYTES)))),
      ...loopWhile(i32.and(count.get, i32.const(LANES - 1)), [
        ...dummy(end.get, 0),
        ...count.set(plus(count.get, 1)),
        ...end.set(plus(end.get, ENTRY_BYTES)),
      ]),
      ...touchPoints(table, end, at, p0, pointBytes),
      ...when(prepare, [...writer.call(name("addSpecial"), table.get, end.get), ...drop(prepare)]),
      // The product of all lanes is inverted, then that of two, then each lane's.
      ...scalar("invert", total, total),
      ...scalar("mul", firstHalf, total, firstHalf),
      ...scalar("mul", secondHalf, total, secondHalf),
      ...totals.flatMap((_, lane) => [
        ...scalar("mul", lane < 2 ? secondHalf : firstHalf, totals[lane ^ 1]!, total),
        ...convertAll("fromLimbsInPair", coordinates, total, ofLane(product, lane), FIELD_BYTES, QUAD_BYTES),
      ]),
      ...at.set(end.get),
      ...room.set(
        i32.add(work.get, i32.mul(i32.divU(count.get, i32.const(LANES)), i32.const(2 * quadBytesOf))),
      ),
      ...loopWhile(i32.ne(at.get, table.get), [
        ...at.set(plus(at.get, -LANES * ENTRY_BYTES)),
        ...room.set(plus(room.get, -2 * quadBytesOf)),
        ...f("mul", room.get, product, inverse),
        ...f("mul", plus(room.get, quadBytesOf), product, product),
        ...PAIRS.flatMap((pair, index) => [...readPointers(index), ...read(pair)]),
        ...f("mul", numerator, inverse, slope),
        ...f("squareMinus", slope, sumX, x3),
        ...range(coordinates).flatMap((i) =>
          convert("sub", ...[px, x3, step].map((quad) => plus(quad, i * QUAD_BYTES))),
        ),
        ...f("mulMinus", step, slope, py, y3),
        ...PAIRS.flatMap((pair, index) => {
          const results = [result(2 * index), result(2 * index + 1)] as const;
          return [...scatter(x3, pair, results, 0), ...scatter(y3, pair, results, 1)];
        }),
      ]),
    ];
  });

  // Adds what is no chord among the entries, one by one, and puts the dummy in its place.
  const coordinatesOf = 2 * coordinates;
  const [plainP, plainQ, plainR] = range(3).map(() => place(pointBytes)) as [Code, Code, Code];
  writer.define(name("addSpecial"), 2, "none", (scope) => {
    const [table, end] = scope.params as [Local, Local];
    const [at, p, q] = locals(scope, 3) as [Local, Local, Local];
    const entry = place(ENTRY_BYTES);
    const room = place(4 * coordinateBytes);
    return [
      ...at.set(table.get),
      ...loopWhile(i32.ltU(at.get, end.get), [
        ...p.set(unsigned(i32.load(at.get))),
        ...q.set(unsigned(i32.load(at.get, 4))),
        ...convertAll("toLimbs", coordinatesOf, p.get, plainP),
        ...convertAll("toLimbs", coordinatesOf, q.get, plainQ),
        ...when(
          [infinity(p.get), infinity(q.get), scalar("equal", plainP, plainQ)].reduce((a, b) => i32.or(a, b)),
          [
            ...i32.store(entry, i32.or(plainP, sign(i32.load(at.get)))),
            ...i32.store(entry, i32.or(plainQ, sign(i32.load(at.get, 4))), 4),
            ...i32.store(entry, plainR, 8),
            ...scalarCurve("addPairs", entry, i32.const(1), room),
            ...convertAll("fromLimbs", coordinatesOf, plainR, i32.load(at.get, 8)),
            ...dummy(at.get, 0),
          ],
        ),
        ...at.set(plus(at.get, ENTRY_BYTES)),
      ]),
    ];
  });

  writer.define(name("doubleMany"), 3, "none", ({ params: [p, k, r] }) => [
    ...convertAll("toLimbs", coordinatesOf, p!.get, plainP),
    ...scalarCurve("doubleMany", plainP, k!.get, plainP),
    ...convertAll("fromLimbs", coordinatesOf, plainP, r!.get),
  ]);

  writer.define(name("copy"), 2, "none", (scope) => {
    const [p, r] = scope.params as [Local, Local];
    const bit = scope.i64();
    return [
      ...bit.set(i64.shl(i64.ofUnsigned(sign(p.get)), i64.const(63n))),
      ...p.set(unsigned(p.get)),
      ...range(pointBytes / 8).flatMap((i) => {
        const word = i64.load(p.get, 8 * i);
        return i64.store(r.get, 8 * i < coordinateBytes ? word : i64.xor(word, bit.get), 8 * i);
      }),
    ];
  });

  writer.define(name("areOnCurve"), 2, "i32", (scope) => {
    const [points, count] = scope.params as [Local, Local];
    const [p, p1, p2, p3, end] = locals(scope, 5) as [Local, Local, Local, Local, Local];
    const [x, y, right] = quads(3) as [Code, Code, Code];
    const zero = quadOf(new Array<bigint>(coordinates).fill(0n));
    const negatedB = quadOf(field.b.map((value) => -value));
    const all = [p, p1, p2, p3];
    const fails = (point: Code): Code => [
      ...convertAll("toLimbs", coordinatesOf, point, plainP),
      ...when(i32.eqz(i32.or(infinity(point), scalarCurve("isOnCurve", plainP))), ret(i32.const(0))),
    ];
    return [
      ...p.set(points.get),
      ...end.set(i32.add(points.get, i32.mul(count.get, i32.const(pointBytes)))),
      ...loopWhile(i32.ltU(p.get, end.get), [
        // The last one again when their number is no multiple of four.
        ...all
          .slice(1)
          .flatMap((next, i) => [
            ...next.set(plus(all[i]!.get, pointBytes)),
            ...when(i32.eq(next.get, end.get), next.set(all[i]!.get)),
          ]),
        ...PAIRS.flatMap((pair, index) =>
          range(limbs).flatMap((i) =>
            [x, y].flatMap((target, j) => {
              const [first, second] = all.slice(2 * index) as [Local, Local];
              return v128.store(target, gather(first.get, second.get, j, i), limbAt(i, pair));
            }),
          ),
        ),
        ...f("squareMinus", x, zero, right),
        ...f("mulMinus", right, x, negatedB, right),
        ...f("squareMinus", y, right, right),
        // A tight element is zero only when its limbs are; infinity is on no curve.
        ...when(
          v128.any(
            range(quadBytesOf / 16)
              .map((i) => v128.load(right, 16 * i))
              .reduce((a, b) => v128.or(a, b)),
          ),
          all.flatMap(({ get }) => fails(get)),
        ),
        ...p.set(plus(p.get, LANES * pointBytes)),
      ]),
      ...i32.const(1),
    ];
  });

  // snarkjs's form is x 2^256: with 2^254 for a factor it becomes x 2^255.
  const fromSnarkjs = i32.const(writer.data(quadBytes(1n << (2n * LANE_RADIX_BITS - 256n), modulus)));
  writer.define(name("load"), 3, "none", (scope) => {
    const [source, count, target] = scope.params as [Local, Local, Local];
    const end = scope.i32();
    const room = place(QUAD_BYTES);
    const steps = createLaneSteps(scope, constants);
    // Four coordinates at a time; beyond the last ones there is room.
    for (const [index, pair] of PAIRS.entries()) {
      const [first, second] = [0, 1].map((lane) => plus(source.get, BITS_BYTES * (2 * index + lane)));
      storePair(steps, loadLaneBits(steps, first!, second!), room, pair);
    }
    return [
      ...end.set(i32.add(target.get, i32.mul(count.get, i32.const(pointBytes)))),
      ...loopWhile(i32.ltU(target.get, end.get), [
        ...steps.code,
        ...convert("mul", room, fromSnarkjs, room),
        ...range(LANES).flatMap((lane) =>
          range(LANE_LIMBS).flatMap((i) =>
            i64.store(target.get, i64.load(ofLane(room, lane), 16 * i), FIELD_BYTES * lane + 8 * i),
          ),
        ),
        ...source.set(plus(source.get, LANES * BITS_BYTES)),
        ...target.set(plus(target.get, LANES * FIELD_BYTES)),
      ]),
    ];
  });

  const plainOne = i32.const(writer.data(elementBytes(1n)));
  writer.define(name("read"), 2, "none", ({ params: [point, target] }) =>
    range(coordinatesOf).flatMap((i) => [
      ...convert("toLimbs", plus(point!.get, i * FIELD_BYTES), plainP),
      ...scalarBase("mul", plainP, plainOne, plainP),
      ...scalarBase("reduce", plainP),
      ...scalarBase("toBytes", plainP, plus(target!.get, BITS_BYTES * i)),
    ]),
  );
}

type LocalsOfSeven = [Local, Local, Local, Local, Local, Local, Local];
type CodesOfFour = [Code, Code, Code, Code];

/** Elements in a quad. */
const LANES = 4;
/** Bytes of a plain element. */
const BITS_BYTES = 32;
const DOUBLE_ONE = bitsOf(1);
const DOUBLE_TWO = bitsOf(2);

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const locals = (scope: FunctionScope, count: number): Local[] => range(count).map(() => scope.i32());
const plus = (pointer: Code, bytes: number): Code =>
  bytes === 0 ? pointer : i32.add(pointer, i32.const(bytes));

/** Sign bits of two lanes, by whether the first (1) and the second (2) is negated. */
function signTable(): Uint8Array {
  const words = range(4).flatMap((index) => [index & 1, index >> 1].map((bit) => BigInt(bit) << 63n));
  return new Uint8Array(BigUint64Array.from(words).buffer);
}
