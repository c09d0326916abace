// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Can everything be rebuilt, and every proof be verified again, from the logs alone?
 *
 * @module
 */
import type { DrawdownStep } from "@keel/verifier";
import {
  type AttestedEntry,
  basisHash,
  basisOf,
  cancelRestart,
  checkedRecord,
  type EnrolledEntry,
  enrol,
  type HistoryEntry,
  historyOf,
  latestBlock,
  type RestartAnnouncedEntry,
  reopen,
  replayChain,
  replayHistory,
  restartChain,
  reverify,
  reverifyAll,
  revoke,
  revokeFor,
  statusOf,
  submitAttestation,
  submitBatch,
} from "@keel/verifier/chain";
import type { Address } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nextBlockAt, travelTo, undone } from "../support/chain.js";
import {
  acceptMarket,
  attestation,
  ENROLMENT,
  type Fixture,
  GENESIS,
  POLICY,
  refused,
  START,
  startFixture,
  stepAfter,
  TERMS,
} from "./fixture.js";
import { endProving, statementArtifacts } from "./statement-circuit.js";

const DAY = 86_400;
/** What the second subject declared, and what the first one announces. */
const OTHER_LIST = 777n;

const RULES = { ...TERMS, maxReturnsSkew: 7_200 };
const TAIL = { digest: 1n, proof: [], version: 1 };
type Lie = (told: AttestedEntry, beyond: number) => Partial<AttestedEntry>;

/** What a registry that lies may accept, at a limit and so many seconds beyond it, and the finding. */
const LIES: readonly [what: string, code: string, lie: Lie, rules?: typeof RULES][] = [
  ["a snapshot of the future", "history.future", ({ blockTime }, by) => ({ asOf: blockTime + by })],
  ["an old snapshot", "history.age", ({ asOf }, by) => ({ blockTime: asOf + RULES.maxAge + by })],
  [
    "what expired",
    "history.expired",
    ({ asOf }, by) => ({ blockTime: asOf + 499 + by }),
    { ...RULES, validity: 500 },
  ],
  [
    "an old market",
    "history.skew",
    ({ asOf }, by) => ({ market: { root: 1n, asOf: asOf - RULES.maxMarketSkew - by } }),
  ],
  [
    "a later market",
    "history.skew",
    ({ asOf }, by) => ({ market: { root: 1n, asOf: asOf + RULES.maxMarketSkew + by } }),
  ],
  [
    "old returns",
    "history.skew",
    ({ asOf }, by) => ({ tail: { ...TAIL, returns: { root: 1n, asOf: asOf - 7_200 - by } } }),
  ],
  [
    "later returns",
    "history.skew",
    ({ asOf }, by) => ({ tail: { ...TAIL, returns: { root: 1n, asOf: asOf + 7_200 + by } } }),
  ],
];

let fixture: Fixture;
let entries: HistoryEntry[];

const subject = () => fixture.cast.subject.account.address;
const other = () => fixture.cast.guardian.account.address;

beforeAll(async () => {
  fixture = await startFixture();
  const { chain, registry, cast } = fixture;
  const steps = new Map<Address, DrawdownStep>();
  const att = async (asOf: number, who = subject()) => {
    const market = { root: BigInt(asOf), asOf };
    await acceptMarket(fixture, market);
    const drawdown = steps.get(who) ?? GENESIS;
    steps.set(who, stepAfter(drawdown));
    const enrolment = who === other() ? OTHER_LIST : ENROLMENT;
    const about = { subject: who, asOf, marketRoot: market.root, marketTime: asOf };
    return await attestation(fixture, { ...about, enrolment, drawdown });
  };
  // A life with everything in it: a batch, a streak, a lapse, both revocations; a guardian who is a subject too.
  await enrol(registry, cast.guardian, OTHER_LIST);
  await travelTo(chain, START + 10);
  await submitBatch(registry, cast.stranger, [
    await att(START + 1),
    await att(START + 1, other()),
    await att(START + 2),
  ]);
  await travelTo(chain, START + 1_000);
  await submitAttestation(registry, cast.stranger, await att(START + 990));
  await travelTo(chain, START + 20_000);
  await submitAttestation(registry, cast.stranger, await att(START + 19_990));
  await nextBlockAt(chain, START + 20_100);
  await revoke(registry, cast.subject, POLICY, "source key lost; \u001b[31mred\u001b[0m");
  await travelTo(chain, START + 20_200);
  await submitAttestation(registry, cast.stranger, await att(START + 20_150));
  await revokeFor(registry, cast.guardian, subject(), POLICY, "fraud");
  await revokeFor(registry, cast.guardian, other(), POLICY, "on itself, as a guardian");
  await reopen(registry, cast.guardian, subject(), POLICY);
  await travelTo(chain, START + 20_500);
  await submitAttestation(registry, cast.stranger, await att(START + 20_450));
  await enrol(registry, cast.subject, OTHER_LIST);
  await restartChain(registry, cast.guardian, subject(), "asked by mistake");
  await cancelRestart(registry, cast.subject, subject());
  await restartChain(registry, cast.guardian, subject(), "state file lost");
  steps.delete(subject());
  await travelTo(chain, START + 20_600 + DAY);
  await submitAttestation(registry, cast.stranger, await att(START + 20_550 + DAY));
  entries = await historyOf(registry, { fromBlock: 0n });
});

