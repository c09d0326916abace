// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does each page do what it says, command by command, for somebody who begins with an empty folder?
 *
 * @module
 */

import { describe, expect, it } from "vitest";
import { runPages } from "./pages.js";

describe("pages from an empty folder", () => {
  it("one attestation is walked through, end to end", async () => {
    const { code, output } = await runPages("docs/walkthrough.md");
    expect(code, output).toBe(0);
    expect(output).toContain("Healthy: every limit holds.");
    expect(output).toContain("VALID, but expired.");
    expect(output).toContain("(snapshot.signature)");
  });

  it("a manager attests a book twice, a week apart, and a regulator reads the record", async () => {
    const { code, output } = await runPages("docs/manager.md", "docs/regulator.md");
    expect(code, output).toBe(0);
    expect(output).toMatch(/attestations +2, 1 in a row, 1 lapse$/m);
    expect(output).toContain("Every proof was verified again, and holds.");
    expect(output).toContain("VALID.");
  }, 300_000);

  it("a source makes a key and signs", async () => {
    const { code, output } = await runPages("docs/source.md");
    expect(code, output).toBe(0);
    expect(output).toMatch(/The signature says .* universe 0x/s);
  });

  it("an operator moves a chain's time, and takes it back", async () => {
    const { code, output } = await runPages("docs/operator.md");
    expect(code, output).toBe(0);
    expect(output).toContain("The chain is as it began");
  }, 300_000);
});
