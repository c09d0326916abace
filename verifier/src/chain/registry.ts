// SPDX-License-Identifier: MIT
/**
 * A typed client of the contracts, on viem: plain functions over one connected registry.
 *
 * Whatever a contract refuses arrives as a `KeelError` with the contract's own words: kind `proof` when a proof or an
 * attestation was refused, `input` when a policy, a market table or a role was, `environment` when the chain itself
 * is in the way. Every write is simulated first, so a refusal costs nothing.
 *
 * @module
 */

import {
  type Account,
  type Address,
  type Chain,
  concat,
  encodeAbiParameters,
  encodeFunctionData,
  getAbiItem,
  type Hex,
  isAddressEqual,
  keccak256,
  type LocalAccount,
  type PublicClient,
  recoverTypedDataAddress,
  slice,
  TransactionNotFoundError,
  TransactionReceiptNotFoundError,
  type Transport,
  type WalletClient,
} from "viem";
import { inputError, KeelError } from "../core/errors.js";
import { encodeProof } from "../core/groth16.js";
import { type Domain, domainField, isWithin, type Scope } from "../files/domain.js";
import { circuitHash, type PolicyTerms, policyId } from "../files/policy.js";
import type { SeriesId } from "../files/series.js";
import type { Attestation, DisclosureAttestation } from "../statement/attestation.js";
import { sealedList } from "../statement/disclosure.js";
import { healthRegistryAbi, marketBookAbi, policyBookAbi, shareTokenAbi, verifierBookAbi } from "./abi.js";
import { reach, toKeelError } from "./contract-errors.js";

export { toKeelError } from "./contract-errors.js";

/** A wallet bound to an account and a chain. */
export type Wallet = WalletClient<Transport, Chain, Account>;

/** A registry on a chain, with the books it trusts. */
export interface Registry {
  readonly client: PublicClient;
  readonly chainId: number;
  readonly address: Address;
  readonly policyBook: Address;
  readonly marketBook: Address;
  readonly verifierBook: Address;
  /** In how many blocks a transaction has to stand, its own included, before it counts as sent; 1 when absent. */
  readonly confirmations?: number;
}

/** A transaction that succeeded. */
export interface Receipt {
  readonly hash: Hex;
  readonly gasUsed: bigint;
  readonly blockNumber: bigint;
  /** Nothing was sent: this is somebody's earlier transaction, which did the same. */
  readonly already?: true;
}

/** Blocks of logs that one request asks for: nodes refuse long ranges. */
export const LOG_SPAN = 10_000n;

/** How a subject stands under a policy, at the latest block. Times are unix seconds. */
export interface Status {
  readonly subject: Address;
  readonly policyId: Hex;
  /** The contract's answer: the latest attestation counts now. */
  readonly healthy: boolean;
  readonly enrolled: boolean;
  /** The declared accounts that count now; absent when the subject never enrolled. */
  readonly enrolment?: bigint;
  /** An announced list of accounts, and the first second at which it counts. */
  readonly pendingEnrolment?: PendingEnrolment;
  /** State of the drawdown chain, from which the next attestation goes on; 0 before the first one, and while it may start over. */
  readonly state: bigint;
  /** First second at which the drawdown chain may start over; absent when no guardian said so, or it did. */
  readonly restartAt?: number;
  readonly standing: Standing;
  /** Snapshot time of the latest attestation; absent when there is none. */
  readonly asOf?: number;
  /** First second at which the latest attestation is too old; absent when there is none. */
  readonly expiry?: number;
  /** Seconds for which health still lasts; 0 when it does not. */
  readonly timeLeft: number;
  /** Snapshots must be newer than this: the latest attestation's, or the time at which it was revoked. */
  readonly floor: number;
  /** When the latest unbroken run of health began: block time of its first attestation; absent when there is none. */
  readonly since?: number;
  readonly firstAsOf?: number;
  /** Snapshot time of the latest attestation that counted or began a run. */
  readonly countedAt?: number;
  /** Attestations whose snapshots are at least the policy's minInterval apart. */
  readonly count: number;
  /** The same since health was last interrupted. */
  readonly streak: number;
  readonly lapses: number;
  /** Hash of what the latest attestation rests on, as {@link basisHash} makes it; absent when there is none. */
  readonly basis?: Hex;
  /** What the latest attestation shows of the book's worth; absent when there is none, or the policy wants none shown. */
  readonly nav?: NetAssetValue;
  /** Time of the block that answered. */
  readonly blockTime: number;
}

/** A net asset value that a proof stands behind, and by whose units to divide it. */
export interface NetAssetValue {
  /** USD 1e16, rounded down to the policy's step. */
  readonly value: bigint;
  /** Of the fund at the same moment, 1e8. */
  readonly units: bigint;
}

/** The net asset value of a subject's latest attestation under a policy. Times are unix seconds. */
export interface NavRecord extends NetAssetValue {
  /** Of the snapshot. */
  readonly asOf: number;
  /** First second at which the attestation is too old. */
  readonly expiry: number;
  /** Whether it counts at the block that answered. */
  readonly live: boolean;
}

/** A list of declared accounts that is announced and does not count yet. */
export interface PendingEnrolment {
  readonly enrolment: bigint;
  /** First second at which it counts, unix seconds. */
  readonly liveAt: number;
}

