// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do the console's modules that need no page keep to their word: the manager's files and edits, the desk and what becomes of its
 * worker, files by their hash, texts and tables?
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import {
  disclosureWitness,
  enrolmentCommitment,
  formatEnrolment,
  formatState,
  newEnrolment,
  parseSnapshot,
  stateCommitment,
} from "@keel/prover";
import {
  circuitHash,
  depthTable,
  disclosureCircuitOf,
  type Exposures,
  faultsOf,
  formatViewerKey,
  KeelError,
  liquidityBasis,
  marketTable,
  NO_TAIL,
  parseMarket,
  parsePolicy,
  policyTerms,
  tailBasis,
  tailTable,
  toField,
  viewerKeyOf,
} from "@keel/verifier";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { circuitHashes, tablesOf, withTables } from "../../app/src/beside.js";
import {
  circuitFiles,
  circuitKeys,
  circuitNames,
  hasDevelopmentKeys,
  missingCircuit,
} from "../../app/src/circuits.js";
import { checkAtDesk, closeDesk, proveAtDesk, verifyAtDesk } from "../../app/src/desk.js";
import { fetchPinned } from "../../app/src/files.js";
import {
  type Book,
  bookOf,
  cellOf,
  closeFile,
  edited,
  judge,
  missingFiles,
  type OpenFiles,
  openExample,
  openFiles,
  openTexts,
  quantityOf,
  readQuantity,
  secretsFor,
  tradesOf,
  writeQuantity,
} from "../../app/src/manager/book.js";
import { isUnsaved, type Made, mayLeave } from "../../app/src/manager/made.js";
import { nextOf, type Situation } from "../../app/src/manager/plan.js";
import { preflight, type RegistryFacts } from "../../app/src/manager/preflight.js";
import { rootsOf } from "../../app/src/manager/roots.js";
import { readAddress } from "../../app/src/read.js";
import { recordCsv } from "../../app/src/regulator/csv.js";
import { figuresCsv, readRecord } from "../../app/src/regulator/figures.js";
import type { SubjectRecord } from "../../app/src/regulator/look.js";
import { lookInWorker, type WorkerMessage } from "../../app/src/regulator/record-desk.js";
import { closeEvidence, openEvidence, verifyEvidence } from "../../app/src/regulator/verify.js";
import { barOf, boundOf, distanceText, grouped, titleOf, valueText, wholeUsd } from "../../app/src/words.js";
import { exampleTexts } from "../../dist/examples/generate.js";
import { TABLES_STRATEGY } from "../../dist/examples/tables-strategy.js";
import { EXAMPLES } from "../support/cli.js";
import { CIRCUIT_FILES, pageKey } from "../support/page-circuits.js";
import { PageWorker } from "../support/page-worker.js";
import { trapdoor } from "../support/trapdoor.js";

const NAMES = ["snapshot", "market", "policy", "units", "returns"] as const;
type Texts = Record<(typeof NAMES)[number], string>;

/** An example's files; those that it has not are empty. */
async function loaded(folder: string): Promise<Texts> {
  const read = (name: string) => readFile(join(EXAMPLES, folder, `${name}.json`), "utf8").catch(() => "");
  const texts = await Promise.all(NAMES.map(async (name) => [name, await read(name)] as const));
  return Object.fromEntries(texts) as Texts;
}

let texts: Texts;
let book: Book;
let account: string;

beforeAll(async () => {
  texts = await loaded("eth-hedged-vault");
  book = bookOf(
    openTexts(
      {},
      Object.values(texts).filter((text) => text !== ""),
    ),
  )!;
  account = book.snapshot.accounts[0]!.id;
});

/** Files of a policy that needs every table beside the market's. */
function tables() {
  made ??= exampleTexts(TABLES_STRATEGY);
  return made;
}

/** Once: its sources sign it. */
let made: ReturnType<typeof exampleTexts> | undefined;

/** Texts as they are pasted. */
const unnamed = (all: readonly string[]) => all.map((text) => ({ name: "", text }));

function failure(work: () => unknown): KeelError {
  try {
    work();
  } catch (error) {
    if (error instanceof KeelError) return error;
    throw error;
  }
  return expect.unreachable("it did not fail");
}

