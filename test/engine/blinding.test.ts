// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does blinding hide everything but the public signals? Exhaustively over a tiny group, where a point is its logarithm and a
 * pairing a product, with the engine's own factors; the argument is in the engine's README.
 *
 * @module
 */

import { type ArtifactSet, ensureCircuit } from "@keel/circuits";
import { parseVerificationKey, SCALAR_FIELD } from "@keel/verifier";
import { bn254 } from "@noble/curves/bn254.js";
import { beforeAll, describe, expect, it } from "vitest";
import { blindingFactors, createAssembler, type QuerySums } from "../../prover/engine/dist/assemble.js";
import { writeElement } from "../../prover/engine/dist/bytes.js";
import { compileArithmetic, createArithmetic } from "../../prover/engine/dist/kernels/run/arithmetic.js";
import { SMALL } from "./small-circuit.js";

const ORDER = 7n;
const all = (first: bigint): bigint[] =>
  Array.from({ length: Number(ORDER - first) }, (_, i) => BigInt(i) + first);
const modulo = (value: bigint): bigint => ((value % ORDER) + ORDER) % ORDER;

interface Logarithms {
  readonly a: bigint;
  readonly b: bigint;
  readonly c: bigint;
}

/** How often each proof comes out of all r1 and r2. */
function outcomes({ a, b, c }: Logarithms, delta: bigint): Map<string, number> {
  const counts = new Map<string, number>();
  for (const r1 of all(1n)) {
    for (const r2 of all(0n)) {
      const by = blindingFactors(r1, r2, ORDER);
      const proof = [a * by.a, b * by.b + delta * by.delta, c + a * by.aInC].map(modulo).join(" ");
      counts.set(proof, (counts.get(proof) ?? 0) + 1);
    }
  }
  return counts;
}

describe("blinding, over a group of 7", () => {
  it("gives each A but zero with each B, once, and the only C that verifies, whatever the witness", () => {
    for (const delta of all(1n)) {
      for (const statement of all(0n)) {
        // a b = statement + c delta is what the verifier sees of a key and of public signals.
        const expected = new Map<string, number>();
        const cOf = (a: bigint, b: bigint): bigint =>
          all(0n).find((c) => modulo(a * b - statement - c * delta) === 0n)!;
        for (const a of all(1n)) for (const b of all(0n)) expected.set([a, b, cOf(a, b)].join(" "), 1);
        for (const a of all(1n)) {
          for (const b of all(0n)) {
            const seen = outcomes({ a, b, c: cOf(a, b) }, delta);
            expect([...seen].every(([proof, count]) => expected.get(proof) === count)).toBe(true);
            expect(seen.size).toBe(expected.size);
          }
        }
      }
    }
  });

  it("gives what Groth16's own blinding gives, but for A = 0", () => {
    const [delta, a, b, c] = [3n, 4n, 7n, 5n];
    const theirs = new Set<string>();
    for (const r of all(0n)) {
      for (const s of all(0n)) {
        const [blindA, blindB] = [modulo(a + r * delta), modulo(b + s * delta)];
        // C + s A + r B - r s delta, with A and B blinded.
        const blindC = modulo(c + s * blindA + r * blindB - r * s * delta);
        if (blindA !== 0n) theirs.add([blindA, blindB, blindC].join(" "));
      }
    }
    expect([...outcomes({ a, b, c }, delta).keys()].sort()).toEqual([...theirs].sort());
  });

  it("has factors below the order of the real groups", () => {
    const r1 = SCALAR_FIELD - 2n;
    const { a, b, delta, aInC } = blindingFactors(r1, 5n, SCALAR_FIELD);
    expect((a * r1) % SCALAR_FIELD).toBe(1n);
    expect([b, delta, aInC]).toEqual([r1, SCALAR_FIELD - 10n, 5n]);
    expect(blindingFactors(1n, 0n, SCALAR_FIELD)).toEqual({ a: 1n, b: 1n, delta: 0n, aInC: 0n });
  });
});

describe("proofs that must not leave", () => {
  let key: ArtifactSet["verificationKey"];
  let assemble: (sums: QuerySums) => unknown;
  const { G1, G2 } = { G1: bn254.G1.Point, G2: bn254.G2.Point };
  const bytesOf = (values: readonly bigint[]): Uint8Array => {
    const bytes = new Uint8Array(32 * values.length);
    for (const [i, value] of values.entries()) writeElement(bytes, 32 * i, value);
    return bytes;
  };
  const g1 = (point: typeof G1.BASE): Uint8Array => {
    const { x, y } = point.toAffine();
    return bytesOf([x, y]);
  };
  const g2 = (point: typeof G2.BASE): Uint8Array => {
    const { x, y } = point.toAffine();
    return bytesOf([x.c0, x.c1, y.c0, y.c1]);
  };

  beforeAll(async () => {
    key = parseVerificationKey((await ensureCircuit(SMALL)).verificationKey);
    const assembler = createAssembler(await createArithmetic(await compileArithmetic()), key);
    assemble = (sums) => assembler.assemble(sums, ["4359", "3"]);
  });

  const unsound = { code: "proof.unsound" };

  it("are those with A at infinity, which blinding cannot hide", () => {
    const [x, y] = key.vk_alpha_1.map(BigInt) as [bigint, bigint, bigint];
    const minusAlpha = g1(G1.fromAffine({ x, y }).negate());
    expect(() => assemble({ a: [minusAlpha], b: [g2(G2.BASE)], c: [g1(G1.BASE)] })).toThrow(
      expect.objectContaining(unsound),
    );
  });

  it("and those that do not verify", () => {
    const sums = { a: [g1(G1.BASE)], b: [g2(G2.BASE)], c: [g1(G1.BASE)] };
    expect(() => assemble(sums)).toThrow(expect.objectContaining(unsound));
    const none = { a: [new Uint8Array(64)], b: [new Uint8Array(128)], c: [new Uint8Array(64)] };
    expect(() => assemble(none)).toThrow(expect.objectContaining(unsound));
  });
});
