// SPDX-License-Identifier: MIT
/**
 * Deploys Keel's contracts and hands out the roles.
 *
 * @module
 */

import { readFile, rename, writeFile } from "node:fs/promises";
import { circuitHash } from "@keel/verifier";
import { authorityAbi, creationBlock, verifierBookAbi } from "@keel/verifier/chain";
import { inputError, KeelError } from "@keel/verifier/errors";
import {
  type Abi,
  type AbiFunction,
  type Address,
  encodeDeployData,
  encodeFunctionData,
  getAbiItem,
  type Hex,
  isAddressEqual,
  keccak256,
  type PublicClient,
  toFunctionSelector,
  zeroAddress,
} from "viem";
import { loadArtifact } from "./compile.js";
import { creationThroughProxy } from "./create2.js";
import { type Pending, sendRemembered, settlePending, type Wallet, type Work } from "./send.js";
import {
  grantDelaySet,
  type Leftover,
  leftoversOf,
  membershipOf,
  offerOf,
  type RoleAccount,
  targetDelaySet,
} from "./standing.js";

/** The authority's roles for people; 0 offers the others. */
export const ROLE = { admin: 0n, guardian: 1n, verifierAdmin: 2n, marketAdmin: 3n, curator: 4n } as const;

/** The role of contracts whose tables the market book accepts. */
const MARKET_SOURCE = 5n;
const DAY = 86_400;

/** A transaction of a deployment, as it went. */
export interface DeployReport {
  /** A contract's name, or what was called: `Authority.grantRole`. */
  readonly step: string;
  /** Absent for a creation by the account itself. */
  readonly to?: Address;
  readonly data: Hex;
  /** Of the contract that was made. */
  readonly address?: Address;
  readonly gasUsed: bigint;
  readonly hash: Hex;
}

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
  /** Seconds until other publishers, or a later universe of feeds, count; 7 days when absent. */
  readonly marketDelay?: number;
  /** Seconds until a drawdown chain that a guardian restarts may start over; 1 day when absent. */
  readonly restartDelay?: number;
  /** Delays of the authority, in seconds; 7 days each when absent. */
  readonly roleDelays?: RoleDelays;
  /** Uptime feed of a layer-2 sequencer, and seconds to wait after it came back (3600 when absent). */
  readonly sequencer?: { readonly feed: Address; readonly gracePeriod?: number };
  /** The chain's EAS; with it, a resolver for EAS attestations of health. */
  readonly eas?: Address;
  /** Deployments file to resume from and to write; without it everything is deployed anew. */
  readonly file?: string;
  /** Refuse a file with contracts made from other sources or arguments, or that the chain lacks, instead of making them anew. */
  readonly strict?: boolean;
  /** Make contracts through the deterministic deployment proxy, as an account has to that is a contract. */
  readonly throughProxy?: boolean;
  /** Told of each transaction once it is mined. */
  readonly onStep?: (report: DeployReport) => void;
  /** Seconds that acts of a role's receiver wait, by role; the administrator's is `roleDelays.admin` when absent, the others' 0. */
  readonly executionDelays?: { readonly [Role in keyof typeof ROLE]?: number };
  /**
   * Who is offered which role; the deployer keeps what is not named. Each has to accept. Until the administrator has, the
   * deployer is administrator; run again, or call `handOver`, to end that.
   */
  readonly roles?: { readonly [Role in keyof typeof ROLE]?: Address };
  /** Wallets of role holders, which accept at once: for local chains, where one process has all keys. */
  readonly receivers?: readonly Wallet[];
}

/**
 * The authority's delays. OpenZeppelin's manager lets a change of the first two wait five days, so that what is accepted in the
 * first days counts at once.
 */