/** A table of a series: its Poseidon root and its time in unix seconds. */
export interface MarketTableId {
  readonly series: SeriesId;
  readonly root: bigint;
  readonly asOf: number;
}

/** A market, returns or liquidity table to publish. */
export interface MarketCommitment extends MarketTableId {
  /** keccak256 of the canonical text of its file: `marketContentHash`, `returnsContentHash`, `liquidityContentHash`. */
  readonly contentHash: Hex;
}

/** What an attestation rests on beside the subject's own data; what belongs to a proof that it does not have is 0. */
export interface Basis {
  /** Of the verifiers, in the verifier book. */
  readonly version: number;
  readonly marketRoot: bigint;
  /** Unix seconds. */
  readonly marketTime: number;
  readonly tailVersion: number;
  readonly returnsRoot: bigint;
  /** Unix seconds. */
  readonly returnsTime: number;
  readonly disclosureVersion: number;
  readonly liquidityVersion: number;
  readonly liquidityRoot: bigint;
  /** Unix seconds. */
  readonly liquidityTime: number;
}

/** A subject's present run of health under a line of policies. Times are unix seconds. */
export interface LineRecord {
  /** The line's policy at this moment. */
  readonly policyId: Hex;
  readonly healthy: boolean;
  /** Snapshot time and expiry of the latest attestation under it, 0 when it is not healthy. */
  readonly asOf: number;
  readonly expiry: number;
  /**
   * When the run began; 0 when there is none. From then on the subject was healthy under the line's policy of each second, or
   * under one that the line had left by no more than that one's validity.
   */
  readonly since: number;
  /** Attestations of the run that count, under each policy no more than fit the time since the line had it. */
  readonly streak: number;
}

/** One publisher's EIP-712 signature of a market table: a key's, or whatever a contract wants (ERC-1271). */
export interface MarketSignature {
  readonly signer: Address;
  readonly signature: Hex;
}

/**
 * Whether a record takes attestations: `revokedBySubject` and `voided` (what it rested on was taken back) until a newer
 * snapshot, `revokedByGuardian` until reopened.
 */
export type Standing = (typeof STANDINGS)[number];

/** In the contract's order. */
export const STANDINGS = ["open", "revokedBySubject", "revokedByGuardian", "voided"] as const;

/**
 * Connects to a registry and makes sure that it is one, on this chain.
 *
 * @param expected the registry that the caller knows, where the address comes from somewhere else, such as a vault: anybody
 * can deploy a registry that says what he wants
 * @throws KeelError kind `environment`, code `registry.foreign`, `registry.missing`, `registry.domain` or `chain.*`.
 */
export async function connectRegistry(
  client: PublicClient,
  address: Address,
  expected?: Domain,
): Promise<Registry> {
  const chainId = await reach(() => client.getChainId());
  if (expected !== undefined && !isWithin(expected, { chainId, registry: address })) {
    const wanted = `registry ${expected.registry} on chain ${expected.chainId}`;
    throw fault("registry.foreign", wanted, `registry ${address} on chain ${chainId}`);
  }
  const code = await reach(() => client.getCode({ address }));
  if (code === undefined) {
    throw fault(
      "registry.missing",
      `a contract at ${address} on chain ${chainId}`,
      "an address without code",
    );
  }
  const read = (functionName: "policyBook" | "marketBook" | "verifierBook") =>
    reach(() => client.readContract({ address, abi: healthRegistryAbi, functionName }));
  const domain = await reach(() =>
    client.readContract({ address, abi: healthRegistryAbi, functionName: "domain" }),
  );
  const own = domainField({ chainId, registry: address });
  if (domain !== own) throw fault("registry.domain", `domain ${own}`, `${domain}`);
  const [policyBook, marketBook, verifierBook] = await Promise.all([
    read("policyBook"),
    read("marketBook"),
    read("verifierBook"),
  ]);
  return { client, chainId, address, policyBook, marketBook, verifierBook };
}

/**
 * Makes the wallet's account a subject and declares its accounts. A list counts at once until the first attestation, from then
 * on another one after the registry's delay; declaring the same again changes nothing.
 *
 * @param enrolment hiding commitment to the ordered list of accounts; above zero, below the field's order
 */
export async function enrol(registry: Registry, wallet: Wallet, enrolment: bigint): Promise<Receipt> {
  const data = encodeFunctionData({ abi: healthRegistryAbi, functionName: "enrol", args: [enrolment] });
  return await send(registry, wallet, registry.address, data);
}

/**
 * Lets a subject that lost its state start its drawdown chain over, after the registry's delay; the wallet's account has the
 * guardian role.
 */
export async function restartChain(
  registry: Registry,
  wallet: Wallet,
  subject: Address,
  reason: string,
): Promise<Receipt> {
  const args = [subject, reason] as const;
  const data = encodeFunctionData({ abi: healthRegistryAbi, functionName: "restartChain", args });
  return await send(registry, wallet, registry.address, data);
}

/** Calls a restart off; the wallet's account is the subject or has the guardian role. */
export async function cancelRestart(registry: Registry, wallet: Wallet, subject: Address): Promise<Receipt> {
  const data = encodeFunctionData({ abi: healthRegistryAbi, functionName: "cancelRestart", args: [subject] });
  return await send(registry, wallet, registry.address, data);
}