afterAll(async () => {
  await fixture?.chain.stop();
  await endProving();
});

describe("a history", () => {
  it("has every event, in the chain's order", () => {
    expect(entries.map(({ kind }) => kind)).toEqual([
      "enrolled",
      "enrolled",
      "attested",
      "attested",
      "attested",
      "attested",
      "attested",
      "revoked",
      "attested",
      "revoked",
      "revoked",
      "reopened",
      "attested",
      "enrolled",
      "restartAnnounced",
      "restartCancelled",
      "restartAnnounced",
      "chainRestarted",
      "attested",
    ]);
    expect(entries[0]).toMatchObject({ enrolment: ENROLMENT, liveAt: entries[0]!.blockTime });
    expect(entries[13]).toMatchObject({ enrolment: OTHER_LIST, liveAt: entries[13]!.blockTime + 7 * 86_400 });
    expect(entries[15]).toMatchObject({ by: subject() });
    const { blockTime } = entries[16]!;
    const announced = { by: other(), reason: "state file lost", liveAt: blockTime + DAY };
    expect(entries[16]).toMatchObject(announced);
    expect(entries[17]).toMatchObject({ subject: subject(), state: 1_006n });
    expect(entries[7]).toMatchObject({
      by: subject(),
      standing: "revokedBySubject",
      blockTime: START + 20_100,
    });
    expect(entries[9]).toMatchObject({ by: other(), standing: "revokedByGuardian", reason: "fraud" });
  });

  it("replays to the registry's own record, for each subject", async () => {
    for (const who of [subject(), other()]) {
      const record = replayHistory(entries, who, POLICY, TERMS);
      expect(await statusOf(fixture.registry, who, POLICY)).toMatchObject(record);
    }
    const last = entries.findLast((entry) => entry.kind === "attested" && entry.subject === subject())!;
    expect(replayHistory(entries, subject(), POLICY, TERMS)).toMatchObject({
      ...{ count: 7, streak: 1, lapses: 4, basis: basisHash(basisOf(last as AttestedEntry)) },
    });
    expect(replayHistory(entries, fixture.cast.stranger.account.address, POLICY, TERMS).count).toBe(0);
  });

  it("replays the declared accounts and the drawdown chain to the registry's own", async () => {
    for (const who of [subject(), other()]) {
      const { enrolment, pendingEnrolment, state } = await statusOf(fixture.registry, who, POLICY);
      const { pending, ...replayed } = replayChain(entries, who, { enrolmentDelay: 7 * 86_400 });
      expect(pending).toEqual(pendingEnrolment);
      expect(replayed).toEqual({ enrolment, state, epochs: 1 });
    }
    const later = { ...entries.at(-1)!, blockTime: START + 30 * 86_400, kind: "revoked" as const };
    expect(replayChain([...entries, later as HistoryEntry], subject())).toMatchObject({
      enrolment: OTHER_LIST,
    });
    expect(replayChain(entries, fixture.cast.stranger.account.address).enrolment).toBe(0n);
  });

  it("finds an attestation that does not go on from the one before, or covers other accounts", () => {
    const without = entries.filter((_, i) => i !== 4);
    expect(() => replayChain(without, subject())).toThrow(/history\.state/);
    const forked = entries.map((entry, i) => (i === 5 ? { ...entry, drawdown: GENESIS } : entry));
    expect(() => replayChain(forked as HistoryEntry[], subject())).toThrow(/history\.state/);
    const shorter = entries.map((entry, i) => (i === 5 ? { ...entry, enrolment: 1n } : entry));
    expect(() => replayChain(shorter as HistoryEntry[], subject())).toThrow(/history\.enrolment/);
    const restarted = entries.filter(({ kind }) => kind !== "chainRestarted");
    expect(() => replayChain(restarted, subject())).toThrow(/history\.state/);
  });

  it("finds a restart that nobody announced, that comes too soon, or a second one", () => {
    const replay = (told: readonly HistoryEntry[]) => () =>
      replayChain(told, subject(), { restartDelay: DAY });
    replay(entries)();
    expect(replay(entries.filter((_, i) => i !== 16))).toThrow(/history\.restart/);
    expect(replay(entries.filter((_, i) => i !== 14))).toThrow(/history\.restart/);
    expect(replay(entries.toSpliced(17, 0, entries[16]!))).toThrow(/history\.restart/);
    expect(replay([entries[0]!, entries[16]!])).toThrow(/history\.restart/);
    const told = (i: number, change: object) =>
      entries.map((entry, j) => (i === j ? { ...entry, ...change } : entry)) as HistoryEntry[];
    const { liveAt } = entries[16] as RestartAnnouncedEntry;
    for (const wrong of [liveAt - 1, liveAt + 1]) {
      expect(replay(told(16, { liveAt: wrong }))).toThrow(/history\.delay/);
    }
    expect(replay(told(17, { blockTime: liveAt - 1 }))).toThrow(/history\.restart/);
    replay(told(17, { blockTime: liveAt }))();
    expect(replay(told(17, { state: 1n }))).toThrow(/history\.state/);
    // Until it is used or called off, the chain has no state from its second on, and the old one before.
    const before = entries.slice(0, 17);
    const at = (now: number) => replayChain(before, subject(), { now });
    expect(at(liveAt - 1)).toMatchObject({ state: 1_006n, restartAt: liveAt });
    expect(at(liveAt)).toMatchObject({ state: 0n, epochs: 0, restartAt: liveAt });
  });

  it("finds accounts that count sooner or later than the delay lets them", () => {
    const told = (change: Partial<EnrolledEntry>, i: number) =>
      entries.map((entry, j) => (i === j ? { ...entry, ...change } : entry)) as HistoryEntry[];
    const replay = (list: readonly HistoryEntry[], context = { enrolmentDelay: 7 * 86_400 }) => {
      replayChain(list, subject(), context);
    };
    const { liveAt, blockTime } = entries[13] as EnrolledEntry;
    replay(entries);
    for (const wrong of [blockTime, liveAt - 1, liveAt + 1]) {
      expect(() => replay(told({ liveAt: wrong }, 13))).toThrow(/history\.delay/);
    }
    expect(() => replay(told({ liveAt: START }, 0)), "the first list waits for nothing").toThrow(
      /history\.delay/,
    );
    // Of a chain that may start over the same holds, though it has no state.
    const soon = START + 20_700 + DAY;
    const late = { ...entries[13]!, blockTime: soon, liveAt: soon, enrolment: 5n };
    const story = [...entries.slice(0, 17), late as EnrolledEntry];
    expect(() => replay(story)).toThrow(/history\.delay/);
  });

  it("finds an attestation that lasts longer than its policy lets it", () => {
    for (const by of [-1, 1]) {
      const longer = entries.map((entry, i) =>
        i === 5 ? { ...entry, expiry: (entry as AttestedEntry).expiry + by } : entry,
      );
      expect(() => replayHistory(longer as HistoryEntry[], subject(), POLICY, TERMS)).toThrow(
        /history\.expiry/,
      );
    }
  });

  it.each(LIES)("finds a registry that accepts %s, which no proof shows", (_, code, lie, rules = RULES) => {
    const told = entries[2] as AttestedEntry;
    const replay = (beyond: number) => {
      const entry = { ...told, ...lie(told, beyond) };
      const expiry = entry.asOf + rules.validity;
      return replayHistory([{ ...entry, expiry }], subject(), POLICY, rules);
    };
    expect(replay(0).count, "to the second").toBe(1);
    expect(() => replay(1)).toThrow(code);
  });

  it("gives the record that the registry confirms, at each block", async () => {
    const { registry } = fixture;
    const blocks = [...new Set(entries.map(({ blockNumber }) => blockNumber))].slice(1);
    for (const block of blocks) {
      const until = entries.filter(({ blockNumber }) => blockNumber <= block);
      const { healthy } = await checkedRecord(registry, until, subject(), POLICY, block);
      expect(healthy).toBe((await statusOf(registry, subject(), POLICY, block)).healthy);
    }
  });

  it("gives nothing of somebody who never was a subject, as the registry does", async () => {
    const { registry, cast } = fixture;
    const stranger = cast.stranger.account.address;
    const record = await checkedRecord(registry, entries, stranger, POLICY, await latestBlock(registry));
    expect(record).toMatchObject({ healthy: false, count: 0 });
  });

  it("gives an announced list that has come into force as the current one, as the registry does", async () => {
    const { chain, registry } = fixture;
    await undone(chain, async () => {
      await travelTo(chain, START + 30 * 86_400);
      const block = await latestBlock(registry);
      const { healthy } = await checkedRecord(registry, entries, subject(), POLICY, block);
      expect(healthy).toBe(false);
    });
  });

  it("finds a registry or a node that says something else, or keeps something back", async () => {
    const { registry } = fixture;
    const block = await latestBlock(registry);
    const check = (told: HistoryEntry[]) => checkedRecord(registry, told, subject(), POLICY, block);
    await check(entries);
    await refused(check(entries.slice(0, -1)), "history.record");
    await refused(check(entries.filter(({ kind }) => kind !== "reopened")), "history.standing");
    await refused(check([...entries, entries.at(-1)!]), "history.floor");
    const renamed = entries.map((entry) => ({ ...entry, policyId: `0x${"00".repeat(32)}` }) as HistoryEntry);
    const error = await refused(check(renamed), "history.record");
    expect(error.path).toContain("asOf");
  });

  it("asks for one subject, policy and range of blocks", async () => {
    const { registry } = fixture;
    const own = await historyOf(registry, { fromBlock: 0n, subject: other(), policyId: POLICY });
    expect(own.map(({ kind }) => kind)).toEqual(["enrolled", "attested", "revoked"]);
    const foreign = await historyOf(registry, { fromBlock: 0n, policyId: `0x${"00".repeat(32)}` });
    expect(foreign.map(({ kind }) => kind)).toEqual([
      ...["enrolled", "enrolled", "enrolled"],
      ...["restartAnnounced", "restartCancelled", "restartAnnounced", "chainRestarted"],
    ]);
    const { blockNumber } = entries[7]!;
    const range = await historyOf(registry, { fromBlock: blockNumber, toBlock: blockNumber });
    expect(range).toEqual([entries[7]]);
  });

  it("verifies every proof again, batches included, under the right key only", async () => {
    const attested = entries.filter((entry): entry is AttestedEntry => entry.kind === "attested");
    const { verificationKey } = await statementArtifacts();
    for (const entry of attested) expect(await reverify(fixture.registry, entry, verificationKey)).toBe(true);
    const second = (await statementArtifacts("second")).verificationKey;
    expect(await reverify(fixture.registry, attested[0]!, second)).toBe(false);
  });

  it("verifies many proofs together, asks for a policy once, and names the first one that does not hold", async () => {
    const attested = entries.filter((entry): entry is AttestedEntry => entry.kind === "attested");
    const { verificationKey } = await statementArtifacts();
    let policyCalls = 0;
    const client = new Proxy(fixture.registry.client, {
      get(target, name) {
        if (name !== "readContract") return Reflect.get(target, name);
        return (call: { functionName: string }) => {
          if (call.functionName === "policyOf") policyCalls += 1;
          return target.readContract(call as never);
        };
      },
    });
    const registry = { ...fixture.registry, client };
    const done: number[] = [];
    const options = { keyOf: async () => verificationKey, onProgress: (count: number) => done.push(count) };
    // More than one batch.
    const many = [...attested, ...attested, ...attested];
    expect(many.length).toBeGreaterThan(16);
    expect(await reverifyAll(registry, many, options)).toBeUndefined();
    expect(done).toEqual([16, many.length]);
    expect(policyCalls).toBe(1);
    const lies = many.map((entry, i) => (i === 3 || i === 5 ? { ...entry, digest: 1n } : entry));
    expect(await reverifyAll(registry, lies, options)).toBe(lies[3]);
    const malformed = many.map((entry, i) => (i === 17 ? { ...entry, proof: [] } : entry));
    expect(await reverifyAll(registry, malformed, options)).toBe(malformed[17]);
    const skewed = { ...attested[0]!, market: { ...attested[0]!.market, root: 1n } };
    expect(await reverifyAll(registry, [skewed], options)).toBe(skewed);
  });

  it("finds a registry or a node that lies about what was proven", async () => {
    const { verificationKey } = await statementArtifacts();
    const entry = entries.find((candidate): candidate is AttestedEntry => candidate.kind === "attested")!;
    const lies: Partial<AttestedEntry>[] = [
      { asOf: entry.asOf + 1 },
      { subject: other() },
      { market: { ...entry.market, root: 1n } },
      { portfolioCommitment: 1n },
      { enrolment: 1n },
      { drawdown: { ...entry.drawdown, units: 1n } },
      { drawdown: { ...entry.drawdown, previousState: 5n } },
      { digest: 1n },
      { proof: entry.proof.map(() => 0n) },
    ];
    for (const lie of lies) {
      expect(
        await reverify(fixture.registry, { ...entry, ...lie }, verificationKey),
        JSON.stringify(Object.keys(lie)),
      ).toBe(false);
    }
    expect(TERMS.validity).toBe(entry.expiry - entry.asOf);
  });

  it("68 counts as the policy's interval lets it", () => {
    const terms = (minInterval: number) => ({ ...TERMS, minInterval });
    const counts = [1, 2, 100, 101, 300, 301, 989, 990, 20_000].map(
      (interval) => replayHistory(entries, subject(), POLICY, terms(interval)).count,
    );
    expect(counts).toEqual([7, 6, 6, 6, 5, 4, 4, 3, 2]);
  });
});
