// SPDX-License-Identifier: GPL-3.0-or-later
const assert = require("node:assert/strict");
const { artifacts, network } = require("hardhat");
const { createPublicClient, createWalletClient, custom } = require("viem");
const { hardhat } = require("viem/chains");

const POLICY = `0x${"00".repeat(31)}02`;

it("a gated vault opens only while its subject is healthy", async () => {
  const options = { chain: hardhat, transport: custom(network.provider) };
  const client = createPublicClient(options);
  const [account] = await createWalletClient(options).getAddresses();
  const wallet = createWalletClient({ ...options, account });
  const deploy = async (name, args) => {
    const { abi, bytecode } = await artifacts.readArtifact(name);
    const hash = await wallet.deployContract({ abi, bytecode, args });
    const { contractAddress: address } = await client.waitForTransactionReceipt({ hash });
    return { abi, address };
  };
  const registry = await deploy("MockHealthRegistry", []);
  const vault = await deploy("Vault", [registry.address, account, POLICY]);
  const take = () => client.simulateContract({ ...vault, functionName: "take", account });
  await assert.rejects(take, /NotHealthy/);
  const { timestamp } = await client.getBlock();
  const args = [account, POLICY, Number(timestamp), Number(timestamp) + 60];
  const call = { ...registry, functionName: "setHealthy", args };
  await client.waitForTransactionReceipt({ hash: await wallet.writeContract(call) });
  await take();
});
