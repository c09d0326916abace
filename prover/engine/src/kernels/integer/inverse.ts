// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code of inversion modulo a prime on 9 limbs of 29 bits.
 *
 * Bernstein and Yang's division steps, skipping zeros: 29 steps on the lowest limbs make a matrix, by which f, g (at
 * first the modulus and x) and d, e are then multiplied. Always d x = f scale and e x = g scale, so that d is the
 * inverse times scale or its negative when g has become 0 and f 1 or -1. At most 735 steps, 26 rounds, are needed for
 * 256 bits; each adds at most the modulus to d and e, so they stay within 27 times the modulus.
 * Source: Bernstein and Yang, Fast constant-time gcd computation and modular inversion, TCHES 2019(3).
 *
 * @module
 */

import {
  type Code,
  i32,
  i64,
  type Local,
  loopWhile,
  type Operand64,
  operand,
  type Steps,
  select,
  when,
} from "../wasm/writer.js";
import {
  columnwise,
  LIMB_BITS,
  LIMBS,
  type Limb,
  type Limbs,
  liftNegative,
  MASK,
  moveCarries,
  negatedInverse,
  toLimbs,
} from "./limbs.js";

/**
 * scale / x modulo p in [0, p), carries moved; 0 for 0.
 *
 * @param x limbs of a number below p
 * @param scale below p
 */
export function invertLimbs(steps: Steps, x: Limbs, p: bigint, scale: bigint): Limb[] {
  const variables = (limbs: Limbs): Local[] => limbs.map((limb) => steps.keep(limb));
  const f = variables(toLimbs(p));
  const g = variables(x);
  const d = variables(toLimbs(0n));
  const e = variables(toLimbs(scale));
  const eta = steps.keep(-1n);
  const matrix = createMatrix(steps);
  const isNotZero = (limbs: Limbs): Code => i32.eqz(i64.eqz(limbs.reduce((all, next) => i64.or(all, next))));
  steps.run(
    loopWhile(isNotZero(g), [
      matrix.fill(eta, f[0]!, g[0]!),
      matrix.apply({ x: f, y: g }),
      matrix.apply({ x: d, y: e }, p),
    ]),
  );
  const sign = steps.keep(i64.shrS(f.at(-1)!, 63n));
  const signed = d.map((limb) => steps.keep(i64.sub(i64.xor(limb, sign), sign)));
  const { add, sub } = columnwise(steps);
  let result = add(signed, toLimbs(32n * p));
  for (const multiple of [32n, 16n, 8n, 4n, 2n, 1n]) {
    result = liftNegative(steps, sub(result, toLimbs(multiple * p)), multiple * p);
  }
  return moveCarries(steps, result);
}

/** Two numbers in variables. */
interface Vector {
  readonly x: readonly Local[];
  readonly y: readonly Local[];
}

/** The matrix of a round, u v over q r, times 2^29. */
interface Matrix {
  /** Runs 29 steps on the lowest limbs; eta counts how far f is ahead of g. */
  fill(eta: Local, lowF: Local, lowG: Local): Code;
  /** Multiplies a vector by the matrix; adds multiples of the modulus, if one is given, that make the division exact. */
  apply(vector: Vector, modulus?: bigint): Code;
}

function createMatrix(steps: Steps): Matrix {
  const entries = steps.variables({ u: i64, v: i64, q: i64, r: i64 });
  return {
    fill: (eta, lowF, lowG) => fillMatrix(steps, entries, eta, lowF, lowG),
    apply: (vector, modulus) => applyMatrix(steps, entries, vector, modulus),
  };
}

type Entries = Readonly<Record<"u" | "v" | "q" | "r", Local>>;

function fillMatrix(steps: Steps, { u, v, q, r }: Entries, eta: Local, lowF: Local, lowG: Local): Code {
  const types = { f: i64, g: i64, left: i64, zeros: i64, width: i64, factor: i64 };
  const { f, g, left, zeros, width, factor } = steps.variables(types);
  const minimum = (a: Operand64, b: Operand64): Code => select(a, b, i64.ltS(a, b));
  const skipZeros = [
    zeros.set(i64.ctz(i64.or(g, i64.shl(-1n, left)))),
    [eta, left].map((local) => local.set(i64.sub(local, zeros))),
    [u, v].map((local) => local.set(i64.shl(local, zeros))),
    g.set(i64.shrS(g, zeros)),
  ];
  const negative = (local: Local): Code => i64.sub(0n, local);
  const exchange = assign([
    [eta, negative(eta)],
    [f, g],
    [g, negative(f)],
    [u, q],
    [q, negative(u)],
    [v, r],
    [r, negative(v)],
  ]);
  // -g/f modulo 64, since f^2 is 1 modulo 8.
  const quotient = i64.mul(i64.mul(f, g), i64.sub(i64.mul(f, f), 2n));
  const addMultiple = (to: Local, of: Local): Code => to.set(i64.add(to, i64.mul(of, factor)));
  return [
    assign([
      [f, lowF],
      [g, lowG],
      [left, LIMB_BITS],
    ]),
    assign([
      [u, 1n],
      [v, 0n],
      [q, 0n],
      [r, 1n],
    ]),
    loopWhile(
      [skipZeros, i32.eqz(i64.eqz(left))],
      [
        when(i64.ltS(eta, 0n), exchange),
        width.set(minimum(i64.add(eta, 1n), 6n)),
        width.set(minimum(width, left)),
        factor.set(i64.and(quotient, i64.sub(i64.shl(1n, width), 1n))),
        addMultiple(g, f),
        addMultiple(q, u),
        addMultiple(r, v),
      ],
    ),
  ];
}

function applyMatrix(steps: Steps, { u, v, q, r }: Entries, { x, y }: Vector, modulus?: bigint): Code {
  const rows = [
    { target: x, a: u, b: v },
    { target: y, a: q, b: r },
  ].map((row) => ({ ...row, ...steps.variables({ carry: i64, multiple: i64 }) }));
  const code: Code[] = rows.map(({ carry }) => carry.set(0n));
  for (let i = 0; i < LIMBS; i++) {
    for (const { a, b, carry, multiple } of rows) {
      const sum = i64.add(i64.mul(a, x[i]!), i64.mul(b, y[i]!));
      code.push(carry.set(i64.add(carry, sum)));
      if (modulus === undefined) continue;
      const lowest = i64.mul(carry, negatedInverse(modulus));
      if (i === 0) code.push(multiple.set(i64.and(lowest, MASK)));
      code.push(carry.set(i64.add(carry, i64.mul(multiple, toLimbs(modulus)[i]!))));
    }
    for (const { target, carry } of rows) {
      if (i > 0) code.push(target[i - 1]!.set(i64.and(carry, MASK)));
      code.push(carry.set(i64.shrS(carry, LIMB_BITS)));
    }
  }
  return [code, rows.map(({ target, carry }) => target[LIMBS - 1]!.set(carry))];
}

/** Sets variables at once: every value is taken before the first is set. */
function assign(pairs: readonly (readonly [target: Local, value: Operand64])[]): Code {
  return [pairs.map(([, value]) => operand(value)), [...pairs].reverse().map(([target]) => target.set([]))];
}
