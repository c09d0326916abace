// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A Safe as its own project publishes it, and its owners, who sign together.
 *
 * @module
 */

import { createRequire } from "node:module";
import { type Abi, type Address, encodeFunctionData, type Hex, parseEventLogs, zeroAddress } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { MOST_GAS } from "../../contracts/dist/create2.js";
import type { TestChain } from "./chain.js";

const require = createRequire(import.meta.url);

interface Artifact {
  readonly abi: Abi;
  readonly bytecode: Hex;
}

const artifact = (path: string): Artifact =>
  require(`@safe-global/safe-smart-account/build/artifacts/contracts/${path}`) as Artifact;

const SAFE = artifact("Safe.sol/Safe.json");
const FACTORY = artifact("proxies/SafeProxyFactory.sol/SafeProxyFactory.json");

/** A call that a Safe makes. */
export interface SafeCall {
  readonly to: Address;
  readonly data: Hex;
}

/** A Safe with its owners. */
export interface TestSafe {
  readonly address: Address;
  /** Contracts that it is made by: code that stands for nobody. */
  readonly factory: Address;
  /** Enough owners sign, and one of them brings it to the chain. */
  execute(call: SafeCall, signers?: readonly PrivateKeyAccount[]): Promise<void>;
}

/** Makes a Safe; the first owner pays. */
export async function makeSafe(
  chain: TestChain,
  owners: readonly PrivateKeyAccount[],
  threshold: number,
): Promise<TestSafe> {
  const wallet = chain.wallets.find(({ account }) => account.address === owners[0]!.address)!;
  const deploy = async ({ abi, bytecode }: Artifact): Promise<Address> => {
    const hash = await wallet.deployContract({ abi, bytecode });
    return (await chain.client.waitForTransactionReceipt({ hash })).contractAddress!;
  };
  const [singleton, factory] = [await deploy(SAFE), await deploy(FACTORY)];
  const setup = encodeFunctionData({
    abi: SAFE.abi,
    functionName: "setup",
    args: [
      owners.map((owner) => owner.address),
      threshold,
      zeroAddress,
      "0x",
      zeroAddress,
      zeroAddress,
      0,
      zeroAddress,
    ],
  });
  const args = [singleton, setup, 0n];
  const hash = await wallet.writeContract({
    address: factory,
    abi: FACTORY.abi,
    functionName: "createProxyWithNonce",
    args,
  });
  const { logs } = await chain.client.waitForTransactionReceipt({ hash });
  const [made] = parseEventLogs({ abi: FACTORY.abi, eventName: "ProxyCreation", logs }) as unknown as [
    { args: { proxy: Address } },
  ];
  const address = made.args.proxy;
  const execute = async (call: SafeCall, signers = owners.slice(0, threshold)): Promise<void> => {
    const signatures = await signed(chain, address, call, signers);
    const request = {
      address,
      abi: SAFE.abi,
      functionName: "execTransaction",
      args: [call.to, 0n, call.data, 0, 0n, 0n, 0n, zeroAddress, zeroAddress, signatures],
      // A Hardhat node estimates three times what it saw used, and refuses that itself.
      gas: MOST_GAS,
    };
    await chain.client.simulateContract({ ...request, account: wallet.account });
    await chain.client.waitForTransactionReceipt({ hash: await wallet.writeContract(request) });
  };
  return { address, factory, execute };
}

const SAFE_TX = [
  { name: "to", type: "address" },
  { name: "value", type: "uint256" },
  { name: "data", type: "bytes" },
  { name: "operation", type: "uint8" },
  { name: "safeTxGas", type: "uint256" },
  { name: "baseGas", type: "uint256" },
  { name: "gasPrice", type: "uint256" },
  { name: "gasToken", type: "address" },
  { name: "refundReceiver", type: "address" },
  { name: "nonce", type: "uint256" },
] as const;

/** Signatures in the order of their owners' addresses, as a Safe wants them. */
async function signed(
  { client, chainId }: TestChain,
  safe: Address,
  { to, data }: SafeCall,
  signers: readonly PrivateKeyAccount[],
): Promise<Hex> {
  const nonce = (await client.readContract({
    address: safe,
    abi: SAFE.abi,
    functionName: "nonce",
  })) as bigint;
  const sorted = [...signers].sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
  const signatures = await Promise.all(
    sorted.map((signer) =>
      signer.signTypedData({
        domain: { chainId, verifyingContract: safe },
        types: { SafeTx: SAFE_TX },
        primaryType: "SafeTx",
        message: {
          to,
          value: 0n,
          data,
          operation: 0,
          safeTxGas: 0n,
          baseGas: 0n,
          gasPrice: 0n,
          gasToken: zeroAddress,
          refundReceiver: zeroAddress,
          nonce,
        },
      }),
    ),
  );
  return `0x${signatures.map((signature) => signature.slice(2)).join("")}`;
}
