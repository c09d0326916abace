// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the engine make proofs that snarkjs accepts, and nothing else whatever happens to it: bad input, tampered
 * witnesses, corrupt artifacts, dead, stuck or cancelled workers, many proofs at once (attacks 26 to 29)?
 *
 * @module
 */
import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { type ArtifactSet, ensureCircuit } from "@keel/circuits";
import { createProver, type ProofPhase, type Prover } from "@keel/engine";
import { KeelError, SCALAR_FIELD, verifyGroth16 } from "@keel/verifier";
import type { Endpoint } from "comlink";
import * as snarkjs from "snarkjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FoundFile, Platform } from "../../prover/engine/dist/artifacts.js";
import { shareFile, workerHandle } from "../../prover/engine/dist/node.js";
import type { WorkerHandle } from "../../prover/engine/dist/pool.js";
import { createProverOn } from "../../prover/engine/dist/prover.js";
import { CHAIN, chainInput, LOOP, SMALL } from "./small-circuit.js";

const PHASES: ProofPhase[] = ["queued", "witness", "evaluate", "transform", "multiply", "verify"];

let small: ArtifactSet;
let chain: ArtifactSet;
let prover: Prover;

beforeAll(async () => {
  small = await ensureCircuit(SMALL);
  chain = await ensureCircuit(CHAIN);
  prover = await createProver({ wasm: chain.wasmPath, zkey: chain.zkeyPath, workers: 2 });
}, 120_000);

afterAll(async () => {
  prover.close();
  await (await snarkjs.curves.getCurveFromName("bn128")).terminate();
});

async function expectGoodProof(of: Prover, a: bigint): Promise<void> {
  const { proof, publicSignals } = await of.prove(chainInput(a) as never);
  expect(publicSignals[1]).toBe(a.toString());
  expect(verifyGroth16(chain.verificationKey, publicSignals, proof)).toBe(true);
}

describe("proofs", () => {
  it("satisfy snarkjs on the same key, and are blinded", async () => {
    const [one, two] = await Promise.all([
      prover.prove(chainInput(7n) as never),
      prover.prove(chainInput(7n) as never),
    ]);
    expect(await snarkjs.groth16.verify(chain.verificationKey, one.publicSignals, one.proof)).toBe(true);
    expect(one.publicSignals).toEqual(two.publicSignals);
    expect(one.proof).not.toEqual(two.proof);
    const theirs = await snarkjs.groth16.fullProve(chainInput(7n), chain.wasmPath, chain.zkeyPath);
    expect(theirs.publicSignals).toEqual(one.publicSignals);
  });

  it.each([1, 2, 3, 5])(
    "come out of any number of workers (%i), even with more workers than rows",
    async (workers) => {
      const own = await createProver({ wasm: small.wasmPath, zkey: small.zkeyPath, workers });
      const { proof, publicSignals } = await own.prove({ a: "3", b: [4n, "5", "6"] });
      own.close();
      expect(publicSignals).toEqual(["4359", "3"]);
      expect(verifyGroth16(small.verificationKey, publicSignals, proof)).toBe(true);
    },
  );

  it("report progress from 0 to 1 through every phase", async () => {
    const seen: { phase: ProofPhase; fraction: number }[] = [];
    await prover.prove(chainInput(1n) as never, { onProgress: (progress) => seen.push(progress) });
    expect(new Set(seen.map(({ phase }) => phase))).toEqual(new Set([...PHASES, "done"]));
    expect(seen[0]!.fraction).toBe(0);
    expect(seen.at(-1)).toEqual({ phase: "done", fraction: 1 });
    for (const [i, { fraction }] of seen.slice(1).entries())
      expect(fraction).toBeGreaterThanOrEqual(seen[i]!.fraction);
  });

  it("28 of many inputs at once come out right and in order", async () => {
    const finished: number[] = [];
    const inputs = Array.from({ length: 8 }, (_, i) => i);
    await Promise.all(inputs.map((i) => expectGoodProof(prover, BigInt(i)).then(() => finished.push(i))));
    // Two run at a time, so each may overtake its neighbour only.
    for (const [place, i] of finished.entries()) expect(Math.abs(place - i)).toBeLessThanOrEqual(2);
  });

  it("28 come out of two provers at once", async () => {
    const other = await createProver({
      wasm: chain.wasmPath,
      zkey: await readFile(chain.zkeyPath),
      workers: 1,
    });
    await Promise.all([expectGoodProof(prover, 1n), expectGoodProof(other, 2n), expectGoodProof(prover, 3n)]);
    other.close();
  });

  it("carry the key's mark of insecurity", () => {
    expect(prover.verificationKey).toEqual(chain.verificationKey);
    expect(prover.verificationKey.insecure).toBe(true);
  });
});

