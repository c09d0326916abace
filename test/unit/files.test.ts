// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Are files read strictly, with errors that say what, where, expected and received, and never repeat a holding?
 * (attacks 30 to 33)
 *
 * @module
 */

import { checkTimes, formatSnapshot, parseSnapshot, parseSourceKey, quantities } from "@keel/prover";
import {
  KeelError,
  marketSeries,
  marketTable,
  parseAttestation,
  parseJson,
  parseMarket,
  parsePolicy,
  policyTerms,
} from "@keel/verifier";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ADMINISTRATOR,
  book,
  INSTRUMENTS,
  LIMITS,
  SCENARIOS,
  SOURCE,
  STRANGER,
  SUBJECT,
} from "../support/book.js";
import { growsLinearly, SPAN } from "../support/growth.js";

const SEED = 20261121;

const MARKET = {
  keel: "market/1",
  asOf: 1767225600,
  underlyings: ["USD", "ETH", "BTC"],
  instruments: INSTRUMENTS,
};
const POLICY = {
  keel: "policy/2",
  name: "test",
  circuit: "portfolio-health/spot-16",
  limits: LIMITS,
  scenarios: SCENARIOS,
  sources: [{ name: "Venue One", key: SOURCE.publicKey.map(String) }],
  maxAge: 3600,
  validity: 86400,
  maxMarketSkew: 300,
  minInterval: 3600,
  market: { series: marketSeries(parseMarket(JSON.stringify(MARKET))) },
  units: { administrator: ADMINISTRATOR },
};
const ACCOUNT = { id: "main", source: "Venue One", positions: { ETH: "12345.6789" } };
const SNAPSHOT = { keel: "snapshot/1", subject: SUBJECT, asOf: 1767225600, accounts: [ACCOUNT] };

/** What a call fails with: `code path`. */
function failure(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (!(error instanceof KeelError)) throw error;
    expect(error.message).toContain(error.code);
    expect(error.expected).toBeTruthy();
    expect(error.received).toBeTruthy();
    expect(`${error.message}${JSON.stringify(error)}`).not.toContain("12345");
    return `${error.code} ${error.path}`;
  }
  return "accepted";
}

const market = (change: object): string =>
  failure(() => parseMarket(JSON.stringify({ ...MARKET, ...change })));
const policy = (change: object): string =>
  failure(() => parsePolicy(JSON.stringify({ ...POLICY, ...change })));
const snapshot = (change: object): string =>
  failure(() => parseSnapshot(JSON.stringify({ ...SNAPSHOT, ...change })));
const row = (change: object): object => ({ instruments: [{ ...INSTRUMENTS[1], ...change }] });
const account = (change: object): object => ({ accounts: [{ ...ACCOUNT, ...change }] });

describe("market/1", () => {
  it.each([
    [{}, "accepted"],
    [{ keel: "market/2" }, "input.value market.keel"],
    [{ extra: 1 }, "input.unknown-key market"],
    [{ asOf: 1.5 }, "input.json market.asOf"],
    [{ asOf: -1 }, "input.range market.asOf"],
    [{ asOf: 2 ** 40 }, "input.time market.asOf"],
    [{ asOf: 2 ** 43 }, "input.range market.asOf"],
    [{ asOf: "now" }, "input.type market.asOf"],
    [{ underlyings: ["USD", "ETH", "ETH"] }, "input.duplicate market.underlyings[2]"],
    [{ underlyings: [] }, "input.range market.underlyings"],
    [{ instruments: [...INSTRUMENTS, INSTRUMENTS[0]] }, "input.duplicate market.instruments[5]"],
    [row({ price: "0" }), "market.price market.instruments[0].price"],
    [row({ price: "-1" }), "input.decimal market.instruments[0].price"],
    [row({ price: "1.123456789" }), "input.decimal market.instruments[0].price"],
    [row({ price: "184467440737.09551616" }), "input.decimal market.instruments[0].price"],
    [row({ price: 3000 }), "input.decimal market.instruments[0].price"],
    [row({ kind: "bond" }), "input.value market.instruments[0].kind"],
    [row({ kind: "option" }), "market.option market.instruments[0].delta"],
    [row({ kind: "option", delta: "0.5", gamma: "0" }), "market.option market.instruments[0].vega"],
    [row({ delta: "0.5" }), "market.option market.instruments[0].delta"],
    [row({ underlying: "SOL" }), "market.underlying market.instruments[0].underlying"],
    [row({ collateralFactor: "1.0001" }), "market.factor market.instruments[0].collateralFactor"],
    [row({ kind: "perp" }), "market.factor market.instruments[0].collateralFactor"],
    [row({ id: "<script>" }), "input.text market.instruments[0].id"],
    [row({ price: undefined }), "input.decimal market.instruments[0].price"],
  ])("%j: %s", (change, expected) => expect(market(change)).toBe(expected));

  it("with more rows than the circuit has is refused when it is used", () => {
    const rows = Array.from({ length: 17 }, (_, i) => ({ ...INSTRUMENTS[0], id: `I${i}` }));
    const wide = parseMarket(JSON.stringify({ ...MARKET, instruments: rows }));
    const rules = parsePolicy(JSON.stringify({ ...POLICY, market: { series: marketSeries(wide) } }));
    expect(failure(() => marketTable(wide, rules))).toBe("circuit.size market.instruments");
  });
});

