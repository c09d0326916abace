// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The optimal ate pairing of BN254: is a product of pairings one?
 *
 * The functions of fields are the module's; the order in which they are called is decided here. Fp12 is Fp2[w] with w^6 = 9 + u,
 * an element six coefficients one after the other, and the twist's point (x, y) stands for (x w^2, y w^3). A line with slope s
 * through a point (x, y) of the twist has at a point P of G1 the value P.y - s P.x w + (s x - y) w^3.
 *
 * Formulas: Vercauteren, Optimal Pairings (2008), for the loop; Fuentes-Castaneda, Knapp and Rodriguez-Henriquez, Faster
 * Hashing to G2 (2011), for the exponent, a multiple of the least one.
 *
 * @module
 */

import { concatenate, ELEMENT_BYTES } from "../../bytes.js";
import { BASE_FIELD, X } from "../../field.js";
import { elementBytes, FIELD_BYTES, RADIX_BITS } from "../sizes.js";
import { type Arithmetic, allocate, bytesAt } from "./arithmetic.js";
import { loadBytes } from "./scalars.js";

const FP2_BYTES = 2 * FIELD_BYTES;
/** The curve's parameter and the length of the loop, in bits after the first. */
const X_BITS = bitsAfterFirst(X);
const LOOP_BITS = bitsAfterFirst(6n * X + 2n);
const ALL = [0, 1, 2, 3, 4, 5];
/** Powers of w in a line. */
const OF_LINE = [0, 1, 3];
/** A line's slope, negated, and its last coefficient. */
const LINE_BYTES = 2 * FP2_BYTES;

/** A point of G1 by its address, and the lines of one of G2. */
export interface Pair {
  readonly point: number;
  readonly lines: number;
}

/** Pairings in an instance's memory, all that is allocated for good. */
export interface Pairing {
  /** Brings plain affine coordinates of a finite point into the memory. */
  loadPoint(bytes: Uint8Array): number;
  /** The lines of a finite point of the twist, or nothing when it is not of order r. */
  prepare(point: number): number | undefined;
  /** Whether the product of the pairings of finite points is one. */
  isOne(pairs: readonly Pair[]): boolean;
}

/** Makes constants and room for what is in between. */
export function createPairing(arithmetic: Arithmetic): Pairing {
  const tower = createTower(arithmetic);
  const radixSquared = loadBytes(arithmetic, elementBytes((1n << (2n * RADIX_BITS)) % BASE_FIELD));
  const product = tower.room(ALL.length);
  const loops = createLoops(arithmetic, tower);
  const isOneFinally = createFinalExponentiation(arithmetic, tower);
  return {
    loadPoint: (bytes) => loadPoint(arithmetic, bytes, radixSquared),
    prepare: createPreparation(arithmetic, tower),
    isOne(pairs) {
      loops(pairs, product);
      return isOneFinally(product);
    },
  };
}

/** Brings plain coordinates into the memory, in Montgomery form. */
function loadPoint(arithmetic: Arithmetic, bytes: Uint8Array, radixSquared: number): number {
  const { fromBytes, mul } = arithmetic.fp;
  const point = allocate(arithmetic, (bytes.length / ELEMENT_BYTES) * FIELD_BYTES);
  const source = loadBytes(arithmetic, bytes);
  for (let i = 0; i * ELEMENT_BYTES < bytes.length; i++) {
    const element = point + i * FIELD_BYTES;
    fromBytes(source + i * ELEMENT_BYTES, element);
    mul(element, radixSquared, element);
  }
  return point;
}

/** Fp2 and Fp12; results may take operands' places. */
interface Tower {
  /** Room for so many elements of Fp2. */
  room(elements: number): number;
  /** (9 + u)^((p - 1) / 6) to the power of i at place i: what takes a coefficient of w^i through Frobenius' map. */
  readonly twists: number;
  conjugate(a: number, r: number): void;
  /** A product of two of Fp12, of which the second has these powers of w only. */
  multiply(a: number, b: number, r: number, powers?: readonly number[]): void;
  frobenius(a: number, r: number): void;
  copy(a: number, r: number): void;
  setOne(r: number): void;
}

/** a + b u of Fp2. */
type Complex = readonly [a: bigint, b: bigint];

function complexPower(base: Complex, exponent: bigint): Complex {
  const multiply = ([a, b]: Complex, [c, d]: Complex): Complex => [
    (((a * c - b * d) % BASE_FIELD) + BASE_FIELD) % BASE_FIELD,
    (a * d + b * c) % BASE_FIELD,
  ];
  let [result, square]: [Complex, Complex] = [[1n, 0n], base];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = multiply(result, square);
    square = multiply(square, square);
  }
  return result;
}

