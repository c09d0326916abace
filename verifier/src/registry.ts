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
  BaseError,
  type Chain,
  type DecodeErrorResultReturnType,
  decodeErrorResult,
  encodeFunctionData,
  type Hex,
  isHex,
  type LocalAccount,
  type PublicClient,
  recoverTypedDataAddress,
  type Transport,
  type WalletClient,
} from "viem";
import { healthRegistryAbi, keelErrorsAbi, marketBookAbi, policyBookAbi, verifierBookAbi } from "./abi.js";
import type { Attestation } from "./attestation.js";
import { type Domain, domainField, isWithin, type Scope } from "./domain.js";
import { type ErrorDetails, type ErrorKind, inputError, KeelError } from "./errors.js";
import { encodeProof } from "./groth16.js";
import { circuitHash, type PolicyTerms, policyId } from "./policy.js";

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
}

/** A transaction that succeeded. */
export interface Receipt {
  readonly hash: Hex;
  readonly gasUsed: bigint;
  readonly blockNumber: bigint;
}

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
  /** State of the drawdown chain, from which the next attestation goes on; 0 before the first one. */
  readonly state: bigint;
  readonly standing: Standing;
  /** Snapshot time of the latest attestation; absent when there is none. */
  readonly asOf?: number;
  /** First second at which the latest attestation is too old; absent when there is none. */
  readonly expiry?: number;
  /** Seconds for which health still lasts; 0 when it does not. */
  readonly timeLeft: number;
  /** Snapshots must be newer than this. */
  readonly floor: number;
  readonly firstAsOf?: number;
  readonly count: number;
  readonly streak: number;
  readonly lapses: number;
  /** Time of the block that answered. */
  readonly blockTime: number;
}

/** A list of declared accounts that is announced and does not count yet. */
export interface PendingEnrolment {
  readonly enrolment: bigint;
  /** First second at which it counts, unix seconds. */
  readonly liveAt: number;
}

/** A market table to publish: its Poseidon root and its time in unix seconds. */
export interface MarketCommitment {
  readonly root: bigint;
  readonly asOf: number;
}

/** One publisher's EIP-712 signature of a market table. */
export interface MarketSignature {
  readonly signer: Address;
  readonly signature: Hex;
}

/** Whether a record takes attestations: `revokedBySubject` until a newer snapshot, `revokedByGuardian` until reopened. */
export type Standing = (typeof STANDINGS)[number];

/** In the contract's order. */
export const STANDINGS = ["open", "revokedBySubject", "revokedByGuardian"] as const;

/**
 * Connects to a registry and makes sure that it is one, on this chain.
 *
 * @throws KeelError kind `environment`, code `registry.missing`, `registry.domain` or `chain.*`.
 */
export async function connectRegistry(client: PublicClient, address: Address): Promise<Registry> {
  const chainId = await reach(() => client.getChainId());
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
  const expected = domainField({ chainId, registry: address });
  if (domain !== expected) throw fault("registry.domain", `domain ${expected}`, `${domain}`);
  const [policyBook, marketBook, verifierBook] = await Promise.all([
    read("policyBook"),
    read("marketBook"),
    read("verifierBook"),
  ]);
  return { client, chainId, address, policyBook, marketBook, verifierBook };
}

/**
 * Makes the wallet's account a subject and declares its accounts. The first list counts at once, another one after the
 * registry's delay; declaring the same again changes nothing.
 *
 * @param enrolment hiding commitment to the ordered list of accounts; above zero, below the field's order
 */
export async function enrol(registry: Registry, wallet: Wallet, enrolment: bigint): Promise<Receipt> {
  const data = encodeFunctionData({ abi: healthRegistryAbi, functionName: "enrol", args: [enrolment] });
  return await send(registry, wallet, registry.address, data);
}

/** Lets a subject that lost its state start its drawdown chain over; the wallet's account has the guardian role. */
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
 * Submits an attestation. Any account may: the proof is bound to its subject.
 *
 * @param version of the circuit's verifier; the newest live one when absent
 * @throws KeelError kind `proof` when it is refused; code `registry.<contract error>`
 */
