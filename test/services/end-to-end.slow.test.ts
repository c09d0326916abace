// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * From accounts at venues to an attestation on a chain: three source programs on loopback, one of them a 2-of-3 quorum whose
 * third member lies, each over a stand-in venue; `keel collect`, `enrol`, `prove`, `attest`, and what is told afterwards.
 *
 * @module
 */

import { createHmac } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureCircuit } from "@keel/circuits";
import { compileVerifiers, deployKeel } from "@keel/contracts";
import { parseSnapshot } from "@keel/prover";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { OTHER_SOURCE, SOURCE } from "../support/book.js";
import { now, startTestChain, type TestChain } from "../support/chain.js";
import { type Ended, keelHere } from "../support/cli.js";
import {
  account,
  CIRCUIT,
  ceremony,
  coordinatorHome,
  type Home,
  home,
  marketText,
  PLACES,
  type Program,
  policyText,
  standIn,
  startSource,
} from "./support.js";

vi.setConfig({ hookTimeout: 300_000, testTimeout: 300_000 });

const NAMES = ["ann", "bob", "cyd"];
const shares = ceremony(NAMES, 2);
const KEYS = {
  "Halyard Custody": SOURCE.publicKey,
  "Northgate Prime": OTHER_SOURCE.publicKey,
  "Two of three auditors": shares[0]!.quorum.publicKey,
};
const EVIDENCE = {
  "Halyard Custody": "operator-read",
  "Northgate Prime": "operator-read",
  "Two of three auditors": "quorum",
};
const API_SECRET = "b".repeat(64);
const [DEPLOYER, SUBJECT_ACCOUNT, PUBLISHER, ANYBODY] = ["0", "1", "5", "2"];

let chain: TestChain;
let folder: string;
let subject: `0x${string}`;
let onChain: string[];
let domain: string[];
let asOf: number;
const ends: (() => Promise<unknown>)[] = [];
const sources: Record<string, { readonly url: string; readonly token: string }> = {};
const path = (name: string): string => join(folder, name);
const files = (): string[] => ["--market", path("market.json"), "--policy", path("policy.json")];

/** A venue as Binance answers, to who signs with the key: spot coins, and a perpetual short against them. */
async function binanceStandIn(uid: number, ether: string, short: string): Promise<string> {
  const answers: Readonly<Record<string, object>> = {
    "/api/v3/account": {
      ...{ uid, accountType: "SPOT", canTrade: false },
      balances: [{ asset: "ETH", free: ether, locked: "0.00000000" }],
    },
    "/fapi/v3/account": {
      assets: [{ asset: "USDC", walletBalance: "1000.50", unrealizedProfit: "-0.25" }],
      positions: [{ symbol: "ETHUSDC", positionSide: "BOTH", positionAmt: short }],
    },
  };
  const venue = await standIn((place, { query, headers }) => {
    const [, signed, signature] = /^(.*)&signature=([0-9a-f]{64})$/.exec(query) ?? [];
    const expected = createHmac("sha256", API_SECRET)
      .update(signed ?? "")
      .digest("hex");
    if (headers["x-mbx-apikey"] !== "key" || signature !== expected) return { status: 401, json: {} };
    return { json: answers[place] };
  });
  ends.push(venue.stop);
  return venue.url;
}

/** A venue of another form, which an operator's own module reads. */
async function otherStandIn(): Promise<string> {
  const venue = await standIn(() => ({ json: { holder: "desk-7", coins: [["BTC", "0.5"]], owed: "20000" } }));
  ends.push(venue.stop);
  return venue.url;
}

const MODULE = `
export const venue = ({ settings }) => ({
  name: "northgate",
  read: async () => {
    const { holder, coins, owed } = await (await fetch(settings.url)).json();
    const rows = coins.map(([holding, amount]) => ({ holding, amount }));
    return {
      owner: holder,
      time: Math.floor(Date.now() / 1000),
      rows: [...rows, { holding: "USDC", amount: "-" + owed }],
    };
  },
});
`;

const venueDriver = (changes: object) => ({
  ...{ kind: "venue", credentials: "credentials.json", window: 3_600 },
  ...changes,
});

const binanceDriver = (url: string, uid: number) =>
  venueDriver({
    ...{ venue: "binance", owner: String(uid), spotUrl: url, futuresUrl: url },
    instruments: { ETH: "ETH", USDC: "USDC", "ETHUSDC perpetual": "ETH-PERP" },
  });

/** Starts a program over a venue. */
async function started(files: Home): Promise<Program> {
  const program = await startSource(files.config);
  ends.push(program.stop);
  return program;
}

async function readerHome(name: string, id: string, driver: object, parts: object): Promise<Home> {
  const files = await home(path(name), {
    ...{ accounts: [account({ id, subject, driver })], subjects: [subject] },
    ...parts,
  });
  await writeFile(
    join(files.folder, "credentials.json"),
    JSON.stringify({ apiKey: "key", apiSecret: API_SECRET }),
  );
  return files;
}

