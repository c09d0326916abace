// SPDX-License-Identifier: MIT
/**
 * What is looked at before a deployment pays for anything: the chain, the account, the keys, who will hold which role, and what
 * the contracts will read. All faults are told at once.
 *
 * @module
 */

import { chainName, isTestChain, LOCAL_CHAINS, SEQUENCED_CHAINS } from "@keel/verifier";
import { inputError, KeelError } from "@keel/verifier/errors";
import { type Address, getAddress, isAddressEqual, type PublicClient, parseAbi, zeroAddress } from "viem";
import { DEPLOYMENT_PROXY } from "./create2.js";
import { ROLE } from "./deploy.js";
import { canCall, hasOwnCode } from "./receiver.js";

/** Who is meant to hold a role. */
export interface Receiver {
  readonly account: Address;
  /** Seconds that each act of the role waits after it was announced. */
  readonly executionDelay?: number | undefined;
  /** Somebody made sure that the contract can call others, in a way that is not known here. */
  readonly unchecked?: boolean | undefined;
  /** A delay of less than a day is meant. */
  readonly short?: boolean | undefined;
}

/** A delay that somebody asked for. */
export interface AskedDelay {
  /** Where it stands, such as `delays.market`. */
  readonly path: string;
  readonly seconds: number;
  /** Said to be as short as it is on purpose. */
  readonly isMeant: boolean;
}

/** What a deployment is about to do. */
export interface Intent {
  readonly publicClient: PublicClient;
  /** Where it is meant to happen. */
  readonly chainId: number;
  /** Who pays; a Safe's address when it does. */
  readonly account: Address;
  readonly bySafe: boolean;
  /** By name; whoever is not named is the account itself. */
  readonly roles: Readonly<Record<string, Receiver>>;
  /** Roles that nobody is named for on purpose. */
  readonly keeps?: readonly string[];
  readonly delays?: readonly AskedDelay[];
  readonly publishers: readonly Address[];
  readonly threshold: number;
  readonly verifiers: readonly { readonly circuit: string; readonly insecure: boolean }[];
  readonly sequencer?: { readonly feed: Address };
  readonly eas?: Address;
}

/** What is right and still worth a second look. */
export type Warnings = readonly string[];

const ADMIN = "admin";
/** Shorter than this, nobody who looks once a day sees in time what was announced. */
const SHORTEST_DELAY = 86_400;
/** Precompiles, and addresses that people mistype or burn with. */
const NOBODY: readonly Address[] = [
  "0x000000000000000000000000000000000000dEaD",
  "0xdEAD000000000000000042069420694206942069",
  "0xffffffffffffffffffffffffffffffffffffffff",
];
const LAST_PRECOMPILE = 0xffffn;

const feedAbi = parseAbi([
  "function decimals() view returns (uint8)",
  "function latestRoundData() view returns (uint80, int256, uint256, uint256, uint80)",
]);

/**
 * Looks at everything.
 *
 * @returns all faults, none for a deployment that can be rehearsed, and warnings
 * @throws KeelError for a node that does not answer
 */
export async function examineIntent(
  intent: Intent,
): Promise<{ readonly faults: readonly KeelError[]; readonly warnings: Warnings }> {
  const found = await chainFaults(intent);
  // On another chain everything else would be asked of the wrong place.
  if (found.length > 0) return { faults: found, warnings: [] };
  const warnings: string[] = [];
  const faults = [
    ...(await accountFaults(intent)),
    ...keyFaults(intent, warnings),
    ...publisherFaults(intent, warnings),
    ...(await roleFaults(intent, warnings)),
    ...leftOutFaults(intent, warnings),
    ...delayFaults(intent, warnings),
    ...(await feedFaults(intent)),
    ...(await easFaults(intent)),
  ];
  return { faults, warnings };
}

async function chainFaults({ publicClient, chainId }: Intent): Promise<KeelError[]> {
  const found = await publicClient.getChainId();
  if (found === chainId) return [];
  return [inputError("deploy.chain", "--rpc", `a node of chain ${chainId}`, `one of chain ${found}`)];
}

