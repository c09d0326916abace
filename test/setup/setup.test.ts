// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the set-up make artifacts that snarkjs and the verifier accept, the same ones every time, and does it refuse
 * broken ones?
 *
 * @module
 */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ArtifactSet,
  constraintAt,
  deriveToxicWaste,
  ensureCircuit,
  firstUnsatisfied,
  firstUnsatisfiedWith,
  INSECURE_SECTION,
  loadArtifacts,
  makeDevKey,
  parseR1cs,
  type R1cs,
} from "@keel/circuits";
import { parseVerificationKey, verifyGroth16 } from "@keel/verifier";
import * as snarkjs from "snarkjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SMALL } from "../engine/small-circuit.js";

const INPUT = { a: "3", b: ["4", "5", "6"] };

let artifacts: ArtifactSet;
let r1cs: R1cs;
let witness: bigint[];

beforeAll(async () => {
  artifacts = await ensureCircuit(SMALL);
  r1cs = parseR1cs(await readFile(artifacts.r1csPath));
  const file = { type: "mem" as const };
  await snarkjs.wtns.calculate(INPUT, artifacts.wasmPath, file);
  witness = await snarkjs.wtns.exportJson(file);
}, 60_000);

afterAll(async () => {
  await (await snarkjs.curves.getCurveFromName("bn128")).terminate();
});

describe("dev keys", () => {
  it("make proofs that snarkjs and the verifier accept", async () => {
    const { proof, publicSignals } = await snarkjs.groth16.fullProve(
      INPUT,
      artifacts.wasmPath,
      artifacts.zkeyPath,
    );
    expect(publicSignals).toEqual([((3n * 4n * 5n + 6n) ** 2n + 3n).toString(), "3"]);
    expect(await snarkjs.groth16.verify(artifacts.verificationKey, publicSignals, proof)).toBe(true);
    expect(verifyGroth16(artifacts.verificationKey, publicSignals, proof as never)).toBe(true);
  });

  it("have the verification key that snarkjs reads from the zkey, plus the mark", async () => {
    const { vk_alphabeta_12: _, ...exported } = await snarkjs.zKey.exportVerificationKey(artifacts.zkeyPath);
    expect(artifacts.verificationKey).toEqual({ ...exported, insecure: true });
  });

  it("are the same bytes for the same seed, on any number of threads, and others for another seed", async () => {
    const [one, two, other] = await Promise.all([
      makeDevKey(r1cs, { seed: "seed", threads: 1 }),
      makeDevKey(r1cs, { seed: "seed", threads: 2 }),
      makeDevKey(r1cs, { seed: "seed 2" }),
    ]);
    expect(Buffer.from(one.zkey).equals(two.zkey)).toBe(true);
    expect(Buffer.from(one.zkey).equals(other.zkey)).toBe(false);
    expect(() => parseVerificationKey(one.verificationKey)).not.toThrow();
  });

  it("carry the mark in the zkey", async () => {
    const zkey = await readFile(artifacts.zkeyPath);
    const sections = new Map<number, Uint8Array>();
    for (let at = 12; at < zkey.length; ) {
      const size = Number(zkey.readBigUInt64LE(at + 4));
      sections.set(zkey.readUInt32LE(at), zkey.subarray(at + 12, at + 12 + size));
      at += 12 + size;
    }
    expect(new TextDecoder().decode(sections.get(INSECURE_SECTION))).toMatch(/^INSECURE .* seed "keel"/);
  });

  it("derive distinct secrets", () => {
    const waste = Object.values(deriveToxicWaste("seed", 16));
    expect(new Set([0n, ...waste]).size).toBe(6);
  });

  it("stop when cancelled", async () => {
    const signal = AbortSignal.abort();
    await expect(makeDevKey(r1cs, { seed: "s", signal })).rejects.toMatchObject({ kind: "cancelled" });
  });
});

