// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Can those who run a registry do it from the command line: with what changes when said before, who may not refused before anything
 * is paid, delays kept, and everything as calldata or for a Safe as well?
 *
 * @module
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deployContract, deployKeel } from "@keel/contracts";
import { policyId } from "@keel/verifier";
import { lineId, publishPolicy, revoke, submitAttestation } from "@keel/verifier/chain";
import { getAddress, type Hex } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../cli/dist/run.js";
import { safeChecksum } from "../../cli/dist/safe-batch.js";
import { attestation, begin, type Fixture, POLICY, startFixture, TERMS } from "../contracts/fixture.js";
import { CIRCUIT, endProving } from "../contracts/statement-circuit.js";
import { now, startTestChain, travelTo } from "../support/chain.js";
import { captured, errorOf, inFolder, keelHere } from "../support/cli.js";

const DAY = 86_400;
const WEEK = 7 * DAY;
/** Accounts of the fixture's cast, and one more. */
const [DEPLOYER, SUBJECT, STRANGER, GUARDIAN, CURATOR] = ["0", "1", "2", "3", "8"] as const;

let fixture: Fixture;
let onChain: string[];

const addressOf = (account: string): Hex => fixture.chain.signers[Number(account)]!.address;
const looser = { ...TERMS, maxLeverage: 35_000, minEquity: TERMS.minEquity + 10n ** 8n };
const tighter = { ...TERMS, maxLeverage: 25_000 };

interface Done {
  readonly stage: string;
  readonly preview: readonly string[];
  readonly [field: string]: unknown;
}

async function does(args: readonly string[]): Promise<Done> {
  const ended = await keelHere([...args, ...onChain, "--json"]);
  expect(ended.code, ended.stderr).toBe(0);
  return JSON.parse(ended.stdout) as Done;
}

async function refuses(args: readonly string[], code: string, exitCode = 1): Promise<string> {
  const ended = await keelHere([...args, ...onChain, "--json"]);
  const error = errorOf(ended);
  expect([ended.code, error.code], error.message).toEqual([exitCode, code]);
  return error.message;
}

const as = (account: string): string[] => ["--account", account];
const text = ({ preview }: Done): string => preview.join("\n");

beforeAll(async () => {
  fixture = await startFixture();
  const { chain, keel, registry, cast } = fixture;
  onChain = ["--rpc", chain.rpcUrl, "--registry", keel.registry];
  await begin(fixture);
  await submitAttestation(registry, cast.stranger, await attestation(fixture));
  for (const terms of [looser, tighter]) await publishPolicy(registry, cast.stranger, terms);
});

afterAll(async () => {
  await fixture?.chain.stop();
  await endProving();
});

describe("62 a sender without the role", () => {
  it("is told before anything is paid, with who has it", async () => {
    const before = await fixture.chain.client.getBlockNumber({ cacheTime: 0 });
    const message = await refuses(
      ["revoke", "--for", addressOf(SUBJECT), "--policy-id", POLICY, "--reason", "no", ...as(STRANGER)],
      "role.missing",
    );
    expect(message).toContain(`role guardian (held by ${addressOf(GUARDIAN)} without execution delay)`);
    expect(message).toContain(addressOf(STRANGER));
    await refuses(["line", "open", "main", "--policy-id", POLICY, ...as(GUARDIAN)], "role.missing");
    await refuses(["publishers", "cancel", ...as(STRANGER)], "publishers.idle");
    await refuses(["role", "grant", "curator", "--to", addressOf(STRANGER), ...as(GUARDIAN)], "role.missing");
    await refuses(["role", "grant", "king", "--to", addressOf(STRANGER), ...as(DEPLOYER)], "role.unknown");
    await refuses(["role", "accept", "curator", ...as(STRANGER)], "role.offer");
    await refuses(
      ["role", "revoke", "curator", "--holder", addressOf(STRANGER), ...as(DEPLOYER)],
      "role.holder",
    );
    expect(await fixture.chain.client.getBlockNumber({ cacheTime: 0 })).toBe(before);
  });

  it("is refused what the contract would refuse, before it schedules anything", async () => {
    const id = `0x${"77".repeat(32)}`;
    await refuses(["line", "open", "main", "--policy-id", id, ...as(DEPLOYER)], "registry.unknownPolicy", 3);
    await refuses(
      ["reopen", "--subject", addressOf(SUBJECT), "--policy-id", POLICY, ...as(GUARDIAN)],
      "registry.notClosed",
    );
    await refuses(["line", "move", "none", "--policy-id", POLICY, ...as(DEPLOYER)], "line.unknown");
    await refuses(
      [
        "publishers",
        "announce",
        "--publisher",
        addressOf("5"),
        "--publisher",
        addressOf("5"),
        "--threshold",
        "3",
        ...as(DEPLOYER),
      ],
      "publishers.list",
    );
    // Also where nobody signs yet, and where the authority itself is called.
    const nobody = ["role", "grant", "guardian", "--to", `0x${"0".repeat(40)}`, "--calldata"];
    await refuses(nobody, "registry.badReceiver");
    await refuses([...nobody, "--from", addressOf(DEPLOYER)], "registry.badReceiver");
    await refuses(["restart", "--subject", addressOf(SUBJECT), "--cancel", ...as(GUARDIAN)], "restart.none");
    await refuses(["restart", "--subject", addressOf(SUBJECT), ...as(GUARDIAN)], "usage");
  });
});