async function startSources(): Promise<void> {
  const one = binanceDriver(await binanceStandIn(11, "6.00000000", "-4.000"), 11);
  const custody = await readerHome("one", "custody", one, { key: SOURCE });
  const two = venueDriver({
    ...{ venue: "module", module: "venue.mjs", owner: "desk-7" },
    instruments: { ...PLACES, BTC: "BTC" },
  });
  const prime = await readerHome("two", "prime", two, { key: OTHER_SOURCE });
  await writeFile(join(prime.folder, "venue.mjs"), MODULE);
  await writeFile(join(prime.folder, "credentials.json"), JSON.stringify({ url: await otherStandIn() }));
  const honest = await binanceStandIn(33, "2.50000000", "-1.000");
  const rich = await binanceStandIn(33, "9999.00000000", "-1.000");
  const members = await Promise.all(
    NAMES.map(async (name, i) => {
      const driver = binanceDriver(name === "bob" ? rich : honest, 33);
      const member = await readerHome(name, "audited", driver, { share: shares[i]! });
      return { name, url: (await started(member)).url, token: member.token };
    }),
  );
  const quorum = await coordinatorHome(path("quorum"), shares[0]!, members, subject);
  const homes = { "Halyard Custody": custody, "Northgate Prime": prime, "Two of three auditors": quorum };
  for (const [name, files] of Object.entries(homes)) {
    sources[name] = { url: (await started(files)).url, token: files.token };
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keel-sources-"));
  const { verificationKey } = await ensureCircuit(CIRCUIT);
  const verifier = { circuit: CIRCUIT, contractName: "Fund64Verifier", insecure: true, verificationKey };
  await compileVerifiers([verifier]);
  chain = await startTestChain();
  ends.push(async () => await chain.stop());
  const { registry } = await deployKeel({
    walletClient: chain.wallets[Number(DEPLOYER)]!,
    publicClient: chain.client,
    publishers: [chain.signers[Number(PUBLISHER)]!.address],
    threshold: 1,
    verifiers: [{ circuit: CIRCUIT, contractName: "Fund64Verifier" }],
  });
  onChain = ["--rpc", chain.rpcUrl, "--registry", registry];
  domain = ["--chain-id", String(chain.chainId), "--registry", registry];
  subject = chain.signers[Number(SUBJECT_ACCOUNT)]!.address.toLowerCase() as `0x${string}`;
  asOf = Math.min(await now(chain), Math.floor(Date.now() / 1000)) - 1;
  const market = marketText(asOf);
  await writeFile(path("market.json"), market);
  await writeFile(path("policy.json"), policyText(KEYS, EVIDENCE, market));
  await startSources();
});

afterAll(async () => {
  for (const end of ends.reverse()) await end();
  await rm(folder, { recursive: true, force: true });
});

/** The chain's clock may be ahead of this machine's, by a second a block. */
async function run(args: readonly string[]): Promise<Ended> {
  const ended = await keelHere(args, { now: (await now(chain)) + 1 });
  expect(ended.code, ended.stderr).toBe(0);
  return ended;
}

async function collected(): Promise<Ended> {
  const tokens = Object.entries(sources).map(([name, { token }]) => `${name}=${token}\n`);
  await writeFile(path("tokens"), tokens.join(""), { mode: 0o600 });
  const asked = Object.entries(sources).flatMap(([name, { url }]) => ["--source", `${name}=${url}`]);
  return await run([
    ...["collect", "--json", ...files(), "--subject", subject, "--as-of", `${asOf}`, ...asked],
    ...["--token-file", path("tokens"), "--out", path("snapshot.json")],
  ]);
}

it("73 accounts of three sources become an attestation; the member that lies changes nothing and is named", async () => {
  const { stderr, stdout } = await collected();
  expect(stderr).toMatch(/member bob did not sign with the others \(quorum.account\)/);
  const { accounts } = JSON.parse(stdout);
  expect(accounts.map((one: { basis: { evidence: string } }) => one.basis.evidence)).toEqual(
    Object.values(EVIDENCE),
  );
  const snapshot = parseSnapshot(await readFile(path("snapshot.json"), "utf8"));
  expect(snapshot.accounts.map(({ id, positions }) => [id, Object.fromEntries(positions)])).toEqual([
    ["custody", { USDC: 100_025_000_000n, ETH: 600_000_000n, "ETH-PERP": -400_000_000n }],
    ["prime", { USDC: -2_000_000_000_000n, BTC: 50_000_000n }],
    ["audited", { USDC: 100_025_000_000n, ETH: 250_000_000n, "ETH-PERP": -100_000_000n }],
  ]);

  const list = ["--snapshot", path("snapshot.json"), "--policy", path("policy.json")];
  await run(["enrol", ...list, "--out", path("enrolment.json")]);
  const enrolment = ["--enrolment", path("enrolment.json")];
  await run(["publish-policy", ...files(), ...onChain, "--account", DEPLOYER!]);
  await run(["enrol", ...enrolment, ...onChain, "--account", SUBJECT_ACCOUNT!]);
  const signature = ["--out", path("signature.json")];
  await run(["sign-market", ...files(), ...onChain, "--account", PUBLISHER!, ...signature]);
  const published = ["--signature", path("signature.json")];
  await run(["publish-market", ...files(), ...onChain, "--account", ANYBODY!, ...published]);

  const book = ["--snapshot", path("snapshot.json"), ...files()];
  const attestation = ["--attestation", path("attestation.json")];
  await run(["prove", ...book, ...domain, ...enrolment, "--out", path("attestation.json")]);
  await run(["attest", ...files(), ...onChain, ...attestation, "--account", ANYBODY!]);
  const status = await run(["status", ...onChain, ...files(), "--subject", subject, "--json"]);
  expect(JSON.parse(status.stdout)).toMatchObject({ healthy: true, count: 1 });

  const verified = await run(["verify", ...files(), ...domain, ...attestation]);
  expect(verified.stdout).toContain("Two of three auditors (quorum)");
  const told = await run(["history", ...onChain, ...files()]);
  expect(told.stdout).toContain(
    "What Two of three auditors signs rests at least on the readings of several parties",
  );
  const bare = await run(["history", ...onChain]);
  expect(bare.stdout).toContain("not on chain");
  const checked = await run(["check", ...book]);
  expect(checked.stdout).toContain("What Northgate Prime signs rests at least on a venue");
});
