// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a source sign what it read itself, one message for each account and time, and nothing else, for nobody else?
 *
 * Against the real program over HTTP.
 *
 * @module
 */

import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkSignatures, parseSnapshot, sourceKeyOf } from "@keel/prover";
import { parseMarket, parsePolicy } from "@keel/verifier";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newToken } from "../../services/source/dist/http/tokens.js";
import { INSTRUMENTS, SOURCE, SUBJECT } from "../support/book.js";
import { inFolder } from "../support/cli.js";
import {
  type Answer,
  account,
  ask,
  askAccount,
  BOOK,
  CLOSED,
  type Home,
  type HomeParts,
  home,
  ledgerText,
  marketText,
  type Program,
  policyText,
  question,
  startSource,
} from "./support.js";

const OTHER_SUBJECT = "0x00000000000000000000000000000000000000a2";

/** Runs a source for a while. */
async function withSource<T>(
  parts: HomeParts,
  work: (program: Program, home: Home) => Promise<T>,
): Promise<T> {
  return await inFolder(async (folder) => {
    const files = await home(folder, parts);
    const program = await startSource(files.config);
    try {
      return await work(program, files);
    } finally {
      await program.stop();
    }
  });
}

/** The snapshot that an answer makes, if its signature is the policy's source's. */
function checked({ json }: Answer, key = SOURCE.publicKey) {
  const { account, subject, asOf } = json;
  const snapshot = parseSnapshot(JSON.stringify({ keel: "snapshot/1", subject, asOf, accounts: [account] }));
  const policy = parsePolicy(policyText({ "Halyard Custody": key }));
  checkSignatures(snapshot, parseMarket(marketText()), policy);
  return snapshot;
}

const refusal = ({ status, json }: Answer) => ({ status, code: json?.error?.code });

