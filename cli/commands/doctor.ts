// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel doctor`: what would keep Keel from working on this machine, with these artifacts, at this registry.
 *
 * @module
 */

import { constants } from "node:fs";
import { access, mkdir, readdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { packageRoot } from "../../circuits/setup/cache.js";
import { fileName } from "../../circuits/setup/compile.js";
import { type ArtifactSet, loadArtifacts } from "../../circuits/setup/index.js";
import { CIRCUITS } from "../../verifier/src/circuits.js";
import { KeelError } from "../../verifier/src/errors.js";
import type { VerificationKey } from "../../verifier/src/groth16.js";
import type { Context, Outcome } from "../context.js";
import { systemCode, usageError } from "../errors.js";
import { table } from "../tables.js";

export interface DoctorOptions {
  readonly rpc?: string;
  readonly registry?: `0x${string}`;
}

/** One thing that was looked at. */
interface Finding {
  readonly name: string;
  readonly verdict: "ok" | "warning" | "error";
  readonly detail: string;
}

const OLDEST_NODE = [20, 19] as const;
/** A proof of the smallest circuit peaks below this on two workers. */
const ENOUGH_MEMORY = 1 << 30;
const GIB = 1 << 30;
/** Seconds between this machine's clock and the chain's latest block that are worth a warning. */
const CLOCK_TOLERANCE = 120;

/** Looks at everything; exit code 4 when something is wrong. */
export async function doctor({ rpc, registry }: DoctorOptions, context: Context): Promise<Outcome> {
  if (registry !== undefined && rpc === undefined)
    throw usageError("--rpc with --registry", "--registry alone");
  const sets = await builtSets();
  const findings = [
    nodeFinding(),
    memoryFinding(),
    { name: "cores", verdict: "ok", detail: `${availableParallelism()}` } as const,
    await cacheFinding(),
    ...sets.map(artifactFinding),
    ...missingFindings(sets),
    ...(rpc === undefined ? [] : await chainFindings(rpc, registry, sets, context)),
  ];
  const ok = findings.every((finding) => finding.verdict !== "error");
  return {
    exitCode: ok ? 0 : 4,
    json: { ok, checks: findings },
    text: table(findings.map(({ verdict, name, detail }) => [verdict, name, detail])),
  };
}

function nodeFinding(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const isNew = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  return {
    name: "Node",
    verdict: isNew ? "ok" : "error",
    detail: isNew
      ? process.versions.node
      : `${process.versions.node}, needs ${OLDEST_NODE.join(".")} or newer`,
  };
}

function memoryFinding(): Finding {
  const bytes = process.availableMemory();
  const detail = `${(bytes / GIB).toFixed(1)} GiB available`;
  return { name: "memory", verdict: bytes < ENOUGH_MEMORY ? "warning" : "ok", detail };
}

async function cacheFinding(): Promise<Finding> {
  const folder = join(await packageRoot(), ".keel");
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
    return { name: "cache", verdict: "ok", detail: folder };
  } catch (error) {
    return { name: "cache", verdict: "error", detail: `${folder} is not writable: ${systemCode(error)}` };
  }
}

/** A folder of artifacts, loaded with its hashes checked, or why not. */
interface BuiltSet {
  readonly circuit: string;
  readonly dir: string;
  readonly set?: ArtifactSet;
  readonly error?: KeelError;
}

async function builtSets(): Promise<BuiltSet[]> {
  const cache = join(await packageRoot(), ".keel");
  const names = await readdir(cache).catch(() => []);
  const sets: BuiltSet[] = [];
  for (const { id } of CIRCUITS) {
    const ofCircuit = new RegExp(`^artifacts-${fileName(id)}-[0-9a-f]+$`);
    for (const name of names.filter((candidate) => ofCircuit.test(candidate))) {
      sets.push(await loadSet(id, join(cache, name)));
    }
  }
  return sets;
}

async function loadSet(circuit: string, dir: string): Promise<BuiltSet> {
  try {
    return { circuit, dir, set: await loadArtifacts(dir) };
  } catch (error) {
    if (error instanceof KeelError) return { circuit, dir, error };
    throw error;
  }
}

function artifactFinding({ dir, set, error }: BuiltSet): Finding {
  const name = basename(dir);
  if (set === undefined) {
    return { name, verdict: "error", detail: `${error?.message}; remove ${dir} to build them again` };
  }
  if (set.manifest.insecure === true) {
    return { name, verdict: "warning", detail: "hashes match; DEVELOPMENT KEY, anybody can forge proofs" };
  }
  return { name, verdict: "ok", detail: "hashes match" };
}

function missingFindings(sets: readonly BuiltSet[]): Finding[] {
  const missing = CIRCUITS.filter(({ id }) => !sets.some((set) => set.circuit === id));
  const detail = "not built yet; `keel setup` does it";
  return missing.map(({ id }) => ({ name: `artifacts ${id}`, verdict: "warning", detail }));
}

async function chainFindings(
  rpc: string,
  registry: `0x${string}` | undefined,
  sets: readonly BuiltSet[],
  context: Context,
): Promise<Finding[]> {
  // Loaded here: a chain client is heavy, and most examinations need none.
  const { examineChain } = await import("../examine-chain.js");
  try {
    const { chainId, blockTime, verifiers } = await examineChain(rpc, registry);
    const lag = Math.abs(context.now() - blockTime);
    const findings: Finding[] = [
      { name: "chain", verdict: "ok", detail: `id ${chainId}` },
      {
        name: "clock",
        verdict: lag > CLOCK_TOLERANCE ? "warning" : "ok",
        detail: `${lag} s from the latest block`,
      },
    ];
    if (registry !== undefined) findings.push({ name: "registry", verdict: "ok", detail: registry });
    return [...findings, ...verifiers.map((verifier) => verifierFinding(verifier, sets))];
  } catch (error) {
    if (!(error instanceof KeelError)) throw error;
    return [{ name: "chain", verdict: "error", detail: error.message }];
  }
}

function verifierFinding(
  verifier: { circuit: string; version: number; delta?: readonly bigint[] },
  sets: readonly BuiltSet[],
): Finding {
  const name = `verifier ${verifier.circuit}`;
  const { version, delta } = verifier;
  if (delta === undefined) return { name, verdict: "warning", detail: "the registry has none" };
  const isOurs = sets.some(
    (built) =>
      built.circuit === verifier.circuit &&
      built.set !== undefined &&
      deltaWords(built.set.verificationKey).join() === delta.join(),
  );
  return isOurs
    ? { name, verdict: "ok", detail: `version ${version}, same key as the artifacts here` }
    : { name, verdict: "warning", detail: `version ${version} has another key than the artifacts here` };
}

/** As `IGroth16Verifier.deltaG2` lays it out. */
function deltaWords({ vk_delta_2: [x, y] }: VerificationKey): bigint[] {
  return [x[1], x[0], y[1], y[0]].map(BigInt);
}
