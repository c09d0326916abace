// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a ceremony make a key that others accept, survive being stopped, and refuse every transcript, key and powers-of-tau
 * file that is not what it claims to be?
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  applyBeacon,
  type CircuitDefinition,
  contribute,
  ensureCircuit,
  exportCeremony,
  loadArtifacts,
  newCeremony,
  PUBLISHED_POWERS_OF_TAU,
  readTranscript,
  type Transcript,
  transcriptDigest,
  verifyCeremony,
  verifyProgress,
} from "@keel/circuits";
import { generateVerifier, verifierCode } from "@keel/contracts";
import { createProver } from "@keel/engine";
import { verifyGroth16 } from "@keel/verifier";
import * as snarkjs from "snarkjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSections, writeSections } from "../../circuits/dist/sections.js";
import { errorOf, keelHere, PACKAGE, start } from "../support/cli.js";
import { writePowersOfTau } from "../support/powers-of-tau.js";

/** Three public inputs, as verifier contracts take them. */
const cubes = (id: string, constant: number): CircuitDefinition => ({
  id,
  source: `pragma circom 2.1.6;
template Cubes() {
    signal input a;
    signal input b;
    signal input c;
    signal input root;
    signal square <== root * root;
    signal cube <== square * root;
    signal sum <== cube * cube;
    sum + ${constant} === a * b;
    square === c;
}
component main {public [a, b, c]} = Cubes();
`,
});
const CIRCUIT = cubes("test/cubes", 1);
const BEACON = { source: "drand round 9000000", exponent: 10 };
const VALUE = "ab".repeat(32);
const NAMES = ["Ada", "Grace Hopper", "Émilie"];
/** A finished ceremony of three, and the files that it was made from. */
let folder: string;
let powersOfTau: string;
let done: string;

const request = <T extends object>(dir: string, more?: T) => ({
  dir,
  powersOfTau,
  circuit: CIRCUIT,
  allowInsecure: true,
  ...(more as T),
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keel-ceremony-"));
  powersOfTau = join(folder, "test.ptau");
  await writePowersOfTau(powersOfTau, 8);
  done = join(folder, "done");
  await newCeremony(request(done, { beacon: BEACON }));
  for (const name of NAMES) await contribute(done, name);
  await cp(done, join(folder, "open"), { recursive: true });
  await applyBeacon(done, VALUE);
}, 60_000);

afterAll(async () => {
  await (await snarkjs.curves.getCurveFromName("bn128")).terminate();
  await rm(folder, { recursive: true, force: true });
});

let copies = 0;
async function copyOf(dir: string): Promise<string> {
  const copy = join(folder, `copy-${copies++}`);
  await cp(dir, copy, { recursive: true });
  return copy;
}

async function editTranscript(dir: string, edit: (transcript: Transcript) => object): Promise<void> {
  const path = join(dir, "transcript.json");
  const { keel, ...transcript } = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, JSON.stringify({ keel, ...transcript, ...edit(transcript) }));
}

/** Changes the newest key's sections and makes the transcript agree with the result. */
async function editKey(dir: string, edit: (sections: Map<number, Uint8Array>) => void): Promise<void> {
  const { contributions, beacon } = await readTranscript(dir);
  const number = contributions.length + (beacon.applied === undefined ? 0 : 1);
  const path = join(dir, `000${number}.zkey`);
  const views = readSections(await readFile(path), "zkey", () => expect.fail("no key") as never);
  const sections = new Map(
    [...views].map(([type, { buffer, byteOffset, byteLength }]) => [
      type,
      new Uint8Array(buffer, byteOffset, byteLength),
    ]),
  );
  edit(sections);
  const bytes = writeSections("zkey", [...sections]);
  await writeFile(path, bytes);
  await editTranscript(dir, () => ({ key: createHash("sha256").update(bytes).digest("hex") }));
}

