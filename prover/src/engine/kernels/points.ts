// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Points between the formats: snarkjs's (affine, Montgomery form with 2^256, 32-byte little-endian coordinates), the
 * module's (Montgomery form with 2^261, 29-bit limbs) and plain (32-byte little-endian coordinates). Infinity is all
 * zero in each.
 *
 * @module
 */
import { type Arithmetic, allocate, bytesAt, type Group, scoped } from "./arithmetic.js";
import { FIELD_BYTES } from "./limb-code.js";

const COORDINATE_BYTES = 32;

/** Brings snarkjs's points into the module's memory for good; returns the address of the first. */
export function loadPoints(arithmetic: Arithmetic, points: Uint8Array): number {
  const { call, fromSnarkjs } = arithmetic;
  const coordinates = points.length / COORDINATE_BYTES;
  const target = allocate(arithmetic, coordinates * FIELD_BYTES);
  const [read, multiply, reduce] = [call.fp_fromBytes!, call.fp_mul!, call.fp_reduce!];
  scoped(arithmetic, () => {
    const source = allocate(arithmetic, points.length);
    bytesAt(arithmetic, source, points.length).set(points);
    for (let i = 0; i < coordinates; i++) {
      const element = target + i * FIELD_BYTES;
      read(source + i * COORDINATE_BYTES, element);
      multiply(element, fromSnarkjs, element);
      reduce(element);
    }
  });
  return target;
}

/** Whether every loaded point is on its curve or infinity. */
export function areOnCurve(arithmetic: Arithmetic, group: Group, points: number, count: number): boolean {
  const [isOnCurve, isInfinity] = ["isOnCurve", "isInfinity"].map(
    (op) => arithmetic.call[`${group.prefix}_${op}`]!,
  );
  for (let i = 0; i < count; i++) {
    const point = points + i * group.bytes;
    if (isOnCurve!(point) === 0 && isInfinity!(point) === 0) return false;
  }
  return true;
}

/** A point's plain coordinates. */
export function readPoint(arithmetic: Arithmetic, group: Group, point: number): Uint8Array {
  const { call, plainOne } = arithmetic;
  return scoped(arithmetic, () => {
    const target = allocate(arithmetic, group.coordinates * COORDINATE_BYTES);
    const element = allocate(arithmetic, FIELD_BYTES);
    for (let i = 0; i < group.coordinates; i++) {
      call.fp_mul!(point + i * FIELD_BYTES, plainOne, element);
      call.fp_reduce!(element);
      call.fp_toBytes!(element, target + i * COORDINATE_BYTES);
    }
    return bytesAt(arithmetic, target, group.coordinates * COORDINATE_BYTES).slice();
  });
}
