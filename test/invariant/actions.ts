// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What anybody may try, as plain data: a failed walk is printed as a list of these, made as short as possible.
 *
 * @module
 */
import fc from "fast-check";
import type { Policy, Subject } from "./model.js";

export interface Attempt {
  readonly subject: Subject;
  readonly policy: Policy;
  /** Seconds from the snapshot to the transaction. */
  readonly age: number;
  /** Seconds from the snapshot to the market table. */
  readonly skew: number;
  /** "kinder": accepted, but in another series than the policy's. */
  readonly market: "accepted" | "unknown" | "kinder";
  /** Against what the share token says of the snapshot's time. */
  readonly units: "told" | "fewer" | "more";
  readonly accounts: "current" | "announced" | "others";
  /** Where the step of the drawdown chain starts. */
  readonly from: "state" | "genesis" | "earlier";
  readonly proof: "true" | "false" | "stolen";
}

export type Action =
  | { readonly do: "wait"; readonly seconds: number }
  /**
   * Until so many seconds after a deadline that is still to come: of an attestation, an announcement, a grace, an offer. The call
   * that comes next is a second later. Deadlines are told by number, the first to come being 0.
   */
  | { readonly do: "land"; readonly deadline: number; readonly after: number }
  | ({ readonly do: "attest" } & Attempt)
  /** Behind so many of the first subject's latest attestations, which are there already. */
  | { readonly do: "attestBatch"; readonly copied: number; readonly attempts: readonly Attempt[] }
  | { readonly do: "replay"; readonly back: number }
  | { readonly do: "enrol"; readonly subject: Subject; readonly list: number }
  | { readonly do: "revoke"; readonly subject: Subject; readonly policy: Policy }
  | {
      readonly do: "revokeFor" | "reopen";
      readonly subject: Subject;
      readonly policy: Policy;
      readonly by: "guardian" | "stranger";
    }
  /** Of the market table that the latest attestation rests on. */
  | {
      readonly do: "withdraw";
      readonly subject: Subject;
      readonly policy: Policy;
      readonly by: "guardian" | "stranger";
    }
  | {
      readonly do: "voidAttestation";
      readonly subject: Subject;
      readonly policy: Policy;
      readonly basis: "latest" | "earlier" | "other";
    }
  /** Shares of the fund. */
  | { readonly do: "issue"; readonly amount: number }
  | { readonly do: "cancel"; readonly percent: number }
  | { readonly do: "restartChain"; readonly subject: Subject; readonly by: "guardian" | "stranger" }
  | {
      readonly do: "cancelRestart";
      readonly subject: Subject;
      readonly by: "guardian" | "stranger" | "subject";
    }
  | { readonly do: "moveLine"; readonly to: Policy; readonly by: "curator" | "stranger" }
  | { readonly do: "cancelMove" | "undoTightening"; readonly by: "guardian" | "stranger" }
  | Governance
  | { readonly do: "deposit" | "mint" | "donate"; readonly who: number; readonly amount: number }
  /** A share of all that can be taken out, in percent; above 100 it is refused. */
  | { readonly do: "take" | "redeem" | "transfer"; readonly who: number; readonly percent: number };

/** What those in power do to the books and to each other. */
export type Governance =
  /** Lists of publishers, universes, versions of a verifier and receivers of a role by number. */
  | {
      readonly do: "announcePublishers" | "openUniverse";
      readonly number: number;
      readonly by: "curator" | "stranger";
    }
  | { readonly do: "cancelPublishers"; readonly by: "guardian" | "stranger" }
  | { readonly do: "publishTable"; readonly number: number }
  | {
      readonly do: "closeUniverse" | "retireVerifier" | "withdrawOffer";
      readonly number: number;
      readonly by: "guardian" | "stranger";
    }
  | { readonly do: "addVerifier"; readonly standby: boolean; readonly by: "curator" | "stranger" }
  | { readonly do: "offerRole" | "revokeRole"; readonly number: number; readonly by: "curator" | "stranger" }
  | { readonly do: "acceptRole"; readonly number: number };

const subject = fc.constantFrom<Subject>(0, 0, 0, 1, 2);
const policy = fc.constantFrom<Policy>(0, 1);
const by = <T extends string>(role: T) => fc.constantFrom<T | "stranger">(role, role, role, "stranger");
const around = (value: number) => fc.integer({ min: value - 2, max: value + 2 });
const at = (value: number) => fc.constantFrom(value, value, value - 1, value + 1);
const mostly = <T>(usual: T, ...others: T[]) =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );

const attempt: fc.Arbitrary<Attempt> = fc.record({
  subject,
  policy,
  age: fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 30 }) },
    { weight: 1, arbitrary: fc.oneof(at(0), at(300), at(600)) },
  ),
  skew: fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: -60, max: 0 }) },
    { weight: 1, arbitrary: fc.oneof(at(300), at(-300)) },
  ),
  market: mostly("accepted", "unknown", "kinder"),
  units: mostly("told", "fewer", "more"),
  accounts: mostly("current", "announced", "others"),
  from: mostly("state", "genesis", "earlier"),
  proof: mostly("true", "false", "stolen"),
});

const who = fc.integer({ min: 0, max: 1 });
const amount = fc.integer({ min: 0, max: 10 ** 9 });
const percent = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.constantFrom(100, 101));
const acts = <T extends string>(...names: T[]) => ({ do: fc.constantFrom(...names) });

function governance(): fc.Arbitrary<Governance> {
  const number = fc.integer({ min: 0, max: 2 });
  return fc.oneof(
    fc.record({ ...acts("announcePublishers", "openUniverse"), number, by: by("curator") }),
    fc.record({ ...acts("cancelPublishers"), by: by("guardian") }),
    fc.record({ ...acts("publishTable"), number }),
    fc.record({ ...acts("closeUniverse", "retireVerifier", "withdrawOffer"), number, by: by("guardian") }),
    fc.record({ ...acts("addVerifier"), standby: fc.boolean(), by: by("curator") }),
    fc.record({ ...acts("offerRole", "revokeRole"), number, by: by("curator") }),
    fc.record({ ...acts("acceptRole"), number }),
  );
}