export async function submitAttestation(
  registry: Registry,
  wallet: Wallet,
  attestation: Attestation,
  version?: number,
): Promise<Receipt> {
  const submission = await submissionFor(registry, attestation, version);
  const data = encodeFunctionData({ abi: healthRegistryAbi, functionName: "attest", args: [submission] });
  return await send(registry, wallet, registry.address, data);
}

/**
 * Submits several attestations of one circuit at once, in order: all of them count, or none.
 *
 * @throws KeelError as {@link submitAttestation}; when a proof is false, code `registry.batchRefused` with path
 * `attestations[i]` of the first false one
 */
export async function submitBatch(
  registry: Registry,
  wallet: Wallet,
  attestations: readonly Attestation[],
  version?: number,
): Promise<Receipt> {
  const submissions = await Promise.all(
    attestations.map((attestation) => submissionFor(registry, attestation, version)),
  );
  const call = { abi: healthRegistryAbi, args: [submissions] } as const;
  const data = encodeFunctionData({ ...call, functionName: "attestBatch" });
  try {
    return await send(registry, wallet, registry.address, data);
  } catch (error) {
    if (!(error instanceof KeelError) || error.code !== "registry.batchRefused") throw error;
    const index = await reach(() =>
      registry.client.readContract({ ...call, address: registry.address, functionName: "firstRefused" }),
    );
    throw new KeelError({ ...error.toJSON(), path: `attestations[${index}]` }, { cause: error });
  }
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
async function submissionFor(registry: Registry, attestation: Attestation, version?: number) {
  const { circuit, tail } = attestation;
  return submissionOf(
    attestation,
    version ?? (await latestVersion(registry, circuit)),
    tail === undefined ? 0 : await latestVersion(registry, tail.circuit),
  );
}

/**
 * An attestation as the contract's `Submission`.
 *
 * @param tailVersion of the tail-risk circuit's verifier, where the attestation has such a proof
 */
export function submissionOf(attestation: Attestation, version: number, tailVersion = 0) {
  const { tail } = attestation;
  return {
    subject: attestation.subject,
    policyId: attestation.policyId,
    version,
    marketRoot: attestation.market.root,
    marketTime: BigInt(attestation.market.asOf),
    asOf: BigInt(attestation.asOf),
    enrolment: attestation.enrolment,
    units: attestation.chain.units,
    previousState: attestation.chain.previousState,
    newState: attestation.chain.newState,
    portfolioCommitment: attestation.portfolioCommitment,
    exposuresCommitment: attestation.exposuresCommitment,
    commitment: attestation.digest,
    proof: encodeProof(attestation.proof),
    tail:
      tail === undefined
        ? []
        : [
            {
              version: tailVersion,
              returnsRoot: tail.returns.root,
              returnsTime: BigInt(tail.returns.asOf),
              commitment: tail.digest,
              proof: encodeProof(tail.proof),
            },
          ],
  };
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

/** The declared accounts of a subject that count now; 0 when it never enrolled. */
export async function enrolmentOf(registry: Registry, subject: Address): Promise<bigint> {
  return await readSubject(registry, "enrolmentOf", subject);
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
  const [record, healthy, enrolment, [next, nextLiveAt], state] = await reach(() =>
    Promise.all([
      client.readContract({ ...call, functionName: "recordOf", args: [subject, policy] }),
      client.readContract({ ...call, functionName: "isHealthy", args: [subject, policy] }),
      client.readContract({ ...call, functionName: "enrolmentOf", args: [subject] }),
      client.readContract({ ...call, functionName: "pendingEnrolmentOf", args: [subject] }),
      client.readContract({ ...call, functionName: "stateOf", args: [subject] }),
    ]),
  );
  const { asOf, expiry, firstAsOf, floor, count, streak, lapses } = record;
  const blockTime = Number(block.timestamp);
  return {
    subject,
    policyId: policy,
    healthy,
    enrolled: enrolment !== 0n,
    ...(enrolment === 0n ? {} : { enrolment }),
    ...(next === 0n ? {} : { pendingEnrolment: { enrolment: next, liveAt: nextLiveAt } }),
    state,
    standing: STANDINGS[record.standing]!,
    ...(count === 0 ? {} : { asOf, expiry, firstAsOf }),
    timeLeft: healthy ? expiry - blockTime : 0,
    floor,
    count,
    streak,
    lapses,
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
  const data = encodeFunctionData({ abi: policyBookAbi, functionName: "publish", args: [terms] });
  return { ...(await send(registry, wallet, registry.policyBook, data)), policyId: policyId(terms) };
}

/**
 * The terms behind a policy id, checked against the id: a lying node cannot change them.
 *
 * @throws KeelError kind `proof`, code `registry.unknownPolicy`; kind `environment`, code `chain.policy`.
 */
export async function policyTermsOf(registry: Registry, id: Hex): Promise<PolicyTerms> {
  const terms = await reach(() =>
    registry.client.readContract({
      address: registry.policyBook,
      abi: policyBookAbi,
      functionName: "policyOf",
      args: [id],
    }),
  );
  if (policyId(terms) !== id)
    throw fault("chain.policy", `terms with id ${id}`, `terms with id ${policyId(terms)}`);
  return terms;
}

/** Signs a market table as a publisher, for one market book on one chain. */
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
    args: [market.root, BigInt(market.asOf), sorted.map(({ signature }) => signature)],
  });
  return await send(registry, wallet, registry.marketBook, data);
}

