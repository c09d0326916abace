// SPDX-License-Identifier: MIT
/**
 * Deploys Keel's contracts and hands out the roles.
 *
 * @module
 */

import { readFile, rename, writeFile } from "node:fs/promises";
import {
  type AbiFunction,
  type Account,
  type Address,
  type Chain,
  getAbiItem,
  type Hex,
  type PublicClient,
  type Transport,
  toFunctionSelector,
  type WalletClient,
} from "viem";
import { verifierBookAbi } from "../verifier/src/abi.js";
import { inputError, KeelError } from "../verifier/src/errors.js";
import { circuitHash } from "../verifier/src/policy.js";
import { loadArtifact } from "./compile.js";

/** The authority's roles; 0 grants the others. */
export const ROLE = { admin: 0n, guardian: 1n, verifierAdmin: 2n, marketAdmin: 3n, curator: 4n } as const;

type Wallet = WalletClient<Transport, Chain, Account>;

export interface DeployOptions {
  /** Pays, and holds every role that `roles` gives to nobody else. */
  readonly walletClient: Wallet;
  readonly publicClient: PublicClient;
  /** Who signs market tables; any order. */
  readonly publishers: readonly Address[];
  /** How many of them must sign. */
  readonly threshold: number;
  /** Compiled verifiers, by contract name. */
  readonly verifiers: readonly { readonly circuit: string; readonly contractName: string }[];
  /** Seconds after its time for which a market table can be published; 3600 when absent. */
  readonly maxMarketDelay?: number;
  /** Seconds until a later version of a verifier counts; 7 days when absent. */
  readonly verifierDelay?: number;
  /** Seconds until a policy line's move that is not tighter counts; 7 days when absent. */
  readonly policyDelay?: number;
  readonly roles?: { readonly [Role in keyof typeof ROLE]?: Address };
}

export interface DeployedVerifier {
  readonly circuit: string;
  readonly contractName: string;
  readonly version: number;
  readonly address: Address;
}

/** Addresses of one deployment; what a deployments file holds. */
export interface KeelDeployment {
  readonly chainId: number;
  readonly authority: Address;
  readonly policyBook: Address;
  readonly marketBook: Address;
  readonly verifierBook: Address;
  readonly registry: Address;
  readonly verifiers: readonly DeployedVerifier[];
  /** Block of the first contract: where history starts. */
  readonly fromBlock: number;
}

/**
 * Deploys everything, registers the verifiers and sets up the roles.
 *
 * @throws KeelError kind `environment`, code `deploy.reverted` or `contracts.artifact`.
 */
export async function deployKeel(options: DeployOptions): Promise<KeelDeployment> {
  const { walletClient, publicClient } = options;
  const deploy = (name: string, args: readonly unknown[]) => deployContract(options, name, args);
  const fromBlock = Number(await publicClient.getBlockNumber()) + 1;
  const deployer = walletClient.account.address;
  const authority = await deploy("Authority", [deployer]);
  const policyBook = await deploy("PolicyBook", [authority, options.policyDelay ?? 7 * 86_400]);
  const marketBook = await deploy("MarketBook", [
    authority,
    options.maxMarketDelay ?? 3600,
    sortAddresses(options.publishers),
    options.threshold,
  ]);
  const verifierBook = await deploy("VerifierBook", [authority, options.verifierDelay ?? 7 * 86_400]);
  const registry = await deploy("HealthRegistry", [authority, policyBook, marketBook, verifierBook]);
  const books = { authority, policyBook, marketBook, verifierBook, registry };
  await openRoles(options, books);
  const verifiers: DeployedVerifier[] = [];
  for (const verifier of options.verifiers)
    verifiers.push(await addVerifier(options, verifierBook, verifier));
  await handOver(options, authority);
  return { chainId: walletClient.chain.id, ...books, verifiers, fromBlock };
}

/**
 * Deploys one compiled contract and waits for it.
 *
 * @throws KeelError kind `environment`, code `deploy.reverted` or `contracts.artifact`.
 */
export async function deployContract(
  { walletClient, publicClient }: Pick<DeployOptions, "walletClient" | "publicClient">,
  name: string,
  args: readonly unknown[] = [],
): Promise<Address> {
  const { abi, bytecode } = await loadArtifact(name);
  const hash = await walletClient.deployContract({ abi, bytecode, args });
  const { contractAddress } = await succeeded(publicClient, hash, name);
  return contractAddress!;
}

