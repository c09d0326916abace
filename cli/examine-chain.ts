// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What `keel doctor` asks a chain.
 *
 * @module
 */

import { createPublicClient, http, type PublicClient } from "viem";
import { groth16VerifierAbi, verifierBookAbi } from "../verifier/src/abi.js";
import { CIRCUITS } from "../verifier/src/circuits.js";
import { circuitHash } from "../verifier/src/policy.js";
import { connectRegistry, latestVersion, type Registry, toKeelError } from "../verifier/src/registry.js";

/** A chain as it answers now. */
export interface ChainFacts {
  readonly chainId: number;
  /** Unix seconds of the latest block. */
  readonly blockTime: number;
  readonly verifiers: readonly VerifierFacts[];
}

/** The newest live verifier of a circuit at the registry; without `delta` when there is none. */
export interface VerifierFacts {
  readonly circuit: string;
  readonly version: number;
  /** The key's delta in G2: x imaginary, x real, y imaginary, y real. */
  readonly delta?: readonly bigint[];
}

/**
 * Asks a node, and the registry when one is named.
 *
 * @throws KeelError kind "environment"
 */
export async function examineChain(rpc: string, registry?: `0x${string}`): Promise<ChainFacts> {
  const client = createPublicClient({ transport: http(rpc) }) as PublicClient;
  try {
    const [chainId, block] = await Promise.all([client.getChainId(), client.getBlock()]);
    const verifiers =
      registry === undefined ? [] : await verifiersOf(await connectRegistry(client, registry));
    return { chainId, blockTime: Number(block.timestamp), verifiers };
  } catch (error) {
    throw toKeelError(error);
  }
}

async function verifiersOf(registry: Registry): Promise<VerifierFacts[]> {
  return await Promise.all(
    CIRCUITS.map(async ({ id }) => {
      const version = await latestVersion(registry, id);
      return version === 0
        ? { circuit: id, version }
        : { circuit: id, version, delta: await deltaOf(registry, id, version) };
    }),
  );
}

async function deltaOf(registry: Registry, circuit: string, version: number): Promise<readonly bigint[]> {
  const { client, verifierBook } = registry;
  const address = await client.readContract({
    address: verifierBook,
    abi: verifierBookAbi,
    functionName: "verifierOf",
    args: [circuitHash(circuit), version],
  });
  return await client.readContract({ address, abi: groth16VerifierAbi, functionName: "deltaG2" });
}
