// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is a book checked once and measured once, whatever is then made of it?
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  assess,
  type BookFiles,
  buildWitness,
  checkSignatures,
  type Enrolment,
  judgeBook,
  measure,
  messageOf,
  newEnrolment,
  openBook,
  openDraft,
  openUnfinished,
  parseSnapshot,
  quantities,
  signedBook,
} from "@keel/prover";
import { type Instrument, parseMarket, parsePolicy, parseUnits, toField, usd8 } from "@keel/verifier";
import { describe, expect, it, vi } from "vitest";
import { AS_OF, book, DOMAIN, SALTS } from "../support/book.js";
import { EXAMPLES, errorOf, keelHere, strategyArgs } from "../support/cli.js";

/** What is counted while a command runs. */
const counted = vi.hoisted(() => ({ signatures: 0, matrices: 0, measures: 0 }));

vi.mock("../../prover/dist/book/eddsa.js", async (original) => {
  const module = await original<typeof import("../../prover/dist/book/eddsa.js")>();
  const verifyField: typeof module.verifyField = (...given) => {
    counted.signatures += 1;
    return module.verifyField(...given);
  };
  return { ...module, verifyField };
});

/** The first account's positions say when somebody goes through them, as whoever builds the matrix does. */
vi.mock("../../prover/dist/book/snapshot.js", async (original) => {
  const module = await original<typeof import("../../prover/dist/book/snapshot.js")>();
  class Watched extends Map<string, never> {
    override [Symbol.iterator]() {
      counted.matrices += 1;
      return super[Symbol.iterator]();
    }
  }
  const parseSnapshot: typeof module.parseSnapshot = (text) => {
    const { accounts, ...rest } = module.parseSnapshot(text);
    const [first, ...others] = accounts;
    const watched = { ...first!, positions: new Watched(first!.positions as never) };
    return { ...rest, accounts: [watched, ...others] };
  };
  return { ...module, parseSnapshot };
});

/** Only measuring asks for the tail. */
vi.mock("../../prover/dist/risk/tail.js", async (original) => {
  const module = await original<typeof import("../../prover/dist/risk/tail.js")>();
  const measureTail: typeof module.measureTail = (...given) => {
    counted.measures += 1;
    return module.measureTail(...given);
  };
  return { ...module, measureTail };
});

/** No key and no circuit: the proof is given up when its witness stands. */
vi.mock("../../cli/dist/artifacts.js", () => {
  const file = { sha256: "" };
  const manifest = { insecure: true, files: { witness: file, zkey: file } };
  return { artifactsOf: async () => ({ witnessPath: "", zkeyPath: "", manifest }) };
});
vi.mock("@keel/engine", () => {
  const prove = async (): Promise<never> => {
    throw new DOMException("the witness stands", "AbortError");
  };
  return { createProver: async () => ({ verificationKey: { insecure: true }, prove, close: () => {} }) };
});

/** What a command counts. */
async function countedIn(args: readonly string[]) {
  Object.assign(counted, { signatures: 0, matrices: 0, measures: 0 });
  const ended = await keelHere([...args, "--json"]);
  return { ended, counts: { ...counted } };
}

describe("a book of four accounts", () => {
  it("has every signature checked once, is measured once, and its quantities are built once, by keel prove", async () => {
    const out = join(EXAMPLES, "never.json");
    const args = ["prove", ...strategyArgs("market-maker"), "--insecure", "--out", out];
    const { ended, counts } = await countedIn(args);
    expect(errorOf(ended).message).toContain("received DOMException");
    expect(counts).toEqual({ signatures: 4, matrices: 1, measures: 1 });
  });

  it("is measured by keel check once, and once for each price that may fall to nothing", async () => {
    const { ended, counts } = await countedIn(["check", ...strategyArgs("market-maker")]);
    expect(ended.code).toBe(0);
    expect(counts).toEqual({ signatures: 4, matrices: 1, measures: 1 + 4 });
  });
});

/** Three accounts of two sources, with a drawdown limit, so that an administrator says the units. */
const PARTS = book({
  accounts: [{ ETH: "10" }, { USDC: "-13000" }, { "ETH-PERP": "-9" }],
  circuit: "portfolio-health/fund-64",
});
const FILES: BookFiles = { ...PARTS, now: AS_OF + 60 };
const ENROLMENT = newEnrolment(PARTS.snapshot, PARTS.policy, toField(5n));
const REVERSED: Enrolment = { ...ENROLMENT, accounts: [...ENROLMENT.accounts].reverse() };

