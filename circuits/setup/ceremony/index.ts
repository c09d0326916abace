// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The key ceremony: snarkjs's phase 2, passed from one contributor to the next as files. See ../README.md for the runbook.
 *
 * The key is sound as long as one contributor kept their secret to themselves: one who is honest is enough.
 *
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseData, title } from "@keel/verifier";
import { KeelError } from "@keel/verifier/errors";
import { parseVerificationKey, type VerificationKey } from "@keel/verifier/groth16";
import { writeArtifacts } from "../artifacts.js";
import { sha256 } from "../cache.js";
import {
  type CircuitDefinition,
  type CompiledCircuit,
  circuitDefinition,
  compileCircuit,
} from "../compile.js";
import { domainSize, INSECURE_SECTION } from "../devkey.js";
import { parseR1cs } from "../r1cs.js";
import { prepareWitness } from "../witness-program.js";
import { BEACON_VALUE } from "./beacon.js";
import {
  BEACON_NAME,
  keyPath,
  makeFolder,
  readLatestKey,
  readNewKey,
  readTranscript,
  refuseUsed,
  takeStep,
  writeTranscript,
} from "./folder.js";
import { markKey } from "./key-file.js";
import { runPhase2, type StepOptions } from "./phase2.js";
import { blake2bOf, checkPowersOfTau } from "./powers-of-tau.js";
import {
  formatTranscript,
  latestNumber,
  parseBeaconPlan,
  refused,
  type Transcript,
  transcriptDigest,
} from "./transcript.js";

/** snarkjs cuts longer names. */
const LONGEST_NAME = 64;
const MARK =
  "INSECURE key: made from a powers-of-tau file that nobody vouches for; its maker can forge proofs";

/** What everybody can fetch for themselves. */
interface PowersOfTau {
  /** Path of the powers-of-tau file. */
  readonly powersOfTau: string;
  /** Accept a file that was not published; the key is marked. */
  readonly allowInsecure?: boolean;
}

/** What a ceremony starts from. */
export interface NewCeremony extends PowersOfTau {
  /** Folder to make. */
  readonly dir: string;
  /** Id of a row of circuits/circuits.json, or a definition of one's own. */
  readonly circuit: string | CircuitDefinition;
  readonly beacon: { readonly source: string; readonly exponent: number };
}

/** What a ceremony is verified against. */
export interface VerifyCeremony extends PowersOfTau {
  readonly dir: string;
  /** The circuit, when it is one of one's own; else the row of circuits/circuits.json that the transcript names. */
  readonly circuit?: CircuitDefinition;
  /** An earlier transcript of the same ceremony, which this one must continue. */
  readonly since?: Transcript;
}

/** A finished ceremony that holds. */
export interface VerifiedCeremony {
  readonly transcript: Transcript;
  readonly digest: string;
  readonly verificationKey: VerificationKey;
  readonly compiled: CompiledCircuit;
  /** Path of the key. */
  readonly keyPath: string;
}

/**
 * Starts a ceremony: checks the powers of tau, compiles the circuit, makes key number 0.
 *
 * @throws KeelError `file.exists`, `file.write`, `ceremony.powersOfTau`, `ceremony.power`, `circuit.unknown`
 */
export async function newCeremony(request: NewCeremony, options: StepOptions = {}): Promise<Transcript> {
  const { dir, circuit } = request;
  const beacon = parseBeaconPlan(request.beacon);
  await refuseUsed(dir);
  const { compiled, ...parts } = await publicParts(circuit, request, options.signal);
  await makeFolder(dir, async (folder) => {
    const [to, powersOfTau] = [keyPath(folder, 0), resolve(request.powersOfTau)];
    await runPhase2({ step: "new", r1cs: compiled.r1csPath, powersOfTau, to }, options);
    const key = (await readNewKey(to, 0)).sha256;
    await writeTranscript(folder, { circuit: compiled.id, ...parts, contributions: [], beacon, key });
  });
  return await readTranscript(dir);
}