/** Withdraws the wallet account's own latest attestation. */
export async function revoke(
  registry: Registry,
  wallet: Wallet,
  policy: Hex,
  reason: string,
): Promise<Receipt> {
  const data = encodeFunctionData({ abi: healthRegistryAbi, functionName: "revoke", args: [policy, reason] });
  return await send(registry, wallet, registry.address, data);
}

/**
 * Ends a live attestation that rests on a retired verifier or a withdrawn table. Any account may.
 *
 * @param basis what it rests on, as its log says (`basisOf`)
 * @throws KeelError kind `input`, code `registry.nothingToVoid` or `registry.wrongBasis`
 */
export async function voidAttestation(
  registry: Registry,
  wallet: Wallet,
  subject: Address,
  policy: Hex,
  basis: Basis,
): Promise<Receipt> {
  const args = [subject, policy, basisArgument(basis)] as const;
  const data = encodeFunctionData({ abi: healthRegistryAbi, functionName: "voidAttestation", args });
  return await send(registry, wallet, registry.address, data);
}

/** What the registry keeps of a basis: the first 22 bytes of keccak256(abi.encode(basis)). */
export function basisHash(basis: Basis): Hex {
  const { inputs } = getAbiItem({ abi: healthRegistryAbi, name: "voidAttestation" });
  return slice(keccak256(encodeAbiParameters([inputs[2]], [basisArgument(basis)])), 0, 22);
}

function basisArgument(basis: Basis) {
  return {
    ...basis,
    marketTime: BigInt(basis.marketTime),
    returnsTime: BigInt(basis.returnsTime),
    liquidityTime: BigInt(basis.liquidityTime),
  };
}

/** Closes a subject's record; the wallet's account has the guardian role. */
export async function revokeFor(
  registry: Registry,
  wallet: Wallet,
  subject: Address,
  policy: Hex,
  reason: string,
): Promise<Receipt> {
  const args = [subject, policy, reason] as const;
  const data = encodeFunctionData({ abi: healthRegistryAbi, functionName: "revokeFor", args });
  return await send(registry, wallet, registry.address, data);
}

/** Lets a closed record accept new attestations; the wallet's account has the guardian role. */
export async function reopen(
  registry: Registry,
  wallet: Wallet,
  subject: Address,
  policy: Hex,
): Promise<Receipt> {
  const data = encodeFunctionData({
    abi: healthRegistryAbi,
    functionName: "reopen",
    args: [subject, policy],
  });
  return await send(registry, wallet, registry.address, data);
}

/**
 * Submits an attestation. Any account may: the proof is bound to its subject. Where it is in force already, whoever submitted
 * it, that is success.
 *
 * @param version of the circuit's verifier; the newest live one when absent
 * @param gas as for {@link send}
 * @throws KeelError kind `proof` when it is refused; code `registry.<contract error>`
 */
export async function submitAttestation(
  registry: Registry,
  wallet: Wallet,
  attestation: Attestation,
  version?: number,
  gas?: bigint,
): Promise<Receipt> {
  return await unlessDone(registry, [attestation], async () => {
    const submission = await submissionFor(registry, attestation, version);
    const data = encodeFunctionData({ abi: healthRegistryAbi, functionName: "attest", args: [submission] });
    return await send(registry, wallet, registry.address, withMemos(data, [attestation]), gas);
  });
}

/**
 * Submits several attestations of one circuit at once, in order: all of them count, or none. Those in force already are skipped;
 * where all are, that is success.
 *
 * @throws KeelError as {@link submitAttestation}; when a proof is false, code `registry.batchRefused` with path
 * `attestations[i]` of the first false one
 */
export async function submitBatch(
  registry: Registry,
  wallet: Wallet,
  attestations: readonly Attestation[],
  version?: number,
  gas?: bigint,
): Promise<Receipt> {
  return await unlessDone(registry, attestations, async () => {
    const latest = versionsOf(registry);
    const submissions = await Promise.all(
      attestations.map((attestation) => submissionFor(registry, attestation, version, latest)),
    );
    const call = { abi: healthRegistryAbi, args: [submissions] } as const;
    const data = encodeFunctionData({ ...call, functionName: "attestBatch" });
    try {
      return await send(registry, wallet, registry.address, withMemos(data, attestations), gas);
    } catch (error) {
      if (!(error instanceof KeelError) || error.code !== "registry.batchRefused") throw error;
      const index = await reach(() =>
        registry.client.readContract({ ...call, address: registry.address, functionName: "firstRefused" }),
      );
      throw new KeelError({ ...error.toJSON(), path: `attestations[${index}]` }, { cause: error });
    }
  });
}

/** Calldata with the attestations' memos behind it, which no contract reads. */
function withMemos(data: Hex, attestations: readonly Attestation[]): Hex {
  return concat([data, ...attestations.flatMap(({ memo }) => (memo === undefined ? [] : [memo]))]);
}

