// SPDX-License-Identifier: MIT
/** Hardhat as a local chain only, whose id can be chosen with KEEL_CHAIN_ID to show what other chains refuse. */
module.exports = {
  solidity: "0.8.28",
  networks: { hardhat: { chainId: Number(process.env.KEEL_CHAIN_ID ?? 31337), loggingEnabled: false } },
};