/** Whether the market book accepted this table at this time. */
export async function isMarketAccepted(
  registry: Registry,
  { root, asOf }: MarketCommitment,
): Promise<boolean> {
  return await reach(() =>
    registry.client.readContract({
      address: registry.marketBook,
      abi: marketBookAbi,
      functionName: "isAccepted",
      args: [root, BigInt(asOf)],
    }),
  );
}

/** The EIP-712 message that publishers sign. */
export function marketTypedData(
  { chainId, marketBook }: Pick<Registry, "chainId" | "marketBook">,
  { root, asOf }: MarketCommitment,
) {
  return {
    domain: { name: "Keel MarketBook", version: "1", chainId, verifyingContract: marketBook },
    types: {
      MarketTable: [
        { name: "root", type: "uint256" },
        { name: "asOf", type: "uint64" },
      ],
    },
    primaryType: "MarketTable",
    message: { root, asOf: BigInt(asOf) },
  } as const;
}

/**
 * A failure of a contract call as a `KeelError`; anything that is one already passes through. Use it around calls to
 * contracts that embed Keel's, such as a vault.
 */
export function toKeelError(error: unknown): KeelError {
  if (error instanceof KeelError) return error;
  const decoded = decodeRevert(error);
  if (decoded !== undefined) return new KeelError(describeRevert(decoded), { cause: error });
  const received = error instanceof BaseError ? nodeWords(error) : String(error);
  return new KeelError(
    { kind: "environment", code: "chain.call", expected: "the chain to answer", received },
    { cause: error },
  );
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
    throw inputError("market.signature", `signatures[${i}]`, `a signature by ${signer}`, recovered);
  }
}

/**
 * Sends a call after simulating it, and waits until it is included.
 *
 * @throws KeelError as {@link toKeelError} makes it; `chain.id` for a wallet of another chain
 */
export async function send(registry: Registry, wallet: Wallet, to: Address, data: Hex): Promise<Receipt> {
  const { client } = registry;
  return await reach(async () => {
    if (wallet.chain.id !== registry.chainId) {
      throw fault("chain.id", `a wallet on chain ${registry.chainId}`, `chain ${wallet.chain.id}`);
    }
    // Against the pending block, whose time is that of inclusion: a snapshot of this second is not in the future there.
    await client.call({ account: wallet.account, to, data, blockTag: "pending" });
    const hash = await wallet.sendTransaction({ to, data });
    const receipt = await client.waitForTransactionReceipt({ hash });
    if (receipt.status === "success") {
      return { hash, gasUsed: receipt.gasUsed, blockNumber: receipt.blockNumber };
    }
    // Something else got in between simulation and inclusion: the same call at that block says what.
    await client.call({ account: wallet.account, to, data, blockNumber: receipt.blockNumber });
    throw fault("chain.reverted", "the transaction to succeed", `${hash} reverted`);
  });
}