/** Looks before and after a refusal whether somebody else has done the work. */
async function unlessDone(
  registry: Registry,
  attestations: readonly Attestation[],
  work: () => Promise<Receipt>,
): Promise<Receipt> {
  const before = await receiptOf(registry, attestations);
  if (before !== undefined) return before;
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof KeelError) || error.kind !== "proof") throw error;
    const after = await receiptOf(registry, attestations);
    if (after !== undefined) return after;
    throw error;
  }
}

/** The transaction that brought the last of these attestations; undefined unless each of them is in force. */
async function receiptOf(
  registry: Registry,
  attestations: readonly Attestation[],
): Promise<Receipt | undefined> {
  if (attestations.length === 0 || !(await areDone(registry, attestations))) return undefined;
  let receipt: Receipt | undefined;
  for (const attestation of attestations) {
    receipt = await broughtBy(registry, attestation);
    if (receipt === undefined) return undefined;
  }
  return receipt;
}

/** Whether each is in force, as the registry's `attestBatch` judges what it skips. */
async function areDone(registry: Registry, attestations: readonly Attestation[]): Promise<boolean> {
  for (const [i, { subject, policyId, asOf, drawdown }] of attestations.entries()) {
    const status = await statusOf(registry, subject, policyId);
    if (!status.healthy || status.asOf === undefined || asOf > status.asOf) return false;
    const steps = attestations.slice(i + 1).filter((later) => isAddressEqual(later.subject, subject));
    let { newState } = drawdown;
    for (const { drawdown: step } of steps) {
      if (newState !== status.state && step.previousState === newState) newState = step.newState;
    }
    if (newState !== status.state) return false;
  }
  return true;
}

/** The transaction that brought just this statement, by its digest: not before its snapshot's time. */
async function broughtBy(registry: Registry, attestation: Attestation): Promise<Receipt | undefined> {
  const { client, address } = registry;
  const { subject, policyId, asOf, digest } = attestation;
  const call = { address, abi: healthRegistryAbi, eventName: "Attested", strict: true } as const;
  return await reach(async () => {
    for (let toBlock = await client.getBlockNumber({ cacheTime: 0 }); toBlock >= 0n; toBlock -= LOG_SPAN) {
      const fromBlock = toBlock < LOG_SPAN ? 0n : toBlock - LOG_SPAN + 1n;
      const range = { fromBlock, toBlock };
      const logs = await client.getContractEvents({ ...call, ...range, args: { subject, policyId } });
      const found = logs.findLast(({ args }) => args.submission.commitment === digest);
      if (found !== undefined) {
        const { transactionHash: hash, blockNumber } = found;
        const { gasUsed } = await client.getTransactionReceipt({ hash });
        return { hash, gasUsed, blockNumber, already: true };
      }
      if ((await client.getBlock({ blockNumber: fromBlock })).timestamp < asOf) break;
    }
    return undefined;
  });
}

/** The statement vector and the point and value that the contract computes for an attestation. */
export async function statementOf(
  registry: Registry,
  attestation: Attestation,
): Promise<{ readonly vector: readonly bigint[]; readonly x: bigint; readonly y: bigint }> {
  const [vector, x, y] = await reach(() =>
    registry.client.readContract({
      address: registry.address,
      abi: healthRegistryAbi,
      functionName: "statementOf",
      args: [submissionOf(attestation, 0)],
    }),
  );
  return { vector, x, y };
}

/** An attestation as a submission to the newest live verifiers; `version` of the health proof's may be given. */
async function submissionFor(
  registry: Registry,
  attestation: Attestation,
  version?: number,
  latest = versionsOf(registry),
) {
  const { circuit, tail, liquidity, disclosure } = attestation;
  const latestOf = async (proof: { readonly circuit: string } | undefined): Promise<number> =>
    proof === undefined ? 0 : await latest(proof.circuit);
  return submissionOf(
    attestation,
    version ?? (await latest(circuit)),
    await latestOf(tail),
    await latestOf(disclosure),
    await latestOf(liquidity),
  );
}

/** {@link latestVersion}, asked once a circuit. */
function versionsOf(registry: Registry): (circuit: string) => Promise<number> {
  const known = new Map<string, Promise<number>>();
  return (circuit) => {
    const version = known.get(circuit) ?? latestVersion(registry, circuit);
    known.set(circuit, version);
    return version;
  };
}

/** What a proof beside the health proof is of, as the contracts number it. */
export const PROOF_KIND = { tail: 1, liquidity: 2 } as const;

/**
 * An attestation as the contract's `Submission`.
 *
 * @param tailVersion of the tail-risk circuit's verifier, where the attestation has such a proof
 * @param disclosureVersion of the disclosure circuit's, likewise
 * @param liquidityVersion of the liquidity circuit's, likewise
 */
export function submissionOf(
  attestation: Attestation,
  version: number,
  tailVersion = 0,
  disclosureVersion = 0,
  liquidityVersion = 0,
) {
  const { tail, liquidity, disclosure } = attestation;
  return {
    subject: attestation.subject,
    policyId: attestation.policyId,
    version,
    marketRoot: attestation.market.root,
    marketTime: BigInt(attestation.market.asOf),
    asOf: BigInt(attestation.asOf),
    enrolment: attestation.enrolment,
    units: attestation.drawdown.units,
    previousState: attestation.drawdown.previousState,
    newState: attestation.drawdown.newState,
    portfolioCommitment: attestation.portfolioCommitment,
    exposuresCommitment: attestation.exposuresCommitment,
    commitment: attestation.digest,
    proof: encodeProof(attestation.proof),
    unitsSignature: attestation.unitsSignature ?? ("0x" as const),
    tables: [
      ...(tail === undefined ? [] : [tableArgument("tail", tail, tail.returns, tailVersion)]),
      ...(liquidity === undefined
        ? []
        : [tableArgument("liquidity", liquidity, liquidity.depths, liquidityVersion)]),
    ],
    disclosure: disclosure === undefined ? [] : [disclosureArgument(disclosure, disclosureVersion)],
  };
}