describe("a record", () => {
  it("is closed and opened by a guardian, and revoked by its subject", async () => {
    const record = ["--policy-id", POLICY];
    const closing = ["revoke", "--for", addressOf(SUBJECT), ...record, "--reason", "fraud", ...as(GUARDIAN)];
    const preview = await does([...closing, "--dry-run"]);
    expect(preview.stage).toBe("preview");
    expect(text(preview)).toContain(`close the record of ${addressOf(SUBJECT).toLowerCase()}`);
    expect(text(preview)).toContain("is healthy there now");
    expect((await does(closing)).stage).toBe("sent");
    expect((await keelHere(["status", ...onChain, ...record, "--subject", addressOf(SUBJECT)])).code).toBe(3);
    await does(["reopen", "--subject", addressOf(SUBJECT), ...record, ...as(GUARDIAN)]);
    const own = await does(["revoke", ...record, "--reason", "moving", ...as(SUBJECT)]);
    expect(own).toMatchObject({ stage: "sent", command: "revoke", sender: addressOf(SUBJECT) });
  });

  it("of a chain starts over after a day, unless the subject calls it off", async () => {
    const restart = ["restart", "--subject", addressOf(SUBJECT)];
    const announced = await does([...restart, "--reason", "state lost", ...as(GUARDIAN)]);
    expect(text(announced)).toContain("1 d after the announcement");
    await refuses([...restart, "--reason", "again", ...as(GUARDIAN)], "registry.restartAnnounced");
    await refuses([...restart, "--cancel", ...as(STRANGER)], "role.missing");
    expect((await does([...restart, "--cancel", ...as(SUBJECT)])).stage).toBe("sent");
  });
});

