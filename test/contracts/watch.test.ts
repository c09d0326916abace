// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a watch tell every lapse, revocation, looser policy and new verifier, once, however the blocks are cut into looks?
 *
 * @module
 */
import { deployContract } from "@keel/contracts";
import { circuitHash, policyId } from "@keel/verifier";
import {
  type Basis,
  enrol,
  latestBlock,
  look,
  marketBookAbi,
  type Notice,
  policyBookAbi,
  publishPolicy,
  reopen,
  restartChain,
  revoke,
  revokeFor,
  startWatch,
  submitAttestation,
  verifierBookAbi,
  voidAttestation,
  type Wallet,
} from "@keel/verifier/chain";
import { type Hex, keccak256, parseEventLogs } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nextBlockAt, travelTo, write } from "../support/chain.js";
import {
  acceptMarket,
  attestation,
  type Fixture,
  GENESIS,
  MARKET,
  POLICY,
  refused,
  SERIES,
  START,
  startFixture,
  stepAfter,
  TERMS,
} from "./fixture.js";
import { CIRCUIT, endProving } from "./statement-circuit.js";

const OTHER_LIST = 777n;
const DAY = 86_400;
/** When the drawdown chain has started over. */
const RENEWED = START + 11_990 + DAY;
/** What the last attestation of the story rests on. */
const BASIS: Basis = {
  ...{ version: 1, marketRoot: BigInt(RENEWED), marketTime: RENEWED },
  ...{ tailVersion: 0, returnsRoot: 0n, returnsTime: 0, disclosureVersion: 0 },
  ...{ liquidityVersion: 0, liquidityRoot: 0n, liquidityTime: 0 },
};
const LOOSER = { ...TERMS, maxLeverage: TERMS.maxLeverage + 1 };
const TIGHTER = { ...TERMS, maxLeverage: TERMS.maxLeverage - 1 };

let fixture: Fixture;
/** First block of the story, and its end. */
let first: bigint;
let last: bigint;
let line: Hex;
/** The block in which health has lapsed. */
let lapse: bigint;

const subject = () => fixture.cast.subject.account.address;

beforeAll(async () => {
  fixture = await startFixture();
  const { chain, registry, cast, keel } = fixture;
  const call = (
    wallet: Wallet,
    address: Hex,
    abi: readonly unknown[],
    name: string,
    args: readonly unknown[],
  ) => write(chain, wallet, address, abi, name, args);
  first = (await latestBlock(registry)) + 1n;
  let step = GENESIS;
  const attest = async (asOf: number) => {
    await acceptMarket(fixture, { root: BigInt(asOf), asOf });
    const about = { asOf, marketRoot: BigInt(asOf), marketTime: asOf, drawdown: step };
    await submitAttestation(registry, cast.stranger, await attestation(fixture, about));
    step = stepAfter(step);
  };
  await travelTo(chain, START + 10);
  await attest(START + 1);
  await travelTo(chain, START + 1_000);
  await attest(START + 990); // in time: no lapse at START + 3_601
  await travelTo(chain, START + 990 + TERMS.validity - 1);
  await travelTo(chain, START + 990 + TERMS.validity);
  lapse = await latestBlock(registry);
  await nextBlockAt(chain, START + 10_100);
  await revoke(registry, cast.subject, POLICY, "expired anyway");
  await travelTo(chain, START + 11_000);
  await attest(START + 10_990);
  await revokeFor(registry, cast.guardian, subject(), POLICY, "fraud"); // revoked: it does not lapse, too
  await reopen(registry, cast.guardian, subject(), POLICY);
  await enrol(registry, cast.subject, OTHER_LIST);
  await restartChain(registry, cast.guardian, subject(), "state file lost");
  step = { ...GENESIS, newState: 5_000n };
  await travelTo(chain, RENEWED + 10);
  await attest(RENEWED);
  for (const terms of [LOOSER, TIGHTER]) await publishPolicy(registry, cast.stranger, terms);
  const opened = await call(cast.deployer, keel.policyBook, policyBookAbi, "openLine", ["main", POLICY]);
  const { logs } = await chain.client.getTransactionReceipt({ hash: opened.hash });
  line = parseEventLogs({ abi: policyBookAbi, eventName: "LineOpened", logs })[0]!.args.line;
  for (const terms of [LOOSER, TIGHTER]) {
    await call(cast.deployer, keel.policyBook, policyBookAbi, "moveLine", [line, policyId(terms)]);
  }
  const second = await deployContract(
    { walletClient: cast.deployer, publicClient: chain.client },
    "StatementVerifierSecond",
  );
  await call(cast.deployer, keel.verifierBook, verifierBookAbi, "add", [circuitHash(CIRCUIT), second]);
  const retire = [circuitHash(CIRCUIT), 1, "weak key"];
  await call(cast.guardian, keel.verifierBook, verifierBookAbi, "retire", retire);
  const withdraw = [MARKET.series, MARKET.root, BigInt(MARKET.asOf), "bad price"];
  await call(cast.guardian, keel.marketBook, marketBookAbi, "withdraw", withdraw);
  await voidAttestation(registry, cast.stranger, subject(), POLICY, BASIS);
  await call(cast.guardian, keel.policyBook, policyBookAbi, "undoTightening", [line]);
  const publishers = [[cast.stranger.account.address], 1n];
  await call(cast.deployer, keel.marketBook, marketBookAbi, "announcePublishers", publishers);
  await call(cast.guardian, keel.marketBook, marketBookAbi, "cancelPublishers", []);
  await travelTo(chain, START + 100_000 + DAY);
  last = await latestBlock(registry);
});