function tableArgument(
  kind: keyof typeof PROOF_KIND,
  { digest, proof }: Pick<Attestation, "digest" | "proof">,
  { root, asOf }: { readonly root: bigint; readonly asOf: number },
  version: number,
) {
  return {
    ...{ kind: PROOF_KIND[kind], version, root },
    time: BigInt(asOf),
    commitment: digest,
    proof: encodeProof(proof),
  };
}

function disclosureArgument({ nav, sealed, digest, proof }: DisclosureAttestation, version: number) {
  const sealedSums = sealed === undefined ? [] : sealedList(sealed);
  return { version, nav, sealedSums, commitment: digest, proof: encodeProof(proof) };
}

/** The newest live version of a circuit's verifier; 0 when there is none, which the registry refuses. */
export async function latestVersion(registry: Registry, circuit: string): Promise<number> {
  return await reach(() =>
    registry.client.readContract({
      address: registry.verifierBook,
      abi: verifierBookAbi,
      functionName: "latest",
      args: [circuitHash(circuit)],
    }),
  );
}

/** Whether the registry says healthy, at the latest block. */
export async function isHealthy(registry: Registry, subject: Address, policy: Hex): Promise<boolean> {
  return await reach(() =>
    registry.client.readContract({
      address: registry.address,
      abi: healthRegistryAbi,
      functionName: "isHealthy",
      args: [subject, policy],
    }),
  );
}

/** Whether the registry says healthy by a snapshot of at most so many seconds ago, at the latest block. */
export async function isHealthyWithin(
  registry: Registry,
  subject: Address,
  policy: Hex,
  maxStaleness: number,
): Promise<boolean> {
  return await reach(() =>
    registry.client.readContract({
      address: registry.address,
      abi: healthRegistryAbi,
      functionName: "isHealthyWithin",
      args: [subject, policy, maxStaleness],
    }),
  );
}

/** A subject's present run of health under a line of the policy book, at the latest block. */
export async function lineRecordOf(registry: Registry, subject: Address, line: Hex): Promise<LineRecord> {
  const found = await reach(() =>
    registry.client.readContract({
      address: registry.address,
      abi: healthRegistryAbi,
      functionName: "lineRecordOf",
      args: [subject, line],
    }),
  );
  return { ...found, healthy: found.expiry !== 0 };
}

/**
 * Units of a fund as its share token gives them: the total supply at a past time with 8 decimals, rounded up, as the registry
 * asks for them.
 *
 * @param asOf unix seconds, before the present
 * @throws KeelError kind `environment`, code `units.unavailable`
 */
export async function tokenUnits(
  { client }: Pick<Registry, "client">,
  token: Address,
  asOf: number,
): Promise<bigint> {
  const call = { address: token, abi: shareTokenAbi } as const;
  const [decimals, supply] = await Promise.all([
    client.readContract({ ...call, functionName: "decimals" }),
    client.readContract({ ...call, functionName: "getPastTotalSupply", args: [BigInt(asOf)] }),
  ]).catch((cause: unknown) => {
    throw unavailable(token, asOf, toKeelError(cause).received ?? "no answer", cause);
  });
  if (decimals > MOST_DECIMALS) throw unavailable(token, asOf, `${decimals} decimals`);
  const units = inUnits(supply, decimals);
  if (units >> 96n !== 0n) throw unavailable(token, asOf, "more than 96 bits");
  return units;
}

/** More decimals than any share token has; the registry's bound. */
const MOST_DECIMALS = 36;
const UNIT_DECIMALS = 8;

/** Rounded up. */
function inUnits(supply: bigint, decimals: number): bigint {
  if (decimals <= UNIT_DECIMALS) return supply * 10n ** BigInt(UNIT_DECIMALS - decimals);
  const divisor = 10n ** BigInt(decimals - UNIT_DECIMALS);
  return (supply + divisor - 1n) / divisor;
}

function unavailable(token: Address, asOf: number, received: string, cause?: unknown): KeelError {
  const expected = `token ${token} to say its total supply at ${asOf}`;
  const details = { kind: "environment", code: "units.unavailable", path: "policy.units.token" } as const;
  return new KeelError({ ...details, expected, received }, { cause });
}

/** The declared accounts of a subject that count now; 0 when it never enrolled. */
export async function enrolmentOf(registry: Registry, subject: Address): Promise<bigint> {
  return await readSubject(registry, "enrolmentOf", subject);
}

