// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Pieces that need nothing of Keel but its errors: the frame of the page is made of them, so that it is there before
 * anything else is loaded.
 *
 * @module
 */

import { asKeelError, faultsOf } from "@keel/verifier/errors";
import type { Cures } from "keel/cures";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

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

/** Says what went wrong and what to do about it, at once to a screen reader. */
export function Problem({ error }: { readonly error: unknown }): JSX.Element | null {
  if (error === undefined) return null;
  return (
    <div class="problem" role="alert">
      <Faults error={error} />
    </div>
  );
}

/** All that is wrong, and below each kind of fault what to do about it. */
export function Faults({ error }: { readonly error: unknown }): JSX.Element {
  const cures = useCures(error);
  const byCode = new Map<string, string[]>();
  for (const { code, message } of faultsOf(asKeelError(error)))
    byCode.set(code, [...(byCode.get(code) ?? []), message]);
  return (
    <>
      {[...byCode].map(([code, messages]) => (
        <div key={code} class="fault">
          {messages.map((message) => (
            <p key={message}>{message}</p>
          ))}
          {cures[code] === undefined ? null : <Cure text={cures[code]} />}
        </div>
      ))}
    </>
  );
}

/** What to do; between backticks stands what is typed. */
function Cure({ text }: { readonly text: string }): JSX.Element {
  return (
    <p class="cure">
      <b>What to do:</b>{" "}
      {text.split("`").map((part, i) => (i % 2 === 1 ? <code key={part}>{part}</code> : part))}
    </p>
  );
}

/** Cures come behind the page, of which most visitors see none. */
function useCures(error: unknown): Cures {
  const [found, setFound] = useState<{ readonly of: unknown; readonly cures: Cures } | undefined>();
  useEffect(() => {
    let isCurrent = true;
    loadCures().then(
      ({ consoleCures }) => isCurrent && setFound({ of: error, cures: consoleCures(asKeelError(error)) }),
      // The host is out of reach: the error stands by itself.
      () => {},
    );
    return () => {
      isCurrent = false;
    };
  }, [error]);
  return found !== undefined && found.of === error ? found.cures : {};
}

/** The catalogue, at hand before something fails. */
export async function loadCures(): Promise<typeof import("./cures.js")> {
  return await import("./cures.js");
}

/** "0x7099…79c8", for where the whole is at hand elsewhere. */
export function shortHex(value: string): string {
  return value.length <= 14 ? value : `${value.slice(0, 6)}…${value.slice(-4)}`;
}