/**
 * Adds a contribution to the newest key.
 *
 * @param typed text that is mixed into the secret, beside what the system gives
 * @returns the transcript, whose last contribution is the new one
 * @throws KeelError `ceremony.finished`, and what a broken folder is refused with
 */
export async function contribute(
  dir: string,
  name: string,
  typed = "",
  options: StepOptions = {},
): Promise<Transcript> {
  checkName(name);
  const entropy = createHash("sha512").update(randomBytes(64)).update(typed).digest("hex");
  return await takeStep(dir, options.signal, async (before, from, to) => {
    await runPhase2({ step: "contribute", from, to, name, entropy }, options);
    return (hash) => ({ ...before, contributions: [...before.contributions, { name, hash }] });
  });
}

/**
 * Closes the ceremony with the beacon that was announced.
 *
 * @param value 32 to 64 bytes in lower-case hex
 * @throws KeelError `ceremony.noContribution`, `ceremony.finished`, `ceremony.beaconValue`
 */
export async function applyBeacon(
  dir: string,
  value: string,
  options: StepOptions = {},
): Promise<Transcript> {
  if (!BEACON_VALUE.test(value)) {
    const details = { kind: "input", code: "ceremony.beaconValue", path: "value" } as const;
    throw new KeelError({ ...details, expected: "32 to 64 bytes in lower-case hex", received: "other text" });
  }
  return await takeStep(dir, options.signal, async (before, from, to) => {
    requireContribution(before);
    const { exponent } = before.beacon;
    await runPhase2({ step: "beacon", from, to, name: BEACON_NAME, value, exponent }, options);
    return (hash) => ({ ...before, beacon: { ...before.beacon, applied: { value, hash } } });
  });
}

/**
 * Verifies a finished ceremony from nothing but its folder, the powers-of-tau file and this package's sources: compiles the
 * circuit again, makes key number 0 again, and checks that every contribution follows from the one before.
 *
 * @throws KeelError kind `proof` for the first thing that is not as claimed, `ceremony.*` or `key.*`
 */
export async function verifyCeremony(
  request: VerifyCeremony,
  options: StepOptions = {},
): Promise<VerifiedCeremony> {
  const transcript = await readTranscript(request.dir);
  requireContribution(transcript);
  if (transcript.beacon.applied === undefined) {
    throw refused("ceremony.noBeacon", "transcript.beacon", "the beacon that was announced", "none yet");
  }
  const { compiled, key } = await checkCeremony(transcript, request, options);
  const mark = transcript.insecure === true ? { insecure: true } : {};
  return {
    transcript,
    digest: transcriptDigest(transcript),
    verificationKey: soundKey({ ...key, ...mark }),
    compiled,
    keyPath: keyPath(request.dir, latestNumber(transcript)),
  };
}

/** Verifies a ceremony as far as it has come. Its key is not fit for use, however many have contributed. */
export async function verifyProgress(
  request: VerifyCeremony,
  options: StepOptions = {},
): Promise<Transcript> {
  const transcript = await readTranscript(request.dir);
  await checkCeremony(transcript, request, options);
  return transcript;
}

/**
 * Writes the artifact set of a verified ceremony into a new folder, with the transcript beside it.
 *
 * @param more writes what else belongs into the folder
 * @throws KeelError `file.exists`, `file.write`
 */
export async function exportCeremony(
  dir: string,
  verified: VerifiedCeremony,
  more: (folder: string) => Promise<void> = async () => {},
): Promise<void> {
  const { transcript, digest, verificationKey, compiled } = verified;
  await makeFolder(dir, async (folder) => {
    const key = await readFile(verified.keyPath);
    const r1cs = parseR1cs(await readFile(compiled.r1csPath));
    const witness = await prepareWitness(compiled, r1cs);
    await writeArtifacts(folder, {
      circuit: transcript.circuit,
      compilation: compiled.hash,
      r1cs,
      compiled: { r1cs: compiled.r1csPath, wasm: compiled.wasmPath, witness, sym: compiled.symPath },
      zkey: transcript.insecure === true ? markKey(key, INSECURE_SECTION, MARK) : key,
      verificationKey,
      key: { kind: "ceremony", transcript: digest },
    });
    await writeTranscript(folder, transcript);
    await more(folder);
  });
}

