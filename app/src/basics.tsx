// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Pieces that need nothing of Keel but its errors: the frame of the page is made of them, so that it is there before
 * anything else is loaded.
 *
 * @module
 */

import { asKeelError } from "@keel/verifier/errors";
import type { JSX } from "preact";
import { useState } from "preact/hooks";

/** Work that takes a while: whether it is under way, and why it failed. */
export function useWork() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const run = async (work: () => Promise<void>): Promise<void> => {
    setError(undefined);
    setBusy(true);
    try {
      await work();
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, run };
}

/** Says what went wrong, at once to a screen reader. */
export function Problem({ error }: { readonly error: unknown }): JSX.Element | null {
  if (error === undefined) return null;
  return (
    <p class="problem" role="alert">
      {asKeelError(error).message}
    </p>
  );
}

/** "0x7099…79c8", for where the whole is at hand elsewhere. */
export function shortHex(value: string): string {
  return value.length <= 14 ? value : `${value.slice(0, 6)}…${value.slice(-4)}`;
}