/** Files and their content's hashes; the lock of a dead process does not count. */
async function contentOf(dir: string): Promise<Record<string, string>> {
  const names = (await readdir(dir)).filter((name) => name !== ".lock").sort();
  const hash = async (name: string) =>
    createHash("sha256")
      .update(await readFile(join(dir, name)))
      .digest("hex");
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await hash(name)])));
}

describe("a ceremony", () => {
  it("verifies, with the names, hashes and beacon that its transcript tells of", async () => {
    const { transcript, digest, verificationKey } = await verifyCeremony(request(done));
    expect(transcript.contributions.map(({ name }) => name)).toEqual(NAMES);
    expect(transcript.beacon).toMatchObject({ ...BEACON, applied: { value: VALUE } });
    expect(digest).toBe(
      createHash("sha256")
        .update(await readFile(join(done, "transcript.json")))
        .digest("hex"),
    );
    expect(verificationKey).toMatchObject({ nPublic: 3, insecure: true });
  });

  it("gives each contribution the hash that snarkjs gives it", async () => {
    const start = join(done, "0000.zkey");
    const [one, two] = [join(folder, "one.zkey"), join(folder, "two.zkey")];
    const hashes = [
      await snarkjs.zKey.contribute(start, one, "one", "entropy"),
      await snarkjs.zKey.beacon(one, two, "beacon", VALUE, 10),
    ].map((hash) => Buffer.from(hash as Uint8Array).toString("hex"));
    const { parseContributions } = await import("../../circuits/dist/ceremony/key-file.js");
    const found = parseContributions(await readFile(two), "key");
    expect(found.map(({ hash }) => hash)).toEqual(hashes);
    expect(found[1]).toMatchObject({ name: "beacon", beacon: { value: VALUE, exponent: 10 } });
  });

  it("exports artifacts that prove, marked because of their powers of tau", async () => {
    const out = join(folder, "artifacts");
    const verified = await verifyCeremony(request(done));
    await exportCeremony(out, verified);
    const { wasmPath, zkeyPath, verificationKey, manifest } = await loadArtifacts(out);
    expect(manifest).toMatchObject({
      insecure: true,
      key: { kind: "ceremony", transcript: verified.digest },
    });
    const prover = await createProver({ wasm: wasmPath, zkey: zkeyPath, workers: 1 });
    try {
      expect(prover.verificationKey.insecure).toBe(true);
      const { proof, publicSignals } = await prover.prove({ a: 65n, b: 1n, c: 4n, root: 2n });
      expect(verifyGroth16(verificationKey, publicSignals, proof)).toBe(true);
      expect(await snarkjs.groth16.verify(verificationKey, publicSignals.map(String), proof)).toBe(true);
    } finally {
      prover.close();
    }
    await expect(exportCeremony(out, verified)).rejects.toMatchObject({ code: "file.exists" });
  });

  it("puts the transcript's digest into the verifier contract", async () => {
    const { verificationKey, digest: transcript } = await verifyCeremony(request(done));
    const source = { circuit: CIRCUIT.id, verificationKey, insecure: true, contractName: "Cubes" };
    expect(generateVerifier(verificationKey, { ...source, transcript })).toContain(
      `bytes32 public constant transcript = 0x${transcript};`,
    );
    expect(await verifierCode({ ...source, transcript })).toContain(transcript);
    expect(await verifierCode(source)).not.toContain(transcript);
  });

  it("can be checked while it goes on, and against what an earlier contributor kept", async () => {
    const open = join(folder, "open");
    const since = await readTranscript(open);
    expect(await verifyProgress(request(open))).toEqual(since);
    await expect(verifyCeremony(request(done, { since }))).resolves.toMatchObject({
      digest: transcriptDigest(await readTranscript(done)),
    });
  });

  it("makes another key each time, from the same start", async () => {
    const [one, two] = [await copyOf(join(folder, "open")), await copyOf(join(folder, "open"))];
    const [left, right] = [await contribute(one, "x"), await contribute(two, "x")];
    expect(left.contributions.at(-1)!.hash).not.toBe(right.contributions.at(-1)!.hash);
    expect(left.contributions.slice(0, -1)).toEqual(right.contributions.slice(0, -1));
  });

  it("knows the published files by the hashes that snarkjs's README has", async () => {
    const text = await readFile(join(PACKAGE, "node_modules/snarkjs/README.md"), "utf8");
    const rows = text.matchAll(/powersOfTau28_hez_final_(\d+)\.ptau\)[^|]*\|\s*([0-9a-f]{128})/g);
    const published = Object.fromEntries(Array.from(rows, ([, power, hash]) => [Number(power), hash]));
    expect(Object.keys(PUBLISHED_POWERS_OF_TAU)).toEqual(Array.from({ length: 15 }, (_, i) => `${i + 8}`));
    expect(published).toMatchObject(PUBLISHED_POWERS_OF_TAU);
  });
});

