// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does `keel doctor` find what would make proofs worthless: broken artifacts, keys that anybody can forge for, verifiers on
 * chain that are not what they say?
 *
 * @module
 */
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ArtifactSet, ensureCircuit } from "@keel/circuits";
import {
  compileSources,
  compileVerifiers,
  deployKeel,
  generateVerifier,
  type VerifierSource,
} from "@keel/contracts";
import type { VerificationKey } from "@keel/verifier/groth16";
import { bn254 } from "@noble/curves/bn254.js";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startTestChain, type TestChain } from "../support/chain.js";
import { keelHere } from "../support/cli.js";

vi.setConfig({ hookTimeout: 180_000 });

const CIRCUIT = "portfolio-health/spot-16";
const CONTRACTS = fileURLToPath(new URL("../../contracts", import.meta.url));
const NAMES = {
  plain: "DoctorPlain",
  backdoor: "DoctorOtherCode",
  unmarked: "DoctorUnmarked",
  added: "DoctorAdded",
};

let folder: string;
let artifacts: ArtifactSet;

interface Check {
  readonly name: string;
  readonly verdict: string;
  readonly detail: string;
}

async function doctor(...args: string[]): Promise<{ code: number | null; checks: readonly Check[] }> {
  const { code, stdout } = await keelHere(["doctor", ...args, "--json"]);
  return { code, checks: JSON.parse(stdout).checks };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keel-doctor-"));
  artifacts = await ensureCircuit(CIRCUIT);
  const { verificationKey } = artifacts;
  const key = { circuit: CIRCUIT, verificationKey, insecure: true };
  await compileVerifiers([
    { ...key, contractName: NAMES.plain },
    // A public constant more stands for whatever else a contract with the right key might do.
    { ...key, contractName: NAMES.backdoor, transcript: "ab".repeat(32) },
  ]);
  await compileUnmarked({ ...key, contractName: NAMES.unmarked });
  // Somebody who knows the seed added to it: no artifacts here have this delta.
  const { x, y } = bn254.G2.Point.BASE.double().toAffine();
  const delta = [[x.c0, x.c1].map(String), [y.c0, y.c1].map(String), ["1", "0"]];
  const added = { ...verificationKey, vk_delta_2: delta as unknown as VerificationKey["vk_delta_2"] };
  await compileUnmarked({ ...key, verificationKey: added, contractName: NAMES.added });
  await onlyOneSet();
});

/** Every set in the cache is hashed: this machine's own may hold gigabytes. */
async function onlyOneSet(): Promise<void> {
  const cache = join(folder, "cache");
  await mkdir(cache);
  await symlink(artifacts.dir, join(cache, basename(artifacts.dir)));
  vi.stubEnv("KEEL_CACHE", cache);
}

/** The verifier of a key, whose mark somebody took out of the source. */
async function compileUnmarked({ verificationKey, ...options }: VerifierSource): Promise<void> {
  const source = generateVerifier(verificationKey, options);
  const text = source.replace("insecure = true;", "insecure = false;");
  expect(text).not.toBe(source);
  const promise = "interfaces/IGroth16Verifier.sol";
  const sources = {
    "verifiers/Unmarked.sol": text,
    [promise]: await readFile(join(CONTRACTS, promise), "utf8"),
  };
  const [compiled] = await compileVerifiers([{ verificationKey, ...options }]);
  const unmarked = compileSources(sources).find(({ contractName }) => contractName === options.contractName)!;
  Object.assign(compiled!, { bytecode: unmarked.bytecode, deployedBytecode: unmarked.deployedBytecode });
}

afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