/** What the client made of an answer, and the node's own words. */
function nodeWords({ shortMessage, details }: BaseError): string {
  return details === "" || shortMessage.includes(details) ? shortMessage : `${shortMessage} ${details}`;
}

async function reach<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toKeelError(error);
  }
}

type Revert = DecodeErrorResultReturnType<typeof keelErrorsAbi>;

function decodeRevert(error: unknown): Revert | undefined {
  const data = revertData(error);
  if (data === undefined) return undefined;
  try {
    return decodeErrorResult({ abi: keelErrorsAbi, data });
  } catch {
    return undefined;
  }
}

/** Revert bytes anywhere in a chain of causes; nodes differ in where they put them. */
function revertData(error: unknown): Hex | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { data } = cause as { data?: unknown };
    const inner = typeof data === "object" && data !== null ? (data as { data?: unknown }).data : data;
    for (const candidate of [data, inner]) {
      if (typeof candidate === "string" && isHex(candidate) && candidate.length >= 10) return candidate;
    }
  }
  return undefined;
}

type Words = Partial<Pick<ErrorDetails, "path" | "expected" | "received">>;

/** Contract errors in plain words: expected and received from the error's own values. */
function wordsOf({ errorName, args }: Revert): Words {
  switch (errorName) {
    case "NotEnrolled":
      return words("subject", "an enrolled subject", args[0]);
    case "WrongEnrolment":
      return words("enrolment", `the declared accounts ${args[1]}`, args[2]);
    case "WrongState":
      return words("chain.previousState", `the registry's state ${args[1]}`, args[2]);
    case "ForeignDomain":
      return words("policy.domain", `a domain with this registry on chain ${args[1]}`, `domain ${args[0]}`);
    case "UnknownDomain":
      return words("policy.domain", "a domain that was declared to the policy book", args[0]);
    case "NoUnits":
      return words("chain.units", "at least one", 0);
    case "ChainNotStarted":
      return words("subject", "a subject with a state", `${args[0]}, before its first attestation`);
    case "ClosedByGuardian":
      return words("subject", "a record that no guardian closed", `${args[0]} under policy ${args[1]}`);
    case "NotClosed":
      return words("subject", "a record that a guardian closed", `${args[0]} under policy ${args[1]}`);
    case "NotNewer":
      return words("asOf", `a snapshot newer than ${args[1]}`, args[0]);
    case "SnapshotInFuture":
      return words("asOf", `at most the block's time ${args[1]}`, args[0]);
    case "SnapshotTooOld":
      return words("asOf", `a snapshot at most ${args[2]} s old`, `${args[1]} s`);
    case "AlreadyExpired":
      return words("asOf", `submission before ${args[0]}`, args[1]);
    case "MarketTooFar":
      return words(
        "market.asOf",
        `a market or returns table within ${args[2]} s of the snapshot's ${args[0]}`,
        args[1],
      );
    case "MarketNotAccepted":
      return words(
        "market",
        "a market or returns table that the market book accepted",
        `root ${args[0]} at ${args[1]}`,
      );
    case "WrongTailProofs":
      return words("tail", `${args[1]} tail-risk proofs under policy ${args[0]}`, args[2]);
    case "TailCircuitMismatch":
      return words("policy.tail", "a tail-risk circuit exactly with tail-risk limits", args[0]);
    case "ConfidenceTooHigh":
      return words("policy.limits.maxExpectedShortfall", "confidence levels below 10000", args[0]);
    case "ProofRefused":
      return words(
        "proof",
        `a proof that verifier ${args[2]} accepts for this statement`,
        "one that it refuses",
      );
    case "BatchRefused":
      return words(
        "attestations",
        `${args[1]} proofs that verifier ${args[0]} accepts`,
        "a false one among them",
      );
    case "MixedVerifiers":
      return words(`attestations[${args[0]}]`, `a proof for verifier ${args[1]}`, args[2]);
    case "EmptyBatch":
      return words("attestations", "at least one", 0);
    case "NotInField":
      return words(undefined, "a value below the field's order (roots: above zero)", args[0]);
    case "UnknownPolicy":
      return words("policyId", "a published policy", args[0]);
    case "UnknownVersion":
      return words("version", `a version of circuit ${args[0]}`, args[1]);
    case "NotLiveYet":
      return words("version", `submission from ${args[2]} on`, `version ${args[1]} now`);
    case "Retired":
      return words("version", "a version that is not retired", `version ${args[1]}, retired at ${args[2]}`);
    case "MarketInFuture":
      return words("asOf", `at most the block's time ${args[1]}`, args[0]);
    case "MarketStale":
      return words("asOf", `a table at most ${args[2]} s old`, `${args[1]} s`);
    case "TooFewSignatures":
      return words("signatures", `at least ${args[1]}`, args[0]);
    case "NotPublisher":
      return words("signatures", "publishers' signatures of this table", `one that gives ${args[0]}`);
    case "SignersNotAscending":
      return words("signatures", `a signer above ${args[0]}`, args[1]);
    case "NotHealthy":
      return words("subject", `a live attestation under policy ${args[1]}`, `none for ${args[0]}`);
    case "StillHealthy":
      return words("subject", `no live attestation under policy ${args[1]}`, `one for ${args[0]}`);
    case "AssetShortfall":
      return words("asset", `${args[0]} delivered`, args[1]);
    case "FeedFailed":
      return words(`instruments[${args[0]}]`, "a feed that answers", `${args[1]} reverts`);
    case "FeedAnswer":
      return words(`instruments[${args[0]}]`, "an answer above zero", args[1]);
    case "FeedInFuture":
      return words(`instruments[${args[0]}]`, `an answer in force at ${args[2]}`, `one of ${args[1]}`);
    case "FeedStale":
      return words(
        `instruments[${args[0]}]`,
        `an answer at most ${args[3]} s old at ${args[2]}`,
        `one of ${args[1]}`,
      );
    case "FeedDecimals":
      return words(`instruments[${args[0]}]`, `${args[1]} decimals`, args[2]);
    case "RootRefused":
      return words(
        "proof",
        `a proof that ${args[1]} is the root of the feeds' prices at ${args[2]}`,
        "another one",
      );
    case "AccessManagedUnauthorized":
      return words("account", "an account with the role for this call", args[0]);
    default:
      return words(undefined, "the contract to accept the call", `${errorName}(${(args ?? []).join(", ")})`);
  }
}

