// SPDX-License-Identifier: MIT
/**
 * Hardhat for this folder: sources in src/, the compiler from npm (nothing is downloaded), a local chain whose id can
 * be chosen with KEEL_CHAIN_ID to show what other chains refuse.
 */
const { subtask } = require("hardhat/config");
const { TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD } = require("hardhat/builtin-tasks/task-names");
const solidity = require("./solidity.cjs");

subtask(TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD).setAction(async () => ({
  compilerPath: require.resolve("solc/soljson.js"),
  isSolcJs: true,
  version: solidity.version,
  longVersion: solidity.version,
}));

module.exports = {
  solidity,
  networks: {
    hardhat: {
      chainId: Number(process.env.KEEL_CHAIN_ID ?? 31337),
      loggingEnabled: false,
    },
  },
  paths: { sources: "./src", artifacts: "./artifacts", cache: "./cache" },
};
