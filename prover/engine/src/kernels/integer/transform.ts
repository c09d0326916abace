// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code over vectors of a field: sparse rows times a vector, and the number-theoretic transform that takes a
 * polynomial's values on a domain to its values on a coset.
 *
 * @module
 */

import { type Code, i32, type Local, loopWhile, type ModuleWriter } from "../wasm/writer.js";
import { elementBytes } from "./field.js";
import { FIELD_BYTES } from "./limbs.js";

const ELEMENT_BYTES = 32;

/**
 * Adds functions over the field `prefix`; vectors hold elements below 2p:
 * - `toCoset(values, n, inverseRoots, scale, roots)`: in place, values on the n-th roots of unity to values on their
 *   coset. Inverse transform from natural to bit-reversed order, coefficients times `scale` (shift^i / n, in
 *   bit-reversed order), transform back to natural order: nothing is ever permuted. `roots` holds w^0 to w^(n/2 - 1),
 *   `inverseRoots` their inverses.
 * - `rows(starts, count, wires, coefficients, vector, sums)`: sums[i] = sum of coefficients[t] * vector[wires[t]] over
 *   the terms t from starts[i] to starts[i + 1];
 * - `load(vector, n, source)` and `store(vector, n, target)`: from and to canonical 32-byte little-endian elements, in
 *   whatever form these are; `store` reduces in place;
 * - `products(a, n, b, target)`; `quotients(a, n, b, c)`: a becomes a b - c, out of Montgomery form.
 */
export function defineTransform(writer: ModuleWriter, prefix: string): void {
  const f = (op: string, ...args: Code[]): Code => writer.call(`${prefix}_${op}`, ...args);
  const scratch = i32.const(writer.data(new Uint8Array(FIELD_BYTES)));
  const step = (local: Local, bytes: Code): Code => local.set(i32.add(local.get, bytes));
  const bytesOf = (count: Code): Code => i32.mul(count, i32.const(FIELD_BYTES));

  /** A function over the elements of a vector, its first parameter; its second is n; the others have their steps. */
  const overElements = (op: string, steps: readonly number[], body: (...pointers: Code[]) => Code): void =>
    writer.define(`${prefix}_${op}`, 2 + steps.length, "none", (scope) => {
      const [vector, n, ...others] = scope.params as [Local, Local, ...Local[]];
      const end = scope.i32();
      return [
        ...end.set(i32.add(vector.get, bytesOf(n.get))),
        ...loopWhile(i32.ltU(vector.get, end.get), [
          ...body(vector.get, ...others.map(({ get }) => get)),
          ...step(vector, i32.const(FIELD_BYTES)),
          ...others.flatMap((other, i) => step(other, i32.const(steps[i]!))),
        ]),
      ];
    });
  overElements("load", [ELEMENT_BYTES], (a, source) => f("fromBytes", source!, a!));
  overElements("store", [ELEMENT_BYTES], (a, target) => [...f("reduce", a!), ...f("toBytes", a!, target!)]);
  overElements("products", [FIELD_BYTES, FIELD_BYTES], (a, b, target) => f("mul", a!, b!, target!));
  const plainOne = i32.const(writer.data(elementBytes(1n)));
  overElements("quotients", [FIELD_BYTES, FIELD_BYTES], (a, b, c) => [
    ...f("mul", a!, b!, a!),
    ...f("difference", a!, c!, a!),
    ...f("mul", a!, plainOne, a!),
  ]);

  // One layer of butterflies at distance `length`, for both directions.
  const layer = (name: string, butterfly: string): void =>
    writer.define(`${prefix}_${name}`, 4, "none", (scope) => {
      const [values, n, length, roots] = scope.params as [Local, Local, Local, Local];
      const [u, blockEnd, end, root, distance, stride] = Array.from({ length: 6 }, () => scope.i32()) as [
        Local,
        Local,
        Local,
        Local,
        Local,
        Local,
      ];
      const block: Code = [
        ...root.set(roots.get),
        ...blockEnd.set(i32.add(u.get, distance.get)),
        ...loopWhile(i32.ltU(u.get, blockEnd.get), [
          ...f(butterfly, u.get, i32.add(u.get, distance.get), root.get),
          ...step(u, i32.const(FIELD_BYTES)),
          ...step(root, stride.get),
        ]),
        ...step(u, distance.get),
      ];
      return [
        ...u.set(values.get),
        ...end.set(i32.add(values.get, bytesOf(n.get))),
        ...distance.set(bytesOf(length.get)),
        ...stride.set(bytesOf(i32.divU(i32.shrU(n.get, i32.const(1)), length.get))),
        ...loopWhile(i32.ltU(u.get, end.get), block),
      ];
    });
  layer("inverseLayer", "inverseButterfly");
  layer("layer", "butterfly");

  writer.define(`${prefix}_toCoset`, 5, "none", (scope) => {
    const [values, n, inverseRoots, scale, roots] = scope.params as [Local, Local, Local, Local, Local];
    const [length, offset, end] = [scope.i32(), scope.i32(), scope.i32()];
    const at = (vector: Local): Code => i32.add(vector.get, offset.get);
    return [
      ...length.set(n.get),
      ...loopWhile(i32.ne(length.tee(i32.shrU(length.get, i32.const(1))), i32.const(0)), [
        ...f("inverseLayer", values.get, n.get, length.get, inverseRoots.get),
      ]),
      ...end.set(bytesOf(n.get)),
      ...loopWhile(i32.ltU(offset.get, end.get), [
        ...f("mul", at(values), at(scale), at(values)),
        ...step(offset, i32.const(FIELD_BYTES)),
      ]),
      ...length.set(i32.const(1)),
      ...loopWhile(i32.ltU(length.get, n.get), [
        ...f("layer", values.get, n.get, length.get, roots.get),
        ...length.set(i32.shl(length.get, i32.const(1))),
      ]),
    ];
  });

  writer.define(`${prefix}_rows`, 6, "none", (scope) => {
    const [starts, count, wires, coefficients, vector, sums] = scope.params as [
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    const [term, rowEnd, sum, last] = [scope.i32(), scope.i32(), scope.i32(), scope.i32()];
    // Word `term` of the list of wires, and the coefficient at the same place.
    const value = i32.add(vector.get, bytesOf(i32.load(i32.add(wires.get, i32.shl(term.get, i32.const(2))))));
    const coefficient = i32.add(coefficients.get, bytesOf(term.get));
    return [
      ...sum.set(sums.get),
      ...last.set(i32.add(sums.get, bytesOf(count.get))),
      ...loopWhile(i32.ltU(sum.get, last.get), [
        ...term.set(i32.load(starts.get)),
        ...rowEnd.set(i32.load(starts.get, 4)),
        ...f("difference", scratch, scratch, sum.get),
        ...loopWhile(i32.ltU(term.get, rowEnd.get), [
          ...f("mulAdd", coefficient, value, sum.get),
          ...step(term, i32.const(1)),
        ]),
        ...step(sum, i32.const(FIELD_BYTES)),
        ...step(starts, i32.const(4)),
      ]),
    ];
  });
}