export interface RoleDelays {
  /** From accepting a role to holding it. */
  readonly grant?: number;
  /** Before the administrator changes who may call what, closes a contract or gives it another authority. */
  readonly target?: number;
  /** Before anything that the administrator named in `roles` does. */
  readonly admin?: number;
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
  const run: Run = { ...options, ledger };
  const deploy = (name: string, args: readonly unknown[]) => deployStep(run, name, name, args);
  const authority = await deploy("Authority", [walletClient.account.address]);
  const policyBook = await deploy("PolicyBook", [authority, options.policyDelay ?? 7 * DAY]);
  const marketBook = await deploy("MarketBook", [
    authority,
    options.maxMarketDelay ?? 3600,
    sortAddresses(options.publishers),
    options.threshold,
    options.marketDelay ?? 7 * DAY,
  ]);
  const verifierBook = await deploy("VerifierBook", [authority, options.verifierDelay ?? 7 * DAY]);
  const feedMarket = await deploy("FeedMarket", [
    authority,
    marketBook,
    verifierBook,
    options.sequencer?.feed ?? zeroAddress,
    options.sequencer?.gracePeriod ?? 3600,
    options.marketDelay ?? 7 * DAY,
  ]);
  const registry = await deploy("HealthRegistry", [
    authority,
    policyBook,
    marketBook,
    verifierBook,
    options.enrolmentDelay ?? 7 * DAY,
    options.restartDelay ?? DAY,
  ]);
  const books = { authority, policyBook, marketBook, feedMarket, verifierBook, registry };
  const resolver =
    options.eas === undefined
      ? {}
      : { healthResolver: await deploy("HealthResolver", [options.eas, registry]) };
  await govern(run, books);
  const verifiers: DeployedVerifier[] = [];
  for (const verifier of options.verifiers) verifiers.push(await ensureVerifier(run, books, verifier));
  await handOverRoles(run, authority);
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
  clients: Pick<DeployOptions, "walletClient" | "publicClient">,
  name: string,
  args: readonly unknown[] = [],
): Promise<Address> {
  const { abi, bytecode } = await loadArtifact(name);
  const data = encodeDeployData({ abi, bytecode, args });
  const { contractAddress } = await sendRemembered(clients, { step: name, data }, async () => {});
  return contractAddress!;
}

/**
 * Ends what an earlier run of a deployment left on its way, without doing anything more.
 *
 * @throws KeelError as {@link deployKeel}
 */
export async function settleDeployment(
  options: Pick<DeployOptions, "walletClient" | "publicClient"> & { readonly file: string },
): Promise<void> {
  await openLedger(options);
}

/** Writes a deployments file, whole or not at all. */
export async function writeDeployment(file: string, deployment: KeelDeployment): Promise<void> {
  await writeWhole(file, { keel: "deployment/1", ...deployment });
}

/**
 * Notes a deployment that others will carry out, while nothing of it is there: from which block on it can be found. A file that has
 * more than that is left alone.
 */
export async function noteBeginning(
  file: string,
  beginning: Pick<KeelDeployment, "chainId" | "fromBlock"> & { readonly deployer: Address },
): Promise<void> {
  const known = await readDraft(file).catch(absent);
  if (known !== undefined && Object.keys(known.steps).length > 0) return;
  const fromBlock = Math.min(known?.fromBlock ?? beginning.fromBlock, beginning.fromBlock);
  await writeWhole(file, { keel: "deployment/1", ...beginning, fromBlock, steps: {} });
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
  /** At or before the first contract's block. */
  fromBlock: number;
  /** An earlier run looked at the chain, and noted a block before which there was nothing. */
  readonly isKnown: boolean;
  readonly steps: Record<string, DeployedStep>;
  /** The transaction that is on its way. */
  pending: Pending | undefined;
  save(): Promise<void>;
}

/** A deployments file, finished or not. */
export type Draft = Partial<KeelDeployment> &
  Pick<KeelDeployment, "chainId" | "fromBlock" | "steps"> & {
    /** Who pays for what is not finished. */
    readonly deployer?: Address;
    readonly pending?: Pending;
  };

async function openLedger(
  { publicClient, walletClient, file }: Pick<DeployOptions, "walletClient" | "publicClient" | "file">,
  keep = false,
): Promise<Ledger> {
  const chainId = walletClient.chain.id;
  const next = Number(await publicClient.getBlockNumber()) + 1;
  const known = file === undefined ? undefined : await readDraft(file).catch(absent);
  if (known !== undefined && known.chainId !== chainId) {
    throw inputError("deployment.chain", `${file}: chainId`, String(chainId), String(known.chainId));
  }
  const deployer = walletClient.account.address;
  // Until everything is done again, a file says no more than what is there.
  const { pending: _, ...finished } = keep && known !== undefined ? known : {};
  const payer = keep ? {} : { deployer };
  const ledger: Ledger = {
    fromBlock: known?.fromBlock ?? next,
    isKnown: known !== undefined,
    steps: { ...known?.steps },
    pending: known?.pending,
    save: async () => {
      const { fromBlock, steps, pending } = ledger;
      const present = { fromBlock, steps, ...(pending === undefined ? {} : { pending }) };
      if (file !== undefined)
        await writeWhole(file, { ...finished, keel: "deployment/1", chainId, ...payer, ...present });
    },
  };
  await settle(publicClient, ledger, chainId);
  return ledger;
}