describe("witnesses", () => {
  it("are those of snarkjs, and prove", async () => {
    const witness = await prover.calculateWitness(chainInput(9n) as never);
    const file = { type: "mem" as const };
    await snarkjs.wtns.calculate(chainInput(9n), chain.wasmPath, file);
    expect(witness).toEqual(await snarkjs.wtns.exportJson(file));
    const { proof, publicSignals } = await prover.proveWitness(witness);
    expect(verifyGroth16(chain.verificationKey, publicSignals, proof)).toBe(true);
  });

  it("27 never become a proof when tampered with", async () => {
    const witness = await prover.calculateWitness(chainInput(9n) as never);
    for (const wire of [1, 2, 3, witness.length >> 1, witness.length - 1]) {
      for (const value of [witness[wire]! + 1n, 0n, SCALAR_FIELD - 1n]) {
        if (value === witness[wire]) continue;
        const forged = prover.proveWitness(witness.with(wire, value));
        await expect(forged, `wire ${wire}`).rejects.toMatchObject({ kind: "proof", code: "proof.unsound" });
      }
    }
  });

  it("of another length or with values out of range are refused", async () => {
    const witness = await prover.calculateWitness(chainInput(9n) as never);
    await expect(prover.proveWitness(witness.slice(1))).rejects.toMatchObject({ code: "witness.length" });
    await expect(prover.proveWitness(witness.with(0, 2n))).rejects.toMatchObject({ code: "witness.length" });
    await expect(prover.proveWitness(witness.with(5, SCALAR_FIELD))).rejects.toMatchObject({
      code: "input.value",
    });
  });

  it("that do not exist name the template and the line, but no value", async () => {
    const own = await createProver({ wasm: small.wasmPath, zkey: small.zkeyPath, workers: 1 });
    const secret = "987654321";
    const error: KeelError = await own.prove({ a: "3", b: ["4", "5", secret] }).then(
      () => expect.unreachable(),
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(KeelError);
    expect(error).toMatchObject({
      kind: "policy",
      code: "witness.assertion",
      path: "Range line 11 in Small line 20",
    });
    expect(JSON.stringify(error)).not.toContain(secret);
    expect((await own.prove({ a: "3", b: ["4", "5", "6"] })).publicSignals).toEqual(["4359", "3"]);
    own.close();
  });
});

describe("inputs", () => {
  let own: Prover;
  beforeAll(async () => {
    own = await createProver({ wasm: small.wasmPath, zkey: small.zkeyPath, workers: 1 });
  });
  afterAll(() => own.close());

  const good = { a: "3", b: ["4", "5", "6"] };
  const cases: [string, unknown, string, string][] = [
    ["a number", { ...good, a: 3 }, "input.value", "a"],
    ["an unsafe number", { ...good, a: 2 ** 60 }, "input.value", "a"],
    ["a boolean", { ...good, a: true }, "input.value", "a"],
    ["null", { ...good, a: null }, "input.value", "a"],
    ["an empty string", { ...good, a: "" }, "input.value", "a"],
    ["hexadecimal", { ...good, a: "0x3" }, "input.value", "a"],
    ["a leading zero", { ...good, a: "03" }, "input.value", "a"],
    ["a sign", { ...good, a: "+3" }, "input.value", "a"],
    ["-1", { ...good, a: -1n }, "input.value", "a"],
    ["a negative string", { ...good, a: "-1" }, "input.value", "a"],
    ["r", { ...good, a: SCALAR_FIELD }, "input.value", "a"],
    ["r as a string", { ...good, b: ["4", SCALAR_FIELD.toString(), "6"] }, "input.value", "b[1]"],
    ["Unicode digits", { ...good, a: "٣" }, "input.value", "a"],
    ["white space", { ...good, a: " 3" }, "input.value", "a"],
    // biome-ignore lint/suspicious/noSparseArray: holes are what is tested
    ["a hole in an array", { ...good, b: ["4", , "6"] }, "input.value", "b[1]"],
    ["an object in an array", { ...good, b: ["4", {}, "6"] }, "input.value", "b[1]"],
    ["a short array", { ...good, b: ["4", "5"] }, "input.signal", "b"],
    ["a long array", { ...good, b: ["4", "5", "6", "7"] }, "input.signal", "b"],
    ["an array for a number", { ...good, a: ["3", "3"] }, "input.signal", "a"],
    ["an unknown signal", { ...good, c: "1" }, "input.signal", "c"],
    ["a missing signal", { a: "3" }, "input.signal", "input"],
    ["an output given", { ...good, o: "1" }, "input.signal", "o"],
    ["no object", null, "input.shape", "input"],
    ["an array", [], "input.shape", "input"],
    [
      "endless nesting",
      { ...good, a: JSON.parse("[".repeat(50) + "]".repeat(50)) },
      "input.shape",
      `a${"[0]".repeat(8)}`,
    ],
  ];
  it.each(cases)("with %s are refused", async (_, input, code, path) => {
    await expect(own.prove(input as never)).rejects.toMatchObject({ kind: "input", code, path });
  });
});

describe("26 artifacts", () => {
  const create = (wasm: Uint8Array, zkey: Uint8Array): Promise<Prover> =>
    createProver({ wasm, zkey, workers: 1 });
  const load = (): Promise<[Uint8Array, Uint8Array]> =>
    Promise.all([readFile(small.wasmPath), readFile(small.zkeyPath)]);

  it("with another hash are refused before use", async () => {
    const sha256 = { wasm: small.manifest.files.wasm.sha256, zkey: small.manifest.files.zkey.sha256 };
    const good = await createProver({ wasm: small.wasmPath, zkey: small.zkeyPath, sha256, workers: 1 });
    good.close();
    const swapped = { wasm: sha256.zkey, zkey: sha256.wasm };
    for (const wrong of [swapped, { ...sha256, zkey: "0".repeat(64) }]) {
      const failed = createProver({ wasm: small.wasmPath, zkey: small.zkeyPath, sha256: wrong, workers: 1 });
      await expect(failed).rejects.toMatchObject({ kind: "environment", code: "artifact.hash" });
    }
  });

  it("that change while they are read are refused", async () => {
    const { platform } = exposedPlatform();
    const folder = await mkdtemp(join(tmpdir(), "keel-key-"));
    const path = join(folder, "a.zkey");
    await copyFile(small.zkeyPath, path);
    const changing = async (source: string): Promise<FoundFile> => {
      const found = await shareFile(source);
      // The same length, and the very same bytes: who reads cannot know.
      await writeFile(path, await readFile(small.zkeyPath));
      return found;
    };
    const failed = createProverOn(
      { ...platform, shareFile: changing },
      { wasm: small.wasmPath, zkey: path, workers: 2 },
    );
    await expect(failed).rejects.toMatchObject({ code: "artifact.hash", path: "zkey" });
    await rm(folder, { recursive: true });
  });

  it("that cannot be read are named", async () => {
    for (const zkey of ["/nowhere/a.zkey", tmpdir()]) {
      const failed = createProver({ wasm: small.wasmPath, zkey });
      await expect(failed, zkey).rejects.toMatchObject({ code: "artifact.missing", path: "zkey" });
    }
  });

  it("truncated or foreign are refused", async () => {
    const [wasm, zkey] = await load();
    for (const length of [0, 3, 12, 20, 100, 500, zkey.length >> 1, zkey.length - 1]) {
      await expect(create(wasm, zkey.subarray(0, length))).rejects.toMatchObject({ code: "zkey.format" });
    }
    await expect(create(wasm, Buffer.concat([zkey, Buffer.from([0])]))).rejects.toMatchObject({
      code: "zkey.format",
    });
    await expect(create(wasm, wasm)).rejects.toMatchObject({ code: "zkey.format" });
    await expect(create(zkey, zkey)).rejects.toMatchObject({ code: "wasm.format" });
    await expect(create(wasm.subarray(0, -9), zkey)).rejects.toMatchObject({ code: "wasm.format" });
    const empty = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    await expect(create(empty, zkey)).rejects.toMatchObject({ code: "wasm.format" });
  });

  it("of two circuits do not go together", async () => {
    const [wasm] = await load();
    await expect(create(wasm, await readFile(chain.zkeyPath))).rejects.toMatchObject({
      code: "artifact.mismatch",
    });
  });

  it("with any bit of a point or the header flipped are refused, or prove nothing", async () => {
    const [wasm, zkey] = await load();
    const headerStart = 12 + 12 + 4 + 12;
    const places = Array.from(
      { length: 40 },
      (_, i) => headerStart + Math.floor((i * (zkey.length - headerStart)) / 40),
    );
    const outcomes = new Set<string>();
    for (const place of places) {
      const flipped = Uint8Array.from(zkey);
      flipped[place]! ^= 1;
      const outcome = await create(wasm, flipped)
        .then(async (own) => {
          const { proof, publicSignals } = await own
            .prove({ a: "3", b: ["4", "5", "6"] })
            .finally(() => own.close());
          // The flip hit something that does not matter, such as the contribution hash or the mark's text.
          expect(verifyGroth16(small.verificationKey, publicSignals, proof)).toBe(true);
          return "harmless";
        })
        .catch((error: unknown) => {
          expect(error).toBeInstanceOf(KeelError);
          return (error as KeelError).code;
        });
      outcomes.add(outcome);
    }
    expect(outcomes).toContain("zkey.curve");
  });

  it("with gamma = delta, which lets anybody forge, are refused", async () => {
    const [wasm, zkey] = await load();
    const forged = Uint8Array.from(zkey);
    const points = 12 + 12 + 4 + 12 + 2 * 36 + 12;
    const [gamma, delta] = [points + 2 * 64 + 128, points + 3 * 64 + 2 * 128];
    forged.copyWithin(delta, gamma, gamma + 128);
    await expect(create(wasm, forged)).rejects.toMatchObject({ code: "key.gammaDelta" });
  });
});

describe("28 cancelling", () => {
  it.each(PHASES)("in phase %s fails with a typed error and leaves the prover usable", async (phase) => {
    const controller = new AbortController();
    const cancelled = prover.prove(chainInput(1n) as never, {
      signal: controller.signal,
      onProgress: (progress) => {
        if (progress.phase === phase) controller.abort();
      },
    });
    await expect(cancelled).rejects.toMatchObject({ kind: "cancelled", code: "prover.cancelled" });
    await expectGoodProof(prover, 2n);
  });

  it("before the call and while waiting in the queue works too", async () => {
    const signal = AbortSignal.abort();
    await expect(prover.prove(chainInput(1n) as never, { signal })).rejects.toMatchObject({
      code: "prover.cancelled",
    });
    const controller = new AbortController();
    const running = [expectGoodProof(prover, 1n), expectGoodProof(prover, 2n)];
    const waiting = prover.prove(chainInput(3n) as never, { signal: controller.signal });
    const last = expectGoodProof(prover, 4n);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: "prover.cancelled" });
    await Promise.all([...running, last]);
  });

  it("by time limit fails with its own code", async () => {
    const late = prover.prove(chainInput(1n) as never, { timeoutMs: 1 });
    await expect(late).rejects.toMatchObject({ kind: "cancelled", code: "prover.timeout" });
    await expectGoodProof(prover, 5n);
  });

  it("ends a witness calculation that would never end", async () => {
    const loop = await ensureCircuit(LOOP);
    const own = await createProver({ wasm: loop.wasmPath, zkey: loop.zkeyPath, workers: 1 });
    const endless = own.prove({ n: 10n ** 15n }, { timeoutMs: 50 });
    await expect(endless).rejects.toMatchObject({ code: "prover.timeout" });
    // The only worker is stuck; it is replaced after a time of grace.
    expect((await own.prove({ n: 5n })).publicSignals).toEqual(["25"]);
    own.close();
  });

  it("by closing fails what is under way, and later calls", async () => {
    const own = await createProver({ wasm: small.wasmPath, zkey: small.zkeyPath, workers: 1 });
    const open = own.prove({ a: "3", b: ["4", "5", "6"] });
    own.close();
    await expect(open).rejects.toMatchObject({ code: "prover.closed" });
    await expect(own.prove({ a: "3", b: ["4", "5", "6"] })).rejects.toMatchObject({ code: "prover.closed" });
  });
});