describe("an attestation", () => {
  it("is told from another file before anything is said of its content", () => {
    expect(() => parseAttestation('{ "keel": "snapshot/1", "accounts": [] }')).toThrow(
      "attestation: expected a attestation file (attestation/2), received a file of snapshot/1 (file.format)",
    );
  });
});

describe("policy/2", () => {
  const limits = (change: object): object => ({ limits: { ...LIMITS, ...change } });
  const key = (...coordinates: string[]): object => ({ sources: [{ name: "A", key: coordinates }] });
  it.each([
    [{}, "accepted"],
    [{ circuit: "portfolio-health/huge" }, "circuit.unknown policy.circuit"],
    [limits({ maxGamma: "0.5" }), "policy.limit policy.limits.maxGamma"],
    [limits({ maxDrawdown: "1.1" }), "policy.limit policy.limits.maxDrawdown"],
    [{ scenarios: [{ ...SCENARIOS[0], volatility: "0.1" }] }, "policy.shock policy.scenarios[0].volatility"],
    [limits({ maxVenue: "0" }), "policy.limit policy.limits.maxVenue"],
    [limits({ maxVenue: "0.0001" }), "accepted"],
    [limits({ minEquity: "7922816251426.43375936" }), "policy.limit policy.limits.minEquity"],
    [limits({ minEquity: "7922816251426.43375935" }), "accepted"],
    [{ units: { token: ADMINISTRATOR }, maxAge: 0 }, "policy.units policy.maxAge"],
    [{ units: { token: ADMINISTRATOR }, maxAge: 1 }, "accepted"],
    [{ maxAge: 0 }, "accepted"],
    [limits({ maxLuck: "1" }), "input.unknown-key policy.limits"],
    [limits({ maxLeverage: "3.00001" }), "input.decimal policy.limits.maxLeverage"],
    [limits({ maxLeverage: "429496.7295" }), "policy.limit policy.limits.maxLeverage"],
    [limits({ maxLeverage: "-1" }), "input.decimal policy.limits.maxLeverage"],
    [limits({ netDelta: ["0.1", "-0.1"] }), "policy.band policy.limits.netDelta"],
    [limits({ netDelta: ["0.1"] }), "input.range policy.limits.netDelta"],
    [limits({ netDelta: "0.1" }), "input.type policy.limits.netDelta"],
    [limits({ maxStressLoss: undefined }), "policy.scenarios policy.scenarios"],
    [{ scenarios: [] }, "policy.scenarios policy.scenarios"],
    [{ scenarios: [...SCENARIOS, SCENARIOS[0]] }, "input.duplicate policy.scenarios[2]"],
    [{ scenarios: [{ name: "up", shocks: { ETH: "7" } }] }, "input.decimal policy.scenarios[0].shocks.ETH"],
    [{ sources: [] }, "input.range policy.sources"],
    [{ sources: [...POLICY.sources, ...POLICY.sources] }, "input.duplicate policy.sources[1]"],
    [key("0", "1"), "source.key policy.sources[0].key"],
    [
      key("0", "21888242871839275222246405745257275088548364400416034343698204186575808495616"),
      "source.key policy.sources[0].key",
    ],
    [key("1", "1"), "source.key policy.sources[0].key"],
    [key("0x1", "1"), "input.field policy.sources[0].key[0]"],
    [key("1", "01"), "input.field policy.sources[0].key[1]"],
    [
      key("1", "21888242871839275222246405745257275088548364400416034343698204186575808495617"),
      "input.field policy.sources[0].key[1]",
    ],
    [{ validity: 0 }, "input.range policy.validity"],
    [{ maxAge: 2 ** 32 }, "input.range policy.maxAge"],
    [{ keel: "policy/1" }, "file.version policy.keel"],
    [{ keel: "policy/3" }, "file.version policy.keel"],
    [{ keel: "market/1" }, "file.format policy"],
    [{ name: "<b>" }, "input.text policy.name"],
  ])("%j: %s", (change, expected) => expect(policy(change)).toBe(expected));

  it("says which circuits prove a limit that its own does not, and what a band is", () => {
    const said = (change: object): string => {
      try {
        parsePolicy(JSON.stringify({ ...POLICY, ...limits(change) }));
        return "accepted";
      } catch (error) {
        return (error as KeelError).message;
      }
    };
    expect(said({ maxVenue: "0.5", maxGamma: "0.5" })).toContain(
      "received maxGamma, which portfolio-health/options-64",
    );
    expect(said({ netDelta: "0.1" })).toContain('expected a list of two, such as ["1", "2"], received');
  });

  it("names only underlyings of the market, whose prices stay above zero", () => {
    const known = parseMarket(JSON.stringify(MARKET));
    const terms = (shocks: object): string =>
      failure(() =>
        policyTerms(parsePolicy(JSON.stringify({ ...POLICY, scenarios: [{ name: "a", shocks }] })), known),
      );
    expect(terms({ SOL: "-0.1" })).toBe("policy.underlying policy.scenarios[0].shocks.SOL");
    expect(terms({ ETH: "-1.0001" })).toBe("policy.shock policy.scenarios[0].shocks.ETH");
    expect(terms({ ETH: "-1" })).toBe("accepted");
  });
});

