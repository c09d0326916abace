// SPDX-License-Identifier: MIT
/**
 * What an operator asks the books before changing something: lines, publishers, verifiers, announced restarts, and the delays
 * after which changes count.
 *
 * @module
 */

import { type Address, encodeAbiParameters, type Hex, keccak256 } from "viem";
import { circuitHash } from "../files/policy.js";
import { healthRegistryAbi, marketBookAbi, policyBookAbi, verifierBookAbi } from "./abi.js";
import { reach } from "./contract-errors.js";
import { type Registry, toKeelError } from "./registry.js";

/** The id of a line of policies, from its name. */
export function lineId(name: string): Hex {
  return keccak256(encodeAbiParameters([{ type: "string" }, { type: "string" }], ["keel/line/1", name]));
}

/** `Leaving.Tightened` of IPolicyBook.sol. */
const TIGHTENED = 2;

/** A line of policies. */
export interface LineState {
  readonly line: Hex;
  readonly current: Hex;
  /** The policy that is announced, and the first second at which it counts. */
  readonly next?: { readonly policyId: Hex; readonly liveAt: number };
  /** Policies that it had, the latest last, when it left each, and whether for a tighter one that was not taken back. */
  readonly past: readonly { readonly policyId: Hex; readonly leftAt: number; readonly tightened: boolean }[];
}

/** A line by its name; undefined when nobody opened it. @param blockNumber the latest when absent */
export async function lineOf(
  { client, policyBook }: Registry,
  name: string,
  blockNumber?: bigint,
): Promise<LineState | undefined> {
  const line = lineId(name);
  const at = blockNumber === undefined ? {} : { blockNumber };
  const book = { address: policyBook, abi: policyBookAbi, ...at } as const;
  return await reach(async () => {
    if (!(await client.readContract({ ...book, functionName: "isLine", args: [line] }))) return undefined;
    const [{ current, next, nextLiveAt }, kept] = await Promise.all([
      client.readContract({ ...book, functionName: "lineOf", args: [line] }),
      client.readContract({ ...book, functionName: "policiesOf", args: [line] }),
    ]);
    const announced = nextLiveAt === 0 ? {} : { next: { policyId: next, liveAt: nextLiveAt } };
    const past = kept
      .slice(0, -1)
      .map(({ policyId, leftAt, how }) => ({ policyId, leftAt, tightened: how === TIGHTENED }));
    return { line, current, ...announced, past };
  });
}

/** Whether a policy is at least as tight as another in everything, as the policy book judges a move. */
export async function isTighter(
  { client, policyBook }: Registry,
  policyId: Hex,
  than: Hex,
): Promise<boolean> {
  const call = {
    address: policyBook,
    abi: policyBookAbi,
    functionName: "isTighter",
    args: [policyId, than],
  } as const;
  return await reach(() => client.readContract(call));
}

/** Seconds until changes count. */
export interface Delays {
  /** Of a line's move that is not tighter; also of how long a tightening can be undone. */
  readonly policies: number;
  /** Of other publishers. */
  readonly publishers: number;
  /** Of a later version of a verifier. */
  readonly verifiers: number;
  /** Of a restarted drawdown chain. */
  readonly restarts: number;
}

/** The delays that registry and books were made with. */
export async function delaysOf(registry: Registry): Promise<Delays> {
  const { client } = registry;
  return await reach(async () => {
    const [policies, publishers, verifiers, restarts] = await Promise.all([
      client.readContract({ address: registry.policyBook, abi: policyBookAbi, functionName: "delay" }),
      client.readContract({ address: registry.marketBook, abi: marketBookAbi, functionName: "delay" }),
      client.readContract({ address: registry.verifierBook, abi: verifierBookAbi, functionName: "delay" }),
      client.readContract({
        address: registry.address,
        abi: healthRegistryAbi,
        functionName: "restartDelay",
      }),
    ]);
    return { policies, publishers, verifiers, restarts };
  });
}

