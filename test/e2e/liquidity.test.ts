// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a limit on the days to unwind go all the way: depths from order books, pinned by a policy, shown to the manager, proven with the
 * health proof, verified off chain, accepted by a registry, and verified again from its logs? And does a report say what became of
 * it: under a line, by the bucket of a filing, when a guardian closed the record, and when somebody voided it?
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { healthRegistryAbi, marketBookAbi, policyBookAbi } from "@keel/verifier/chain";
import { type AifmdFacts, contentHashOf, type Report, type ReportRecord } from "@keel/verifier/report";
import { encodeEventTopics, type Hex } from "viem";
import { afterAll, describe, expect, it, vi } from "vitest";
import { formatExamples } from "../../dist/scripts/format-examples.js";
import { now, write as send, travelTo, undone } from "../support/chain.js";
import { keelHere } from "../support/cli.js";
import { DEPLOYER, startCommandWorld } from "../support/command-world.js";

vi.setConfig({ testTimeout: 60_000 });

/** Of the strategy, on the local chain. */
const SUBJECT = "3";
const world = await startCommandWorld("cash-and-carry", ["portfolio-health/spot-16", "liquidity/16x1"]);
const { chain, binding, onChain, path, read, write, succeeds, refused, verify } = world;
const { limits, ...terms } = JSON.parse(world.texts.policy);
await write("draft.json", {
  ...terms,
  limits: { ...limits, maxDaysToUnwind: "2" },
  liquidity: { circuit: "liquidity/16x1", participation: "0.1", maxLiquiditySkew: 3_600 },
});
/** Market and policy; the same with depths. */
const bare = ["--market", path("market.json"), "--policy", path("pinned.json")];
const publicFiles = [...bare, "--liquidity", path("liquidity.json")];
const attest = world.attest("attestation.json", publicFiles);

afterAll(world.stop);

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
    const to = ["--out", path("pinned.json")];
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
    await world.enrol(SUBJECT);
    const secrets = ["--enrolment", path("enrolment.json"), "--state-out", path("state.json")];
    const out = ["--out", path("attestation.json"), "--opening", path("salts.json")];
    const prove = ["prove", "--snapshot", path("snapshot.json"), ...binding, ...secrets, ...out];
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
    await world.publish("prices", bare);
    await refused(attest, "registry.marketNotAccepted", 3);
    await world.publish("liquidity", publicFiles);
    await succeeds(attest);
    await succeeds(["status", ...onChain, ...bare, "--subject", JSON.parse(world.texts.snapshot).subject]);
    expect(await succeeds(["history", ...onChain])).toMatchObject({ proofs: "verified" });
  });
});