describe("roles and lines", () => {
  it("a role is offered, accepted, and listed with its delay", async () => {
    const grant = ["role", "grant", "curator", "--to", addressOf(CURATOR), "--delay", String(2 * DAY)];
    const offered = await does([...grant, ...as(DEPLOYER)]);
    expect(text(offered)).toContain(
      `offer role curator to ${addressOf(CURATOR).toLowerCase()}, with an execution delay of 2 d`,
    );
    expect(text(offered)).toContain("keel role accept");
    const before = await keelHere(["role", "list", ...onChain]);
    expect(before.stdout).toContain(`offered to ${addressOf(CURATOR)} with an execution delay of 2 d`);
    await does(["role", "accept", "curator", ...as(CURATOR)]);
    const listed = (await does(["role", "list"])) as unknown as {
      roles: { role: string; holders: { account: string; executionDelay: number }[]; functions: string[] }[];
    };
    const curator = listed.roles.find(({ role }) => role === "curator")!;
    expect(curator.holders.map(({ account }) => account)).toContain(addressOf(CURATOR));
    expect(curator.functions).toEqual(["PolicyBook.moveLine", "PolicyBook.openLine"]);
    const taken = await does(["role", "grant", "guardian", "--to", addressOf(STRANGER), ...as(DEPLOYER)]);
    expect(taken.stage).toBe("sent");
    const back = await does(["role", "revoke", "guardian", "--holder", addressOf(STRANGER), ...as(GUARDIAN)]);
    expect(text(back)).toContain("take back the offer of role guardian");
  });

  it("a delayed role schedules, waits, and executes with the same command", async () => {
    const opening = ["line", "open", "main", "--policy-id", POLICY];
    const scheduled = await does([...opening, ...as(CURATOR)]);
    expect(scheduled).toMatchObject({ stage: "scheduled", delay: 2 * DAY, role: "curator" });
    expect(text(scheduled)).toContain("A guardian or the administrator may call it off");
    await refuses([...opening, "--execute", ...as(CURATOR)], "operation.notReady");
    expect((await does([...opening, ...as(CURATOR)])).stage).toBe("waiting");
    const listed = await keelHere(["role", "list", ...onChain]);
    expect(listed.stdout).toContain(`open line "main" with policy ${POLICY}, by ${addressOf(CURATOR)}`);
    await travelTo(fixture.chain, Number(scheduled.readyAt));
    expect((await does([...opening, "--execute", ...as(CURATOR)])).stage).toBe("executed");
    await refuses([...opening, ...as(CURATOR)], "registry.lineExists");
  });

  it("62 a guardian calls off what somebody scheduled, and nobody else does", async () => {
    const scheduled = await does(["line", "open", "unwanted", "--policy-id", POLICY, ...as(CURATOR)]);
    const cancel = ["operation", "cancel", String(scheduled.operation)];
    await refuses([...cancel, ...as(STRANGER)], "registry.accessManagerUnauthorizedCancel");
    const done = await does([...cancel, ...as(GUARDIAN)]);
    expect(text(done)).toContain('open line "unwanted"');
    await refuses([...cancel, ...as(GUARDIAN)], "operation.unknown");
  });

  it("a move says which limits become tighter or looser, and when it counts", async () => {
    const move = (terms: typeof TERMS) => [
      "line",
      "move",
      "main",
      "--policy-id",
      policyId(terms),
      ...as(DEPLOYER),
    ];
    const loosening = await does([...move(looser), "--dry-run"]);
    const at = (await now(fixture.chain)) + WEEK;
    expect(text(loosening)).toContain("Leverage becomes looser: from 300 % to 350 %.");
    expect(text(loosening)).toContain("Equity becomes tighter: from 1,000,000.00 USD to 1,000,001.00 USD.");
    expect(text(loosening)).toContain(`it counts from ${new Date(at * 1000).toISOString().slice(0, 10)}`);
    expect(loosening).toMatchObject({ tighter: false, line: lineId("main") });
    await does(move(looser));
    await does(["line", "cancel", "main", ...as(GUARDIAN)]);
    await refuses(["line", "cancel", "main", ...as(GUARDIAN)], "line.idle");
    const tightening = await does(move(tighter));
    expect(text(tightening)).toContain("Leverage becomes tighter: from 300 % to 250 %.");
    expect(text(tightening)).toContain("with the block");
    const undone = await does(["line", "undo", "main", ...as(GUARDIAN)]);
    expect(text(undone)).toContain("Leverage becomes looser: from 250 % to 300 %.");
    await refuses(["line", "undo", "main", ...as(GUARDIAN)], "registry.nothingToUndo");
  });
});

describe("publishers and verifiers", () => {
  it("publishers are announced, with who comes and goes, and called off", async () => {
    const [stays, comes, goes] = [addressOf("5"), addressOf("9"), addressOf("6")];
    const list = ["--publisher", comes, "--publisher", stays, "--publisher", addressOf("7")];
    const announced = await does(["publishers", "announce", ...list, "--threshold", "2", ...as(DEPLOYER)]);
    expect(text(announced)).toContain(`New: ${comes.toLowerCase()}.`);
    expect(text(announced)).toContain(`No longer: ${goes}.`);
    const listed = await does(["publishers", "list"]);
    expect(listed).toMatchObject({ threshold: 2, pending: { threshold: 2 } });
    expect((await does(["publishers", "cancel", ...as(GUARDIAN)])).stage).toBe("sent");
    expect((await does(["publishers", "list"])).pending).toBeUndefined();
  });

  it("a verifier on standby takes over when the other one is retired", async () => {
    const { chain, cast } = fixture;
    const clients = { walletClient: cast.deployer, publicClient: chain.client };
    const second = await deployContract(clients, "StatementVerifierSecond");
    const circuit = ["--circuit", CIRCUIT];
    const added = await does([
      "verifier",
      "add",
      ...circuit,
      "--verifier",
      second,
      "--standby",
      ...as(DEPLOYER),
    ]);
    expect(added).toMatchObject({ version: 2, standby: true, insecure: true });
    expect(text(added)).toContain("DEVELOPMENT KEY");
    await travelTo(chain, (await now(chain)) + WEEK);
    const retire = ["verifier", "retire", "1", ...circuit, "--reason", "weak", ...as(GUARDIAN)];
    expect(text(await does([...retire, "--dry-run"]))).toContain("After that version 2");
    await does(retire);
    const { verifiers } = (await does(["verifier", "list", ...circuit])) as unknown as {
      verifiers: { version: number; accepts: boolean; standby: boolean }[];
    };
    expect(verifiers).toMatchObject([
      { version: 1, accepts: false },
      { version: 2, accepts: true, standby: true },
    ]);
    await refuses(
      ["verifier", "retire", "7", ...circuit, "--reason", "x", ...as(GUARDIAN)],
      "verifier.version",
    );
    await refuses(
      ["verifier", "add", ...circuit, "--verifier", addressOf("9"), ...as(DEPLOYER)],
      "verifier.contract",
    );
  });
});

