// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a disclosure go all the way: a viewer makes a key, a policy names it, the manager proves, a registry accepts, everybody
 * reads the net asset value, the viewer reads the sums, and one reader an opening? And does a report say all of it, and no more?
 *
 * @module
 */
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { deployContract } from "@keel/contracts";
import { FIELD_ORDER } from "@keel/verifier";
import {
  type AifmdFacts,
  contentHashOf,
  type Report,
  type ReportRecord,
  reportTypedData,
  shareOf,
} from "@keel/verifier/report";
import { encodeAbiParameters, type Hex } from "viem";
import { afterAll, describe, expect, it, vi } from "vitest";
import { exampleTexts } from "../../dist/examples/generate.js";
import { STRATEGIES } from "../../dist/examples/strategies.js";
import { formatExamples } from "../../dist/scripts/format-examples.js";
import { now, travelTo } from "../support/chain.js";
import { DEPLOYER, startCommandWorld } from "../support/command-world.js";

vi.setConfig({ testTimeout: 60_000 });

const CIRCUITS = ["portfolio-health/spot-16", "disclosure/spot-16x1"] as const;
/** Of the strategy, on the local chain. */
const SUBJECT = "4";
const world = await startCommandWorld("delta-neutral-perps", CIRCUITS);
const { chain, binding, onChain, path, run, refused } = world;
const publicFiles = ["--market", path("market.json"), "--policy", path("policy.json")];
const readJson = world.read;
let secret: string;

afterAll(world.stop);

/** What the commands here print, as far as it is looked at. */
interface Told {
  readonly publicKey: readonly string[];
  readonly nav: { readonly value: string };
  readonly metrics: { readonly equity: string; readonly grossExposure: string };
  readonly readings: readonly {
    readonly figures: readonly { readonly name: string; readonly usd: string }[];
  }[];
  readonly trend: readonly object[];
  readonly figures: readonly object[];
}

async function succeeds(args: readonly string[], env?: Record<string, string>): Promise<Told> {
  const ended = await run(args, env);
  expect(ended.code, ended.stderr).toBe(0);
  expect(ended.stdout + ended.stderr).not.toContain(secret ?? "no secret yet");
  return JSON.parse(ended.stdout);
}

const verify = (file: string): string[] => [...world.verify(file, publicFiles), "--rpc", chain.rpcUrl];
const book = (): string[] => ["--snapshot", path("snapshot.json"), ...publicFiles];
const attest = (file: string): string[] => world.attest(file, publicFiles);