describe("constraint systems", () => {
  it("are satisfied by a witness and by no witness with one wire changed", () => {
    expect(firstUnsatisfied(r1cs, witness)).toBeUndefined();
    for (let wire = 0; wire < r1cs.wires; wire++) {
      const forged = witness.with(wire, witness[wire]! + 1n);
      const broken = firstUnsatisfied(r1cs, forged);
      expect(broken, `wire ${wire}`).toBeDefined();
      expect(firstUnsatisfiedWith(r1cs, forged, wire), `wire ${wire}`).toBe(broken);
    }
  });

  it("show their rows", () => {
    const rows = Array.from({ length: r1cs.constraints }, (_, i) => constraintAt(r1cs, i));
    const value = (terms: { wire: number; coefficient: bigint }[]): bigint =>
      terms.reduce((sum, { wire, coefficient }) => sum + coefficient * witness[wire]!, 0n);
    for (const { a, b, c } of rows) expect(value([...a]) * value([...b])).toBe(value([...c]));
  });

  it("are refused when truncated or foreign", async () => {
    const bytes = await readFile(artifacts.r1csPath);
    for (const bad of [bytes.subarray(0, -1), bytes.subarray(0, 40), Buffer.from("zkey"), Buffer.alloc(0)]) {
      expect(() => parseR1cs(bad)).toThrow(expect.objectContaining({ code: "r1cs.format" }));
    }
  });
});

describe("artifact sets", () => {
  const folders: string[] = [];
  const copyOfSet = async (): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), "keel-artifacts-"));
    folders.push(folder);
    await cp(artifacts.dir, folder, { recursive: true });
    return folder;
  };
  afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

  it("come from the cache the second time, and one build serves two callers", async () => {
    const seed = `shared ${process.pid}`;
    const [one, two] = await Promise.all([ensureCircuit(SMALL, { seed }), ensureCircuit(SMALL, { seed })]);
    expect(two.dir).toBe(one.dir);
    expect(await ensureCircuit(SMALL, { seed })).toEqual(one);
    expect(one.manifest).toMatchObject({ insecure: true, key: { kind: "dev", seed } });
    await rm(one.dir, { recursive: true });
  });

  it("are refused by hash when one bit of any file differs", async () => {
    for (const { name } of Object.values(artifacts.manifest.files)) {
      const folder = await copyOfSet();
      const content = await readFile(join(folder, name));
      content[content.length >> 1]! ^= 1;
      await writeFile(join(folder, name), content);
      await expect(loadArtifacts(folder)).rejects.toMatchObject({ code: "artifact.hash", path: name });
    }
  });

  it("have the key's hash compared even where another one looks at the rest", async () => {
    const folder = await copyOfSet();
    await rm(join(folder, "circuit.sym"));
    expect((await loadArtifacts(folder, [])).id).toBe(artifacts.id);
    await expect(loadArtifacts(folder, ["sym"])).rejects.toMatchObject({ code: "artifact.missing" });
    const { name } = artifacts.manifest.files.verificationKey;
    await writeFile(join(folder, name), `${await readFile(join(folder, name), "utf8")} `);
    await expect(loadArtifacts(folder, [])).rejects.toMatchObject({ code: "artifact.hash", path: name });
  });

  it("are refused when a file is missing or the manifest leads elsewhere", async () => {
    const missing = await copyOfSet();
    await rm(join(missing, "circuit.zkey"));
    await expect(loadArtifacts(missing)).rejects.toMatchObject({ code: "artifact.missing" });
    const outside = await copyOfSet();
    const manifest = JSON.parse(await readFile(join(outside, "manifest.json"), "utf8"));
    manifest.files.zkey.name = "../circuit.zkey";
    await writeFile(join(outside, "manifest.json"), JSON.stringify(manifest));
    await expect(loadArtifacts(outside)).rejects.toMatchObject({ code: "artifact.manifest" });
  });

  it("made before modules were stored ready are taken: circom's own module stands for the prepared one", async () => {
    const folder = await copyOfSet();
    const path = join(folder, "manifest.json");
    const manifest = JSON.parse(await readFile(path, "utf8"));
    const { witness: _, ...files } = manifest.files;
    await writeFile(path, JSON.stringify({ ...manifest, files }));
    const { wasmPath, witnessPath } = await loadArtifacts(folder);
    expect(witnessPath).toBe(wasmPath);
  });

  it("name unknown circuits and circuits that do not compile", async () => {
    await expect(ensureCircuit("no/such")).rejects.toMatchObject({ kind: "input", code: "circuit.unknown" });
    const definition = { id: "test/broken", source: "template {" };
    await expect(ensureCircuit(definition)).rejects.toMatchObject({ code: "circuit.compile" });
  });
});