describe("for somebody else to sign", () => {
  it("calldata has the call and, with a delay, what the authority takes", async () => {
    const args = ["line", "open", "second", "--policy-id", POLICY, "--calldata"];
    const own = await does([...args, "--from", addressOf(DEPLOYER)]);
    expect(Object.keys(own.calls as object)).toEqual(["call"]);
    const delayed = await does([...args, "--from", addressOf(CURATOR)]);
    expect(Object.keys(delayed.calls as object)).toEqual(["call", "schedule", "execute"]);
    expect(delayed.operation).toMatch(/^0x[0-9a-f]{64}$/);
    const nobody = await does(args);
    expect(text(nobody)).toContain(`It needs role curator: held by`);
    const words = await keelHere([...args, ...onChain, "--from", addressOf(CURATOR)]);
    expect(words.stdout).toContain("schedule:\n  to     ");
    await refuses([...args, "--from", addressOf(STRANGER)], "role.missing");
    await refuses([...args, "--dry-run"], "usage");
    await refuses(["line", "open", "second", "--policy-id", POLICY, "--from", addressOf(STRANGER)], "usage");
  });

  it("a file for a Safe carries the app's checksum, and does what it says", async () => {
    await inFolder(async (folder) => {
      const file = join(folder, "batch.json");
      const args = [
        "line",
        "open",
        "third",
        "--policy-id",
        POLICY,
        "--safe",
        file,
        "--from",
        addressOf(DEPLOYER),
      ];
      await does(args);
      const batch = JSON.parse(await readFile(file, "utf8"));
      expect(batch).toMatchObject({
        version: "1.0",
        chainId: "31337",
        meta: { createdFromSafeAddress: addressOf(DEPLOYER).toLowerCase() },
      });
      expect(batch.meta.checksum).toBe(safeChecksum(batch));
      const [{ to, value, data }] = batch.transactions;
      expect(value).toBe("0");
      await fixture.cast.deployer.sendTransaction({ to, data });
      await refuses(["line", "open", "third", "--policy-id", POLICY, ...as(DEPLOYER)], "registry.lineExists");
      await refuses(args, "file.exists");
      const waiting = join(folder, "schedule.json");
      await does(
        [...args.slice(0, -3), waiting, "--from", addressOf(CURATOR)].map((arg) =>
          arg === "third" ? "fifth" : arg,
        ),
      );
      const { meta, transactions } = JSON.parse(await readFile(waiting, "utf8"));
      expect(meta.name).toBe("keel line open (schedule)");
      expect(transactions).toMatchObject([{ to: getAddress(fixture.keel.authority) }]);
    });
  });

  it("somebody at a terminal is asked, and nothing is sent without a yes", async () => {
    const args = ["line", "open", "fourth", "--policy-id", POLICY, ...onChain, ...as(DEPLOYER)];
    const ask = async (input: string) => {
      const { context, output } = captured({ input });
      return { code: await run(args, { ...context, interactive: true }), ...output };
    };
    const before = await fixture.chain.client.getBlockNumber({ cacheTime: 0 });
    const no = await ask("n\n");
    expect([no.code, no.stderr.includes("send it? [y/N]")]).toEqual([1, true]);
    expect(no.stderr).toContain('This will open line "fourth"');
    expect(await fixture.chain.client.getBlockNumber({ cacheTime: 0 })).toBe(before);
    expect((await ask("y\n")).code).toBe(0);
  });
});