describe("snapshot/1", () => {
  it.each([
    [{}, "accepted"],
    [{ subject: "0x12" }, "input.text snapshot.subject"],
    [{ accounts: [] }, "input.range snapshot.accounts"],
    [{ units: "0" }, "snapshot.units snapshot.units"],
    [{ units: "-1" }, "input.decimal snapshot.units"],
    [{ accounts: [ACCOUNT, ACCOUNT] }, "input.duplicate snapshot.accounts[1]"],
    [account({ positions: { ETH: 12345 } }), "input.decimal snapshot.accounts[0].positions.ETH"],
    [account({ positions: { ETH: "12345e3" } }), "input.decimal snapshot.accounts[0].positions.ETH"],
    [account({ positions: { ETH: "12345,6" } }), "input.decimal snapshot.accounts[0].positions.ETH"],
    [account({ positions: ["12345"] }), "input.type snapshot.accounts[0].positions"],
    [account({ note: "12345" }), "input.unknown-key snapshot.accounts[0]"],
    [
      account({ signature: { R8: ["1", "1"], S: "1" } }),
      "snapshot.signature snapshot.accounts[0].signature.R8",
    ],
    [
      account({
        signature: {
          R8: SOURCE.publicKey.map(String),
          S: "2736030358979909402780800718157159386076813972158567259200215660948447373041",
        },
      }),
      "input.field snapshot.accounts[0].signature.S",
    ],
  ])("%j: %s", (change, expected) => expect(snapshot(change)).toBe(expected));

  it("32 names an instrument that the market does not have, and more accounts than there are places", () => {
    const { market: known, policy: rules } = book();
    const parse = (accounts: object[]) => parseSnapshot(JSON.stringify({ ...SNAPSHOT, accounts }));
    const use = (accounts: object[]) =>
      failure(() => quantities(parse(accounts), known, rules.circuit.shape));
    expect(use([{ ...ACCOUNT, positions: { SOL: "12345" } }])).toBe(
      "snapshot.instrument snapshot.accounts[0].positions.SOL",
    );
    expect(use([ACCOUNT, { ...ACCOUNT, id: "second" }])).toBe("circuit.size snapshot.accounts");
  });

  it("32 refuses times in the future and too far apart", () => {
    const { snapshot: held, market: known, policy: rules } = book();
    const at = (asOf: number, now: number) => failure(() => checkTimes({ ...held, asOf }, known, rules, now));
    expect(at(held.asOf, held.asOf)).toBe("accepted");
    expect(at(held.asOf, held.asOf - 1)).toBe("input.future snapshot.asOf");
    expect(at(held.asOf + 300, held.asOf + 1000)).toBe("accepted");
    expect(at(held.asOf + 301, held.asOf + 1000)).toBe("input.skew snapshot.asOf");
    expect(at(held.asOf - 301, held.asOf + 1000)).toBe("input.skew snapshot.asOf");
  });

  it("is written as it was read", () => {
    const { snapshot: held } = book();
    expect(parseSnapshot(formatSnapshot(held))).toEqual(held);
  });
});

