// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a walk goes through: a whole deployment with a line of two policies, three subjects and a vault, whose verifier knows
 * true proofs from false ones without anybody proving.
 *
 * @module
 */
import {
  compileVerifiers,
  deployContract,
  deployKeel,
  type KeelDeployment,
  loadArtifact,
  localAccounts,
  ROLE,
} from "@keel/contracts";
import { feedSeries, type PolicyTerms, policyId, statementInputs, statementVector } from "@keel/verifier";
import {
  authorityAbi,
  connectRegistry,
  healthRegistryAbi,
  marketBookAbi,
  policyBookAbi,
  type Registry,
  verifierBookAbi,
} from "@keel/verifier/chain";
import {
  type Abi,
  type Address,
  createPublicClient,
  createWalletClient,
  decodeFunctionResult,
  encodeAbiParameters,
  encodeFunctionData,
  getAbiItem,
  getContractAddress,
  type Hex,
  keccak256,
  type LocalAccount,
  maxUint256,
  type PublicClient,
  slice,
  toFunctionSelector,
  zeroAddress,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { hardhat } from "viem/chains";
import { START, TERMS } from "../contracts/fixture.js";
import { testVerifiers } from "../contracts/statement-circuit.js";
import { type Chain, openChain } from "./chain.js";
import type { Claim, Policy, Refusal, Subject, Supply } from "./model.js";

export const CIRCUIT = "test/truth";
/** Seconds until other accounts, or a policy that is not tighter, count. */
export const DELAY = 5_000;
/** Seconds until a chain that a guardian restarts may start over, and until an accepted role is held. */
export const RESTART_DELAY = 2_000;
export const GRANT_DELAY = 3_000;
/** A role that may do nothing, to be offered and taken. */
export const ROLE_OF_NOTHING = 6n;
/** The deployer is a market source, and what it says is of two series: the policies' own and a kinder one. */
const DEPLOYER = localAccounts()[0]!.address;
const [UNIVERSE, KINDER] = [`0x${"01".repeat(32)}`, `0x${"02".repeat(32)}`] as const;
/** The fund's share token, the first thing that is deployed. */
const SHARES = getContractAddress({ from: DEPLOYER, nonce: 0n }).toLowerCase() as Address;
const SHARE_DECIMALS = 10;
/** Rounded up to units of 8 decimals. */
const SHARES_AT_FIRST = 1_234_567n;

/** The second policy is tighter, and lasts half as long. */
const LOOSE: PolicyTerms = {
  ...TERMS,
  circuit: keccak256(new TextEncoder().encode(CIRCUIT)),
  marketSeries: feedSeries(DEPLOYER, UNIVERSE),
  maxDrawdown: 2_000,
  minInterval: 400,
  unitsKind: 1,
  unitsSource: SHARES,
};
export const POLICIES: readonly PolicyTerms[] = [
  LOOSE,
  { ...LOOSE, maxLeverage: LOOSE.maxLeverage - 1, maxAge: 300, validity: 1_800, minInterval: 600 },
];
export const POLICY_IDS = POLICIES.map(policyId);
const FORTUNE = 10n ** 30n;

type Call = readonly [abi: Abi | readonly unknown[], name: string, args: readonly unknown[]];

export interface World {
  readonly chain: Chain;
  readonly keel: KeelDeployment;
  readonly registry: Registry;
  readonly vault: Address;
  readonly token: Address;
  readonly vaultAbi: Abi;
  readonly tokenAbi: Abi;
  readonly shares: Address;
  readonly sharesAbi: Abi;
  /** Of shares, as the world begins. */
  readonly supplies: readonly Supply[];
  readonly line: Hex;
  /** A verifier book beside the registry's, and a verifier for it. */
  readonly verifierBook: Address;
  /** First second at which its first version waits. */
  readonly setUpUntil: number;
  readonly verifier: Address;
  readonly people: People;
  /** Calls since the world was made. */
  calls: number;
}

/** The chain's accounts by what they may do. */
export interface People {
  readonly deployer: Address;
  readonly guardian: Address;
  readonly stranger: Address;
  readonly subjects: readonly Address[];
  readonly depositors: readonly Address[];
  /** Each a list of publishers by itself; the first is in force at first. */
  readonly publishers: readonly LocalAccount[];
}

/** Code that takes a contract's place: the contract, and creation code made from other sources. */
export interface Plant {
  readonly contract:
    | "HealthRegistry"
    | "PolicyBook"
    | "MarketBook"
    | "FeedMarket"
    | "VerifierBook"
    | "Authority"
    | "GatedVault";
  readonly bytecode: Hex;
}

/** Deploys everything. @param plant a bug to be found */
export async function makeWorld(plant?: Plant): Promise<World> {
  await compileVerifiers(await testVerifiers());
  const chain = await openChain(START);
  const publicClient = createPublicClient({
    chain: hardhat,
    transport: chain.transport,
    cacheTime: 0,
    pollingInterval: 1,
  }) as PublicClient;
  const accounts = await createWalletClient({ chain: hardhat, transport: chain.transport }).getAddresses();
  const [deployer, guardian, stranger] = accounts as [Address, Address, Address];
  const people = {
    deployer,
    guardian,
    stranger,
    subjects: accounts.slice(3, 6),
    depositors: accounts.slice(6, 8),
    publishers: localAccounts()
      .slice(8, 11)
      .map(({ privateKey }) => privateKeyToAccount(privateKey)),
  };
  const walletClient = createWalletClient({ account: deployer, chain: hardhat, transport: chain.transport });
  const clients = { walletClient, publicClient };
  const shares = await deployContract(clients, "ShareToken", [SHARE_DECIMALS]);
  if (shares.toLowerCase() !== SHARES) throw new Error(`the share token is at ${shares}`);
  const keel = await deployKeel({
    ...clients,
    publishers: [people.publishers[0]!.address],
    threshold: 1,
    verifiers: [{ circuit: CIRCUIT, contractName: "TruthVerifier" }],
    policyDelay: DELAY,
    enrolmentDelay: DELAY,
    marketDelay: DELAY,
    restartDelay: RESTART_DELAY,
    roleDelays: { grant: 0, target: 0 },
    roles: { guardian },
    receivers: [createWalletClient({ account: guardian, chain: hardhat, transport: chain.transport })],
  });
  const registry = await connectRegistry(publicClient, keel.registry);
  const token = await deployContract(clients, "TestToken", ["Asset", "A", 18]);
  const line = keccak256(
    encodeAbiParameters([{ type: "string" }, { type: "string" }], ["keel/line/1", "main"]),
  );
  const must = async (account: Address, to: Address, call: Call): Promise<void> => {
    const hash = await walletClient.sendTransaction({ account, to, data: encode(call) });
    const { status } = await publicClient.waitForTransactionReceipt({ hash });
    if (status !== "success") throw new Error(`${call[1]} reverted`);
  };
  const { abi: sharesAbi } = await loadArtifact("ShareToken");
  await must(deployer, shares, [sharesAbi, "mint", [deployer, SHARES_AT_FIRST]]);
  const { timestamp } = await publicClient.getBlock();
  const supplies = [{ from: Number(timestamp), shares: SHARES_AT_FIRST }];
  for (const terms of POLICIES) await must(deployer, keel.policyBook, [policyBookAbi, "publish", [terms]]);
  await must(deployer, keel.policyBook, [policyBookAbi, "openLine", ["main", POLICY_IDS[0]]]);
  const verifierBook = await deployContract(clients, "VerifierBook", [keel.authority, DELAY]);
  for (const [name, role] of [
    ["add", ROLE.verifierAdmin],
    ["addStandby", ROLE.verifierAdmin],
    ["retire", ROLE.guardian],
  ] as const) {
    const selector = toFunctionSelector(getAbiItem({ abi: verifierBookAbi, name }));
    const assign = [verifierBook, [selector], role];
    await must(deployer, keel.authority, [authorityAbi, "setTargetFunctionRole", assign]);
  }
  await must(deployer, keel.authority, [authorityAbi, "setGrantDelay", [ROLE_OF_NOTHING, GRANT_DELAY]]);
  // A market source says what the tables are, without anybody signing them.
  await must(deployer, keel.authority, [authorityAbi, "grantRole", [MARKET_SOURCE, deployer, 0]]);
  // The authority lets a change of its delays wait five days, from a time a little after the clock's, which stood still so far.
  await chain.wait(5 * 86_400 + 3_600);
  const vaultArgs = [token, "Vault", "V", keel.registry, people.subjects[0], line];
  const vault = await deployContract(clients, "GatedVault", vaultArgs);
  const [tokenAbi, vaultAbi] = [
    (await loadArtifact("TestToken")).abi,
    (await loadArtifact("GatedVault")).abi,
  ];
  for (const depositor of people.depositors) {
    await must(depositor, token, [tokenAbi, "mint", [depositor, FORTUNE]]);
    await must(depositor, token, [tokenAbi, "approve", [vault, maxUint256]]);
  }
  if (plant !== undefined) await plantIn({ chain, keel, verifierBook, vault, vaultArgs }, plant, clients);
  const verifier = keel.verifiers[0]!.address;
  const contracts = { keel, registry, vault, token, vaultAbi, tokenAbi, shares, sharesAbi, supplies };
  const setUpUntil = await clients.publicClient.readContract({
    address: verifierBook,
    abi: verifierBookAbi,
    functionName: "setUpUntil",
  });
  return { chain, ...contracts, line, verifierBook, setUpUntil, verifier, people, calls: 0 };
}

const MARKET_SOURCE = ROLE.curator + 1n;

/** Deploys the planted code beside the contract, with the same arguments, and puts what came of it in the contract's place. */
async function plantIn(
  {
    chain,
    keel,
    verifierBook,
    vault,
    vaultArgs,
  }: Pick<World, "chain" | "keel" | "verifierBook" | "vault"> & { readonly vaultArgs: readonly unknown[] },
  { contract, bytecode }: Plant,
  { walletClient, publicClient }: Pick<Parameters<typeof deployKeel>[0], "walletClient" | "publicClient">,
): Promise<void> {
  const { authority, policyBook, marketBook, feedMarket, registry } = keel;
  const publisher = walletClient.account.address;
  const [target, args] = {
    HealthRegistry: [
      registry,
      [authority, policyBook, marketBook, keel.verifierBook, DELAY, RESTART_DELAY],
    ] as const,
    PolicyBook: [policyBook, [authority, DELAY]] as const,
    MarketBook: [marketBook, [authority, 3_600, [publisher], 1, DELAY]] as const,
    FeedMarket: [feedMarket, [authority, marketBook, keel.verifierBook, zeroAddress, 0, DELAY]] as const,
    VerifierBook: [verifierBook, [authority, DELAY]] as const,
    Authority: [authority, [publisher]] as const,
    GatedVault: [vault, vaultArgs] as const,
  }[contract];
  const { abi } = await loadArtifact(contract);
  const hash = await walletClient.deployContract({ abi, bytecode, args });
  const { contractAddress } = await publicClient.waitForTransactionReceipt({ hash });
  await chain.setCode(target, (await publicClient.getCode({ address: contractAddress! }))!);
}

/** A transaction, in the next second. @returns the error that refused it */
export async function send(world: World, from: Address, to: Address, ...call: Call): Promise<Refusal> {
  world.calls += 1;
  return await world.chain.send(from, to, encode(call));
}

/** What a contract answers at the latest block. */
export async function read<T>({ chain }: World, to: Address, ...call: Call): Promise<T> {
  const [abi, functionName] = call;
  const data = await chain.call(to, encode(call));
  return decodeFunctionResult({ abi: abi as Abi, functionName, data }) as T;
}

/** A claim as the registry's `Submission`. A false one has a proof of nothing, or the true proof of another claim. */
export function submissionOf({ keel, people }: World, claim: Claim, stolenFrom?: Claim) {
  const inputs = (about: Claim) => {
    const { subject, policy, asOf, marketTime, enrolment, units, previousState, newState } = about;
    const vector = statementVector({
      ...{ domain: { chainId: keel.chainId, registry: keel.registry }, subject: people.subjects[subject]! },
      ...{ marketRoot: marketRootOf(about), marketTime, asOf, enrolment, terms: POLICIES[policy]! },
      ...{ drawdown: { units, previousState, newState }, portfolioCommitment: 1n, exposuresCommitment: 2n },
    });
    const { c, x, y } = statementInputs(COMMITMENT, vector);
    return [c, x, y] as const;
  };
  const proven = claim.isTrue ? claim : stolenFrom;
  const truth =
    proven === undefined ? "0x1" : keccak256(encodeAbiParameters([{ type: "uint256[3]" }], [inputs(proven)]));
  return {
    subject: people.subjects[claim.subject]!,
    policyId: POLICY_IDS[claim.policy]!,
    version: 1,
    marketRoot: marketRootOf(claim),
    marketTime: BigInt(claim.marketTime),
    asOf: BigInt(claim.asOf),
    enrolment: claim.enrolment,
    units: claim.units,
    previousState: claim.previousState,
    newState: claim.newState,
    portfolioCommitment: 1n,
    exposuresCommitment: 2n,
    commitment: COMMITMENT,
    unitsSignature: "0x" as const,
    tables: [],
    disclosure: [],
    proof: [BigInt(truth), 0n, 0n, 0n, 0n, 0n, 0n, 0n] as const,
  };
}

/** No circuit looks at it here. */
const COMMITMENT = 12_345n;

type Table = Pick<Claim, "marketTime" | "isOfSeries">;

/** One table a second in each series. */
function marketRootOf({ marketTime, isOfSeries }: Table): bigint {
  return BigInt(marketTime) + (isOfSeries ? 1_000_000n : 1_000_000_000_000n);
}

/** The hash of what an attestation rests on, in the contract's words. */
export function basisOf(table: Table): Hex {
  const one = ["uint32", "uint256", "uint64"];
  const types = [...one, ...one, "uint32", ...one].map((type) => ({ type }));
  const values = [1, marketRootOf(table), BigInt(table.marketTime), 0, 0n, 0n, 0, 0, 0n, 0n];
  return slice(keccak256(encodeAbiParameters(types, values)), 0, 22);
}

/** The same in the open, as `voidAttestation` takes it. */
export function basisArgument(table: Table) {
  return {
    ...{ version: 1, marketRoot: marketRootOf(table), marketTime: BigInt(table.marketTime) },
    ...{ tailVersion: 0, returnsRoot: 0n, returnsTime: 0n, disclosureVersion: 0 },
    ...{ liquidityVersion: 0, liquidityRoot: 0n, liquidityTime: 0n },
  };
}

/** What names a table to the market book. */
export function tableArguments(table: Table): readonly [Hex, bigint, bigint] {
  const series = feedSeries(DEPLOYER, table.isOfSeries ? UNIVERSE : KINDER);
  return [series, marketRootOf(table), BigInt(table.marketTime)];
}

/** Has the market book accept the table of a time that is not in the future. */
export async function acceptMarket(world: World, table: Table): Promise<void> {
  const { people, keel } = world;
  const universe = table.isOfSeries ? UNIVERSE : KINDER;
  const args = [universe, marketRootOf(table), BigInt(table.marketTime), keccak256("0x")];
  const refusal = await send(world, people.deployer, keel.marketBook, marketBookAbi, "accept", args);
  if (refusal !== undefined) throw new Error(`accept: ${refusal}`);
}

export async function saysHealthy(world: World, subject: Subject, policy: Policy): Promise<boolean> {
  const args = [world.people.subjects[subject], POLICY_IDS[policy]];
  return await read<boolean>(world, world.keel.registry, healthRegistryAbi, "isHealthy", args);
}

function encode([abi, functionName, args]: Call): Hex {
  return encodeFunctionData({ abi: abi as Abi, functionName, args });
}