describe("28 dying workers", () => {
  it.each(PHASES)("in phase %s give a typed error, and the next proof is good", async (phase) => {
    const { platform, workers } = exposedPlatform();
    const own = await createProverOn(platform, { wasm: chain.wasmPath, zkey: chain.zkeyPath, workers: 2 });
    // In the first phases one worker may be idle; killing both makes sure that the proof is hit.
    const killed: Promise<unknown>[] = [];
    const failed = own.prove(chainInput(1n) as never, {
      onProgress: (progress) => {
        if (progress.phase === phase) killed.push(...workers.splice(0).map((worker) => worker.terminate()));
      },
    });
    if (phase === "queued") {
      // Nothing had been sent to them: the proof may fail or be made by their successors.
      await failed.catch((error) => expect(error).toMatchObject({ code: "worker.died" }));
    } else {
      await expect(failed).rejects.toMatchObject({ kind: "environment", code: "worker.died" });
    }
    // A worker whose end is not known yet would take the next proof with it.
    await Promise.all(killed);
    await expectGoodProof(own, 2n);
    own.close();
  });

  it("26 are replaced by none with another key than the pinned one", async () => {
    const { platform, workers } = exposedPlatform();
    let isOther = false;
    const { wasm, zkey } = chain.manifest.files;
    const own = await createProverOn(
      { ...platform, shareFile: (path) => shareFile(isOther ? small.zkeyPath : path) },
      {
        ...{ wasm: chain.wasmPath, zkey: chain.zkeyPath, workers: 2 },
        sha256: { wasm: wasm.sha256, zkey: zkey.sha256 },
      },
    );
    isOther = true;
    await workers[0]!.terminate();
    const refused = { kind: "environment", code: "artifact.hash", path: "zkey" };
    await expect(own.prove(chainInput(1n) as never)).rejects.toMatchObject(refused);
    isOther = false;
    await expectGoodProof(own, 2n);
    own.close();
  });

  it("while idle are replaced", async () => {
    const { platform, workers } = exposedPlatform();
    const own = await createProverOn(platform, { wasm: chain.wasmPath, zkey: chain.zkeyPath, workers: 2 });
    await expectGoodProof(own, 1n);
    const before = workers.length;
    await workers[0]!.terminate();
    await expectGoodProof(own, 2n);
    expect(workers).toHaveLength(before + 1);
    own.close();
  });
});

