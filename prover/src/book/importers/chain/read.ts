// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Contracts' answers at one block. That a contract has no such function is an answer; that the node does not answer is a
 * failure, never taken for one.
 *
 * @module
 */

import { inputError, KeelError } from "@keel/verifier";
import {
  type Abi,
  type Address,
  BaseError,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type ContractFunctionReturnType,
  decodeFunctionResult,
  type EncodeFunctionDataParameters,
  encodeFunctionData,
  type Hex,
  numberToHex,
  type PublicClient,
} from "viem";

/** A chain as it stood at the end of one block. */
export interface ChainView {
  readonly client: PublicClient;
  /** Whose positions. */
  readonly owner: Address;
  readonly blockNumber: bigint;
  /** The block's time, unix seconds. */
  readonly time: bigint;
}

/** A contract's function and what it is asked. */
export interface Call<abi extends Abi, name extends ContractFunctionName<abi, "view" | "pure">> {
  readonly address: Address;
  readonly abi: abi;
  readonly functionName: name;
  readonly args?: ContractFunctionArgs<abi, "view" | "pure", name>;
}

/** Words for a call that reached the chain and was refused by the contract, as nodes have them. */
const REVERTED =
  /revert|invalid opcode|out of gas|vm exception|vm execution error|stack (under|over)flow|invalid jump|bad instruction|opcode 0x|function selector was not recognized|contract validation error/i;
const EXECUTION_REVERTED = 3;

/** What a contract answers; undefined when there is no contract, no such function, or an answer of another kind. */
export async function ask<const abi extends Abi, name extends ContractFunctionName<abi, "view" | "pure">>(
  view: ChainView,
  { address, abi, functionName, args }: Call<abi, name>,
): Promise<ContractFunctionReturnType<abi, "view" | "pure", name> | undefined> {
  const data = encodeFunctionData({ abi, functionName, args } as EncodeFunctionDataParameters);
  const result = await callAt(view, { to: address, data });
  if (result === undefined || result === "0x") return undefined;
  try {
    const call = { abi, functionName, args, data: result } as Parameters<typeof decodeFunctionResult>[0];
    return decodeFunctionResult(call) as ContractFunctionReturnType<abi, "view" | "pure", name>;
  } catch (error) {
    if (error instanceof BaseError || error instanceof RangeError) return undefined;
    throw error;
  }
}

/**
 * {@link ask} for a contract that has to have the function.
 *
 * @param what the contract has to be: "an ERC-20 token"
 * @throws KeelError `chain.contract`
 */
export async function read<const abi extends Abi, name extends ContractFunctionName<abi, "view" | "pure">>(
  view: ChainView,
  path: string,
  what: string,
  call: Call<abi, name>,
): Promise<ContractFunctionReturnType<abi, "view" | "pure", name>> {
  const answer = await ask(view, call);
  if (answer !== undefined) return answer;
  throw inputError("chain.contract", path, what, "no contract or one of another kind");
}

/** A call's result at the view's block; undefined when it reverts. */
export async function callAt(
  { client, blockNumber }: ChainView,
  call: { readonly from?: Address; readonly to?: Address; readonly data: Hex },
): Promise<Hex | undefined> {
  let result: unknown;
  try {
    result = await client.request({ method: "eth_call", params: [call, numberToHex(blockNumber)] });
  } catch (error) {
    if (isRevert(error)) return undefined;
    throw nodeFailure(error);
  }
  if (typeof result === "string" && /^0x(?:[0-9a-fA-F]{2})*$/.test(result)) return result as Hex;
  throw oddAnswer("eth_call", "bytes");
}

/** The owner's balance of the chain's own coin. */
export async function ownBalance({ client, owner, blockNumber }: ChainView): Promise<bigint> {
  const params = [owner, numberToHex(blockNumber)] as const;
  const result: unknown = await answered(() =>
    client.request({ method: "eth_getBalance", params: [...params] }),
  );
  if (typeof result === "string" && /^0x[0-9a-fA-F]{1,64}$/.test(result)) return BigInt(result);
  throw oddAnswer("eth_getBalance", "a number");
}

/** An answer that no node gives that is what it says. */
export function oddAnswer(method: string, expected: string): KeelError {
  return new KeelError({
    ...{ kind: "environment", code: "chain.call", expected: `${expected} for ${method}` },
    received: "another answer of the node",
  });
}

/** Runs a request that is no call. */
export async function answered<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof KeelError) throw error;
    throw nodeFailure(error);
  }
}

interface NodeWords {
  readonly code?: number;
  readonly words: string;
  readonly data?: unknown;
}

/** What the node itself said, below what clients made of it. */
function wordsOf(error: unknown): NodeWords {
  let words = error instanceof Error ? error.message : String(error);
  let code: number | undefined;
  let data: unknown;
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const at = cause as { code?: unknown; data?: unknown; details?: unknown; message: string };
    if (typeof at.code === "number") code = at.code;
    if (at.data !== undefined) data = at.data;
    words = typeof at.details === "string" && at.details !== "" ? at.details : at.message;
  }
  return { words, ...(code === undefined ? {} : { code }), ...(data === undefined ? {} : { data }) };
}

function isRevert(error: unknown): boolean {
  const { code, words } = wordsOf(error);
  return code === EXECUTION_REVERTED || REVERTED.test(words);
}

const ARCHIVE = /missing trie node|prun|historical state|state .*(not|un)available/i;

/** The node's failure, in its own words. */
export function nodeFailure(error: unknown): KeelError {
  if (error instanceof KeelError) return error;
  const { words } = wordsOf(error);
  const hint = ARCHIVE.test(words) ? " (for a block this old an archive node is needed)" : "";
  return new KeelError(
    { kind: "environment", code: "chain.call", expected: "the node to answer", received: `${words}${hint}` },
    { cause: error },
  );
}