/** What is refused, with its code, and how it comes about. The edited copy is of a finished ceremony. */
interface Tampering {
  readonly what: string;
  readonly code: string;
  readonly reason?: RegExp;
  readonly edit: (dir: string) => Promise<unknown>;
  readonly more?: () => object;
}

const other = (name: string): string => join(folder, name);
const byte = (text: string): string => `${text.startsWith("0") ? "1" : "0"}${text.slice(1)}`;
const applied = (transcript: Transcript) => transcript.beacon.applied!;
/** Bytes of section 10: the circuit's hash and the count, then contributions with their name's length. */
const HEAD = 68;
const contributionBytes = (name: string): number => 320 + 64 + 8 + 2 + Buffer.byteLength(name);

const TAMPERED: readonly Tampering[] = [
  {
    what: "a key without contribution",
    code: "ceremony.noContribution",
    edit: (dir) => editTranscript(dir, ({ beacon }) => ({ contributions: [], beacon })),
  },
  {
    what: "a missing beacon",
    code: "ceremony.noBeacon",
    edit: async (dir) => {
      await rm(dir, { recursive: true });
      await cp(other("open"), dir, { recursive: true });
    },
  },
  {
    what: "a beacon struck from the transcript",
    code: "ceremony.noBeacon",
    edit: (dir) => editTranscript(dir, () => ({ beacon: BEACON })),
  },
  {
    what: "another beacon value",
    code: "ceremony.beacon",
    edit: (dir) =>
      editTranscript(dir, (transcript) => ({
        beacon: { ...BEACON, applied: { ...applied(transcript), value: "cd".repeat(32) } },
      })),
  },
  {
    what: "another number of iterations",
    code: "ceremony.beacon",
    edit: (dir) => editTranscript(dir, ({ beacon }) => ({ beacon: { ...beacon, exponent: 11 } })),
  },
  {
    what: "a beacon that does not follow from its value",
    code: "ceremony.phase2",
    reason: /beacon/,
    edit: async (dir) => {
      await editKey(dir, (sections) => sections.get(10)!.fill(0xcd, -32));
      await editTranscript(dir, (transcript) => ({
        beacon: { ...BEACON, applied: { ...applied(transcript), value: "cd".repeat(32) } },
      }));
    },
  },
  {
    what: "a truncated powers-of-tau file",
    code: "ceremony.powersOfTau",
    edit: async () => {
      await copyFile(powersOfTau, other("truncated.ptau"));
      await truncate(other("truncated.ptau"), 10_000);
    },
    more: () => ({ powersOfTau: other("truncated.ptau") }),
  },
  {
    what: "other powers of tau",
    code: "ceremony.powersOfTau",
    edit: () => writePowersOfTau(other("other.ptau"), 8, "other"),
    more: () => ({ powersOfTau: other("other.ptau") }),
  },
  {
    what: "other powers of tau, with the transcript made to agree",
    code: "ceremony.phase2",
    reason: /alpha|beta|Circuit/,
    edit: async (dir) => {
      await writePowersOfTau(other("agreed.ptau"), 8, "other");
      const hash = createHash("blake2b512").update(await readFile(other("agreed.ptau")));
      await editTranscript(dir, () => ({ powersOfTau: hash.digest("hex") }));
    },
    more: () => ({ powersOfTau: other("agreed.ptau") }),
  },
  {
    what: "unpublished powers of tau, unless they are asked for",
    code: "ceremony.powersOfTau",
    edit: async () => {},
    more: () => ({ allowInsecure: false }),
  },
  {
    what: "unpublished powers of tau without the mark",
    code: "ceremony.mark",
    edit: (dir) => editTranscript(dir, () => ({ insecure: undefined })),
  },
  {
    what: "a transcript that claims a published file",
    code: "ceremony.powersOfTau",
    edit: (dir) =>
      editTranscript(dir, () => ({ powersOfTau: PUBLISHED_POWERS_OF_TAU[8], insecure: undefined })),
  },
  {
    what: "a key of another circuit",
    code: "ceremony.r1cs",
    edit: async () => {},
    more: () => ({ circuit: cubes("test/cubes", 2) }),
  },
  {
    what: "a key of another circuit, with the transcript made to agree",
    code: "ceremony.phase2",
    reason: /Circuit does not match|not identical|IC section/,
    edit: async (dir) => {
      const foreign = await ensureCircuit(cubes("test/cubes", 2));
      await editTranscript(dir, () => ({ r1cs: foreign.manifest.files.r1cs.sha256 }));
    },
    more: () => ({ circuit: cubes("test/cubes", 2) }),
  },
  {
    what: "a contribution removed from the transcript",
    code: "ceremony.contributions",
    edit: async (dir) => {
      await editTranscript(dir, ({ contributions }) => ({ contributions: contributions.slice(1) }));
      await copyFile(join(dir, "0004.zkey"), join(dir, "0003.zkey"));
    },
  },
  {
    what: "contributions in another order",
    code: "ceremony.contributions",
    edit: (dir) =>
      editTranscript(dir, ({ contributions }) => ({ contributions: [...contributions].reverse() })),
  },
  {
    what: "a contributor's name changed",
    code: "ceremony.name",
    edit: (dir) =>
      editTranscript(dir, ({ contributions }) => ({
        contributions: contributions.with(1, { ...contributions[1]!, name: "Mallory" }),
      })),
  },
  {
    what: "a contribution's hash changed",
    code: "ceremony.contributions",
    edit: (dir) =>
      editTranscript(dir, ({ contributions }) => ({
        contributions: contributions.with(1, { ...contributions[1]!, hash: byte(contributions[1]!.hash) }),
      })),
  },
  {
    what: "a contribution removed from key and transcript",
    code: "ceremony.phase2",
    reason: /INVALID/,
    edit: async (dir) => {
      await editKey(dir, (sections) => {
        const section = Buffer.from(sections.get(10)!);
        section.writeUInt32LE(NAMES.length, 64);
        const rest = section.subarray(HEAD + contributionBytes(NAMES[0]!));
        sections.set(10, Buffer.concat([section.subarray(0, HEAD), rest]));
      });
      await editTranscript(dir, ({ contributions }) => ({ contributions: contributions.slice(1) }));
      await copyFile(join(dir, "0004.zkey"), join(dir, "0003.zkey"));
    },
  },
  {
    what: "contributions exchanged in key and transcript",
    code: "ceremony.phase2",
    reason: /INVALID/,
    edit: async (dir) => {
      await editKey(dir, (sections) => {
        const section = Buffer.from(sections.get(10)!);
        const [first, second] = NAMES.map(contributionBytes) as [number, number, number];
        const ends = [HEAD, HEAD + first, HEAD + first + second];
        const parts = [[0, ends[0]], [ends[1], ends[2]], [ends[0], ends[1]], [ends[2]]];
        sections.set(10, Buffer.concat(parts.map(([from, to]) => section.subarray(from, to))));
      });
      await editTranscript(dir, ({ contributions: [a, b, c] }) => ({ contributions: [b, a, c] }));
    },
  },
  {
    what: "a history without somebody who contributed",
    code: "ceremony.history",
    edit: async (dir) => {
      await rm(dir, { recursive: true });
      await newCeremony(request(dir, { beacon: BEACON }));
      for (const name of NAMES.slice(1)) await contribute(dir, name);
      await applyBeacon(dir, VALUE);
    },
    more: () => ({ since: kept }),
  },
  {
    what: "a key that is not the transcript's",
    code: "ceremony.keyHash",
    edit: (dir) => editTranscript(dir, ({ key }) => ({ key: byte(key) })),
  },
  {
    what: "a truncated key",
    code: "ceremony.format",
    edit: (dir) => truncate(join(dir, "0004.zkey"), 2000),
  },
  {
    what: "a key that is not there",
    code: "ceremony.keyFile",
    edit: (dir) => rm(join(dir, "0004.zkey")),
  },
  {
    what: "a key with one point exchanged",
    code: "ceremony.phase2",
    reason: /L section/,
    edit: (dir) =>
      editKey(dir, (sections) => {
        const points = sections.get(8)!;
        points.copyWithin(0, 64, 128);
      }),
  },
  {
    what: "a key whose delta is put back to gamma",
    code: "ceremony.phase2",
    reason: /delta/,
    edit: (dir) =>
      editKey(dir, (sections) => {
        const header = sections.get(2)!;
        header.copyWithin(header.length - 128, header.length - 320, header.length - 192);
      }),
  },
  {
    what: "a development key",
    code: "ceremony.format",
    edit: async (dir) => {
      const { zkeyPath } = await ensureCircuit(CIRCUIT);
      const zkey = await readFile(zkeyPath);
      await writeFile(join(dir, "0004.zkey"), zkey);
      await editTranscript(dir, () => ({ key: createHash("sha256").update(zkey).digest("hex") }));
    },
  },
  {
    what: "script in a contributor's name",
    code: "input.text",
    edit: (dir) =>
      editTranscript(dir, ({ contributions }) => ({
        contributions: contributions.with(0, { ...contributions[0]!, name: "<script>alert(1)</script>" }),
      })),
  },
];

