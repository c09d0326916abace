// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do several abort signals as one abort when the first of them does, for its reason, and leave no listener behind?
 *
 * @module
 */

import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { eitherOf } from "../../prover/src/book/signals.js";

describe("several signals as one", () => {
  it("abort with the first that does, once, for its reason", () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const { signal } = eitherOf(first.signal, undefined, second.signal);
    expect(signal.aborted).toBe(false);
    second.abort("second");
    first.abort("first");
    expect(signal.reason).toBe("second");
  });

  it("are aborted from the start where one of them is", () => {
    const { signal } = eitherOf(new AbortController().signal, AbortSignal.abort("before"));
    expect(signal.reason).toBe("before");
  });

  it("leave no listener behind, released or aborted", () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const listeners = () => [first, second].map(({ signal }) => getEventListeners(signal, "abort").length);
    eitherOf(first.signal, second.signal).release();
    expect(listeners()).toEqual([0, 0]);
    eitherOf(first.signal, second.signal);
    expect(listeners()).toEqual([1, 1]);
    first.abort();
    expect(listeners()).toEqual([0, 0]);
  });
});
