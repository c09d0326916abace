// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is every input of a proof bound to something that the manager does not control? What passed before statement version 2, tried
 * with witnesses made by hand, which no check of the prover's has seen; each is refused in the template that is there for it,
 * and the same book told honestly passes. On a small tier of the same template: 5 instruments, 3 accounts.
 *
 * @module
 */

import {
  accountMessage,
  assess,
  buildWitness,
  declaredAccounts,
  type Enrolment,
  enrolmentCommitment,
  messageOf,
  portfolioCommitment,
} from "@keel/prover";
import {
  bps,
  type CircuitShape,
  commitStatement,
  type Field,
  type Quantity,
  quantity,
  type Statement,
  statementInputs,
  statementVector,
  universeId,
} from "@keel/verifier";
import { beforeAll, describe, expect, it } from "vitest";
import {
  type Book,
  type BookParts,
  book,
  DOMAIN,
  enrolmentOf,
  LIMITS,
  OTHER_SOURCE,
  POSITIONS,
  SALTS,
  SOURCE,
  seededRandom,
  signed,
  witnessOf,
} from "../support/book.js";
import { type Circuit, compiled, type Input } from "../support/circuit.js";
import { freeWires, signatureHints, venueHints } from "../support/wires.js";

const SHAPE: CircuitShape = {
  instruments: 5,
  accounts: 3,
  underlyings: 4,
  scenarios: 2,
  sources: 2,
  options: 0,
  accountHealth: 1,
};

let circuit: Circuit;

beforeAll(async () => {
  circuit = await compiled({
    id: "test/three-accounts",
    source: `pragma circom 2.1.6;
include "portfolio-health.circom";
component main {public [c, x, y]} = PortfolioHealth(5, 3, 4, 2, 2, 0, 1);
`,
  });
});

/** A book on the small tier. */
function small(parts: BookParts): Book {
  const {
    market,
    policy: known,
    snapshot,
    ...units
  } = book({ circuit: "portfolio-health/fund-64", ...parts });
  const policy = {
    ...known,
    circuit: { id: "test/three-accounts", shape: SHAPE, limits: known.circuit.limits },
  };
  return { market, policy, snapshot: signed(snapshot, market, policy), ...units };
}

/** A witness's inputs with some replaced, and places of the statement too, so that the digest fits what is claimed. */
function forged(parts: Book, change: Input, claim: Partial<Statement> = {}): Input {
  const { input, statement } = witnessOf(parts);
  const vector = statementVector({ ...statement, ...claim });
  return { ...input, ...change, ...statementInputs(commitStatement(vector), vector) };
}

async function verdicts(parts: Book) {
  const { healthy } = assess(parts.snapshot, parts.market, parts.policy);
  return { model: healthy, circuit: await circuit.accepts(witnessOf(parts).input) };
}
const both = (verdict: boolean) => ({ model: verdict, circuit: verdict });

describe("52 an account that is declared twice [A3]", () => {
  const limits = { minEquity: "1000" };
  const GOOD = { USDC: "1000000" };
  const BAD = { USDC: "-1500000" };
  /** Two accounts of a million each and a debt: what the repetition pretends. */
  const pretended = (accounts: readonly Readonly<Record<string, string>>[]): Book =>
    small({ limits, accounts, venues: ["Venue One", "Venue One", "Venue One"] });

  it.each([
    ["beside itself", [GOOD, GOOD, BAD], 0, 1],
    ["apart", [GOOD, BAD, GOOD], 0, 2],
    ["in the last places", [BAD, GOOD, GOOD], 1, 2],
  ] as const)(
    "%s is refused, and counts as often as it is when it is another",
    async (_, held, first, again) => {
      const parts = pretended(held);
      expect(await verdicts(parts)).toEqual(both(true));
      const { input } = witnessOf(parts);
      const copied = (name: string) =>
        (input[name] as readonly never[]).with(again, (input[name] as never[])[first]!);
      const enrolment = enrolmentOf(parts);
      const accounts = enrolment.accounts.with(again, enrolment.accounts[first]!);
      const messages = messagesOf(parts);
      const change = {
        accountId: copied("accountId"),
        signatureR8: copied("signatureR8"),
        signatureS: copied("signatureS"),
      };
      const twice = forged(parts, change, {
        enrolment: enrolmentCommitment({ ...enrolment, accounts }),
        portfolioCommitment: portfolioCommitment(messages.with(again, messages[first]!), SALTS.portfolioSalt),
      });
      expect((await circuit.refusal(twice))?.[0]).toBe("Distinct");
    },
  );

  it("is refused before any proving", () => {
    const parts = small({ limits, accounts: [GOOD, BAD] });
    const enrolment = enrolmentOf(parts);
    const accounts = [...enrolment.accounts, enrolment.accounts[0]!];
    expect(() => build(parts, { ...enrolment, accounts })).toThrow(/input\.duplicate/);
  });

  it("is told from places that are not used, which all have the id 0", async () => {
    expect(await verdicts(small({ limits, accounts: [GOOD] }))).toEqual(both(true));
  });
});

