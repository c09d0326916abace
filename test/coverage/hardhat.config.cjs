// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A chain for instrumented contracts, of any size. Each chain
 * counts the markers that it meets and leaves the counts in KEEL_COVERAGE when it ends.
 */
const { writeFileSync } = require("node:fs");
const { join } = require("node:path");
const base = require("../../contracts/hardhat.config.cjs");
const { subtask } = require("hardhat/config");
const { TASK_NODE_GET_PROVIDER } = require("hardhat/builtin-tasks/task-names");
const DataCollector = require("solidity-coverage/lib/collector");

subtask(TASK_NODE_GET_PROVIDER).setAction(async (_, __, runSuper) => {
  const provider = await runSuper();
  const folder = process.env.KEEL_COVERAGE;
  const marks = require(join(folder, "marks.json"));
  const collector = new DataCollector(marks, false);
  await provider.init?.();
  let inner = provider;
  while (inner._wrapped) inner = inner._wrapped;
  inner._node._vm.evm.events.on("step", (step) => collector.step(step));
  process.on("SIGTERM", () => process.exit(0));
  process.on("exit", () => {
    const met = Object.entries(marks).filter(([, mark]) => mark.hits > 0);
    const counts = Object.fromEntries(met.map(([hash, mark]) => [hash, mark.hits]));
    writeFileSync(join(folder, `hits-${process.pid}-${Date.now()}.json`), JSON.stringify(counts));
  });
  return provider;
});

module.exports = {
  ...base,
  networks: {
    hardhat: { ...base.networks.hardhat, allowUnlimitedContractSize: true, blockGasLimit: 1_000_000_000 },
  },
};
