// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is it seen beforehand which accounts could accept a role?
 *
 * @module
 */
import { canCall, deployContract, hasOwnCode } from "@keel/contracts";
import { type Address, concat, getAddress, type Hex, pad, toHex } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestChain, type TestChain } from "../support/chain.js";
import { makeSafe, type TestSafe } from "../support/safe.js";

let chain: TestChain;
let safe: TestSafe;

beforeAll(async () => {
  chain = await startTestChain();
  safe = await makeSafe(chain, chain.signers.slice(1, 4), 2);
});

afterAll(async () => {
  await chain?.stop();
});

const at = (byte: number): Address => getAddress(`0x${byte.toString(16).padStart(2, "0").repeat(20)}`);

async function withCode(byte: number, bytecode: Hex): Promise<Address> {
  await chain.test.setCode({ address: at(byte), bytecode });
  return at(byte);
}

/** Puts an address into a slot of an account. */
async function pointAt(address: Address, index: Hex, target: Address): Promise<void> {
  await chain.test.setStorageAt({ address, index: index as `0x${string}`, value: pad(target) });
}

const IMPLEMENTATION = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";

describe("69: a receiver that could not accept", () => {
  it("is no Safe that its owners have set up, nor a proxy or clone of something that calls", async () => {
    const { client } = chain;
    expect(await canCall(client, safe.address)).toBe(true);
    const proxy = await withCode(0xa1, `0x${"00".repeat(600)}`);
    expect(await canCall(client, proxy)).toBe(false);
    await pointAt(proxy, IMPLEMENTATION, safe.address);
    // The Safe's own proxy forwards once more, which is not followed.
    expect(await canCall(client, proxy)).toBe(false);
    const singleton = getAddress(
      `0x${(await client.getStorageAt({ address: safe.address, slot: toHex(0, { size: 32 }) }))!.slice(26)}`,
    );
    await pointAt(proxy, IMPLEMENTATION, singleton);
    expect(await canCall(client, proxy)).toBe(true);
    const clone = await withCode(
      0xa2,
      concat(["0x363d3d373d3d3d363d73", singleton, "0x5af43d82803e903d91602b57fd5bf3"]),
    );
    // Nobody has set it up: whoever comes first would own it.
    expect(await canCall(client, clone)).toBe(false);
  });

  it("is a token, a factory, and a contract whose owner could call", async () => {
    const clients = { walletClient: chain.wallets[0]!, publicClient: chain.client };
    const token = await deployContract(clients, "TestToken", ["USD Coin", "USDC", 6]);
    expect(await canCall(chain.client, token)).toBe(false);
    expect(await canCall(chain.client, safe.factory)).toBe(false);
    const owned = await withCode(0xa3, `0x${"5b".repeat(600)}`);
    await pointAt(owned, toHex(0, { size: 32 }), safe.address);
    expect(await canCall(chain.client, owned)).toBe(false);
  });

  it("has code of its own, which a key that borrows some has not", async () => {
    const delegated = await withCode(0xa4, concat(["0xef0100", safe.address]));
    expect(await hasOwnCode(chain.client, delegated)).toBe(false);
    expect(await hasOwnCode(chain.client, chain.signers[1]!.address)).toBe(false);
    expect(await hasOwnCode(chain.client, safe.address)).toBe(true);
  });
});