/** A deployment that is being made. */
interface Run extends DeployOptions {
  readonly ledger: Ledger;
}

/** Takes over what an earlier run had sent when it was stopped. */
async function settle(publicClient: PublicClient, ledger: Ledger, chainId: number): Promise<void> {
  const { pending } = ledger;
  if (pending === undefined) return;
  const receipt = await settlePending(publicClient, pending, chainId);
  const address = pending.address ?? receipt?.contractAddress;
  if (receipt !== undefined && pending.recipe !== undefined && address) {
    await noteMade(publicClient, ledger, pending as Made, address, receipt.blockNumber);
  }
  ledger.pending = undefined;
  await ledger.save();
}

/** Sends one transaction, so that a later run finds it, whenever this one ends. */
async function send(run: Run, work: Work) {
  const { ledger } = run;
  const receipt = await sendRemembered(run, work, async (pending) => {
    ledger.pending = pending;
    await ledger.save();
  });
  ledger.pending = undefined;
  const address = work.address ?? receipt.contractAddress;
  const { to, data, step } = work;
  run.onStep?.({
    step,
    data,
    ...(to === undefined ? {} : { to }),
    ...(address && work.recipe !== undefined ? { address } : {}),
    gasUsed: receipt.gasUsed,
    hash: receipt.transactionHash,
  });
  return { address, blockNumber: receipt.blockNumber };
}

/** What a contract is made from, under its name. */
type Made = Pick<Pending, "step"> & Required<Pick<Pending, "recipe">>;

async function noteMade(
  publicClient: PublicClient,
  ledger: Ledger,
  made: Made,
  address: Address,
  block: bigint,
): Promise<void> {
  // A new authority is a new deployment: its history starts here.
  if (made.step === "Authority") ledger.fromBlock = Number(block);
  await noteContract(publicClient, ledger, made, address);
}

/** Somebody made it at some time before: history starts no later than that. */
async function noteFound(
  publicClient: PublicClient,
  ledger: Ledger,
  found: Made,
  address: Address,
): Promise<void> {
  ledger.fromBlock = await firstBlock(publicClient, address, ledger);
  await noteContract(publicClient, ledger, found, address);
}

async function noteContract(
  publicClient: PublicClient,
  ledger: Ledger,
  { step, recipe }: Made,
  address: Address,
): Promise<void> {
  ledger.steps[step] = { address, recipe, codeHash: (await codeHashAt(publicClient, address))! };
}

/** At or before a contract's first block, and before what is known: 0 where a node has forgotten and nobody noted it. */
async function firstBlock(
  client: PublicClient,
  address: Address,
  { fromBlock, isKnown }: Pick<Ledger, "fromBlock" | "isKnown">,
): Promise<number> {
  const before = BigInt(Math.max(fromBlock - 1, 0));
  const code = await client.getCode({ address, blockNumber: before }).catch(() => null);
  if (code === undefined || (code === null && isKnown)) return fromBlock;
  return Number((await creationBlock(client, address, before)) ?? 0n);
}

async function deployStep(
  run: Run,
  step: string,
  artifact: string,
  args: readonly unknown[],
): Promise<Address> {
  const { publicClient, ledger } = run;
  const { abi, bytecode } = await loadArtifact(artifact);
  const data = encodeDeployData({ abi, bytecode, args });
  const recipe = keccak256(data);
  const known = ledger.steps[step];
  if (known !== undefined) {
    const isSame = known.recipe === recipe;
    const isThere = (await codeHashAt(publicClient, known.address)) === known.codeHash;
    if (isSame && isThere) return known.address;
    if (run.strict === true) throw otherContract(run, step, known.address, isSame);
  }
  const work: Work = run.throughProxy === true ? creationThroughProxy(step, data) : { step, data };
  const found = work.address === undefined ? undefined : await codeHashAt(publicClient, work.address);
  if (found !== undefined) {
    await noteFound(publicClient, ledger, { step, recipe }, work.address!);
  } else {
    const { address, blockNumber } = await send(run, { ...work, recipe });
    await noteMade(publicClient, ledger, { step, recipe }, address!, blockNumber);
  }
  await ledger.save();
  return ledger.steps[step]!.address;
}