function words(path: string | undefined, expected: string, received: unknown): Words {
  return { ...(path === undefined ? {} : { path }), expected, received: String(received) };
}

/** Refusals that say something about a proof or an attestation; the others are about what the caller brought. */
const PROOF_ERRORS: ReadonlySet<string> = new Set([
  "NotEnrolled",
  "WrongEnrolment",
  "WrongState",
  "NoUnits",
  "ForeignDomain",
  "ClosedByGuardian",
  "NotNewer",
  "SnapshotInFuture",
  "SnapshotTooOld",
  "AlreadyExpired",
  "MarketTooFar",
  "MarketNotAccepted",
  "WrongTailProofs",
  "ProofRefused",
  "BatchRefused",
  "RootRefused",
  "UnknownPolicy",
  "UnknownVersion",
  "NotLiveYet",
  "Retired",
  "CodeChanged",
  "NotHealthy",
]);

function describeRevert(revert: Revert): ErrorDetails {
  const { errorName } = revert;
  const kind: ErrorKind = PROOF_ERRORS.has(errorName) ? "proof" : "input";
  const code = `registry.${errorName.replace(/^[A-Z]+(?=[A-Z])|^[A-Z]/, (letters) => letters.toLowerCase())}`;
  return { kind, code, ...wordsOf(revert) };
}

function fault(code: string, expected: string, received: string): KeelError {
  return new KeelError({ kind: "environment", code, expected, received });
}
