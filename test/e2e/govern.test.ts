// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do the operator commands say what will hold when a call counts, and can a guardian stop things whatever an administrator has
 * done: with a delay of its own, after an acceptance, and with contracts that ask different authorities?
 *
 * @module
 */
import { join } from "node:path";
import { deployContract, deployKeel, ROLE } from "@keel/contracts";
import { circuitHash, policyId } from "@keel/verifier";
import {
  authorityAbi,
  lineId,
  marketBookAbi,
  policyBookAbi,
  publishPolicy,
  restartChain,
  submitAttestation,
  verifierBookAbi,
  type Wallet,
} from "@keel/verifier/chain";
import { utc } from "@keel/verifier/text";
import { encodeFunctionData, getAddress, type Hex } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import {
  attestation,
  type Fixture,
  POLICY,
  rewindEachTest,
  startFixture,
  TERMS,
  transact,
} from "../contracts/fixture.js";
import { CIRCUIT } from "../contracts/statement-circuit.js";
import { now, travelTo } from "../support/chain.js";
import { errorOf, inFolder, keelHere } from "../support/cli.js";

const DAY = 86_400;
const WEEK = 7 * DAY;
/** Accounts of the fixture's cast, and more. */
const [DEPLOYER, SUBJECT, STRANGER, GUARDIAN, CURATOR, LATE] = ["0", "1", "2", "3", "8", "9"] as const;
const MARKET_SOURCE = 5n;

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});

rewindEachTest(() => [fixture]);

interface Done {
  readonly stage: string;
  readonly preview: readonly string[];
  readonly [field: string]: unknown;
}

const onChain = () => ["--rpc", fixture.chain.rpcUrl, "--registry", fixture.keel.registry];
const walletOf = (account: string): Wallet => fixture.chain.wallets[Number(account)]!;
const addressOf = (account: string): Hex => fixture.chain.signers[Number(account)]!.address;
const as = (account: string): string[] => ["--account", account];
const text = ({ preview }: Done): string => preview.join("\n");

async function does(...args: readonly string[]): Promise<Done> {
  const ended = await keelHere([...args, ...onChain(), "--json"]);
  expect(ended.code, ended.stderr).toBe(0);
  return JSON.parse(ended.stdout) as Done;
}

async function refuses(code: string, ...args: readonly string[]): Promise<string> {
  const ended = await keelHere([...args, ...onChain(), "--json"]);
  const error = errorOf(ended);
  expect(error.code, error.message).toBe(code);
  return error.message;
}

const call = (by: string, to: Hex, abi: readonly unknown[], name: string, ...args: unknown[]) =>
  transact(fixture.chain, walletOf(by), to, abi, name, args);
const authority = (by: string, name: string, ...args: unknown[]) =>
  call(by, fixture.keel.authority, authorityAbi, name, ...args);
const later = async (seconds: number) => await travelTo(fixture.chain, (await now(fixture.chain)) + seconds);

/** Gives somebody a role with an execution delay, in force. */
async function give(role: bigint, account: string, delay: number): Promise<void> {
  await authority(DEPLOYER, "offerRole", role, addressOf(account), delay);
  await authority(account, "acceptRole", role);
  await later(WEEK);
}

async function publish(maxLeverage: number): Promise<Hex> {
  const terms = { ...TERMS, maxLeverage };
  await publishPolicy(fixture.registry, fixture.cast.stranger, terms);
  return policyId(terms);
}

