// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A walk: actions one after the other, and after each the properties that must hold whatever was tried. The properties look
 * at what was observed, not at what the model expects; that the contracts do just what the model says is one of them.
 *
 * @module
 */
import {
  checkedRecord,
  healthRegistryAbi,
  historyOf,
  type LineRecord,
  latestBlock,
  marketBookAbi,
  policyBookAbi,
  type ReplayedRecord,
} from "@keel/verifier/chain";
import { type Hex, maxUint256, zeroHash } from "viem";
import type { Action, Attempt, Governance } from "./actions.js";
import {
  checkPowers,
  deadlinesOfPowers,
  GOVERNANCE_INVARIANTS,
  govern,
  newPowers,
  type Powers,
} from "./governance.js";
import type { Claim, Model, Policy, Refusal, Subject } from "./model.js";
import * as rules from "./model.js";
import {
  acceptMarket,
  basisArgument,
  basisOf,
  DELAY,
  POLICIES,
  POLICY_IDS,
  RESTART_DELAY,
  read,
  saysHealthy,
  send,
  submissionOf,
  tableArguments,
  type World,
} from "./world.js";

/** What must hold; a walk that breaks one fails with its sentence. */
export const INVARIANTS = {
  deposits: "no deposit and no mint without a live attestation",
  withdrawals: "withdraw and redeem are never blocked by health",
  time: "an accepted snapshot is newer than every accepted one and every revocation before it, under its policy",
  chain:
    "an accepted attestation goes on from the state that the subject's last one left, or from a genesis when a restart's time has come: the chain never forks",
  truth: "nothing is accepted without a true proof, and nothing twice",
  expiry: "health lasts until validity after the latest snapshot, or its revocation, and no longer",
  closed: "a record that a guardian closed accepts nothing until a guardian reopens it",
  accounts: "every accepted attestation is about accounts that were declared, and not only announced",
  units: "every accepted attestation is about the units that the share token had at its time",
  tables: "every accepted attestation rests on a table of its policy's series that nobody withdrew",
  voiding: "what rests on a withdrawn table can be voided, and nothing else",
  streak: "a streak of n spans at least n - 1 times the policy's interval",
  line: "a line of policies does not loosen before its delay has passed, but back to what a tightening within it left",
  grace:
    "a gate on a line is open by its policy, or by what was attested before a tightening less than the delay ago",
  price: "the price of a vault's share never falls",
  roles: "strangers do nothing that takes a role",
  model: "the contracts do what the model says, and refuse by the model's name",
  record: "the record follows from the logs alone",
  ...GOVERNANCE_INVARIANTS,
} as const;

/** How often each call was accepted, or refused by which name. */
export type Outcomes = Map<string, number>;

/** What was seen of one subject under one policy. */
interface Seen {
  /** Latest snapshot or revocation. */
  floor: number;
  /** First second at which the latest attestation does not count; 0 when nothing counts. */
  until: number;
  closed: boolean;
  /** Snapshots of the present run, and when it began. */
  run: number[];
  since: number;
  /** The latest attestation. */
  latest?: Claim;
}

interface Walk {
  readonly world: World;
  readonly model: Model;
  readonly outcomes: Outcomes;
  readonly seen: Seen[][];
  /** Accepted claims, and the subject's states in their order. */
  readonly accepted: Claim[];
  readonly states: bigint[][];
  /** When a subject's chain may start over. */
  readonly restarts: (number | undefined)[];
  /** Lists of accounts by subject, with the second from which each may count. */
  readonly declared: Map<bigint, number>[];
  /** Times of tables that were withdrawn. */
  readonly withdrawn: Set<number>;
  /** The second from which the line may follow the looser policy. */
  looserFrom: number;
  /** When the line was last tightened, as far as nobody took that back. */
  tightened: number[];
  readonly powers: Powers;
  price: { assets: bigint; shares: bigint };
  /** So that no two states are the same. */
  nextState: bigint;
}

