// SPDX-License-Identifier: MIT
/**
 * Chains that are treated in their own way: those of one machine, public test networks, and layer-2 chains whose sequencer
 * can stop.
 *
 * @module
 */

/** Chain ids of local nodes (Hardhat, Ganache and Geth's dev mode); no public chain has them. */
export const LOCAL_CHAINS: readonly number[] = [31337, 1337];

/**
 * Public test networks by chain id, the same list as `contracts/lib/TestChains.sol`: nothing there is worth anything, so a
 * development key is accepted, and said to be one wherever it is shown.
 */
export const TEST_NETWORKS: Readonly<Record<number, string>> = {
  11155111: "Sepolia",
  17000: "Holesky",
  560048: "Hoodi",
  84532: "Base Sepolia",
  11155420: "OP Sepolia",
  421614: "Arbitrum Sepolia",
  534351: "Scroll Sepolia",
  300: "ZKsync Sepolia",
  5003: "Mantle Sepolia",
  80002: "Polygon Amoy",
  10200: "Gnosis Chiado",
};

/**
 * Whether a development key may be registered on a chain.
 *
 * @example isTestChain(11155111) // true: Sepolia
 */
export function isTestChain(chainId: number): boolean {
  return LOCAL_CHAINS.includes(chainId) || Object.hasOwn(TEST_NETWORKS, chainId);
}

/**
 * A chain as people call it.
 *
 * @example chainName(31337) // "a local chain"
 */
export function chainName(chainId: number): string {
  if (LOCAL_CHAINS.includes(chainId)) return "a local chain";
  return TEST_NETWORKS[chainId] ?? `chain ${chainId}`;
}

/**
 * Layer-2 chains, by chain id, whose sequencer Chainlink watches by an uptime feed (docs.chain.link/data-feeds/l2-sequencer-feeds):
 * prices of feeds are not read there without it. The same list as `contracts/lib/Sequencers.sol`.
 */
export const SEQUENCED_CHAINS: Readonly<Record<number, string>> = {
  10: "OP Mainnet",
  8453: "Base",
  42161: "Arbitrum One",
  1088: "Metis Andromeda",
  534352: "Scroll",
  324: "ZKsync Era",
  5000: "Mantle",
  42220: "Celo",
  1868: "Soneium",
};
