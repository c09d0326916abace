// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do the kernels compute what BigInt and noble-curves compute, on edges and on random input?
 *
 * @module
 */
import { bn254 } from "@noble/curves/bn254.js";
import { beforeAll, describe, expect, it } from "vitest";
import { BASE_FIELD, invert, power, SCALAR_FIELD } from "../../prover/engine/dist/field.js";
import { elementBytes, type PrimeField, RADIX_BITS } from "../../prover/engine/dist/kernels/integer/field.js";
import { FIELD_BYTES } from "../../prover/engine/dist/kernels/integer/limbs.js";
import type { Products } from "../../prover/engine/dist/kernels/integer/products.js";
import { hasFusedLanes } from "../../prover/engine/dist/kernels/lanes/fused.js";
import {
  type Arithmetic,
  allocate,
  bytesAt,
  compileSet,
  createArithmetic,
  G1,
  G2,
  type Group,
  scoped,
} from "../../prover/engine/dist/kernels/run/arithmetic.js";
import { multiplyPoints } from "../../prover/engine/dist/kernels/run/multiply.js";
import { areOnCurve, loadPoints, readPoint } from "../../prover/engine/dist/kernels/run/points.js";
import { loadRows } from "../../prover/engine/dist/kernels/run/program.js";
import {
  loadBytes,
  loadCoset,
  toOddCoset,
  writeQuotients,
} from "../../prover/engine/dist/kernels/run/scalars.js";
import { allowRelaxedSimd } from "../../prover/engine/dist/node-features.js";
import { planRows } from "../../prover/engine/dist/rows.js";
import { generator } from "../support/generator.js";

const SEED = 20261121n;
const P = bn254.fields.Fp.ORDER;
const R = bn254.fields.Fr.ORDER;
const RADIX = 1n << RADIX_BITS;
const RADIX_INVERSE = bn254.fields.Fp.inv(RADIX % P);

allowRelaxedSimd();
/** Both sets of kernels must give the same results; the one on two lanes is not to be had everywhere. */
const FORMS = [false, true].map((lanes) => ({ lanes, form: lanes ? "on two lanes" : "on 29-bit limbs" }));
const hasLanes = await hasFusedLanes();
const describeForms = describe.for(FORMS.filter(({ lanes }) => !lanes || hasLanes));
if (!hasLanes)
  it.skip("kernels on two lanes: products and sums are not rounded once together here", () => {});

let arithmetic: Arithmetic;
const useKernels = (lanes: boolean): void => {
  beforeAll(async () => {
    arithmetic = await createArithmetic(await compileSet(lanes));
  });
};

/** Terms as a key has them. */
function termBytes(
  terms: readonly { matrix: number; row: number; wire: number; coefficient: bigint }[],
): Uint8Array {
  const bytes = new Uint8Array(44 * terms.length);
  const view = new DataView(bytes.buffer);
  for (const [i, { matrix, row, wire, coefficient }] of terms.entries()) {
    for (const [word, value] of [matrix, row, wire].entries()) view.setUint32(44 * i + 4 * word, value, true);
    bytes.set(littleEndian((coefficient << 512n) % R), 44 * i + 12);
  }
  return bytes;
}

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
}