/** Takes all actions from the world's beginning. @throws Error that begins with the broken property's sentence */
export async function takeWalk(world: World, actions: readonly Action[], outcomes: Outcomes): Promise<void> {
  const each = <T>(make: () => T): T[] => [0, 1, 2].map(make);
  const walk: Walk = {
    world,
    model: rules.newModel(POLICIES, { delay: DELAY, restartDelay: RESTART_DELAY }, world.supplies),
    outcomes,
    seen: each(() => [0, 1].map(() => ({ floor: 0, until: 0, closed: false, run: [], since: 0 }))),
    accepted: [],
    states: each(() => [0n]),
    restarts: each(() => undefined),
    declared: each(() => new Map()),
    withdrawn: new Set(),
    looserFrom: 0,
    tightened: [],
    powers: newPowers(world.setUpUntil),
    price: { assets: 0n, shares: 0n },
    nextState: 1n,
  };
  for (const action of actions) {
    await perform(walk, action);
    await checkViews(walk);
    if (isGovernance(action) || action.do === "wait" || action.do === "land")
      await checkPowers(world, walk.powers, hold);
    await checkRecord(walk, action);
  }
  await checkRecords(walk);
}

async function perform(walk: Walk, action: Action): Promise<void> {
  switch (action.do) {
    case "wait":
      return await walk.world.chain.wait(action.seconds);
    case "land":
      return await land(walk, action.deadline, action.after);
    case "attest":
      return await attest(walk, [action]);
    case "attestBatch":
      return await attest(walk, action.attempts, action.copied);
    case "replay":
      return await replay(walk, action.back);
    case "enrol":
      return await enrol(walk, action.subject, BigInt(action.list) * 1_000n);
    case "revoke":
    case "revokeFor":
    case "reopen":
      return await judge(walk, action);
    case "withdraw":
      return await withdraw(walk, action);
    case "voidAttestation":
      return await voidAttestation(walk, action);
    case "issue":
    case "cancel":
      return await supply(walk, action);
    case "restartChain":
    case "cancelRestart":
      return await restart(walk, action);
    case "moveLine":
    case "cancelMove":
    case "undoTightening":
      return await line(walk, action);
    case "deposit":
    case "mint":
      return await enter(walk, action);
    case "donate":
      return await give(walk, action.who, BigInt(action.amount), walk.world.vault, walk.world.token);
    case "transfer": {
      const { vault, people } = walk.world;
      const shares = await balance(walk, action.who);
      const part = (shares * BigInt(Math.min(action.percent, 100))) / 100n;
      return await give(walk, action.who, part, people.depositors[1 - action.who]!, vault);
    }
    case "take":
    case "redeem":
      return await leave(walk, action);
    default: {
      const { received, expected } = await govern(walk.world, walk.powers, action);
      if (received === undefined) hold("roles", !("by" in action) || action.by !== "stranger", action.do);
      return agree(walk, action.do, received, expected);
    }
  }
}

/** Waits for a deadline, and so many seconds more or less. */
async function land({ world, model, powers }: Walk, deadline: number, after: number): Promise<void> {
  const now = world.chain.now();
  const known = [...rules.deadlines(model), ...deadlinesOfPowers(powers)];
  const open = [...new Set(known)].filter((time) => time + after > now).sort((x, y) => x - y);
  if (open.length > 0) await world.chain.wait(open[deadline % open.length]! + after - now);
}

const GOVERNANCE: ReadonlySet<string> = new Set<Governance["do"]>([
  ...(["announcePublishers", "cancelPublishers", "publishTable", "openUniverse", "closeUniverse"] as const),
  ...(["addVerifier", "retireVerifier", "offerRole", "revokeRole", "acceptRole", "withdrawOffer"] as const),
]);

function isGovernance(action: Action): action is Governance {
  return GOVERNANCE.has(action.do);
}

/** Fails with a property's sentence unless it holds. */
function hold(invariant: keyof typeof INVARIANTS, holds: boolean, detail: string): void {
  if (!holds) throw new Error(`${INVARIANTS[invariant]}: ${detail}`);
}

/** Counts an outcome and holds it against the model's. */
function agree({ outcomes }: Walk, what: string, received: Refusal, expected: Refusal): void {
  const outcome = `${what} ${received ?? "accepted"}`;
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  hold("model", received === expected, `${outcome}, expected ${expected ?? "accepted"}`);
}