afterAll(async () => {
  await fixture?.chain.stop();
  await endProving();
});

const STORY = [
  "lapsed",
  "revoked",
  "revoked",
  "reopened",
  "accountsAnnounced",
  "restartAnnounced",
  "inForce",
  "chainRestarted",
  "lineOpened",
  "policyLoosened",
  "dropped",
  "verifierAdded",
  "verifierRetired",
  "marketWithdrawn",
  "voided",
  "tighteningUndone",
  "publishersAnnounced",
  "publishersCancelled",
];

/** Everything, tables and roles as well. */
async function all(since: bigint, until = last): Promise<readonly Notice[]> {
  const watch = await startWatch(fixture.registry, { fromBlock: 0n }, since);
  return (await look(fixture.registry, watch, until)).notices;
}

/** Without the tables that come. */
const told = async (since: bigint, until = last): Promise<readonly Notice[]> =>
  (await all(since, until)).filter(({ kind }) => kind !== "tableAccepted");

describe("a watch", () => {
  it("tells everything once, in order", async () => {
    const notices = await told(first);
    expect(notices.map(({ kind }) => kind)).toEqual(STORY);
    const [lapsed, , byGuardian, , announced, restart, mayRestart, restarted, ...others] = notices;
    const [opened, loosened, dropped, added, , withdrawn, voided, undone, publishers, cancelled] = others;
    expect(lapsed).toEqual({
      kind: "lapsed",
      subject: subject(),
      policyId: POLICY,
      blockTime: START + 990 + TERMS.validity,
    });
    expect(byGuardian).toMatchObject({ standing: "revokedByGuardian", reason: "fraud" });
    expect(announced).toMatchObject({ enrolment: OTHER_LIST });
    expect(restart).toMatchObject({ subject: subject(), reason: "state file lost" });
    const { liveAt: due } = restart as Extract<Notice, { kind: "restartAnnounced" }>;
    expect(mayRestart).toMatchObject({
      notice: { kind: "restartAnnounced", subject: subject() },
      blockTime: due,
    });
    expect(restarted).toMatchObject({ kind: "chainRestarted", subject: subject() });
    expect(opened).toMatchObject({ line, name: "main", policyId: POLICY });
    expect(dropped).toMatchObject({ notice: { kind: "policyLoosened", line, to: policyId(LOOSER) } });
    expect(undone).toMatchObject({ line, from: policyId(TIGHTER), to: POLICY });
    const {
      publishers: who,
      liveAt,
      blockTime,
    } = publishers as Extract<Notice, { kind: "publishersAnnounced" }>;
    expect(who).toEqual([fixture.cast.stranger.account.address]);
    expect(liveAt).toBe(blockTime + 7 * DAY);
    expect(cancelled).toMatchObject({ by: fixture.cast.guardian.account.address });
    expect(withdrawn).toMatchObject({ series: SERIES, root: MARKET.root, reason: "bad price" });
    expect(voided).toMatchObject({ subject: subject(), policyId: POLICY, basis: BASIS });
    expect(loosened).toMatchObject({ line, from: POLICY, to: policyId(LOOSER) });
    const code = await fixture.chain.client.getCode({ address: (added as { verifier: Hex }).verifier });
    expect(added).toMatchObject({
      circuit: circuitHash(CIRCUIT),
      version: 2,
      insecure: true,
      codeHash: keccak256(code!),
    });
  });

  it("tells the same when it looks at each block alone", async () => {
    const whole = await all(first);
    let watch = await startWatch(fixture.registry, { fromBlock: 0n }, first);
    const piecewise: Notice[] = [];
    for (let block = first; block <= last; block++) {
      const seen = await look(fixture.registry, watch, block);
      piecewise.push(...seen.notices);
      watch = seen.watch;
      expect(watch.next).toBe(block + 1n);
    }
    expect(piecewise).toEqual(whole);
  });

  it("tells the same when a new watch takes each look over", async () => {
    const whole = await all(first);
    const middle = (first + last) / 2n;
    expect([...(await all(first, middle)), ...(await all(middle + 1n))]).toEqual(whole);
  });

  it("starts from the registry's first block", async () => {
    const known = new Set(["publishersSet", ...STORY]);
    const kinds = (await told(0n)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => known.has(kind))).toEqual(["publishersSet", "verifierAdded", ...STORY]);
    for (const kind of [
      "authorityChanged",
      "roleGranted",
      "functionRoleChanged",
      "grantDelayChanged",
    ] as const) {
      expect(kinds).toContain(kind);
    }
  });

  it("62 tells every table that is accepted, with its series and who signed it", async () => {
    const tables = (await all(first)).filter(({ kind }) => kind === "tableAccepted");
    const signers = [5, 6]
      .map((i) => fixture.chain.signers[i]!.address)
      .sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
    expect(tables).toHaveLength(4);
    expect(tables[0]).toMatchObject({
      series: SERIES,
      root: BigInt(START + 1),
      asOf: BigInt(START + 1),
      signers,
    });
  });

  it("has nothing to tell when no block is new, and says so when a node does not have the blocks before", async () => {
    expect(await told(last + 1n)).toEqual([]);
    await refused(told(last + 100n), "chain.call");
  });

  it("narrows what it tells of subjects, not of the books", async () => {
    const watch = await startWatch(
      fixture.registry,
      { fromBlock: 0n, subject: fixture.cast.stranger.account.address },
      first,
    );
    const { notices } = await look(fixture.registry, watch, last);
    const others = notices.filter(({ kind }) => kind !== "tableAccepted");
    expect(others.map(({ kind }) => kind)).toEqual(STORY.slice(8).filter((kind) => kind !== "voided"));
  });

  it("calls an attestation lapsed in its first second without health, and not when it was renewed", async () => {
    expect(await told(first, lapse - 1n)).toEqual([]);
    expect(await told(first, lapse)).toMatchObject([{ kind: "lapsed" }]);
    expect(await told(lapse, lapse)).toMatchObject([{ kind: "lapsed" }]);
  });
});