function otherContract({ file }: DeployOptions, step: string, address: Address, isSame: boolean): KeelError {
  const path = `${file}: steps.${step}`;
  return isSame
    ? inputError("deployment.missing", path, `the contract at ${address}`, "no such code on the chain")
    : inputError("deployment.arguments", path, "the sources and arguments of this run", "others");
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
  ["registry", "HealthRegistry", ROLE.guardian, ["revokeFor", "reopen", "restartChain", "cancelRestart"]],
  ["policyBook", "PolicyBook", ROLE.guardian, ["cancelMove", "undoTightening"]],
  ["policyBook", "PolicyBook", ROLE.curator, ["openLine", "moveLine"]],
  ["marketBook", "MarketBook", ROLE.guardian, ["withdraw", "cancelPublishers"]],
  ["marketBook", "MarketBook", ROLE.marketAdmin, ["announcePublishers"]],
  ["marketBook", "MarketBook", MARKET_SOURCE, ["accept"]],
  ["feedMarket", "FeedMarket", ROLE.guardian, ["close"]],
  ["feedMarket", "FeedMarket", ROLE.marketAdmin, ["open"]],
  ["verifierBook", "VerifierBook", ROLE.guardian, ["retire"]],
  ["verifierBook", "VerifierBook", ROLE.verifierAdmin, ["add", "addStandby"]],
];

/**
 * Says who may call what, and sets every delay that is another one than it shall be, also where that does not count yet: in one
 * transaction, so that a contract whose functions are assigned has its delay as well.
 */
async function govern(options: Run, books: Books): Promise<void> {
  const { authority, feedMarket } = books;
  const functions = await missingFunctions(options, books);
  const changes = [
    ...functions.map((call) => ({ what: "functions of roles", data: encode(call) })),
    ...(await wrongDelays(options, books)),
  ];
  if (!(await isMember(options, authority, MARKET_SOURCE, feedMarket))) {
    const args = [MARKET_SOURCE, feedMarket, 0] as const;
    changes.push({ what: `role ${MARKET_SOURCE}`, data: encode({ functionName: "grantRole", args }) });
  }
  if (changes.length === 0) return;
  const what = [...new Set(changes.map((change) => change.what))].join(", ");
  await callAuthority(options, authority, "multicall", [changes.map(({ data }) => data)], what);
}

/** What sets the authority's delays where they are others. */
async function wrongDelays(options: Run, books: Books) {
  const { grant = 7 * DAY, target = 7 * DAY } = options.roleDelays ?? {};
  const authority = authorityOf(options, books.authority);
  const changes = [];
  for (const [name, address] of Object.entries(books) as [keyof Books, Address][]) {
    const present = await targetDelaySet(authority, address);
    if (present === target) continue;
    const data = encode({ functionName: "setTargetAdminDelay", args: [address, target] });
    changes.push({ what: `administration delay of ${name}: ${present} s instead of ${target} s`, data });
  }
  for (const role of [...Object.values(ROLE), MARKET_SOURCE]) {
    const present = await grantDelaySet(authority, role);
    if (present === grant) continue;
    const data = encode({ functionName: "setGrantDelay", args: [role, grant] });
    changes.push({ what: `grant delay of role ${role}: ${present} s instead of ${grant} s`, data });
  }
  return changes;
}

function encode(call: { readonly functionName: string; readonly args: readonly unknown[] }): Hex {
  return encodeFunctionData({ abi: authorityAbi as Abi, ...call });
}

const authorityOf = ({ publicClient }: DeployOptions, address: Address) => ({ publicClient, address });

async function missingFunctions(options: Run, books: Books) {
  const calls = [];
  for (const [contract, artifact, role, names] of FUNCTIONS) {
    const target = books[contract];
    const missing: Hex[] = [];
    for (const name of names) {
      const selector = await selectorOf(artifact, name);
      const args = [target, selector] as const;
      const assigned = await readAuthority(options, books.authority, "getTargetFunctionRole", args);
      if (assigned !== role) missing.push(selector);
    }
    if (missing.length === 0) continue;
    calls.push({ functionName: "setTargetFunctionRole", args: [target, missing, role] } as const);
  }
  return calls;
}