describe("62 a watch across runs", () => {
  const POLICY_ID = ["--policy-id", POLICY];
  const look = async (args: readonly string[], expected: number) => {
    const ended = await keelHere(["watch", ...args, "--once", "--json"]);
    expect(ended.code, ended.stderr).toBe(expected);
    return { text: ended.stdout, ...JSON.parse(ended.stdout) } as {
      readonly text: string;
      readonly notices: readonly { kind: string; reason?: string; notice?: { reason?: string } }[];
      readonly next: number;
    };
  };

  it("takes back what a reorganisation removed, from the last run's output alone", async () => {
    const { chain, registry, cast } = fixture;
    await inFolder(async (folder) => {
      const [file, other] = [join(folder, "last.json"), join(folder, "other.json")];
      const start = String((await chain.client.getBlockNumber({ cacheTime: 0 })) + 1n);
      const fork = await chain.test.snapshot();
      await revoke(registry, cast.stranger, POLICY, "gone");
      const first = await look([...onChain, "--since", start], 2);
      expect(first.notices).toMatchObject([{ kind: "revoked", reason: "gone" }]);
      await writeFile(file, first.text);
      expect((await look([...onChain, "--since", file], 0)).next).toBe(first.next);
      await chain.test.revert({ id: fork });
      await revoke(registry, cast.stranger, POLICY, "new");
      await chain.test.mine({ blocks: 1 });
      const second = await look([...onChain, "--since", file], 2);
      expect(second.notices).toMatchObject([
        { kind: "takenBack", notice: { kind: "revoked", reason: "gone" } },
        { kind: "revoked", reason: "new" },
      ]);
      await writeFile(file, second.text);
      expect((await look([...onChain, "--since", file], 0)).notices).toEqual([]);
      await refuses(["watch", "--once", "--since", file, "--subject", addressOf(SUBJECT)], "watch.memory");
      await writeFile(other, "{}");
      await refuses(["watch", "--once", "--since", other], "watch.memory");
    });
  });

  it("from a block number looks, elsewhere than on a local chain, at what is final; sending waits for a second block", async () => {
    const chain = await startTestChain(11_155_111);
    try {
      const clients = { walletClient: chain.wallets[0]!, publicClient: chain.client };
      const publishers = [chain.signers[5]!.address];
      const keel = await deployKeel({ ...clients, publishers, threshold: 1, verifiers: [] });
      const there = ["--rpc", chain.rpcUrl, "--registry", keel.registry];
      const head = async () => Number(await chain.client.getBlockNumber({ cacheTime: 0 }));
      await chain.test.mine({ blocks: 80 });
      const first = await look([...there, "--since", "0"], 2);
      expect(first.next).toBe((await head()) - 64 + 1);
      const env = { KEEL_PRIVATE_KEY: chain.accounts[1]!.privateKey };
      const before = await head();
      let isDone = false;
      const sending = keelHere(["revoke", ...there, ...POLICY_ID, "--reason", "moving", "--json"], {
        env,
      }).then((ended) => {
        isDone = true;
        return ended;
      });
      while ((await head()) === before) await new Promise((done) => setTimeout(done, 20));
      await new Promise((done) => setTimeout(done, 300));
      expect(isDone).toBe(false);
      await chain.test.mine({ blocks: 1 });
      const sent = await sending;
      expect(JSON.parse(sent.stdout)).toMatchObject({ ok: true, stage: "sent", block: before + 1 });
      // Only what is buried is told from a number; with the last run's output everything is, once.
      expect((await look([...there, "--since", String(first.next)], 0)).notices).toEqual([]);
      await inFolder(async (folder) => {
        await writeFile(join(folder, "last.json"), first.text);
        const second = await look([...there, "--since", join(folder, "last.json")], 2);
        expect(second.notices).toMatchObject([{ kind: "revoked", reason: "moving" }]);
      });
    } finally {
      await chain.stop();
    }
  });
});

it("62 watch tells all of it, in words", async () => {
  const told = await keelHere(["watch", ...onChain, "--once", "--since", String(fixture.keel.fromBlock)]);
  expect(told.code).toBe(2);
  for (const words of [
    "ROLE OFFERED: curator to",
    "ROLE GRANTED: curator to",
    'SCHEDULED: open line "main"',
    'EXECUTED: open line "main"',
    "POLICY LOOSENED",
    "POLICY MOVE CALLED OFF",
    "TIGHTENING UNDONE",
    "PUBLISHERS ANNOUNCED",
    "PUBLISHERS CALLED OFF",
    "on standby",
    "VERIFIER RETIRED",
    "TABLE ACCEPTED",
    "DRAWDOWN CHAIN MAY RESTART",
    "RESTART CALLED OFF",
  ]) {
    expect(told.stdout).toContain(words);
  }
});
