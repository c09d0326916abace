// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Artifact sets: the files that a prover and a verifier of one circuit need, with a manifest that pins their hashes.
 *
 * A set does not care where its key comes from: the manifest names the origin (a dev key with its seed, or a
 * ceremony), and everything that uses a set reads only the manifest.
 *
 * @module
 */
import { copyFile, link, readFile } from "node:fs/promises";
import { join } from "node:path";
import { KeelError } from "@keel/verifier/errors";
import { parseVerificationKey, type VerificationKey } from "@keel/verifier/groth16";
import { sha256, writeFileAtomically } from "./cache.js";
import { publicCount, type R1cs } from "./r1cs.js";

const MANIFEST = "manifest.json";
const FILES = {
  r1cs: "circuit.r1cs",
  wasm: "circuit.wasm",
  witness: "witness.wasm",
  sym: "circuit.sym",
  zkey: "circuit.zkey",
  verificationKey: "verification_key.json",
} as const;

/** A file of a set. */
export type ArtifactFile = keyof typeof FILES;

/** One pinned file of a set. */
export interface PinnedFile {
  readonly name: string;
  readonly bytes: number;
  /** Hex SHA-256 of the content. */
  readonly sha256: string;
}

/** Where a key comes from. */
export type KeyOrigin =
  /** Known secrets, derived from this public seed. */
  | { readonly kind: "dev"; readonly seed: string }
  /** A multi-party ceremony; the transcript's SHA-256. */
  | { readonly kind: "ceremony"; readonly transcript: string };

/** Content of manifest.json. */
export interface ArtifactManifest {
  readonly keel: "artifacts/1";
  readonly circuit: string;
  /** Hash over every input of the compilation. */
  readonly compilation: string;
  readonly constraints: number;
  readonly wires: number;
  readonly publicOutputs: number;
  readonly publicInputs: number;
  readonly key: KeyOrigin;
  /** Present when anybody can forge proofs for the key. */
  readonly insecure?: true;
  readonly files: Readonly<Record<ArtifactFile, PinnedFile>>;
}

/** A checked artifact set on disk. */
export interface ArtifactSet {
  /** Circuit id, such as `portfolio-health/spot-16`. */
  readonly id: string;
  readonly dir: string;
  readonly r1csPath: string;
  /** As circom wrote it. */
  readonly wasmPath: string;
  /** The same made ready for the engine, which takes either, with a witness program. */
  readonly witnessPath: string;
  readonly symPath: string;
  readonly zkeyPath: string;
  readonly verificationKey: VerificationKey;
  readonly manifest: ArtifactManifest;
}

/** What a new set is made of. */
export interface ArtifactContents {
  readonly circuit: string;
  readonly compilation: string;
  readonly r1cs: R1cs;
  /** Paths of compiled files, which are linked or copied into the set. */
  readonly compiled: Readonly<Record<"r1cs" | "wasm" | "witness" | "sym", string>>;
  readonly zkey: Uint8Array;
  readonly verificationKey: VerificationKey;
  readonly key: KeyOrigin;
}