describe("a source", () => {
  const books = [
    BOOK,
    { account: "custody", asOf: CLOSED + 1, rows: {} },
    { account: "custody", asOf: CLOSED + 2, rows: { ETH: "1", "OLD-TOKEN": "5" } },
    { account: "custody", asOf: CLOSED + 3, rows: { ETH: "1", "USDC loan": "-5" } },
    { account: "custody", asOf: CLOSED + 4, rows: { ETH: "1e3" } },
    { account: "custody", asOf: CLOSED + 5, rows: { ETH: "1", "BTC-PERP long": "5" } },
  ];
  let stop: () => Promise<void>;
  let program: Program;
  let files: Home;
  beforeAll(async () => {
    await new Promise<void>((ready, failed) => {
      const done = withSource({ books }, async (started, made) => {
        [program, files] = [started, made];
        ready();
        await new Promise<void>((end) => {
          stop = async () => {
            // Not the first one any more when a test killed that.
            await program.stop();
            end();
            await done;
          };
        });
      });
      done.catch(failed);
    });
  });
  afterAll(async () => await stop?.());

  it("signs the account as its ledger has it, and says what that is based on", async () => {
    const answer = await askAccount(program, files);
    expect(answer.status).toBe(200);
    const [signed] = checked(answer).accounts;
    expect(Object.fromEntries(signed!.positions)).toEqual({ ETH: 1_000_000_000n, USDC: -1_300_025_000_000n });
    expect(answer.json.basis).toMatchObject({ evidence: "ledger", driver: "ledger" });
    expect(Math.abs(answer.json.basis.read - Date.now() / 1000)).toBeLessThan(60);
  });

  it("answers the same question with the same bytes, also after it was killed", async () => {
    const first = await askAccount(program, files);
    expect((await askAccount(program, files)).text).toBe(first.text);
    await program.kill();
    program = await startSource(files.config);
    expect((await askAccount(program, files)).text).toBe(first.text);
  });

  it("signs an empty account, and leaves out what only lowers what can be proven", async () => {
    expect((await askAccount(program, files, { asOf: CLOSED + 1 })).json.account.positions).toEqual({});
    const { json } = await askAccount(program, files, { asOf: CLOSED + 2 });
    expect(json.account.positions).toEqual({ ETH: "1" });
    expect(json.basis.leftOut).toEqual(["OLD-TOKEN"]);
  });

  it("73 refuses a debt without a row, and an amount that is none, and signs neither", async () => {
    const debt = await askAccount(program, files, { asOf: CLOSED + 3 });
    expect(refusal(debt)).toEqual({ status: 422, code: "source.contract" });
    const odd = await askAccount(program, files, { asOf: CLOSED + 4 });
    expect(refusal(odd)).toEqual({ status: 422, code: "source.amount" });
    const long = await askAccount(program, files, { asOf: CLOSED + 5 });
    expect(refusal(long)).toEqual({ status: 422, code: "source.contract" });
    for (const { text } of [debt, odd]) expect(text).not.toMatch(/1e3|-5\b/);
  });

  it("73 refuses times that are not over or that its ledger has not closed", async () => {
    const future = Math.floor(Date.now() / 1000) + 3600;
    expect(refusal(await askAccount(program, files, { asOf: future }))).toEqual({
      status: 422,
      code: "source.future",
    });
    expect(refusal(await askAccount(program, files, { asOf: CLOSED - 1 }))).toEqual({
      status: 422,
      code: "source.time",
    });
  });

  it("73 tells a manager nothing of accounts that are not its own", async () => {
    const answers = [
      await askAccount(program, files, { account: "elsewhere" }),
      await askAccount(program, files, { subject: OTHER_SUBJECT }),
    ];
    for (const answer of answers) expect(refusal(answer)).toEqual({ status: 404, code: "source.account" });
    expect(answers[0]!.text).toBe(answers[1]!.text);
    const list = await ask(program.url, `/v1/accounts?subject=${OTHER_SUBJECT}`, files);
    expect(refusal(list)).toEqual({ status: 404, code: "source.account" });
    expect((await ask(program.url, `/v1/accounts?subject=${SUBJECT}`, files)).json).toEqual({
      accounts: ["custody"],
    });
  });

  it("73 answers nobody without a token of its own", async () => {
    for (const token of [undefined, newToken().token, `${files.token}x`, files.token.slice(1)]) {
      const answer = await ask(program.url, "/v1/account", {
        ...(token === undefined ? {} : { token }),
        body: question(),
      });
      expect(refusal(answer)).toEqual({ status: 401, code: "source.token" });
    }
  });

  it("73 signs nothing that somebody sends", async () => {
    for (const extra of [
      { message: "5" },
      { digest: "5" },
      { positions: { ETH: "1000000" } },
      { key: "x" },
      { market: "x" },
    ]) {
      const answer = await askAccount(program, files, { ...extra, asOf: CLOSED + 1 });
      expect(refusal(answer)).toEqual({ status: 400, code: "input.unknown-key" });
    }
  });

  it("answers bad requests with typed errors and never a stack", async () => {
    const send = async (raw: string, type?: string) =>
      await ask(program.url, "/v1/account", {
        token: files.token,
        raw,
        ...(type === undefined ? {} : { type }),
      });
    const body = JSON.stringify(question());
    const cases: [Answer, number, string][] = [
      [await send(body.slice(0, -5)), 400, "input.json"],
      [await send(`${body.slice(0, -1)},"asOf":5}`), 400, "input.json"],
      [await send(body.replace(`${CLOSED}`, `${CLOSED}.5`)), 400, "input.json"],
      [await send(body.replace(`${CLOSED}`, `"${CLOSED}"`)), 400, "input.type"],
      [await send(body.replace(SUBJECT, "0x12")), 400, "input.text"],
      [await send(""), 400, "input.json"],
      [await send("null"), 400, "input.type"],
      [await send(body, "text/plain"), 415, "http.type"],
      [await send(" ".repeat(1_000_000)), 413, "http.size"],
      [await ask(program.url, "/v1/nothing"), 404, "http.route"],
      [await ask(program.url, "/v1/account", { ...files, method: "GET" }), 404, "http.route"],
      [await ask(program.url, "/v1/quorum/commit", { ...files, body: question() }), 404, "http.route"],
      [await ask(program.url, "/v1/accounts", files), 400, "input.type"],
      [await ask(program.url, "/%", files), 404, "http.route"],
    ];
    for (const [answer, status, code] of cases) {
      expect(refusal(answer)).toEqual({ status, code });
      expect(answer.json).toEqual({ ok: false, error: expect.objectContaining({ kind: "input", code }) });
      expect(answer.text).not.toMatch(/\.(js|ts):\d|node_modules|\n\s+at /);
    }
  });

  it("serves its interface, its key, its health and its counters to everybody", async () => {
    const { json: document } = await ask(program.url, "/openapi.json");
    expect(document.openapi).toBe("3.1.0");
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const method of Object.keys(methods as object)) {
        const { json } = await ask(program.url, path, { method: method.toUpperCase(), token: files.token });
        expect(json?.error?.code, path).not.toBe("http.route");
      }
    }
    expect((await ask(program.url, "/healthz")).json).toEqual({ ok: true });
    expect((await ask(program.url, "/v1/source")).json).toMatchObject({
      role: "source",
      evidence: ["ledger"],
      publicKey: SOURCE.publicKey.map(String),
    });
    const { text } = await ask(program.url, "/metrics");
    expect(text).toMatch(/keel_source_request_seconds_count\{route="\/v1\/account",status="200"\} [1-9]/);
    expect(text).toMatch(/keel_source_refusals_total\{code="source.token"\} [1-9]/);
  });

  it("says no amount, token or key in its log and counters, and listens on loopback", async () => {
    await askAccount(program, files);
    const [signed] = Object.values((await askAccount(program, files)).json.account.signature.R8) as string[];
    const said = program.log() + (await ask(program.url, "/metrics")).text;
    expect(program.log()).toContain('"route":"/v1/account"');
    for (const secret of [files.token, signed!, SUBJECT, "custody"]) expect(said).not.toContain(secret);
    // As a number of its own: digits of some duration may happen to be the same.
    expect(said).not.toMatch(/(?<![\d.])13000/);
    expect(said).not.toContain(Buffer.from(SOURCE.privateKey).toString("hex"));
    expect(program.url).toMatch(/^http:\/\/127\.0\.0\.1:/);
  });

  it("keeps what it signed for its owner's eyes only", async () => {
    const store = join(files.folder, "store");
    for (const name of await readdir(store, { recursive: true })) {
      expect((await stat(join(store, name))).mode & 0o077, name).toBe(0);
    }
  });
});