describe("the manager's files", () => {
  it("are known by their marks, and a later one replaces an earlier one", () => {
    const first = openTexts({}, [texts.policy, texts.market]);
    expect(Object.keys(first).sort()).toEqual(["market", "names", "policy"]);
    expect(first.names).toEqual({});
    expect(missingFiles(first)).toEqual(["snapshot"]);
    expect(bookOf(first)).toBeUndefined();
    const other = texts.policy.replace(/"name": "[^"]*"/, '"name": "another"');
    expect(openTexts(first, [other]).policy!.name).toBe("another");
    expect(first.policy!.name).not.toBe("another");
  });

  it.each(["{}", "[]", "7", '{"keel": "attestation/2"}', '{"keel": 7}', '{"keel": "toString/1"}'])(
    "with another mark are refused: %s",
    (text) => {
      expect(failure(() => openTexts({}, [text]))).toMatchObject({ code: "file.kind", path: "file.keel" });
    },
  );

  it.each([["returns"], ["liquidity"]] as const)(
    "of a policy that needs a table of %s wait for it, and it goes to the market in any order",
    (kind) => {
      const all = tables();
      const table = all[kind]!;
      const { [kind]: _, ...others } = all;
      expect(missingFiles(openTexts({}, Object.values(others)))).toEqual([kind]);
      for (const order of [
        [table, all.market, all.policy],
        [all.policy, all.market, table],
      ]) {
        const files = openTexts({}, order);
        expect(files.market![kind]).toBe(files[kind]);
        expect(openTexts(files, []).market).toBe(files.market);
        expect(closeFile(files, kind).market![kind]).toBeUndefined();
      }
      const plain = openTexts({}, [texts.policy, texts.market, table]);
      expect([plain.market![kind], missingFiles(plain)]).toEqual([undefined, ["snapshot"]]);
    },
  );

  it("a table that does not go with another market is closed with a word, and its place is missing", () => {
    const all = tables();
    const named = Object.entries(all).map(([name, text]) => ({ name: `${name}.json`, text }));
    const { files } = openFiles({}, named);
    expect(missingFiles(files)).toEqual([]);
    const next = openFiles(files, [{ name: "other.json", text: texts.market }]);
    expect(next.closed).toEqual([
      "returns.json, which is of another market",
      "liquidity.json, which is of another market",
    ]);
    expect(missingFiles(next.files)).toEqual(["returns", "liquidity"]);
    // Prices of another moment are of the same instruments.
    const later = all.market.replace(/"asOf": (\d+)/, (_, time) => `"asOf": ${Number(time) + 1}`);
    expect(openFiles(files, [{ name: "later.json", text: later }]).closed).toEqual([]);
  });

  it("depths of another series or participation are judged by nobody", () => {
    const all = tables();
    for (const [code, wrong] of [
      ["policy.series", all.liquidity!.replace('"band": "0.01"', '"band": "0.02"')],
      ["policy.participation", all.liquidity!.replace('"participation": "0.1"', '"participation": "0.2"')],
    ] as const) {
      const opened = bookOf(openTexts({}, Object.values({ ...all, liquidity: wrong })))!;
      expect(failure(() => judge(opened))).toMatchObject({ code });
      expect(failure(() => rootsOf(opened))).toMatchObject({ code });
    }
  });

  it("that are secret go on to the same subject's next snapshot, and to nobody else's", () => {
    const { snapshot, policy } = book;
    const enrolment = newEnrolment(snapshot, policy, 5n as never);
    const state = { equity: 1n, units: 1n, epoch: 1n, salt: 7n, unitsSource: undefined } as never;
    const files: OpenFiles = { ...book, enrolment, state };
    const next = texts.snapshot.replace(/"asOf": (\d+)/, (_, time) => `"asOf": ${Number(time) + 1}`);
    const other = texts.snapshot.replace(/"subject": "0x./, '"subject": "0x1');
    expect(parseSnapshot(other).subject).not.toBe(snapshot.subject);
    expect(secretsFor(files, [next, texts.market])).toEqual({ state, enrolment });
    expect(secretsFor({ ...book, enrolment }, [next])).toEqual({ enrolment });
    expect(secretsFor({ ...book, state }, [next])).toEqual({ state });
    expect(secretsFor(files, [other, texts.market])).toEqual({});
    expect(secretsFor(files, [texts.market])).toEqual({});
  });
});

describe("files by their names", () => {
  const named = (name: string, text: string) => ({ name, text });
  const anothers = () => texts.snapshot.replace(/"subject": "0x./, '"subject": "0x1');

  it("are listed by them", () => {
    const { files } = openFiles({}, [named("book.json", texts.snapshot), named("may.json", texts.market)]);
    expect(files.names).toEqual({ snapshot: "book.json", market: "may.json" });
    expect(closeFile(files, "market").names).toEqual({ snapshot: "book.json" });
    expect(closeFile(files, "market").market).toBeUndefined();
  });

  it("are named in what is wrong with them, every one at once, and nothing is opened", () => {
    const half = texts.market.slice(0, 99);
    const wrong = () =>
      openFiles({}, [
        named("a.json", texts.policy),
        named("b.json", half),
        named("c.json", '{"keel": "keystore/3"}'),
      ]);
    const error = failure(wrong);
    expect(error.path).toMatch(/^b\.json: /);
    expect(error.also!.map(({ path }) => path)).toEqual(["c.json: file.keel"]);
    expect(error.message).toContain("c.json");
  });

  it("are told of with every fault that each has, not the first of each", () => {
    const market = texts.market.replace(/"price": "[^"]*"/g, '"price": "+1"');
    const policy = texts.policy
      .replace(/"maxLeverage": "[^"]*"/, '"maxLeverage": "300%"')
      .replace(/"validity": \d+/, '"validity": -1');
    const error = failure(() => openFiles({}, [named("m.json", market), named("p.json", policy)]));
    const paths = faultsOf(error).map(({ path }) => path!);
    const prices = book.market.instruments.length;
    expect(paths.filter((path) => path.startsWith("m.json: market.instruments["))).toHaveLength(prices);
    expect(paths).toContain("p.json: policy.limits.maxLeverage");
    expect(paths).toContain("p.json: policy.validity");
  });

  it("two of one kind at a time are refused by their names: nobody knows which one is meant", () => {
    const both = () => openFiles({}, [named("a.json", texts.policy), named("b.json", texts.policy)]);
    expect(failure(both)).toMatchObject({ code: "file.twice", received: "2: a.json, b.json" });
  });

  it("never mix with an example; what is secret does", () => {
    const example = openExample({}, "ETH hedged vault", [texts.snapshot, texts.market, texts.policy]);
    expect(example.example).toBe("ETH hedged vault");
    const { files, closed } = openFiles(example, [named("mine.json", texts.market)]);
    expect(missingFiles(files)).toEqual(["snapshot", "policy"]);
    expect(files.example).toBeUndefined();
    expect(closed).toEqual(["the example “ETH hedged vault”"]);
    const enrolment = formatEnrolment(newEnrolment(book.snapshot, book.policy, 5n as never));
    const beside = openFiles(example, [named("list.json", enrolment)]);
    expect([beside.files.example, missingFiles(beside.files)]).toEqual([example.example, []]);
    expect(beside.closed).toEqual([]);
    expect(beside.files.names).toEqual({ enrolment: "list.json" });
  });

  it("of another subject are closed with a word, unless they come with its snapshot", () => {
    const enrolment = newEnrolment(book.snapshot, book.policy, 5n as never);
    const state = { equity: 1n, units: 1n, epoch: 1n, salt: 7n } as never;
    const files: OpenFiles = { ...book, enrolment, state, names: { state: "state-1.json" } };
    const { files: next, closed } = openFiles(files, [named("b.json", anothers())]);
    expect([next.state, next.enrolment, next.units]).toEqual([undefined, undefined, undefined]);
    expect(closed.join()).toContain(`state-1.json, which is of ${book.snapshot.subject}`);
    const own = formatState({ ...(state as object), epoch: 4n } as never);
    const both = openFiles(files, [named("b.json", anothers()), named("s.json", own)]);
    expect(both.files.state!.epoch).toBe(4n);
    expect(both.files.enrolment).toBeUndefined();
  });

  it("make a proof of what was open before a proof of nothing", () => {
    const files = { ...book, made: {} } as OpenFiles;
    expect(openFiles(files, [named("b.json", texts.market)]).files.made).toBeUndefined();
    expect(closeFile(files, "units").made).toBeUndefined();
  });
});

describe("the manager's steps", () => {
  const assessment = () => judge(book).assessment;
  const found = (over: object, roots: object = {}) =>
    ({
      status: {
        subject: "0x1",
        state: 0n,
        blockTime: book.snapshot.asOf + 60,
        floor: 0,
        enrolment: 5n,
        ...over,
      },
      ...{ isPublished: true, verifiers: { "portfolio-health/spot-16": 1 }, market: "accepted" },
      roots: { market: 1n, enrolment: 5n, ...roots },
    }) as unknown as RegistryFacts;
  const next = (over: Partial<Situation>) =>
    nextOf({ files: book, assessment: assessment(), hasRegistry: true, findings: [], ...over });

  it("lead from files to an attestation, one at a time", () => {
    const empty = { files: {}, assessment: undefined };
    expect(next(empty)).toMatchObject({ step: "book", says: "Nothing is open yet." });
    const some = { files: openTexts({}, [texts.policy]), assessment: undefined };
    expect(next(some).says).toBe("Still missing: snapshot, market.");
    const broken = { assessment: { ...assessment(), healthy: false } };
    expect(next(broken)).toMatchObject({ step: "check", label: "see what is broken" });
    expect(next({ facts: found({ enrolment: undefined }) })).toMatchObject({
      step: "accounts",
      label: "declare the accounts",
    });
    expect(next({ isSilent: true })).toMatchObject({ step: "accounts", label: "ask again" });
    expect(next({ facts: found({}) })).toMatchObject({ step: "prove", label: "prove" });
    const made = { isBound: true, isSeeded: false, isKept: false } as Made;
    const proved = (more: object) =>
      next({ files: { ...book, made: { ...made, ...more } }, facts: found({}) });
    expect(proved({})).toMatchObject({
      step: "submit",
      says: "Proved, and NOT saved.",
      label: "save the state",
    });
    expect(proved({ isKept: true })).toMatchObject({ step: "submit", label: "submit" });
    expect(proved({ isSeeded: true }).label).toBe("submit");
    expect(proved({ isBound: false }).label).toBe("save the attestation");
    expect(proved({ isKept: true, receipt: {} })).toMatchObject({ isDone: true });
  });

  it("the attestation leaves the page only when its state is saved, or follows from a seed, or no registry takes it", () => {
    const made = { isBound: true, isSeeded: false, isKept: false } as Made;
    expect([mayLeave(made), isUnsaved(made)]).toEqual([false, true]);
    for (const more of [{ isKept: true }, { isSeeded: true }, { isBound: false }]) {
      expect([mayLeave({ ...made, ...more }), isUnsaved({ ...made, ...more })]).toEqual([true, false]);
    }
    expect(isUnsaved(undefined)).toBe(false);
  });

  const wrong = (facts: RegistryFacts, of: Book = book) =>
    preflight(of, facts)
      .filter(({ ok }) => !ok)
      .map(({ name, says }) => `${name}: ${says}`);

  it("look before a proof at what the registry would refuse", () => {
    expect(wrong(found({}))).toEqual([]);
    const { asOf } = book.snapshot;
    for (const [facts, words] of [
      [
        { ...found({}), verifiers: { "portfolio-health/spot-16": 0 } },
        /^Verifier: .*no verifier of portfolio/,
      ],
      [{ ...found({}), isPublished: false }, /^Policy: .*does not know this policy/],
      [found({ enrolment: undefined }), /^Accounts: .*before it has declared/],
      [found({ enrolment: 6n, pendingEnrolment: { enrolment: 5n, liveAt: 9 } }), /^Accounts: .*counts from/],
      [found({}, { enrolment: undefined }), /^Accounts: .*open the enrolment file/],
      [{ ...found({}), market: "unknown" }, /^Market: .*has not accepted/],
      [{ ...found({}), returns: "withdrawn" }, /^Returns: .*WITHDRAWN/],
      [{ ...found({}), liquidity: "unknown" }, /^Liquidity: .*has not accepted this liquidity table/],
      [{ ...found({}), verifiers: { "liquidity/16x1": 0 } }, /^Verifier: .*no verifier of liquidity\/16x1/],
      [found({ blockTime: asOf - 1 }), /^Age: .*has not reached/],
      [found({ blockTime: asOf + book.policy.maxAge + 1 }), /^Age: .*Sign a newer one/],
      [found({ floor: asOf }), /^Age: .*not newer than/],
      [found({ state: 9n }), /^State: .*open the state file/],
      [found({ state: 9n }, { state: 8n }), /^State: .*not the registry's/],
      [found({}, { state: 8n }), /^State: .*begins anew/],
    ] as const) {
      const [only, ...others] = wrong(facts as RegistryFacts);
      expect(only).toMatch(words);
      expect(others).toEqual([]);
    }
    expect(wrong(found({ state: 9n }, { state: 9n }))).toEqual([]);
    expect(
      wrong(found({ blockTime: asOf + Math.min(book.policy.maxAge, book.policy.validity - 1) })),
    ).toEqual([]);
  });

  it("the hashes that the registry is asked for are those of the files", () => {
    const enrolment = newEnrolment(book.snapshot, book.policy, 5n as never);
    const state = { equity: 1n, units: 1n, epoch: 1n, salt: 7n } as never;
    expect(rootsOf(book)).toEqual({ market: marketTable(book.market, book.policy).root });
    expect(rootsOf({ ...book, enrolment, state })).toMatchObject({
      enrolment: enrolmentCommitment(enrolment),
      state: stateCommitment(state),
    });
    const { policy, market, ...rest } = bookOf(openTexts({}, Object.values(tables())))!;
    expect(rootsOf({ ...rest, policy, market })).toEqual({
      market: marketTable(market, policy).root,
      returns: tailTable(tailBasis(policy, market)!).root,
      liquidity: depthTable(liquidityBasis(policy, market)!).root,
    });
  });
});

describe("edits of positions", () => {
  const cash = "USDC";
  const quantity = (of: Book | undefined, instrument: string): bigint => quantityOf(of!, account, instrument);
  const edits = (change: Readonly<Record<string, string>>) =>
    new Map(Object.entries(change).map(([instrument, text]) => [cellOf(account, instrument), text]));
  const plus = (instrument: string, more: bigint): string => writeQuantity(quantity(book, instrument) + more);

  it("that change nothing are none", () => {
    expect(edited(book, new Map(), cash)).toBeUndefined();
    expect(edited(book, edits({ ETH: plus("ETH", 0n) }), cash)).toBeUndefined();
  });

  it("of a coin are paid for with cash of the same account", () => {
    const one = 10n ** 8n;
    const after = edited(book, edits({ ETH: plus("ETH", one) }), cash);
    const priceOf = (name: string) => book.market.instruments.find(({ id }) => id === name)!.price;
    const [price, dollar] = [priceOf("ETH"), priceOf(cash)];
    expect(quantity(after, "ETH") - quantity(book, "ETH")).toBe(one);
    // Rounded up: nothing is bought for less than its price.
    const paid = quantity(book, cash) - quantity(after, cash);
    expect(paid).toBe((one * price + dollar - 1n) / dollar);
    const unpaid = tradesOf(book, edits({ ETH: plus("ETH", one) }), undefined);
    expect(unpaid).toEqual([{ account, instrument: "ETH", quantity: one }]);
  });

  it("of cash change cash alone: a deposit does not pay for itself", () => {
    const after = edited(book, edits({ [cash]: plus(cash, 1_000n) }), cash);
    expect(quantity(after, cash) - quantity(book, cash)).toBe(1_000n);
    expect(tradesOf(book, edits({ [cash]: plus(cash, 1_000n) }), cash)).toEqual([
      { account, instrument: cash, quantity: 1_000n },
    ]);
  });

  it("of a perpetual take no cash", () => {
    const after = edited(book, edits({ "ETH-PERP": plus("ETH-PERP", -5n) }), cash);
    expect(quantity(after, "ETH-PERP") - quantity(book, "ETH-PERP")).toBe(-5n);
    expect(quantity(after, cash)).toBe(quantity(book, cash));
  });

  it("are decimals of 8 places within 64 bits", () => {
    expect(readQuantity(" -1.5 ", "x")).toBe(-150_000_000n);
    const most = 2n ** 64n - 1n;
    expect(readQuantity(writeQuantity(most), "x")).toBe(most);
    for (const text of ["1.123456789", writeQuantity(most + 1n), "", "1e3", "one"]) {
      expect(failure(() => readQuantity(text, "main.ETH"))).toMatchObject({
        code: "input.decimal",
        path: "main.ETH",
      });
    }
    expect(quantityOf(book, "nobody", "ETH")).toBe(0n);
  });

  it("are judged as the model judges them", () => {
    const { assessment, rooms } = judge(book);
    expect(assessment.healthy).toBe(true);
    expect(rooms).toHaveLength(assessment.limits.length);
    const broken = judge(edited(book, edits({ "ETH-PERP": "0" }), cash)!);
    expect(broken.assessment.healthy).toBe(false);
  });
});

describe("48 the desk", () => {
  beforeEach(() => {
    vi.stubGlobal("Worker", PageWorker);
    vi.stubGlobal("document", { baseURI: "http://localhost/" });
    PageWorker.busy = false;
  });
  afterEach(() => {
    closeDesk();
    vi.unstubAllGlobals();
  });

  const cancelled = { kind: "cancelled", code: "prover.cancelled" };
  const bad = (): Promise<unknown> => {
    const snapshot = { ...book.snapshot, asOf: book.snapshot.asOf + 1 };
    return checkAtDesk({ ...book, snapshot });
  };

  it("has one worker for all that is asked, and none before", async () => {
    expect(PageWorker.alive.size).toBe(0);
    await checkAtDesk(book);
    await checkAtDesk(book);
    expect(PageWorker.alive.size).toBe(1);
  });

  it("gives a failure with its code", async () => {
    await expect(bad()).rejects.toMatchObject({ kind: "input", code: "snapshot.signature" });
    await expect(verifyAtDesk({} as never)).rejects.toBeInstanceOf(KeelError);
  });

  it("ends with its worker, and whoever waits hears of it", async () => {
    PageWorker.busy = true;
    const waiting = [checkAtDesk(book), bad()];
    expect(PageWorker.alive.size).toBe(1);
    closeDesk();
    expect(PageWorker.alive.size).toBe(0);
    for (const one of waiting) await expect(one).rejects.toMatchObject(cancelled);
    PageWorker.busy = false;
    await checkAtDesk(book);
    expect(PageWorker.alive.size).toBe(1);
  });

  it("whose worker dies says so to all that wait, ends it, and starts another one", async () => {
    PageWorker.busy = true;
    const waiting = [checkAtDesk(book), bad()];
    for (const worker of PageWorker.alive) worker.break();
    for (const one of waiting) await expect(one).rejects.toMatchObject({ code: "worker.died" });
    expect(PageWorker.alive.size).toBe(0);
    PageWorker.busy = false;
    await checkAtDesk(book);
  });

  it("cancels a proof that is done already when the page was not told of it yet", async () => {
    const abort = new AbortController();
    const proving = proveAtDesk({} as never, {} as never, abort.signal, () => {});
    abort.abort();
    await expect(proving).rejects.toMatchObject(cancelled);
  });

  it("proves nothing for a signal that was given before", async () => {
    const proving = proveAtDesk({} as never, {} as never, AbortSignal.abort(), () => {});
    await expect(proving).rejects.toMatchObject(cancelled);
    expect(PageWorker.alive.size).toBe(0);
  });
});

describe("a record that a worker looks at", () => {
  /** A worker that says what a test wants: its messages stand in for those of app/src/regulator/record-worker.ts. */
  class ScriptedWorker {
    static readonly alive = new Set<ScriptedWorker>();
    static script: (say: (message: WorkerMessage) => void) => void = () => {};
    static readonly received: unknown[] = [];
    readonly #listeners = new Map<string, (event: { readonly data?: unknown }) => void>();
    constructor() {
      ScriptedWorker.alive.add(this);
    }
    addEventListener(name: string, listener: (event: { readonly data?: unknown }) => void): void {
      this.#listeners.set(name, listener);
    }
    postMessage(message: { readonly kind: string }): void {
      ScriptedWorker.received.push(structuredClone(message));
      if (message.kind === "look") ScriptedWorker.script((data) => this.#listeners.get("message")!({ data }));
      if (message.kind === "look" && ScriptedWorker.script === die) this.#listeners.get("error")!({});
    }
    terminate(): void {
      ScriptedWorker.alive.delete(this);
    }
  }
  const die = (): void => {};
  const asked: string[] = [];
  const request = async ({ method }: { readonly method: string }): Promise<unknown> => {
    asked.push(method);
    if (method === "eth_getLogs") {
      const node = Object.assign(new Error("more than 10 blocks"), { code: -32005, data: "0x01" });
      const words = { shortMessage: "RPC Request failed.", cause: node };
      throw Object.assign(new Error("URL: https://node.example/secret-key"), words);
    }
    return "0x1";
  };
  const registry = { address: "0x1", chainId: 1, client: { request } } as never;
  const lookNow = (signal = new AbortController().signal) =>
    lookInWorker(registry, { subject: "0x2", fromBlock: 0n }, signal, () => {});

  beforeEach(() => {
    vi.stubGlobal("Worker", ScriptedWorker);
    ScriptedWorker.received.length = 0;
    asked.length = 0;
  });
  afterEach(() => vi.unstubAllGlobals());

  it("asks the chain through the page, which reads for it and sends nothing", async () => {
    ScriptedWorker.script = (say) => {
      for (const [i, method] of ["eth_call", "eth_sendTransaction", "personal_sign", "eth_getLogs"].entries())
        say({ kind: "call", id: i, method, params: [] });
      setTimeout(() => say({ kind: "done", found: { subject: "0x2" } as never }), 20);
    };
    const record = await lookNow();
    expect(record).toEqual({ subject: "0x2", registry });
    expect(asked).toEqual(["eth_call", "eth_getLogs"]);
    const answers = ScriptedWorker.received.filter((message) => "id" in (message as object));
    expect(answers).toEqual(
      expect.arrayContaining([
        { kind: "answer", id: 0, result: "0x1" },
        expect.objectContaining({ id: 1, error: { message: "no read of a record: eth_sendTransaction" } }),
        expect.objectContaining({
          id: 3,
          error: { message: "RPC Request failed.", code: -32005, data: "0x01" },
        }),
      ]),
    );
    // A node's address may have an access key in it.
    expect(JSON.stringify(answers)).not.toContain("secret-key");
    expect(ScriptedWorker.alive.size).toBe(0);
  });

  it("ends with its worker when it is cancelled, fails or dies", async () => {
    ScriptedWorker.script = () => {};
    const abort = new AbortController();
    const looking = lookNow(abort.signal);
    expect(ScriptedWorker.alive.size).toBe(1);
    abort.abort();
    await expect(looking).rejects.toMatchObject({ kind: "cancelled", code: "look.cancelled" });
    await expect(lookNow(AbortSignal.abort())).rejects.toMatchObject({ code: "look.cancelled" });
    ScriptedWorker.script = (say) =>
      say({ kind: "failed", error: { kind: "proof", code: "history.proof", path: "0x3" } });
    await expect(lookNow()).rejects.toMatchObject({ code: "history.proof", path: "0x3" });
    ScriptedWorker.script = die;
    await expect(lookNow()).rejects.toMatchObject({ code: "worker.died" });
    expect(ScriptedWorker.alive.size).toBe(0);
  });
});

describe("a viewer's figures", () => {
  const secret = new Uint8Array(32).fill(41);
  const key = formatViewerKey({ secret, publicKey: viewerKeyOf(secret) });
  const exposures: Exposures = {
    underlyingsId: toField(5n),
    ...{ equity: 17_000n * 10n ** 16n, assets: 30_000n * 10n ** 16n },
    ...{ grossExposure: 57_000n * 10n ** 16n, collateral: 24_000n * 10n ** 20n },
    ...{ deltas: new Array<bigint>(8).fill(-3n * 10n ** 16n), accountEquity: [], bookSums: [] },
  };
  const { id, shape } = disclosureCircuitOf("disclosure/spot-16x1");
  const viewers = [viewerKeyOf(secret)];
  const { statement, digest } = disclosureWitness(exposures, toField(7n), { shape, navStep: 0n, viewers });
  const terms = { viewers, navStep: 0n, disclosureCircuit: circuitHash(id) };
  const { point, wrappedKeys, words } = statement.sealed!;
  const disclosure = { nav: 0n, sealedSums: [...point, ...wrappedKeys, ...words], digest: digest.c };
  const recordWith = (proof: "verified" | "noKey", sums = disclosure.sealedSums): SubjectRecord => {
    const { exposuresCommitment } = statement;
    const shown = { ...disclosure, sealedSums: sums };
    const event = { kind: "attested", policyId: "0x01", asOf: 5, exposuresCommitment, disclosure: shown };
    const policies = [{ policyId: "0x01", terms }];
    return { policies, happenings: [{ event, checked: { proof } }] } as unknown as SubjectRecord;
  };

  it("61 are read of verified proofs with the viewer's key, and saved as they are", () => {
    const readings = readRecord(recordWith("verified"), key);
    expect(readings).toMatchObject([{ policyId: "0x01", asOf: 5 }]);
    const figures = new Map(readings[0]!.figures.map(({ name, usd }) => [name, usd]));
    expect(figures.get("liabilities")).toBe("13000");
    expect(figures.get("delta underlying 8")).toBe("-3");
    expect(figuresCsv(readings)).toContain("0x01,5,17000,30000,13000,57000,");
  });

  it("61 are not read of proofs that nobody verified, with another key, or once altered; no part of a key is told", () => {
    const code = "disclosure.viewer";
    expect(failure(() => readRecord(recordWith("noKey"), key))).toMatchObject({ code });
    const stranger = new Uint8Array(32).fill(42);
    const other = formatViewerKey({ secret: stranger, publicKey: viewerKeyOf(stranger) });
    const refused = failure(() => readRecord(recordWith("verified"), other));
    expect(refused).toMatchObject({ code });
    expect(JSON.stringify(refused)).not.toContain("2a2a2a2a");
    const altered = disclosure.sealedSums.with(2, toField(disclosure.sealedSums[2]! + 1n));
    expect(failure(() => readRecord(recordWith("verified", altered), key))).toMatchObject({
      code: "disclosure.sealed",
    });
  });
});

describe("circuits of the page", () => {
  const [first, second] = ["portfolio-health/spot-16", "tail-risk/spot-64"];
  const plain = trapdoor(5n).verificationKey;
  const { insecure: _, ...ceremony } = trapdoor(6n).verificationKey;

  beforeEach(
    () =>
      void CIRCUIT_FILES.splice(0, CIRCUIT_FILES.length, pageKey(first!, plain), pageKey(second!, ceremony)),
  );
  afterEach(() => void CIRCUIT_FILES.splice(0));

  it("are given by name, one or a pair", () => {
    const health = first!;
    expect(circuitFiles({ health })).toMatchObject({ health: { id: first } });
    expect(circuitKeys({ health })).toEqual({ verificationKey: plain });
    for (const beside of ["tail", "liquidity", "disclosure"] as const) {
      const files = circuitFiles({ health, [beside]: second! });
      expect(Object.entries(files).map(([proof, { id }]) => [proof, id])).toEqual([
        ["health", first],
        [beside, second],
      ]);
      const keys = { verificationKey: plain, [`${beside}Key`]: ceremony };
      expect(circuitKeys({ health, [beside]: second! })).toEqual(keys);
    }
  });

  it("that it was built without are named by the place that asks for them", () => {
    const code = "artifact.missing";
    const health = first!;
    expect(missingCircuit({ health, tail: second! })).toBeUndefined();
    expect(missingCircuit({ health: "x" })).toMatchObject({ code, path: "policy.circuit", received: "x" });
    for (const beside of ["tail", "liquidity", "disclosure"] as const) {
      const path = `policy.${beside}.circuit`;
      expect(missingCircuit({ health, [beside]: "y" })).toMatchObject({ code, path, received: "y" });
    }
    expect(failure(() => circuitKeys({ health: "x" }))).toMatchObject({ kind: "environment", code });
  });

  it("have a development key where any of those asked for has one", () => {
    expect(hasDevelopmentKeys()).toBe(true);
    expect(hasDevelopmentKeys({ health: first!, tail: second! })).toBe(true);
    expect(hasDevelopmentKeys({ health: second! })).toBe(false);
    expect(hasDevelopmentKeys({ health: "x" })).toBe(false);
  });

  it("of a policy are the same by its file and by its terms on chain", () => {
    const { policy, market } = bookOf(openTexts({}, Object.values(tables())))!;
    const names = circuitNames(policy);
    expect(names).toEqual({ health: first, tail: second, liquidity: "liquidity/16x1" });
    const hashes = Object.entries(names).map(([proof, name]) => [proof, circuitHash(name)]);
    expect(Object.entries(circuitHashes(policyTerms(policy, market)))).toEqual(hashes);
  });
});

describe("files beside the page", () => {
  const content = Buffer.from("0123456789");
  let server: Server;
  let base: string;

  beforeAll(async () => {
    server = createServer(({ url }, response) => {
      if (url !== "/file") response.statusCode = 404;
      response.end(url === "/file" ? content : "none");
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(() => void server.close());

  const pinned = (bytes: number, path = "file") => ({ path, bytes, sha256: "" });
  const never = new AbortController().signal;

  it("come whole, and say how far they are", async () => {
    let seen = 0;
    const bytes = await fetchPinned(pinned(10), base, never, (count) => {
      seen += count;
    });
    expect(Buffer.from(bytes).equals(content)).toBe(true);
    expect(seen).toBe(10);
  });

  it.each([9, 11])("of another length than the page was told are refused: %i bytes", async (bytes) => {
    await expect(fetchPinned(pinned(bytes), base, never, () => {})).rejects.toMatchObject({
      code: "artifact.hash",
      path: "file",
    });
  });

  it("that are not there are named, and a cancel is a cancel", async () => {
    await expect(fetchPinned(pinned(4, "no"), base, never, () => {})).rejects.toMatchObject({
      code: "artifact.missing",
      received: "HTTP status 404",
    });
    const reason = new Error("cancelled");
    await expect(fetchPinned(pinned(10), base, AbortSignal.abort(reason), () => {})).rejects.toBe(reason);
    await expect(fetchPinned(pinned(10), "http://127.0.0.1:9/", never, () => {})).rejects.toMatchObject({
      received: "no answer",
    });
  });
});

describe("texts", () => {
  it("addresses are read with their spaces, in small letters, and no others", () => {
    const address = `0x${"AB".repeat(20)}`;
    expect(readAddress(` ${address} `, "x")).toBe(address.toLowerCase());
    for (const text of [
      "",
      "0x",
      address.slice(1),
      `${address}0`,
      address.slice(0, -1),
      address.replace("A", "g"),
    ]) {
      const error = failure(() => readAddress(text, "subject"));
      expect(error).toMatchObject({ code: "input.address", path: "subject" });
      expect(error.received).toBe(text === "" ? "nothing" : "other text");
    }
  });

  it("amounts are in whole dollars, cut off, and grouped", () => {
    const usd = (dollars: number): bigint => BigInt(dollars * 100) * 10n ** 14n;
    expect(wholeUsd(usd(11_090_532.99))).toBe("11,090,532");
    expect(wholeUsd(usd(0))).toBe("0");
    expect(wholeUsd(-usd(0.5))).toBe("0");
    expect([grouped("1234567.5"), grouped("123"), grouped("-1234")]).toEqual([
      "1,234,567.5",
      "123",
      "-1,234",
    ]);
  });

  const limitOf = (name: string, limit: bigint | readonly bigint[], value: bigint | undefined, ok = true) =>
    ({ name, unit: name === "minEquity" ? "usd16" : "bps", limit, value, ok }) as never;

  it("a bar is longer where there is more of it, and holds on the right side of its line", () => {
    const most = barOf(limitOf("maxLeverage", 30_000n, 15_000n));
    expect(most).toEqual({ held: [0, 0.375], lines: [0.75], broken: [[0.75, 1]] });
    const beyond = barOf(limitOf("maxLeverage", 30_000n, 45_000n, false));
    expect(beyond.held[1]).toBe(1);
    // 419 % where 180 % are the least: more than the line, not less.
    const least = barOf(limitOf("minCollateralRatio", 18_000n, 41_900n));
    expect(least.held[1]).toBeCloseTo((0.25 * 419) / 180);
    expect(least).toMatchObject({ lines: [0.25], broken: [[0, 0.25]] });
    const short = barOf(limitOf("minCollateralRatio", 18_000n, 9_000n, false));
    expect(short.held[1]).toBeLessThan(0.25);
    for (const [value, from, to] of [
      [2_000n, 0.3125, 0.6875],
      [-500n, 0.21875, 0.3125],
      [9_000n, 0.3125, 1],
    ] as const) {
      const band = barOf(limitOf("netDelta", [-1_000n, 3_000n], value, value < 3_000n));
      expect(band.held.map((share) => Math.round(share * 1e5) / 1e5)).toEqual([from, to]);
      expect(band.lines).toEqual([0.125, 0.875]);
    }
  });

  it("what has no value fills the side where it holds", () => {
    expect(barOf(limitOf("minCollateralRatio", 15_000n, undefined)).held[1]).toBe(1);
    expect(barOf(limitOf("minCollateralRatio", 15_000n, undefined, false)).held[1]).toBe(0);
    expect(barOf(limitOf("maxLeverage", 15_000n, undefined)).held[1]).toBe(0);
    expect(barOf(limitOf("maxLeverage", 15_000n, undefined, false)).held[1]).toBe(1);
    expect(barOf(limitOf("minEquity", 0n, 5n)).held[1]).toBe(1);
    expect(barOf(limitOf("minEquity", 0n, -5n, false)).held[1]).toBe(0);
  });

  it("limits are named with what they bound, and how far from it", () => {
    const limit = limitOf("maxLeverage", 30_000n, 15_000n);
    expect([boundOf(limit), valueText(limit), distanceText(limit)]).toEqual([
      "at most 300 %",
      "150 %",
      "150 % below the most",
    ]);
    expect(distanceText(limitOf("maxLeverage", 30_000n, 31_000n, false))).toBe("10 % above the most");
    const least = limitOf("minCollateralRatio", 18_000n, 41_900n);
    expect([boundOf(least), distanceText(least)]).toEqual(["at least 180 %", "239 % above the least"]);
    expect(distanceText(limitOf("minCollateralRatio", 18_000n, 18_000n))).toBe("exactly the least");
    expect(distanceText(limitOf("minCollateralRatio", 18_000n, 17_900n, false))).toBe("1 % below the least");
    const band = limitOf("netDelta", [-1_000n, 3_000n], 2_000n);
    expect([boundOf(band), distanceText(band)]).toEqual(["-10 % to 30 %", "within"]);
    expect(boundOf(limitOf("minEquity", 0n, 1n))).toBe("above zero");
    for (const [ok, text] of [
      [true, "no debt"],
      [false, "no equity"],
    ] as const) {
      expect(valueText(limitOf("minCollateralRatio", 15_000n, undefined, ok))).toBe(text);
    }
    const shortfall = titleOf({ name: "maxExpectedShortfall", confidence: 9_750n as never });
    expect(shortfall.ratio).toContain("worst 2.5 % of days");
    expect(titleOf({ name: "maxLeverage" }).ratio).not.toContain("worst");
  });

  it("a record's lines say what was found, and no cell is a formula", () => {
    const place = { blockNumber: 7n, blockTime: 1_767_225_600, transaction: "0x01", logIndex: 0 } as const;
    const revoked = {
      kind: "revoked",
      subject: "0x2",
      policyId: "0x3",
      by: "0x4",
      standing: "revokedBySubject",
    };
    const lines = (reason: string): string[] => {
      const happenings = [{ event: { ...revoked, ...place, reason } }] as never;
      return recordCsv({ happenings } as unknown as SubjectRecord).split("\r\n");
    };
    const [head, row, rest] = lines("because");
    expect(head!.split(",")).toHaveLength(10);
    expect(row).toMatch(/^2026-01-01.*,7,0x01,revoked,0x3,,,,,/);
    expect(rest).toBe("");
    const [, quoted] = lines('a "quoted", reason');
    expect(quoted).toContain('""quoted""');
    const attested = { kind: "attested", asOf: 1_767_225_600, expiry: 1_767_229_200, policyId: "0x3" };
    const told = (checked: unknown): string => {
      const event = { ...attested, ...place, subject: "0x2", version: 1, verifier: "0x5" };
      return recordCsv({ happenings: [{ event, checked }] } as unknown as SubjectRecord).split("\r\n")[1]!;
    };
    expect(told({ proof: "verified", insecure: true })).toContain(",verified,development key,");
    expect(told({ proof: "noKey", insecure: false })).toContain(",noKey,not known as a development key,");
  });
});

describe("one attestation at the regulator's page", () => {
  it("81 takes each table in the policy's series, and none where its policy needs none", () => {
    const { policy, market } = bookOf(openTexts({}, Object.values(tables())))!;
    const place = { root: 5n, asOf: 7 };
    const attested = { market: place, tail: { returns: place }, liquidity: { depths: place } };
    const series = (terms: ReturnType<typeof policyTerms>) =>
      tablesOf(attested, terms).map((table) => [table.path, table.series, table.maxSkew]);
    expect(series(policyTerms(policy, market))).toEqual([
      ["market", policy.market.series, policy.maxMarketSkew],
      ["tail.returns", policy.tail!.series, policy.tail!.maxReturnsSkew],
      ["liquidity.depths", policy.liquidity!.series, policy.liquidity!.maxLiquiditySkew],
    ]);
    // No series: nothing of it is accepted anywhere.
    const [, ...others] = series(policyTerms(book.policy, book.market));
    expect(others.map(([, none]) => none)).toEqual([NO_TAIL.returnsSeries, NO_TAIL.returnsSeries]);
  });

  it("takes a table from its own file, and only where the policy needs it", () => {
    const { policy, market, returns, liquidity } = openEvidence(
      {},
      unnamed(Object.values(tables()).slice(1)),
    );
    const all = withTables(market!, policy!, { returns: returns!, liquidity: liquidity! });
    expect([all.returns, all.liquidity]).toEqual([returns, liquidity]);
    expect(withTables(book.market, book.policy, { liquidity: liquidity! })).toBe(book.market);
  });

  it("opens each file by its mark, and takes all else for an invalid attestation", () => {
    const evidence = openEvidence({}, unnamed([texts.policy, texts.market]));
    expect(evidence.policy!.name).toBe(parsePolicy(texts.policy).name);
    expect(evidence.market!.asOf).toBe(parseMarket(texts.market).asOf);
    for (const text of ["{", "{}", texts.snapshot]) {
      expect(failure(() => openEvidence(evidence, unnamed([text]))).kind).toBe("proof");
    }
  });

  it("names each file that is wrong or there twice, and closes one by itself", () => {
    const named = (name: string, text: string) => ({ name, text });
    const wrong = failure(() =>
      openEvidence({}, [named("a.json", "{"), named("b.json", texts.market.slice(9))]),
    );
    expect(faultsOf(wrong).map(({ path }) => path!.slice(0, 7))).toEqual(["a.json:", "b.json:"]);
    const twice = [named("a.json", texts.market), named("b.json", texts.market)];
    expect(failure(() => openEvidence({}, twice))).toMatchObject({ code: "file.twice" });
    const open = openEvidence({}, [named("a.json", texts.market), named("p.json", texts.policy)]);
    expect(open.names).toEqual({ market: "a.json", policy: "p.json" });
    expect(closeEvidence(open, "market").market).toBeUndefined();
  });

  it("asks for what is missing, by name", async () => {
    const options = { allowInsecure: false };
    const asked = async (evidence: Parameters<typeof verifyEvidence>[0]) =>
      await verifyEvidence(evidence, options).catch((error: KeelError) => [error.code, error.path]);
    expect(await asked({})).toEqual(["verify.missing", "attestation"]);
    const attestation = { domain: { chainId: 1, registry: "0x1" } } as never;
    expect(await asked({ attestation })).toEqual(["verify.missing", "policy"]);
    expect(await asked({ attestation, policy: book.policy })).toEqual(["verify.missing", "market"]);
  });
});
