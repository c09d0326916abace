// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a limit on the days to unwind go all the way: depths from order books, pinned by a policy, shown to the manager, proven with the
 * health proof, verified off chain, accepted by a registry, and verified again from its logs?
 *
 * @module
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureCircuit } from "@keel/circuits";
import { compileVerifiers, deployKeel, type VerifierSource } from "@keel/contracts";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { exampleTexts } from "../../dist/examples/generate.js";
import { STRATEGIES } from "../../dist/examples/strategies.js";
import { now, startTestChain, type TestChain } from "../support/chain.js";
import { type Ended, errorOf, keelHere } from "../support/cli.js";

vi.setConfig({ hookTimeout: 180_000, testTimeout: 60_000 });

const STRATEGY = STRATEGIES.find(({ folder }) => folder === "cash-and-carry")!;
const CIRCUITS = ["portfolio-health/spot-16", "liquidity/16x1"] as const;
/** Accounts of the local chain: the subject is number 3. */
const [DEPLOYER, SUBJECT, PUBLISHER, SECOND_PUBLISHER] = ["0", "3", "5", "6"] as const;

let chain: TestChain;
let folder: string;
let registry: string;
let onChain: string[];
/** Market and policy; the same with depths. */
let bare: string[];
let publicFiles: string[];
const path = (name: string): string => join(folder, name);
const write = async (name: string, content: unknown): Promise<void> =>
  await writeFile(path(name), typeof content === "string" ? content : JSON.stringify(content));
const read = async (name: string) => JSON.parse(await readFile(path(name), "utf8"));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keel-liquidity-"));
  const verifiers: VerifierSource[] = [];
  for (const [i, circuit] of CIRCUITS.entries()) {
    const { verificationKey } = await ensureCircuit(circuit);
    verifiers.push({ circuit, contractName: `UnwindVerifier${i}`, insecure: true, verificationKey });
  }
  await compileVerifiers(verifiers);
  chain = await startTestChain();
  ({ registry } = await deployKeel({
    walletClient: chain.wallets[0]!,
    publicClient: chain.client,
    publishers: [5, 6].map((i) => chain.signers[i]!.address),
    threshold: 2,
    verifiers: verifiers.map(({ circuit, contractName }) => ({ circuit, contractName })),
  }));
  onChain = ["--rpc", chain.rpcUrl, "--registry", registry];
  const { snapshot, market, policy } = exampleTexts(STRATEGY, { asOf: await now(chain) });
  for (const [name, text] of Object.entries({ snapshot, market })) await write(`${name}.json`, text);
  const { limits, ...terms } = JSON.parse(policy);
  await write("draft.json", {
    ...terms,
    limits: { ...limits, maxDaysToUnwind: "2" },
    liquidity: { circuit: "liquidity/16x1", participation: "0.1", maxLiquiditySkew: 3_600 },
  });
  bare = ["--market", path("market.json"), "--policy", path("policy.json")];
  publicFiles = [...bare, "--liquidity", path("liquidity.json")];
});

