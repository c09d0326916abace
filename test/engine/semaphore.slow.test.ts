// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the engine prove circuits that are not Keel's, with keys of a real ceremony: Semaphore's published artifacts?
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createProver } from "@keel/engine";
import * as snarkjs from "snarkjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { npmPackage } from "../support/npm-package.js";

const DEPTHS = [1, 16, 32];

let folder: string;
beforeAll(async () => {
  folder = await npmPackage({
    name: "@zk-kit/semaphore-artifacts",
    version: "4.13.0",
    integrity:
      "sha512-UgFQkcwI63XT1Xk8fkUYMNfcuR85LiSL3Of9XLsyMLflHkiwXP9D1WC8hnpD8Tp2HoAMJ/mCv7ZMlU7TC0mvdQ==",
    parts: DEPTHS.flatMap((depth) => ["wasm", "zkey", "json"].map((end) => `semaphore-${depth}.${end}`)),
  });
});

afterAll(async () => {
  await (await snarkjs.curves.getCurveFromName("bn128")).terminate();
});

describe.each(DEPTHS)("Semaphore, trees of depth up to %i", (depth) => {
  it("is proven, and snarkjs verifies it with the published key", async () => {
    const artifact = (end: string): string => join(folder, `semaphore-${depth}.${end}`);
    const prover = await createProver({ wasm: artifact("wasm"), zkey: artifact("zkey"), workers: 2 });
    const siblings = Array.from({ length: depth }, (_, i) => BigInt(i + 1));
    const { proof, publicSignals } = await prover.prove({
      secret: 20261121n,
      merkleProofLength: BigInt(depth),
      merkleProofIndex: 1n,
      merkleProofSiblings: siblings,
      message: 7n,
      scope: 11n,
    });
    prover.close();
    expect(prover.verificationKey.insecure).toBeUndefined();
    const published = JSON.parse(await readFile(artifact("json"), "utf8"));
    expect(await snarkjs.groth16.verify(published, publicSignals, proof)).toBe(true);
    const forged = publicSignals.with(-1, "12");
    expect(await snarkjs.groth16.verify(published, forged, proof)).toBe(false);
  });
});
