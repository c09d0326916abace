// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * BabyJubJub's points for FROST: @noble/curves' arithmetic, with an encoding that needs no square root and a test of the
 * subgroup that needs no multiplication by its order.
 *
 * The test: BN254's scalar field holds the eighth roots of unity, so the reduced Tate pairing of a point T of order 8 with P
 * is 1 exactly when P is eight times another point, which are the points of the prime-order subgroup (Koshelev, "Subgroup
 * membership testing on elliptic curves via the Tate pairing", 2022). With f8 Miller's function of T on the Montgomery form
 * v^2 = u^3 + A u^2 + u, that is f8(P)^((p - 1) / 8) = 1. The multiples of T are 2T and 4T = (0, 0), so up to eighth powers
 *
 *   f8(P) = l1(P)^4 l2(P)^2 / (w(P)^4 u(P)),   l1, l2 the tangents at T and 2T, w(P) = u(P) - u(2T).
 *
 * @module
 */

import { mulAddUnsafe } from "@noble/curves/abstract/curve.js";
import type { FROSTPoint } from "@noble/curves/abstract/frost.js";
import { babyjubjub } from "@noble/curves/misc.js";

const { Point } = babyjubjub;
type CurvePoint = ReturnType<typeof Point.fromAffine>;

const { p: P, a: A, d: D } = Point.CURVE();
const BYTES = 32;
/** Width of the tables of points that are multiplied again and again. */
const WINDOW = 6;
/** Points remembered: those of a few groups. */
const REMEMBERED = 256;
/** Points of the subgroup that this process made or tested lately: its own commitments come back to it. */
const RECENT = 1_024;

const mod = (value: bigint): bigint => {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
};

const recent = new Map<string, GroupPoint>();

function keep(bytes: Uint8Array, point: GroupPoint): void {
  if (recent.size >= RECENT) recent.delete(recent.keys().next().value!);
  recent.set(keyOf(bytes), point);
}

/** A point of the curve; an operand of the protocol. */
export class GroupPoint implements FROSTPoint<GroupPoint> {
  static readonly Fp = Point.Fp;
  static readonly Fn = Point.Fn;
  static readonly BASE: GroupPoint = new GroupPoint(Point.BASE, true);
  static readonly ZERO: GroupPoint = new GroupPoint(Point.ZERO, true);
  static readonly #remembered = new Map<string, GroupPoint>();

  readonly #point: CurvePoint;
  /** Known to lie in the subgroup: made from such points, or tested. */
  #isInGroup: boolean;
  #affine: { readonly x: bigint; readonly y: bigint } | undefined;

  private constructor(point: CurvePoint, isInGroup: boolean) {
    this.#point = point;
    this.#isInGroup = isInGroup;
  }

  static fromAffine(affine: { readonly x: bigint; readonly y: bigint }): GroupPoint {
    const point = Point.fromAffine(affine);
    return new GroupPoint(point, false);
  }

  /** From both coordinates, each below the field's order, of a point on the curve. */
  static fromBytes(bytes: Uint8Array): GroupPoint {
    if (bytes.length !== 2 * BYTES) throw new Error("bad point: wrong length");
    const key = keyOf(bytes);
    const known = GroupPoint.#remembered.get(key) ?? recent.get(key);
    if (known !== undefined) return known;
    const [x, y] = [toInteger(bytes.subarray(0, BYTES)), toInteger(bytes.subarray(BYTES))];
    if (x >= P || y >= P || !isOnCurve(x, y)) throw new Error("bad point: not on the curve");
    return GroupPoint.fromAffine({ x, y });
  }

  static fromHex(hex: string): GroupPoint {
    return GroupPoint.fromBytes(Uint8Array.from(Buffer.from(hex, "hex")));
  }

  /** From the bytes of a point of the subgroup that is not the identity. */
  static inGroup(bytes: Uint8Array): GroupPoint {
    const point = GroupPoint.fromBytes(bytes);
    if (point.is0() || !point.isTorsionFree()) throw new Error("bad point: not in the subgroup");
    return point;
  }

  /** Tests a point that will be used often, and makes its tables. */
  static remember(bytes: Uint8Array): void {
    const point = GroupPoint.inGroup(bytes);
    if (GroupPoint.#remembered.size >= REMEMBERED) GroupPoint.#remembered.clear();
    point.#point.precompute(WINDOW);
    GroupPoint.#remembered.set(keyOf(bytes), point);
  }

  /** The sum of products of public points and public scalars. */
  static sumOfProducts(points: readonly GroupPoint[], scalars: readonly bigint[]): GroupPoint {
    const sum = mulAddUnsafe(
      Point,
      points.map((point) => point.#point),
      [...scalars],
    );
    return new GroupPoint(
      sum,
      points.every((point) => point.#isInGroup),
    );
  }

  get x(): bigint {
    return this.#point.x;
  }
  get y(): bigint {
    return this.#point.y;
  }

  add(other: GroupPoint): GroupPoint {
    return new GroupPoint(this.#point.add(other.#point), this.#isInGroup && other.#isInGroup);
  }
  subtract(other: GroupPoint): GroupPoint {
    return new GroupPoint(this.#point.subtract(other.#point), this.#isInGroup && other.#isInGroup);
  }
  double(): GroupPoint {
    return new GroupPoint(this.#point.double(), this.#isInGroup);
  }
  negate(): GroupPoint {
    return new GroupPoint(this.#point.negate(), this.#isInGroup);
  }
  multiply(scalar: bigint): GroupPoint {
    return new GroupPoint(this.#point.multiply(scalar), this.#isInGroup);
  }
  multiplyUnsafe(scalar: bigint): GroupPoint {
    return new GroupPoint(this.#point.multiplyUnsafe(scalar), this.#isInGroup);
  }
  clearCofactor(): GroupPoint {
    return new GroupPoint(this.#point.clearCofactor(), true);
  }
  equals(other: GroupPoint): boolean {
    return this.#point.equals(other.#point);
  }
  is0(): boolean {
    return this.#point.is0();
  }
  isSmallOrder(): boolean {
    return this.#point.isSmallOrder();
  }
  isTorsionFree(): boolean {
    if (this.#isInGroup) return true;
    this.#isInGroup = this.is0() || isInSubgroup(this.toAffine());
    if (this.#isInGroup) keep(this.toBytes(), this);
    return this.#isInGroup;
  }
  assertValidity(): void {
    this.#point.assertValidity();
  }
  precompute(windowSize?: number, isLazy?: boolean): GroupPoint {
    this.#point.precompute(windowSize, isLazy);
    return this;
  }
  toAffine(): { x: bigint; y: bigint } {
    this.#affine ??= this.#point.toAffine();
    return this.#affine;
  }
  toBytes(): Uint8Array<ArrayBuffer> {
    const { x, y } = this.toAffine();
    const bytes = Uint8Array.from(Buffer.from(hexOf(x) + hexOf(y), "hex"));
    if (this.#isInGroup) keep(bytes, this);
    return bytes;
  }
  toHex(): string {
    return Buffer.from(this.toBytes()).toString("hex");
  }
}

/** Bytes as an integer, the first one highest. */
export function toInteger(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

/** Whether a point of the curve lies in the subgroup of prime order. */
export function isInSubgroup({ x, y }: { readonly x: bigint; readonly y: bigint }): boolean {
  // Only the identity and the point of order two have x = 0.
  if (x === 0n) return y === 1n;
  // u = (1 + y) / (1 - y) and v = u / x over one denominator, whose powers are gathered at the end.
  const denominator = mod(x * mod(1n - y));
  const u = mod(x * mod(1n + y));
  const v = mod(1n + y);
  const { T, T2 } = torsion();
  const line = ({ u: at, v: height, slope }: Tangent): bigint =>
    mod(v - height * denominator - slope * mod(u - at * denominator));
  const w = mod(u - T2.u * denominator);
  const squares = [line(T), line(T2), w].map((value) => mod(value * value)) as [bigint, bigint, bigint];
  // l1^4 w^4 l2^2 u^7, of degree 17 in 1 / denominator; 1 / z is z^7 up to eighth powers, and so is z^-17.
  const product = mod(mod(squares[0] * squares[2]) ** 2n) * squares[1];
  const seventh = mod(u * denominator);
  return power(mod(product * power(seventh, 7n)), (P - 1n) / 8n) === 1n;
}

/** A point of the Montgomery form and the slope of the tangent there. */
interface Tangent {
  readonly u: bigint;
  readonly v: bigint;
  readonly slope: bigint;
}

let found: { readonly T: Tangent; readonly T2: Tangent } | undefined;

/** A point of order 8 and its double. */
function torsion(): { readonly T: Tangent; readonly T2: Tangent } {
  if (found !== undefined) return found;
  for (let y = 2n; ; y++) {
    const start = pointAt(y);
    if (start === undefined) continue;
    const point = start.multiplyUnsafe(Point.Fn.ORDER - 1n).add(start);
    if (point.double().double().is0()) continue;
    found = { T: tangentAt(point), T2: tangentAt(point.double()) };
    return found;
  }
}

/** a x^2 + y^2 = 1 + d x^2 y^2. */
function isOnCurve(x: bigint, y: bigint): boolean {
  const [x2, y2] = [mod(x * x), mod(y * y)];
  return mod(A * x2 + y2 - 1n - mod(D * x2) * y2) === 0n;
}

function pointAt(y: bigint): CurvePoint | undefined {
  const y2 = mod(y * y);
  try {
    const x = Point.Fp.sqrt(mod(mod(1n - y2) * Point.Fp.inv(mod(A - D * y2))));
    return Point.fromAffine({ x, y });
  } catch {
    return undefined;
  }
}

function tangentAt(point: CurvePoint): Tangent {
  const { x, y } = point.toAffine();
  const u = mod((1n + y) * Point.Fp.inv(mod(1n - y)));
  const v = mod(u * Point.Fp.inv(x));
  const a = mod(2n * (A + D) * Point.Fp.inv(mod(A - D)));
  const b = mod(4n * Point.Fp.inv(mod(A - D)));
  // b v^2 = u^3 + a u^2 + u, and b is 1 for BabyJubJub.
  const slope = mod((3n * u * u + 2n * a * u + 1n) * Point.Fp.inv(mod(2n * b * v)));
  return { u, v, slope };
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % P;
    if (bit === "1") result = (result * base) % P;
  }
  return result;
}

function keyOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

function hexOf(value: bigint): string {
  return value.toString(16).padStart(2 * BYTES, "0");
}
