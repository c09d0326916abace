// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the command line carry the declared accounts and the drawdown chain from one proof to the next, and keep the files
 * that the chain cannot do without?
 *
 * @module
 */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ExampleChange, exampleSourceKey, exampleTexts } from "../../dist/examples/generate.js";
import { STRATEGIES } from "../../dist/examples/strategies.js";
import { type Ended, errorOf, inFolder, keel, keelHere } from "../support/cli.js";

const AS_OF = 1767225600;
const STRATEGY = STRATEGIES[0]!;

let folder: string;
const path = (name: string): string => join(folder, name);
const tree = async (name: string) => JSON.parse(await readFile(path(name), "utf8"));

/** Writes a book of the first strategy, at a time, with other positions where the test says so. */
async function place(name: string, change: ExampleChange = {}): Promise<string[]> {
  const limits = { ...STRATEGY.limits, maxDrawdown: "0.1" };
  const texts = exampleTexts({ ...STRATEGY, limits }, change);
  const args: string[] = [];
  for (const [role, text] of Object.entries(texts)) {
    const file = path(`${name}-${role}.json`);
    await writeFile(file, text);
    args.push(`--${role}`, file);
  }
  return args;
}

/** Each of the two sources with the other's key: the name stays, and who signs is somebody else. */
const swapped = (name: string) =>
  exampleSourceKey(STRATEGY.sources.find((source) => source !== name) ?? name);

let today: string[];
let tomorrow: string[];
/** The price has not moved; 300 ether are gone. */
let loss: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keel-epochs-"));
  today = await place("today");
  tomorrow = await place("tomorrow", { asOf: AS_OF + 86_400 });
  const changes = { main: { ETH: "2100", "ETH-PERP": "-3100" } };
  loss = await place("loss", { asOf: AS_OF + 86_400, changes });
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Bound to no registry unless a test says so, which with a development key needs the flag. */
const prove = (book: readonly string[], ...more: string[]): Promise<Ended> =>
  keelHere(["prove", ...book, "--insecure", "--json", ...more]);
/** Market and policy of a book. */
const publicOf = (book: readonly string[]): string[] => book.slice(2, 6);

describe("enrol", () => {
  it("makes a secret list of a snapshot's accounts, or of the ones named, each with its source's key", async () => {
    const [, snapshot, , , , policy] = today as [string, string, string, string, string, string];
    const list = ["--snapshot", snapshot, "--policy", policy, "--out", path("enrolment.json")];
    const made = await keel(["enrol", ...list, "--json"]);
    expect(made.code, made.stderr).toBe(0);
    expect(JSON.parse(made.stdout)).toEqual({
      ok: true,
      out: path("enrolment.json"),
      accounts: 1,
      enrolment: expect.stringMatching(/^[1-9][0-9]{60,77}$/),
    });
    expect((await stat(path("enrolment.json"))).mode & 0o777).toBe(0o600);
    const { salt, ...file } = await tree("enrolment.json");
    const { sources } = JSON.parse(await readFile(policy, "utf8"));
    const main = { id: "main", source: "Northgate Custody", key: sources[0].key };
    expect(file).toEqual({ keel: "enrolment/2", accounts: [main] });
    expect(made.stdout + made.stderr).not.toContain(salt);
    expect(made.stdout + made.stderr).not.toContain("main");

    const named = ["--accounts", "venue-1=Halyard Prime,venue-2=Northgate Custody", "--policy", policy];
    expect((await keelHere(["enrol", ...named, "--out", path("two.json")])).code).toBe(0);
    expect((await tree("two.json")).accounts).toEqual([
      { id: "venue-1", source: "Halyard Prime", key: sources[1].key },
      { id: "venue-2", source: "Northgate Custody", key: sources[0].key },
    ]);
  });

  it.each([
    ["neither accounts nor a snapshot", [], "usage"],
    ["both", ["--accounts", "a=Halyard Prime", "--snapshot", "-"], "usage"],
    ["a file and a chain", ["--accounts", "a=Halyard Prime", "--rpc", "http://127.0.0.1:1"], "usage"],
    ["an account without a source", ["--accounts", "a"], "usage"],
    ["a source without an account", ["--accounts", "=Halyard Prime"], "usage"],
    ["a name that is none", ["--accounts", "a b=Halyard Prime"], "input.text"],
    ["a source that the policy does not have", ["--accounts", "a=Halyard"], "source.unknown"],
    [
      "52 an account twice",
      ["--accounts", "a=Halyard Prime,b=Halyard Prime,a=Northgate Custody"],
      "input.duplicate",
    ],
  ])("refuses %s, and writes nothing", async (_, args, code) => {
    await inFolder(async (empty) => {
      const [, , , , , policy] = today as [string, string, string, string, string, string];
      const out = ["--policy", policy, "--out", join(empty, "e.json")];
      const ended = await keelHere(["enrol", ...args, ...out, "--json"]);
      expect([ended.code, errorOf(ended).code]).toEqual([1, code]);
      expect(await readdir(empty)).toEqual([]);
    });
  });

  it("keeps an enrolment that exists: its salt is the subject's only one", async () => {
    const before = await readFile(path("enrolment.json"), "utf8");
    const list = ["--accounts", "main=Halyard Prime", ...publicOf(today).slice(2)];
    const args = ["enrol", ...list, "--out", path("enrolment.json"), "--json"];
    expect(errorOf(await keelHere(args)).code).toBe("file.exists");
    expect(await readFile(path("enrolment.json"), "utf8")).toBe(before);
  });
});