describe(`the base field (seed ${SEED})`, () => {
  useKernels(false);
  let places: number[];
  beforeAll(() => {
    places = Array.from({ length: 5 }, () => allocate(arithmetic, FIELD_BYTES));
  });
  const put = (place: number, value: bigint): void =>
    bytesAt(arithmetic, places[place]!, FIELD_BYTES).set(elementBytes(value));
  const get = (place: number): bigint => {
    const limbs = new Uint32Array(arithmetic.memory.buffer, places[place]!, 9);
    return limbs.reduceRight((value, limb) => (value << 29n) + BigInt(limb), 0n);
  };
  const call = (name: keyof PrimeField, ...operands: number[]): number => {
    const f: (...pointers: number[]) => number = arithmetic.fp[name];
    return f(...operands.map((place) => places[place]!));
  };
  const random = generator(SEED);
  const edges = [0n, 1n, 2n, P - 1n, P, P + 1n, 2n * P - 1n, (1n << 253n) - 1n, (1n << 232n) - 1n];
  const operands = (bound: bigint): [bigint, bigint][] => {
    const values = [...edges, bound - 1n].filter((value) => value < bound);
    const pairs = values.flatMap((a) => values.map((b): [bigint, bigint] => [a, b]));
    return [...pairs, ...Array.from({ length: 500 }, (): [bigint, bigint] => [random(bound), random(bound)])];
  };

  it("multiplies anything below 8p to something below 2p", () => {
    for (const [a, b] of operands(8n * P)) {
      put(0, a);
      put(1, b);
      call("mul", 0, 1, 2);
      expect(get(2) % P).toBe((a * b * RADIX_INVERSE) % P);
      expect(get(2) < 2n * P).toBe(true);
      call("square", 0, 4);
      expect(get(4) % P).toBe((a * a * RADIX_INVERSE) % P);
      expect(get(4) < 2n * P).toBe(true);
      call("mul", 0, 1, 0);
      expect(get(0)).toBe(get(2));
    }
  });

  it("adds, subtracts, negates, reduces and compares", () => {
    for (const [a, b] of operands(2n * P)) {
      put(0, a);
      put(1, b);
      call("add", 0, 1, 2);
      expect(get(2)).toBe(a + b);
      call("sub", 0, 1, 3);
      expect(get(3)).toBe(a - b + 2n * P);
      call("reduce", 2);
      expect(get(2)).toBe((a + b) % P);
      expect(call("isZero", 2)).toBe((a + b) % P === 0n ? 1 : 0);
      expect(call("equal", 0, 1)).toBe(a === b ? 1 : 0);
      expect(call("equal", 0, 0)).toBe(1);
      call("negate", 2, 4);
      expect(get(4)).toBe(2n * P - ((a + b) % P));
      call("difference", 0, 1, 4);
      expect(get(4)).toBe(a < b ? a - b + 2n * P : a - b);
      call("difference", 0, 1, 0);
      expect(get(0)).toBe(get(4));
    }
  });

  it("multiplies sums and differences, to results below 2p", () => {
    const values = operands(2n * P);
    for (const [i, [a, b]] of values.entries()) {
      const [c, d] = values[(i * 7 + 3) % values.length]!;
      const expectResult = (place: number, expected: bigint): void => {
        expect(get(place) % P).toBe(((expected % P) + P) % P);
        expect(get(place) < 2n * P).toBe(true);
      };
      const load = (): void => {
        for (const [place, value] of [a, b, c, d].entries()) put(place, value);
      };
      load();
      call("subMul", 0, 1, 2, 4);
      expectResult(4, (a - b) * c * RADIX_INVERSE);
      call("squareSub", 0, 1, 2, 4);
      expectResult(4, a * a * RADIX_INVERSE - b - c);
      call("subMulSub", 0, 1, 2, 3, 4);
      expectResult(4, (a - b) * c * RADIX_INVERSE - d);
      call("mulAdd", 0, 1, 3);
      expectResult(3, a * b * RADIX_INVERSE + d);
      call("butterfly", 0, 1, 2);
      expectResult(0, a + b * c * RADIX_INVERSE);
      expectResult(1, a - b * c * RADIX_INVERSE);
      load();
      call("inverseButterfly", 0, 1, 2);
      expectResult(0, a + b);
      expectResult(1, (a - b) * c * RADIX_INVERSE);
    }
  });

  it("inverts, and converts to bytes and back", () => {
    for (const value of [1n, 2n, P - 1n, ...Array.from({ length: 100 }, () => random(P))]) {
      for (const multiple of [0n, 1n, 3n]) {
        put(0, ((value * RADIX) % P) + multiple * P);
        call("invert", 0, 1);
        expect(get(1)).toBeLessThan(P);
        call("mul", 0, 1, 2);
        call("reduce", 2);
        expect(get(2)).toBe(RADIX % P);
        call("invert", 0, 0);
        expect(get(0)).toBe(get(1));
      }
      put(0, value);
      call("toBytes", 0, 1);
      expect(bytesAt(arithmetic, places[1]!, 32)).toEqual(littleEndian(value));
      call("fromBytes", 1, 2);
      expect(get(2)).toBe(value);
    }
    for (const zero of [0n, P, 2n * P]) {
      put(0, zero);
      call("invert", 0, 1);
      expect(get(1)).toBe(0n);
    }
  });
});

