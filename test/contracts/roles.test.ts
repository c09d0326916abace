// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a role only ever come to somebody who can use it, in public, and is there always an administrator, whom no guardian stops for
 * ever? On a chain that is no test chain.
 *
 * @module
 */
import { deployContract, ROLE } from "@keel/contracts";
import { authorityAbi, type Wallet } from "@keel/verifier/chain";
import { type Address, encodeFunctionData, getAddress, type Hex, parseEventLogs, zeroAddress } from "viem";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { nextBlockAt, now, startTestChain, type TestChain, travelTo } from "../support/chain.js";
import { abiOf, refused, transact } from "./fixture.js";

const DAY = 86_400;
const WEEK = 7 * DAY;
const MONTH = 30 * DAY;
const MARKET_SOURCE = 5n;
const PUBLIC_ROLE = 2n ** 64n - 1n;

let chain: TestChain;
let authority: Address;
let snapshot: Hex;
/** Accounts of one key: the first administrator, a guardian, and two more. */
let admin: Wallet;
let guardian: Wallet;
let stranger: Wallet;
let receiver: Wallet;

beforeAll(async () => {
  chain = await startTestChain(99_999);
  [admin, guardian, stranger, receiver] = chain.wallets as [Wallet, Wallet, Wallet, Wallet];
  authority = await deploy("Authority", [address(admin)]);
  await offer(ROLE.guardian, guardian);
  await accept(guardian, ROLE.guardian);
});

beforeEach(async () => {
  snapshot = await chain.test.snapshot();
});

afterEach(async () => {
  await chain.test.revert({ id: snapshot });
});

afterAll(async () => {
  await chain?.stop();
});

const address = (who: Wallet | Address): Address => (typeof who === "string" ? who : who.account.address);
const call = (wallet: Wallet, name: string, ...args: unknown[]) =>
  transact(chain, wallet, authority, authorityAbi, name, args);
const offer = (role: bigint, to: Wallet | Address, delay = 0, by = admin) =>
  call(by, "offerRole", role, address(to), delay);
const accept = (wallet: Wallet, role: bigint) => call(wallet, "acceptRole", role);

async function read<T>(functionName: string, ...args: unknown[]): Promise<T> {
  const contract = { address: authority, abi: authorityAbi as never, functionName, args };
  return (await chain.client.readContract(contract)) as T;
}

const holds = async (role: bigint, who: Wallet | Address) =>
  (await read<[boolean, number]>("hasRole", role, address(who)))[0];
const delayOf = async (role: bigint, who: Wallet | Address) =>
  (await read<[boolean, number]>("hasRole", role, address(who)))[1];
const offered = (role: bigint, who: Wallet | Address) =>
  read<[number, number]>("offerOf", role, address(who));

async function deploy(name: string, args: readonly unknown[] = []): Promise<Address> {
  return await deployContract({ walletClient: admin, publicClient: chain.client }, name, args);
}

/** A multi-signature account of one owner, who acts through it. */
async function openSafe(owner: Wallet) {
  const safe = await deploy("MultiSig", [[address(owner)], 1]);
  const abi = await abiOf("MultiSig");
  let nonce = 0n;
  const send = async (name: string, args: readonly unknown[]) => {
    nonce += 1n;
    const data = encodeFunctionData({ abi: authorityAbi, functionName: name, args } as never);
    await transact(chain, owner, safe, abi, "confirm", [authority, data, nonce]);
    return await transact(chain, owner, safe, abi, "execute", [authority, data, nonce]);
  };
  return { address: safe, send };
}

/** The first administrator hands over to a contract with an execution delay. */
async function handOver(delay: number) {
  const safe = await openSafe(stranger);
  await offer(ROLE.admin, safe.address, delay);
  await safe.send("acceptRole", [ROLE.admin]);
  await call(admin, "renounceRole", ROLE.admin, address(admin));
  const dataOf = (name: string, args: readonly unknown[]) =>
    encodeFunctionData({ abi: authorityAbi, functionName: name, args } as never);
  const schedule = async (name: string, args: readonly unknown[]) => {
    const data = dataOf(name, args);
    await safe.send("schedule", [authority, data, 0]);
    return data;
  };
  return { ...safe, schedule };
}