describe("one message for each account and time", () => {
  it("73 a ledger that says something else later is refused, not signed and not hidden", async () => {
    await withSource({}, async (program, files) => {
      const first = await askAccount(program, files);
      await writeFile(join(files.folder, "ledger.csv"), ledgerText([{ ...BOOK, rows: { ETH: "11" } }]));
      expect(refusal(await askAccount(program, files))).toEqual({ status: 409, code: "source.message" });
      await writeFile(join(files.folder, "ledger.csv"), ledgerText([BOOK]));
      expect((await askAccount(program, files)).text).toBe(first.text);
    });
  });

  it("73 another market or circuit for a time that was signed is refused", async () => {
    await withSource({}, async (program, files) => {
      const first = await askAccount(program, files);
      await program.kill();
      const other = JSON.stringify({ ...JSON.parse(marketText()), instruments: INSTRUMENTS.slice(0, 3) });
      await writeFile(join(files.folder, "market.json"), other);
      const again = await startSource(files.config);
      expect(refusal(await askAccount(again, files))).toEqual({ status: 409, code: "source.message" });
      await again.kill();
      await writeFile(join(files.folder, "market.json"), marketText(CLOSED + 60));
      const back = await startSource(files.config);
      expect((await askAccount(back, files)).text).toBe(first.text);
      await back.stop();
    });
  });

  it("73 an account belongs to its first subject, whatever the configuration says later", async () => {
    const books = [BOOK, { ...BOOK, asOf: CLOSED + 1 }];
    await withSource({ books }, async (program, files) => {
      expect((await askAccount(program, files)).status).toBe(200);
      await program.kill();
      const config = JSON.parse(await readFile(files.config, "utf8"));
      config.accounts = [account({ subject: OTHER_SUBJECT })];
      config.tokens[0].subjects = [OTHER_SUBJECT];
      await writeFile(files.config, JSON.stringify(config));
      const again = await startSource(files.config);
      const asked = { subject: OTHER_SUBJECT };
      expect(refusal(await askAccount(again, files, asked))).toEqual({ status: 404, code: "source.account" });
      const later = await askAccount(again, files, { ...asked, asOf: CLOSED + 1 });
      expect(refusal(later)).toEqual({ status: 409, code: "source.subject" });
      await again.stop();
    });
  });

  it("73 two programs over one store sign one message", async () => {
    await withSource({}, async (program, files) => {
      await inFolder(async (folder) => {
        const other = await home(folder, {
          books: [{ ...BOOK, rows: { ETH: "999" } }],
          config: { store: join(files.folder, "store") },
        });
        const second = await startSource(other.config);
        const answers = await Promise.all([askAccount(program, files), askAccount(second, other)]);
        await second.stop();
        expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
      });
    });
  });

  it("another key signs the same message", async () => {
    const next = sourceKeyOf(new Uint8Array(32).fill(77));
    await withSource({}, async (program, files) => {
      const first = await askAccount(program, files);
      await program.kill();
      const config = JSON.parse(await readFile(files.config, "utf8"));
      const { formatSourceKey } = await import("@keel/prover");
      await writeFile(join(files.folder, "key.json"), formatSourceKey(next));
      const again = await startSource(files.config);
      const second = await askAccount(again, files);
      await again.stop();
      expect(config.key).toBe("key.json");
      expect(second.json.account.positions).toEqual(first.json.account.positions);
      expect(() => checked(second)).toThrow(/snapshot.signature/);
      checked(second, next.publicKey);
    });
  });
});