describe("61 a disclosure", () => {
  it("is asked for by a policy that names a viewer's key and a step", async () => {
    const { publicKey } = await succeeds(["viewer", "new", "--out", path("viewer.json")]);
    await succeeds(["viewer", "new", "--out", path("stranger.json")]);
    expect((await stat(path("viewer.json"))).mode & 0o077).toBe(0);
    secret = (await readJson("viewer.json")).secret;
    const policy = await readJson("policy.json");
    const disclosure = {
      circuit: CIRCUITS[1],
      navStep: "1000",
      viewers: [{ name: "Regulator", key: publicKey }],
    };
    await writeFile(path("policy.json"), JSON.stringify({ ...policy, disclosure }));
    await succeeds(["check", ...book(), "--units", path("units.json")]);
  });

  it("is proven with the health proof, into one attestation that verifies whole and not without", async () => {
    await world.enrol(SUBJECT);
    const secrets = ["--enrolment", path("enrolment.json"), "--state-out", path("state.json")];
    const out = ["--out", path("attestation.json"), "--opening", path("salts.json")];
    const units = ["--units", path("units.json")];
    const { nav } = await succeeds(["prove", ...book(), ...binding, ...secrets, ...units, ...out]);
    expect(BigInt(nav.value) % 10n ** 19n).toBe(0n);
    expect(await succeeds(verify("attestation.json"))).toMatchObject({ nav: { value: nav.value } });

    const attestation = await readJson("attestation.json");
    const write = (name: string, content: unknown) => writeFile(path(name), JSON.stringify(content));
    const { disclosure, ...alone } = attestation;
    await write("alone.json", alone);
    await refused(verify("alone.json"), "proof.mismatch", 3);
    await refused(attest("alone.json"), "proof.mismatch", 3);
    const richer = { ...disclosure, nav: `${BigInt(disclosure.nav) + 1n}` };
    await write("richer.json", { ...attestation, disclosure: richer });
    await refused(verify("richer.json"), "proof.invalid", 3);
    const words = disclosure.sealed.words.with(
      0,
      `${(BigInt(disclosure.sealed.words[0]) + 1n) % FIELD_ORDER}`,
    );
    const altered = { ...disclosure, sealed: { ...disclosure.sealed, words } };
    await write("altered.json", { ...attestation, disclosure: altered });
    await refused(verify("altered.json"), "proof.invalid", 3);
    const cut = { ...disclosure, sealed: { ...disclosure.sealed, words: words.slice(1) } };
    await write("cut.json", { ...attestation, disclosure: cut });
    await refused(verify("cut.json"), "proof.mismatch", 3);
  });

  it("is accepted by the registry with its proof, and shown by status and history", async () => {
    await succeeds(["publish-policy", ...publicFiles, ...onChain, "--account", DEPLOYER]);
    await world.publish("prices", publicFiles);
    await refused([...verify("attestation.json"), "--on-chain"], "proof.notOnChain", 3);
    for (const name of ["altered.json", "richer.json"])
      await refused(attest(name), "registry.proofRefused", 3);
    await succeeds(attest("attestation.json"));
    expect(await succeeds([...verify("attestation.json"), "--on-chain"])).toHaveProperty("onChain");
    const { subject, disclosure } = await readJson("attestation.json");
    const value = `${BigInt(disclosure.nav) * 10n ** 19n}`;
    expect(await succeeds(["status", ...onChain, ...publicFiles, "--subject", subject])).toMatchObject({
      nav: { value },
    });
    expect(await succeeds(["history", ...onChain])).toMatchObject({ proofs: "verified", nav: [{ value }] });
  });

  it("is read by the viewer alone, into figures, a CSV and a trend", async () => {
    const read = ["read", ...onChain, ...publicFiles];
    const csv = ["--csv", path("figures.csv")];
    const { readings, trend } = await succeeds([...read, "--viewer-key", path("viewer.json"), ...csv]);
    const { metrics } = await succeeds(["check", ...book(), "--units", path("units.json")]);
    const figures = new Map(readings[0]!.figures.map(({ name, usd }) => [name, usd]));
    expect(figures.get("equity")).toBe(metrics.equity);
    expect(figures.get("gross exposure")).toBe(metrics.grossExposure);
    expect(trend).toMatchObject([{ equityPerUnit: "+0.00 %" }]);
    expect(await readFile(path("figures.csv"), "utf8")).toContain(metrics.equity);
    expect((await stat(path("figures.csv"))).mode & 0o077).toBe(0);
    const env = { KEEL_VIEWER_KEY: secret };
    expect((await succeeds(read, env)).readings).toEqual(readings);
    await refused([...read, "--viewer-key", path("stranger.json")], "disclosure.viewer", 1);
    await refused(read, "usage", 1);
  });

  it("can be opened to one reader, without the portfolio's salt, and holds for its own attestation only", async () => {
    const salts = await readJson("salts.json");
    const parts = ["--attestation", path("attestation.json"), "--enrolment", path("enrolment.json")];
    const open = ["open", ...book(), ...parts, "--salts", path("salts.json"), "--out", path("opening.json")];
    const { figures } = await succeeds(open);
    const text = await readFile(path("opening.json"), "utf8");
    expect(text).not.toContain(salts.portfolioSalt);
    const shown = await succeeds([
      ...verify("attestation.json"),
      "--opening",
      path("opening.json"),
      "--on-chain",
    ]);
    expect(shown.figures).toEqual(figures);
    const opening = JSON.parse(text);
    const richer = { ...opening, sums: { ...opening.sums, equity: `${BigInt(opening.sums.equity) + 1n}` } };
    await writeFile(path("richer-opening.json"), JSON.stringify(richer));
    const holding = (name: string) => [...verify("attestation.json"), "--opening", path(name)];
    await refused(holding("richer-opening.json"), "opening.mismatch", 3);
    await writeFile(path("other-opening.json"), JSON.stringify({ ...opening, digest: "5" }));
    await refused(holding("other-opening.json"), "opening.mismatch", 3);
    await writeFile(path("other-salts.json"), JSON.stringify({ ...salts, exposuresSalt: "5" }));
    const wrong = ["--salts", path("other-salts.json"), "--out", path("none.json")];
    await refused(["open", ...book(), ...parts, ...wrong], "opening.mismatch", 3);
  });
});

/** Days from one snapshot to the next: longer than an attestation counts. */
const LATER = 2 * 86_400;
const FUND = "Aurelia Fund";

