// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the off-chain verifier refuse every proof, key and signal list that it must refuse (attacks 23, 24, 25)?
 *
 * @module
 */

import { ensureCircuit } from "@keel/circuits";
import {
  BASE_FIELD,
  decodeProof,
  encodeProof,
  type Groth16Proof,
  KeelError,
  parseProof,
  parseVerificationKey,
  proofFromHex,
  proofToHex,
  SCALAR_FIELD,
  type VerificationKey,
  verifyGroth16,
  verifyGroth16All,
} from "@keel/verifier";
import { bn254 } from "@noble/curves/bn254.js";
import * as snarkjs from "snarkjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SMALL } from "./small-circuit.js";

const INPUT = { a: "0", b: ["4", "5", "6"] };

let key: VerificationKey;
let proof: Groth16Proof;
/** Ends in a zero, the signal that snarkjs lets one drop. */
let signals: string[];

beforeAll(async () => {
  const artifacts = await ensureCircuit(SMALL);
  key = artifacts.verificationKey;
  const made = await snarkjs.groth16.fullProve(INPUT, artifacts.wasmPath, artifacts.zkeyPath);
  proof = parseProof(made.proof);
  signals = made.publicSignals;
}, 60_000);

afterAll(async () => {
  await (await snarkjs.curves.getCurveFromName("bn128")).terminate();
});

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(KeelError);
    return (error as KeelError).code;
  }
  return "nothing thrown";
}

type Change = (old: never) => unknown;

/** A deep copy with the value at a path such as `pi_a.0` replaced; undefined takes it away. */
function changed<T>(value: T, path: string, change: Change): T {
  const copy = JSON.parse(JSON.stringify(value));
  const steps = path.split(".");
  const last = steps.pop()!;
  const parent = steps.reduce((part, step) => part[step], copy);
  const replaced = change(parent[last] as never);
  if (replaced === undefined) delete parent[last];
  else parent[last] = replaced;
  return copy;
}

const without: Change = () => undefined;
const to =
  (value: unknown): Change =>
  () =>
    value;
const shortened = (list: unknown[]): unknown => list.slice(0, -1);
const plusField = (value: string): string => (BigInt(value) + BASE_FIELD).toString();
const negated = (value: string): string => (BASE_FIELD - BigInt(value)).toString();

describe("good proofs", () => {
  it("verify under a parsed key and under its plain JSON", () => {
    expect(verifyGroth16(key, signals, proof)).toBe(true);
    expect(verifyGroth16(JSON.parse(JSON.stringify(key)), signals.map(BigInt), proof)).toBe(true);
  });

  it("survive the trip through words and hexadecimal", () => {
    expect(decodeProof(encodeProof(proof))).toEqual(proof);
    expect(decodeProof(encodeProof(proof).map(String))).toEqual(proof);
    expect(proofFromHex(proofToHex(proof))).toEqual(proof);
    const [ax, , bx1, bx0] = encodeProof(proof);
    expect([ax, bx0, bx1].map(String)).toEqual([proof.pi_a[0], proof.pi_b[0][0], proof.pi_b[0][1]]);
  });

  it("are encoded whatever the order of their second point, which whoever reads them refuses", () => {
    const outside = { ...proof, pi_b: pointOutsideSubgroup() } as Groth16Proof;
    expect(codeOf(() => decodeProof(encodeProof(outside)))).toBe("proof.subgroup");
    const off = {
      ...proof,
      pi_b: [
        ["1", "2"],
        ["3", "4"],
        ["1", "0"],
      ],
    } as unknown as Groth16Proof;
    expect(codeOf(() => encodeProof(off))).toBe("proof.curve");
  });

  it("24 are malleable, which is why proof bytes are no identity", () => {
    const twin = changed(changed(proof, "pi_a.1", negated), "pi_b.1", (pair: string[]) => pair.map(negated));
    expect(verifyGroth16(key, signals, twin)).toBe(true);
  });
});