describe("a ledger file", () => {
  it("73 whose book is still being written is not signed", async () => {
    await withSource({}, async (program, files) => {
      const path = join(files.folder, "ledger.csv");
      const at = { asOf: CLOSED + 9 };
      const growing = [
        `custody,${at.asOf},ETH,10\n`,
        `custody,${at.asOf},US`,
        `DC,-13000\ncustody,${at.asOf},#ro`,
        "ws,2",
      ];
      let text = await readFile(path, "utf8");
      for (const [i, part] of growing.entries()) {
        text += part;
        await writeFile(path, text);
        const { status } = await askAccount(program, files, at);
        expect(status).toBe(i === growing.length - 1 ? 200 : 422);
      }
    });
  });

  it.each([
    ["a count that is another one", "custody,9,ETH,1\ncustody,9,#rows,2\n"],
    ["a row after the last one", "custody,9,#rows,0\ncustody,9,ETH,1\n"],
    ["quotes", 'custody,9,"ETH",1\n'],
    ["a fifth field", "custody,9,ETH,1,000\n"],
  ])("with %s is refused by its line", async (_, rows) => {
    await withSource({}, async (program, files) => {
      await writeFile(
        join(files.folder, "ledger.csv"),
        `account,asOf,holding,amount\n${rows}custody,10,#rows,0\n`,
      );
      const answer = await askAccount(program, files, { asOf: 9 });
      expect(refusal(answer)).toEqual({ status: 502, code: "ledger.row" });
      expect(answer.json.error.path).toMatch(/^ledger, line [23]$/);
    });
  });
});

describe("limits", () => {
  it("73 a caller that asks too often, with or without a token, is told to wait", async () => {
    await withSource({ config: { perMinute: 5 } }, async (program, files) => {
      const statuses: number[] = [];
      for (let i = 0; i < 7; i++) statuses.push((await askAccount(program, files)).status);
      expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
      const strangers = await Promise.all(
        Array.from(
          { length: 70 },
          async () => (await ask(program.url, "/v1/account", { body: question() })).status,
        ),
      );
      expect(strangers.filter((status) => status === 401).length).toBeLessThanOrEqual(61);
      expect(strangers).toContain(429);
    });
  });
});

describe("a configuration", () => {
  it.each([
    ["two roles", { share: "key.json" }, "config.role"],
    ["an unknown key", { debug: true }, "input.unknown-key"],
    ["a key file that is none", { key: "market.json" }, "file.format"],
    ["no accounts", { accounts: [] }, "config.accounts"],
    ["an account twice", { accounts: [account(), account()] }, "input.duplicate"],
    [
      "a driver without its source",
      { accounts: [account({ driver: { kind: "ledger", instruments: {} } })] },
      "config.",
    ],
    ["a file that is not there", { key: "nothing.json" }, "file.missing"],
  ])("with %s is refused at the start", async (_, config, code) => {
    await inFolder(async (folder) => {
      const files = await home(folder, { config });
      await expect(startSource(files.config)).rejects.toThrow(code);
    });
  });
});