/** Writes a deployments file, whole or not at all. */
export async function writeDeployment(file: string, deployment: KeelDeployment): Promise<void> {
  const draft = `${file}.${process.pid}.tmp`;
  await writeFile(draft, `${JSON.stringify({ keel: "deployment/1", ...deployment }, null, 2)}\n`);
  await rename(draft, file);
}

/**
 * Reads a deployments file.
 *
 * @throws KeelError kind `input`, code `deployment.format`.
 */
export async function readDeployment(file: string): Promise<KeelDeployment> {
  const { keel, ...deployment } = JSON.parse(await readFile(file, "utf8")) as KeelDeployment & {
    keel: string;
  };
  if (keel !== "deployment/1") {
    throw inputError("deployment.format", `${file}: keel`, "deployment/1", JSON.stringify(keel) ?? "nothing");
  }
  return deployment;
}

type Books = Omit<KeelDeployment, "chainId" | "verifiers" | "fromBlock">;

/** Which role may call what; each role is the deployer's until it is handed over. */
async function openRoles(options: DeployOptions, books: Books): Promise<void> {
  const restricted: [contract: keyof Books, artifact: string, role: bigint, functions: string[]][] = [
    ["registry", "HealthRegistry", ROLE.guardian, ["revokeFor", "reopen"]],
    ["policyBook", "PolicyBook", ROLE.guardian, ["cancelMove"]],
    ["policyBook", "PolicyBook", ROLE.curator, ["openLine", "moveLine"]],
    ["marketBook", "MarketBook", ROLE.guardian, ["withdraw"]],
    ["marketBook", "MarketBook", ROLE.marketAdmin, ["setPublishers"]],
    ["verifierBook", "VerifierBook", ROLE.guardian, ["retire"]],
    ["verifierBook", "VerifierBook", ROLE.verifierAdmin, ["add"]],
  ];
  for (const [contract, artifact, role, functions] of restricted) {
    const selectors = await Promise.all(functions.map((name) => selectorOf(artifact, name)));
    await callAuthority(options, books.authority, "setTargetFunctionRole", [
      books[contract],
      selectors,
      role,
    ]);
  }
  const deployer = options.walletClient.account.address;
  for (const role of [ROLE.guardian, ROLE.verifierAdmin, ROLE.marketAdmin, ROLE.curator]) {
    await callAuthority(options, books.authority, "grantRole", [role, deployer, 0]);
  }
}

async function handOver(options: DeployOptions, authority: Address): Promise<void> {
  const deployer = options.walletClient.account.address;
  // The administrator last: whoever grants must still be allowed to.
  for (const name of ["guardian", "verifierAdmin", "marketAdmin", "curator", "admin"] as const) {
    const holder = options.roles?.[name] ?? deployer;
    if (holder.toLowerCase() === deployer.toLowerCase()) continue;
    await callAuthority(options, authority, "grantRole", [ROLE[name], holder, 0]);
    await callAuthority(options, authority, "renounceRole", [ROLE[name], deployer]);
  }
}

async function addVerifier(
  options: DeployOptions,
  verifierBook: Address,
  { circuit, contractName }: DeployOptions["verifiers"][number],
): Promise<DeployedVerifier> {
  const { walletClient, publicClient } = options;
  const address = await deployContract(options, contractName);
  const call = {
    address: verifierBook,
    abi: verifierBookAbi,
    functionName: "add",
    args: [circuitHash(circuit), address],
  } as const;
  const { result: version } = await publicClient.simulateContract({ ...call, account: walletClient.account });
  await succeeded(publicClient, await walletClient.writeContract(call), "VerifierBook.add");
  return { circuit, contractName, version, address };
}

async function callAuthority(
  { walletClient, publicClient }: DeployOptions,
  address: Address,
  functionName: string,
  args: readonly unknown[],
): Promise<void> {
  const { abi } = await loadArtifact("Authority");
  const hash = await walletClient.writeContract({ address, abi, functionName, args });
  await succeeded(publicClient, hash, `Authority.${functionName}`);
}

async function selectorOf(artifact: string, name: string): Promise<Hex> {
  const { abi } = await loadArtifact(artifact);
  return toFunctionSelector(getAbiItem({ abi, name }) as AbiFunction);
}

async function succeeded(publicClient: PublicClient, hash: Hex, path: string) {
  const receipt = await publicClient.waitForTransactionReceipt({ hash });
  if (receipt.status === "success") return receipt;
  throw new KeelError({
    kind: "environment",
    code: "deploy.reverted",
    path,
    expected: "the transaction to succeed",
    received: `${hash} reverted`,
  });
}

function sortAddresses(addresses: readonly Address[]): Address[] {
  return [...addresses].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
}