describe("source-key/1", () => {
  it("refuses a public key of another secret, and never shows the secret", () => {
    const privateKey = "12345".padEnd(64, "0");
    const file = { keel: "source-key/1", privateKey, publicKey: STRANGER.publicKey.map(String) };
    expect(failure(() => parseSourceKey(JSON.stringify(file)))).toBe("source.key key.publicKey");
    expect(failure(() => parseSourceKey(JSON.stringify({ ...file, privateKey: "12345" })))).toBe(
      "input.invalid key.privateKey",
    );
  });
});

describe("strict JSON", () => {
  const read = (text: string): string => failure(() => parseJson(text, "file"));
  it.each([
    ['{"a":1,"a":2}', "input.json file"],
    ['{"a":{"__proto__":1}}', "input.json file.a"],
    ["\uFEFF{}", "input.json file"],
    ["[1.0]", "input.json file[0]"],
    ["[1e2]", "input.json file[0]"],
    ["[9007199254740993]", "input.json file[0]"],
    ["[01]", "input.json file[0]"],
    ["[NaN]", "input.json file[0]"],
    ["{'a':1}", "input.json file"],
    ["[1,]", "input.json file[1]"],
    ["[1] 2", "input.json file"],
    ["", "input.json file"],
    ['"\u0000"', "input.json file"],
    ["[".repeat(1e6), `input.json file${"[0]".repeat(17)}`],
    ['{"a":\r\n 1}', "accepted"],
  ])("31 %j", (text, expected) => expect(read(text)).toBe(expected));

  it("31 a text beyond the limit is refused before it is read", () => {
    expect(read(" ".repeat(2 ** 24 + 1))).toBe("input.size file");
  });

  it("agrees with JSON.parse on everything that it accepts", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        let strict: unknown;
        try {
          strict = parseJson(text, "file");
        } catch (error) {
          expect(error).toBeInstanceOf(KeelError);
          return;
        }
        expect(JSON.stringify(strict)).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  it("never fails but with a typed error, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        for (const parse of [parseMarket, parsePolicy, parseSnapshot, parseAttestation]) {
          expect(() => parse(text)).toThrow(KeelError);
        }
      }),
      { seed: SEED },
    );
  });

  it("reads 8 MB in linear time", () => {
    const text = (n: number): string =>
      JSON.stringify({ positions: Array.from({ length: n }, (_, i) => `${i}`) });
    const read = (input: string): unknown => parseJson(input, "file");
    expect(growsLinearly(read, text(25_000), text(25_000 * SPAN))).toBe(true);
  });
});

describe("49 markup in names", () => {
  const MARKUP = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    'a"b',
    "a&b",
    "javascript:x'",
    "\u202eHTE",
  ];
  const FIRMS = ["a&b", "javascript:x'"];
  it.each(MARKUP)("%j is refused wherever a name stands", (name) => {
    expect(market({ underlyings: ["USD", name] })).toMatch(/^input\.text /);
    expect(market(row({ id: name }))).toMatch(/^input\.text /);
    expect(policy({ name })).toMatch(/^input\.text /);
    expect(policy({ scenarios: [{ ...SCENARIOS[0], name }] })).toMatch(/^input\.text /);
    expect(snapshot(account({ id: name }))).toMatch(/^input\.text /);
    // A firm may have & and ' in its name, which no place of the console or of a file takes for anything else.
    const isRefused = !FIRMS.includes(name);
    expect(/^input\.text /.test(policy({ sources: [{ ...POLICY.sources[0], name }] }) ?? "")).toBe(isRefused);
    expect(/^input\.text /.test(snapshot(account({ source: name })) ?? "")).toBe(isRefused);
  });
});

describe("33 order", () => {
  it("does not matter within a file", () => {
    const { market: known, policy: rules, snapshot: held } = book();
    const turned = {
      ...held,
      accounts: held.accounts.map((a) => ({ ...a, positions: new Map([...a.positions].reverse()) })),
    };
    expect(quantities(turned, known, rules.circuit.shape)).toEqual(
      quantities(held, known, rules.circuit.shape),
    );
  });
});
