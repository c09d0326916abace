// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does `keel collect` bring the accounts of all sources together, and refuse everything that is not what was asked for?
 *
 * Three source programs on loopback, one of them a 2-of-3 quorum with a dishonest member.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkSignatures, parseSnapshot } from "@keel/prover";
import { parseMarket, parsePolicy } from "@keel/verifier";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OTHER_SOURCE, SOURCE, STRANGER, SUBJECT } from "../support/book.js";
import { errorOf, inFolder, keelHere } from "../support/cli.js";
import {
  account,
  ask,
  CLOSED,
  ceremony,
  coordinatorHome,
  type Home,
  home,
  marketText,
  type Program,
  policyText,
  standIn,
  startSource,
} from "./support.js";

const NAMES = ["ann", "bob", "cyd"];
const shares = ceremony(NAMES, 2);
const KEYS = {
  "Halyard Custody": SOURCE.publicKey,
  "Northgate Prime": OTHER_SOURCE.publicKey,
  "Two of three auditors": shares[0]!.quorum.publicKey,
  Silent: STRANGER.publicKey,
};
const POLICY = policyText(KEYS);

/** A subject with more accounts than a circuit has places. */
const CROWDED = "0x00000000000000000000000000000000000000c0";

let folder: string;
let end: () => void;
let done: Promise<unknown>;
const programs: Program[] = [];
const sources: Record<string, { readonly url: string; readonly token: string }> = {};

async function started(files: Home, name?: string): Promise<Program> {
  const program = await startSource(files.config);
  programs.push(program);
  if (name !== undefined) sources[name] = { url: program.url, token: files.token };
  return program;
}

async function startAll(): Promise<void> {
  const books = (id: string, eth: string) => [
    { account: id, asOf: CLOSED, rows: { ETH: eth, USDC: "-100" } },
  ];
  const many = Array.from({ length: 20 }, (_, i) => `crowd-${i}`);
  const one = await home(join(folder, "one"), {
    accounts: [
      ...[account(), account({ id: "custody-2" })],
      ...many.map((id) => account({ id, subject: CROWDED })),
    ],
    books: [...books("custody", "10"), ...books("custody-2", "3"), ...many.flatMap((id) => books(id, "1"))],
    subjects: [SUBJECT, CROWDED],
  });
  const two = await home(join(folder, "two"), {
    key: OTHER_SOURCE,
    accounts: [account({ id: "prime" })],
    books: books("prime", "5"),
  });
  const members = await Promise.all(
    shares.map(async (share, i) => {
      const eth = i === 1 ? "999999" : "7";
      const files = await home(join(folder, NAMES[i]!), {
        share,
        accounts: [account({ id: "audited" })],
        books: books("audited", eth),
      });
      const { url } = await started(files);
      return { name: NAMES[i]!, url, token: files.token };
    }),
  );
  const quorum = await coordinatorHome(join(folder, "quorum"), shares[0]!, members);
  await started(one, "Halyard Custody");
  await started(two, "Northgate Prime");
  await started(quorum, "Two of three auditors");
  await writeFile(join(folder, "policy.json"), POLICY);
  await writeFile(join(folder, "market.json"), marketText());
}

beforeAll(async () => {
  await new Promise<void>((ready, failed) => {
    done = inFolder(async (made) => {
      folder = made;
      await startAll();
      await new Promise<void>((resolve) => {
        end = resolve;
        ready();
      });
    });
    done.catch(failed);
  });
});
afterAll(async () => {
  await Promise.all(programs.map((program) => program.stop()));
  end?.();
  await done;
});

interface Changes {
  /** Other addresses by source; one that is undefined is not asked. */
  readonly urls?: Readonly<Record<string, string | undefined>>;
  readonly tokens?: string;
  readonly args?: readonly string[];
}

