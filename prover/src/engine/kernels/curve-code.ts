// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code of a curve y^2 = x^3 + b over a prime field or its quadratic extension: affine points, added in batches that
 * share one inversion (5 multiplications and a square an addition, where a mixed Jacobian addition takes 11).
 *
 * A point is x, y, canonical, in Montgomery form; infinity is all zero (b is not zero, so no point is). Group orders
 * are odd, so that no finite point has y = 0.
 *
 * @module
 */
import { FIELD_BYTES } from "./field-code.js";
import {
  type Code,
  type FunctionScope,
  i32,
  type Local,
  loopWhile,
  type ModuleWriter,
  ret,
  when,
} from "./wasm-writer.js";

/**
 * Adds the functions of the quadratic extension field with u^2 = -1, on pairs (c0, c1), under `prefix` over `base`: a
 * subset of the base field's, with the same bounds on each coordinate.
 */
export function defineExtension(writer: ModuleWriter, prefix: string, base: string): void {
  const f = (op: string, ...args: Code[]): Code => writer.call(`${base}_${op}`, ...args);
  const c1 = (pointer: Code): Code => i32.add(pointer, i32.const(FIELD_BYTES));
  const temporary = (): Code => i32.const(writer.data(new Uint8Array(FIELD_BYTES)));
  const [t0, t1, zero] = [temporary(), temporary(), temporary()];
  const define = (op: string, params: number, body: (...pointers: Code[]) => Code): void =>
    writer.define(`${prefix}_${op}`, params, "none", ({ params: p }) => body(...p.map(({ get }) => get)));

  define("mul", 3, (a, b, r) => [
    ...f("sub4", zero, c1(b!), t0),
    ...f("mul2", a!, b!, c1(a!), t0, t0),
    ...f("mul2", a!, c1(b!), c1(a!), b!, c1(r!)),
    ...f("copy", t0, r!),
  ]);
  // (a0 + a1)(a0 - a1) and 2 a0 a1
  define("square", 2, (a, r) => [
    ...f("add", a!, c1(a!), t0),
    ...f("sub4", a!, c1(a!), t1),
    ...f("mul", t0, t1, t0),
    ...f("add", a!, a!, t1),
    ...f("mul", t1, c1(a!), c1(r!)),
    ...f("copy", t0, r!),
  ]);
  // 1 / a = conjugate(a) / (a0^2 + a1^2)
  define("invert", 2, (a, r) => [
    ...f("mul2", a!, a!, c1(a!), c1(a!), t0),
    ...f("invert", t0, t0),
    ...f("mul", a!, t0, r!),
    ...f("sub4", zero, c1(a!), t1),
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
  writer.define(`${prefix}_equal`, 2, "i32", ({ params: [a, b] }) => [
    ...when(i32.eqz(f("equal", a!.get, b!.get)), ret(i32.const(0))),
    ...f("equal", c1(a!.get), c1(b!.get)),
  ]);
  // Coordinates are never zero together, but one of them may be: p - 0 is not canonical.
  define("negate", 2, (a, r) => [
    ...f("sub", zero, a!, r!),
    ...f("reduce", r!),
    ...f("sub", zero, c1(a!), c1(r!)),
    ...f("reduce", c1(r!)),
  ]);
}

/** Bytes of one entry of the table that `addPairs` reads: pointers to p, q and the result. */
export const PAIR_BYTES = 12;

/**
 * Adds a curve's functions:
 * - `addPairs(table, count, work)`: for each entry (p, q, r), r = p + q; an odd pointer means the negated point at the
 *   even address below; `work` has room for two field elements an entry; a result may take the place of its own
 *   operands and of no other entry's;
 * - `doubleMany(p, k, r)`: r = 2^k p;
 * - `isOnCurve(p)` of a finite point.
 *
 * @param one the field's one in Montgomery form, `b` the curve's constant, as addresses
 */
export function defineCurve(
  writer: ModuleWriter,
  prefix: string,
  field: { readonly prefix: string; readonly bytes: number; readonly one: number; readonly b: number },
): void {
  const { bytes } = field;
  const name = (op: string): string => `${prefix}_${op}`;
  const f = (op: string, ...args: Code[]): Code => writer.call(`${field.prefix}_${op}`, ...args);
  const square = (a: Code, r: Code): Code =>
    field.bytes === FIELD_BYTES ? f("mul", a, a, r) : f("square", a, r);
  const temporary = (): Code => i32.const(writer.data(new Uint8Array(bytes)));
  const one = i32.const(field.one);
  const y = (point: Code): Code => i32.add(point, i32.const(bytes));
  const copyPoint = (from: Code, to: Code): Code => [...f("copy", from, to), ...f("copy", y(from), y(to))];

  writer.define(name("isInfinity"), 1, "i32", ({ params: [p] }) => [
    // Nearly every finite point shows in its first word.
    ...when(i32.load(p!.get), ret(i32.const(0))),
    ...i32.and(f("isZero", p!.get), f("isZero", y(p!.get))),
  ]);
  writer.define(name("isOnCurve"), 1, "i32", ({ params: [p] }) => {
    const [left, right] = [temporary(), temporary()];
    return [
      ...square(p!.get, right),
      ...f("mul", right, p!.get, right),
      ...f("add", right, i32.const(field.b), right),
      ...f("reduce", right),
      ...square(y(p!.get), left),
      ...f("reduce", left),
      ...f("equal", left, right),
    ];
  });

  const [product, inverse, slope, py, qy, x3] = Array.from({ length: 6 }, temporary) as [
    Code,
    Code,
    Code,
    Code,
    Code,
    Code,
  ];
  /** Reads entry `at` and puts the signed y coordinates into `py` and `qy`. */
  const readEntry = (at: Code, p: Local, q: Local): Code => {
    const signedY = (local: Local, target: Code, offset: number): Code => [
      ...local.set(i32.load(at, offset)),
      ...when(
        i32.and(local.get, i32.const(1)),
        [...local.set(i32.sub(local.get, i32.const(1))), ...f("negate", y(local.get), target)],
        f("copy", y(local.get), target),
      ),
    ];
    return [...signedY(p, py, 0), ...signedY(q, qy, 4)];
  };
  const infinity = (point: Local): Code => writer.call(name("isInfinity"), point.get);

  writer.define(name("addPairs"), 3, "none", (scope) => {
    const [table, count, work] = scope.params as [Local, Local, Local];
    const [i, p, q, at, room] = [scope.i32(), scope.i32(), scope.i32(), scope.i32(), scope.i32()];
    const place: Code = [
      ...at.set(i32.add(table.get, i32.mul(i.get, i32.const(PAIR_BYTES)))),
      ...room.set(i32.add(work.get, i32.mul(i.get, i32.const(2 * bytes)))),
    ];
    const denominator = y(room.get);
    const forward: Code = [
      ...place,
      ...p.set(i32.load(at.get)),
      ...q.set(i32.load(at.get, 4)),
      ...f("copy", product, room.get),
      // Wrong for infinity, doubling and cancelling, which are rare: they show as a zero, or in the first word.
      ...f("sub", i32.and(q.get, i32.const(-2)), i32.and(p.get, i32.const(-2)), denominator),
      ...writer.call(name("correctDenominator"), at.get, denominator),
      ...f("mul", product, denominator, product),
      ...i.set(i32.add(i.get, i32.const(1))),
    ];
    const store = (x: Code, yValue: Code, r: Code): Code => [...f("copy", x, r), ...f("copy", yValue, y(r))];
    const result = i32.load(at.get, 8);
    const chord: Code = [...f("sub", qy, py, slope), ...f("mul", slope, inverse, slope)];
    const tangent: Code = [
      ...square(p.get, slope),
      ...f("add", slope, slope, x3),
      ...f("add", slope, x3, slope),
      ...f("mul", slope, inverse, slope),
    ];
    const finish: Code = [
      ...square(slope, x3),
      ...f("add", p.get, q.get, inverse),
      ...f("sub", x3, inverse, x3),
      ...f("reduce", x3),
      ...f("sub", p.get, x3, inverse),
      ...f("mul", slope, inverse, slope),
      ...f("sub", slope, py, slope),
      ...f("reduce", slope),
      ...store(x3, slope, result),
    ];
    const cancel: Code = [...f("sub", one, one, x3), ...f("reduce", x3), ...store(x3, x3, result)];
    const backward: Code = [
      ...i.set(i32.sub(i.get, i32.const(1))),
      ...place,
      ...f("mul", product, room.get, inverse),
      ...f("mul", product, denominator, product),
      ...readEntry(at.get, p, q),
      ...when(
        infinity(p),
        when(infinity(q), cancel, store(q.get, qy, result)),
        when(
          infinity(q),
          store(p.get, py, result),
          when(f("equal", p.get, q.get), when(f("equal", py, qy), [...tangent, ...finish], cancel), [
            ...chord,
            ...finish,
          ]),
        ),
      ),
    ];
    return [
      ...f("copy", one, product),
      ...loopWhile(i32.ltU(i.get, count.get), forward),
      ...f("invert", product, product),
      ...loopWhile(i.get, backward),
    ];
  });

  // Replaces the difference q.x - p.x where the entry is no chord: 2y for a tangent, one where nothing is inverted.
  writer.define(name("correctDenominator"), 2, "none", (scope: FunctionScope) => {
    const [at, denominator] = scope.params as [Local, Local];
    const [p, q] = [scope.i32(), scope.i32()];
    return [
      ...p.set(i32.and(i32.load(at.get), i32.const(-2))),
      ...q.set(i32.and(i32.load(at.get, 4), i32.const(-2))),
      ...when(i32.or(infinity(p), infinity(q)), [...f("copy", one, denominator.get), ...ret()]),
      ...when(f("equal", p.get, q.get), [
        ...readEntry(at.get, p, q),
        ...when(f("equal", py, qy), f("add", py, py, denominator.get), f("copy", one, denominator.get)),
      ]),
    ];
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
      ...when(infinity(p), [...copyPoint(p.get, r.get), ...ret()]),
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