function createTower(arithmetic: Arithmetic): Tower {
  const load = (values: readonly Complex[]): number =>
    loadBytes(arithmetic, concatenate(values.flat().map(montgomeryBytes)));
  const nonResidue: Complex = [9n, 1n];
  const twist = complexPower(nonResidue, (BASE_FIELD - 1n) / 6n);
  const twists = load(ALL.map((i) => complexPower(twist, BigInt(i))));
  const one = load(ALL.map((i): Complex => [i === 0 ? 1n : 0n, 0n]));
  const xi = load([nonResidue]);
  const { fp, fp2 } = arithmetic;
  const room = (elements: number): number => allocate(arithmetic, elements * FP2_BYTES);
  const [sums, product] = [room(2 * ALL.length), room(1)];
  const copyAll = (a: number, r: number): void => {
    for (const i of ALL) fp2.copy(a + i * FP2_BYTES, r + i * FP2_BYTES);
  };
  const conjugate = (a: number, r: number): void => {
    fp.copy(a, r);
    fp.negate(a + FIELD_BYTES, r + FIELD_BYTES);
  };
  /** Adds an element below 2p; sums are canonical. */
  const accumulate = (value: number, sum: number): void => {
    fp2.add(sum, value, sum);
    fp2.reduce(sum);
  };
  return {
    room,
    twists,
    conjugate,
    multiply(a, b, r, powers = ALL) {
      bytesAt(arithmetic, sums, 2 * ALL.length * FP2_BYTES).fill(0);
      for (const i of ALL) {
        for (const j of powers) {
          fp2.mul(a + i * FP2_BYTES, b + j * FP2_BYTES, product);
          accumulate(product, sums + (i + j) * FP2_BYTES);
        }
      }
      for (const i of ALL) {
        const high = sums + (i + ALL.length) * FP2_BYTES;
        fp2.mul(high, xi, high);
        accumulate(high, sums + i * FP2_BYTES);
      }
      copyAll(sums, r);
    },
    frobenius(a, r) {
      for (const i of ALL) {
        conjugate(a + i * FP2_BYTES, r + i * FP2_BYTES);
        fp2.mul(r + i * FP2_BYTES, twists + i * FP2_BYTES, r + i * FP2_BYTES);
      }
    },
    copy: copyAll,
    setOne: (r) => copyAll(one, r),
  };
}

/** Lines: through the point's multiples in the loop, and through the images that end it. */
function createPreparation(arithmetic: Arithmetic, tower: Tower): Pairing["prepare"] {
  const { mul, square, sub, add, negate, invert, reduce, equal, copy, subMul, squareSub, subMulSub } =
    arithmetic.fp2;
  const [sum, other, third, fourth] = [tower.room(2), tower.room(2), tower.room(2), tower.room(2)];
  const [slope, divisor, x] = [tower.room(1), tower.room(1), tower.room(1)];
  const y = (point: number): number => point + FP2_BYTES;
  /** Writes the line with the slope through the sum's point, and goes on to its third point, mirrored. */
  const step = (line: number, secondX: number): void => {
    negate(slope, line);
    mul(slope, sum, line + FP2_BYTES);
    sub(line + FP2_BYTES, y(sum), line + FP2_BYTES);
    reduce(line + FP2_BYTES);
    squareSub(slope, sum, secondX, x);
    subMulSub(sum, x, slope, y(sum), y(sum));
    copy(x, sum);
  };
  const double = (line: number): void => {
    square(sum, slope);
    add(slope, slope, divisor);
    add(slope, divisor, slope);
    add(y(sum), y(sum), divisor);
    reduce(divisor);
    invert(divisor, divisor);
    mul(slope, divisor, slope);
    step(line, sum);
  };
  const addPoint = (line: number, point: number): void => {
    sub(point, sum, divisor);
    reduce(divisor);
    invert(divisor, divisor);
    subMul(y(point), y(sum), divisor, slope);
    step(line, point);
  };
  /** The point's image under the Frobenius map of the twist. */
  const psi = (point: number, r: number): void => {
    for (const [i, power] of [2, 3].entries()) {
      tower.conjugate(point + i * FP2_BYTES, r + i * FP2_BYTES);
      mul(r + i * FP2_BYTES, tower.twists + power * FP2_BYTES, r + i * FP2_BYTES);
    }
  };
  const same = (a: number, b: number): boolean => {
    for (const value of [a, b]) reduce(value);
    return equal(a, b) === 1;
  };
  return (point) => {
    const first = allocate(
      arithmetic,
      (LOOP_BITS.length + LOOP_BITS.filter((bit) => bit === 1).length + 2) * LINE_BYTES,
    );
    let line = first - LINE_BYTES;
    const next = (): number => (line += LINE_BYTES);
    for (const half of [0, FP2_BYTES]) copy(point + half, sum + half);
    for (const bit of LOOP_BITS) {
      double(next());
      if (bit === 1) addPoint(next(), point);
    }
    psi(point, other);
    psi(other, third);
    psi(third, fourth);
    negate(y(third), y(third));
    addPoint(next(), other);
    addPoint(next(), third);
    // Of order r when (6x + 2) Q + psi(Q) - psi^2(Q) + psi^3(Q) = 0: r is the greatest common divisor of the number of points
    // and the resultant of this polynomial and that of psi.
    negate(y(fourth), y(fourth));
    return same(sum, fourth) && same(y(sum), y(fourth)) ? first : undefined;
  };
}

