// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does `keel verify` accept an attestation exactly as it was made, for the policy and market it was made for, and nothing
 * else?
 *
 * @module
 */
import { cp, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureCircuit } from "@keel/circuits";
import { formatSourceKey } from "@keel/prover";
import {
  hex,
  isDevelopmentKey,
  marketSeries,
  parseMarket,
  parsePolicy,
  parseVerificationKey,
  policyId,
  policyTerms,
  universeId,
  type VerificationKey,
} from "@keel/verifier";
import { bn254 } from "@noble/curves/bn254.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exampleSourceKey } from "../../dist/examples/generate.js";
import { type Ended, EXAMPLES, errorOf, keelHere, publicArgs, strategyArgs } from "../support/cli.js";

const AS_OF = 1767225600;
const VALIDITY = 86_400;
const FOLDER = "eth-hedged-vault";
const PUBLIC = publicArgs(FOLDER);
const REGISTRY = `0x${"ab".repeat(20)}`;
/** An attestation that is bound to no registry counts on no test chain either: a development key needs the flag. */
const UNBOUND = ["--insecure"];

let folder: string;
let attestation: string;
let text: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keel-attestation-"));
  attestation = join(folder, "attestation.json");
  const { code, stderr } = await keelHere([
    "prove",
    ...strategyArgs(FOLDER),
    ...UNBOUND,
    "--out",
    attestation,
  ]);
  expect(code, stderr).toBe(0);
  text = await readFile(attestation, "utf8");
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Writes a file into the test's folder and gives its path. */
async function place(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const verify = (file: string, ...more: string[]): Promise<Ended> =>
  keelHere(["verify", "--attestation", file, ...PUBLIC, ...UNBOUND, "--json", ...more]);

/** A change that keeps a value's form, so that it is the meaning that is caught. */
function changed(value: unknown): unknown {
  if (typeof value === "boolean") return !value;
  if (typeof value === "number") return value + 1;
  if (typeof value !== "string") throw new Error("not a leaf");
  if (value.startsWith("0x")) return `${value.slice(0, -1)}${value.endsWith("1") ? "2" : "1"}`;
  if (/^\d+$/.test(value)) return (BigInt(value) + 1n).toString();
  return `${value}x`;
}

type Tree = { [key: string]: unknown };
type Path = readonly string[];

function leaves(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([key, entry]) => leaves(entry, [...path, key]));
}

/** A copy with one place rewritten; undefined removes it. */
function rewritten(source: string, path: Path, change: (value: unknown) => unknown): string {
  const tree = JSON.parse(source) as Tree;
  const parent = path.slice(0, -1).reduce<Tree>((node, key) => node[key] as Tree, tree);
  const last = path[path.length - 1]!;
  const value = change(parent[last]);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return JSON.stringify(tree);
}