function claimOf(walk: Walk, attempt: Attempt, time: number, state: bigint): Claim {
  const { model, states } = walk;
  const { current, next } = rules.settled(model.enrolments[attempt.subject]!, time);
  const asOf = time - attempt.age;
  const told = rules.unitsAt(model, asOf);
  walk.nextState += 1n;
  // No table is ever accepted of a time so long ago.
  const marketTime = attempt.market === "unknown" ? asOf - 100_000 : asOf + attempt.skew;
  const table = { marketTime, isOfSeries: attempt.market !== "kinder" };
  return {
    ...{ subject: attempt.subject, policy: attempt.policy, asOf, newState: walk.nextState },
    ...{ ...table, basis: basisOf(table) },
    units: { told, fewer: (told * 4n) / 10n, more: told + 1n }[attempt.units],
    enrolment: { current, announced: next?.value ?? 9n, others: 9n }[attempt.accounts],
    previousState: { state, genesis: 0n, earlier: states[attempt.subject]!.at(-2) ?? 7n }[attempt.from],
    isTrue: attempt.proof === "true",
  };
}

/** @param copied undefined: not in a batch; else how many attestations that are there already come first */
async function attest(walk: Walk, attempts: readonly Attempt[], copied?: number): Promise<void> {
  const { world, model, accepted } = walk;
  const time = world.chain.now() + attempts.length + 1;
  const states = [...model.states];
  const claims: Claim[] = [];
  for (const attempt of attempts) {
    const claim = claimOf(walk, attempt, time, states[attempt.subject]!);
    claims.push(claim);
    states[attempt.subject] = claim.newState;
    await bringMarket(walk, claim, attempt.market !== "unknown");
  }
  const stolen = accepted.at(-1);
  const submissions = claims.map((claim, i) =>
    submissionOf(world, claim, attempts[i]!.proof === "stolen" ? stolen : undefined),
  );
  const own = accepted.filter(({ subject }) => subject === attempts[0]!.subject);
  const before = copied === undefined || copied === 0 ? [] : own.slice(-copied);
  const all = [...before.map((claim) => submissionOf(world, claim)), ...submissions];
  await submit(walk, [...before, ...claims], all, copied !== undefined);
}

/** Waits a second when there is nothing to bring, so that times are the same either way. */
async function bringMarket({ world, model }: Walk, claim: Claim, wanted: boolean): Promise<void> {
  const { marketTime, isOfSeries } = claim;
  const isThere = isOfSeries && model.markets.has(marketTime);
  if (!wanted || isThere || marketTime > world.chain.now() + 1) return await world.chain.wait(1);
  await acceptMarket(world, claim);
  if (isOfSeries) model.markets.set(marketTime, "accepted");
}

async function replay(walk: Walk, back: number): Promise<void> {
  const claim = walk.accepted.at(-1 - back);
  if (claim !== undefined) await submit(walk, [claim], [submissionOf(walk.world, claim)], false);
}

async function submit(
  walk: Walk,
  claims: readonly Claim[],
  submissions: readonly ReturnType<typeof submissionOf>[],
  batch: boolean,
): Promise<void> {
  const { world, model } = walk;
  const [name, args] = batch ? ["attestBatch", [submissions]] : ["attest", [submissions[0]]];
  const refusal = await send(
    world,
    world.people.stranger,
    world.keel.registry,
    healthRegistryAbi,
    name!,
    args,
  );
  const now = world.chain.now();
  // A batch skips what was accepted before.
  const fresh = batch ? claims.filter((claim) => !walk.accepted.includes(claim)) : claims;
  if (refusal === undefined) for (const claim of fresh) observeAccepted(walk, claim, now);
  const expected = batch ? rules.attestBatch(model, claims, now) : rules.attest(model, claims[0]!, now);
  agree(walk, name!, refusal, expected);
}

function observeAccepted(walk: Walk, claim: Claim, now: number): void {
  const { subject, policy, asOf, enrolment } = claim;
  const seen = walk.seen[subject]![policy]!;
  const states = walk.states[subject]!;
  hold("truth", claim.isTrue && !walk.accepted.includes(claim), `subject ${subject} at ${asOf}`);
  hold("closed", !seen.closed, `subject ${subject} under policy ${policy}`);
  hold("time", asOf > seen.floor && asOf <= now, `${asOf} after ${seen.floor}, at ${now}`);
  const startsOver = claim.previousState === 0n && now >= (walk.restarts[subject] ?? Infinity);
  hold(
    "chain",
    claim.previousState === states.at(-1) || startsOver,
    `${claim.previousState} after ${states.at(-1)}`,
  );
  walk.restarts[subject] = undefined;
  hold(
    "accounts",
    now >= (walk.declared[subject]!.get(enrolment) ?? Infinity),
    `list ${enrolment} at ${now}`,
  );
  hold("units", asOf < now && claim.units === rules.unitsAt(walk.model, asOf), `${claim.units} at ${asOf}`);
  hold("tables", claim.isOfSeries && !walk.withdrawn.has(claim.marketTime), `table at ${claim.marketTime}`);
  if (now >= seen.until) Object.assign(seen, { run: [], since: now });
  seen.run.push(asOf);
  seen.latest = claim;
  walk.accepted.push(claim);
  states.push(claim.newState);
  seen.floor = asOf;
  seen.until = asOf + POLICIES[policy]!.validity;
}

