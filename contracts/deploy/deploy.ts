// SPDX-License-Identifier: MIT
/**
 * Deploys Keel's contracts and hands out the roles.
 *
 * @module
 */

import { readFile, rename, writeFile } from "node:fs/promises";
import { circuitHash } from "@keel/verifier";
import { verifierBookAbi } from "@keel/verifier/chain";
import { inputError, KeelError } from "@keel/verifier/errors";
import {
  type AbiFunction,
  type Account,
  type Address,
  type Chain,
  encodeDeployData,
  getAbiItem,
  type Hex,
  keccak256,
  type PublicClient,
  type Transport,
  toFunctionSelector,
  type WalletClient,
  zeroAddress,
} from "viem";
import { loadArtifact } from "./compile.js";

/** The authority's roles for people; 0 grants the others. */
export const ROLE = { admin: 0n, guardian: 1n, verifierAdmin: 2n, marketAdmin: 3n, curator: 4n } as const;

/** The role of contracts whose tables the market book accepts. */
const MARKET_SOURCE = 5n;

type Wallet = WalletClient<Transport, Chain, Account>;

/** What to deploy, and who deploys it. */
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
  /** Seconds until another list of declared accounts counts; 7 days when absent. */
  readonly enrolmentDelay?: number;
  /** Uptime feed of a layer-2 sequencer, and seconds to wait after it came back (3600 when absent). */
  readonly sequencer?: { readonly feed: Address; readonly gracePeriod?: number };
  /** The chain's EAS; with it, a resolver for EAS attestations of health. */
  readonly eas?: Address;
  /** Deployments file to resume from and to write; without it everything is deployed anew. */
  readonly file?: string;
  /** Who holds which role in the end; the deployer keeps what is not named. */
  readonly roles?: { readonly [Role in keyof typeof ROLE]?: Address };
}

/** A circuit's verifier in the verifier book. */
export interface DeployedVerifier {
  readonly circuit: string;
  readonly contractName: string;
  readonly version: number;
  readonly address: Address;
}

/** One contract of a deployment and what it was made from. */
export interface DeployedStep {
  readonly address: Address;
  /** keccak256 of creation code and arguments: another source or another argument is another contract. */
  readonly recipe: Hex;
  /** keccak256 of the code on chain. */
  readonly codeHash: Hex;
}

/** Addresses of one deployment; what a deployments file holds. */
export interface KeelDeployment {
  readonly chainId: number;
  readonly authority: Address;
  readonly policyBook: Address;
  readonly marketBook: Address;
  readonly feedMarket: Address;
  readonly verifierBook: Address;
  readonly registry: Address;
  /** Present when the chain's EAS was named. */
  readonly healthResolver?: Address;
  readonly verifiers: readonly DeployedVerifier[];
  /** Block of the first contract: where history starts. */
  readonly fromBlock: number;
  /** By name: what a later run compares before it leaves a contract as it is. */
  readonly steps: Readonly<Record<string, DeployedStep>>;
}

/**
 * Deploys everything, registers the verifiers and hands out the roles.
 *
 * With a `file` the work is idempotent: what the file names and the chain still has is left as it is, what is missing or
 * made from other sources or arguments is done, and the file is written after every step, so that a run that was
 * interrupted is taken up where it stopped.
 *
 * @throws KeelError kind `environment`, code `deploy.reverted`, `deploy.role` or `contracts.artifact`; kind `input`, code
 * `deployment.format` or `deployment.chain` for a file that does not fit.
 */
export async function deployKeel(options: DeployOptions): Promise<KeelDeployment> {
  const { walletClient, file } = options;
  const ledger = await openLedger(options);
  const deploy = (name: string, args: readonly unknown[]) => deployStep(options, ledger, name, name, args);
  const authority = await deploy("Authority", [walletClient.account.address]);
  const policyBook = await deploy("PolicyBook", [authority, options.policyDelay ?? 7 * 86_400]);
  const marketBook = await deploy("MarketBook", [
    authority,
    options.maxMarketDelay ?? 3600,
    sortAddresses(options.publishers),
    options.threshold,
  ]);
  const verifierBook = await deploy("VerifierBook", [authority, options.verifierDelay ?? 7 * 86_400]);
  const feedMarket = await deploy("FeedMarket", [
    authority,
    marketBook,
    verifierBook,
    options.sequencer?.feed ?? zeroAddress,
    options.sequencer?.gracePeriod ?? 3600,
  ]);
  const registry = await deploy("HealthRegistry", [
    authority,
    policyBook,
    marketBook,
    verifierBook,
    options.enrolmentDelay ?? 7 * 86_400,
  ]);
  const books = { authority, policyBook, marketBook, feedMarket, verifierBook, registry };
  const resolver =
    options.eas === undefined
      ? {}
      : { healthResolver: await deploy("HealthResolver", [options.eas, registry]) };
  await assignFunctions(options, books);
  await grant(options, authority, MARKET_SOURCE, feedMarket);
  const verifiers: DeployedVerifier[] = [];
  for (const verifier of options.verifiers)
    verifiers.push(await ensureVerifier(options, ledger, books, verifier));
  await handOver(options, authority);
  const { fromBlock, steps } = ledger;
  const deployment = { chainId: walletClient.chain.id, ...books, ...resolver, verifiers, fromBlock, steps };
  if (file !== undefined) await writeDeployment(file, deployment);
  return deployment;
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
  await writeWhole(file, { keel: "deployment/1", ...deployment });
}