describe("doctor on this machine", () => {
  it("looks at Node, memory, cores, cache and every artifact set", async () => {
    const { checks } = await doctor();
    const verdicts = new Map(checks.map(({ name, verdict }) => [name, verdict]));
    expect([...verdicts.keys()]).toEqual(expect.arrayContaining(["Node", "memory", "cores", "cache"]));
    expect([verdicts.get("Node"), verdicts.get("cache")]).toEqual(["ok", "ok"]);
    const set = checks.find(({ name }) => artifacts.dir.endsWith(name));
    expect(set).toMatchObject({
      verdict: "warning",
      detail: expect.stringContaining("hashes match; DEVELOPMENT KEY"),
    });
  });

  it("finds a Node that is too old: exit code 4", async () => {
    const versions = Object.getOwnPropertyDescriptor(process, "versions")!;
    Object.defineProperty(process, "versions", {
      ...versions,
      value: { ...process.versions, node: "20.18.3" },
    });
    try {
      const { code, checks } = await doctor();
      const detail = "20.18.3, needs 20.19 or newer";
      expect([code, checks[0]]).toEqual([4, { name: "Node", verdict: "error", detail }]);
    } finally {
      Object.defineProperty(process, "versions", versions);
    }
  });

  it("warns of little memory, and goes on", async () => {
    const memory = vi.spyOn(process, "availableMemory").mockReturnValue(1 << 29);
    const { code, checks } = await doctor();
    memory.mockRestore();
    expect(code).toBe(0);
    expect(checks).toContainEqual({ name: "memory", verdict: "warning", detail: "0.5 GiB available" });
  });

  it("51 says when no node answers: exit code 4", async () => {
    const { code, checks } = await doctor("--rpc", "http://127.0.0.1:1");
    expect([code, checks.find(({ name }) => name === "chain")?.verdict]).toEqual([4, "error"]);
  });

  it("26 names an artifact with one bit flipped: exit code 4", async () => {
    const copy = join(folder, "flipped");
    await cp(artifacts.dir, copy, { recursive: true });
    const path = join(copy, "circuit.zkey");
    const bytes = await readFile(path);
    bytes[bytes.length >> 1]! ^= 1;
    await rm(path);
    await writeFile(path, bytes);
    const { code, checks } = await doctor("--artifacts", copy);
    expect(code).toBe(4);
    expect(checks.find(({ name }) => name === "flipped")).toMatchObject({
      verdict: "error",
      detail: expect.stringContaining("artifact.hash"),
    });
  });

  it("26 says when artifacts were made from other sources", async () => {
    const copy = join(folder, "stale");
    await cp(artifacts.dir, copy, { recursive: true });
    const path = join(copy, "manifest.json");
    const manifest = JSON.parse(await readFile(path, "utf8"));
    await writeFile(path, JSON.stringify({ ...manifest, compilation: "0".repeat(64) }));
    const { checks } = await doctor("--artifacts", copy);
    expect(checks.find(({ name }) => name === "stale")?.detail).toContain("made from other sources");
  });
});

describe("doctor at a registry", () => {
  let chain: TestChain;

  async function verifierAt(contractName: string): Promise<Check | undefined> {
    const { registry } = await deployKeel({
      walletClient: chain.wallets[0]!,
      publicClient: chain.client,
      publishers: [chain.signers[5]!.address],
      threshold: 1,
      verifiers: [{ circuit: CIRCUIT, contractName }],
    });
    const { checks } = await doctor("--rpc", chain.rpcUrl, "--registry", registry);
    return checks.find(({ name }) => name === `verifier ${CIRCUIT}`);
  }

  describe("on a local chain", () => {
    beforeAll(async () => {
      chain = await startTestChain();
    });
    afterAll(() => chain?.stop());

    it("compares the verifier's code with what the local key gives", async () => {
      expect(await verifierAt(NAMES.plain)).toMatchObject({
        verdict: "ok",
        detail: "version 1, same key and code as the artifacts here (development key)",
      });
    });

    it("38 finds a verifier that has the right key and other code", async () => {
      expect(await verifierAt(NAMES.backdoor)).toMatchObject({
        verdict: "error",
        detail: "version 1 claims the key of the artifacts here, but has other code",
      });
    });
  });

  describe("on another chain", () => {
    beforeAll(async () => {
      chain = await startTestChain(424_242);
    });
    afterAll(() => chain?.stop());

    const changes = [
      ["its mark was taken away", NAMES.unmarked],
      ["somebody added to it", NAMES.added],
    ] as const;
    it.each(changes)("46 finds a development key even when %s", async (_, name) => {
      expect(await verifierAt(name)).toMatchObject({
        verdict: "error",
        detail: "version 1 has a DEVELOPMENT KEY on chain 424242: anybody can forge proofs",
      });
    });
  });
});