describe(`the quadratic extension (seed ${SEED})`, () => {
  useKernels(false);
  type Pair = readonly [bigint, bigint];
  const random = generator(SEED);
  let places: number[];
  beforeAll(() => {
    places = Array.from({ length: 5 }, () => allocate(arithmetic, 2 * FIELD_BYTES));
  });
  const put = (place: number, pair: Pair): void => {
    for (const [i, value] of pair.entries())
      bytesAt(arithmetic, places[place]! + i * FIELD_BYTES, FIELD_BYTES).set(elementBytes(value));
  };
  const get = (place: number): bigint[] =>
    [0, FIELD_BYTES].map((offset) => {
      const limbs = new Uint32Array(arithmetic.memory.buffer, places[place]! + offset, 9);
      return limbs.reduceRight((value, limb) => (value << 29n) + BigInt(limb), 0n);
    });
  const mul = ([a0, a1]: Pair, [b0, b1]: Pair): Pair => [
    (a0 * b0 - a1 * b1) * RADIX_INVERSE,
    (a0 * b1 + a1 * b0) * RADIX_INVERSE,
  ];
  const sub = ([a0, a1]: Pair, [b0, b1]: Pair): Pair => [a0 - b0, a1 - b1];
  // Of the last two all limbs are as large as they can be: the largest columns.
  const edges = [0n, 1n, P, 2n * P - 1n, (1n << 253n) - 1n, (1n << 254n) - 1n];
  const pairs = edges.flatMap((a) => edges.map((b): Pair => [a, b]));
  const operands = [...pairs, ...pairs.map((): Pair => [random(2n * P), random(2n * P)])];

  it.each<[keyof Products, number, (a: Pair, b: Pair, c: Pair, d: Pair) => Pair]>([
    ["mul", 2, (a, b) => mul(a, b)],
    ["square", 1, (a) => mul(a, a)],
    ["subMul", 3, (a, b, c) => mul(sub(a, b), c)],
    ["squareSub", 3, (a, b, c) => sub(sub(mul(a, a), b), c)],
    ["subMulSub", 4, (a, b, c, d) => sub(mul(sub(a, b), c), d)],
  ])("gives %s below 2p, also in an operand's place", (name, count, expected) => {
    for (let i = 0; i < operands.length; i++) {
      for (const step of [0, 1, 7, 29]) {
        const all = [0, 1, 2, 3].map((k) => operands[(i + k * step) % operands.length]!) as [
          Pair,
          Pair,
          Pair,
          Pair,
        ];
        for (const result of [4, 0, count - 1]) {
          for (const [place, value] of all.entries()) put(place, value);
          const pointers = [...Array.from({ length: count }, (_, k) => k), result].map((k) => places[k]!);
          const f: (...pointers: number[]) => number = arithmetic.fp2[name];
          f(...pointers);
          const actual = get(result);
          expect(actual.map((value) => value % P)).toEqual(expected(...all).map((v) => ((v % P) + P) % P));
          expect(actual.every((value) => value < 2n * P)).toBe(true);
        }
      }
    }
  });
});

interface Curve {
  readonly group: Group;
  /** Multiple of the generator as base-field coordinates, or none for infinity. */
  multiple(scalar: bigint): bigint[];
}