/** Node's platform with its workers in reach. */
function exposedPlatform(): { platform: Platform<string>; workers: Worker[] } {
  const workers: Worker[] = [];
  const platform: Platform<string> = {
    workers: 2,
    sharesMemory: true,
    readBytes: (path) => readFile(path),
    shareFile,
    spawn() {
      const worker = new Worker(new URL("../../prover/engine/dist/worker-node.js", import.meta.url));
      workers.push(worker);
      return workerHandle(worker);
    },
  };
  return { platform, workers };
}

describe("48 a witness in this thread", () => {
  /** A platform that keeps what its workers answered with: the very memory that the prover has. */
  function listening(): { platform: Platform<string>; heard: Uint8Array[] } {
    const { platform } = exposedPlatform();
    const heard: Uint8Array[] = [];
    const keep = (value: unknown): void => {
      if (value instanceof Uint8Array) heard.push(value);
      else if (typeof value === "object" && value !== null) Object.values(value).forEach(keep);
    };
    const spawn = (): WorkerHandle => {
      const handle = platform.spawn();
      const { endpoint } = handle;
      const addEventListener: Endpoint["addEventListener"] = (type, listener) => {
        const hearing = (event: Event): void => {
          keep((event as MessageEvent).data);
          if ("handleEvent" in listener) listener.handleEvent(event);
          else listener(event);
        };
        endpoint.addEventListener(type, hearing);
      };
      return { ...handle, endpoint: { ...endpoint, addEventListener } };
    };
    return { platform: { ...platform, spawn }, heard };
  }

  it.each([true, false])(
    "is zero when the proof is done, and so is what follows from it alone (shared memory: %s)",
    async (sharesMemory) => {
      const { platform, heard } = listening();
      const own = await createProverOn(
        { ...platform, sharesMemory },
        { wasm: chain.wasmPath, zkey: chain.zkeyPath, workers: 2 },
      );
      heard.splice(0);
      await own.prove(chainInput(5n) as never);
      // The witness, and rows and polynomials of A, B and C; the sums over points are smaller.
      const large = heard.filter(({ length }) => length >= 1 << 14);
      expect(large.length).toBeGreaterThanOrEqual(1 + 2 * 3 + 3);
      expect(large.some(({ length }) => length === 32 * own.wires)).toBe(true);
      expect(large.filter((bytes) => bytes.some((byte) => byte !== 0)).map(({ length }) => length)).toEqual(
        [],
      );
      // Shared memory is the next proof's, which wipes it again; other memory is nobody's.
      for (const bytes of large) bytes.fill(9);
      await own.prove(chainInput(6n) as never);
      expect(large.every((bytes) => bytes.every((byte) => byte === (sharesMemory ? 0 : 9)))).toBe(true);
      heard.splice(0);
      await own.calculateWitness(chainInput(5n) as never);
      expect(heard.map((bytes) => [bytes.length, bytes.some((byte) => byte !== 0)])).toEqual([
        [32 * own.wires, false],
      ]);
      own.close();
    },
  );
});

