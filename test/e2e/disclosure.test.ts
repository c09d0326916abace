// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a disclosure go all the way: a viewer makes a key, a policy names it, the manager proves, a registry accepts, everybody
 * reads the net asset value, the viewer reads the sums, and one reader an opening?
 *
 * @module
 */
import { readFile, stat, writeFile } from "node:fs/promises";
import { FIELD_ORDER } from "@keel/verifier";
import { afterAll, describe, expect, it, vi } from "vitest";
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