describe("69 an offered role", () => {
  it("is held by who accepts it, once, and by nobody before", async () => {
    const { hash } = await offer(ROLE.curator, receiver, 60);
    const { logs } = await chain.client.getTransactionReceipt({ hash });
    const [event] = parseEventLogs({ abi: authorityAbi, eventName: "RoleOffered", logs });
    expect(event!.args).toEqual({
      ...{ roleId: ROLE.curator, account: address(receiver), executionDelay: 60, by: address(admin) },
    });
    expect(await holds(ROLE.curator, receiver)).toBe(false);
    await refused(accept(stranger, ROLE.curator), "registry.nothingOffered");
    await refused(accept(receiver, ROLE.marketAdmin), "registry.nothingOffered");
    await accept(receiver, ROLE.curator);
    expect(await holds(ROLE.curator, receiver)).toBe(true);
    expect(await delayOf(ROLE.curator, receiver)).toBe(60);
    await refused(accept(receiver, ROLE.curator), "registry.nothingOffered");
  });

  it("stands for 30 days, to the second", async () => {
    await offer(ROLE.curator, receiver);
    const lapsesAt = (await now(chain)) + MONTH;
    expect(await offered(ROLE.curator, receiver)).toEqual([0, lapsesAt]);
    await nextBlockAt(chain, lapsesAt);
    await refused(accept(receiver, ROLE.curator), "registry.nothingOffered");
    await nextBlockAt(chain, lapsesAt - 1);
    await accept(receiver, ROLE.curator);
    await travelTo(chain, lapsesAt + 1);
    expect(await offered(ROLE.curator, receiver)).toEqual([0, 0]);
  });

  it("is replaced by another offer of it, with its delay and its time", async () => {
    await offer(ROLE.curator, receiver, 0);
    await travelTo(chain, (await now(chain)) + 20 * DAY);
    await offer(ROLE.curator, receiver, WEEK);
    await travelTo(chain, (await now(chain)) + 20 * DAY);
    await accept(receiver, ROLE.curator);
    expect(await delayOf(ROLE.curator, receiver)).toBe(WEEK);
  });

  it("counts after the role's grant delay", async () => {
    await call(admin, "setGrantDelay", ROLE.curator, WEEK);
    await travelTo(chain, (await now(chain)) + 5 * DAY);
    await offer(ROLE.curator, receiver);
    await accept(receiver, ROLE.curator);
    const since = (await now(chain)) + WEEK;
    await travelTo(chain, since - 1);
    expect(await holds(ROLE.curator, receiver)).toBe(false);
    await travelTo(chain, since);
    expect(await holds(ROLE.curator, receiver)).toBe(true);
  });

  it("is offered by administrators only", async () => {
    for (const by of [guardian, stranger]) {
      await refused(offer(ROLE.curator, receiver, 0, by), "registry.accessManagerUnauthorizedAccount");
    }
  });

  it("is taken back by an administrator, a guardian or the receiver, and by nobody else", async () => {
    const withdraw = (by: Wallet) => call(by, "withdrawOffer", ROLE.curator, address(receiver));
    await refused(withdraw(admin), "registry.nothingOffered");
    for (const by of [admin, guardian, receiver]) {
      await offer(ROLE.curator, receiver);
      await refused(withdraw(stranger), "registry.notYourOffer");
      await withdraw(by);
      await refused(accept(receiver, ROLE.curator), "registry.nothingOffered");
    }
  });

  it("is still called off once it was accepted, until it counts, by an administrator, a guardian or the receiver", async () => {
    await call(admin, "setGrantDelay", ROLE.curator, WEEK);
    await travelTo(chain, (await now(chain)) + 5 * DAY);
    const withdraw = (by: Wallet) => call(by, "withdrawOffer", ROLE.curator, address(receiver));
    for (const by of [admin, guardian, receiver]) {
      await offer(ROLE.curator, receiver);
      await accept(receiver, ROLE.curator);
      await refused(withdraw(stranger), "registry.notYourOffer");
      const { hash } = await withdraw(by);
      const { logs } = await chain.client.getTransactionReceipt({ hash });
      const told = parseEventLogs({ abi: authorityAbi, logs }).map(({ eventName }) => eventName);
      expect(told).toEqual(["RoleOfferWithdrawn", "RoleRevoked"]);
      expect(await read("getAccess", ROLE.curator, address(receiver))).toEqual([0, 0, 0, 0]);
      await refused(accept(receiver, ROLE.curator), "registry.nothingOffered");
      await refused(withdraw(by), "registry.nothingOffered");
    }
  });

  it("is not called off any more from the second at which it counts", async () => {
    await call(admin, "setGrantDelay", ROLE.curator, WEEK);
    await travelTo(chain, (await now(chain)) + 5 * DAY);
    await offer(ROLE.curator, receiver);
    await accept(receiver, ROLE.curator);
    const since = (await now(chain)) + WEEK;
    const withdraw = () => call(guardian, "withdrawOffer", ROLE.curator, address(receiver));
    const before = await chain.test.snapshot();
    await nextBlockAt(chain, since - 1);
    await withdraw();
    await chain.test.revert({ id: before });
    await travelTo(chain, since);
    await refused(withdraw(), "registry.nothingOffered");
    // What is offered to a member can be taken back all the same, and leaves it a member.
    await offer(ROLE.curator, receiver, DAY);
    await withdraw();
    expect(await holds(ROLE.curator, receiver)).toBe(true);
  });

  it("does not bring a revoked member back, nor one that gave the role up", async () => {
    const ends = [
      () => call(admin, "revokeRole", ROLE.curator, address(receiver)),
      () => call(receiver, "renounceRole", ROLE.curator, address(receiver)),
    ];
    for (const end of ends) {
      await offer(ROLE.curator, receiver);
      await accept(receiver, ROLE.curator);
      await offer(ROLE.curator, receiver, 0);
      await end();
      await refused(accept(receiver, ROLE.curator), "registry.nothingOffered");
    }
    // Not even one that was never accepted.
    await offer(ROLE.curator, receiver);
    await ends[0]!();
    await refused(accept(receiver, ROLE.curator), "registry.nothingOffered");
  });

  it("is void with the administrator that is revoked, and not with one that leaves", async () => {
    const safe = await openSafe(stranger);
    await offer(ROLE.admin, safe.address);
    await safe.send("acceptRole", [ROLE.admin]);
    await safe.send("offerRole", [ROLE.curator, address(receiver), 0]);
    await call(admin, "revokeRole", ROLE.admin, safe.address);
    await refused(accept(receiver, ROLE.curator), "registry.nothingOffered");
    expect(await offered(ROLE.curator, receiver)).toEqual([0, 0]);
    await offer(ROLE.admin, safe.address);
    await safe.send("acceptRole", [ROLE.admin]);
    await offer(ROLE.curator, receiver);
    await call(admin, "renounceRole", ROLE.admin, address(admin));
    await accept(receiver, ROLE.curator);
  });

  it("changes a member's delay: up at once, down after as long as it goes down", async () => {
    await offer(ROLE.curator, receiver, DAY);
    await accept(receiver, ROLE.curator);
    await offer(ROLE.curator, receiver, WEEK);
    await accept(receiver, ROLE.curator);
    expect(await delayOf(ROLE.curator, receiver)).toBe(WEEK);
    await offer(ROLE.curator, receiver, DAY);
    await accept(receiver, ROLE.curator);
    const lower = (await now(chain)) + WEEK - DAY;
    await travelTo(chain, lower - 1);
    expect(await delayOf(ROLE.curator, receiver)).toBe(WEEK);
    await travelTo(chain, lower);
    expect(await delayOf(ROLE.curator, receiver)).toBe(DAY);
  });

  it("of a shorter delay is called off until it begins, and a longer one is not", async () => {
    const withdraw = (by = guardian) => call(by, "withdrawOffer", ROLE.curator, address(receiver));
    await offer(ROLE.curator, receiver, WEEK);
    await accept(receiver, ROLE.curator);
    await refused(withdraw(), "registry.nothingOffered");
    await offer(ROLE.curator, receiver, DAY);
    await accept(receiver, ROLE.curator);
    await refused(withdraw(stranger), "registry.notYourOffer");
    await travelTo(chain, (await now(chain)) + 5 * DAY);
    await withdraw();
    await travelTo(chain, (await now(chain)) + 2 * WEEK);
    expect(await delayOf(ROLE.curator, receiver)).toBe(WEEK);
    expect(await holds(ROLE.curator, receiver)).toBe(true);
    await refused(withdraw(), "registry.nothingOffered");
  });

  it("goes neither to nobody nor to the authority itself, and is not everybody's", async () => {
    for (const to of [zeroAddress, authority]) {
      await refused(offer(ROLE.admin, to), "registry.badReceiver");
    }
    await refused(offer(PUBLIC_ROLE, receiver), "registry.accessManagerLockedRole");
  });

  it("is not granted: only contracts whose tables are taken are", async () => {
    for (const role of Object.values(ROLE)) {
      await refused(call(admin, "grantRole", role, address(receiver), 0), "registry.roleIsOffered");
    }
    await refused(call(admin, "grantRole", 6n, address(receiver), 0), "registry.roleIsOffered");
    await call(admin, "grantRole", MARKET_SOURCE, authority, 0);
    expect(await holds(MARKET_SOURCE, authority)).toBe(true);
    // Where it counts later, it is called off as what was accepted.
    await call(admin, "setGrantDelay", MARKET_SOURCE, WEEK);
    await travelTo(chain, (await now(chain)) + 5 * DAY);
    await call(admin, "grantRole", MARKET_SOURCE, address(stranger), 0);
    await call(guardian, "withdrawOffer", MARKET_SOURCE, address(stranger));
    await refused(call(guardian, "withdrawOffer", MARKET_SOURCE, authority), "registry.nothingOffered");
    await travelTo(chain, (await now(chain)) + 2 * WEEK);
    expect(await holds(MARKET_SOURCE, address(stranger))).toBe(false);
    const grant = call(stranger, "grantRole", MARKET_SOURCE, authority, 0);
    await refused(grant, "registry.accessManagerUnauthorizedAccount");
  });

  it("has a name and a guardian from the start, and rules that stay", async () => {
    const logs = await chain.client.getContractEvents({
      ...{ address: authority, abi: authorityAbi, eventName: "RoleLabel", fromBlock: 0n, strict: true },
    });
    expect(logs.map(({ args }) => [args.roleId, args.label])).toEqual([
      [1n, "GUARDIAN"],
      [2n, "VERIFIER_ADMIN"],
      [3n, "MARKET_ADMIN"],
      [4n, "CURATOR"],
      [5n, "MARKET_SOURCE"],
    ]);
    for (const role of [1n, 2n, 3n, 4n, 5n]) expect(await read("getRoleGuardian", role)).toBe(ROLE.guardian);
    await refused(call(admin, "setRoleAdmin", ROLE.curator, ROLE.guardian), "registry.ruleIsFixed");
    const assign = ["0xdeadbeef"] as const;
    await refused(
      call(admin, "setTargetFunctionRole", authority, assign, ROLE.curator),
      "registry.ruleIsFixed",
    );
    await call(admin, "setTargetFunctionRole", address(stranger), assign, ROLE.curator);
  });
});