/**
 * Reads a deployments file.
 *
 * @throws KeelError kind `input`, code `deployment.format`; also when the deployment was interrupted.
 */
export async function readDeployment(file: string): Promise<KeelDeployment> {
  const { keel, ...deployment } = await readDraft(file);
  if (deployment.registry === undefined || deployment.verifiers === undefined) {
    throw inputError("deployment.format", file, "a finished deployment", "one that was interrupted");
  }
  return deployment as KeelDeployment;
}

/** What is known of a deployment while it is being made. */
interface Ledger {
  fromBlock: number;
  readonly steps: Record<string, DeployedStep>;
  save(): Promise<void>;
}

type Draft = Partial<KeelDeployment> & Pick<KeelDeployment, "chainId" | "fromBlock" | "steps">;

async function openLedger({ publicClient, walletClient, file }: DeployOptions): Promise<Ledger> {
  const chainId = walletClient.chain.id;
  const next = Number(await publicClient.getBlockNumber()) + 1;
  const known = file === undefined ? undefined : await readDraft(file).catch(absent);
  if (known !== undefined && known.chainId !== chainId) {
    throw inputError("deployment.chain", `${file}: chainId`, String(chainId), String(known.chainId));
  }
  const ledger: Ledger = {
    fromBlock: known?.fromBlock ?? next,
    steps: { ...known?.steps },
    save: async () => {
      const { fromBlock, steps } = ledger;
      if (file !== undefined) await writeWhole(file, { keel: "deployment/1", chainId, fromBlock, steps });
    },
  };
  return ledger;
}

async function deployStep(
  options: DeployOptions,
  ledger: Ledger,
  step: string,
  artifact: string,
  args: readonly unknown[],
): Promise<Address> {
  const { publicClient } = options;
  const { abi, bytecode } = await loadArtifact(artifact);
  const recipe = keccak256(encodeDeployData({ abi, bytecode, args }));
  const known = ledger.steps[step];
  if (known?.recipe === recipe && (await codeHashAt(publicClient, known.address)) === known.codeHash) {
    return known.address;
  }
  const block = Number(await publicClient.getBlockNumber()) + 1;
  const address = await deployContract(options, artifact, args);
  // A new authority is a new deployment: its history starts here.
  if (step === "Authority") ledger.fromBlock = block;
  ledger.steps[step] = { address, recipe, codeHash: (await codeHashAt(publicClient, address))! };
  await ledger.save();
  return address;
}

async function codeHashAt(publicClient: PublicClient, address: Address): Promise<Hex | undefined> {
  const code = await publicClient.getCode({ address });
  return code === undefined ? undefined : keccak256(code);
}

type Books = Pick<
  KeelDeployment,
  "authority" | "policyBook" | "marketBook" | "feedMarket" | "verifierBook" | "registry"
>;

/** Which role may call what. */
const FUNCTIONS: readonly (readonly [keyof Books, string, bigint, readonly string[]])[] = [
  ["registry", "HealthRegistry", ROLE.guardian, ["revokeFor", "reopen", "restartChain"]],
  ["policyBook", "PolicyBook", ROLE.guardian, ["cancelMove"]],
  ["policyBook", "PolicyBook", ROLE.curator, ["openLine", "moveLine"]],
  ["marketBook", "MarketBook", ROLE.guardian, ["withdraw"]],
  ["marketBook", "MarketBook", ROLE.marketAdmin, ["setPublishers"]],
  ["marketBook", "MarketBook", MARKET_SOURCE, ["accept"]],
  ["feedMarket", "FeedMarket", ROLE.guardian, ["close"]],
  ["feedMarket", "FeedMarket", ROLE.marketAdmin, ["open"]],
  ["verifierBook", "VerifierBook", ROLE.guardian, ["retire"]],
  ["verifierBook", "VerifierBook", ROLE.verifierAdmin, ["add"]],
];