/** What the second contributor kept. */
let kept: Transcript;

describe("46 a ceremony that is not what it claims to be", () => {
  beforeAll(async () => {
    kept = await readTranscript(other("open"));
  });

  it.each(TAMPERED.map((row) => [row.what, row] as const))("46 refuses %s", async (_, row) => {
    const { code, reason, edit, more } = row;
    const dir = await copyOf(done);
    await edit(dir);
    const error = await verifyCeremony(request(dir, more?.())).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    if (reason !== undefined) expect(error).toMatchObject({ received: expect.stringMatching(reason) });
  });

  it("46 a file of a published power that is too small for the circuit is refused", async () => {
    const { checkPowersOfTau } = await import("../../circuits/dist/ceremony/powers-of-tau.js");
    expect(checkPowersOfTau(PUBLISHED_POWERS_OF_TAU[8]!, 256, false)).toBe(false);
    expect(() => checkPowersOfTau(PUBLISHED_POWERS_OF_TAU[8]!, 512, false)).toThrow(
      expect.objectContaining({ code: "ceremony.power" }),
    );
  });

  it("46 a beacon before the first contribution, or a step after the beacon, is refused", async () => {
    const fresh = join(folder, "fresh");
    await newCeremony(request(fresh, { beacon: BEACON }));
    await expect(applyBeacon(fresh, VALUE)).rejects.toMatchObject({ code: "ceremony.noContribution" });
    await expect(contribute(done, "late")).rejects.toMatchObject({ code: "ceremony.finished" });
    await expect(applyBeacon(done, VALUE)).rejects.toMatchObject({ code: "ceremony.finished" });
    await expect(applyBeacon(fresh, "AB")).rejects.toMatchObject({ code: "ceremony.beaconValue" });
  });
});