describe("62 a watch of what time alone brings", () => {
  let end: bigint;

  beforeAll(async () => {
    const { chain, keel, cast, registry } = fixture;
    const circuit = circuitHash(CIRCUIT);
    const verifiers = (name: string, ...args: unknown[]) =>
      write(
        chain,
        name === "retire" ? cast.guardian : cast.deployer,
        keel.verifierBook,
        verifierBookAbi,
        name,
        args,
      );
    const third = await deployContract(
      { walletClient: cast.deployer, publicClient: chain.client },
      "StatementVerifierSecond",
    );
    await verifiers("addStandby", circuit, third);
    const policies = (name: string, ...args: unknown[]) =>
      write(chain, cast.deployer, keel.policyBook, policyBookAbi, name, args);
    await policies("moveLine", line, policyId(LOOSER));
    await enrol(registry, cast.stranger, 1n);
    await enrol(registry, cast.stranger, 2n);
    await travelTo(chain, START + 20 * DAY);
    await verifiers("retire", circuit, 2, "old");
    end = await latestBlock(registry);
  });

  /** Kind of what came into force or ended, with the time; delays of the deployment itself left out. */
  const brought = async (since: bigint): Promise<string[]> =>
    (await all(since, end)).flatMap((notice) => {
      if (notice.kind === "standbyChanged") return [`standby ${notice.version} ${notice.counts}`];
      if (notice.kind !== "inForce" || /DelayChanged/.test(notice.notice.kind)) return [];
      return [`${notice.notice.kind} ${notice.blockTime}`];
    });

  it("tells of lists, verifiers and looser policies that come into force, and of a standby that takes over", async () => {
    const logged = await all(first, end);
    const timeOf = (kind: string, last = false) => {
      const found = logged.filter((notice) => notice.kind === kind) as unknown as { liveAt: number }[];
      return found.at(last ? -1 : 0)!.liveAt;
    };
    const told = await brought(last + 1n);
    expect(told).toEqual([
      `enrolled ${timeOf("accountsAnnounced")}`,
      `verifierAdded ${timeOf("verifierAdded")}`,
      `policyLoosened ${timeOf("policyLoosened", true)}`,
      "standby 3 true",
    ]);
    const replaced = logged.filter(({ kind }) => kind === "accountsReplaced");
    expect(replaced).toMatchObject([{ subject: fixture.cast.stranger.account.address, enrolment: 2n }]);
  });

  it("tells them once, also who was off when they came", async () => {
    expect(await brought(end)).toEqual(["standby 3 true"]);
    expect(await brought(end + 1n).catch(() => [])).toEqual([]);
    const inForce = await brought(end - 1n);
    expect(inForce.filter((text) => text.startsWith("policyLoosened"))).toHaveLength(1);
  });

  it("tells the same however the blocks are cut into looks", async () => {
    const whole = await all(first, end);
    let watch = await startWatch(fixture.registry, { fromBlock: 0n }, first);
    const piecewise: Notice[] = [];
    for (let block = first; block <= end; block += 3n) {
      const seen = await look(fixture.registry, watch, block + 2n < end ? block + 2n : end);
      piecewise.push(...seen.notices);
      watch = seen.watch;
    }
    expect(piecewise).toEqual(whole);
  });
});