/** All that can be checked of a ceremony at any time, the cheap things first. */
async function checkCeremony(
  transcript: Transcript,
  request: VerifyCeremony,
  options: StepOptions,
): Promise<{ readonly compiled: CompiledCircuit; readonly key: Record<string, unknown> | undefined }> {
  const { dir, since, circuit = transcript.circuit } = request;
  if (since !== undefined) checkContinues(transcript, since);
  await readLatestKey(dir, transcript);
  const { compiled, ...parts } = await publicParts(circuit, request, options.signal);
  for (const part of ["powersOfTau", "r1cs"] as const) {
    if (transcript[part] !== parts[part]) {
      throw refused(`ceremony.${part}`, `transcript.${part}`, parts[part], transcript[part]);
    }
  }
  if (transcript.insecure !== parts.insecure) {
    throw refused("ceremony.mark", "transcript.insecure", "the mark of its powers of tau", "another");
  }
  const [r1cs, powersOfTau] = [compiled.r1csPath, resolve(request.powersOfTau)];
  const path = keyPath(dir, latestNumber(transcript));
  return { compiled, key: await runPhase2({ step: "verify", r1cs, powersOfTau, key: path }, options) };
}

interface PublicParts extends Pick<Transcript, "r1cs" | "powersOfTau" | "insecure"> {
  readonly compiled: CompiledCircuit;
}

/** What everybody can make again. */
async function publicParts(
  circuit: string | CircuitDefinition,
  { powersOfTau, allowInsecure = false }: PowersOfTau,
  signal: AbortSignal | undefined,
): Promise<PublicParts> {
  const blake2b = await blake2bOf(powersOfTau);
  const definition = typeof circuit === "string" ? await circuitDefinition(circuit) : circuit;
  const compiled = await compileCircuit(definition, signal);
  const bytes = await readFile(compiled.r1csPath);
  const insecure = checkPowersOfTau(blake2b, domainSize(parseR1cs(bytes)), allowInsecure);
  return { compiled, r1cs: sha256(bytes), powersOfTau: blake2b, ...(insecure ? { insecure } : {}) };
}

function checkContinues(transcript: Transcript, since: Transcript): void {
  // The earlier transcript is what is left of the later one without what has been added.
  const { contributions, beacon, key: _, ...base } = transcript;
  const { applied, ...plan } = beacon;
  const earlier = {
    ...base,
    contributions: contributions.slice(0, since.contributions.length),
    beacon: { ...plan, ...(applied === undefined || since.beacon.applied === undefined ? {} : { applied }) },
    key: since.key,
  };
  if (formatTranscript(earlier) !== formatTranscript(since)) {
    throw refused("ceremony.history", "transcript", "what the earlier one says, and more", "another history");
  }
}

function requireContribution({ contributions }: Transcript): void {
  if (contributions.length > 0) return;
  throw refused("ceremony.noContribution", "transcript.contributions", "at least one contribution", "none");
}

/** A key whose gamma is its delta lets anybody forge proofs, whatever was contributed to it. */
function soundKey(json: object): VerificationKey {
  try {
    return parseVerificationKey(json);
  } catch (error) {
    if (!(error instanceof KeelError)) throw error;
    throw new KeelError({ ...error.toJSON(), kind: "proof" }, { cause: error });
  }
}

function checkName(name: string): void {
  parseData(title, name, "name");
  if (name.length <= LONGEST_NAME) return;
  const details = { kind: "input", code: "input.range", path: "name" } as const;
  throw new KeelError({ ...details, expected: `at most ${LONGEST_NAME} characters`, received: "more" });
}
