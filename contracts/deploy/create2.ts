// SPDX-License-Identifier: MIT
/**
 * Contracts at addresses that are known beforehand, through the deterministic deployment proxy that stands at one address on
 * most chains (github.com/Arachnid/deterministic-deployment-proxy): it takes a salt and creation code, and makes the
 * contract by CREATE2. Whoever sends the same code first makes the same contract at the same place, with the same arguments.
 *
 * @module
 */

import { type Address, concat, getContractAddress, type Hex, keccak256, toHex } from "viem";
import type { Work } from "./send.js";

/** The proxy's address, the same on every chain that has it. */
export const DEPLOYMENT_PROXY: Address = "0x4e59b44847b379578588920cA78FbF26c0B4956C";

/** Its code, of 69 bytes. */
export const DEPLOYMENT_PROXY_CODE: Hex =
  "0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3";

/** The most that a transaction may use (EIP-7825). */
export const MOST_GAS = 2n ** 24n;

/** What makes a contract through the proxy, and where it will stand. */
export function creationThroughProxy(step: string, code: Hex): Work & { readonly address: Address } {
  // Two steps of the same code, such as a verifier under two names, are two contracts.
  const salt = keccak256(toHex(`keel:${step}`));
  const address = getContractAddress({ opcode: "CREATE2", from: DEPLOYMENT_PROXY, salt, bytecode: code });
  // A creation within a call keeps back a part of the gas, and not every node finds out how much it takes then.
  return { step, to: DEPLOYMENT_PROXY, data: concat([salt, code]), gas: MOST_GAS, address };
}
