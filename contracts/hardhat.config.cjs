// SPDX-License-Identifier: MIT
const { KEEL_CHAIN_ID, KEEL_CHAIN_FORK, KEEL_CHAIN_FORK_BLOCK, KEEL_CHAIN_CACHE } = process.env;
const chainId = Number(KEEL_CHAIN_ID ?? 31337);

/**
 * Hardhat as a local chain only, whose id can be chosen with KEEL_CHAIN_ID to show what other chains refuse, and which goes on
 * from a block of the node that KEEL_CHAIN_FORK names.
 */
module.exports = {
  solidity: "0.8.28",
  ...(KEEL_CHAIN_CACHE ? { paths: { cache: KEEL_CHAIN_CACHE } } : {}),
  networks: {
    hardhat: {
      chainId,
      loggingEnabled: false,
      // Calls at the block that was copied go by these rules; Hardhat knows them for the chains in its own list only.
      chains: { [chainId]: { hardforkHistory: { cancun: 0 } } },
      ...(KEEL_CHAIN_FORK
        ? { forking: { url: KEEL_CHAIN_FORK, blockNumber: Number(KEEL_CHAIN_FORK_BLOCK) } }
        : {}),
    },
  },
};
