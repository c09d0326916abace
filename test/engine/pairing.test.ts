// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the engine's pairing tell what noble-curves tells, and refuse points outside the subgroup?
 *
 * @module
 */
import { bn254 } from "@noble/curves/bn254.js";
import { beforeAll, describe, expect, it } from "vitest";
import { writeElement } from "../../prover/engine/dist/bytes.js";
import { compileArithmetic, createArithmetic } from "../../prover/engine/dist/kernels/run/arithmetic.js";
import { createPairing, type Pair, type Pairing } from "../../prover/engine/dist/kernels/run/pairing.js";
import { generator } from "../support/generator.js";

const SEED = 20261130n;
const { Fp2, Fp12, Fr } = bn254.fields;
const [G1, G2] = [bn254.G1.Point, bn254.G2.Point];
type Points = readonly [typeof G1.BASE, typeof G2.BASE];

function bytesOf(...values: bigint[]): Uint8Array {
  const bytes = new Uint8Array(32 * values.length);
  for (const [i, value] of values.entries()) writeElement(bytes, 32 * i, value);
  return bytes;
}

function g1(point: typeof G1.BASE): Uint8Array {
  const { x, y } = point.toAffine();
  return bytesOf(x, y);
}

function g2(point: typeof G2.BASE): Uint8Array {
  const { x, y } = point.toAffine();
  return bytesOf(x.c0, x.c1, y.c0, y.c1);
}

describe(`the pairing (seed ${SEED})`, () => {
  const random = generator(SEED);
  const scalar = (): bigint => 1n + random(Fr.ORDER - 1n);
  let pairing: Pairing;

  beforeAll(async () => {
    pairing = createPairing(await createArithmetic(await compileArithmetic()));
  });

  const load = ([p, q]: Points): Pair => ({
    point: pairing.loadPoint(g1(p)),
    lines: pairing.prepare(pairing.loadPoint(g2(q)))!,
  });
  const isOne = (pairs: readonly Points[]): boolean => pairing.isOne(pairs.map(load));
  const isOneForNoble = (pairs: readonly Points[]): boolean =>
    Fp12.eql(bn254.pairingBatch(pairs.map(([g1, g2]) => ({ g1, g2 }))), Fp12.ONE);

  it("finds products of one where logarithms add up to nothing, of any number of pairs", () => {
    for (let count = 2; count <= 5; count++) {
      const logarithms = Array.from({ length: count - 1 }, () => [scalar(), scalar()] as const);
      const rest = logarithms.reduce((sum, [a, b]) => Fr.sub(sum, Fr.mul(a, b)), 0n);
      const last = scalar();
      const pairs = [...logarithms, [Fr.mul(rest, Fr.inv(last)), last] as const].map(
        ([a, b]): Points => [G1.BASE.multiply(a), G2.BASE.multiply(b)],
      );
      expect(isOne(pairs)).toBe(true);
      expect(isOneForNoble(pairs)).toBe(true);
      const [[p, q], ...others] = pairs as [Points, ...Points[]];
      for (const changed of [
        [[p.negate(), q], ...others],
        [[p, q.negate()], ...others],
        [[p.add(G1.BASE), q], ...others],
        [[p, q.add(G2.BASE)], ...others],
        others,
      ] as Points[][]) {
        expect(isOne(changed)).toBe(false);
        expect(isOneForNoble(changed)).toBe(false);
      }
    }
  });

  it("of nothing is one, and of any pair is not", () => {
    expect(isOne([])).toBe(true);
    for (const factor of [1n, 2n, Fr.ORDER - 1n, scalar()]) {
      expect(isOne([[G1.BASE.multiply(factor), G2.BASE]])).toBe(false);
      expect(isOne([[G1.BASE, G2.BASE.multiply(factor)]])).toBe(false);
    }
  });

  it("takes points of order r only", () => {
    const b = Fp2.div(Fp2.fromBigTuple([3n, 0n]), Fp2.fromBigTuple([9n, 1n]));
    let outside = 0;
    for (let n = 1n; outside < 12; n++) {
      const x = Fp2.fromBigTuple([n, random(Fr.ORDER)]);
      const square = Fp2.add(Fp2.mul(Fp2.sqr(x), x), b);
      if (Fp2.pow(square, (Fp2.ORDER - 1n) / 2n).c0 !== 1n) continue;
      const point = G2.fromAffine({ x, y: Fp2.sqrt(square) });
      expect(point.isTorsionFree()).toBe(false);
      // Of another order: nothing but the part outside the subgroup, and both together.
      const cofactorOnly = point.multiplyUnsafe(Fr.ORDER - 1n).add(point);
      for (const bad of [point, cofactorOnly, point.add(G2.BASE)]) {
        expect(pairing.prepare(pairing.loadPoint(g2(bad)))).toBeUndefined();
      }
      outside += 1;
    }
    for (let i = 0; i < 12; i++) {
      expect(pairing.prepare(pairing.loadPoint(g2(G2.BASE.multiply(scalar()))))).toBeDefined();
    }
  });
});