afterAll(async () => {
  await chain?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The chain's clock may be ahead of this machine's, by a second a block. */
async function run(args: readonly string[]): Promise<Ended> {
  return await keelHere([...args, "--json"], { now: (await now(chain)) + 1 });
}

async function succeeds(args: readonly string[]): Promise<Record<string, unknown>> {
  const ended = await run(args);
  expect(ended.code, ended.stderr).toBe(0);
  return JSON.parse(ended.stdout);
}

async function refused(args: readonly string[], code: string, exit: number): Promise<void> {
  const ended = await run(args);
  expect([errorOf(ended).code, ended.code], ended.stderr).toEqual([code, exit]);
}

const binding = (): string[] => ["--chain-id", String(chain.chainId), "--registry", registry];

const verify = (file: string, files: readonly string[]): string[] => [
  "verify",
  ...files,
  ...binding(),
  "--attestation",
  path(file),
];

describe("days to unwind", () => {
  it("are by depths that `market depth` writes from order books, whose series the policy names", async () => {
    const { asOf, instruments } = await read("market.json");
    await write("book.json", { bids: [["2999", "1000"]], asks: [["3001", "1000"]] });
    const from = { book: "binance", name: "ALL" };
    const rows = (instruments as readonly { readonly id: string; readonly kind: string }[]).map(
      ({ id, kind }) => ({ id, from: kind === "cash" ? "unlimited" : from }),
    );
    const method = { participation: "0.1", band: "0.01", refills: 24, maxAge: 60 };
    await write("sources.json", { keel: "depth-sources/1", ...method, instruments: rows });
    const depth = ["market", "depth", "--sources", path("sources.json"), "--market", path("market.json")];
    const saved = ["--response", `binance:ALL=${path("book.json")}`, "--at", `binance=${asOf}`];
    const out = ["--as-of", `${asOf}`, "--out", path("liquidity.json")];
    await succeeds([...depth, ...saved, ...out]);
    const pin = ["policy", "pin", "--policy", path("draft.json"), "--market", path("market.json")];
    const to = ["--out", path("policy.json")];
    await refused([...pin, ...to], "liquidity.missing", 1);
    const pinned = await succeeds([...pin, "--liquidity", path("liquidity.json"), ...to]);
    expect(pinned.liquiditySeries).toMatch(/^0x04/);
  });

  it("are shown by instrument, the slowest first, and a book that takes longer is not healthy", async () => {
    const check = ["check", "--snapshot", path("snapshot.json"), ...publicFiles];
    const { limits, unwind } = (await succeeds(check)) as never as {
      readonly limits: readonly { readonly name: string; readonly value: string; readonly worst: string }[];
      readonly unwind: readonly { readonly instrument: string; readonly days: string }[];
    };
    const slowest = limits.find(({ name }) => name === "maxDaysToUnwind")!;
    expect([slowest.worst, slowest.value]).toEqual([unwind[0]!.instrument, unwind[0]!.days]);
    expect(unwind.find(({ instrument }) => instrument === "USDC")!.days).toBe("0");
    const shown = await keelHere(check, { now: (await now(chain)) + 1 });
    expect(shown.stdout).toMatch(/to unwind +units +a day +days +of 2 days\n.*#/);
    // A hundredth of the depth: of the same series, so the policy takes it.
    const table = await read("liquidity.json");
    await write("thin.json", {
      ...table,
      instruments: table.instruments.map(({ id, depth }: { id: string; depth: string }) => ({
        id,
        depth: depth === "unlimited" ? depth : `${Number(depth) / 100}`,
      })),
    });
    const thin = [...bare, "--liquidity", path("thin.json")];
    const ended = await keelHere(["check", "--snapshot", path("snapshot.json"), ...thin], {
      now: (await now(chain)) + 1,
    });
    expect([ended.code, ended.stdout]).toEqual([2, expect.stringContaining("BEYOND")]);
  });

  it("81 refuse a table of another participation, order or kind of cash, and a policy without the limit", async () => {
    const table = await read("liquidity.json");
    const check = ["check", "--snapshot", path("snapshot.json")];
    const tried = async (change: object, code: string): Promise<void> => {
      await write("other.json", { ...table, ...change });
      await refused([...check, ...bare, "--liquidity", path("other.json")], code, 1);
    };
    await tried({ participation: "0.2" }, "policy.participation");
    await tried({ band: "0.02" }, "policy.series");
    await tried({ instruments: table.instruments.toReversed() }, "liquidity.instruments");
    const all = table.instruments.map(({ id }: { id: string }) => ({ id, depth: "unlimited" }));
    await tried({ instruments: all }, "liquidity.unlimited");
    await tried({ instruments: [{ id: "USDC", depth: "184467440737.09551615" }] }, "liquidity.depth");
    await refused([...check, ...bare], "liquidity.missing", 1);
  });

  it("are proven into one attestation, which verifies with the depths and not without", async () => {
    const list = ["--snapshot", path("snapshot.json"), "--policy", path("policy.json")];
    await succeeds(["enrol", ...list, "--out", path("enrolment.json")]);
    await succeeds(["enrol", "--enrolment", path("enrolment.json"), ...onChain, "--account", SUBJECT]);
    const secrets = ["--enrolment", path("enrolment.json"), "--state-out", path("state.json")];
    const out = ["--out", path("attestation.json")];
    const prove = ["prove", "--snapshot", path("snapshot.json"), ...binding(), ...secrets, ...out];
    await refused([...prove, ...bare], "liquidity.missing", 1);
    await succeeds([...prove, ...publicFiles]);
    await succeeds(verify("attestation.json", publicFiles));
    await refused(verify("attestation.json", bare), "liquidity.missing", 1);
  });

  it("verify only whole, with their own depths and their own proof", async () => {
    await refused(
      verify("attestation.json", [...bare, "--liquidity", path("thin.json")]),
      "proof.mismatch",
      3,
    );
    const attestation = await read("attestation.json");
    const { liquidity, ...alone } = attestation;
    await write("alone.json", alone);
    await refused(verify("alone.json", publicFiles), "proof.mismatch", 3);
    const proof = { ...liquidity.proof, pi_a: attestation.proof.pi_a };
    await write("mixed.json", { ...attestation, liquidity: { ...liquidity, proof } });
    await refused(verify("mixed.json", publicFiles), "proof.invalid", 3);
    await write("secure.json", { ...attestation, liquidity: { ...liquidity, insecure: false } });
    await refused(verify("secure.json", publicFiles), "proof.mismatch", 3);
  });

  it("are accepted once both tables are published, and verified again from the logs", async () => {
    await succeeds(["publish-policy", ...bare, ...onChain, "--account", DEPLOYER]);
    for (const [table, files] of [
      ["prices", bare],
      ["liquidity", publicFiles],
    ] as const) {
      const which = ["--table", table];
      if (table === "liquidity") await refused(attest(), "registry.marketNotAccepted", 3);
      const signatures: string[] = [];
      for (const account of [PUBLISHER, SECOND_PUBLISHER]) {
        const out = path(`${table}-${account}.json`);
        await succeeds(["sign-market", ...files, ...which, ...onChain, "--account", account, "--out", out]);
        signatures.push("--signature", out);
      }
      const by = [...onChain, "--account", DEPLOYER, ...signatures];
      await succeeds(["publish-market", ...files, ...which, ...by]);
    }
    await succeeds(attest());
    await succeeds(["status", ...onChain, ...bare, "--subject", STRATEGY.subject]);
    expect(await succeeds(["history", ...onChain])).toMatchObject({ proofs: "verified" });
  });

  const attest = (): string[] => [
    "attest",
    ...publicFiles,
    ...onChain,
    "--account",
    DEPLOYER,
    "--attestation",
    path("attestation.json"),
  ];
});