describe("19 the drawdown chain", () => {
  it("55 does not go on from a state whose units another source counted, unless they are said to be the same", async () => {
    const state = { keel: "state/1", equity: "500000000", units: "1", epoch: 3, salt: "7" };
    const at = async (unitsSource: object, ...more: string[]) => {
      await writeFile(path("other-state.json"), JSON.stringify({ ...state, ...unitsSource }), {
        mode: 0o600,
      });
      const files = ["--out", path("never.json"), "--state", path("other-state.json")];
      return errorOf(await prove(today, ...files, ...more)).code;
    };
    const other = { unitsSource: `token 0x${"12".repeat(20)}` };
    expect(await at(other)).toBe("state.units");
    expect(await at({ unitsSource: "none" })).toBe("state.units");
    expect(await at({ unitsSource: "somebody" })).toBe("input.invalid");
    // The next thing that is wrong: a mark that these units never reach.
    expect(await at(other, "--same-units")).toBe("policy.broken");
    expect(await at({})).toBe("policy.broken");
    await writeFile(path("other-state.json"), JSON.stringify({ ...state, ...other }), { mode: 0o600 });
    const checked = await keelHere(["check", ...today, "--state", path("other-state.json")]);
    expect(checked.stderr).toContain("the state's units were counted by token 0x12");
  });

  it("begins without a state, and each proof starts where the one before ended", async () => {
    const enrolment = ["--enrolment", path("enrolment.json")];
    const outputs = (n: number) => ["--out", path(`${n}.json`), "--state-out", path(`state-${n}.json`)];
    const first = await prove(today, ...enrolment, ...outputs(0));
    expect(first.code, first.stderr).toBe(0);
    expect((await stat(path("state-0.json"))).mode & 0o777).toBe(0o600);
    const second = await prove(tomorrow, ...enrolment, "--state", path("state-0.json"), ...outputs(1));
    expect(second.code, second.stderr).toBe(0);

    const [one, two] = [await tree("0.json"), await tree("1.json")];
    expect(one.drawdown).toMatchObject({ previousState: "0", units: "100000000" });
    expect(two.drawdown.previousState).toBe(one.drawdown.newState);
    expect(two.drawdown.newState).not.toBe(one.drawdown.newState);
    const signed = await tree("tomorrow-units.json");
    expect(two.unitsSignature).toBe(signed.signature);
    expect(two.enrolment).toBe(one.enrolment);
    expect((await tree("state-1.json")).unitsSource).toMatch(/^signer 0x[0-9a-f]{40}$/);
    const verify = ["verify", ...publicOf(tomorrow), "--insecure", "--attestation", path("1.json")];
    const made = await keelHere(verify);
    expect(made.code, made.stderr).toBe(0);
    expect(made.stdout).toContain("at most 10 % below its high-water mark");
    expect(await tree("state-1.json")).toMatchObject({ keel: "state/1", epoch: 1, units: "1" });

    const { salt } = await tree("state-1.json");
    for (const text of [second.stdout, second.stderr, JSON.stringify(two)]) expect(text).not.toContain(salt);
  });

  it("check and prove measure the fall from the high-water mark of the state", async () => {
    const limit = async (...more: string[]) => {
      const { code, stdout } = await keelHere(["check", ...loss, "--json", ...more]);
      const { limits } = JSON.parse(stdout);
      return { code, ...limits.find(({ name }: { name: string }) => name === "maxDrawdown") };
    };
    expect(await limit()).toMatchObject({ code: 0, value: "0", ok: true });
    expect(await limit("--state", path("state-0.json"))).toMatchObject({
      code: 2,
      value: "0.1221",
      ok: false,
    });
    const state = ["--state", path("state-0.json"), "--state-out", path("never.json")];
    const ended = await prove(
      loss,
      "--enrolment",
      path("enrolment.json"),
      ...state,
      "--out",
      path("no.json"),
    );
    expect([ended.code, errorOf(ended).message]).toEqual([2, expect.stringContaining("maxDrawdown")]);
    expect((await readdir(folder)).filter((name) => /never|no\.json/.test(name))).toEqual([]);
  });

  it("never writes a state over another file, --force or not", async () => {
    const before = await readFile(path("state-1.json"), "utf8");
    for (const more of [[], ["--force"]]) {
      const outputs = ["--out", path("again.json"), "--state-out", path("state-1.json")];
      const ended = await prove(tomorrow, "--state", path("state-0.json"), ...outputs, ...more);
      expect([ended.code, errorOf(ended).code]).toEqual([1, "file.exists"]);
      // Before any key is loaded: a proof that could not be kept would be minutes for nothing.
      expect(ended.stderr).not.toMatch(/loading|proving/);
    }
    const inPlace = ["--state", path("state-1.json"), "--state-out", path("state-1.json"), "--force"];
    expect(errorOf(await prove(tomorrow, ...inPlace, "--out", path("again.json"))).code).toBe("usage");
    expect(await readFile(path("state-1.json"), "utf8")).toBe(before);
    expect((await readdir(folder)).includes("again.json")).toBe(false);
  });

  it("leaves no state behind when the attestation cannot be placed", async () => {
    const outputs = ["--out", "/proc/a.json", "--state-out", path("state-2.json")];
    expect((await prove(tomorrow, ...outputs)).code).toBe(4);
    expect((await readdir(folder)).includes("state-2.json")).toBe(false);
  });

  it.each([
    ["no JSON", () => "{", "input.json"],
    ["a salt outside the field", (text: string) => text.replace('"salt": "', '"salt": "9'), undefined],
    ["another file", () => '{ "keel": "snapshot/1" }', "file.format"],
  ])(
    "refuses a state that is %s, before any key is loaded, and repeats nothing of it",
    async (_, change, code) => {
      const text = change(await readFile(path("state-0.json"), "utf8"));
      await writeFile(path("bad-state.json"), text, { mode: 0o600 });
      const ended = await prove(tomorrow, "--state", path("bad-state.json"), "--out", path("bad.json"));
      expect(ended.code).toBe(1);
      if (code !== undefined) expect(errorOf(ended).code).toBe(code);
      const { salt, equity } = await tree("state-0.json");
      for (const secret of [salt, equity]) expect(ended.stderr + ended.stdout).not.toContain(secret);
    },
  );
});