async function enrol(walk: Walk, subject: Subject, list: bigint): Promise<void> {
  const { world, model } = walk;
  const declared = walk.declared[subject]!;
  const refusal = await send(
    world,
    world.people.subjects[subject]!,
    world.keel.registry,
    healthRegistryAbi,
    "enrol",
    [list],
  );
  const now = world.chain.now();
  const before = rules.settled(model.enrolments[subject]!, now);
  agree(walk, "enrol", refusal, rules.enrol(model, subject, list, now));
  if (!walk.accepted.some((claim) => claim.subject === subject)) {
    declared.clear();
    declared.set(list, now);
  } else if (before.current !== list && before.next?.value !== list) declared.set(list, now + DELAY);
}

async function judge(
  walk: Walk,
  action: Extract<Action, { readonly do: "revoke" | "revokeFor" | "reopen" }>,
): Promise<void> {
  const { world, model, seen } = walk;
  const { people, keel } = world;
  const { subject, policy } = action;
  const address = people.subjects[subject]!;
  const isOwn = action.do === "revoke";
  const from = isOwn ? address : people[action.by];
  const args = [
    ...(isOwn ? [] : [address]),
    POLICY_IDS[policy],
    ...(action.do === "reopen" ? [] : ["reason"]),
  ];
  const refusal = await send(world, from, keel.registry, healthRegistryAbi, action.do, args);
  const now = world.chain.now();
  if (refusal === undefined) {
    hold("roles", isOwn || action.by === "guardian", action.do);
    Object.assign(seen[subject]![policy]!, { floor: now, until: 0, closed: action.do === "revokeFor" });
  }
  const expected =
    !isOwn && action.by === "stranger" ? UNAUTHORIZED : JUDGEMENTS[action.do](model, subject, policy, now);
  agree(walk, action.do, refusal, expected);
}

const JUDGEMENTS = { revoke: rules.revoke, revokeFor: rules.revokeFor, reopen: rules.reopen } as const;
const UNAUTHORIZED = "AccessManagedUnauthorized";

async function withdraw(
  walk: Walk,
  { subject, policy, by }: Extract<Action, { readonly do: "withdraw" }>,
): Promise<void> {
  const { world, model } = walk;
  const { latest } = walk.seen[subject]![policy]!;
  if (latest === undefined) return;
  const args = [...tableArguments(latest), "wrong"];
  const refusal = await send(world, world.people[by], world.keel.marketBook, marketBookAbi, "withdraw", args);
  agree(walk, "withdraw", refusal, by === "stranger" ? UNAUTHORIZED : undefined);
  if (refusal !== undefined) return;
  hold("roles", by === "guardian", "withdraw");
  walk.withdrawn.add(latest.marketTime);
  model.markets.set(latest.marketTime, "withdrawn");
}

async function voidAttestation(
  walk: Walk,
  { subject, policy, basis }: Extract<Action, { readonly do: "voidAttestation" }>,
): Promise<void> {
  const { world, model } = walk;
  const seen = walk.seen[subject]![policy]!;
  const own = walk.accepted.filter((claim) => claim.subject === subject && claim.policy === policy);
  const nothing = { marketTime: 1, isOfSeries: true };
  const table = { latest: seen.latest, earlier: own.at(-2), other: nothing }[basis] ?? nothing;
  const args = [world.people.subjects[subject], POLICY_IDS[policy], basisArgument(table)];
  const { stranger } = world.people;
  const refusal = await send(
    world,
    stranger,
    world.keel.registry,
    healthRegistryAbi,
    "voidAttestation",
    args,
  );
  const now = world.chain.now();
  if (refusal === undefined) {
    const rests = seen.latest !== undefined && walk.withdrawn.has(seen.latest.marketTime);
    hold("voiding", rests && now < seen.until, `subject ${subject} under policy ${policy} at ${now}`);
    Object.assign(seen, { until: 0 });
  }
  agree(walk, "voidAttestation", refusal, rules.voidAttestation(model, subject, policy, basisOf(table), now));
}