/** Any action; those that move a walk on come more often. */
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      ...acts("wait"),
      seconds: fc.oneof(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 60, max: 1_000 }),
        fc.integer({ min: 1_000, max: 6_000 }),
        fc.oneof(around(1_800), around(2_000), around(3_600), around(5_000)),
        fc.oneof({ weight: 6, arbitrary: around(5_000) }, { weight: 1, arbitrary: around(30 * 86_400) }),
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      ...acts("land"),
      deadline: fc.nat(11),
      after: fc.integer({ min: -2, max: 1 }),
    }),
  },
  { weight: 8, arbitrary: attempt.map((value) => ({ do: "attest" as const, ...value })) },
  {
    weight: 2,
    arbitrary: fc.record({
      ...acts("attestBatch"),
      copied: mostly(0, 1, 2, 3),
      attempts: fc.array(attempt, { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ ...acts("replay"), back: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ ...acts("enrol"), subject, list: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ ...acts("revoke"), subject, policy }) },
  { weight: 1, arbitrary: fc.record({ ...acts("revokeFor"), subject, policy, by: by("guardian") }) },
  { weight: 2, arbitrary: fc.record({ ...acts("reopen"), subject, policy, by: by("guardian") }) },
  { weight: 1, arbitrary: fc.record({ ...acts("withdraw"), subject, policy, by: by("guardian") }) },
  {
    weight: 2,
    arbitrary: fc.record({
      ...acts("voidAttestation"),
      subject,
      policy,
      basis: mostly<"latest" | "earlier" | "other">("latest", "earlier", "other"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ ...acts("issue"), amount }) },
  { weight: 1, arbitrary: fc.record({ ...acts("cancel"), percent: fc.integer({ min: 0, max: 100 }) }) },
  { weight: 1, arbitrary: fc.record({ ...acts("restartChain"), subject, by: by("guardian") }) },
  { weight: 1, arbitrary: fc.record({ ...acts("moveLine"), to: policy, by: by("curator") }) },
  {
    weight: 1,
    arbitrary: fc.record({
      ...acts("cancelRestart"),
      subject,
      by: fc.constantFrom<"guardian" | "stranger" | "subject">("guardian", "stranger", "subject"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ ...acts("cancelMove"), by: by("guardian") }) },
  { weight: 1, arbitrary: fc.record({ ...acts("undoTightening"), by: by("guardian") }) },
  { weight: 3, arbitrary: governance() },
  { weight: 5, arbitrary: fc.record({ ...acts("deposit", "mint", "donate"), who, amount }) },
  { weight: 5, arbitrary: fc.record({ ...acts("take", "redeem", "transfer"), who, percent }) },
);

const well = (of: Partial<Attempt>): Attempt => ({
  ...{ subject: 0, policy: 0, age: 1, skew: 0, market: "accepted" },
  ...{ units: "told", accounts: "current", from: "state", proof: "true", ...of },
});
const list = (number: number): Action => ({ do: "enrol", subject: 0, list: number });
const wait = fc.oneof(
  fc.integer({ min: 1, max: 700 }),
  fc.oneof(around(400), around(600), around(1_800), around(2_000), around(3_600), around(5_000)),
);
const waiting = wait.map((seconds): Action => ({ do: "wait", seconds }));
const attested = fc
  .tuple(policy, fc.integer({ min: 0, max: 300 }))
  .map(([policy, age]): Action => ({ do: "attest", ...well({ policy, age }) }));

/** What rarely comes of itself: a few actions that belong together. */
const story: fc.Arbitrary<readonly Action[]> = fc.oneof(
  // A line is moved to and fro while its subject is attested under both policies.
  fc
    .array(
      fc.oneof(
        { weight: 4, arbitrary: attested },
        { weight: 3, arbitrary: waiting },
        { weight: 2, arbitrary: policy.map((to): Action => ({ do: "moveLine", to, by: "curator" })) },
        {
          weight: 1,
          arbitrary: fc.record({ ...acts("cancelMove", "undoTightening"), by: by("guardian") }),
        },
      ),
      { minLength: 4, maxLength: 12 },
    )
    .map((parts) => [list(1), ...parts]),
  // A policy is kept for a while after the line left it, and then the other one is.
  fc
    .tuple(policy, fc.integer({ min: 600, max: 3_700 }), fc.integer({ min: 1, max: 3_700 }))
    .map(([to, first, second]): Action[] => [
      list(1),
      { do: "attest", ...well({ policy: to === 0 ? 1 : 0 }) },
      { do: "moveLine", to, by: "curator" },
      { do: "wait", seconds: first },
      { do: "attest", ...well({ policy: to === 0 ? 1 : 0 }) },
      { do: "wait", seconds: second },
      { do: "attest", ...well({ policy: to }) },
    ]),
  // Somebody submits a part of a batch before, which may count no more.
  fc
    .tuple(policy, fc.integer({ min: 1, max: 3 }), wait, fc.boolean())
    .map(([policy, copied, seconds, again]): Action[] => [
      list(1),
      { do: "attest", ...well({ policy }) },
      ...(again
        ? [{ do: "wait", seconds: 700 } as const, { do: "attest", ...well({ policy }) } as const]
        : []),
      { do: "wait", seconds },
      { do: "attestBatch", copied, attempts: [well({ policy })] },
    ]),
  // A chain starts over, or not.
  fc
    .tuple(attested, waiting, fc.constantFrom<Attempt["from"]>("state", "genesis"), by("guardian"))
    .map(([before, pause, from, by]): Action[] => [
      list(1),
      before,
      { do: "restartChain", subject: 0, by: "guardian" },
      pause,
      { do: "attest", ...well({ from: "state" }) },
      { do: "cancelRestart", subject: 0, by },
      { do: "land", deadline: 0, after: 0 },
      { do: "attest", ...well({ from }) },
    ]),
  // A role is offered to one, who accepts it, and others call that off.
  fc
    .tuple(
      fc.integer({ min: 0, max: 2 }),
      fc.array(fc.constantFrom("offerRole", "acceptRole", "withdrawOffer", "revokeRole", "land"), {
        minLength: 1,
        maxLength: 6,
      }),
    )
    .map(([number, acts]): Action[] => [
      { do: "offerRole", number, by: "curator" },
      { do: "acceptRole", number },
      ...acts.map((act): Action => {
        if (act === "land") return { do: act, deadline: 0, after: 0 };
        if (act === "acceptRole") return { do: act, number };
        return act === "withdrawOffer"
          ? { do: act, number, by: "guardian" }
          : { do: act, number, by: "curator" };
      }),
    ]),
  // Those in power undo and replace what was announced, just before and after it comes.
  fc.array(
    fc.oneof(
      { weight: 3, arbitrary: governance() },
      {
        weight: 1,
        arbitrary: fc.record({
          ...acts("land"),
          deadline: fc.nat(2),
          after: fc.integer({ min: -2, max: 1 }),
        }),
      },
    ),
    { minLength: 4, maxLength: 10 },
  ),
);

/** Actions of a walk, stories among them. */
export function actionsOf(longest: number): fc.Arbitrary<readonly Action[]> {
  const part = fc.oneof(
    { weight: 9, arbitrary: action.map((one) => [one]) },
    { weight: 1, arbitrary: story },
  );
  return fc.array(part, { maxLength: longest, size: "max" }).map((parts) => parts.flat());
}
