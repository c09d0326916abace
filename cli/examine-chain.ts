// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What `keel doctor` asks a chain.
 *
 * @module
 */

import { CIRCUITS, circuitHash } from "@keel/verifier";
import {
  connectRegistry,
  groth16VerifierAbi,
  latestVersion,
  type Registry,
  toKeelError,
  verifierBookAbi,
} from "@keel/verifier/chain";
import { createPublicClient, type Hex, http, type PublicClient } from "viem";

/** A chain as it answers now. */
export interface ChainFacts {
  readonly chainId: number;
  /** Unix seconds of the latest block. */
  readonly blockTime: number;
  readonly verifiers: readonly VerifierFacts[];
}

/** The newest live verifier of a circuit at the registry. */
export interface VerifierFacts {
  readonly circuit: string;
  readonly version: number;
  /** Absent when the registry has none. */
  readonly contract?: {
    /** The key's delta in G2: x imaginary, x real, y imaginary, y real. */
    readonly delta: readonly bigint[];
    /** Whether it says itself that its key's secrets are known. */
    readonly insecure: boolean;
    readonly code: Hex;
  };
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
    CIRCUITS.map(async ({ id: circuit }) => {
      const version = await latestVersion(registry, circuit);
      if (version === 0) return { circuit, version };
      return { circuit, version, contract: await contractOf(registry, circuit, version) };
    }),
  );
}

async function contractOf({ client, verifierBook }: Registry, circuit: string, version: number) {
  const address = await client.readContract({
    address: verifierBook,
    abi: verifierBookAbi,
    functionName: "verifierOf",
    args: [circuitHash(circuit), version],
  });
  const call = { address, abi: groth16VerifierAbi } as const;
  const [delta, insecure, code = "0x"] = await Promise.all([
    client.readContract({ ...call, functionName: "deltaG2" }),
    client.readContract({ ...call, functionName: "insecure" }),
    client.getCode({ address }),
  ]);
  return { delta, insecure, code };
}