describe("verify", () => {
  it("says what a valid attestation says, under --json and in words", async () => {
    const json = JSON.parse((await verify(attestation)).stdout);
    expect(json).toEqual({
      ok: true,
      valid: true,
      subject: "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
      policyId: expect.stringMatching(/^0x[0-9a-f]{64}$/),
      asOf: AS_OF,
      expiresAt: AS_OF + VALIDITY,
      expired: true,
      domain: { chainId: 0, registry: `0x${"0".repeat(40)}` },
      insecure: true,
      notCompared: [
        ...["domain", "subject", "enrolment", "previousState", "age"],
        ...["tableAccepted", "standing"],
      ],
      sources: [
        { name: "Northgate Custody", evidence: null },
        { name: "Halyard Prime", evidence: null },
      ],
    });
    const args = ["verify", "--attestation", attestation, ...PUBLIC, ...UNBOUND];
    const words = await keelHere(args, { now: AS_OF + 60 });
    expect(words.code).toBe(0);
    for (const part of [
      "VALID.",
      "at least 200 % of liabilities",
      "The policy takes tables signed by publishers, market series 0x01",
      "The fund has one unit.",
      "The policy does not say what its sources' words rest on.",
      "It expires at 2026-01-02",
      "It does not say",
      "Nothing was given to compare with, as a registry does: whether it counts at the registry",
      "whether a market book accepted the tables",
      "whether the record still stands",
    ]) {
      expect(words.stdout).toContain(part);
    }
    expect(words.stderr).toContain("DEVELOPMENT KEY");
  });

  it("every field changed: invalid", async () => {
    const paths = leaves(JSON.parse(text));
    expect(paths.length).toBeGreaterThan(25);
    for (const path of paths) {
      const file = await place("changed.json", rewritten(text, path, changed));
      const ended = await verify(file);
      expect([path.join("."), ended.code]).toEqual([path.join("."), 3]);
      expect(errorOf(ended).kind).toBe("proof");
    }
  });

  it("25 every field removed, null or doubled: invalid", async () => {
    const top = Object.keys(JSON.parse(text)).map((key) => [key]);
    const inner = Object.keys(JSON.parse(text).proof).map((key) => ["proof", key]);
    for (const path of [...top, ...inner]) {
      for (const change of [() => undefined, () => null, (value: unknown) => [value, value]]) {
        const ended = await verify(await place("broken.json", rewritten(text, path, change)));
        expect([path.join("."), ended.code]).toEqual([path.join("."), 3]);
      }
    }
  });

  it("another proof of the same key, for another book: invalid", async () => {
    const other = join(folder, "other.json");
    const book = strategyArgs("cash-and-carry");
    expect((await keelHere(["prove", ...book, ...UNBOUND, "--out", other])).code).toBe(0);
    const { proof, digest } = JSON.parse(await readFile(other, "utf8"));
    const swapped = { ...JSON.parse(text), proof, digest };
    const ended = await verify(await place("swapped.json", JSON.stringify(swapped)));
    expect([ended.code, errorOf(ended).code]).toEqual([3, "proof.invalid"]);
    expect((await verify(other)).code).toBe(3);
  });

  it("another market or policy: invalid; the same in another order of keys: valid", async () => {
    const [market, policy] = await Promise.all(
      ["market", "policy"].map((name) => readFile(join(EXAMPLES, FOLDER, `${name}.json`), "utf8")),
    );
    const verdict = async (marketText: string, policyText: string): Promise<number | null> => {
      const files = [
        "--market",
        await place("m.json", marketText),
        "--policy",
        await place("p.json", policyText),
      ];
      return (await keelHere(["verify", "--attestation", attestation, ...files, ...UNBOUND])).code;
    };
    const reversed = (source: string): string =>
      JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(source)).reverse()));
    expect(await verdict(market!, policy!)).toBe(0);
    expect(await verdict(reversed(market!), reversed(policy!))).toBe(0);
    expect(await verdict(market!.replace("2967.52", "2967.53"), policy!)).toBe(3);
    expect(await verdict(market!, policy!.replace('"maxLeverage": "3"', '"maxLeverage": "2.9"'))).toBe(3);
    expect(await verdict(market!, policy!.replace('"validity": 86400', '"validity": 86401'))).toBe(3);
    expect(await verdict(market!, policy!.replace('"ETH": "-0.43"', '"ETH": "-0.42"'))).toBe(3);
  });

  it("54 the same proof under a policy with the same limits and other times: invalid", async () => {
    const [market, policy] = await Promise.all(
      ["market", "policy"].map((name) => readFile(join(EXAMPLES, FOLDER, `${name}.json`), "utf8")),
    );
    const changes: readonly [string, string][] = [
      ['"maxAge": 3600', '"maxAge": 604800'],
      ['"validity": 86400', '"validity": 7948800'],
      ['"minInterval": 43200', '"minInterval": 1'],
    ];
    for (const [from, to] of changes) {
      const cloned = policy!.replace(from, to);
      const id = policyId(policyTerms(parsePolicy(cloned), parseMarket(market!)));
      const lent = await place(
        "lent.json",
        rewritten(text, ["policyId"], () => id),
      );
      const files = [
        "--market",
        join(EXAMPLES, FOLDER, "market.json"),
        "--policy",
        await place("p.json", cloned),
      ];
      const args = ["verify", "--attestation", lent, ...files, ...UNBOUND, "--json"];
      const refused = await keelHere(args);
      expect([to, refused.code, errorOf(refused).code]).toEqual([to, 3, "proof.invalid"]);
    }
  });

  it("41 counts before its expiry, with --live not from then on, and never before its time", async () => {
    const at = async (now: number, ...more: string[]): Promise<string> => {
      const args = ["verify", "--attestation", attestation, ...PUBLIC, ...UNBOUND, "--json", ...more];
      const ended = await keelHere(args, { now });
      return ended.code === 0 ? `expired ${JSON.parse(ended.stdout).expired}` : errorOf(ended).code;
    };
    expect(await at(AS_OF + VALIDITY - 1, "--live")).toBe("expired false");
    expect(await at(AS_OF + VALIDITY, "--live")).toBe("proof.expired");
    expect(await at(AS_OF + VALIDITY)).toBe("expired true");
    expect(await at(AS_OF)).toBe("expired false");
    expect(await at(AS_OF - 1)).toBe("proof.future");
  });

  it("holds it against what the verifier knows, and says what nothing was given for", async () => {
    const { subject, enrolment, drawdown } = JSON.parse(text);
    const known = {
      "--expect-subject": subject,
      "--expect-enrolment": enrolment,
      "--expect-state": drawdown.previousState,
      "--expect-units": "1",
      "--now": String(AS_OF + 3600),
    };
    const all = Object.entries(known).flat();
    const compared = await verify(attestation, ...all);
    expect(compared.code, compared.stderr).toBe(0);
    const onChain = ["tableAccepted", "standing"];
    const stillOpen = ["domain", ...onChain];
    expect(JSON.parse(compared.stdout)).toMatchObject({ notCompared: stillOpen, expired: false });
    const words = await keelHere(["verify", "--attestation", attestation, ...PUBLIC, ...UNBOUND, ...all]);
    expect(words.stdout).not.toContain("whose book it is");
    const wrong: readonly [string, string, string][] = [
      ["--expect-subject", REGISTRY, "proof.mismatch"],
      ["--expect-enrolment", "1", "proof.mismatch"],
      ["--expect-state", drawdown.newState, "proof.mismatch"],
      ["--expect-units", "1.00000001", "proof.mismatch"],
      ["--now", String(AS_OF + 3601), "proof.age"],
      ["--now", String(AS_OF - 1), "proof.age"],
    ];
    for (const [option, value, code] of wrong) {
      const refused = await verify(attestation, option, value);
      expect([option, refused.code, errorOf(refused).code]).toEqual([option, 3, code]);
    }
    // Without a number the present, which is long after the snapshot.
    const late = await verify(attestation, "--now");
    expect([late.code, errorOf(late).code]).toEqual([3, "proof.age"]);
    const partly = JSON.parse((await verify(attestation, "--expect-subject", subject)).stdout);
    expect(partly.notCompared).toEqual(["domain", "enrolment", "previousState", "age", ...onChain]);
    for (const option of [
      "--expect-subject",
      "--expect-enrolment",
      "--expect-state",
      "--expect-units",
      "--now",
    ]) {
      expect(errorOf(await verify(attestation, option, "x")).code).toBe("usage");
    }
  });

  it("a key of one's own: the right one is accepted, another or a broken one is not", async () => {
    const { circuits } = JSON.parse((await keelHere(["setup", "--json"])).stdout);
    const key = await readFile(join(circuits[0].dir, "verification_key.json"), "utf8");
    const withKey = async (content: string): Promise<Ended> =>
      verify(attestation, "--key", await place("key.json", content));
    expect((await withKey(key)).code).toBe(0);
    const tree = JSON.parse(key);
    const swapped = JSON.stringify({ ...tree, IC: [tree.IC[1], tree.IC[0], ...tree.IC.slice(2)] });
    expect(errorOf(await withKey(swapped)).code).toBe("proof.invalid");
    const uncontributed = JSON.stringify({ ...tree, vk_delta_2: tree.vk_gamma_2 });
    expect((await withKey(uncontributed)).code).toBe(4);
    expect((await withKey("{}")).code).toBe(4);
  });

  it("46 knows a development key whose mark was taken away, and one that somebody added to", async () => {
    const { verificationKey } = await ensureCircuit("portfolio-health/spot-16");
    const { insecure: _, ...unmarked } = verificationKey;
    const key = await place("unmarked.json", JSON.stringify(unmarked));
    const said = ["verify", "--attestation", attestation, ...PUBLIC, "--json", "--key", key];
    const doubted = await keelHere(said);
    expect([doubted.code, errorOf(doubted).code]).toEqual([4, "key.insecure"]);
    expect(JSON.parse((await keelHere([...said, ...UNBOUND])).stdout).insecure).toBe(true);
    const lied = rewritten(text, ["insecure"], () => false);
    const refused = await verify(await place("lied.json", lied), "--key", key);
    expect([refused.code, errorOf(refused).code]).toEqual([3, "proof.mismatch"]);

    const [g, h] = [bn254.G2.Point.BASE.toAffine(), bn254.G2.Point.BASE.double().toAffine()];
    const json = ({ x, y }: typeof g) =>
      [
        [`${x.c0}`, `${x.c1}`],
        [`${y.c0}`, `${y.c1}`],
        ["1", "0"],
      ] as unknown as VerificationKey["vk_delta_2"];
    const added = { ...unmarked, vk_delta_2: json(h) };
    expect(isDevelopmentKey(added)).toBe(true);
    expect(parseVerificationKey(added).insecure).toBe(true);
    const { x, y } = bn254.G1.Point.BASE.toAffine();
    const foreign = {
      ...added,
      vk_alpha_1: [`${x}`, `${y}`, "1"] as const,
      vk_beta_2: json(g),
      vk_gamma_2: json(g),
    };
    expect(isDevelopmentKey(foreign)).toBe(false);
    expect(parseVerificationKey(foreign).insecure).toBeUndefined();
  });
});

