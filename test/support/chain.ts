// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A local chain with clients, time travel and snapshots, for tests that talk to contracts.
 *
 * @module
 */
import { type LocalChain, startLocalChain } from "@keel/contracts";
import type { Wallet } from "@keel/verifier/chain";
import {
  type Abi,
  type Address,
  createPublicClient,
  createTestClient,
  createWalletClient,
  defineChain,
  type Hex,
  http,
  type PublicClient,
  type TestClient,
} from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";

/** A running chain and everything to drive it. */
export interface TestChain extends LocalChain {
  readonly client: PublicClient;
  readonly test: TestClient<"hardhat">;
  /** The well-known accounts, in order. */
  readonly signers: readonly PrivateKeyAccount[];
  readonly wallets: readonly Wallet[];
}

/** A chain that counts coverage is slow. */
const PATIENCE_MS = 600_000;

/** Starts a chain; `stop()` it in afterAll. */
export async function startTestChain(chainId = 31337): Promise<TestChain> {
  const local = await startLocalChain({ chainId });
  const chain = defineChain({
    id: chainId,
    name: `local ${chainId}`,
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [local.rpcUrl] } },
  });
  // No retries: the node answers a revert as an internal error, and those would be tried four times.
  const transport = http(local.rpcUrl, { retryCount: 0, timeout: PATIENCE_MS });
  const options = { chain, transport, pollingInterval: 20, cacheTime: 0 };
  const signers = local.accounts.map(({ privateKey }) => privateKeyToAccount(privateKey));
  return {
    ...local,
    client: createPublicClient(options) as PublicClient,
    test: createTestClient({ ...options, mode: "hardhat" }) as TestClient<"hardhat">,
    signers,
    wallets: signers.map((account) => createWalletClient({ ...options, account })),
  };
}

/** Makes the next block's time `seconds` (unix) and mines it, so that calls see it. */
export async function travelTo({ test }: TestChain, seconds: number): Promise<void> {
  await test.setNextBlockTimestamp({ timestamp: BigInt(seconds) });
  await test.mine({ blocks: 1 });
}

/** Makes the next transaction's block have this time. */
export async function nextBlockAt({ test }: TestChain, seconds: number): Promise<void> {
  await test.setNextBlockTimestamp({ timestamp: BigInt(seconds) });
}

/** Time of the latest block. */
export async function now({ client }: TestChain): Promise<number> {
  return Number((await client.getBlock()).timestamp);
}

/** Runs a piece of a test and undoes what it did to the chain. */
export async function undone(chain: TestChain, work: () => Promise<void>): Promise<void> {
  const id = await chain.test.snapshot();
  try {
    await work();
  } finally {
    await chain.test.revert({ id });
  }
}

/** Writes to a contract and waits; throws viem's error with the revert when it is refused. */
export async function write(
  chain: TestChain,
  wallet: Wallet,
  address: Address,
  abi: Abi | readonly unknown[],
  functionName: string,
  args: readonly unknown[] = [],
  gas?: bigint,
): Promise<{ hash: Hex; gasUsed: bigint }> {
  const call = { address, abi: abi as Abi, functionName, args, ...(gas === undefined ? {} : { gas }) };
  await chain.client.simulateContract({ ...call, account: wallet.account });
  const hash = await wallet.writeContract(call);
  const receipt = await chain.client.waitForTransactionReceipt({ hash });
  if (receipt.status !== "success") throw new Error(`${functionName} reverted`);
  return { hash, gasUsed: receipt.gasUsed };
}