/** The product of the Miller loops of some pairs. */
function createLoops(
  arithmetic: Arithmetic,
  tower: Tower,
): (pairs: readonly Pair[], product: number) => void {
  const { fp, fp2 } = arithmetic;
  const line = tower.room(ALL.length);
  bytesAt(arithmetic, line, ALL.length * FP2_BYTES).fill(0);
  const evaluate = (source: number, point: number): void => {
    fp.copy(point + FIELD_BYTES, line);
    for (const half of [0, FIELD_BYTES]) fp.mul(source + half, point, line + FP2_BYTES + half);
    fp2.copy(source + FP2_BYTES, line + 3 * FP2_BYTES);
  };
  return (pairs, product) => {
    tower.setOne(product);
    let at = 0;
    const multiplyLines = (): void => {
      for (const { point, lines } of pairs) {
        evaluate(lines + at, point);
        tower.multiply(product, line, product, OF_LINE);
      }
      at += LINE_BYTES;
    };
    for (const bit of LOOP_BITS) {
      tower.multiply(product, product, product);
      multiplyLines();
      if (bit === 1) multiplyLines();
    }
    multiplyLines();
    multiplyLines();
  };
}

/** Whether an element is one after the final exponentiation, (p^12 - 1) / r times something that r does not divide. */
function createFinalExponentiation(arithmetic: Arithmetic, tower: Tower): (f: number) => boolean {
  const { mul, invert, reduce, equal } = arithmetic.fp2;
  const { multiply, frobenius, copy } = tower;
  const room = (): number => tower.room(ALL.length);
  const [f, x2, x4, x6, xx6, a, b, c] = [room(), room(), room(), room(), room(), room(), room(), room()];
  const one = room();
  tower.setOne(one);
  /** a to the power of p^n. */
  const powerOfP = (n: number, a: number, r: number): void => {
    copy(a, r);
    for (let i = 0; i < n; i++) frobenius(r, r);
  };
  /** 1 / a: the product of its conjugates over Fp2 by the norm. */
  const inverse = (a: number, r: number): void => {
    powerOfP(2, a, c);
    copy(c, r);
    for (let i = 2; i < ALL.length; i++) {
      powerOfP(2, c, c);
      multiply(r, c, r);
    }
    multiply(r, a, c);
    invert(c, c);
    for (const i of ALL) mul(r + i * FP2_BYTES, c, r + i * FP2_BYTES);
  };
  const toX = (a: number, r: number): void => {
    copy(a, c);
    for (const bit of X_BITS) {
      multiply(c, c, c);
      if (bit === 1) multiply(c, a, c);
    }
    copy(c, r);
  };
  /** To the power of (p^6 - 1) (p^2 + 1): from here on p^6 inverts. */
  const easyPart = (value: number): void => {
    inverse(value, a);
    powerOfP(6, value, b);
    multiply(b, a, a);
    powerOfP(2, a, f);
    multiply(f, a, f);
  };
  // With x the curve's parameter, to the power of the sum of
  // 1 + 6x + 12x^2 + 12x^3, p (4x + 6x^2 + 12x^3), p^2 (6x + 6x^2 + 12x^3) and p^3 (-1 + 4x + 6x^2 + 12x^3).
  const hardPart = (r: number): void => {
    toX(f, x2);
    multiply(x2, x2, x2);
    multiply(x2, x2, x4);
    multiply(x4, x2, x6);
    toX(x6, xx6);
    multiply(xx6, xx6, a);
    toX(a, a);
    multiply(a, xx6, a);
    multiply(a, x4, b);
    multiply(a, x6, a);
    multiply(a, xx6, r);
    multiply(r, f, r);
    powerOfP(2, a, a);
    multiply(r, a, r);
    powerOfP(1, b, a);
    multiply(r, a, r);
    powerOfP(6, f, a);
    multiply(b, a, b);
    powerOfP(3, b, b);
    multiply(r, b, r);
  };
  return (value) => {
    easyPart(value);
    hardPart(x2);
    return ALL.every((i) => {
      reduce(x2 + i * FP2_BYTES);
      return equal(x2 + i * FP2_BYTES, one + i * FP2_BYTES) === 1;
    });
  };
}

function montgomeryBytes(value: bigint): Uint8Array {
  return elementBytes((value << RADIX_BITS) % BASE_FIELD);
}

function bitsAfterFirst(value: bigint): number[] {
  return Array.from(value.toString(2).slice(1), Number);
}
