// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a limit on the days to unwind go all the way: depths from order books, pinned by a policy, shown to the manager, proven with the
 * health proof, verified off chain, accepted by a registry, and verified again from its logs?
 *
 * @module
 */
import { afterAll, describe, expect, it, vi } from "vitest";
import { now } from "../support/chain.js";
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
    const out = ["--out", path("attestation.json")];
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
