// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A chain for instrumented contracts, of any size. Each chain counts the markers that it is told and leaves the counts in
 * KEEL_COVERAGE when it ends.
 */
const { writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { EdrContext } = require("@nomicfoundation/edr");
const base = require("../../contracts/hardhat.config.cjs");

const hits = {};
const onCollectedCoverageCallback = async (marks) => {
  for (const mark of marks) {
    // What follows makes each time another: see prepare.ts.
    const name = `0x${Buffer.from(mark.subarray(0, 8)).toString("hex")}`;
    hits[name] = (hits[name] ?? 0) + 1;
  }
};
const { createProvider } = EdrContext.prototype;
EdrContext.prototype.createProvider = function (chain, config, ...others) {
  const observability = { ...config.observability, codeCoverage: { onCollectedCoverageCallback } };
  return createProvider.call(this, chain, { ...config, observability }, ...others);
};
process.on("SIGTERM", () => process.exit(0));
process.on("exit", () => {
  const file = join(process.env.KEEL_COVERAGE, `hits-${process.pid}-${Date.now()}.json`);
  writeFileSync(file, JSON.stringify(hits));
});

module.exports = {
  ...base,
  networks: {
    // Before transactions had a limit of their own, which marked contracts pass.
    hardhat: {
      ...base.networks.hardhat,
      hardfork: "prague",
      allowUnlimitedContractSize: true,
      blockGasLimit: 1_000_000_000,
    },
  },
};