describe("prove", () => {
  it("26 takes the artifacts of a folder, and no others: of this circuit, whole, as they were pinned", async () => {
    const { dir } = await ensureCircuit("portfolio-health/spot-16");
    const own = join(folder, "own.json");
    const prove = async (artifacts: string): Promise<Ended> => {
      const files = ["--artifacts", artifacts, "--out", own, "--force"];
      return await keelHere(["prove", ...strategyArgs(FOLDER), ...UNBOUND, ...files, "--json"]);
    };
    const other = await ensureCircuit("market-root/16");
    const refused = await prove(other.dir);
    expect([refused.code, errorOf(refused).code]).toEqual([4, "artifact.circuit"]);
    const copy = join(folder, "artifacts");
    await cp(dir, copy, { recursive: true });
    expect((await prove(copy)).code).toBe(0);
    expect((await verify(own, "--key", join(copy, "verification_key.json"))).code).toBe(0);
    await truncate(join(copy, "witness.wasm"), 1000);
    const broken = await prove(copy);
    expect([broken.code, errorOf(broken).code]).toEqual([4, "artifact.hash"]);
  });

  const prove = (name: string, ...more: string[]): Promise<Ended> =>
    keelHere(["prove", ...strategyArgs(FOLDER), "--out", join(folder, name), "--json", ...more]);
  const on = (chainId: number): string[] => ["--chain-id", String(chainId), "--registry", REGISTRY];

  it("46 a development key is refused outside local test chains, by prove and by verify", async () => {
    const refused = await prove("mainnet.json", ...on(1));
    expect([refused.code, errorOf(refused).code]).toEqual([4, "key.insecure"]);
    expect((await prove("mainnet.json", ...on(1), "--insecure")).code).toBe(0);
    const doubt = ["verify", ...PUBLIC, "--json", "--attestation"];
    for (const file of [join(folder, "mainnet.json"), attestation]) {
      const doubted = await keelHere([...doubt, file]);
      expect([doubted.code, errorOf(doubted).code]).toEqual([4, "key.insecure"]);
      expect((await verify(file)).code).toBe(0);
    }
    const unbound = await prove("unbound.json");
    expect([unbound.code, errorOf(unbound).code]).toEqual([4, "key.insecure"]);
    expect((await prove("local.json", ...on(1337))).code).toBe(0);
  });

  it("46 a development key passes on a local chain only where the reader names it, whatever the attestation says", async () => {
    const file = join(folder, "own-word.json");
    const elsewhere = ["--chain-id", "1337", "--registry", `0x${"1".repeat(40)}`];
    expect((await prove("own-word.json", ...on(1337))).code).toBe(0);
    const judge = (...more: string[]): Promise<Ended> =>
      keelHere(["verify", ...PUBLIC, "--json", "--attestation", file, ...more]);
    const unnamed = await judge();
    expect([unnamed.code, errorOf(unnamed).code]).toEqual([4, "key.insecure"]);
    const named = await judge(...on(1337));
    expect(named.code, named.stderr).toBe(0);
    expect(JSON.parse(named.stdout).notCompared).not.toContain("domain");
    for (const wrong of [elsewhere, on(31337)]) {
      for (const more of [[], UNBOUND]) {
        const refused = await judge(...wrong, ...more);
        expect([refused.code, errorOf(refused).code]).toEqual([3, "proof.mismatch"]);
      }
    }
    const allowed = JSON.parse((await judge(...UNBOUND)).stdout);
    expect(allowed.notCompared).toContain("domain");
    const half = await judge("--registry", REGISTRY);
    expect([half.code, errorOf(half).code]).toEqual([1, "usage"]);
  });

  it("46 a development key on another chain needs the flag, also where the reader names that chain", async () => {
    expect((await prove("far.json", ...on(1), "--insecure")).code).toBe(0);
    const far = ["verify", ...PUBLIC, "--json", "--attestation", join(folder, "far.json"), ...on(1)];
    const refused = await keelHere(far);
    expect([refused.code, errorOf(refused).code]).toEqual([4, "key.insecure"]);
    expect((await keelHere([...far, ...UNBOUND])).code).toBe(0);
  });

  it("33 the order of positions changes nothing", async () => {
    const snapshot = JSON.parse(await readFile(join(EXAMPLES, FOLDER, "snapshot.json"), "utf8"));
    const [account] = snapshot.accounts;
    account.positions = Object.fromEntries(Object.entries(account.positions).reverse());
    const file = await place("reordered.json", JSON.stringify(snapshot));
    const out = join(folder, "reordered-attestation.json");
    const args = ["prove", "--snapshot", file, ...PUBLIC, ...UNBOUND, "--out", out];
    expect((await keelHere(args)).code).toBe(0);
  });

  it("20, 61 two proofs of one book share neither salt nor commitment, nor does one proof share its salts", async () => {
    const opened = async (name: string) => {
      const opening = join(folder, `${name}-opening.json`);
      expect((await prove(`${name}.json`, ...UNBOUND, "--opening", opening)).code).toBe(0);
      const { keel, portfolioSalt, exposuresSalt } = JSON.parse(await readFile(opening, "utf8"));
      expect(keel).toBe("opening/2");
      const { portfolioCommitment, exposuresCommitment } = JSON.parse(
        await readFile(join(folder, `${name}.json`), "utf8"),
      );
      return [portfolioSalt, exposuresSalt, portfolioCommitment, exposuresCommitment];
    };
    const values = [...(await opened("first")), ...(await opened("second"))];
    expect(new Set(values).size).toBe(8);
    for (const value of values) expect(value).toMatch(/^\d{50,77}$/);
  });
});