describe("28 workers that cannot be had", () => {
  const artifacts = (): { wasm: string; zkey: string; workers: number } => ({
    wasm: small.wasmPath,
    zkey: small.zkeyPath,
    workers: 2,
  });
  const input = { a: "3", b: ["4", "5", "6"] };

  it("because the key does not arrive give a typed error", async () => {
    const { platform } = exposedPlatform();
    const spawn = (): WorkerHandle => {
      const handle = platform.spawn();
      const { endpoint } = handle;
      const postMessage: Endpoint["postMessage"] = (message, moved = []) => {
        // What has been moved elsewhere already arrives as a message that cannot be read.
        structuredClone(moved[0], { transfer: moved });
        endpoint.postMessage(message, moved);
      };
      return { ...handle, endpoint: { ...endpoint, postMessage } };
    };
    const failed = createProverOn({ ...platform, spawn }, artifacts());
    await expect(failed).rejects.toMatchObject({ kind: "environment", code: "worker.died" });
  });

  it("because an answer does not arrive give a typed error", async () => {
    const { platform, workers } = exposedPlatform();
    const spawn = (): WorkerHandle => {
      const handle = platform.spawn();
      const worker = workers.at(-1)!;
      const postMessage = (): void => {
        worker.emit("messageerror", new Error("unreadable"));
      };
      return { ...handle, endpoint: { ...handle.endpoint, postMessage } };
    };
    const failed = createProverOn({ ...platform, spawn }, artifacts());
    await expect(failed).rejects.toMatchObject({ kind: "environment", code: "worker.died" });
  });

  it("because none starts give a typed error, and the next proof is good", async () => {
    const { platform, workers } = exposedPlatform();
    let full = false;
    const spawn = (): WorkerHandle => {
      if (full) throw new Error("no more threads");
      return platform.spawn();
    };
    const own = await createProverOn({ ...platform, spawn }, artifacts());
    await workers[0]!.terminate();
    full = true;
    await expect(own.prove(input)).rejects.toMatchObject({ kind: "environment", code: "worker.fault" });
    full = false;
    expect((await own.prove(input)).publicSignals).toEqual(["4359", "3"]);
    own.close();
  });
});

describe("29 the process", () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const run = (ending: string): Promise<{ stdout: string }> => {
    const script = `
      import { createProver } from "@keel/engine";
      const prover = await createProver({ wasm: process.argv[1], zkey: process.argv[2], workers: 2 });
      const { publicSignals } = await prover.prove({ a: "3", b: ["4", "5", "6"] });
      console.log(publicSignals.join());
      ${ending}`;
    const args = ["--input-type=module", "-e", script, small.wasmPath, small.zkeyPath];
    return promisify(execFile)(process.execPath, args, { cwd: root, timeout: 20_000 });
  };

  it.each([
    ["after close()", "prover.close();"],
    ["when close() is forgotten", ""],
  ])("ends by itself %s", async (_, ending) => {
    expect((await run(ending)).stdout).toBe("4359,3\n");
  });
});