/** Until a step has begun to write its key, or is over. */
async function untilWriting(dir: string, ended: Promise<unknown>): Promise<void> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  while (!over && !(await readdir(dir)).some((name) => name.endsWith(".tmp"))) await sleep(1);
}

describe("47 a ceremony's folder", () => {
  it("47 is as it was when a step is killed at any moment, and goes on afterwards", async () => {
    const dir = await copyOf(join(folder, "open"));
    let before = await contentOf(dir);
    const stops = [
      ["SIGKILL", "early"],
      ["SIGINT", "writing"],
      ["SIGKILL", "writing"],
      ["SIGTERM", "writing"],
    ] as const;
    for (const [signal, moment] of stops) {
      const { child, ended } = start(["ceremony", "contribute", "--dir", dir, "--name", "killed"]);
      await (moment === "early" ? sleep(150) : untilWriting(dir, ended));
      child.kill(signal);
      const { code } = await ended;
      const after = await contentOf(dir);
      // On a machine that is faster than the signal, the step is whole.
      if (code === 0) before = after;
      for (const [name, hash] of Object.entries(before)) expect(after[name], name).toBe(hash);
      // As after the time in which a dead process's lock goes stale.
      await utimes(join(dir, ".lock"), 0, 0).catch(() => {});
    }
    const { contributions } = await contribute(dir, "after");
    expect(contributions.at(-1)!.name).toBe("after");
    const keys = Array.from({ length: contributions.length + 1 }, (_, i) => `000${i}.zkey`);
    expect(Object.keys(await contentOf(dir))).toEqual([...keys, "transcript.json"]);
  });

  it("47 is not made over files, and not half-way", async () => {
    const used = join(folder, "used");
    await mkdir(used);
    await writeFile(join(used, "precious"), "");
    const begin = (dir: string, more: object = {}) =>
      newCeremony({ ...request(dir, { beacon: BEACON }), ...more });
    await expect(begin(used)).rejects.toMatchObject({ code: "file.exists" });
    await expect(begin(join(folder, "no", "parent"))).rejects.toMatchObject({ code: "file.write" });
    await symlink(join(folder, "nowhere"), join(folder, "link"));
    await expect(begin(join(folder, "link"))).rejects.toMatchObject({ kind: "environment" });
    await expect(begin(join(folder, "none"), { beacon: { source: "x", exponent: 9 } })).rejects.toMatchObject(
      {
        code: "input.range",
        path: "beacon.exponent",
      },
    );
    await expect(begin(join(folder, "none"), { powersOfTau: other("none.ptau") })).rejects.toMatchObject({
      code: "ceremony.file",
    });
    await copyFile(powersOfTau, other("short.ptau"));
    await truncate(other("short.ptau"), 10_000);
    await expect(begin(join(folder, "bad"), { powersOfTau: other("short.ptau") })).rejects.toMatchObject({
      kind: "environment",
    });
    expect((await readdir(folder)).filter((name) => /^(no|bad|none|nowhere)|tmp-/.test(name))).toEqual([]);
    expect(await readdir(used)).toEqual(["precious"]);
  });

  it("47 is as it was when the disk is full, wherever that stops a step", async () => {
    const dir = await copyOf(join(folder, "open"));
    const before = await contentOf(dir);
    const launcher = join(PACKAGE, "cli/bin/keel.js");
    // A limit on the size of files, in blocks, stands in for a disk without room.
    for (const blocks of [0, 2, 5]) {
      const command = `exec "${process.execPath}" "${launcher}" ceremony contribute --dir "${dir}" --name x`;
      const ended = spawnSync("bash", ["-c", `ulimit -f ${blocks}; ${command}`], { encoding: "utf8" });
      expect([ended.status, ended.stderr], `${blocks} blocks`).toEqual([4, expect.stringMatching(/^keel: /)]);
      expect(ended.stderr).not.toContain("internal");
      expect(await contentOf(dir)).toEqual(before);
    }
  });

  it("47 steps do not write through links", async () => {
    const dir = await copyOf(join(folder, "open"));
    const target = join(folder, "target");
    await writeFile(target, "precious");
    await symlink(target, join(dir, "0004.zkey"));
    await contribute(dir, "x");
    expect(await readFile(target, "utf8")).toBe("precious");
    expect((await stat(join(dir, "0004.zkey"))).size).toBeGreaterThan(1000);
  });
});