describe("62 an accepted role that does not count yet", () => {
  // The grant delay of a fresh deployment counts after five days.
  const acceptLate = async (role: bigint, delay = 0) => {
    await later(6 * DAY);
    await authority(DEPLOYER, "offerRole", role, addressOf(LATE), delay);
    await authority(LATE, "acceptRole", role);
    return (await now(fixture.chain)) + WEEK;
  };

  it("is called off by a guardian with `role revoke`, at once and with nothing voided", async () => {
    const since = await acceptLate(ROLE.admin);
    await authority(DEPLOYER, "offerRole", ROLE.curator, addressOf(CURATOR), 0);
    const revoke = ["role", "revoke", "admin", "--holder", addressOf(LATE)];
    await refuses("registry.notYourOffer", ...revoke, ...as(STRANGER));
    const offering = ["role", "grant", "admin", "--to", addressOf(CURATOR), "--delay", "60"];
    expect(await refuses("role.pending", ...offering, ...as(LATE))).toContain(
      `${addressOf(LATE)} without execution delay, from ${utc(since)} on`,
    );
    const done = await does(...revoke, ...as(GUARDIAN));
    expect(done).toMatchObject({ stage: "sent", command: "role revoke" });
    expect(text(done)).toContain(`which would count from ${utc(since)} on`);
    expect(text(done)).not.toContain("void");
    await does("role", "accept", "curator", ...as(CURATOR));
    await later(2 * WEEK);
    const listed = await keelHere(["role", "list", ...onChain()]);
    expect(listed.stdout.split("guardian (1)")[0]).not.toContain(addressOf(LATE));
    await refuses("role.holder", ...revoke, ...as(GUARDIAN));
  });

  it("is a member's shorter delay too, which `--pending` calls off and leaves the role", async () => {
    await give(ROLE.curator, CURATOR, 3 * DAY);
    await authority(DEPLOYER, "offerRole", ROLE.curator, addressOf(CURATOR), 0);
    await authority(CURATOR, "acceptRole", ROLE.curator);
    const listed = await keelHere(["role", "list", ...onChain()]);
    const at = (await now(fixture.chain)) + 3 * DAY;
    expect(listed.stdout).toContain(`an execution delay of 3 d, without execution delay from ${utc(at)} on`);
    const pending = ["role", "revoke", "curator", "--holder", addressOf(CURATOR), "--pending"];
    const done = await does(...pending, ...as(GUARDIAN));
    expect(text(done)).toContain(`without execution delay, from ${utc(at)} on`);
    await later(WEEK);
    const call = await does("line", "open", "main", "--policy-id", POLICY, "--dry-run", ...as(CURATOR));
    expect(call.delay).toBe(3 * DAY);
    await refuses("role.holder", ...pending, ...as(GUARDIAN));
    await refuses("role.missing", ...pending.slice(0, -1), ...as(GUARDIAN));
  });
});

describe("62 an administrator", () => {
  it("is offered with a delay that was said, and none is said loudly", async () => {
    const grant = ["role", "grant", "admin", "--to", addressOf(LATE), "--dry-run", ...as(DEPLOYER)];
    expect(await refuses("usage", ...grant)).toContain("--delay");
    expect(text(await does(...grant, "--delay", "0"))).toContain("there is nothing that it schedules");
    expect(text(await does(...grant, "--delay", String(WEEK)))).not.toContain(
      "there is nothing that it schedules",
    );
    await does("role", "grant", "curator", "--to", addressOf(LATE), "--dry-run", ...as(DEPLOYER));
  });
});