async function assignFunctions(options: DeployOptions, books: Books): Promise<void> {
  for (const [contract, artifact, role, names] of FUNCTIONS) {
    const target = books[contract];
    const missing: Hex[] = [];
    for (const name of names) {
      const selector = await selectorOf(artifact, name);
      const assigned = await readAuthority(options, books.authority, "getTargetFunctionRole", [
        target,
        selector,
      ]);
      if (assigned !== role) missing.push(selector);
    }
    if (missing.length === 0) continue;
    await callAuthority(options, books.authority, "setTargetFunctionRole", [target, missing, role]);
  }
}

/** Gives each role to its holder and takes it from the deployer where that is somebody else. */
async function handOver(options: DeployOptions, authority: Address): Promise<void> {
  const deployer = options.walletClient.account.address;
  // The administrator last: whoever grants must still be allowed to.
  for (const name of ["guardian", "verifierAdmin", "marketAdmin", "curator", "admin"] as const) {
    const holder = options.roles?.[name] ?? deployer;
    await grant(options, authority, ROLE[name], holder);
    if (holder.toLowerCase() !== deployer.toLowerCase()) await renounce(options, authority, ROLE[name]);
  }
}

async function grant(
  options: DeployOptions,
  authority: Address,
  role: bigint,
  holder: Address,
): Promise<void> {
  if (await holdsRole(options, authority, role, holder)) return;
  await callAuthority(options, authority, "grantRole", [role, holder, 0]);
}

async function renounce(options: DeployOptions, authority: Address, role: bigint): Promise<void> {
  const deployer = options.walletClient.account.address;
  if (!(await holdsRole(options, authority, role, deployer))) return;
  await callAuthority(options, authority, "renounceRole", [role, deployer]);
}

async function holdsRole(
  options: DeployOptions,
  authority: Address,
  role: bigint,
  account: Address,
): Promise<boolean> {
  const [member] = (await readAuthority(options, authority, "hasRole", [role, account])) as [boolean, number];
  return member;
}

async function ensureVerifier(
  options: DeployOptions,
  ledger: Ledger,
  { authority, verifierBook }: Books,
  { circuit, contractName }: DeployOptions["verifiers"][number],
): Promise<DeployedVerifier> {
  const { walletClient, publicClient } = options;
  const address = await deployStep(options, ledger, `verifier:${circuit}:${contractName}`, contractName, []);
  const known = await versionOf(options, verifierBook, circuit, address);
  if (known !== undefined) return { circuit, contractName, version: known, address };
  await grant(options, authority, ROLE.verifierAdmin, walletClient.account.address);
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

/** The version under which the book has a verifier; absent when it does not. */
async function versionOf(
  { publicClient }: DeployOptions,
  verifierBook: Address,
  circuit: string,
  verifier: Address,
): Promise<number | undefined> {
  const book = { address: verifierBook, abi: verifierBookAbi } as const;
  const hash = circuitHash(circuit);
  const count = await publicClient.readContract({ ...book, functionName: "versionCount", args: [hash] });
  for (let version = count; version > 0; version--) {
    const found = await publicClient.readContract({
      ...book,
      functionName: "versionOf",
      args: [hash, version],
    });
    if (found.verifier.toLowerCase() === verifier.toLowerCase()) return version;
  }
  return undefined;
}

async function readAuthority(
  { publicClient }: DeployOptions,
  address: Address,
  functionName: string,
  args: readonly unknown[],
): Promise<unknown> {
  const { abi } = await loadArtifact("Authority");
  return await publicClient.readContract({ address, abi, functionName, args });
}

async function callAuthority(
  options: DeployOptions,
  address: Address,
  functionName: string,
  args: readonly unknown[],
): Promise<void> {
  const { walletClient, publicClient } = options;
  const deployer = walletClient.account.address;
  const isOwn = functionName === "renounceRole";
  if (!isOwn && !(await holdsRole(options, address, ROLE.admin, deployer))) {
    throw new KeelError({
      kind: "environment",
      code: "deploy.role",
      path: `Authority.${functionName}`,
      expected: "a deployer that is the authority's administrator, or nothing left to set",
      received: deployer,
    });
  }
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

async function readDraft(file: string): Promise<Draft & { readonly keel: string }> {
  const text = await readFile(file, "utf8");
  const draft = parse(text);
  if (draft?.keel === "deployment/1") return draft;
  throw inputError(
    "deployment.format",
    `${file}: keel`,
    "deployment/1",
    JSON.stringify(draft?.keel) ?? "nothing",
  );
}

function parse(text: string): (Draft & { readonly keel: string }) | undefined {
  try {
    return JSON.parse(text) as (Draft & { readonly keel: string }) | undefined;
  } catch {
    return undefined;
  }
}

function absent(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
  throw error;
}

async function writeWhole(file: string, content: object): Promise<void> {
  const draft = `${file}.${process.pid}.tmp`;
  await writeFile(draft, `${JSON.stringify(content, null, 2)}\n`);
  await rename(draft, file);
}

function sortAddresses(addresses: readonly Address[]): Address[] {
  return [...addresses].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
}
