// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel verifier add`, `retire`, `list`: which contracts verify a circuit's proofs.
 *
 * @module
 */

import { BESIDE_CIRCUITS, CIRCUITS, circuitHash, marketRootCircuit } from "@keel/verifier";
import {
  delaysOf,
  groth16VerifierAbi,
  type Registry,
  toKeelError,
  type VerifierState,
  verifierBookAbi,
  verifiersOf,
} from "@keel/verifier/chain";
import { inputError } from "@keel/verifier/errors";
import { DEVELOPMENT_KEY_WARNING, span, table, utc } from "@keel/verifier/text";
import { type Address, encodeFunctionData } from "viem";
import { connect, type RegistryOptions } from "../chain.js";
import type { Context, Outcome } from "../context.js";
import { type Deed, type OperateOptions, operate } from "../operate.js";

export interface VerifierAddOptions extends OperateOptions {
  readonly circuit: string;
  readonly verifier: Address;
  readonly standby?: true;
}

export interface VerifierRetireOptions extends OperateOptions {
  readonly circuit: string;
  readonly version: number;
  readonly reason: string;
}

export interface VerifierListOptions extends RegistryOptions {
  readonly circuit?: string;
}

const abi = verifierBookAbi;

/**
 * Adds a version: it counts after the delay, a circuit's first one at once while the book is set up, one on standby when all
 * others are gone.
 */
export async function addVerifier(options: VerifierAddOptions, context: Context): Promise<Outcome> {
  const { circuit, verifier, standby } = options;
  return await operate(options, context, "verifierBook", async ({ registry }): Promise<Deed> => {
    const [versions, { verifiers: delay }, insecure, setUpUntil] = await Promise.all([
      verifiersOf(registry, [circuit]),
      delaysOf(registry),
      isInsecure(registry, verifier),
      registry.client.readContract({ address: registry.verifierBook, abi, functionName: "setUpUntil" }),
    ]);
    const version = versions.length + 1;
    const isFirst = version === 1;
    const functionName = standby ? "addStandby" : "add";
    return {
      ...{ command: "verifier add", to: registry.verifierBook, access: "restricted" },
      data: encodeFunctionData({ abi, functionName, args: [circuitHash(circuit), verifier] }),
      words: `add ${verifier} as version ${version} of ${circuit}${standby ? ", on standby" : ""}`,
      effects: (at) => [
        isFirst && at < setUpUntil
          ? `It is the circuit's first, so proofs against it count from ${utc(at)}, with the block.`
          : `It counts from ${utc(at + delay)}, ${span(delay)} after it was added. A guardian may retire it with \`keel verifier retire\` until then.`,
        ...(standby
          ? [
              "Even then it verifies nothing until every other live version is retired, and takes over at once.",
            ]
          : []),
        ...(insecure ? DEVELOPMENT_KEY_WARNING.split("\n") : []),
      ],
      json: { circuit, version, standby: standby === true, insecure },
    };
  });
}

async function isInsecure({ client }: Registry, address: Address): Promise<boolean> {
  const call = { address, abi: groth16VerifierAbi, functionName: "insecure" } as const;
  return await client.readContract(call).catch((error: unknown) => {
    if (toKeelError(error).code.startsWith("registry.")) return false;
    throw inputError(
      "verifier.contract",
      "--verifier",
      "a Groth16 verifier's contract",
      `${address}, which does not answer`,
    );
  });
}

/** Retires a version, at once and for ever. */
export async function retireVerifier(options: VerifierRetireOptions, context: Context): Promise<Outcome> {
  const { circuit, version, reason } = options;
  return await operate(options, context, "verifierBook", async ({ registry }): Promise<Deed> => {
    const versions = await verifiersOf(registry, [circuit]);
    const found = versions[version - 1];
    if (found === undefined) {
      throw inputError(
        "verifier.version",
        "version",
        `a version of ${circuit}, 1 to ${versions.length}`,
        String(version),
      );
    }
    const args = [circuitHash(circuit), version, reason] as const;
    return {
      ...{ command: "verifier retire", to: registry.verifierBook, access: "restricted" },
      data: encodeFunctionData({ abi, functionName: "retire", args }),
      words: `retire version ${version} of ${circuit}, ${found.verifier}, for ever`,
      effects: (at) => [
        `No proof against it is accepted from ${utc(at)} on, with the block; what was attested with it can be ended by anybody with \`keel void\`.`,
        afterwards(versions, found, at),
      ],
      json: { circuit, version, verifier: found.verifier },
    };
  });
}

function afterwards(versions: readonly VerifierState[], retired: VerifierState, at: number): string {
  const rest = versions.filter((other) => other !== retired && other.retiredAt === undefined);
  const standing = rest.filter(({ liveAt }) => liveAt <= at);
  const takesOver = standing.findLast(({ standby }) => !standby) ?? standing[0];
  if (takesOver !== undefined)
    return `After that version ${takesOver.version} of ${retired.circuit} verifies.`;
  const [next] = [...rest].sort((a, b) => a.liveAt - b.liveAt);
  if (next === undefined)
    return `After that nothing verifies ${retired.circuit}: nobody can attest until a version is added.`;
  return `After that nothing verifies ${retired.circuit} until ${utc(next.liveAt)}, when version ${next.version} counts.`;
}

/** Every version of every circuit, or of one. */
export async function listVerifiers(options: VerifierListOptions): Promise<Outcome> {
  const registry = await connect(options);
  const circuits = options.circuit === undefined ? everyCircuit() : [options.circuit];
  const versions = await verifiersOf(registry, circuits);
  const rows = versions.map((found) => [
    found.circuit,
    String(found.version),
    found.verifier,
    stateText(found),
  ]);
  return {
    json: { ok: true, verifiers: versions },
    text:
      rows.length === 0
        ? "The verifier book has none."
        : table([["circuit", "version", "verifier", "state"], ...rows], [1]),
  };
}

function everyCircuit(): string[] {
  const books = CIRCUITS.flatMap(({ id, shape }) => [id, marketRootCircuit(shape.instruments)]);
  return [...new Set([...books, ...BESIDE_CIRCUITS.map(({ id }) => id)])];
}

function stateText({ accepts, retiredAt, standby, liveAt }: VerifierState): string {
  if (retiredAt !== undefined) return `retired at ${utc(retiredAt)}`;
  if (accepts) return standby ? "verifies, from standby" : "verifies";
  return standby ? `on standby, ready from ${utc(liveAt)}` : `counts from ${utc(liveAt)}`;
}