describe("23 public signals", () => {
  it("of another statement do not verify", () => {
    expect(verifyGroth16(key, [(BigInt(signals[0]!) + 1n).toString(), signals[1]!], proof)).toBe(false);
    expect(verifyGroth16(key, [signals[1]!, signals[0]!], proof)).toBe(false);
  });

  it.each([
    ["a dropped trailing zero", (s: string[]) => s.slice(0, -1), "proof.signals"],
    ["an extra zero", (s: string[]) => [...s, "0"], "proof.signals"],
    ["no list", () => null, "proof.signals"],
    ["a hole", (s: string[]) => [s[0], undefined], "proof.signal"],
    ["an alias", (s: string[]) => [s[0], SCALAR_FIELD.toString()], "proof.signal"],
    ["an alias as bigint", (s: string[]) => [s[0], SCALAR_FIELD], "proof.signal"],
    ["a negative number", (s: string[]) => [s[0], "-0"], "proof.signal"],
    ["a leading zero", (s: string[]) => [s[0], "00"], "proof.signal"],
    ["hexadecimal", (s: string[]) => [s[0], "0x0"], "proof.signal"],
    ["an empty string", (s: string[]) => [s[0], ""], "proof.signal"],
    ["a number", (s: string[]) => [s[0], 0], "proof.signal"],
    ["a boolean", (s: string[]) => [s[0], false], "proof.signal"],
  ])("with %s are refused", (_, change, code) => {
    expect(codeOf(() => verifyGroth16(key, change([...signals]) as string[], proof))).toBe(code);
  });
});

describe("24, 25 malformed proofs", () => {
  const cases: [string, string, Change, string][] = [
    ["without pi_c", "pi_c", without, "proof.shape"],
    ["with a null pi_b", "pi_b", to(null), "proof.shape"],
    ["with a short pi_a", "pi_a", shortened, "proof.shape"],
    ["with a missing part of pi_b", "pi_b.0", shortened, "proof.shape"],
    ["with an unknown field", "pi_d", to(["1", "2", "1"]), "proof.shape"],
    ["of another protocol", "protocol", to("plonk"), "proof.protocol"],
    ["of another curve", "curve", to("bls12381"), "proof.protocol"],
    ["with an alias of A.x", "pi_a.0", plusField, "proof.coordinate"],
    ["with an alias of A.y", "pi_a.1", plusField, "proof.coordinate"],
    ["with an alias in B", "pi_b.1.1", plusField, "proof.coordinate"],
    ["with a number", "pi_a.0", to(1), "proof.coordinate"],
    ["with a null coordinate", "pi_a.0", to(null), "proof.coordinate"],
    ["with A at infinity", "pi_a", to(["0", "1", "0"]), "proof.infinity"],
    ["with C at infinity as (0, 0)", "pi_c", to(["0", "0", "1"]), "proof.curve"],
    ["with B at infinity", "pi_b.2", to(["0", "0"]), "proof.infinity"],
    ["with B not normalised", "pi_b.2", to(["1", "1"]), "proof.infinity"],
    ["with A off the curve", "pi_a", to(["1", "1", "1"]), "proof.curve"],
    ["with B off the curve", "pi_b.0", to(["1", "1"]), "proof.curve"],
    ["with B outside the subgroup", "pi_b", pointOutsideSubgroup, "proof.subgroup"],
  ];
  it.each(cases)("%s are refused", (_, path, change, code) => {
    expect(codeOf(() => verifyGroth16(key, signals, changed(proof, path, change)))).toBe(code);
  });

  it("of no object at all are refused", () => {
    for (const nothing of [null, undefined, [], "proof", 7])
      expect(codeOf(() => parseProof(nothing))).toBe("proof.shape");
    for (const text of ["0x", "", null, proofToHex(proof).toUpperCase(), `${proofToHex(proof)}00`]) {
      expect(codeOf(() => proofFromHex(text))).toBe("proof.shape");
    }
    expect(codeOf(() => decodeProof(encodeProof(proof).slice(1)))).toBe("proof.shape");
  });

  it("with parts exchanged do not verify", () => {
    expect(verifyGroth16(key, signals, { ...proof, pi_c: proof.pi_a })).toBe(false);
    expect(verifyGroth16(key, signals, { ...proof, pi_a: proof.pi_c })).toBe(false);
  });
});