describe("an open book", () => {
  it("carries what its parts say one by one", () => {
    const { snapshot, market, policy } = PARTS;
    const { shape } = policy.circuit;
    const opened = openBook(FILES);
    expect(opened.held).toEqual(quantities(snapshot, market, shape));
    expect(opened.messages).toEqual(snapshot.accounts.map((_, s) => messageOf(snapshot, s, market, shape)));
    expect(opened.sources).toEqual(checkSignatures(snapshot, market, policy));
    expect(opened.metrics).toEqual(measure(snapshot, market, policy));
    expect(judgeBook(opened)).toEqual(assess(snapshot, market, policy));
  });

  it("is what its draft becomes when the signatures are checked", () => {
    const { units } = PARTS;
    const draft = openDraft(PARTS);
    expect(signedBook(draft, units === undefined ? {} : { units })).toEqual(openBook(FILES));
    const unsigned = PARTS.snapshot.accounts.map(({ signature: _, ...account }) => account);
    const nobodys = openDraft({ ...PARTS, snapshot: { ...PARTS.snapshot, accounts: unsigned } });
    expect(nobodys.metrics).toEqual(draft.metrics);
    expect(() => signedBook(nobodys)).toThrow(/snapshot.signature/);
  });

  it("gives one witness, in whatever order the snapshot has the declared accounts", () => {
    const { now: _, ...files } = FILES;
    const { snapshot } = files;
    const turned = { ...snapshot, accounts: [...snapshot.accounts].reverse() };
    const parts = { ...SALTS, domain: DOMAIN, enrolment: REVERSED };
    const witness = buildWitness({ ...parts, ...files });
    expect(witness).toEqual(buildWitness({ ...parts, ...files, snapshot: turned }));
    expect(witness).toEqual(buildWitness({ ...parts, book: openBook({ ...FILES, enrolment: REVERSED }) }));
    expect(witness).not.toEqual(buildWitness({ ...parts, ...files, enrolment: ENROLMENT }));
  });

  it("points to an account by its place in the snapshot, in whatever order it was declared", () => {
    const [first, ...others] = PARTS.snapshot.accounts;
    const { signature: _, ...unsigned } = first!;
    const snapshot = { ...PARTS.snapshot, accounts: [unsigned, ...others] };
    const parts = { ...SALTS, domain: DOMAIN, enrolment: REVERSED };
    expect(() => openBook({ ...FILES, snapshot, enrolment: REVERSED })).toThrow(/accounts\[0\].signature/);
    expect(() => buildWitness({ ...parts, ...PARTS, snapshot })).toThrow(/accounts\[0\].signature/);
  });
});

/** Faults in the order in which they are told. */
const FAULTS: readonly (readonly [string, (files: BookFiles) => BookFiles])[] = [
  ["policy.series", (files) => withRow(files, (row) => ({ ...row, collateralFactor: 123n as never }))],
  ["input.future", (files) => ({ ...files, now: files.snapshot.asOf - 1 })],
  ["market.model", (files) => withRow(files, priceDoubled, ({ contract }) => contract !== undefined)],
  ["state.units", (files) => ({ ...files, state: STATE })],
  ["units.missing", ({ units: _, ...files }) => files],
  ["snapshot.signature", ({ snapshot, ...files }) => ({ ...files, snapshot: withoutSignatures(snapshot) })],
  ["enrolment.undeclared", (files) => ({ ...files, enrolment: { ...ENROLMENT, salt: toField(6n) } })],
];

const STATE = { equity: 1n, units: 1n, epoch: 1n, salt: toField(7n), unitsSource: "none" };

const priceDoubled = (row: Instrument): Instrument => ({ ...row, price: usd8(2n * row.price) });

/** The files with one row of the market changed: the first that counts. */
function withRow(
  { market, ...files }: BookFiles,
  change: (row: Instrument) => Instrument,
  counts: (row: Instrument) => boolean = () => true,
): BookFiles {
  const found = market.instruments.findIndex(counts);
  const instruments = market.instruments.map((row, i) => (i === found ? change(row) : row));
  return { ...files, market: { ...market, instruments } };
}

function withoutSignatures({ accounts, ...snapshot }: BookFiles["snapshot"]): BookFiles["snapshot"] {
  return { ...snapshot, accounts: accounts.map(({ signature: _, ...account }) => account) };
}

describe("of several faults", () => {
  const read = (name: string): string =>
    readFileSync(join(EXAMPLES, "options-volatility", `${name}.json`), "utf8");
  const files: BookFiles = {
    snapshot: parseSnapshot(read("snapshot")),
    market: parseMarket(read("market")),
    policy: parsePolicy(read("policy")),
    units: parseUnits(read("units")),
  };

  it.each(FAULTS.map(([code], i) => [code, i] as const))("%s is told before those after it", (code, i) => {
    const worse = FAULTS.slice(i).reduce((before, [, fault]) => fault(before), files);
    expect(() => openBook(worse)).toThrow(expect.objectContaining({ code }));
  });

  /** What a draft may lack, and how it is told. */
  const LACKS: Readonly<Record<string, string>> = {
    "state.units": "counter",
    "units.missing": "units",
    "snapshot.signature": "accounts",
  };

  it("a draft is refused for the same ones, but for what it may lack", () => {
    for (const [code, fault] of FAULTS.slice(0, -1)) {
      const { enrolment: _, ...draft } = fault(files);
      const lack = LACKS[code];
      if (lack === undefined) {
        expect(() => openUnfinished(draft), code).toThrow(expect.objectContaining({ code }));
        continue;
      }
      const all = draft.snapshot.accounts.map(({ id }) => id);
      const expected = { accounts: [] as string[], units: false, counter: false };
      const told = lack === "accounts" ? all : true;
      expect(openUnfinished(draft).lacks, code).toEqual({ ...expected, [lack]: told });
    }
  });

  it("none is found where there is none", () => {
    expect(judgeBook(openBook(files)).healthy).toBe(true);
  });
});
