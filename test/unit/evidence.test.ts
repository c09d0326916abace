// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is a source's tier of evidence told wherever the policy is, and part of nothing that is proven?
 *
 * @module
 */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  EVIDENCE,
  type Evidence,
  meetsEvidence,
  parseMarket,
  parsePolicy,
  policyId,
  policyTerms,
} from "@keel/verifier";
import { EVIDENCE_NOT_ON_CHAIN, evidenceJson, evidenceLines, leadLines } from "@keel/verifier/text";
import { describe, expect, it } from "vitest";
import { marketText, policyText } from "../services/support.js";
import { OTHER_SOURCE, SOURCE, SUBJECT } from "../support/book.js";
import { inFolder, keelHere } from "../support/cli.js";

const KEYS = { "Halyard Custody": SOURCE.publicKey, Northgate: OTHER_SOURCE.publicKey };
const market = parseMarket(marketText());
const withEvidence = (evidence: Readonly<Record<string, string>>) => policyText(KEYS, evidence);

describe("a source's evidence", () => {
  it("is in no term: the policy's id is the same with and without it", () => {
    const ids = [withEvidence({}), ...EVIDENCE.map((tier) => withEvidence({ Northgate: tier }))].map((text) =>
      policyId(policyTerms(parsePolicy(text), market)),
    );
    expect(new Set(ids).size).toBe(1);
  });

  it("is one of five, from weak to strong", () => {
    expect(() => parsePolicy(withEvidence({ Northgate: "hearsay" }))).toThrow(
      /policy\.sources\[1\]\.evidence/,
    );
    const stronger = (tier: Evidence) =>
      EVIDENCE.filter((evidence) => meetsEvidence({ evidence, weakest: "notarised" }, tier));
    expect(stronger("ledger")).toEqual(["ledger", "operator-read", "chain-read", "notarised", "quorum"]);
    expect(stronger("chain-read")).toEqual(["chain-read", "notarised", "quorum"]);
    expect(stronger("quorum")).toEqual(["quorum"]);
  });

  it("73 of a quorum is for every other tier as weak as its weakest member", () => {
    const met = (weakest?: Exclude<Evidence, "quorum">) =>
      EVIDENCE.filter((tier) =>
        meetsEvidence({ evidence: "quorum", ...(weakest === undefined ? {} : { weakest }) }, tier),
      );
    expect(met("ledger")).toEqual(["ledger", "quorum"]);
    expect(met("chain-read")).toEqual(["ledger", "operator-read", "chain-read", "quorum"]);
    expect(met()).toEqual(["quorum"]);
  });

  it("stands beside the source's name, with what it means, and is not made up", () => {
    const policy = parsePolicy(withEvidence({ Northgate: "chain-read" }));
    const verified = { subject: SUBJECT, asOf: 0 } as never;
    expect(leadLines(verified, policy).join(" ")).toContain(
      "signed by Halyard Custody or Northgate (chain-read) respected",
    );
    const words = evidenceLines(policy).join("\n");
    expect(words).toContain("What Halyard Custody signs rests on something that the policy does not say.");
    expect(words).toContain("What Northgate signs rests at least on a chain");
    expect(evidenceJson(policy)).toEqual([
      { name: "Halyard Custody", evidence: null },
      { name: "Northgate", evidence: "chain-read" },
    ]);
    expect(evidenceLines(parsePolicy(withEvidence({}))).join()).toContain("does not say");
  });

  it("is said to be in no signature, and not in the policy's id", () => {
    const words = evidenceLines(parsePolicy(withEvidence({ Northgate: "ledger" }))).join("\n");
    expect(words).toContain("neither a signature nor the policy's id contains it");
    expect(EVIDENCE_NOT_ON_CHAIN).toContain("the policy's id does not contain it");
    const quorum = evidenceLines(parsePolicy(withEvidence({ Northgate: "quorum" }))).join("\n");
    expect(quorum).toContain("several parties, whatever each of them reads (quorum)");
  });

  it.each(["Northgate (quorum)", "Northgate （quorum）", "Northgate [quorum]"])(
    "73 is not mistaken in a source's name: %s",
    (name) => {
      const policy = parsePolicy(policyText({ [name]: SOURCE.publicKey }));
      expect(leadLines({ subject: SUBJECT, asOf: 0 } as never, policy).join(" ")).toContain(
        `signed by "${name}" respected`,
      );
      const stated = parsePolicy(policyText({ [name]: SOURCE.publicKey }, { [name]: "ledger" }));
      expect(evidenceLines(stated)[0]).toContain(`What "${name}" signs`);
    },
  );

  it("is kept when a policy is pinned, and told", async () => {
    await inFolder(async (folder) => {
      const [policy, market, out] = ["policy", "market", "out"].map((name) => join(folder, `${name}.json`));
      await writeFile(policy!, withEvidence({ Northgate: "quorum" }));
      await writeFile(market!, marketText());
      const args = ["policy", "pin", "--policy", policy!, "--market", market!, "--out", out!];
      const pinned = await keelHere([...args, "--json"]);
      expect(pinned.code, pinned.stderr).toBe(0);
      expect(JSON.parse(pinned.stdout).sources[1]).toEqual({ name: "Northgate", evidence: "quorum" });
      const again = await keelHere([...args.slice(0, 3), out!, ...args.slice(4), "--force"]);
      expect(again.stdout).toContain(
        "What Northgate signs rests at least on the readings of several parties",
      );
    });
  });
});