/** Runs the command; the snapshot is there exactly when it succeeded. */
async function collect({ urls = {}, tokens, args = [] }: Changes = {}) {
  const out = join(folder, `snapshot-${Math.random()}.json`);
  const tokenFile = join(folder, "tokens");
  const lines = Object.entries(sources).map(([name, { token }]) => `${name}=${token}`);
  await writeFile(tokenFile, tokens ?? `${lines.join("\n")}\n`, { mode: 0o600 });
  const places = Object.keys(sources).flatMap((name) => {
    const url = name in urls ? urls[name] : sources[name]!.url;
    return url === undefined ? [] : ["--source", `${name}=${url}`];
  });
  const files = ["--policy", join(folder, "policy.json"), "--market", join(folder, "market.json")];
  const ended = await keelHere([
    ...["collect", "--json", ...files, "--subject", SUBJECT, "--as-of", `${CLOSED}`],
    ...[...places, "--token-file", tokenFile, "--out", out, ...args],
  ]);
  expect(existsSync(out)).toBe(ended.code === 0);
  return { ...ended, out };
}

/** A source that passes questions on, and bends what comes back. */
async function bent(name: string, bend: (text: string, path: string) => string) {
  return await standIn(async (path, { query, body }) => {
    const place = path + (query === "" ? "" : `?${query}`);
    const { url, token } = sources[name]!;
    const { text, status } = await ask(url, place, { token, ...(body === "" ? {} : { raw: body }) });
    return { status, text: bend(text, path) };
  });
}