const CURVES: Curve[] = [
  {
    group: G1,
    multiple(scalar) {
      if (scalar % R === 0n) return [0n, 0n];
      const { x, y } = bn254.G1.Point.BASE.multiply(scalar % R).toAffine();
      return [x, y];
    },
  },
  {
    group: G2,
    multiple(scalar) {
      if (scalar % R === 0n) return [0n, 0n, 0n, 0n];
      const { x, y } = bn254.G2.Point.BASE.multiply(scalar % R).toAffine();
      return [x.c0, x.c1, y.c0, y.c1];
    },
  },
];

/** The sum; the scalars leave the memory afterwards. */
const multiply = (group: Group, points: number, scalars: readonly bigint[]): Uint8Array =>
  scoped(arithmetic, () => {
    const loaded = loadBytes(arithmetic, bytesOf(scalars));
    return multiplyPoints(arithmetic, group, points, loaded, scalars.length);
  });

const bytesOf = (numbers: readonly bigint[]): Uint8Array =>
  Uint8Array.from(numbers.flatMap((n) => [...littleEndian(n)]));
const snarkjsForm = (coordinates: readonly bigint[]): bigint[] => coordinates.map((c) => (c << 256n) % P);

describeForms("$form", ({ lanes }) => {
  useKernels(lanes);
  describe.each(CURVES)(`sums of multiples in $group.name (seed ${SEED})`, ({ group, multiple }) => {
    const random = generator(SEED);
    /** Compares the sum of scalar * (exponent * generator) with (sum of scalar * exponent) * generator. */
    const check = (exponents: readonly bigint[], scalars: readonly bigint[]): void => {
      const coordinates = new Map([...new Set(exponents)].map((exponent) => [exponent, multiple(exponent)]));
      const points = bytesOf(exponents.flatMap((exponent) => snarkjsForm(coordinates.get(exponent)!)));
      const sum = scoped(arithmetic, () => {
        const loaded = loadPoints(arithmetic, group, points);
        expect(areOnCurve(arithmetic, group, loaded, exponents.length)).toBe(true);
        return multiply(group, loaded, scalars);
      });
      const expected = exponents.reduce((total, exponent, i) => total + exponent * scalars[i]!, 0n) % R;
      expect(sum).toEqual(bytesOf(multiple(expected)));
    };
    const randoms = (count: number): bigint[] => Array.from({ length: count }, () => random(R));
    const repeat = (count: number, ...values: bigint[]): bigint[] =>
      Array.from({ length: count }, (_, i) => values[i % values.length]!);

    it.each<[string, () => [bigint[], bigint[]]]>([
      ["nothing", () => [[], []]],
      ["one point, once", () => [[1n], [1n]]],
      ["one point, never", () => [[1n], [0n]]],
      ["one point, r - 1 times", () => [[3n], [R - 1n]]],
      ["random points and scalars", () => [randoms(300), randoms(300)]],
      ["bits", () => [randoms(100), repeat(100, 0n, 1n, 1n)]],
      [
        "powers of two",
        () => [randoms(64), Array.from({ length: 64 }, (_, i) => 1n << BigInt(4 * i)).map((s) => s % R)],
      ],
      [
        "window edges",
        () => [randoms(40), Array.from({ length: 40 }, (_, i) => ((1n << BigInt(6 * i + 3)) + 1n) % R)],
      ],
      ["all scalars equal", () => [randoms(70), repeat(70, random(R))]],
      ["all points equal", () => [repeat(70, 5n), randoms(70)]],
      ["all equal", () => [repeat(70, 5n), repeat(70, R - 1n)]],
      [
        "a point and its negative",
        () => [
          [7n, R - 7n],
          [9n, 9n],
        ],
      ],
      ["points and negatives in turn", () => [repeat(60, 7n, R - 7n), repeat(60, 11n)]],
      [
        "infinity among them",
        () => [
          [0n, 5n, 0n, 6n],
          [3n, 4n, R - 1n, 2n],
        ],
      ],
      [
        "a sum that is infinity",
        () => [
          [2n, 3n],
          [3n, R - 2n],
        ],
      ],
    ])("of %s", (_, cases) => {
      const [exponents, scalars] = cases();
      check(exponents, scalars);
    });

    it("of more points than there is room for sums", () => {
      const exponents = repeat(14_001, ...randoms(60));
      check(exponents, [...randoms(7000), ...repeat(7001, 0n, 1n, 1n << 100n, ...randoms(50))]);
    });

    it("reads points back, and sees points off the curve", () => {
      const { top } = arithmetic;
      const coordinates = multiple(random(R));
      const good = loadPoints(arithmetic, group, bytesOf(snarkjsForm(coordinates)));
      expect(readPoint(arithmetic, group, good)).toEqual(bytesOf(coordinates));
      const bad = loadPoints(
        arithmetic,
        group,
        bytesOf(snarkjsForm(coordinates.with(-1, (coordinates.at(-1)! + 1n) % P))),
      );
      expect(areOnCurve(arithmetic, group, bad, 1)).toBe(false);
      arithmetic.top = top;
    });

    it("leaves no scalars behind", () => {
      const { top } = arithmetic;
      const loaded = loadPoints(arithmetic, group, bytesOf(snarkjsForm([...multiple(2n), ...multiple(3n)])));
      multiply(group, loaded, [random(R), random(R)]);
      const above = Buffer.from(arithmetic.memory.buffer, arithmetic.top);
      expect(above.every((byte) => byte === 0)).toBe(true);
      arithmetic.top = top;
    });
  });
});