/** Issues shares of the fund, or cancels a part of them. */
async function supply(
  walk: Walk,
  action: Extract<Action, { readonly do: "issue" | "cancel" }>,
): Promise<void> {
  const { world, model } = walk;
  const { deployer } = world.people;
  const before = model.supplies.at(-1)!.shares;
  const isIssue = action.do === "issue";
  const amount = isIssue ? BigInt(action.amount) : (before * BigInt(action.percent)) / 100n;
  const [name, args] = isIssue ? ["mint", [deployer, amount]] : ["burn", [amount]];
  const refusal = await send(
    world,
    deployer,
    world.shares,
    world.sharesAbi,
    name as string,
    args as unknown[],
  );
  if (refusal !== undefined) throw new Error(`${name}: ${refusal}`);
  const shares = isIssue ? before + amount : before - amount;
  model.supplies.push({ from: world.chain.now(), shares });
}

async function restart(
  walk: Walk,
  { do: act, subject, by }: Extract<Action, { readonly do: "restartChain" | "cancelRestart" }>,
): Promise<void> {
  const { world, model } = walk;
  const address = world.people.subjects[subject]!;
  const from = by === "subject" ? address : world.people[by];
  const isRestart = act === "restartChain";
  const args = isRestart ? [address, "lost"] : [address];
  const refusal = await send(world, from, world.keel.registry, healthRegistryAbi, act, args);
  const now = world.chain.now();
  if (refusal === undefined) {
    hold("roles", by !== "stranger", act);
    walk.restarts[subject] = isRestart ? now + RESTART_DELAY : undefined;
  }
  agree(walk, act, refusal, restartRule(model, subject, { isRestart, by, now }));
}

function restartRule(
  model: Model,
  subject: Subject,
  { isRestart, by, now }: { readonly isRestart: boolean; readonly by: string; readonly now: number },
): Refusal {
  if (isRestart) return by === "stranger" ? UNAUTHORIZED : rules.restartChain(model, subject, now);
  // There is nothing to be allowed to do where nothing is announced.
  if (model.restarts[subject] === undefined) return "NoRestartAnnounced";
  return by === "stranger" ? UNAUTHORIZED : rules.cancelRestart(model, subject);
}

async function line(
  walk: Walk,
  action: Extract<Action, { readonly do: "moveLine" | "cancelMove" | "undoTightening" }>,
): Promise<void> {
  const { world, model } = walk;
  const { people, keel } = world;
  const from = action.by === "curator" ? people.deployer : people[action.by];
  const args = action.do === "moveLine" ? [world.line, POLICY_IDS[action.to]] : [world.line];
  const refusal = await send(world, from, keel.policyBook, policyBookAbi, action.do, args);
  const now = world.chain.now();
  if (refusal === undefined) {
    hold("roles", action.by !== "stranger", action.do);
    observeLine(walk, action, rules.settled(model.line, now).current, now);
  }
  const rule = (): Refusal => {
    if (action.do === "undoTightening") return rules.undoTightening(model, now);
    return action.do === "moveLine" ? rules.moveLine(model, action.to, now) : rules.cancelMove(model, now);
  };
  agree(walk, action.do, refusal, action.by === "stranger" ? UNAUTHORIZED : rule());
}

/** What an accepted move means for when the line may be looser. */
function observeLine(
  walk: Walk,
  action: Extract<Action, { readonly do: "moveLine" | "cancelMove" | "undoTightening" }>,
  before: Policy,
  now: number,
): void {
  if (action.do === "undoTightening") {
    hold("line", now < (walk.tightened.pop() ?? -Infinity) + DELAY, `undone at ${now}`);
    walk.looserFrom = 0;
    return;
  }
  const loosens = action.do === "moveLine" && action.to === 0;
  if (action.do === "moveLine" && action.to > before) walk.tightened.push(now);
  if (!loosens) walk.looserFrom = Infinity;
  else if (now < walk.looserFrom) walk.looserFrom = now + DELAY;
}

