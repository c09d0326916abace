// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the walk through one attestation come out as its page says?
 *
 * @module
 */

import { expect, it } from "vitest";
import { runPages } from "./pages.js";

it("one attestation is walked through, end to end", async () => {
  const { code, output } = await runPages("docs/walkthrough.md");
  expect(code, output).toBe(0);
  expect(output).toContain("Healthy: every limit holds.");
  expect(output).toContain("VALID, but expired.");
  expect(output).toContain("(snapshot.signature)");
});