describe("18 declared accounts", () => {
  /** Proves today's book for a list of these accounts. */
  async function attempt(accounts: string): Promise<Ended> {
    const file = path("attempt.json");
    const list = ["--accounts", accounts, ...publicOf(today).slice(2)];
    const made = await keelHere(["enrol", ...list, "--out", file, "--force"]);
    expect(made.code, made.stderr).toBe(0);
    return prove(today, "--enrolment", file, "--out", path("never.json"));
  }

  it("an account too many or too few is refused by name of the place", async () => {
    expect(errorOf(await attempt("main=Northgate Custody,reserve=Halyard Prime")).code).toBe(
      "enrolment.missing",
    );
    expect(errorOf(await attempt("reserve=Northgate Custody")).code).toBe("enrolment.undeclared");
  });

  it("53 an account that another source signed than the one it was declared with is refused before any proving", async () => {
    const refused = await attempt("main=Halyard Prime");
    expect([refused.code, errorOf(refused).code]).toEqual([1, "enrolment.source"]);
    expect(refused.stderr).toContain("`keel enrol`");
    // Both are sources of the policy, and the other one's signature is good.
    const other = await place("other", { keyOf: swapped });
    const exchanged = await prove(other, "--enrolment", path("enrolment.json"), "--out", path("never.json"));
    expect([exchanged.code, errorOf(exchanged).code]).toEqual([1, "enrolment.source"]);
  });

  it("52 an account that the list has twice is refused before any proving", async () => {
    const { accounts, ...list } = await tree("enrolment.json");
    const twice = { ...list, accounts: [...accounts, ...accounts] };
    await writeFile(path("twice.json"), JSON.stringify(twice), { mode: 0o600 });
    const refused = await prove(today, "--enrolment", path("twice.json"), "--out", path("never.json"));
    expect([refused.code, errorOf(refused).code]).toEqual([1, "input.duplicate"]);
    expect((await readdir(folder)).includes("never.json")).toBe(false);
  });

  it("a list of version 1 names no sources: it is refused with the command that converts it, and converted", async () => {
    const { salt } = await tree("enrolment.json");
    const old = JSON.stringify({ keel: "enrolment/1", accounts: ["main"], salt });
    await writeFile(path("old.json"), old, { mode: 0o600 });
    const refused = await prove(today, "--enrolment", path("old.json"), "--out", path("never.json"));
    expect([refused.code, errorOf(refused).code]).toEqual([1, "file.version"]);
    expect(refused.stderr).toContain(
      "`keel migrate --enrolment FILE --snapshot FILE --policy FILE --out FILE`",
    );

    const [, snapshot] = today as [string, string];
    const files = ["--snapshot", snapshot, ...publicOf(today).slice(2)];
    const convert = async (name: string, out: string): Promise<Ended> =>
      await keelHere(["migrate", "--enrolment", path(name), ...files, "--out", path(out), "--json"]);
    const made = await convert("old.json", "new.json");
    expect(made.code, made.stderr).toBe(0);
    const converted = await tree("new.json");
    expect(converted.accounts).toEqual((await tree("enrolment.json")).accounts);
    // Another salt: what opened the old commitment does not open the new one.
    expect(converted.salt).not.toBe(salt);
    expect((await stat(path("new.json"))).mode & 0o777).toBe(0o600);
    for (const text of [made.stdout, made.stderr]) expect(text).not.toContain(converted.salt);

    await writeFile(path("more.json"), old.replace('["main"]', '["main", "reserve"]'), { mode: 0o600 });
    const more = await convert("more.json", "never.json");
    expect([more.code, errorOf(more).code]).toEqual([1, "enrolment.missing"]);
    const newer = await convert("enrolment.json", "never.json");
    expect([newer.code, newer.stderr]).toEqual([1, expect.stringContaining("nothing to convert")]);
    expect((await readdir(folder)).includes("never.json")).toBe(false);
  });

  it("warns when a registry is named and the files that it needs are not", async () => {
    const registry = ["--chain-id", "31337", "--registry", `0x${"ab".repeat(20)}`];
    const { code, stderr } = await prove(today, ...registry, "--out", path("bound.json"));
    expect(code).toBe(0);
    expect(stderr).toContain("warning: without --enrolment");
    expect(stderr).toContain("warning: without --state-out");
  });

  it("a list that others may read gets a warning", async () => {
    const { chmod } = await import("node:fs/promises");
    await chmod(path("two.json"), 0o644);
    const { stderr } = await prove(today, "--enrolment", path("two.json"), "--out", path("never.json"));
    expect(stderr).toContain("others may read it");
  });
});