describe("62 a preview says what will hold", () => {
  it("of a grant delay that changes before the call is executed", async () => {
    await authority(DEPLOYER, "offerRole", ROLE.admin, addressOf(LATE), 20 * DAY);
    await authority(LATE, "acceptRole", ROLE.admin);
    await later(6 * DAY);
    await authority(DEPLOYER, "setGrantDelay", MARKET_SOURCE, 0);
    await authority(DEPLOYER, "setGrantDelay", ROLE.curator, DAY);
    // A change waits as long as the delay becomes shorter by.
    const at = (await now(fixture.chain)) + 6 * DAY;
    const grant = (role: string) => ["role", "grant", role, "--to", fixture.keel.marketBook, "--dry-run"];
    const mine = await does(...grant("market-source"), ...as(DEPLOYER));
    expect(text(mine), "made now").toContain(`It counts from ${utc((await now(fixture.chain)) + WEEK)}`);
    const theirs = await does(...grant("market-source"), ...as(LATE));
    expect(text(theirs), "executed in 20 days").toContain(`It counts from ${utc(Number(theirs.readyAt))}.`);
    expect(Number(theirs.readyAt)).toBeGreaterThan(at);
    expect(text(await does(...grant("curator"), ...as(LATE)))).toContain("and has it 1 d after that");
    const offered = text(await does(...grant("curator"), ...as(DEPLOYER)));
    expect(offered).toContain("and has it 7 d after that");
    expect(offered).toContain(`1 d where that is from ${utc(at)} on`);
    // Who asks may change it again meanwhile: that is scheduled, too.
    const data = encodeFunctionData({
      ...{ abi: authorityAbi, functionName: "setGrantDelay", args: [ROLE.curator, 9 * DAY] },
    });
    await authority(LATE, "schedule", fixture.keel.authority, data, 0);
    expect(text(await does(...grant("curator"), ...as(LATE)))).toContain("let role curator count 9 d after");
  });

  it("of the holders' own delays, when a role is taken later", async () => {
    await give(ROLE.curator, CURATOR, 3 * DAY);
    await give(ROLE.curator, LATE, 0);
    await authority(DEPLOYER, "offerRole", ROLE.curator, addressOf(CURATOR), 0);
    await authority(CURATOR, "acceptRole", ROLE.curator);
    const taking = ["role", "revoke", "curator", "--holder", addressOf(LATE), "--dry-run"];
    expect(text(await does(...taking, ...as(DEPLOYER)))).toContain(
      `${addressOf(CURATOR)} with an execution delay of 3 d, without execution delay from`,
    );
  });

  it("of which tightening is undone: the latest that was not taken back", async () => {
    const [tight, tighter] = [await publish(28_000), await publish(25_000)];
    await does("line", "open", "main", "--policy-id", POLICY, ...as(DEPLOYER));
    for (const id of [tight, tighter]) {
      await does("line", "move", "main", "--policy-id", id, ...as(DEPLOYER));
    }
    const undo = ["line", "undo", "main", ...as(GUARDIAN)];
    expect(await does(...undo)).toMatchObject({ current: tighter, policyId: tight });
    const second = await does(...undo);
    expect(second).toMatchObject({ current: tight, policyId: POLICY });
    expect(text(second)).toContain(`from policy ${tight} to ${POLICY}`);
    expect(text(second)).toContain("Leverage becomes looser: from 280 % to 300 %.");
    await refuses("registry.nothingToUndo", ...undo);
  });

  it("of a tightening: what was attested before counts on, and is brought for a while", async () => {
    const tight = await publish(28_000);
    await does("line", "open", "main", "--policy-id", POLICY, ...as(DEPLOYER));
    const move = (id: Hex) => ["line", "move", "main", "--policy-id", id, ...as(DEPLOYER)];
    const words = text(await does(...move(tight), "--dry-run"));
    expect(words).toContain("counts at gates on the line until its own end, for 7 d at most");
    expect(words).toContain("may still be brought, at most 10 min after it was taken");
    for (let i = 1; i <= 16; i++) {
      const id = await publish(28_000 - i);
      await call(DEPLOYER, fixture.registry.policyBook, policyBookAbi, "moveLine", lineId("main"), id);
    }
    const message = await refuses("registry.tooManyTightenings", ...move(await publish(20_000)));
    expect(message).toContain("which is possible from");
  });

  it("of which verifier takes over, among those that stand by then", async () => {
    const { chain, cast, keel } = fixture;
    const clients = { walletClient: cast.deployer, publicClient: chain.client };
    const second = await deployContract(clients, "StatementVerifierSecond");
    const add = (name: string) =>
      call(DEPLOYER, keel.verifierBook, verifierBookAbi, name, circuitHash(CIRCUIT), second);
    await add("addStandby");
    await add("add");
    await later(WEEK);
    const retire = (version: string) =>
      does(
        "verifier",
        "retire",
        version,
        "--circuit",
        CIRCUIT,
        "--reason",
        "x",
        "--dry-run",
        ...as(GUARDIAN),
      );
    // Not the standby version, though it comes first.
    expect(text(await retire("1"))).toContain("After that version 3");
    expect(text(await retire("3"))).toContain("After that version 1");
    // One that begins before the call is executed.
    await give(ROLE.guardian, LATE, 2 * WEEK);
    await add("add");
    const delayed = ["--dry-run", ...as(LATE), "--circuit", CIRCUIT, "--reason", "x"];
    const planned = await does("verifier", "retire", "1", ...delayed);
    expect(planned.delay).toBe(2 * WEEK);
    expect(text(planned)).toContain("After that version 4");
  });

  it("of what goes with an administrator, and of an offer to who has the role already", async () => {
    await give(ROLE.admin, LATE, WEEK);
    const taking = text(
      await does("role", "revoke", "admin", "--holder", addressOf(LATE), "--dry-run", ...as(DEPLOYER)),
    );
    expect(taking).toContain("Every offer that stands, of whatever role, is void with it.");
    const leaving = text(
      await does("role", "revoke", "admin", "--holder", addressOf(LATE), "--dry-run", ...as(LATE)),
    );
    expect(leaving).toContain("give up role admin");
    expect(leaving).not.toContain("void");
    const shorter = ["role", "grant", "admin", "--to", addressOf(LATE), "--delay", "0", "--dry-run"];
    const words = text(await does(...shorter, ...as(DEPLOYER)));
    expect(words).toContain(
      `${addressOf(LATE).toLowerCase()} has it already, with an execution delay of 7 d`,
    );
    expect(words).toContain("a longer delay at once, a shorter one after the difference");
  });

  it("and a file for a Safe says whose it is", async () => {
    await inFolder(async (folder) => {
      const file = join(folder, "batch.json");
      const args = ["line", "open", "main", "--policy-id", POLICY, "--safe", file];
      expect(await refuses("usage", ...args)).toContain("--from");
      await does(...args, "--from", addressOf(DEPLOYER));
    });
  });
});

