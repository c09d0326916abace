// SPDX-License-Identifier: GPL-3.0-or-later
const { subtask } = require("hardhat/config");
const { TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD } = require("hardhat/builtin-tasks/task-names");
const { version } = require("solc/package.json");

// The compiler from npm: nothing is downloaded.
const build = {
  compilerPath: require.resolve("solc/soljson.js"),
  isSolcJs: true,
  version,
  longVersion: version,
};
subtask(TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD).setAction(async () => build);

module.exports = { solidity: version };