describe("keel ceremony", () => {
  it("48 contributes with typed text, which it neither shows nor keeps", async () => {
    const dir = await copyOf(join(folder, "open"));
    const typed = "correct horse battery staple";
    const args = ["ceremony", "contribute", "--dir", dir, "--name", "Typist", "--typed", "--json"];
    const { code, stdout, stderr } = await keelHere(args, { input: `${typed}\n` });
    expect([code, stderr]).toEqual([0, expect.stringContaining("type some random text")]);
    const { number, hash, digest } = JSON.parse(stdout);
    const transcript = await readTranscript(dir);
    expect([number, hash, digest]).toEqual([
      4,
      transcript.contributions[3]!.hash,
      transcriptDigest(transcript),
    ]);
    expect(stdout + stderr).not.toContain(typed);
    for (const name of await readdir(dir)) {
      expect((await readFile(join(dir, name))).includes(typed), name).toBe(false);
    }
  });

  it("closes a ceremony with a beacon, and says its digest", async () => {
    const dir = await copyOf(join(folder, "open"));
    const { code, stdout } = await keelHere(["ceremony", "beacon", "--dir", dir, "--value", VALUE]);
    expect(code).toBe(0);
    expect(stdout).toContain(transcriptDigest(await readTranscript(dir)));
  });

  it.each([
    ["markup", "<b>Ada</b>"],
    ["a terminal's escape", "Ada\u001b[2J"],
    ["text that runs backwards", "Ada\u202egnp.exe"],
    ["nothing", ""],
    ["more than snarkjs keeps", "x".repeat(65)],
  ])("49 refuses %s as a name", async (_, name) => {
    const ended = await keelHere([
      "ceremony",
      "contribute",
      "--dir",
      join(folder, "open"),
      "--name",
      name,
      "--json",
    ]);
    expect([ended.code, errorOf(ended).code]).toEqual([1, expect.stringMatching(/^input\./)]);
    expect(ended.stdout + ended.stderr).not.toContain("\u001b");
  });

  it("46 refuses an unpublished powers-of-tau file without --insecure-ptau: exit code 3", async () => {
    const dir = join(folder, "refused");
    const args = ["ceremony", "new", "--dir", dir, "--ptau", powersOfTau, "--circuit", "market-root/16"];
    const ended = await keelHere([...args, "--beacon-source", "drand round 1", "--json"]);
    expect([ended.code, errorOf(ended).code]).toEqual([3, "ceremony.powersOfTau"]);
    await expect(stat(dir)).rejects.toThrow();
  });

  it("46 verifies by the circuit that the transcript names, and no other", async () => {
    const args = ["ceremony", "verify", "--dir", done, "--ptau", powersOfTau, "--insecure-ptau", "--json"];
    expect(errorOf(await keelHere(args)).code).toBe("circuit.unknown");
    const none = await keelHere([...args.slice(0, 3), folder, ...args.slice(4)]);
    expect([none.code, errorOf(none).code]).toEqual([1, "ceremony.missing"]);
  });
});