/** Whether the vault's subject has, by what was seen, a live attestation under one policy. */
function isLive({ seen }: Walk, policy: Policy, now: number): boolean {
  return now < seen[0]![policy]!.until;
}

async function enter(
  walk: Walk,
  action: Extract<Action, { readonly do: "deposit" | "mint" | "donate" }>,
): Promise<void> {
  const { world, model } = walk;
  const depositor = world.people.depositors[action.who]!;
  const args = [BigInt(action.amount), depositor];
  const refusal = await send(world, depositor, world.vault, world.vaultAbi, action.do, args);
  const now = world.chain.now();
  const { current } = rules.settled(model.line, now);
  if (refusal === undefined && !isLive(walk, current, now)) checkGrace(walk, current, now);
  agree(walk, action.do, refusal, rules.isOpen(model, 0, now) ? undefined : "NotHealthy");
}

/** There are two policies: the one that the line has not is the one that it left, or that was taken back. */
function checkGrace(walk: Walk, current: Policy, now: number): void {
  const other = current === 0 ? 1 : 0;
  const { latest } = walk.seen[0]![other]!;
  const moved = walk.model.past.findLast(({ policy }) => policy === other)?.leftAt ?? -Infinity;
  hold("deposits", isLive(walk, other, now), `no live attestation at ${now}`);
  hold("grace", (latest?.asOf ?? now) < moved && now < moved + DELAY, `open at ${now}, left at ${moved}`);
}

async function leave(
  walk: Walk,
  action: Extract<Action, { readonly do: "take" | "redeem" | "transfer" }>,
): Promise<void> {
  const { world } = walk;
  const owner = world.people.depositors[action.who]!;
  const isRedeem = action.do === "redeem";
  const most = await vaultSays(walk, isRedeem ? "maxRedeem" : "maxWithdraw", [owner]);
  const shares = await balance(walk, action.who);
  const all = isRedeem ? shares : await vaultSays(walk, "previewRedeem", [shares]);
  hold("withdrawals", most === all, `${action.do} of at most ${most} where there are ${all}`);
  const excess = action.percent > 100;
  const amount = excess ? most + 1n : (most * BigInt(action.percent)) / 100n;
  const name = isRedeem ? "redeem" : "withdraw";
  const refusal = await send(world, owner, world.vault, world.vaultAbi, name, [amount, owner, owner]);
  if (!excess) hold("withdrawals", refusal === undefined, `${name} ${refusal}`);
  agree(
    walk,
    action.do,
    refusal,
    excess ? `ERC4626ExceededMax${isRedeem ? "Redeem" : "Withdraw"}` : undefined,
  );
}

async function give(
  { world }: Walk,
  who: number,
  amount: bigint,
  to: `0x${string}`,
  token: `0x${string}`,
): Promise<void> {
  const refusal = await send(world, world.people.depositors[who]!, token, world.tokenAbi, "transfer", [
    to,
    amount,
  ]);
  if (refusal !== undefined) throw new Error(`transfer: ${refusal}`);
}

async function vaultSays({ world }: Walk, name: string, args: readonly unknown[] = []): Promise<bigint> {
  return await read<bigint>(world, world.vault, world.vaultAbi, name, args);
}

async function balance(walk: Walk, who: number): Promise<bigint> {
  return await vaultSays(walk, "balanceOf", [walk.world.people.depositors[who]]);
}

const SUBJECTS_AND_POLICIES = [0, 1].flatMap((subject) =>
  [0, 1].map((policy) => ({ subject: subject as Subject, policy: policy as Policy })),
);

/** What everybody can see after each action, asked at one time: each question waits for the chain's thread. */
async function checkViews(walk: Walk): Promise<void> {
  const { world, model } = walk;
  const { policyBook, registry } = world.keel;
  const open = rules.isOpen(model, 0, world.chain.now());
  const [healthy, line, record, most, assets, supply] = await Promise.all([
    Promise.all(SUBJECTS_AND_POLICIES.map(({ subject, policy }) => saysHealthy(world, subject, policy))),
    read<Line>(world, policyBook, policyBookAbi, "lineOf", [world.line]),
    read<LineRecord>(world, registry, healthRegistryAbi, "lineRecordOf", [
      world.people.subjects[0],
      world.line,
    ]),
    vaultSays(walk, "maxDeposit", [world.people.stranger]),
    vaultSays(walk, "totalAssets"),
    vaultSays(walk, "totalSupply"),
  ]);
  checkHealth(walk, healthy);
  checkLine(walk, line, record);
  hold("deposits", most === (open ? maxUint256 : 0n), `at most ${most}`);
  checkPrice(walk, assets, supply);
}

