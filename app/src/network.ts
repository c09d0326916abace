// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The only way from this page to the network, so that it can be watched: every request is written down, with what went out.
 * The desk's worker asks for the circuits' files, and has them noted here.
 *
 * @module
 */

import { useEffect, useState } from "preact/hooks";
import { missingFile } from "./files.js";

/** One request. */
export interface Sent {
  readonly method: string;
  /** Path of the address on this page's own origin; the whole address of a node elsewhere. */
  readonly path: string;
  /** Size of the body that went out. */
  readonly bytesOut: number;
  /** What for, in a word or two: "artifact", "eth_call". */
  readonly purpose: string;
}

const KEPT = 200;
let log: readonly Sent[] = [];
const listeners = new Set<(log: readonly Sent[]) => void>();

function record(sent: Sent): void {
  log = [...log, sent].slice(-KEPT);
  for (const listener of listeners) listener(log);
}

/** The latest requests, oldest first. */
export function useSent(): readonly Sent[] {
  const [sent, setSent] = useState(log);
  useEffect(() => {
    setSent(log);
    listeners.add(setSent);
    return () => void listeners.delete(setSent);
  }, []);
  return sent;
}

/**
 * Fetches a file that lies beside the page.
 *
 * @throws KeelError `artifact.missing`
 */
export async function getFile(path: string, purpose: string): Promise<Response> {
  noteFile(path, purpose);
  const response = await fetch(new URL(path, document.baseURI)).catch(() => undefined);
  if (response?.ok === true) return response;
  throw missingFile(path, response);
}

/** Notes a request for a file that lies beside the page. */
export function noteFile(path: string, purpose: string): void {
  record({ method: "GET", path, bytesOut: 0, purpose });
}

/** Notes a request to a chain's node. @param body JSON-RPC, one call or several */
export function noteCall(path: string, body: string): void {
  const calls: unknown = JSON.parse(body);
  const methods = (Array.isArray(calls) ? calls : [calls]).map(({ method }: { method: string }) => method);
  record({ method: "POST", path, bytesOut: body.length, purpose: [...new Set(methods)].join(", ") });
}
