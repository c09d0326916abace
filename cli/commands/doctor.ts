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
import { type ArtifactSet, currentCompilation, fileName, loadArtifacts } from "@keel/circuits";
import { cacheRoot } from "@keel/circuits/cache";
import type { VerifierSource } from "@keel/contracts";
import { CIRCUITS, isDevelopmentCode, LOCAL_CHAINS } from "@keel/verifier";
import { KeelError } from "@keel/verifier/errors";
import type { VerificationKey } from "@keel/verifier/groth16";
import { table } from "@keel/verifier/text";
import type { Context, Outcome } from "../context.js";
import { systemCode, usageError } from "../errors.js";
import type { VerifierFacts } from "../examine-chain.js";

export interface DoctorOptions {
  /** Folder of a ceremony's artifacts, to look at beside the built ones. */
  readonly artifacts?: string;
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
export async function doctor(
  { artifacts, rpc, registry }: DoctorOptions,
  context: Context,
): Promise<Outcome> {
  if (registry !== undefined && rpc === undefined)
    throw usageError("--rpc with --registry", "--registry alone");
  const sets = [...(artifacts === undefined ? [] : [await loadSet(artifacts)]), ...(await builtSets())];
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
  const folder = cacheRoot();
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
    return { name: "cache", verdict: "ok", detail: folder };
  } catch (error) {
    return { name: "cache", verdict: "error", detail: `${folder} is not writable: ${systemCode(error)}` };
  }
}

/** A folder of artifacts, loaded with its hashes checked, or why not. */
type FoundSet = { readonly dir: string } & (
  | { readonly set: ArtifactSet; readonly isCurrent: boolean }
  | { readonly error: KeelError }
);

/** What the build cache holds for the circuits that there are. */
async function builtSets(): Promise<FoundSet[]> {
  const cache = cacheRoot();
  const names = await readdir(cache).catch(() => []);
  const ofCircuits = CIRCUITS.map(({ id }) => new RegExp(`^artifacts-${fileName(id)}-[0-9a-f]+$`));
  const sets: FoundSet[] = [];
  for (const pattern of ofCircuits) {
    for (const name of names.filter((name) => pattern.test(name)))
      sets.push(await loadSet(join(cache, name)));
  }
  return sets;
}

async function loadSet(dir: string): Promise<FoundSet> {
  try {
    const set = await loadArtifacts(dir);
    return { dir, set, isCurrent: set.manifest.compilation === (await currentCompilation(set.id)) };
  } catch (error) {
    if (error instanceof KeelError) return { dir, error };
    throw error;
  }
}

function artifactFinding(found: FoundSet): Finding {
  const { dir } = found;
  const name = basename(dir);
  if ("error" in found) {
    const detail = `${found.error.message}; remove ${dir} to build them again`;
    return { name, verdict: "error", detail };
  }
  const { manifest } = found.set;
  if (!found.isCurrent) return { name, verdict: "warning", detail: "hashes match; made from other sources" };
  if (manifest.insecure === true) {
    const what = manifest.key.kind === "dev" ? "DEVELOPMENT KEY" : "KEY WITHOUT KNOWN POWERS OF TAU";
    return { name, verdict: "warning", detail: `hashes match; ${what}, anybody can forge proofs` };
  }
  return { name, verdict: "ok", detail: `hashes match; ${originOf(found.set)}` };
}

function originOf({ manifest: { key } }: ArtifactSet): string {
  return key.kind === "dev" ? "development key" : `ceremony ${key.transcript}`;
}

function missingFindings(sets: readonly FoundSet[]): Finding[] {
  const missing = CIRCUITS.filter(
    ({ id }) => !sets.some((found) => "set" in found && found.isCurrent && found.set.id === id),
  );
  const detail = "not built yet; `keel setup` does it";
  return missing.map(({ id }) => ({ name: `artifacts ${id}`, verdict: "warning", detail }));
}

async function chainFindings(
  rpc: string,
  registry: `0x${string}` | undefined,
  sets: readonly FoundSet[],
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
    for (const verifier of verifiers) findings.push(await verifierFinding(verifier, chainId, sets));
    return findings;
  } catch (error) {
    if (!(error instanceof KeelError)) throw error;
    return [{ name: "chain", verdict: "error", detail: error.message }];
  }
}

/** Compares a verifier's code, not only what it says of itself, with that of the artifacts' keys. */
async function verifierFinding(
  { circuit, version, contract }: VerifierFacts,
  chainId: number,
  sets: readonly FoundSet[],
): Promise<Finding> {
  const name = `verifier ${circuit}`;
  if (contract === undefined) return { name, verdict: "warning", detail: "the registry has none" };
  // Development keys of one seed share their delta, whatever their circuit's sources were.
  const candidates = sets
    .flatMap((found) => ("set" in found && found.set.id === circuit ? [found] : []))
    .filter(({ set }) => deltaWords(set.verificationKey).join() === contract.delta.join())
    .sort((left, right) => Number(right.isCurrent) - Number(left.isCurrent));
  const insecure =
    contract.insecure ||
    isDevelopmentCode(contract.code) ||
    candidates.some(({ set }) => set.manifest.insecure === true);
  if (insecure && !LOCAL_CHAINS.includes(chainId)) {
    const detail = `version ${version} has a DEVELOPMENT KEY on chain ${chainId}: anybody can forge proofs`;
    return { name, verdict: "error", detail };
  }
  if (candidates.length === 0) {
    const detail = `version ${version} has another key than the artifacts here`;
    return { name, verdict: "warning", detail };
  }
  const { verifierCode, withoutMetadata } = await import("@keel/contracts");
  const code = withoutMetadata(contract.code);
  for (const { set } of candidates) {
    if ((await verifierCode(sourceOf(set))) !== code) continue;
    const detail = `version ${version}, same key and code as the artifacts here (${originOf(set)})`;
    return { name, verdict: "ok", detail };
  }
  const detail = `version ${version} claims the key of the artifacts here, but has other code`;
  return { name, verdict: "error", detail };
}

function sourceOf({
  id: circuit,
  verificationKey,
  manifest: { key, insecure },
}: ArtifactSet): VerifierSource {
  const transcript = key.kind === "ceremony" ? { transcript: key.transcript } : {};
  return { circuit, verificationKey, insecure: insecure === true, contractName: "Verifier", ...transcript };
}

/** As `IGroth16Verifier.deltaG2` lays it out. */
function deltaWords({ vk_delta_2: [x, y] }: VerificationKey): bigint[] {
  return [x[1], x[0], y[1], y[0]].map(BigInt);
}
