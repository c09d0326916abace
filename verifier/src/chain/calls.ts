// SPDX-License-Identifier: MIT
/**
 * Calls to the contracts, from their calldata: which function with which arguments. For operations that wait in the authority,
 * and for what an operator is about to sign.
 *
 * @module
 */

import {
  type Abi,
  type AbiFunction,
  type Address,
  decodeFunctionData,
  type Hex,
  toFunctionSelector,
} from "viem";
import {
  authorityAbi,
  feedMarketAbi,
  healthRegistryAbi,
  marketBookAbi,
  policyBookAbi,
  verifierBookAbi,
} from "./abi.js";

/** ABIs of the contracts that ask the authority, and its own, by name. */
export const CONTRACTS = {
  HealthRegistry: healthRegistryAbi,
  PolicyBook: policyBookAbi,
  MarketBook: marketBookAbi,
  FeedMarket: feedMarketAbi,
  VerifierBook: verifierBookAbi,
  Authority: authorityAbi,
} as const satisfies Readonly<Record<string, Abi>>;

/** A contract's name. */
export type ContractName = keyof typeof CONTRACTS;

/** Which contract has which address, in lower case. */
export type Book = ReadonlyMap<string, ContractName>;

/** A call in words that programs understand. */
export interface ContractCall {
  readonly contract: ContractName;
  readonly functionName: string;
  /** Names of the parameters and their values, in order. */
  readonly arguments: readonly (readonly [name: string, value: unknown])[];
}

/** What calldata says; undefined for a contract or a function that is none of Keel's. */
export function decodeCall(book: Book, target: Address, data: Hex): ContractCall | undefined {
  const contract = book.get(target.toLowerCase());
  if (contract === undefined) return undefined;
  try {
    const { functionName, args = [] } = decodeFunctionData<Abi>({ abi: CONTRACTS[contract], data });
    const { inputs } = functionOf(contract, data.slice(0, 10))!;
    return {
      contract,
      functionName,
      arguments: inputs.map(({ name }, i) => [name ?? String(i), args[i]] as const),
    };
  } catch {
    return undefined;
  }
}

/** Name of the function of a selector; undefined when the contract has none. */
export function functionNameOf(contract: ContractName, selector: string): string | undefined {
  return functionOf(contract, selector)?.name;
}

function functionOf(contract: ContractName, selector: string): AbiFunction | undefined {
  const functions = (CONTRACTS[contract] as Abi).filter((item) => item.type === "function");
  return functions.find((item) => toFunctionSelector(item) === selector);
}
