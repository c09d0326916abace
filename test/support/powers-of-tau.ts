// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Powers-of-tau files for tests, in snarkjs's format and prepared for phase 2, from secrets that everybody knows. snarkjs
 * takes minutes for what knowing the secrets gives in a second; that it then makes sound keys from them is a check of both.
 *
 * @module
 */
import { writeFile } from "node:fs/promises";
import { deriveToxicWaste } from "@keel/circuits";
import { BASE_FIELD, SCALAR_FIELD } from "@keel/verifier";
import { multiplyGenerators } from "../../circuits/dist/generators.js";
import { writeSections } from "../../circuits/dist/sections.js";

const G1_BYTES = 64;
const G2_BYTES = 128;

/** Writes a file that serves circuits of up to 2^power rows. */
export async function writePowersOfTau(path: string, power: number, seed = "test"): Promise<void> {
  const { tau, alpha, beta } = deriveToxicWaste(seed, 2 ** (power + 1));
  const size = 2 ** power;
  const powers = scan(2 * size - 1, tau);
  const levels = Array.from({ length: power + 1 }, (_, level) => lagrange(tau, level));
  const basis = levels.flat();
  const scaled = (values: readonly bigint[], factor: bigint) =>
    values.map((v) => (v * factor) % SCALAR_FIELD);
  const parts = {
    2: powers,
    4: scaled(powers.slice(0, size), alpha),
    5: scaled(powers.slice(0, size), beta),
    12: [...basis, ...lagrange(tau, power + 1)],
    14: scaled(basis, alpha),
    15: scaled(basis, beta),
  };
  const parts2 = { 3: powers.slice(0, size), 6: [beta], 13: basis };
  const points = await multiplyGenerators(
    { g1: Object.values(parts).flat(), g2: Object.values(parts2).flat() },
    { threads: 2 },
  );
  const sections = [
    [1, header(power)],
    ...split(parts, points.g1, G1_BYTES),
    ...split(parts2, points.g2, G2_BYTES),
    [7, new Uint8Array(4)],
  ] as [number, Uint8Array][];
  await writeFile(
    path,
    writeSections(
      "ptau",
      sections.sort(([left], [right]) => left - right),
    ),
  );
}

function header(power: number): Uint8Array {
  const bytes = Buffer.alloc(44);
  bytes.writeUInt32LE(32, 0);
  Buffer.from(BASE_FIELD.toString(16), "hex").reverse().copy(bytes, 4);
  bytes.writeUInt32LE(power, 36);
  bytes.writeUInt32LE(power, 40);
  return bytes;
}

function split(
  parts: Readonly<Record<number, readonly bigint[]>>,
  points: Uint8Array,
  size: number,
): [number, Uint8Array][] {
  let position = 0;
  return Object.entries(parts).map(([type, scalars]) => {
    const start = position;
    position += scalars.length * size;
    return [Number(type), points.subarray(start, position)];
  });
}

/** 1, factor, factor^2, … */
function scan(count: number, factor: bigint): bigint[] {
  const values: bigint[] = [];
  for (let value = 1n; values.length < count; value = (value * factor) % SCALAR_FIELD) values.push(value);
  return values;
}

/** Values at tau of the Lagrange polynomials over the roots of unity of order 2^level. */
function lagrange(tau: bigint, level: number): bigint[] {
  const size = 2n ** BigInt(level);
  const roots = scan(2 ** level, power(5n, (SCALAR_FIELD - 1n) / size));
  const factor = (power(tau, size) - 1n) * power(size, SCALAR_FIELD - 2n);
  return roots.map((root) => {
    const value = (root * factor * power(tau - root, SCALAR_FIELD - 2n)) % SCALAR_FIELD;
    return value < 0n ? value + SCALAR_FIELD : value;
  });
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = ((base % SCALAR_FIELD) + SCALAR_FIELD) % SCALAR_FIELD;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % SCALAR_FIELD;
    square = (square * square) % SCALAR_FIELD;
  }
  return result;
}
