// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a pair of proofs, health and tail risk, go all the way: proven at the same time, verified off chain, accepted by a
 * registry, and verified again from its logs?
 *
 * @module
 */
import { afterAll, describe, expect, it, vi } from "vitest";
import { DEPLOYER, PUBLISHER, startCommandWorld } from "../support/command-world.js";

vi.setConfig({ testTimeout: 60_000 });

/** Of the strategy, on the local chain. */
const SUBJECT = "10";
const world = await startCommandWorld("trend-follower", ["portfolio-health/spot-16", "tail-risk/spot-64"]);
const { binding, onChain, path, read, write, succeeds, refused, verify } = world;
/** Market and policy; the same with returns. */
const bare = ["--market", path("market.json"), "--policy", path("policy.json")];
const publicFiles = [...bare, "--returns", path("returns.json")];
const attest = world.attest("attestation.json", publicFiles);

afterAll(world.stop);

describe("a pair of proofs", () => {
  it("is proven into one attestation, which verifies with the returns and not without", async () => {
    await world.enrol(SUBJECT);
    const secrets = ["--enrolment", path("enrolment.json"), "--state-out", path("state.json")];
    const out = ["--out", path("attestation.json")];
    const prove = ["prove", "--snapshot", path("snapshot.json"), ...binding, ...secrets, ...out];
    await refused([...prove, ...bare], "returns.missing", 1);
    await succeeds([...prove, ...publicFiles]);
    await succeeds(verify("attestation.json", publicFiles));
    await refused(verify("attestation.json", bare), "returns.missing", 1);
  });

  it("verifies only whole, with its own returns and its own tail-risk proof", async () => {
    const attestation = await read("attestation.json");
    const { tail, ...alone } = attestation;
    await write("alone.json", alone);
    await refused(verify("alone.json", publicFiles), "proof.mismatch", 3);
    const proof = { ...tail.proof, pi_a: attestation.proof.pi_a };
    await write("mixed.json", { ...attestation, tail: { ...tail, proof } });
    await refused(verify("mixed.json", publicFiles), "proof.invalid", 3);
    await write("secure.json", { ...attestation, tail: { ...tail, insecure: false } });
    await refused(verify("secure.json", publicFiles), "proof.mismatch", 3);

    const returns = await read("returns.json");
    await write("calmer.json", {
      ...returns,
      daily: returns.daily.map((day: string[]) => day.map(() => "0")),
    });
    await refused(
      verify("attestation.json", [...bare, "--returns", path("calmer.json")]),
      "proof.mismatch",
      3,
    );
  });

  it("is accepted once both tables are published, and verified again from the logs", async () => {
    await succeeds(["publish-policy", ...bare, ...onChain, "--account", DEPLOYER]);
    await world.publish("prices", bare);
    await refused(attest, "registry.marketNotAccepted", 3);
    const lost = ["--account", PUBLISHER, "--out", path("none.json")];
    await refused(["sign-market", ...bare, "--table", "returns", ...onChain, ...lost], "returns.missing", 1);
    await world.publish("returns", publicFiles);
    await succeeds(attest);
    await succeeds(["status", ...onChain, ...bare, "--subject", JSON.parse(world.texts.snapshot).subject]);
    expect(await succeeds(["history", ...onChain])).toMatchObject({ proofs: "verified" });
  });
});