function checkHealth({ world, model, seen }: Walk, healthy: readonly boolean[]): void {
  const now = world.chain.now();
  for (const [i, { subject, policy }] of SUBJECTS_AND_POLICIES.entries()) {
    const said = healthy[i]!;
    const who = `subject ${subject} under policy ${policy} at ${now}`;
    hold("expiry", said === now < seen[subject]![policy]!.until, `${said} for ${who}`);
    hold("model", said === rules.isHealthy(model, subject, policy, now), `${said} for ${who}`);
  }
}

/** What `lineOf` answers: zeros where nothing is announced. */
interface Line {
  readonly current: Hex;
  readonly next: Hex;
  readonly nextLiveAt: number;
}

function checkLine(walk: Walk, { current, next, nextLiveAt }: Line, record: LineRecord): void {
  const { world, model } = walk;
  const now = world.chain.now();
  const expected = rules.settled(model.line, now);
  hold("model", current === POLICY_IDS[expected.current], `the line follows ${current}`);
  const announced = expected.next === undefined ? zeroHash : POLICY_IDS[expected.next.value];
  hold(
    "model",
    next === announced && nextLiveAt === (expected.next?.liveAt ?? 0),
    `the line announces ${next}`,
  );
  const isLoose = current === POLICY_IDS[0];
  const detail = `the looser policy at ${now}, announced for ${walk.looserFrom}`;
  hold("line", !isLoose || now >= walk.looserFrom, detail);
  // Once there, it stays until it is tightened.
  if (isLoose) walk.looserFrom = 0;
  const { since, streak } = rules.lineRecord(model, 0, now);
  hold("model", record.since === since && record.streak === streak, `the line's run since ${record.since}`);
}

/** With the vault's own virtual share and asset. */
function checkPrice(walk: Walk, totalAssets: bigint, totalSupply: bigint): void {
  const assets = totalAssets + 1n;
  const shares = totalSupply + 1_000_000n;
  const before = walk.price;
  hold("price", assets * before.shares >= before.assets * shares, `${assets} for ${shares} shares`);
  walk.price = { assets, shares };
}

/** The stored record of what an action was about. */
async function checkRecord({ world, model, seen }: Walk, action: Action): Promise<void> {
  if (!("policy" in action)) return;
  const { subject, policy } = action;
  const { run, since } = seen[subject]![policy]!;
  const args = [world.people.subjects[subject], POLICY_IDS[policy]];
  const found = await read<ReplayedRecord>(world, world.keel.registry, healthRegistryAbi, "recordOf", args);
  const [stored, expected] = [found, model.records[subject]![policy]!].map((record) =>
    [record.count, record.streak, record.lapses, record.floor, record.expiry].join(", "),
  );
  const span = (run.at(-1) ?? 0) - (run[0] ?? 0);
  const least = Math.max(0, found.streak - 1) * POLICIES[policy]!.minInterval;
  hold("streak", span >= least && found.since === since, `${found.streak} in ${span} s since ${found.since}`);
  hold("model", stored === expected, `a record of ${stored}, expected ${expected}`);
}

async function checkRecords({ world, model }: Walk): Promise<void> {
  const { registry, people } = world;
  const block = await latestBlock(registry);
  const entries = await historyOf(registry, { fromBlock: BigInt(world.keel.fromBlock) });
  for (const subject of [0, 1] as const) {
    for (const policy of [0, 1] as const) {
      const found = await checkedRecord(
        registry,
        entries,
        people.subjects[subject]!,
        POLICY_IDS[policy]!,
        block,
      ).catch((error: Error) => hold("record", false, error.message));
      const { healthy: _, ...record } = found!;
      const expected: unknown = model.records[subject]![policy];
      hold(
        "model",
        JSON.stringify(sorted(record)) === JSON.stringify(sorted(expected as object)),
        "the record",
      );
    }
  }
}

function sorted(value: object): [string, unknown][] {
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}