describe("69 the administrator", () => {
  it("is a contract: no key, nor one that delegates to code", async () => {
    const error = await refused(offer(ROLE.admin, receiver), "registry.administratorWithoutCode");
    expect(error.received).toContain(address(receiver));
    const code: Hex = `0xef0100${address(stranger).slice(2)}`;
    await chain.test.setCode({ address: address(receiver), bytecode: code });
    await refused(offer(ROLE.admin, receiver), "registry.administratorWithoutCode");
    await offer(ROLE.curator, receiver);
    // As long as a delegation, and a contract.
    await chain.test.setCode({ address: address(receiver), bytecode: `0x60${"00".repeat(22)}` });
    await offer(ROLE.admin, receiver);
  });

  it("is still a contract when it accepts", async () => {
    const safe = await openSafe(stranger);
    await offer(ROLE.admin, safe.address);
    await chain.test.setCode({ address: safe.address, bytecode: "0x" });
    await chain.test.impersonateAccount({ address: safe.address });
    await chain.test.setBalance({ address: safe.address, value: 10n ** 18n });
    const { request } = await chain.client
      .simulateContract({
        ...{ account: safe.address, address: authority, abi: authorityAbi },
        ...{ functionName: "acceptRole", args: [ROLE.admin] },
      })
      .catch((error: Error) => ({ request: error.message }));
    expect(request).toContain("AdministratorWithoutCode");
  });

  it("is never missing: the last one neither leaves nor is taken out", async () => {
    for (const name of ["renounceRole", "revokeRole"]) {
      await refused(call(admin, name, ROLE.admin, address(admin)), "registry.lastAdministrator");
    }
    const safe = await openSafe(stranger);
    await offer(ROLE.admin, safe.address);
    const early = call(admin, "renounceRole", ROLE.admin, address(admin));
    await refused(early, "registry.lastAdministrator");
    await safe.send("acceptRole", [ROLE.admin]);
    expect(await read("administrators")).toEqual([address(admin), getAddress(safe.address)]);
    await call(admin, "renounceRole", ROLE.admin, address(admin));
    expect(await read("administrators")).toEqual([getAddress(safe.address)]);
    await refused(safe.send("renounceRole", [ROLE.admin, safe.address]), "registry.lastAdministrator");
    await refused(offer(ROLE.curator, receiver), "registry.accessManagerUnauthorizedAccount");
  });

  it("is not made less by the revocation of somebody who is none", async () => {
    await call(admin, "revokeRole", ROLE.admin, address(stranger));
    expect(await read("administrators")).toEqual([address(admin)]);
  });

  it("is nobody who still waits for the grant delay, to the second", async () => {
    await call(admin, "setGrantDelay", ROLE.admin, WEEK);
    await travelTo(chain, (await now(chain)) + 5 * DAY);
    const safe = await openSafe(stranger);
    await offer(ROLE.admin, safe.address);
    await safe.send("acceptRole", [ROLE.admin]);
    const since = (await now(chain)) + WEEK;
    const leave = () => call(admin, "renounceRole", ROLE.admin, address(admin));
    await travelTo(chain, since - 1);
    await refused(leave(), "registry.lastAdministrator");
    await travelTo(chain, since);
    await leave();
    expect(await holds(ROLE.admin, safe.address)).toBe(true);
  });
});

