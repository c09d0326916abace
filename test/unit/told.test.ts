// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do texts about operations and sums name the very thing that they are about?
 *
 * @module
 */

import { figuresOf } from "@keel/verifier/text";
import { describe, expect, it } from "vitest";
import { operationText } from "../../verifier/dist/text/authority-text.js";

describe("an operation", () => {
  const [operation, caller, target] = ["0x01", "0xca", "0x7a"];
  const call = {
    contract: "PolicyBook",
    functionName: "moveLine",
    arguments: Object.entries({ line: "0x05", policyId: "0x06" }),
  };

  it("is told by its call where that is known, else by its target, else by its name alone", () => {
    const known = operationText({ operation, caller, target, call } as never);
    expect(known).toBe("move line 0x05 to policy 0x06, by 0xca (operation 0x01)");
    expect(operationText({ operation, caller, target })).toBe(
      "an unknown call to 0x7a, by 0xca (operation 0x01)",
    );
    expect(operationText({ operation })).toBe("operation 0x01");
  });

  it("tells what is in a structure, each by its name, and a list one by one", () => {
    const nested = {
      ...call,
      functionName: "publish",
      arguments: Object.entries({ policy: { series: "0x09", members: ["0x0a", "0x0b"] }, nothing: null }),
    };
    const text = operationText({ operation, caller, call: nested } as never);
    expect(text).toContain("{ series 0x09, members 0x0a, 0x0b }");
    expect(text).toContain("null");
  });
});

describe("sums", () => {
  it("of accounts are counted from one", () => {
    const sums = {
      ...{ equity: 3n, assets: 4n, grossExposure: 5n, collateral: 6n },
      ...{ deltas: [7n], accountEquity: [10n ** 16n, -2n * 10n ** 16n], bookSums: [] },
    };
    const figures = figuresOf(sums, {}).filter(({ name }) => name.startsWith("equity of"));
    expect(figures).toEqual([
      { name: "equity of account 1", usd: "1" },
      { name: "equity of account 2", usd: "-2" },
    ]);
  });
});