/** Who signs tables, and how many of them have to. */
export interface PublisherList {
  readonly publishers: readonly Address[];
  readonly threshold: number;
}

/** The publishers at the latest block. */
export interface PublisherState extends PublisherList {
  /** Who is announced, and the first second at which they count. */
  readonly pending?: PublisherList & { readonly liveAt: number };
}

/** Who signs tables now, and who is announced. */
export async function publishersOf({ client, marketBook }: Registry): Promise<PublisherState> {
  const book = { address: marketBook, abi: marketBookAbi } as const;
  return await reach(async () => {
    const [publishers, threshold, [next, nextThreshold, liveAt]] = await Promise.all([
      client.readContract({ ...book, functionName: "publishers" }),
      client.readContract({ ...book, functionName: "threshold" }),
      client.readContract({ ...book, functionName: "pendingPublishers" }),
    ]);
    const pending = { publishers: next, threshold: Number(nextThreshold), liveAt };
    return { publishers, threshold: Number(threshold), ...(liveAt === 0 ? {} : { pending }) };
  });
}

/** A version of a circuit's verifier. */
export interface VerifierState {
  readonly circuit: string;
  readonly version: number;
  readonly verifier: Address;
  /** First second at which proofs are accepted. */
  readonly liveAt: number;
  /** Second of retirement. */
  readonly retiredAt?: number;
  readonly standby: boolean;
  readonly codeHash: Hex;
  /** Proofs against it are accepted now: it is live, not retired, and does not stand by. */
  readonly accepts: boolean;
}

/** Every version of some circuits' verifiers, in order. */
export async function verifiersOf(registry: Registry, circuits: readonly string[]): Promise<VerifierState[]> {
  const found = await Promise.all(circuits.map((circuit) => reach(() => versionsOf(registry, circuit))));
  return found.flat();
}

/**
 * Whether a registry still takes proofs of a circuit that were made with a development key, which anybody can make.
 *
 * @param circuit hash of its id, as a policy's terms have it
 */
export async function takesDevelopmentKey(
  { client, verifierBook }: Registry,
  circuit: Hex,
): Promise<boolean> {
  const book = { address: verifierBook, abi: verifierBookAbi } as const;
  return await reach(async () => {
    const count = await client.readContract({ ...book, functionName: "versionCount", args: [circuit] });
    const versions = await Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const args = [circuit, i + 1] as const;
        const [insecure, { retiredAt }] = await Promise.all([
          client.readContract({ ...book, functionName: "insecure", args }),
          client.readContract({ ...book, functionName: "versionOf", args }),
        ]);
        return insecure && retiredAt === 0;
      }),
    );
    return versions.includes(true);
  });
}

async function versionsOf({ client, verifierBook }: Registry, circuit: string): Promise<VerifierState[]> {
  const book = { address: verifierBook, abi: verifierBookAbi } as const;
  const hash = circuitHash(circuit);
  const count = await client.readContract({ ...book, functionName: "versionCount", args: [hash] });
  return await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const args = [hash, i + 1] as const;
      const { retiredAt, ...found } = await client.readContract({ ...book, functionName: "versionOf", args });
      const accepts = await client
        .readContract({ ...book, functionName: "verifierOf", args })
        .then(() => true, isRefused);
      return { circuit, version: i + 1, ...found, ...(retiredAt === 0 ? {} : { retiredAt }), accepts };
    }),
  );
}

/** False for a contract's refusal; anything else is thrown again. */
function isRefused(error: unknown): false {
  const refusal = toKeelError(error);
  if (refusal.code.startsWith("registry.")) return false;
  throw refusal;
}

/** First second at which a subject's drawdown chain may start over; 0 when no restart is announced. */
export async function pendingRestartOf({ client, address }: Registry, subject: Address): Promise<number> {
  const call = {
    address,
    abi: healthRegistryAbi,
    functionName: "pendingRestartOf",
    args: [subject],
  } as const;
  return await reach(() => client.readContract(call));
}