describe("62 an administrator without an execution delay", () => {
  it("leaves a guardian the grant delay to call off what was offered and accepted in one block", async () => {
    await call(admin, "setGrantDelay", ROLE.admin, WEEK);
    await travelTo(chain, (await now(chain)) + 5 * DAY);
    const safe = await openSafe(stranger);
    await offer(ROLE.admin, safe.address);
    await safe.send("acceptRole", [ROLE.admin]);
    expect(await read("administrators")).toEqual([address(admin), getAddress(safe.address)]);
    await call(guardian, "withdrawOffer", ROLE.admin, safe.address);
    expect(await read("administrators")).toEqual([address(admin)]);
    await travelTo(chain, (await now(chain)) + 2 * WEEK);
    expect(await holds(ROLE.admin, safe.address)).toBe(false);
    const leave = call(admin, "renounceRole", ROLE.admin, address(admin));
    await refused(leave, "registry.lastAdministrator");
  });

  it("loses neither the role nor what it offered by that: offers to others stand", async () => {
    await call(admin, "setGrantDelay", ROLE.admin, WEEK);
    await travelTo(chain, (await now(chain)) + 5 * DAY);
    const safe = await openSafe(stranger);
    await offer(ROLE.admin, safe.address);
    await safe.send("acceptRole", [ROLE.admin]);
    await offer(ROLE.curator, receiver);
    await call(guardian, "withdrawOffer", ROLE.admin, safe.address);
    await accept(receiver, ROLE.curator);
    await refused(call(guardian, "withdrawOffer", ROLE.admin, address(admin)), "registry.nothingOffered");
    expect(await holds(ROLE.admin, admin)).toBe(true);
  });
});

