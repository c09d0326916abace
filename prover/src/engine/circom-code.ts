// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Faster bodies for two functions of the WebAssembly that circom writes: its inversion modulo r, which divides long
 * numbers step by step, and its field product. Circuits that check signatures do little else.
 *
 * A body takes the place of one with exactly the known code, which circom 2 gives to every circuit over BN254; other
 * modules stay as they are. Both give the same results on the numbers below r that circom calls them with. Wrong ones
 * could not make a false proof, since each is verified.
 *
 * @module
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { SCALAR_FIELD } from "../../../verifier/src/groth16.js";
import { concatenate } from "./bytes.js";
import {
  columnwise,
  constants,
  createSteps,
  LIMB_BITS,
  LIMBS,
  liftNegative,
  loadBits,
  MASK,
  moveCarries,
  multiplyLimbs,
  negatedInverse,
  reduceColumns,
  storeBits,
} from "./kernels/limb-code.js";
import {
  type Code,
  type FunctionScope,
  i32,
  i64,
  type Local,
  loopWhile,
  select,
  unsigned,
  when,
  writeFunction,
} from "./kernels/wasm-writer.js";

/** A function of circom's, known by its code. */
interface Known {
  readonly length: number;
  readonly sha256: string;
  /** What to put in its place; it takes three pointers. */
  readonly body: (scope: FunctionScope) => Code;
}

const KNOWN: readonly Known[] = [
  {
    length: 289,
    sha256: "202c0013a4a494344cb0cb8abd4fb87787b5114807bf3b9716fcf98a5e281d2c",
    body: inverse,
  },
  {
    length: 3962,
    sha256: "69b5cdc0399b475b67821eed6c5fe31076b8794ae4343dea47d420f181223e80",
    body: product,
  },
];

const HEADER_BYTES = 8;
const CODE_SECTION = 10;

/** A circuit's WebAssembly with the functions that are known replaced. Invalid modules stay invalid. */
export function replaceKnownFunctions(wasm: Uint8Array): Uint8Array {
  for (let at = HEADER_BYTES; at < wasm.length; ) {
    const [length, content] = readUnsigned(wasm, at + 1);
    const end = content + length;
    if (wasm[at] === CODE_SECTION) {
      const code = concatenate(replaceBodies(wasm, content, end));
      const size = Uint8Array.from(unsigned(code.length));
      return concatenate([wasm.subarray(0, at + 1), size, code, wasm.subarray(end)]);
    }
    at = end;
  }
  return wasm;
}

function replaceBodies(wasm: Uint8Array, content: number, end: number): Uint8Array[] {
  let [, at] = readUnsigned(wasm, content);
  const parts = [wasm.subarray(content, at)];
  while (at < end) {
    const [length, start] = readUnsigned(wasm, at);
    const body = wasm.subarray(start, start + length);
    const known = KNOWN.find((one) => one.length === length && one.sha256 === bytesToHex(sha256(body)));
    if (known === undefined) {
      parts.push(wasm.subarray(at, start + length));
    } else {
      const fresh = writeFunction(3, known.body);
      parts.push(Uint8Array.from(unsigned(fresh.length)), fresh);
    }
    at = start + length;
  }
  return parts;
}

/** A number in LEB128, and where it ends. */
function readUnsigned(bytes: Uint8Array, start: number): [value: number, end: number] {
  let [value, at] = [0, start];
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [value, at];
  }
}

/** (x, y, r): r = x y / 2^256 modulo the field's order. */
function product(scope: FunctionScope): Code {
  const steps = createSteps(scope);
  const [x, y, r] = scope.params.map(({ get }) => get);
  // The reduction divides by 2^261.
  const columns = multiplyLimbs(steps, loadBits(steps, x!, 0), loadBits(steps, y!, 5));
  const reduced = reduceColumns(steps, columns, SCALAR_FIELD);
  const difference = columnwise(steps).sub(reduced, constants(SCALAR_FIELD));
  storeBits(steps, moveCarries(steps, liftNegative(steps, difference, SCALAR_FIELD)), r!);
  return steps.code;
}

/**
 * (x, modulus, r): r = 1/x modulo the field's order, 0 for 0.
 *
 * Bernstein and Yang's division steps, skipping zeros: 29 steps on the lowest limbs make a matrix, by which f, g (at
 * first the modulus and x) and d, e are then multiplied. Always d x = f and e x = g, so that d is the inverse or its
 * negative when g has become 0 and f 1 or -1. At most 735 steps, 26 rounds, are needed for 256 bits; each adds at most
 * the modulus to d and e, so they stay within 27 times the modulus.
 */
function inverse(scope: FunctionScope): Code {
  const p = SCALAR_FIELD;
  const steps = createSteps(scope);
  const { code } = steps;
  const [x, , target] = scope.params.map(({ get }) => get);
  const variables = (values: readonly Code[]): Local[] =>
    values.map((value) => {
      const local = scope.i64();
      code.push(...local.set(value));
      return local;
    });
  const f = variables(constants(p));
  const g = variables(loadBits(steps, x!, 0));
  const d = variables(constants(0n));
  const e = variables(constants(1n));
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
  storeBits(steps, moveCarries(steps, result), target!);
  return code;
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
