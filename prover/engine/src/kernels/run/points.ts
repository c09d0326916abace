// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Points between the formats: snarkjs's (affine, Montgomery form with 2^256, 32-byte little-endian coordinates), the
 * module's (see integer/curve.ts and lanes/curve.ts) and plain (32-byte little-endian coordinates). Infinity is all zero
 * in each.
 *
 * @module
 */
import { type Arithmetic, allocate, bytesAt, type Group, scoped } from "./arithmetic.js";

const COORDINATE_BYTES = 32;

/** Brings snarkjs's points into the module's memory for good; returns the address of the first. */
export function loadPoints(arithmetic: Arithmetic, group: Group, points: Uint8Array): number {
  const loader = createPointLoader(arithmetic, group, points.length / (group.coordinates * COORDINATE_BYTES));
  loader.add(points);
  return loader.finish().address;
}

/** Takes points piece by piece. */
export interface PointLoader {
  /** snarkjs's points, which come behind the ones before. */
  add(points: Uint8Array): void;
  /** Gives back the room for points that did not come. */
  finish(): { readonly address: number; readonly count: number };
}

/** Loads points that come by and by, so many at most, for good; nothing else may be allocated for good meanwhile. */
export function createPointLoader(arithmetic: Arithmetic, group: Group, most: number): PointLoader {
  const size = group.coordinates * COORDINATE_BYTES;
  const address = arithmetic.top;
  // Points may be loaded two at a time: room for one more.
  allocate(arithmetic, (most + 1) * group.bytes);
  let count = 0;
  return {
    add(points) {
      scoped(arithmetic, () => {
        const source = allocate(arithmetic, points.length + size);
        bytesAt(arithmetic, source, points.length).set(points);
        arithmetic[group.name].load(source, points.length / size, address + count * group.bytes);
      });
      count += points.length / size;
    },
    finish() {
      arithmetic.top = address;
      allocate(arithmetic, (count + 1) * group.bytes);
      return { address, count };
    },
  };
}

/** Whether every loaded point is on its curve or infinity. */
export function areOnCurve(arithmetic: Arithmetic, group: Group, points: number, count: number): boolean {
  return arithmetic[group.name].areOnCurve(points, count) === 1;
}

/** A point's plain coordinates. */
export function readPoint(arithmetic: Arithmetic, group: Group, point: number): Uint8Array {
  return scoped(arithmetic, () => {
    const bytes = group.coordinates * COORDINATE_BYTES;
    const target = allocate(arithmetic, bytes);
    arithmetic[group.name].read(point, target);
    return bytesAt(arithmetic, target, bytes).slice();
  });
}