/**
 * Offers each role to its holder, where it is neither held nor offered with the delay that it shall have, takes back every offer that
 * `roles` does not name, and takes from the deployer what somebody else holds. `deployKeel` does it; again when the holders have
 * accepted.
 *
 * @throws KeelError kind `environment`, code `deploy.role` for a deployer that is not administrator while something is to be
 * offered
 */
export async function handOver(
  options: DeployOptions,
  { authority }: Pick<KeelDeployment, "authority">,
): Promise<void> {
  const ledger = await openLedger(options, true);
  // Without a file nothing is known of the authority's beginning.
  if (!ledger.isKnown) ledger.fromBlock = await firstBlock(options.publicClient, authority, ledger);
  await handOverRoles({ ...options, ledger }, authority);
  await ledger.save();
}

async function handOverRoles(options: Run, authority: Address): Promise<void> {
  const deployer = options.walletClient.account.address;
  const leftovers = await takeBackOffers(options, authority);
  const isShared = leftovers.some(({ kind, role }) => kind === "member" && role === ROLE.admin);
  // The administrator last: whoever offers must still be allowed to.
  for (const name of ["guardian", "verifierAdmin", "marketAdmin", "curator", "admin"] as const) {
    const [role, holder] = [ROLE[name], options.roles?.[name] ?? deployer];
    if (isAddressEqual(holder, deployer)) {
      await take(options, authority, role);
      await restrain(options, authority, name);
      continue;
    }
    const isRight = await offer(options, authority, name, holder);
    // Nobody is left alone with an administrator who was not meant.
    const mayLeave = name !== "admin" || (isRight && !isShared);
    if (mayLeave && (await isMember(options, authority, role, deployer))) {
      await callAuthority(options, authority, "renounceRole", [role, deployer]);
    }
  }
}

/** What is offered to somebody whom the plan does not name could be accepted for a month. */
async function takeBackOffers(options: Run, authority: Address): Promise<Leftover[]> {
  const deployer = options.walletClient.account.address;
  const fromBlock = BigInt(options.ledger.fromBlock);
  const named = namedIn(options, deployer, marketSourcesOf(options));
  const leftovers = await leftoversOf(authorityOf(options, authority), fromBlock, named);
  if (!(await holdsRole(options, authority, ROLE.admin, deployer))) return leftovers;
  for (const { kind, role, account } of leftovers) {
    if (kind === "offer") await callAuthority(options, authority, "withdrawOffer", [role, account]);
  }
  return leftovers;
}

/** The deployer may hold anything until it has handed over; that is looked at by itself. */
function namedIn(
  { roles }: Pick<DeployOptions, "roles">,
  deployer: Address,
  sources: readonly Address[],
): RoleAccount[] {
  const names = Object.keys(ROLE) as (keyof typeof ROLE)[];
  return [
    ...names.flatMap((name) => [
      { role: ROLE[name], account: roles?.[name] ?? deployer },
      { role: ROLE[name], account: deployer },
    ]),
    ...sources.map((account) => ({ role: MARKET_SOURCE, account })),
  ];
}

/** The contract that reads feeds. */
function marketSourcesOf({ ledger }: Run): Address[] {
  const own = ledger.steps.FeedMarket;
  return own === undefined ? [] : [own.address];
}

/**
 * Offers and members that a plan does not name: what `keel deploy` shows before and after it works.
 *
 * @param fromBlock at or before the authority's first
 */
export async function leftoversIn(
  publicClient: PublicClient,
  { authority, feedMarket, fromBlock }: Pick<KeelDeployment, "authority" | "feedMarket" | "fromBlock">,
  roles: NonNullable<DeployOptions["roles"]>,
  deployer: Address,
): Promise<Leftover[]> {
  const named = namedIn({ roles }, deployer, [feedMarket]);
  return await leftoversOf({ publicClient, address: authority }, BigInt(fromBlock), named);
}