describe("unsound keys", () => {
  const cases: [string, string, Change, string][] = [
    ["with gamma = delta", "vk_delta_2", () => key.vk_gamma_2, "key.gammaDelta"],
    ["with gamma = -delta", "vk_delta_2", negatedGamma, "key.gammaDelta"],
    ["with a point missing in IC", "IC", shortened, "key.shape"],
    ["with another nPublic", "nPublic", to(1), "key.shape"],
    ["with a fractional nPublic", "nPublic", to(1.5), "key.shape"],
    ["with insecure: false", "insecure", to(false), "key.shape"],
    ["without beta", "vk_beta_2", without, "key.shape"],
    ["with alpha at infinity", "vk_alpha_1", to(["0", "1", "0"]), "key.infinity"],
    ["with an IC point off the curve", "IC.1", to(["2", "2", "1"]), "key.curve"],
    ["with beta outside the subgroup", "vk_beta_2", pointOutsideSubgroup, "key.subgroup"],
  ];
  it.each(cases)("%s are refused", (_, path, change, code) => {
    const bad = changed(key, path, change);
    expect(codeOf(() => parseVerificationKey(bad))).toBe(code);
    expect(codeOf(() => verifyGroth16(bad, signals, proof))).toBe(code);
  });
});

function negatedGamma(): unknown {
  const [x, y, z] = key.vk_gamma_2;
  return [x, y.map(negated), z];
}

/** The first x = (n, 0) with a point on the twist; its order is almost surely not r. */
function pointOutsideSubgroup(): unknown {
  const { Fp2 } = bn254.fields;
  const b = Fp2.div(Fp2.fromBigTuple([3n, 0n]), Fp2.fromBigTuple([9n, 1n]));
  for (let n = 1n; ; n++) {
    const x = Fp2.fromBigTuple([n, 0n]);
    try {
      const y = Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), b));
      const pair = (v: typeof x): string[] => [v.c0.toString(), v.c1.toString()];
      return [pair(x), pair(y), ["1", "0"]];
    } catch {
      // not a square
    }
  }
}

describe("several proofs at once", () => {
  /** Another proof of the same: (u A, B / u, C) verifies when (A, B, C) does. */
  function other(u: bigint): Groth16Proof {
    const [ax, ay, bx1, bx0, by1, by0, cx, cy] = encodeProof(proof);
    const a = bn254.G1.Point.fromAffine({ x: ax, y: ay }).multiply(u).toAffine();
    const b = bn254.G2.Point.fromAffine({ x: { c0: bx0, c1: bx1 }, y: { c0: by0, c1: by1 } })
      .multiply(bn254.fields.Fr.inv(u))
      .toAffine();
    return decodeProof([a.x, a.y, b.x.c1, b.x.c0, b.y.c1, b.y.c0, cx, cy]);
  }
  const holds = (proven: readonly [readonly string[], Groth16Proof][]): boolean =>
    verifyGroth16All(
      key,
      proven.map(([publicSignals, one]) => ({ publicSignals, proof: one })),
    );

  it("hold when each does, none of them too", () => {
    expect(holds([])).toBe(true);
    expect(holds([[signals, proof]])).toBe(true);
    expect(holds([2n, 3n, 4n].map((u) => [signals, other(u)]))).toBe(true);
  });

  it("24 do not hold when one does not, wherever it stands, nor when two faults would cancel out", () => {
    const false_ = [String(BigInt(signals[0]!) + 1n), ...signals.slice(1)];
    const opposite = [String(BigInt(signals[0]!) - 1n), ...signals.slice(1)];
    for (let at = 0; at < 3; at++) {
      expect(holds([2n, 3n, 4n].map((u, i) => [i === at ? false_ : signals, other(u)])), `${at}`).toBe(false);
    }
    // The product of both without random powers is that of true ones: inputs enter linearly.
    const cancelling: [string[], Groth16Proof][] = [
      [false_, other(2n)],
      [opposite, other(3n)],
    ];
    expect(holds(cancelling)).toBe(false);
  });

  it("are refused like one when one is malformed", () => {
    const short = signals.slice(1);
    expect(
      codeOf(() =>
        holds([
          [signals, proof],
          [short, proof],
        ]),
      ),
    ).toBe("proof.signals");
    const off = changed(proof, "pi_a.0", () => "1") as Groth16Proof;
    expect(
      codeOf(() =>
        holds([
          [signals, proof],
          [signals, off],
        ]),
      ),
    ).toBe("proof.curve");
  });

  it("know a proof again only as it was checked: it cannot be changed since", () => {
    const parsed = parseProof(proof);
    const change = (): void => {
      (parsed.pi_a as unknown as string[])[0] = "1";
    };
    expect(change).toThrow(TypeError);
    expect(verifyGroth16(key, signals, parsed)).toBe(true);
    expect(verifyGroth16(key, signals, { ...parsed, pi_c: parsed.pi_a } as Groth16Proof)).toBe(false);
  });
});