describe("53 an account that another approved source signs [A1, A2]", () => {
  const limits = { minCollateralRatio: "1.5" };
  const honest = small({ limits, accounts: [{ USDC: "1000000" }, { USDC: "-2500000" }] });
  /** Venue One says that the account at Venue Two is empty. */
  const lie = small({ limits, accounts: [{ USDC: "1000000" }, {}], venues: ["Venue One", "Venue One"] });

  it("is refused under the enrolment that names its own source, and no other way", async () => {
    expect(await verdicts(lie)).toEqual(both(true));
    const ids = (parts: Book) => parts.snapshot.accounts.map(({ id }) => id);
    expect(ids(lie)).toEqual(ids(honest));
    const enrolment = enrolmentCommitment(enrolmentOf(honest));
    // The digest is of the enrolment that the registry has; what the circuit computes is another.
    expect(await circuit.refusal(forged(lie, {}, { enrolment }))).toEqual(["PortfolioHealth"]);
  });

  it("is refused when the key's place in the enrolment is left to the liar", async () => {
    const { input } = witnessOf(lie);
    const keys = (input.sourceKey as readonly (readonly bigint[])[]).with(1, OTHER_SOURCE.publicKey);
    const enrolment = enrolmentCommitment(enrolmentOf(honest));
    // The key that is enrolled did not make the signature.
    const refusal = await circuit.refusal(forged(lie, { sourceKey: keys }, { enrolment }));
    expect(refusal).toContain("EdDSAPoseidonVerifier");
  });

  it("is refused before any proving", () => {
    expect(() => build(lie, enrolmentOf(honest))).toThrow(/enrolment\.source/);
    expect(declaredAccounts(honest.snapshot, enrolmentOf(honest), honest.policy)).toHaveLength(2);
  });

  it("is known by its source's key, whatever a policy calls the source", () => {
    const [one, two] = lie.policy.sources;
    const called = (name: string, other: string) => ({
      sources: [
        { ...one!, name },
        { ...two!, name: other },
      ],
    });
    const from = (source: string) => ({
      ...lie.snapshot,
      accounts: lie.snapshot.accounts.map((account) => ({ ...account, source })),
    });
    const enrolment = enrolmentOf(lie);
    expect(declaredAccounts(from("Bank"), enrolment, called("Bank", "Broker"))).toHaveLength(2);
    expect(() => declaredAccounts(from("Bank"), enrolment, called("Broker", "Bank"))).toThrow(
      /enrolment\.source/,
    );
  });
});