async function accountFaults({ publicClient, account, bySafe }: Intent): Promise<KeelError[]> {
  if (bySafe) {
    const faults: KeelError[] = [];
    if (!(await canCall(publicClient, account))) {
      faults.push(
        inputError("deploy.receiver", "--safe-address", "a Safe that is set up", `${account}, which is none`),
      );
    }
    if ((await publicClient.getCode({ address: DEPLOYMENT_PROXY })) === undefined) {
      const expected = `the deterministic deployment proxy at ${DEPLOYMENT_PROXY}`;
      faults.push(environmentError("deploy.proxy", "--safe", expected, "no code there"));
    }
    return faults;
  }
  const [mined, all] = await Promise.all([
    publicClient.getTransactionCount({ address: account }),
    publicClient.getTransactionCount({ address: account, blockTag: "pending" }),
  ]);
  if (all <= mined) return [];
  const received = `${all - mined} that wait for a block`;
  return [environmentError("deploy.busy", account, "an account without transactions on their way", received)];
}

/** A key whose secret everybody knows is for chains where nothing is worth anything. */
function keyFaults({ chainId, verifiers }: Intent, warnings: string[]): KeelError[] {
  const known = verifiers.filter(({ insecure }) => insecure).map(({ circuit }) => circuit);
  if (known.length === 0) return [];
  if (isTestChain(chainId)) {
    if (!LOCAL_CHAINS.includes(chainId)) {
      warnings.push(
        `DEVELOPMENT KEYS on ${chainName(chainId)} (${known.join(", ")}): anybody can forge proofs; for rehearsals only`,
      );
    }
    return [];
  }
  return known.map((circuit) =>
    inputError(
      "deploy.developmentKey",
      `verifiers ${circuit}`,
      `a key from a ceremony on ${chainName(chainId)}`,
      "a development key, with which anybody can forge",
    ),
  );
}

function publisherFaults({ publishers, threshold }: Intent, warnings: string[]): KeelError[] {
  const faults: KeelError[] = [];
  const fault = (expected: string, received: string): void =>
    void faults.push(inputError("deploy.publishers", "publishers", expected, received));
  if (new Set(publishers.map((one) => one.toLowerCase())).size !== publishers.length) {
    fault("each publisher once", "one twice");
  }
  if (publishers.some(isNobody)) fault("addresses that somebody has the key of", "one that nobody has");
  if (threshold < 1 || threshold > publishers.length) {
    fault(`a threshold from 1 to their number, ${publishers.length}`, String(threshold));
  }
  if (threshold === 1) warnings.push("one publisher alone can sign any market table");
  return faults;
}

async function roleFaults(intent: Intent, warnings: string[]): Promise<KeelError[]> {
  const { roles, account } = intent;
  const complete = { ...roles, [ADMIN]: roles[ADMIN] ?? { account } };
  const faults: KeelError[] = [];
  for (const [role, receiver] of Object.entries(complete)) {
    faults.push(...(await receiverFaults(intent, role, receiver, warnings)));
  }
  if (roles[ADMIN]?.executionDelay === 0 && !LOCAL_CHAINS.includes(intent.chainId)) {
    warnings.push(
      "the administrator acts at once: a guardian calls off only what others have accepted from it",
    );
  }
  const guardian = roles.guardian?.account ?? account;
  if (isAddressEqual(guardian, complete[ADMIN]!.account) && !isTestChain(intent.chainId)) {
    warnings.push("the guardian is the administrator: nobody else can call off what it announces");
  }
  return faults;
}

/** Whoever deploys keeps what nobody is named for: that has to be said, since a deployer is one key that was at hand. */
function leftOutFaults({ roles, keeps = [], chainId, account }: Intent, warnings: string[]): KeelError[] {
  const twice = keeps.filter((name) => roles[name] !== undefined);
  const left = Object.keys(ROLE).filter((name) => roles[name] === undefined && !keeps.includes(name));
  const faults = twice.map((name) =>
    inputError("deploy.keeps", `roles.${name}`, "a receiver, or its name in deployerKeeps", "both"),
  );
  if (left.length === 0 || LOCAL_CHAINS.includes(chainId)) return faults;
  if (isTestChain(chainId)) {
    warnings.push(`no receiver is named for ${left.join(", ")}: the deployer ${account} keeps that`);
    return faults;
  }
  const expected = "a receiver of each role, or its name in deployerKeeps";
  return [...faults, inputError("deploy.leftOut", "roles", expected, `none for ${left.join(", ")}`)];
}

