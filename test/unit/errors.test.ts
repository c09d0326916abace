// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is any failure reported as one error type, without the text of those that Keel did not make?
 *
 * @module
 */

import { allFaults, asKeelError, faultsOf, inputError } from "@keel/verifier";
import { describe, expect, it } from "vitest";

describe("a failure", () => {
  it("of Keel's own passes as it is", () => {
    const own = inputError("input.decimal", "price", "a number", "text");
    expect(asKeelError(own)).toBe(own);
  });

  it.each([
    [new TypeError("salt 12345 is bad"), "TypeError"],
    ["salt 12345", "string"],
    [undefined, "undefined"],
    [{ salt: 12345 }, "object"],
  ])("48 of another kind shows its class alone: %s", (thrown, received) => {
    const { kind, code, message } = asKeelError(thrown);
    expect([kind, code]).toEqual(["environment", "internal"]);
    expect(message).toBe(`expected no failure of Keel itself, received ${received} (internal)`);
  });
});

describe("faults of several files", () => {
  const fault = (path: string) => inputError("input.type", path, "a number", "text");

  it("are all told, also those of a file that is not the last", () => {
    const first = allFaults([fault("a.one"), fault("a.two")]);
    const second = allFaults([fault("b.one"), fault("b.two"), fault("b.three")]);
    const both = allFaults([first, second]);
    const paths = ["a.one", "a.two", "b.one", "b.two", "b.three"];
    expect(faultsOf(both).map(({ path }) => path)).toEqual(paths);
    expect(both.message.split("\n")).toHaveLength(paths.length);
    expect(faultsOf(fault("alone")).map(({ path }) => path)).toEqual(["alone"]);
  });

  it("are a hundred at most, and the number of those beyond", () => {
    const many = allFaults(Array.from({ length: 60 }, (_, i) => fault(`many[${i}]`)));
    const told = faultsOf(allFaults([many, many]));
    expect(told).toHaveLength(101);
    expect(told.at(-1)).toMatchObject({ code: "input.more", received: "20 more faults" });
  });
});