/** The accounts that a subject announced, and from when they count; nothing when the declared ones are its latest. */
export async function pendingEnrolmentOf(
  { client, address }: Registry,
  subject: Address,
): Promise<Status["pendingEnrolment"]> {
  const call = {
    address,
    abi: healthRegistryAbi,
    functionName: "pendingEnrolmentOf",
    args: [subject],
  } as const;
  const [enrolment, liveAt] = await reach(() => client.readContract(call));
  return enrolment === 0n ? undefined : { enrolment, liveAt };
}

/** The state of a subject's drawdown chain, from which its next attestation goes on; 0 before the first one. */
export async function stateOf(registry: Registry, subject: Address): Promise<bigint> {
  return await readSubject(registry, "stateOf", subject);
}

async function readSubject(
  { client, address }: Registry,
  functionName: "enrolmentOf" | "stateOf",
  subject: Address,
): Promise<bigint> {
  const call = { address, abi: healthRegistryAbi, functionName, args: [subject] } as const;
  return await reach(() => client.readContract(call));
}

/** Number of the chain's latest block. */
export async function latestBlock({ client }: Registry): Promise<bigint> {
  return await reach(() => client.getBlockNumber({ cacheTime: 0 }));
}

/** Blocks after which one is taken for final where the chain does not say. */
const FINAL_DEPTH = 64n;

/** Number of the latest block that is final: as the chain says it, or by how many blocks stand on it. */
export async function finalBlock({ client }: Registry): Promise<bigint> {
  return await reach(async () => {
    const said = await client.getBlock({ blockTag: "finalized" }).catch(() => undefined);
    const latest = await client.getBlockNumber({ cacheTime: 0 });
    if (said?.number != null && said.number < latest) return said.number;
    return latest > FINAL_DEPTH ? latest - FINAL_DEPTH : 0n;
  });
}

/**
 * The net asset value of a subject's latest attestation under a policy, whether or not it counts; undefined when there is none, or
 * the policy wants none shown.
 */
export async function navRecordOf(
  registry: Registry,
  subject: Address,
  policy: Hex,
): Promise<NavRecord | undefined> {
  const call = { address: registry.address, abi: healthRegistryAbi, functionName: "navOf" } as const;
  const found = await reach(() => registry.client.readContract({ ...call, args: [subject, policy] }));
  return found.units === 0n ? undefined : found;
}

/** All that the registry knows of a subject under a policy, read at one block: the latest when none is named. */
export async function statusOf(
  registry: Registry,
  subject: Address,
  policy: Hex,
  blockNumber?: bigint,
): Promise<Status> {
  const { client } = registry;
  const block = await reach(() => client.getBlock(blockNumber === undefined ? {} : { blockNumber }));
  const call = { address: registry.address, abi: healthRegistryAbi, blockNumber: block.number } as const;
  const [record, healthy, enrolment, [next, nextLiveAt], state, restartAt, shown] = await reach(() =>
    Promise.all([
      client.readContract({ ...call, functionName: "recordOf", args: [subject, policy] }),
      client.readContract({ ...call, functionName: "isHealthy", args: [subject, policy] }),
      client.readContract({ ...call, functionName: "enrolmentOf", args: [subject] }),
      client.readContract({ ...call, functionName: "pendingEnrolmentOf", args: [subject] }),
      client.readContract({ ...call, functionName: "stateOf", args: [subject] }),
      client.readContract({ ...call, functionName: "pendingRestartOf", args: [subject] }),
      client.readContract({ ...call, functionName: "navOf", args: [subject, policy] }),
    ]),
  );
  const { asOf, expiry, since, firstAsOf, countedAt, basis, floor, count, streak, lapses } = record;
  const blockTime = Number(block.timestamp);
  return {
    subject,
    policyId: policy,
    healthy,
    enrolled: enrolment !== 0n,
    ...(enrolment === 0n ? {} : { enrolment }),
    ...(next === 0n ? {} : { pendingEnrolment: { enrolment: next, liveAt: nextLiveAt } }),
    state,
    ...(restartAt === 0 ? {} : { restartAt }),
    standing: STANDINGS[record.standing]!,
    ...(count === 0 ? {} : { asOf, expiry, since, firstAsOf, countedAt, basis }),
    timeLeft: healthy ? expiry - blockTime : 0,
    floor,
    count,
    streak,
    lapses,
    ...(shown.units === 0n ? {} : { nav: { value: shown.value, units: shown.units } }),
    blockTime,
  };
}

/**
 * Declares a domain of registries, before a policy that names it is published; any account may, on each member's chain.
 * Declaring it again changes nothing.
 *
 * @param members in their order, as `sortMembers` gives them
 */
export async function declareDomain(
  registry: Registry,
  wallet: Wallet,
  members: readonly Domain[],
): Promise<Receipt & { readonly domain: bigint }> {
  const args = [members.map((member) => ({ ...member, chainId: BigInt(member.chainId) }))] as const;
  const data = encodeFunctionData({ abi: policyBookAbi, functionName: "declareDomain", args });
  return { ...(await send(registry, wallet, registry.policyBook, data)), domain: domainField(members) };
}

/**
 * Where an attestation under these terms counts: at the registry alone, or at each member of the declared domain, which is
 * checked against the terms: a lying node cannot change it.
 *
 * @throws KeelError kind `proof`, code `registry.foreignDomain` or `registry.unknownDomain`; kind `environment`, code
 * `chain.domain`
 */