describe("a report", () => {
  let subject: string;
  let report: Report;
  const make = (...more: string[]): string[] => [
    ...["report", ...onChain, ...publicFiles, "--viewer-key", path("viewer.json")],
    ...["--subject", `${FUND}=${subject}`, ...more],
  ];
  const verifyReport = (name: string, ...more: string[]): string[] => [
    "report",
    "verify",
    path(name),
    ...more,
  ];
  const write = (name: string, content: unknown) => writeFile(path(name), JSON.stringify(content));
  const outputs = (): string[] =>
    ["out.report", "csv", "pdf"].flatMap((form) => [`--${form.split(".")[0]}`, path(`report.${form}`)]);
  const hashed = (copy: Report): Report => ({ ...copy, contentHash: contentHashOf(copy) });

  /** Another snapshot, some days later, attested. */
  async function attestLater(): Promise<void> {
    await travelTo(chain, (await now(chain)) + LATER);
    const strategy = STRATEGIES.find(({ folder }) => folder === "delta-neutral-perps")!;
    // A little more in dollars: another book.
    const positions = { ...strategy.positions, USDC: "1850000" };
    const changes = { [strategy.accountId]: positions };
    const texts = exampleTexts(strategy, { asOf: await now(chain), changes });
    for (const name of ["snapshot", "market", "units"] as const)
      await writeFile(path(`${name}.json`), texts[name]!);
    for (const account of ["5", "6"]) await rm(path(`prices-${account}.json`));
    await world.publish("prices", publicFiles);
    const secrets = ["--enrolment", path("enrolment.json"), "--state", path("state.json")];
    const out = ["--out", path("later.json"), "--units", path("units.json")];
    await succeeds(["prove", ...book(), ...binding, ...secrets, ...out]);
    await succeeds(attest("later.json"));
  }

  it("is made of a record with lapses, in every form, signed, as secret as what it was read from", async () => {
    subject = (await readJson("attestation.json")).subject;
    await attestLater();
    const revoke = ["revoke", ...onChain, ...publicFiles, "--reason", "=cmd|'/c calc'!A1"];
    await succeeds([...revoke, "--account", SUBJECT]);
    const told = (await succeeds(make(...outputs(), "--sign", "--account", "1"))) as unknown as {
      readonly report: Report;
    };
    report = told.report;
    expect(await readJson("report.out.report")).toEqual(report);
    for (const form of ["out.report", "csv", "pdf"])
      expect((await stat(path(`report.${form}`))).mode & 0o077).toBe(0);
    const [record] = report.records;
    expect(record).toMatchObject({ label: FUND, now: { healthy: false, standing: "revokedBySubject" } });
    expect(record!.lapses.map(({ cause }) => cause)).toEqual(["expired", "revokedBySubject"]);
    expect(record!.attestations).toHaveLength(2);
    expect(record!.attestations[0]!.figures).toContainEqual(
      expect.objectContaining({ name: "P&L Everything down 40%" }),
    );
    expect(report.warning).toContain("DEVELOPMENT KEY");
    expect(await readFile(path("report.csv"), "utf8")).not.toMatch(/(^|,)"?=/m);
  });

  it("is verified by its hash and signature, and against the chain, in each of its forms", async () => {
    const forms = ["--csv", path("report.csv"), "--pdf", path("report.pdf")];
    expect(await succeeds(verifyReport("report.out.report", ...forms))).toMatchObject({
      ...{ chain: "not asked", forms: ["CSV", "PDF"], signer: report.signature!.signer },
    });
    const all = [...onChain, ...publicFiles, "--viewer-key", path("viewer.json")];
    const told = await succeeds(verifyReport("report.out.report", ...all));
    expect(told).toMatchObject({ chain: "says the same", notCompared: [expect.stringContaining("names")] });
    // Without a key the sums are not compared, and it says so.
    expect(await succeeds(verifyReport("report.out.report", ...onChain))).toMatchObject({
      notCompared: [
        expect.stringContaining("sums of 2"),
        expect.stringContaining("1 policies"),
        expect.anything(),
      ],
    });
    await refused(verifyReport("report.out.report", "--expect-signer", subject), "report.signature", 3);
  });

  it("is refused where it says what the chain does not, also under a right hash", async () => {
    const { signature, ...unsigned } = report;
    const viewing = [...onChain, "--viewer-key", path("viewer.json")];
    const changed = (change: (record: ReportRecord, copy: Report) => void): Report => {
      const copy = structuredClone(unsigned) as Report;
      change(copy.records[0]!, copy);
      return hashed(copy);
    };
    /** With all that follows, so that its own parts do not tell. */
    const withoutLapse = changed(({ lapses, span, whole }) => {
      const { from, until } = lapses.shift()!;
      for (const stretch of [span, whole]) {
        const healthy = stretch.healthy + until! - from;
        const share = shareOf({ seconds: stretch.seconds, healthy });
        Object.assign(stretch, { healthy, share, lapses: 1, longestLapse: 0 });
      }
    });
    const { policyId } = report.policies[0]!;
    const renamed = JSON.parse(JSON.stringify(unsigned).replaceAll(policyId, `0x${"99".repeat(32)}`));
    const cases: readonly [string, Report, string, readonly string[]][] = [
      ["altered", { ...report, warning: "all is well" }, "report.hash", []],
      [
        "other-signature",
        hashed({ ...report, records: [{ ...report.records[0]!, label: "Borealis" }] }),
        "report.signature",
        [],
      ],
      [
        "other-signature-chain",
        hashed({ ...report, records: [{ ...report.records[0]!, label: "B" }] }),
        "report.signature",
        onChain,
      ],
      ["no-lapse", changed(({ lapses }) => void lapses.shift()), "report.derived", []],
      ["no-lapse-at-all", withoutLapse, "report.mismatch", onChain],
      [
        "not-taken-back",
        changed(({ attestations }) => Reflect.deleteProperty(attestations[1]!, "ended")),
        "report.mismatch",
        onChain,
      ],
      [
        "other-figures",
        changed(({ attestations: [first, second] }) => {
          const { sums, figures, ratios } = first!;
          Object.assign(first!, { sums: second!.sums, figures: second!.figures, ratios: second!.ratios });
          Object.assign(second!, { sums, figures, ratios });
        }),
        "report.mismatch",
        viewing,
      ],
      [
        "good-weeks",
        changed(({ attestations }) => {
          for (const field of ["sums", "figures", "ratios", "read"])
            Reflect.deleteProperty(attestations[1]!, field);
        }),
        "report.mismatch",
        viewing,
      ],
      ["no-warning", changed((_, copy) => Reflect.deleteProperty(copy, "warning")), "report.derived", []],
      [
        "no-development-key",
        changed((_, copy) => {
          Reflect.deleteProperty(copy, "warning");
          for (const key of copy.proofs.keys) key.development = false;
        }),
        "report.mismatch",
        onChain,
      ],
      [
        "nobody",
        changed((record) => Object.assign(record, { subject: `0x${"99".repeat(20)}` })),
        "report.mismatch",
        onChain,
      ],
      ["no-such-policy", hashed(renamed), "report.mismatch", onChain],
      [
        "other-chain",
        changed((_, { chain: told }) => Object.assign(told, { chainId: 1 })),
        "report.mismatch",
        onChain,
      ],
      [
        "no-such-block",
        changed((_, { chain: told }) => Object.assign(told, { block: 10 ** 9 })),
        "report.mismatch",
        onChain,
      ],
      [
        "other-block",
        changed((_, { chain: told }) => Object.assign(told, { blockHash: `0x${"99".repeat(32)}` })),
        "report.mismatch",
        onChain,
      ],
    ];
    for (const [name, content, code, more] of cases) {
      await write(`${name}.json`, content);
      await refused(verifyReport(`${name}.json`, ...more), code, 3);
    }
    const csv = await readFile(path("report.csv"), "utf8");
    await writeFile(path("richer.csv"), csv.replace(/,sealed,/, ",sealed,1"));
    await refused(verifyReport("report.out.report", "--csv", path("richer.csv")), "report.form", 3);
  });

  it("says whose records it is of, and is refused where somebody asked for is left out", async () => {
    const asked = verifyReport("report.out.report", "--subject", subject);
    expect(await succeeds(asked)).toMatchObject({
      records: [{ subject, attestations: { shown: 2, withSums: 2 }, lapses: { span: 2, whole: 2 } }],
    });
    await refused([...asked, "--subject", `0x${"99".repeat(20)}`], "report.mismatch", 3);
  });

  it("may say nothing of sums and names: whoever could read them is told", async () => {
    const bare = ["report", ...onChain, "--subject", subject, "--out", path("bare.json")];
    await succeeds(bare);
    const all = [...onChain, ...publicFiles, "--viewer-key", path("viewer.json")];
    expect(await succeeds(verifyReport("bare.json", ...all))).toMatchObject({
      ...{ chain: "says the same", notCompared: ["sums, of which the report says nothing"] },
    });
  });

  it("is signed by a contract too, which the chain alone can tell", async () => {
    const owners = chain.signers.slice(7, 10);
    const clients = { walletClient: chain.wallets[0]!, publicClient: chain.client };
    const addresses = owners.map(({ address }) => address);
    const contract = (await deployContract(clients, "Administrator", [addresses, 2n])).toLowerCase();
    const { signature: _, ...unsigned } = report;
    const signedBy = async (count: number, content: Report): Promise<Report> => {
      const by = owners.slice(0, count);
      const typed = reportTypedData(content.contentHash as Hex);
      const signatures = await Promise.all(by.map(async (owner) => await owner.signTypedData(typed)));
      const words = [by.map(({ address }) => address), signatures] as const;
      const signature = encodeAbiParameters([{ type: "bytes[]" }, { type: "bytes[]" }], words);
      return { ...content, signature: { signer: contract, signature } };
    };
    await write("by-contract.json", await signedBy(2, unsigned));
    const held = verifyReport("by-contract.json", ...onChain, "--expect-signer", contract);
    expect(await succeeds(held)).toMatchObject({ signer: contract });
    await refused(verifyReport("by-contract.json"), "report.signature", 3);
    await write("by-one.json", await signedBy(1, unsigned));
    const other = hashed({ ...unsigned, records: [{ ...unsigned.records[0]!, label: "Borealis" }] });
    const { signature } = await signedBy(2, unsigned);
    await write("by-nobody.json", { ...unsigned, signature: { ...signature!, signer: subject } });
    await write("replayed.json", { ...other, signature });
    for (const name of ["by-one.json", "by-nobody.json", "replayed.json"])
      await refused(verifyReport(name, ...onChain), "report.signature", 3);
    // The PDF may be of before it was signed.
    await succeeds([
      "report",
      ...onChain,
      "--subject",
      subject,
      "--out",
      path("plain.json"),
      "--pdf",
      path("plain.pdf"),
    ]);
    await write("plain-signed.json", await signedBy(2, await readJson("plain.json")));
    await succeeds(verifyReport("plain-signed.json", ...onChain, "--pdf", path("plain.pdf")));
  });

  it("is filed for a year that has ended, each field proven, disclosed or declared", async () => {
    const year = new Date(report.records[0]!.attestations.at(-1)!.asOf * 1000).getUTCFullYear();
    await travelTo(chain, Date.UTC(year + 1, 0, 1) / 1000 + 60);
    const facts = structuredClone(formatExamples()["aifmd-facts/1"]) as AifmdFacts;
    Object.assign(facts, { period: { type: "Y1", year } });
    Object.assign(facts.aifs[0]!, { subject, name: "Aurelia & <Sons> --" });
    await write("facts.json", facts);
    const filed = ["--facts", path("facts.json"), "--aifmd", path("aif.xml")];
    const out = ["--from", `${Date.UTC(year, 0, 1) / 1000}`, "--out", path("year.json")];
    expect(await succeeds(make(...filed, ...out))).toMatchObject({ aifmd: { disclosed: 2 } });
    const xml = await readFile(path("aif.xml"), "utf8");
    expect(xml).toContain("<AIFName>Aurelia &amp; &lt;Sons&gt; --</AIFName>");
    expect(xml).toMatch(/<AIFNetAssetValue>\d+<\/AIFNetAssetValue> <!-- proven, by a DEVELOPMENT KEY/);
    expect((await stat(path("aif.xml"))).mode & 0o077).toBe(0);
    expect(await succeeds(verifyReport("year.json", ...filed))).toMatchObject({ forms: ["XML"] });
    await refused(make("--aifmd", path("none.xml")), "usage", 1);
    Object.assign(facts, { period: { type: "Y1", year: year + 1 } });
    await write("facts.json", facts);
    await refused(make("--aifmd", path("none.xml"), "--facts", path("facts.json")), "aifmd.period", 1);
    await expect(stat(path("none.xml"))).rejects.toThrow("ENOENT");
  });

  it("is not made of what is asked wrongly, and writes nothing then", async () => {
    const asked: readonly [readonly string[], string][] = [
      [["--from", "2026-02-01", "--until", "2026-01-01"], "report.span"],
      [["--until", "2199-01-01"], "report.span"],
      [["--from", `${Date.now()}`], "input.time"],
      [["--subject", subject], "report.twice"],
      [["--line", "nobody opened it"], "report.line"],
      [["--policy-id", `0x${"1".repeat(64)}`], "report.policy"],
    ];
    for (const [more, code] of asked) await refused(make(...more, "--out", path("none.json")), code, 1);
    const stranger = ["report", ...onChain, "--subject", subject, "--viewer-key", path("stranger.json")];
    await refused([...stranger, "--csv", path("none.csv")], "disclosure.viewer", 1);
    await refused(["report", ...onChain, "--subject", `0x${"9".repeat(40)}`], "report.empty", 1);
    await refused(make("--out", path("report.csv")), "file.exists", 1);
    for (const name of ["none.json", "none.csv"]) await expect(stat(path(name))).rejects.toThrow("ENOENT");
  });
});