describe("62 an administrator's delay", () => {
  it("comes before an offer, which a guardian calls off, and a stranger does not", async () => {
    const safe = await handOver(WEEK);
    const args = [ROLE.curator, address(receiver), 0] as const;
    await refused(safe.send("offerRole", args), "registry.accessManagerNotScheduled");
    const data = await safe.schedule("offerRole", args);
    const cancel = (by: Wallet, what = data) => call(by, "cancel", safe.address, authority, what);
    await refused(cancel(receiver), "registry.accessManagerUnauthorizedCancel");
    await cancel(guardian);
    await safe.schedule("offerRole", args);
    const readyAt = (await now(chain)) + WEEK;
    await travelTo(chain, readyAt - 60);
    await refused(safe.send("offerRole", args), "registry.accessManagerNotReady");
    await travelTo(chain, readyAt);
    await safe.send("offerRole", args);
    await accept(receiver, ROLE.curator);
  });

  it("lets a guardian call off grants and changes of who may call what, too", async () => {
    const safe = await handOver(WEEK);
    for (const [name, args] of [
      ["grantRole", [MARKET_SOURCE, authority, 0]],
      ["setTargetFunctionRole", [address(stranger), ["0xdeadbeef"], ROLE.curator]],
      ["updateAuthority", [address(stranger), address(stranger)]],
      ["setGrantDelay", [ROLE.curator, 0]],
      ["revokeRole", [ROLE.curator, address(receiver)]],
    ] as const) {
      const data = await safe.schedule(name, args);
      await call(guardian, "cancel", safe.address, authority, data);
    }
  });

  it("lets a guardian call off what is to be called at any other contract, and whoever scheduled it", async () => {
    const safe = await handOver(WEEK);
    const target = address(receiver);
    for (const cancel of [
      () => call(guardian, "cancel", safe.address, target, "0xdeadbeef"),
      () => safe.send("cancel", [safe.address, target, "0xdeadbeef"]),
    ]) {
      await safe.send("schedule", [target, "0xdeadbeef", 0]);
      await cancel();
      await refused(cancel(), "registry.accessManagerNotScheduled");
    }
  });

  it("outlasts a guardian that calls everything off: its own revocation it cannot", async () => {
    const safe = await handOver(WEEK);
    const args = [ROLE.guardian, address(guardian)] as const;
    const data = await safe.schedule("revokeRole", args);
    const cancel = call(guardian, "cancel", safe.address, authority, data);
    await refused(cancel, "registry.accessManagerUnauthorizedCancel");
    await travelTo(chain, (await now(chain)) + WEEK);
    await safe.send("revokeRole", args);
    expect(await holds(ROLE.guardian, guardian)).toBe(false);
    const next = await safe.schedule("offerRole", [ROLE.guardian, address(receiver), 0]);
    await refused(
      call(guardian, "cancel", safe.address, authority, next),
      "registry.accessManagerUnauthorizedCancel",
    );
    await travelTo(chain, (await now(chain)) + WEEK);
    await safe.send("offerRole", [ROLE.guardian, address(receiver), 0]);
    await accept(receiver, ROLE.guardian);
  });

  it("is the receiver's own choice no more than anybody's: accepting is not delayed, what follows is", async () => {
    const safe = await handOver(WEEK);
    const offerBack = safe.send("offerRole", [ROLE.admin, safe.address, 0]);
    await refused(offerBack, "registry.accessManagerNotScheduled");
    expect(await delayOf(ROLE.admin, safe.address)).toBe(WEEK);
  });
});
