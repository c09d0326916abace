// SPDX-License-Identifier: MIT
/** The compiler's version and settings: they decide the code that is deployed, and what doctor compares it with. */
module.exports = {
  version: require("solc/package.json").version,
  settings: { optimizer: { enabled: true, runs: 1_000 }, evmVersion: "cancun" },
};