describe("62 a guardian with an execution delay", () => {
  it("calls off a restart: scheduled first, executed later; the subject at once", async () => {
    const { registry, cast } = fixture;
    await submitAttestation(registry, cast.stranger, await attestation(fixture));
    await give(ROLE.guardian, LATE, 3_600);
    const subject = ["restart", "--subject", addressOf(SUBJECT)];
    await restartChain(registry, cast.guardian, addressOf(SUBJECT), "state lost");
    const cancel = [...subject, "--cancel"];
    const scheduled = await does(...cancel, ...as(LATE));
    expect(scheduled).toMatchObject({ stage: "scheduled", role: "guardian", delay: 3_600 });
    await travelTo(fixture.chain, Number(scheduled.readyAt));
    expect(await does(...cancel, "--execute", ...as(LATE))).toMatchObject({ stage: "executed" });
    await restartChain(registry, cast.guardian, addressOf(SUBJECT), "state lost");
    await refuses("role.missing", ...cancel, ...as(STRANGER));
    const printed = await does(...cancel, "--calldata");
    expect(text(printed)).toContain(`or ${addressOf(SUBJECT).toLowerCase()} itself`);
    expect(Object.keys(printed.calls as object)).toEqual(["call", "schedule", "execute"]);
    expect(await does(...cancel, ...as(SUBJECT))).toMatchObject({ stage: "sent" });
    await refuses("restart.none", ...cancel, ...as(GUARDIAN));
  });
});

describe("62 contracts that ask different authorities", () => {
  let other: Hex;

  /** The administrator lets the market book ask another authority, where it has every role. */
  const split = async () => {
    const { chain, keel } = fixture;
    ({ authority: other } = await deployKeel({
      ...{ walletClient: walletOf(LATE), publicClient: chain.client, verifiers: [] },
      ...{ publishers: [addressOf(LATE)], threshold: 1, roles: { guardian: addressOf(LATE) } },
    }));
    const args = [keel.marketBook, other];
    const data = encodeFunctionData({ abi: authorityAbi, functionName: "updateAuthority", args } as never);
    await later(6 * DAY);
    await authority(DEPLOYER, "schedule", keel.authority, data, 0);
    await later(8 * DAY);
    await authority(DEPLOYER, "updateAuthority", ...args);
  };

  it("leave a guardian every stop at those that ask its own", async () => {
    const { registry, cast, keel } = fixture;
    await submitAttestation(registry, cast.stranger, await attestation(fixture));
    await give(ROLE.curator, CURATOR, 3 * DAY);
    await does("line", "open", "main", "--policy-id", POLICY, ...as(DEPLOYER));
    await split();
    const waiting = await does("line", "open", "other", "--policy-id", POLICY, ...as(CURATOR));
    expect(waiting.stage).toBe("scheduled");
    await does("line", "move", "main", "--policy-id", await publish(35_000), ...as(DEPLOYER));
    const about = ["--policy-id", POLICY, "--reason", "fraud"];
    await does("revoke", "--for", addressOf(SUBJECT), ...about, ...as(GUARDIAN));
    await does("line", "cancel", "main", ...as(GUARDIAN));
    await does("verifier", "retire", "1", "--circuit", CIRCUIT, "--reason", "weak", ...as(GUARDIAN));
    await does("operation", "cancel", String(waiting.operation), ...as(GUARDIAN));
    // At the book that was taken away it has no role any more.
    await call(LATE, keel.marketBook, marketBookAbi, "announcePublishers", [addressOf(LATE)], 1n);
    const message = await refuses("role.missing", "publishers", "cancel", ...as(GUARDIAN));
    expect(message).toContain(`held by ${addressOf(LATE)}`);
    await does("publishers", "cancel", ...as(LATE));
  });

  it("have roles of each, by the authority's address", async () => {
    const { keel } = fixture;
    await split();
    const message = await refuses("authority.split", "role", "list");
    for (const one of [keel.authority, other]) expect(message).toContain(getAddress(one));
    expect(message).toContain("--authority");
    const list = await does("role", "list", "--authority", keel.authority);
    expect(list.authority).toBe(getAddress(keel.authority));
    const grant = ["role", "grant", "curator", "--to", addressOf(CURATOR), "--authority"];
    await does(...grant, keel.authority, ...as(DEPLOYER));
    await refuses("role.missing", ...grant, other, ...as(DEPLOYER));
    await does(...grant, other, ...as(LATE));
    await refuses("authority.foreign", ...grant, addressOf(STRANGER), ...as(LATE));
  });
});