/** A delay is time to look and to leave. */
function delayFaults({ delays = [], roles, chainId }: Intent, warnings: string[]): KeelError[] {
  const { executionDelay = SHORTEST_DELAY, short } = roles[ADMIN] ?? {};
  const own = { path: `roles.${ADMIN}.executionDelay`, seconds: executionDelay, isMeant: short === true };
  const tooShort = [own, ...delays].filter(({ seconds }) => seconds < SHORTEST_DELAY);
  if (LOCAL_CHAINS.includes(chainId)) return [];
  const faults: KeelError[] = [];
  for (const { path, seconds, isMeant } of tooShort) {
    if (isTestChain(chainId) || isMeant) {
      warnings.push(
        `${path}: ${seconds} s, so that nobody who looks once a day sees in time what is announced`,
      );
      continue;
    }
    const expected = `at least ${SHORTEST_DELAY} s, or "short", which says that it is meant`;
    faults.push(inputError("deploy.shortDelay", path, expected, `${seconds} s`));
  }
  return faults;
}

async function receiverFaults(
  intent: Intent,
  role: string,
  { account, unchecked }: Receiver,
  warnings: string[],
): Promise<KeelError[]> {
  const { publicClient, chainId } = intent;
  const path = `roles.${role}`;
  if (isNobody(account)) {
    return [inputError("deploy.nobody", path, "an account that somebody holds", getAddress(account))];
  }
  const isContract = await hasOwnCode(publicClient, account);
  if (!isContract && role === ADMIN && !isTestChain(chainId)) {
    const expected = `a contract of several people, such as a Safe, on ${chainName(chainId)}`;
    return [inputError("deploy.administrator", path, expected, `${account}, which one key holds`)];
  }
  if (!isContract) return await keyHolder(intent, path, account, warnings);
  if (unchecked === true || (await canCall(publicClient, account))) return [];
  const expected = "a contract that can call others: a Safe, a timelock, a governor, an account with execute";
  return [inputError("deploy.receiver", path, expected, `${account}, which shows no such function`)];
}

/** An address that never sent anything may be mistyped: the offer shows it, since somebody has to accept. */
async function keyHolder(
  { publicClient, account: deployer, chainId }: Intent,
  path: string,
  account: Address,
  warnings: string[],
): Promise<KeelError[]> {
  if (isAddressEqual(account, deployer) || LOCAL_CHAINS.includes(chainId)) return [];
  if ((await publicClient.getTransactionCount({ address: account })) > 0) return [];
  warnings.push(`${path}: ${account} has never sent a transaction; make sure that somebody holds its key`);
  return [];
}

async function feedFaults({ publicClient, chainId, sequencer }: Intent): Promise<KeelError[]> {
  const chain = SEQUENCED_CHAINS[chainId];
  if (sequencer === undefined || isAddressEqual(sequencer.feed, zeroAddress)) {
    if (chain === undefined) return [];
    return [inputError("deploy.sequencer", "sequencer", `the uptime feed of ${chain}'s sequencer`, "none")];
  }
  const { feed: address } = sequencer;
  const read = { address, abi: feedAbi } as const;
  const answers = await Promise.all([
    publicClient.readContract({ ...read, functionName: "decimals" }).catch(() => undefined),
    publicClient.readContract({ ...read, functionName: "latestRoundData" }).catch(() => undefined),
  ]);
  if (answers.every((answer) => answer !== undefined)) return [];
  const expected = "a feed that answers decimals() and latestRoundData()";
  return [inputError("deploy.feed", "sequencer.feed", expected, `${address}, which does not`)];
}

async function easFaults({ publicClient, eas }: Intent): Promise<KeelError[]> {
  if (eas === undefined || (await publicClient.getCode({ address: eas })) !== undefined) return [];
  return [inputError("deploy.eas", "eas", "the chain's EAS contract", `${eas}, without code`)];
}

function isNobody(account: Address): boolean {
  return BigInt(account) <= LAST_PRECOMPILE || NOBODY.some((one) => isAddressEqual(one, account));
}

function environmentError(code: string, path: string, expected: string, received: string): KeelError {
  return new KeelError({ kind: "environment", code, path, expected, received });
}