/** Writes a set into an empty folder, the manifest last. */
export async function writeArtifacts(folder: string, contents: ArtifactContents): Promise<void> {
  const path = (file: ArtifactFile): string => join(folder, FILES[file]);
  for (const file of ["r1cs", "wasm", "witness", "sym"] as const)
    await place(contents.compiled[file], path(file));
  await writeFileAtomically(path("zkey"), contents.zkey);
  await writeFileAtomically(
    path("verificationKey"),
    `${JSON.stringify(contents.verificationKey, undefined, 1)}\n`,
  );
  const names = Object.keys(FILES) as ArtifactFile[];
  const pins = await Promise.all(names.map(async (file) => [file, await pin(folder, FILES[file])] as const));
  const manifest: ArtifactManifest = {
    keel: "artifacts/1",
    circuit: contents.circuit,
    compilation: contents.compilation,
    constraints: contents.r1cs.constraints,
    wires: contents.r1cs.wires,
    publicOutputs: contents.r1cs.publicOutputs,
    publicInputs: contents.r1cs.publicInputs,
    key: contents.key,
    ...(contents.verificationKey.insecure === true ? { insecure: true as const } : {}),
    files: Object.fromEntries(pins) as Record<ArtifactFile, PinnedFile>,
  };
  if (publicCount(contents.r1cs) !== contents.verificationKey.nPublic) {
    throw broken("artifact.key", FILES.verificationKey, "the circuit's public signals", "another number");
  }
  await writeFileAtomically(join(folder, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

/**
 * Opens an artifact set and checks every file's hash before anything is used.
 *
 * @param check fewer files than all; the verification key's is always compared
 * @throws KeelError kind `environment`: `artifact.missing`, `artifact.manifest`, `artifact.hash` (with the expected
 *   and the received hash), or `key.*` for a verification key that is not sound.
 */
export async function loadArtifacts(
  dir: string,
  check: readonly ArtifactFile[] = Object.keys(FILES) as ArtifactFile[],
): Promise<ArtifactSet> {
  const manifest = parseManifest(await readPart(dir, MANIFEST));
  const checked = async (file: ArtifactFile): Promise<Uint8Array> => {
    const pinned = manifest.files[file];
    const content = await readPart(dir, pinned.name);
    const received = sha256(content);
    if (received !== pinned.sha256) throw broken("artifact.hash", pinned.name, pinned.sha256, received);
    return content;
  };
  for (const file of check) if (file !== "verificationKey") await checked(file);
  const verificationKey = parseVerificationKey(
    parseJson(await checked("verificationKey"), FILES.verificationKey),
  );
  if ((verificationKey.insecure === true) !== (manifest.insecure === true)) {
    throw broken("artifact.manifest", "insecure", "the same mark in key and manifest", "different ones");
  }
  const path = (file: ArtifactFile): string => join(dir, manifest.files[file].name);
  return {
    id: manifest.circuit,
    dir,
    r1csPath: path("r1cs"),
    wasmPath: path("wasm"),
    witnessPath: path("witness"),
    symPath: path("sym"),
    zkeyPath: path("zkey"),
    verificationKey,
    manifest,
  };
}

async function place(from: string, to: string): Promise<void> {
  // Linking saves tens of megabytes; not every file system can.
  await link(from, to).catch(() => copyFile(from, to));
}

async function pin(folder: string, name: string): Promise<PinnedFile> {
  const content = await readFile(join(folder, name));
  return { name, bytes: content.length, sha256: sha256(content) };
}

async function readPart(dir: string, name: string): Promise<Uint8Array> {
  return readFile(join(dir, name)).catch((cause: unknown) => {
    const details = { kind: "environment", code: "artifact.missing", path: name } as const;
    throw new KeelError({ ...details, expected: "a readable file", received: "none" }, { cause });
  });
}

function parseManifest(bytes: Uint8Array): ArtifactManifest {
  const manifest = parseJson(bytes, MANIFEST) as Partial<ArtifactManifest> | null;
  if (typeof manifest !== "object" || manifest?.keel !== "artifacts/1") {
    throw broken("artifact.manifest", MANIFEST, "format artifacts/1", "another format");
  }
  // Sets made before there was a prepared module: the engine prepares circom's own, in every process.
  const files = { ...manifest.files, witness: manifest.files?.witness ?? manifest.files?.wasm };
  const names = manifest.files?.witness === undefined ? { ...FILES, witness: FILES.wasm } : FILES;
  for (const file of Object.keys(FILES) as ArtifactFile[]) {
    const pinned = files[file];
    // Plain names only: a manifest must not lead out of its folder.
    if (pinned?.name !== names[file] || !/^[0-9a-f]{64}$/.test(pinned.sha256 ?? "")) {
      throw broken("artifact.manifest", `files.${file}`, `${FILES[file]} with its SHA-256`, "something else");
    }
  }
  if (manifest.insecure !== true && manifest.key?.kind !== "ceremony") {
    throw broken("artifact.manifest", "insecure", "the mark of a key with known secrets", "none");
  }
  return { ...manifest, files } as ArtifactManifest;
}

function parseJson(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new KeelError(
      { kind: "environment", code: "artifact.manifest", path: name, expected: "JSON" },
      { cause },
    );
  }
}

function broken(code: string, path: string, expected: string, received: string): KeelError {
  return new KeelError({ kind: "environment", code, path, expected, received });
}