/** Whether the holder has the role, with the delay that it shall have; else that is offered. */
async function offer(
  options: Run,
  authority: Address,
  name: keyof typeof ROLE,
  holder: Address,
): Promise<boolean> {
  const role = ROLE[name];
  const usual = name === "admin" ? (options.roleDelays?.admin ?? 7 * DAY) : 0;
  const delay = options.executionDelays?.[name] ?? usual;
  const reader = authorityOf(options, authority);
  const member = await membershipOf(reader, role, holder);
  if (member.since !== 0 && member.delay === delay) {
    return await holdsRole(options, authority, role, holder);
  }
  const offered = await offerOf(reader, role, holder);
  if (offered.lapsesAt === 0 || offered.delay !== delay) {
    const what =
      member.since === 0 ? "" : `execution delay of ${name}: ${member.delay} s instead of ${delay} s`;
    await callAuthority(options, authority, "offerRole", [role, holder, delay], what);
  }
  const receiver = options.receivers?.find(({ account }) => isAddressEqual(account.address, holder));
  if (receiver === undefined) return false;
  await callAuthority({ ...options, walletClient: receiver }, authority, "acceptRole", [role]);
  return await holdsRole(options, authority, role, holder);
}

/** Has the deployer wait before its own acts, where it keeps a role for which that was asked. */
async function restrain(options: Run, authority: Address, name: keyof typeof ROLE): Promise<void> {
  const [role, wanted] = [ROLE[name], options.executionDelays?.[name]];
  const deployer = options.walletClient.account.address;
  const { delay } = await membershipOf(authorityOf(options, authority), role, deployer);
  if (wanted === undefined || delay === wanted) return;
  await offerItself(options, authority, role, wanted);
}

/** Gives the deployer a role that it can offer itself. */
async function take(options: Run, authority: Address, role: bigint): Promise<void> {
  const deployer = options.walletClient.account.address;
  if (await isMember(options, authority, role, deployer)) return;
  await offerItself(options, authority, role, 0);
}

async function offerItself(options: Run, authority: Address, role: bigint, delay: number): Promise<void> {
  const deployer = options.walletClient.account.address;
  const offered = encode({ functionName: "offerRole", args: [role, deployer, delay] });
  const accepted = encode({ functionName: "acceptRole", args: [role] });
  await callAuthority(options, authority, "multicall", [[offered, accepted]]);
}

/** Whether an account holds a role, or will after the grant delay. */
async function isMember(
  options: DeployOptions,
  authority: Address,
  role: bigint,
  account: Address,
): Promise<boolean> {
  return (await membershipOf(authorityOf(options, authority), role, account)).since !== 0;
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
  options: Run,
  { authority, verifierBook }: Books,
  { circuit, contractName }: DeployOptions["verifiers"][number],
): Promise<DeployedVerifier> {
  const { walletClient, publicClient } = options;
  const address = await deployStep(options, `verifier:${circuit}:${contractName}`, contractName, []);
  const known = await versionOf(options, verifierBook, circuit, address);
  if (known !== undefined) return { circuit, contractName, version: known, address };
  await take(options, authority, ROLE.verifierAdmin);
  const call = {
    address: verifierBook,
    abi: verifierBookAbi,
    functionName: "add",
    args: [circuitHash(circuit), address],
  } as const;
  const { result: version } = await publicClient.simulateContract({ ...call, account: walletClient.account });
  await send(options, { step: "VerifierBook.add", to: verifierBook, data: encodeFunctionData(call) });
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
    if (isAddressEqual(found.verifier, verifier)) return version;
  }
  return undefined;
}

async function readAuthority(
  { publicClient }: DeployOptions,
  address: Address,
  functionName: string,
  args: readonly unknown[],
): Promise<unknown> {
  const abi: Abi = authorityAbi;
  return await publicClient.readContract({ address, abi, functionName, args });
}

async function callAuthority(
  options: Run,
  address: Address,
  functionName: string,
  args: readonly unknown[],
  what = "",
): Promise<void> {
  const deployer = options.walletClient.account.address;
  const isOwn = functionName === "renounceRole" || functionName === "acceptRole";
  if (!isOwn && !(await holdsRole(options, address, ROLE.admin, deployer))) {
    throw new KeelError({
      kind: "environment",
      code: "deploy.role",
      path: `Authority.${functionName}`,
      expected: "a deployer that is the authority's administrator, or nothing left to set",
      received: what === "" ? deployer : `${deployer}, and ${what}`,
    });
  }
  const data = encode({ functionName, args });
  await send(options, { step: `Authority.${functionName}`, to: address, data });
}

async function selectorOf(artifact: string, name: string): Promise<Hex> {
  const { abi } = await loadArtifact(artifact);
  return toFunctionSelector(getAbiItem({ abi, name }) as AbiFunction);
}

/** Reads a deployments file that may be unfinished. */
export async function readDraft(file: string): Promise<Draft & { readonly keel: string }> {
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