/** A node that answers as the chain's does, but for logs of some events of the policy book. */
async function withNode(hidden: readonly LineEvent[], work: (rpc: string) => Promise<void>): Promise<void> {
  const topics = hidden.map((eventName) => encodeEventTopics({ abi: policyBookAbi, eventName })[0]);
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const headers = { "content-type": "application/json" };
    const answer = await (await fetch(chain.rpcUrl, { method: "POST", headers, body })).json();
    for (const { result } of [answer].flat() as { result?: unknown }[]) {
      if (!Array.isArray(result)) continue;
      const kept = (result as Log[]).filter(({ topics: [own] = [] }) => !topics.includes(own));
      result.splice(0, result.length, ...kept);
    }
    response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

interface Log {
  readonly topics?: readonly Hex[];
}

type LineEvent = "LineMoved" | "TighteningUndone";

describe("a report of them", () => {
  const { subject } = JSON.parse(world.texts.snapshot) as { readonly subject: string };
  /** The policy's, and that of one with a lower leverage. */
  let ids: { readonly own: string; readonly tighter: string };
  const make = async (...more: string[]): Promise<{ report: Report; record: ReportRecord }> => {
    const made = ["report", ...onChain, "--subject", subject, "--out", path("report.json"), "--force"];
    const { report } = await succeeds<{ report: Report }>([...made, ...more]);
    return { report, record: report.records[0]! };
  };
  const holding = (file: string, ...more: string[]): string[] => [
    ...["report", "verify", path(file)],
    ...[...onChain, ...more],
  ];
  /** The same with something else in its record, which its own parts do not contradict and the chain does. */
  async function forged(report: Report, change: (record: ReportRecord, copy: Report) => void): Promise<void> {
    const copy = structuredClone(report);
    change(copy.records[0]!, copy);
    await write("forged.json", { ...copy, contentHash: contentHashOf(copy) });
    await refused(holding("forged.json"), "report.mismatch", 3);
  }

  it("follows a line to a tighter policy, and says that the one it left still counts", async () => {
    const byDeployer = [...onChain, "--account", DEPLOYER];
    const pinned = await read("pinned.json");
    await write("tighter.json", { ...pinned, limits: { ...pinned.limits, maxLeverage: "1.9" } });
    const tighter = ["publish-policy", "--market", path("market.json"), "--policy", path("tighter.json")];
    const told = await succeeds<{ policyId: string }>([...tighter, ...byDeployer]);
    const { policyId } = await read("attestation.json");
    ids = { own: policyId, tighter: told.policyId };
    await refused(["report", ...onChain, "--subject", subject, "--line", "main"], "report.line", 1);
    await succeeds(["line", "open", "main", "--policy-id", ids.own, ...byDeployer]);
    await travelTo(chain, (await now(chain)) + 60);
    const opened = await make("--line", "main");
    expect(opened.record.now).toMatchObject({ healthy: true });
    expect(opened.record.now.leftPolicy).toBeUndefined();
    await succeeds(["line", "move", "main", "--policy-id", ids.tighter, ...byDeployer]);

    const { report, record } = await make("--line", "main");
    expect(record.under).toMatchObject({
      ...{ kind: "line", name: "main" },
      policies: [{ policyId: ids.own }, { policyId: ids.tighter, until: null }],
    });
    expect(record.now).toMatchObject({ healthy: true, leftPolicy: ids.own });
    expect(record.attestations).toHaveLength(1);
    await succeeds(holding("report.json"));
    await forged(report, ({ now: told }) => Reflect.deleteProperty(told, "leftPolicy"));
    await forged(report, ({ under }) => Object.assign(under, { name: "prime" }));
    await forged(report, ({ under }) => {
      if (under.kind === "line") under.policies[0]!.from -= 5;
    });
    // What counts for the line, as if it were the policy's own record.
    await forged(report, (one) => {
      Object.assign(one, { under: { kind: "policy", policyId: ids.own } });
      // It came before the line was opened.
      one.span.attestations = 0;
    });
    const own = await make("--policy-id", ids.own);
    await forged(own.report, (one, copy) => {
      Object.assign(one, { under: record.under });
      Object.assign(copy, { policies: report.policies });
    });
    await forged(own.report, (_, { policies }) => Object.assign(policies[0]!, { unwindDays: "10000" }));
    // Whoever gives the files of a policy asks about that policy.
    const other = ["--policy", path("tighter.json"), "--market", path("market.json")];
    await make("--policy-id", ids.own);
    await refused(holding("report.json", ...other), "report.mismatch", 3);
  });

  it("is of a line only where the policy book tells the same of it as the logs, move by move", async () => {
    await undone(chain, async () => {
      const byDeployer = [...onChain, "--account", DEPLOYER];
      await succeeds(["line", "undo", "main", ...byDeployer]);
      const { record } = await make("--line", "main");
      expect(record.under).toMatchObject({
        policies: [{ policyId: ids.own }, { policyId: ids.tighter }, { policyId: ids.own, until: null }],
      });
      expect(record.now).toMatchObject({ healthy: true });
      await succeeds(holding("report.json"));
      // A node that keeps both moves to itself: the line has its first policy again, as if nothing had been.
      await withNode(["LineMoved", "TighteningUndone"], async (rpc) => {
        const asked = ["--rpc", rpc, "--registry", world.registry, "--subject", subject, "--line", "main"];
        await refused(["report", ...asked], "history.record", 3);
      });
    });
  });

  it("puts the book into the bucket of a filing that the proven limit reaches to", async () => {
    const files = ["--snapshot", path("snapshot.json"), ...publicFiles, "--salts", path("salts.json")];
    const parts = ["--attestation", path("attestation.json"), "--enrolment", path("enrolment.json")];
    await succeeds(["open", ...files, ...parts, "--out", path("opening.json")]);
    await undone(chain, async () => {
      const year = new Date((await now(chain)) * 1000).getUTCFullYear();
      await travelTo(chain, Date.UTC(year + 1, 0, 1) / 1000 + 60);
      const facts = structuredClone(formatExamples()["aifmd-facts/1"]) as AifmdFacts;
      Object.assign(facts, { period: { type: "Y1", year } });
      Object.assign(facts.aifs[0]!, { subject });
      await write("facts.json", facts);
      const filed = ["--facts", path("facts.json"), "--aifmd", path("aif.xml")];
      const opening = ["--opening", path("opening.json")];
      await make("--policy-id", ids.own, "--from", `${year}-01-01`, ...opening, ...filed);
      const xml = await readFile(path("aif.xml"), "utf8");
      const rate = (bucket: string) => xml.match(`InDays${bucket}Rate>(.*?)</.*?<!-- (.*?) -->`)!.slice(1);
      expect(rate("0to1")[0]).toBe("0");
      expect(rate("2to7")).toEqual([
        "100",
        "proven, by a DEVELOPMENT KEY: the liquidity statement: every position could be unwound within 2 days; earlier is not said",
      ]);
      await succeeds(holding("report.json", ...opening, ...filed));
      // The same rates the other way round.
      const swapped = xml.replace("0to1Rate>0<", "0to1Rate>100<").replace("2to7Rate>100<", "2to7Rate>0<");
      await write("aif.xml", swapped);
      await refused(holding("report.json", ...filed), "report.form", 3);
    });
  });

  it("says that a guardian closed the record, and why", async () => {
    await undone(chain, async () => {
      const why = ["--reason", "=cmd;=1+1 <b>", "--account", DEPLOYER];
      await succeeds(["revoke", ...onChain, "--for", subject, "--policy-id", ids.own, ...why]);
      const { report, record } = await make("--policy-id", ids.own, "--csv", path("report.csv"));
      const { at, cause } = record.attestations[0]!.ended!;
      expect(cause).toBe("revokedByGuardian");
      expect(record.lapses).toMatchObject([{ from: at, until: null, cause }]);
      expect(record.lapses[0]!.words).toContain("=cmd;=1+1 <b>");
      expect(await readFile(path("report.csv"), "utf8")).not.toMatch(/(^|[,;])"?=/m);
      await succeeds(holding("report.json", "--csv", path("report.csv")));
      await forged(report, ({ attestations }) => Reflect.deleteProperty(attestations[0]!, "ended"));
      await forged(report, ({ lapses }) => Object.assign(lapses[0]!, { cause: "expired" }));
      await forged(report, ({ lapses }) => Object.assign(lapses[0]!, { words: "a planned break" }));
      await forged(report, ({ events }) => events.pop());
      const under = await make("--line", "main");
      expect(under.record).toMatchObject({
        ...{ now: { healthy: false, standing: "revokedByGuardian" } },
        lapses: [{ cause: "revokedByGuardian" }],
      });
      await succeeds(holding("report.json"));
    });
  });

  it("says that it was voided, and what had been taken back", async () => {
    const marketBook = await chain.client.readContract({
      address: world.registry as `0x${string}`,
      abi: healthRegistryAbi,
      functionName: "marketBook",
    });
    const { series, root, asOf } = await read("prices-5.json");
    const table = [series, BigInt(root), BigInt(asOf), "a wrong price"];
    await send(chain, chain.wallets[0]!, marketBook, marketBookAbi, "withdraw", table);
    // Nobody voided it yet: it counts.
    expect((await make("--policy-id", ids.own)).record.now.healthy).toBe(true);
    await write("before.json", await read("report.json"));
    const ending = ["void", ...onChain, "--subject", subject, "--policy-id", ids.own];
    await succeeds([...ending, "--account", DEPLOYER]);
    const forms = ["--csv", path("report.csv"), "--pdf", path("report.pdf")];
    const { report, record } = await make("--policy-id", ids.own, ...forms);
    expect(record).toMatchObject({
      now: { healthy: false, standing: "voided" },
      attestations: [{ ended: { cause: "voided" } }],
      lapses: [{ cause: "voided", words: expect.stringContaining('was withdrawn: "a wrong price"') }],
    });
    await succeeds(holding("report.json", ...forms));
    // One of before is true, and who verifies it is told how it stands now.
    expect(await succeeds(holding("before.json"))).toMatchObject({
      atNewestBlock: [{ subject, under: ids.own, healthy: false }],
    });
    await forged(report, ({ attestations }) => Reflect.deleteProperty(attestations[0]!, "ended"));
    await forged(report, ({ lapses }) =>
      Object.assign(lapses[0]!, { words: "what it rested on was taken back" }),
    );
    await forged(report, (one) => {
      const { lapses, span, whole } = one;
      lapses.pop();
      Reflect.deleteProperty(one.attestations[0]!, "ended");
      Object.assign(one.now, { healthy: true, standing: "open" });
      for (const stretch of [span, whole]) {
        const seconds = stretch.until - stretch.from;
        Object.assign(stretch, { healthy: seconds, share: "1", lapses: 0, longestLapse: 0 });
      }
    });
  });
});