export async function scopeIn(registry: Registry, { domain }: PolicyTerms): Promise<Scope> {
  const own = { chainId: registry.chainId, registry: registry.address };
  if (domain === 0n) return own;
  const found = await reach(() =>
    registry.client.readContract({
      address: registry.policyBook,
      abi: policyBookAbi,
      functionName: "membersOf",
      args: [domain],
    }),
  );
  const members = found.map((member) => ({
    chainId: Number(member.chainId),
    registry: member.registry.toLowerCase() as Address,
  }));
  const received = domainField(members);
  if (received !== domain)
    throw fault("chain.domain", `members of domain ${domain}`, `of domain ${received}`);
  if (isWithin(members, own)) return members;
  throw new KeelError({
    kind: "proof",
    code: "registry.foreignDomain",
    path: "policy.domain",
    expected: `a domain with registry ${registry.address} on chain ${registry.chainId}`,
    received: "others",
  });
}

/** Publishes a policy's terms; any account may. The id is `policyId(terms)`. */
export async function publishPolicy(
  registry: Registry,
  wallet: Wallet,
  terms: PolicyTerms,
): Promise<Receipt & { readonly policyId: Hex }> {
  const data = publishCall(terms);
  return { ...(await send(registry, wallet, registry.policyBook, data)), policyId: policyId(terms) };
}

/** The call that publishes terms, to the policy book. */
export function publishCall(terms: PolicyTerms): Hex {
  const { liquidity, ...policy } = terms;
  if (liquidity === undefined) {
    return encodeFunctionData({ abi: policyBookAbi, functionName: "publish", args: [policy] });
  }
  const args = [policy, liquidity] as const;
  return encodeFunctionData({ abi: policyBookAbi, functionName: "publishWithLiquidity", args });
}

/**
 * The terms behind a policy id, checked against the id: a lying node cannot change them.
 *
 * @throws KeelError kind `proof`, code `registry.unknownPolicy`; kind `environment`, code `chain.policy`.
 */
export async function policyTermsOf(registry: Registry, id: Hex): Promise<PolicyTerms> {
  const found = await reach(() =>
    registry.client.readContract({
      address: registry.policyBook,
      abi: policyBookAbi,
      functionName: "policyOf",
      args: [id],
    }),
  );
  const terms = { ...found, unitsSource: found.unitsSource.toLowerCase() as Address };
  if (policyId(terms) === id) return terms;
  // Another id than that of the policy alone: it limits the days to unwind, or somebody lies.
  const liquidity = await reach(() =>
    registry.client.readContract({
      address: registry.policyBook,
      abi: policyBookAbi,
      functionName: "liquidityOf",
      args: [id],
    }),
  );
  const both = { ...terms, liquidity };
  if (policyId(both) !== id)
    throw fault("chain.policy", `terms with id ${id}`, `terms with id ${policyId(both)}`);
  return both;
}

/** Signs a market, returns or liquidity table as a publisher, for one market book on one chain. */
export async function signMarket(
  registry: Pick<Registry, "chainId" | "marketBook">,
  account: LocalAccount,
  market: MarketCommitment,
): Promise<MarketSignature> {
  return {
    signer: account.address,
    signature: await account.signTypedData(marketTypedData(registry, market)),
  };
}

/**
 * Publishes a signed market table; any account may.
 *
 * @param signatures in any order
 * @throws KeelError kind `input` when a signature is not its signer's (code `market.signature`) or the book refuses
 */
export async function publishMarket(
  registry: Registry,
  wallet: Wallet,
  market: MarketCommitment,
  signatures: readonly MarketSignature[],
): Promise<Receipt> {
  await checkSignatures(registry, market, signatures);
  const sorted = [...signatures].sort((a, b) => (BigInt(a.signer) < BigInt(b.signer) ? -1 : 1));
  const data = encodeFunctionData({
    abi: marketBookAbi,
    functionName: "publish",
    args: [
      market.series,
      market.root,
      BigInt(market.asOf),
      market.contentHash,
      sorted.map(({ signer, signature }) => ({ signer, signature })),
    ],
  });
  return await send(registry, wallet, registry.marketBook, data);
}

/** Whether the market book accepted this table of this series at this time, and nobody withdrew it. */
export async function isMarketAccepted(
  registry: Registry,
  { series, root, asOf }: MarketTableId,
): Promise<boolean> {
  return await reach(() =>
    registry.client.readContract({
      address: registry.marketBook,
      abi: marketBookAbi,
      functionName: "isAccepted",
      args: [series, root, BigInt(asOf)],
    }),
  );
}

/** What a market book decided about a table. */
export type TableStanding = (typeof TABLE_STANDINGS)[number];

/** In the contract's order. */
const TABLE_STANDINGS = ["unknown", "accepted", "withdrawn"] as const;

/** What the market book decided about a table. */
export async function tableStandingOf(
  registry: Registry,
  { series, root, asOf }: MarketTableId,
): Promise<TableStanding> {
  const standing = await reach(() =>
    registry.client.readContract({
      address: registry.marketBook,
      abi: marketBookAbi,
      functionName: "standingOf",
      args: [series, root, BigInt(asOf)],
    }),
  );
  return TABLE_STANDINGS[standing]!;
}

