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
  type FunctionScope,
  i32,
  i64,
  type Local,
  loopWhile,
  select,
  when,
} from "../wasm/writer.js";
import {
  columnwise,
  constants,
  LIMB_BITS,
  LIMBS,
  liftNegative,
  MASK,
  moveCarries,
  negatedInverse,
  type Steps,
} from "./limbs.js";

/**
 * scale / x modulo p in [0, p), carries moved; 0 for 0.
 *
 * @param x limbs of a number below p
 * @param scale below p
 */
export function invertLimbs(
  scope: FunctionScope,
  steps: Steps,
  x: readonly Code[],
  p: bigint,
  scale: bigint,
): Code[] {
  const { code } = steps;
  const variables = (values: readonly Code[]): Local[] =>
    values.map((value) => {
      const local = scope.i64();
      code.push(...local.set(value));
      return local;
    });
  const f = variables(constants(p));
  const g = variables(x);
  const d = variables(constants(0n));
  const e = variables(constants(scale));
  const [eta] = variables([i64.const(-1n)]);
  const matrix = createMatrix(scope);
  const isNotZero = (limbs: readonly Local[]): Code =>
    i32.eqz(i64.eqz(limbs.map(({ get }) => get).reduce((all, next) => i64.or(all, next))));
  code.push(
    ...loopWhile(isNotZero(g), [
      ...matrix.fill(eta!, f[0]!, g[0]!),
      ...matrix.apply(f, g),
      ...matrix.apply(d, e, p),
    ]),
  );
  const sign = steps.keep(i64.shrS(f.at(-1)!.get, i64.const(63n)));
  const signed = d.map(({ get }) => steps.keep(i64.sub(i64.xor(get, sign), sign)));
  const { add, sub } = columnwise(steps);
  let result = add(signed, constants(32n * p));
  for (const multiple of [32n, 16n, 8n, 4n, 2n, 1n]) {
    result = liftNegative(steps, sub(result, constants(multiple * p)), multiple * p);
  }
  return moveCarries(steps, result);
}

/** The matrix of a round, u v over q r, times 2^29. */
function createMatrix(scope: FunctionScope) {
  const [u, v, q, r] = [scope.i64(), scope.i64(), scope.i64(), scope.i64()];
  return {
    /** Runs 29 steps on the lowest limbs; eta counts how far f is ahead of g. */
    fill(eta: Local, lowF: Local, lowG: Local): Code {
      const [f, g, left, zeros, width, factor] = Array.from({ length: 6 }, () => scope.i64()) as LocalsOfSix;
      const minimum = (a: Code, b: Code): Code => select(a, b, i64.ltS(a, b));
      const skipZeros = [
        ...zeros.set(i64.ctz(i64.or(g.get, i64.shl(i64.const(-1n), left.get)))),
        ...[eta, left].flatMap((local) => local.set(i64.sub(local.get, zeros.get))),
        ...[u, v].flatMap((local) => local.set(i64.shl(local.get, zeros.get))),
        ...g.set(i64.shrS(g.get, zeros.get)),
      ];
      const negative = (local: Local): Code => i64.sub(i64.const(0n), local.get);
      const exchange = assign(
        [eta, f, g, u, q, v, r],
        [negative(eta), g.get, negative(f), q.get, negative(u), r.get, negative(v)],
      );
      // -g/f modulo 64, since f^2 is 1 modulo 8.
      const quotient = i64.mul(i64.mul(f.get, g.get), i64.sub(i64.mul(f.get, f.get), i64.const(2n)));
      const one = i64.const(1n);
      const addMultiple = (to: Local, of: Local): Code =>
        to.set(i64.add(to.get, i64.mul(of.get, factor.get)));
      return [
        ...assign([f, g, left], [lowF.get, lowG.get, i64.const(LIMB_BITS)]),
        ...assign([u, v, q, r], [one, i64.const(0n), i64.const(0n), one]),
        ...loopWhile(
          [...skipZeros, ...i32.eqz(i64.eqz(left.get))],
          [
            ...when(i64.ltS(eta.get, i64.const(0n)), exchange),
            ...width.set(minimum(i64.add(eta.get, one), i64.const(6n))),
            ...width.set(minimum(width.get, left.get)),
            ...factor.set(i64.and(quotient, i64.sub(i64.shl(one, width.get), one))),
            ...addMultiple(g, f),
            ...addMultiple(q, u),
            ...addMultiple(r, v),
          ],
        ),
      ];
    },
    /** Multiplies a pair by the matrix; adds multiples of the modulus, if one is given, that make the division exact. */
    apply(x: readonly Local[], y: readonly Local[], modulus?: bigint): Code {
      const rows = [
        { target: x, a: u, b: v },
        { target: y, a: q, b: r },
      ].map((row) => ({ ...row, carry: scope.i64(), multiple: scope.i64() }));
      const code: number[] = rows.flatMap(({ carry }) => [...carry.set(i64.const(0n))]);
      for (let i = 0; i < LIMBS; i++) {
        for (const { a, b, carry, multiple } of rows) {
          const sum = i64.add(i64.mul(a.get, x[i]!.get), i64.mul(b.get, y[i]!.get));
          code.push(...carry.set(i64.add(carry.get, sum)));
          if (modulus === undefined) continue;
          const lowest = i64.mul(carry.get, i64.const(negatedInverse(modulus)));
          if (i === 0) code.push(...multiple.set(i64.and(lowest, i64.const(MASK))));
          code.push(...carry.set(i64.add(carry.get, i64.mul(multiple.get, constants(modulus)[i]!))));
        }
        for (const { target, carry } of rows) {
          if (i > 0) code.push(...target[i - 1]!.set(i64.and(carry.get, i64.const(MASK))));
          code.push(...carry.set(i64.shrS(carry.get, i64.const(LIMB_BITS))));
        }
      }
      return [...code, ...rows.flatMap(({ target, carry }) => target[LIMBS - 1]!.set(carry.get))];
    },
  };
}

type LocalsOfSix = [Local, Local, Local, Local, Local, Local];

/** Sets variables at once: every value is taken before the first is set. */
function assign(targets: readonly Local[], values: readonly Code[]): Code {
  return [...values.flat(), ...targets.toReversed().flatMap((target) => target.set([]))];
}
