// SPDX-License-Identifier: MIT
/**
 * Whether an account could accept a role: a key can always sign, a contract has to be able to call others.
 *
 * A contract's code cannot be asked what it is for, so this looks for functions by which known kinds of accounts call others: in
 * its own code, and in the code that it forwards to (EIP-1967, EIP-1167, and the first slot, where a Safe's proxy has its
 * singleton). A token, a gate or a mistyped address has none of them.
 *
 * @module
 */

import {
  type Address,
  type Hex,
  type PublicClient,
  parseAbi,
  size,
  slice,
  toFunctionSelector,
  toHex,
} from "viem";

/** How contracts that stand for people call others. */
const CALLS = [
  // Safe
  "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)",
  // Gnosis MultiSigWallet
  "submitTransaction(address,uint256,bytes)",
  // OpenZeppelin TimelockController, Governor
  "execute(address,uint256,bytes,bytes32,bytes32)",
  "execute(address[],uint256[],bytes[],bytes32)",
  // Compound Timelock, Governor Bravo
  "executeTransaction(address,uint256,string,bytes,uint256)",
  "execute(uint256)",
  // Smart accounts (ERC-4337 samples, ERC-7579)
  "execute(address,uint256,bytes)",
  "execute(bytes32,bytes)",
  // Aragon OSx DAO
  "execute(bytes32,(address,uint256,bytes)[],uint256)",
].map((signature) => toFunctionSelector(signature));

/** EIP-1967: keccak256("eip1967.proxy.implementation") - 1. */
const IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";
/** EIP-7702: what a key's account has instead of code, with the address that it borrows code from. */
const DELEGATION = "0xef0100";
const DELEGATION_SIZE = 23;
/** EIP-1167: what stands before and after the address. */
const CLONE = [
  { before: "0x363d3d373d3d3d363d73", at: 10 },
  { before: "0x3d3d3d3d363d3d37363d73", at: 11 },
] as const;

/** Bytes of code: a Safe's proxy has 171. */
const LARGEST_PROXY = 256;

const safeAbi = parseAbi(["function getThreshold() view returns (uint256)"]);

/** Whether an account is a contract of its own; a key that borrows a contract's code (EIP-7702) is still a key. */
export async function hasOwnCode(client: PublicClient, address: Address): Promise<boolean> {
  const code = await client.getCode({ address });
  return code !== undefined && !isDelegation(code);
}

function isDelegation(code: Hex): boolean {
  return code.startsWith(DELEGATION) && size(code) === DELEGATION_SIZE;
}

/** Whether a contract shows a function by which it could call others; a Safe has to have owners. */
export async function canCall(client: PublicClient, address: Address): Promise<boolean> {
  const codes = await codesOf(client, address);
  if (!codes.some((code) => CALLS.some((selector) => pushes(code, selector)))) return false;
  const threshold = await client
    .readContract({ address, abi: safeAbi, functionName: "getThreshold" })
    .catch(() => undefined);
  // A Safe that was never set up has none, and whoever comes first takes it.
  return threshold === undefined || threshold > 0n;
}

/** Whether code compares with a selector: compilers push it as four bytes. */
function pushes(code: Hex, selector: Hex): boolean {
  return code.includes(`63${selector.slice(2)}`);
}

async function codesOf(client: PublicClient, address: Address): Promise<Hex[]> {
  const own = (await client.getCode({ address })) ?? "0x";
  const targets = [
    await pointerAt(client, address, IMPLEMENTATION_SLOT),
    // Larger code keeps other things there, such as an owner.
    size(own) <= LARGEST_PROXY ? await pointerAt(client, address, toHex(0, { size: 32 })) : undefined,
    ...CLONE.filter(({ before }) => own.startsWith(before)).map(({ at }) => slice(own, at, at + 20)),
  ];
  const codes = await Promise.all(
    targets.map(async (target) =>
      target === undefined ? undefined : await client.getCode({ address: target }),
    ),
  );
  return [own, ...codes.filter((code) => code !== undefined)];
}

async function pointerAt(client: PublicClient, address: Address, slot: Hex): Promise<Address | undefined> {
  const word = await client.getStorageAt({ address, slot });
  return word === undefined || !/^0x0{24}(?!0{40})/.test(word) ? undefined : slice(word, 12);
}