/** The EIP-712 message that publishers sign. */
export function marketTypedData(
  { chainId, marketBook }: Pick<Registry, "chainId" | "marketBook">,
  { series, root, asOf, contentHash }: MarketCommitment,
) {
  return {
    domain: { name: "Keel MarketBook", version: "2", chainId, verifyingContract: marketBook },
    types: {
      MarketTable: [
        { name: "series", type: "bytes32" },
        { name: "root", type: "uint256" },
        { name: "asOf", type: "uint64" },
        { name: "contentHash", type: "bytes32" },
      ],
    },
    primaryType: "MarketTable",
    message: { series, root, asOf: BigInt(asOf), contentHash },
  } as const;
}

async function checkSignatures(
  registry: Registry,
  market: MarketCommitment,
  signatures: readonly MarketSignature[],
): Promise<void> {
  const typed = marketTypedData(registry, market);
  for (const [i, { signer, signature }] of signatures.entries()) {
    const recovered = await recoverTypedDataAddress({ ...typed, signature }).catch(
      () => "no valid signature",
    );
    if (recovered.toLowerCase() === signer.toLowerCase()) continue;
    // A contract says itself what its signature is, and the book asks it.
    if (await hasCode(registry, signer)) continue;
    throw inputError("market.signature", `signatures[${i}]`, `a signature by ${signer}`, recovered);
  }
}

async function hasCode({ client }: Registry, address: Address): Promise<boolean> {
  return (await reach(() => client.getCode({ address }))) !== undefined;
}

/**
 * Sends a call after simulating it, and waits until it is included and, where the registry asks for more confirmations, until so
 * many blocks stand. A reorganisation that puts it into another block is waited out.
 *
 * @param gas what it is expected to need at most: where the simulation goes through with it, the node is not asked for the
 * least, which some find by a dozen simulations. Too little is no harm: the node is asked then
 * @throws KeelError as {@link toKeelError} makes it; `chain.id` for a wallet of another chain; `chain.removed` when a
 * reorganisation took the transaction away; `chain.confirmations` when no more blocks come
 */
export async function send(
  registry: Registry,
  wallet: Wallet,
  to: Address,
  data: Hex,
  gas?: bigint,
): Promise<Receipt> {
  const { client } = registry;
  return await reach(async () => {
    if (wallet.chain.id !== registry.chainId) {
      throw fault("chain.id", `a wallet on chain ${registry.chainId}`, `chain ${wallet.chain.id}`);
    }
    // Against the pending block, whose time is that of inclusion: a snapshot of this second is not in the future there.
    const call = { account: wallet.account, to, data, blockTag: "pending" } as const;
    const isEnough = gas !== undefined && (await client.call({ ...call, gas }).then(done, notDone));
    if (!isEnough) await client.call(call);
    const hash = await wallet.sendTransaction({ to, data, ...(isEnough ? { gas } : {}) });
    await client.waitForTransactionReceipt({ hash });
    const receipt = await settledReceipt(registry, hash);
    if (receipt.status === "success") {
      return { hash, gasUsed: receipt.gasUsed, blockNumber: receipt.blockNumber };
    }
    // Something else got in between simulation and inclusion: the same call at that block says what.
    await client.call({ account: wallet.account, to, data, blockNumber: receipt.blockNumber });
    throw fault("chain.reverted", "the transaction to succeed", `${hash} reverted`);
  });
}

const done = (): boolean => true;
const notDone = (): boolean => false;

/** How often in a row a node may know nothing of a transaction that it had in a block. */
const MISSES = 3;
/** Longest time without a new block. */
const BLOCK_PATIENCE_MS = 180_000;

/** The receipt once enough blocks stand on it: asked for again each time, since it may move or go away. */
async function settledReceipt({ client, confirmations = 1 }: Registry, hash: Hex) {
  const { pollingInterval } = client;
  let [head, misses, since] = [-1n, 0, Date.now()];
  for (;;) {
    const latest = await client.getBlockNumber({ cacheTime: 0 });
    const receipt = await client.getTransactionReceipt({ hash }).catch(unknownTransaction);
    const standing = receipt === undefined ? 0n : latest - receipt.blockNumber + 1n;
    if (receipt !== undefined && standing >= BigInt(confirmations)) return receipt;
    const known = receipt ?? (await client.getTransaction({ hash }).catch(unknownTransaction));
    misses = known === undefined ? misses + 1 : 0;
    if (misses === MISSES) {
      throw fault("chain.removed", `${hash} to stay in the chain`, "a reorganisation that removed it");
    }
    if (latest !== head) [head, since] = [latest, Date.now()];
    if (Date.now() - since > BLOCK_PATIENCE_MS) {
      const received = `${standing}, and no new block for ${BLOCK_PATIENCE_MS / 1000} s`;
      throw fault("chain.confirmations", `${confirmations} blocks with ${hash}`, received);
    }
    await new Promise((done) => setTimeout(done, pollingInterval));
  }
}

function unknownTransaction(error: unknown): undefined {
  if (error instanceof TransactionReceiptNotFoundError || error instanceof TransactionNotFoundError)
    return undefined;
  throw error;
}

function fault(code: string, expected: string, received: string): KeelError {
  return new KeelError({ kind: "environment", code, expected, received });
}