describe("collect", () => {
  it("73 merges what three sources sign, and names the member that lies", async () => {
    const { code, out, stderr, stdout } = await collect();
    expect(stderr).toMatch(/member bob did not sign with the others \(quorum.account\)/);
    expect(stderr).toMatch(/not asked.*Silent/);
    expect(code).toBe(0);
    const snapshot = parseSnapshot(await readFile(out, "utf8"));
    checkSignatures(snapshot, parseMarket(marketText()), parsePolicy(POLICY));
    expect(snapshot.accounts.map(({ id, source }) => [id, source])).toEqual([
      ["custody", "Halyard Custody"],
      ["custody-2", "Halyard Custody"],
      ["prime", "Northgate Prime"],
      ["audited", "Two of three auditors"],
    ]);
    expect(snapshot.accounts[3]!.positions.get("ETH")).toBe(700_000_000n);
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(stdout).accounts[3].basis.evidence).toBe("quorum");
    expect(stdout + stderr).not.toContain(sources["Northgate Prime"]!.token);
    const again = await collect();
    expect(await readFile(again.out, "utf8")).toBe(await readFile(out, "utf8"));
  });

  it.each([
    ["an amount", (text: string) => text.replace('"ETH":"5"', '"ETH":"50"'), "snapshot.signature"],
    [
      "a replay of another time",
      (text: string) => text.replace(`${CLOSED}`, `${CLOSED - 60}`),
      "source.answer",
    ],
    ["another account", (text: string) => text.replace('"id":"prime"', '"id":"other"'), "source.answer"],
    [
      "another subject",
      (text: string) => text.replace(SUBJECT, SUBJECT.replace("a1", "a2")),
      "source.answer",
    ],
    ["a torn answer", (text: string) => text.slice(0, -9), "source.answer"],
    ["no signature", (text: string) => text.replace(/,"signature":\{.*?\}/, ""), "snapshot.signature"],
    ["an unknown field", (text: string) => text.replace('"asOf"', '"more":1,"asOf"'), "input.unknown-key"],
  ])("73 refuses %s on the way", async (_, bend, code) => {
    const proxy = await bent("Northgate Prime", (text, path) => (path === "/v1/account" ? bend(text) : text));
    const ended = await collect({ urls: { "Northgate Prime": proxy.url } });
    await proxy.stop();
    expect(errorOf(ended).code).toBe(code);
    expect(ended.stdout + ended.stderr).not.toMatch(/"50"|50\b.*ETH/);
  });

  it("73 refuses one source in another's place, and an account that two have", async () => {
    const swapped = await bent("Halyard Custody", (text) => text);
    const ended = await collect({ urls: { "Northgate Prime": swapped.url } });
    await swapped.stop();
    const { code, message } = errorOf(ended);
    expect(code).toBe("collect.failed");
    expect(message).toMatch(/Northgate Prime, custody: .*signature/);
    expect(message).toMatch(/Northgate Prime, custody-2: .*signature/);
  });

  it("tells all failures at once and writes nothing", async () => {
    const broken = await standIn(() => ({ status: 500, text: "<html>500</html>" }));
    const urls = { "Halyard Custody": broken.url, "Northgate Prime": "http://127.0.0.1:9" };
    const ended = await collect({ urls });
    await broken.stop();
    const { code, message } = errorOf(ended);
    expect(code).toBe("collect.failed");
    expect(message).toMatch(/Halyard Custody: .*source.answer/);
    expect(message).toMatch(/Northgate Prime: .*source.unreachable/);
    expect(ended.code).toBe(4);
    const future = await collect({ args: ["--as-of", `${CLOSED - 5}`] });
    expect(errorOf(future).message.match(/source.time/g)).toHaveLength(4);
    expect(future.code).toBe(1);
  });

  it("73 takes evidence as strong as the policy says, or stronger, and refuses what is weaker", async () => {
    const file = join(folder, "strict.json");
    const strict = async (evidence: Readonly<Record<string, string>>) => {
      await writeFile(file, policyText(KEYS, evidence));
      return await collect({ args: ["--policy", file] });
    };
    for (const tier of ["quorum", "ledger"]) {
      const kept = await strict({ "Halyard Custody": "ledger", "Two of three auditors": tier });
      expect(kept.code, kept.stderr).toBe(0);
    }
    // Several parties that each have only their own books are no chain.
    const books = await strict({ "Two of three auditors": "chain-read" });
    expect(errorOf(books)).toMatchObject({ code: "source.evidence", received: "quorum, the weakest ledger" });
    const silent = await bent("Two of three auditors", (text) => text.replace(/"weakest":"ledger",?/, ""));
    const unsaid = await collect({
      urls: { "Two of three auditors": silent.url },
      args: ["--policy", file],
    });
    await silent.stop();
    expect(errorOf(unsaid)).toMatchObject({ received: "quorum, the weakest not said" });
    const refused = await strict({ "Northgate Prime": "operator-read" });
    expect(errorOf(refused)).toMatchObject({ code: "source.evidence", received: "ledger" });
    expect(errorOf(refused).path).toContain("Northgate Prime, prime");
    // A tier that there is not is no answer.
    const unknown = await bent("Northgate Prime", (text) => text.replace('"ledger"', '"hearsay"'));
    const ended = await collect({ urls: { "Northgate Prime": unknown.url } });
    await unknown.stop();
    expect(errorOf(ended).path).toContain("answer.basis.evidence");
  });

  it("73 sends a token to its own source only, and only over TLS or on this machine", async () => {
    const plain = await collect({ urls: { "Northgate Prime": "http://source.example:8700" } });
    expect(errorOf(plain).code).toBe("source.url");
    const seen: string[] = [];
    const other = await standIn((_, { headers }) => {
      seen.push(String(headers.authorization));
      return { status: 302, headers: { location: sources["Halyard Custody"]!.url }, text: "" };
    });
    const ended = await collect({ urls: { "Northgate Prime": other.url } });
    await other.stop();
    expect(errorOf(ended).code).toBe("source.unreachable");
    expect(new Set(seen)).toEqual(new Set([`Bearer ${sources["Northgate Prime"]!.token}`]));
  });

  it("refuses more accounts than the policy's circuit has places for", async () => {
    const urls = { "Northgate Prime": undefined, "Two of three auditors": undefined };
    const ended = await collect({ urls, args: ["--subject", CROWDED] });
    expect(errorOf(ended)).toMatchObject({ code: "circuit.size", path: "accounts" });
  });

  it("refuses names, tokens and times that do not fit", async () => {
    const token = sources["Halyard Custody"]!.token;
    const cases: [Changes, string][] = [
      [{ tokens: `Halyard Custody=${token}\n` }, "source.token"],
      [{ tokens: "no line\n" }, "source.token"],
      [{ tokens: `Halyard Custody=${token}\nHalyard Custody=${token}\n` }, "source.token"],
      [{ args: ["--source", "Nobody=http://127.0.0.1:9"] }, "usage"],
      [{ args: ["--source", "Silent"] }, "usage"],
      [{ args: ["--source", `Halyard Custody=${sources["Halyard Custody"]!.url}`] }, "usage"],
      [{ args: ["--as-of", `${Math.floor(Date.now() / 1000) + 3600}`] }, "usage"],
    ];
    for (const [changes, code] of cases) {
      const ended = await collect(changes);
      expect(errorOf(ended).code).toBe(code);
      expect(ended.code).toBe(1);
      expect(ended.stdout + ended.stderr).not.toContain(token);
    }
  });
});