describe("57 a venue split into several accounts [A6, L8]", () => {
  const thirds = [{ USDC: "100" }, { USDC: "100" }, { USDC: "100" }];
  const at = (maxVenue: string, accounts: readonly Readonly<Record<string, string>>[], ...venues: string[]) =>
    small({ limits: { maxVenue }, accounts, venues });

  it("is one venue: each account passes, all together do not", async () => {
    expect(await verdicts(at("0.4", thirds, "Venue One", "Venue One", "Venue One"))).toEqual(both(false));
    expect(await verdicts(at("1", thirds, "Venue One", "Venue One", "Venue One"))).toEqual(both(true));
    const { input } = witnessOf(at("0.4", thirds, "Venue One", "Venue One", "Venue One"));
    expect(await circuit.refusal(input)).toContain("MaxVenue");
  });

  it("12 is exact to the unit, whichever of the accounts are there", async () => {
    for (const venues of [
      ["Venue One", "Venue One", "Venue Two"],
      ["Venue One", "Venue Two", "Venue One"],
      ["Venue Two", "Venue One", "Venue One"],
    ]) {
      const held = (usd: string) => {
        const alone = venues.indexOf("Venue Two");
        return thirds.with(alone, { USDC: "100" }).with((alone + 1) % 3, { USDC: usd });
      };
      expect(await verdicts(at("0.75", held("200"), ...venues)), `${venues}`).toEqual(both(true));
      expect(await verdicts(at("0.75", held("200.00000001"), ...venues)), `${venues}`).toEqual(both(false));
    }
  });

  it("nets its accounts: what one owes there the other is short of", async () => {
    const held = [{ USDC: "500" }, { USDC: "-200" }, { USDC: "100" }];
    const venues = ["Venue One", "Venue One", "Venue Two"];
    expect(await verdicts(at("0.75", held, ...venues))).toEqual(both(true));
    expect(await verdicts(at("0.7499", held, ...venues))).toEqual(both(false));
    const { venueEquity, accounts } = assess(...modelOf(at("0.75", held, ...venues))).metrics;
    const usd = (value: bigint) => value * 10n ** 16n;
    expect([...venueEquity]).toEqual([
      ["Venue One", usd(300n)],
      ["Venue Two", usd(100n)],
    ]);
    expect([...accounts.values()].map(({ equity }) => equity)).toEqual([usd(500n), usd(-200n), usd(100n)]);
  });

  it("is not grown by a place that is not used, whatever key that gives", async () => {
    const parts = at("0.75", [{ USDC: "300" }, { USDC: "100" }], "Venue One", "Venue Two");
    expect(await verdicts(parts)).toEqual(both(true));
    const { input } = witnessOf(parts);
    const keys = input.sourceKey as readonly (readonly bigint[])[];
    expect(await circuit.accepts({ ...input, sourceKey: keys.with(2, SOURCE.publicKey) })).toBe(true);
  });
});

describe("58 an account's health factor hidden by idle coins [L4]", () => {
  /** 10 ETH at 3000 and a factor of 0.8 are 24,000 of collateral. */
  const LENDING = { ETH: "10", USDC: "-20000" };
  const limits = (name: string) => ({ [name]: "1.2" });
  const parts = (name: string, usdc: string, idle = "1000000") =>
    small({ limits: limits(name), accounts: [{ ...LENDING, USDC: usdc }, { USDC: idle }] });

  it("passes the limit on the whole book, and not the limit on each account", async () => {
    expect(await verdicts(parts("minHealthFactor", "-26000"))).toEqual(both(true));
    expect(await verdicts(parts("minAccountHealthFactor", "-26000"))).toEqual(both(false));
    const refusal = await circuit.refusal(witnessOf(parts("minAccountHealthFactor", "-26000")).input);
    expect(refusal).toContain("MinAccountHealthFactor");
  });

  it("12 minAccountHealthFactor is exact to the unit, in every place", async () => {
    for (const place of [0, 1, 2]) {
      const at = (usdc: string) => {
        const accounts = [{ USDC: "1" }, { USDC: "1" }, { USDC: "1" }];
        return small({
          limits: limits("minAccountHealthFactor"),
          accounts: accounts.with(place, { ...LENDING, USDC: usdc } as never),
        });
      };
      expect(await verdicts(at("-20000")), `place ${place}`).toEqual(both(true));
      expect(await verdicts(at("-20000.00000001")), `place ${place}`).toEqual(both(false));
    }
  });

  it("names the account, and how low it is", () => {
    const given = parts("minAccountHealthFactor", "-26000");
    const [result] = assess(...modelOf(given)).limits;
    expect(result).toMatchObject({ name: "minAccountHealthFactor", worst: "main", value: 9230n, ok: false });
    const healthy = small({
      limits: limits("minAccountHealthFactor"),
      accounts: [{ ETH: "1" }, { USDC: "5" }],
    });
    const [none] = assess(...modelOf(healthy)).limits;
    expect(none).toMatchObject({ ok: true, worst: "sub-1" });
    expect(none).not.toHaveProperty("value");
  });

  it("holds for accounts that owe nothing, with an absent limit, and not for one that owes without collateral", async () => {
    const name = "minAccountHealthFactor";
    expect(
      await verdicts(small({ limits: limits(name), accounts: [{ "ETH-PERP": "1" }, { USDC: "5" }] })),
    ).toEqual(both(true));
    expect(await verdicts(small({ limits: {}, accounts: [{ USDC: "-5" }, { USDC: "50" }] }))).toEqual(
      both(true),
    );
    const owing = small({
      limits: { [name]: "0.0001" },
      accounts: [{ USDC: "-0.00000001" }, { USDC: "50" }],
    });
    expect(await verdicts(owing)).toEqual(both(false));
  });
});