describeForms(`vectors of scalars $form (seed ${SEED})`, ({ lanes }) => {
  useKernels(lanes);
  const random = generator(SEED);
  const inverse = bn254.fields.Fr.inv(RADIX % R);
  const toMontgomery = (values: readonly bigint[]): Uint8Array => bytesOf(values.map((v) => (v * RADIX) % R));
  const numbers = (bytes: Uint8Array): bigint[] =>
    Array.from({ length: bytes.length / 32 }, (_, i) =>
      bytes.subarray(32 * i, 32 * i + 32).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n),
    );
  const fromMontgomery = (bytes: Uint8Array): bigint[] =>
    numbers(bytes).map((value) => (value * inverse) % R);

  it.each([2, 4, 8, 16, 64, 256])("of %i values go from the domain to the odd coset", (size) => {
    const { top } = arithmetic;
    const shift = bn254.fields.Fr.pow(5n, (R - 1n) / BigInt(2 * size));
    const evaluate = (coefficients: readonly bigint[], x: bigint): bigint =>
      coefficients.reduceRight((sum, coefficient) => (sum * x + coefficient) % R, 0n);
    const at = (exponent: number): bigint => bn254.fields.Fr.pow(shift, BigInt(exponent));
    const indices = Array.from({ length: size }, (_, i) => i);
    for (const coefficients of [
      indices.map(() => random(R)),
      indices.map(() => R - 1n),
      indices.map(BigInt),
    ]) {
      const values = indices.map((i) => evaluate(coefficients, at(2 * i)));
      const coset = loadCoset(arithmetic, size);
      const vector = toMontgomery(values);
      toOddCoset(arithmetic, coset, vector);
      expect(fromMontgomery(vector)).toEqual(indices.map((i) => evaluate(coefficients, at(2 * i + 1))));
    }
    arithmetic.top = top;
  });

  it("are multiplied by sparse rows, empty ones among them", () => {
    const { top } = arithmetic;
    const witness = [1n, 0n, R - 1n, random(R), random(R)];
    const some = [random(R), random(R)];
    type Row = readonly (readonly [wire: number, coefficient: bigint])[];
    const form: Row = [
      [1, 3n],
      [2, 1n],
      [3, some[0]!],
      [4, R - 1n],
    ];
    const negative = form.map(([wire, coefficient]) => [wire, R - coefficient] as const);
    const rows: readonly (readonly [a: Row, b: Row])[] = [
      [[], []],
      [
        [[0, 5n]],
        [
          [2, R - 1n],
          [2, R - 1n],
          [4, 7n],
        ],
      ],
      [form, form],
      [[[0, some[1]!], ...form], negative],
      [
        [
          [0, R - 1n],
          [3, 1n],
        ],
        [[3, 1n]],
      ],
      [
        [
          [0, 1n],
          [3, R - 1n],
        ],
        [[3, 2n]],
      ],
      [
        [
          [0, 1n],
          [4, 0n],
        ],
        [
          [0, 2n],
          [0, 3n],
          [3, R - 2n],
        ],
      ],
      // Wires in another order, and a sum of many.
      [
        [
          [4, R - 1n],
          [3, some[0]!],
        ],
        Array.from({ length: 300 }, (_, i) => [i % 5, i % 2 ? 1n : R - 1n] as const),
      ],
    ];
    const terms = rows.flatMap((row, i) =>
      row.flatMap((side, matrix) =>
        side.map(([wire, coefficient]) => ({ matrix, row: i + 7, wire, coefficient })),
      ),
    );
    const bytes = termBytes(terms);
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    const slice = {
      ...{ firstRow: 7, rows: rows.length, terms: terms.length, circuitWires: witness.length },
      // Two pieces.
      eachTerms(take: (words: Uint32Array) => void) {
        take(words.subarray(0, 55));
        take(words.subarray(55));
      },
    };
    const loaded = loadRows(arithmetic, planRows(slice));
    const sum = (row: Row): bigint =>
      row.reduce((total, [wire, coefficient]) => total + coefficient * witness[wire]!, 0n) % R;
    const [a, b, c] = [0, 1, 2].map(() => new Uint8Array(32 * rows.length));
    const values = { a: a!, b: b!, c: c! };
    loaded.evaluate(bytesOf(witness), values);
    expect(numbers(values.a)).toEqual(rows.map(([a]) => (sum(a) * RADIX) % R));
    expect(numbers(values.b)).toEqual(rows.map(([, b]) => (sum(b) * RADIX) % R));
    expect(numbers(values.c)).toEqual(rows.map(([a, b]) => (sum(a) * sum(b) * RADIX) % R));
    arithmetic.top = top;
  });

  it.each([false, true])("give quotients out of Montgomery form (an odd number: %s)", (odd) => {
    const triples = [
      [0n, 0n, 0n],
      [1n, 1n, 1n],
      [R - 1n, R - 1n, 2n],
      [random(R), random(R), random(R)],
      // An odd number too.
      ...(odd ? [[3n, 4n, 5n]] : []),
    ];
    const [a, b, c] = [0, 1, 2].map((k) => toMontgomery(triples.map((triple) => triple[k]!)));
    const expected = triples.map(([x, y, z]) => (((x! * y! - z!) % R) + R) % R);
    const target = allocate(arithmetic, a!.length);
    writeQuotients(arithmetic, a!, b!, c!, target);
    expect(numbers(bytesAt(arithmetic, target, a!.length))).toEqual(expected);
  });
});

it("both fields follow from the curve's parameter", () => {
  expect([BASE_FIELD, SCALAR_FIELD]).toEqual([bn254.fields.Fp.ORDER, bn254.fields.Fr.ORDER]);
  for (const value of [1n, 2n, SCALAR_FIELD - 1n, SCALAR_FIELD + 3n, -5n]) {
    expect((((invert(value, SCALAR_FIELD) * value) % SCALAR_FIELD) + SCALAR_FIELD) % SCALAR_FIELD).toBe(1n);
  }
  expect(power(3n, 200n, 1009n)).toBe(3n ** 200n % 1009n);
});