describe("sign", () => {
  it("gives a snapshot that prove takes, and keygen a key that a policy can name", async () => {
    const key = join(folder, "source.json");
    const made = JSON.parse((await keelHere(["keygen", "--out", key, "--json"])).stdout);
    const policyText = await readFile(join(EXAMPLES, FOLDER, "policy.json"), "utf8");
    const policy = JSON.parse(policyText);
    policy.sources[0].key = made.publicKey;
    const files = [
      "--snapshot",
      join(EXAMPLES, "invalid/snapshot-unsigned.json"),
      "--market",
      join(EXAMPLES, FOLDER, "market.json"),
      "--policy",
      await place("policy.json", JSON.stringify(policy)),
    ];
    const signed = join(folder, "signed.json");
    const result = await keelHere(["sign", ...files, "--key", key, "--out", signed, "--json"]);
    const market = parseMarket(await readFile(join(EXAMPLES, FOLDER, "market.json"), "utf8"));
    expect(JSON.parse(result.stdout)).toEqual({
      ...{ ok: true, out: signed, signed: ["main"], asOf: AS_OF },
      subject: JSON.parse(text).subject,
      series: policy.market.series,
      universe: hex(universeId(market)),
    });
    const proof = [
      "prove",
      "--snapshot",
      signed,
      ...files.slice(2),
      ...UNBOUND,
      "--out",
      join(folder, "signed-attestation.json"),
    ];
    expect((await keelHere(proof)).code).toBe(0);
  });

  it("needs no policy: a source says its name and circuit itself, and pins the series of its own market", async () => {
    const key = await place("own-key.json", formatSourceKey(exampleSourceKey("Northgate Custody")));
    const market = join(EXAMPLES, FOLDER, "market.json");
    const { series } = JSON.parse(await readFile(join(EXAMPLES, FOLDER, "policy.json"), "utf8")).market;
    const unsigned = ["--snapshot", join(EXAMPLES, "invalid/snapshot-unsigned.json")];
    const own = ["--source", "Northgate Custody", "--circuit", "portfolio-health/spot-16"];
    const signing = async (table: string, name: string, ...more: string[]): Promise<Ended> => {
      const files = ["--market", table, "--key", key, "--out", join(folder, name), "--json"];
      return await keelHere(["sign", ...unsigned, ...files, ...more]);
    };
    const signed = await signing(market, "of-own.json", ...own, "--series", series);
    expect(signed.code, signed.stderr).toBe(0);
    const prove = ["prove", "--snapshot", join(folder, "of-own.json"), ...PUBLIC, ...UNBOUND];
    expect((await keelHere([...prove, "--out", join(folder, "own-proof.json")])).code).toBe(0);
    // A manager's table, and a manager's policy that goes with it: the pin is the source's.
    const kinder = join(EXAMPLES, "invalid/market-kinder-factor.json");
    const pinned = await place("kinder-policy.json", await repinned(kinder));
    for (const whose of [own, ["--policy", pinned]]) {
      expect((await signing(kinder, `kinder-${whose.length}.json`, ...whose)).code).toBe(0);
      const refused = await signing(kinder, "never.json", ...whose, "--series", series);
      expect([refused.code, errorOf(refused).code]).toEqual([1, "source.series"]);
    }
    for (const mix of [[], own.slice(0, 2), [...own, "--policy", pinned]]) {
      expect(errorOf(await signing(market, "never.json", ...mix)).code).toBe("usage");
    }
    const other = ["--source", "Halyard Prime", ...own.slice(2)];
    expect(errorOf(await signing(market, "never.json", ...other)).code).toBe("source.unknown");
  });

  /** The example's policy, with the series of another table. */
  async function repinned(market: string): Promise<string> {
    const policy = JSON.parse(await readFile(join(EXAMPLES, FOLDER, "policy.json"), "utf8"));
    const series = marketSeries(parseMarket(await readFile(market, "utf8")));
    return JSON.stringify({ ...policy, market: { series } });
  }

  it("60 a source's signature for one subject is none for another", async () => {
    const subjects = await readFile(join(EXAMPLES, FOLDER, "snapshot.json"), "utf8");
    const moved = subjects.replace(/"subject": "0x[0-9a-f]{40}"/, `"subject": "${REGISTRY}"`);
    const file = await place("moved.json", moved);
    for (const command of [["check"], ["prove", ...UNBOUND, "--out", join(folder, "never.json")]]) {
      const refused = await keelHere([...command, "--snapshot", file, ...PUBLIC, "--json"]);
      expect([refused.code, errorOf(refused).code]).toEqual([1, "snapshot.signature"]);
    }
  });

  it("13 a key that the policy does not approve signs nothing", async () => {
    const key = join(folder, "stranger.json");
    await keelHere(["keygen", "--out", key]);
    const args = [
      "sign",
      ...strategyArgs(FOLDER),
      "--key",
      key,
      "--out",
      join(folder, "never.json"),
      "--json",
    ];
    const ended = await keelHere(args);
    expect([ended.code, errorOf(ended).code]).toEqual([1, "source.unknown"]);
  });
});
