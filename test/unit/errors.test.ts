// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is any failure reported as one error type, without the text of those that Keel did not make?
 *
 * @module
 */

import { asKeelError, inputError } from "@keel/verifier";
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