describe("61 what opens one commitment [C3, C4]", () => {
  const parts = small({ limits: {}, accounts: [{ USDC: "5" }, { ETH: "1" }] });
  const { input, statement } = witnessOf(parts);

  it("opens not the other: each has a salt of its own", async () => {
    const { portfolioSalt, exposuresSalt } = SALTS;
    expect(await circuit.accepts(input)).toBe(true);
    expect(portfolioCommitment(messagesOf(parts), portfolioSalt)).toBe(statement.portfolioCommitment);
    expect(portfolioCommitment(messagesOf(parts), exposuresSalt)).not.toBe(statement.portfolioCommitment);
    for (const salts of [
      { portfolioSalt: exposuresSalt },
      { exposuresSalt: portfolioSalt },
      { portfolioSalt: exposuresSalt, exposuresSalt: portfolioSalt },
    ]) {
      expect(await circuit.accepts({ ...input, ...salts })).toBe(false);
    }
  });
});

describe("several accounts", () => {
  it("1 leave no wire free but hints of IsZero whose input is 0", { timeout: 120_000 }, async () => {
    const accounts = [POSITIONS, { USDC: "100" }, { ETH: "0.1", USDC: "-5" }];
    const parts = small({ accounts, limits: { ...LIMITS, minAccountHealthFactor: "1.2" } });
    const state = { equity: 18_000n * 10n ** 16n, units: 10n ** 8n, epoch: 41n, salt: SALTS.newStateSalt };
    const { input } = witnessOf(parts, state);
    const keys = (input.sourceKey as readonly (readonly bigint[])[]).map(([x]) => x!);
    const free = freeWires(circuit, (await circuit.witness(input))!);
    expect(free.sort()).toEqual([...signatureHints(3), ...venueHints(keys)].sort());
  });

  it("are judged as the model does, a unit below, at and above what random books measure", async () => {
    const seed = Number(process.env.KEEL_SEED ?? 5257);
    console.info(`random accounts: seed ${seed}`);
    const random = seededRandom(seed);
    const seen = new Set<string>();
    for (let n = 0; n < 10; n++) {
      const count = 1 + random(3);
      const accounts = Array.from({ length: count }, (_, s) => ({
        USDC: `${(s === 0 ? 30_000 : -9_000) + random(9_000)}.${random(10 ** 8)}`,
        ETH: `${random(2) === 0 ? "-" : ""}${1 + random(4)}.${random(10 ** 8)}`,
      }));
      const venues = accounts.map(() => ["Venue One", "Venue Two"][random(2)]!);
      const all = small({ accounts, venues, limits: { minAccountHealthFactor: "1", maxVenue: "1" } });
      for (const { name, value } of assess(...modelOf(all)).limits) {
        if (value === undefined || value < 1n || name === "minEquity") continue;
        for (const limit of [value - 1n, value, value + 1n]) {
          const parts = { ...all, policy: { ...all.policy, limits: { [name]: bps(limit) } } };
          const { model, circuit: proven } = await verdicts(parts);
          expect(proven, `seed ${seed}, book ${n}, ${name} ${limit}`).toBe(model);
          seen.add(`${name} ${model}`);
        }
      }
    }
    expect([...seen].sort()).toEqual(
      ["maxVenue", "minAccountHealthFactor"].flatMap((name) => [`${name} false`, `${name} true`]),
    );
  });
});

/** What the sources signed, place by place. */
function messagesOf({ snapshot, market, policy }: Book): Field[] {
  const { subject, asOf } = snapshot;
  const quantities = new Array<Quantity>(SHAPE.instruments).fill(quantity(0n));
  const empty = accountMessage({ subject, accountId: 0n, asOf, universe: universeId(market), quantities });
  return Array.from({ length: SHAPE.accounts }, (_, s) =>
    s < snapshot.accounts.length ? messageOf(snapshot, s, market, policy.circuit.shape) : empty,
  );
}

/** What the model judges. */
function modelOf({ snapshot, market, policy }: Book) {
  return [snapshot, market, policy] as const;
}

function build(parts: Book, enrolment: Enrolment) {
  return buildWitness({ ...parts, ...SALTS, domain: DOMAIN, enrolment });
}
