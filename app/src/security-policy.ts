// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The page's own security policy, as its `<meta>` element says it: whom the page may talk to.
 *
 * @module
 */

import { inputError, type KeelError } from "@keel/verifier/errors";

/** Addresses beside the page's own that it was built to talk to; a page that is served from its sources has none. */
export function otherAddresses(): string[] {
  const meta = document.querySelector('meta[http-equiv="Content-Security-Policy"]');
  return addressesIn(meta?.getAttribute("content") ?? "");
}

/** Of a policy's text. */
export function addressesIn(policy: string): string[] {
  const rule = policy.split(";").find((part) => part.trim().startsWith("connect-src "));
  const [, ...sources] = rule?.trim().split(/\s+/) ?? [];
  return sources.filter((source) => source !== "'self'");
}

/**
 * A node's address as somebody types it: a path of this origin, or an address that the page may talk to.
 *
 * @param others as {@link otherAddresses}
 * @throws KeelError `node.address`
 */
export function readNode(text: string, origin: string, others: readonly string[]): string {
  const plain = text.trim();
  const isPath = /^\/(?!\/)/.test(plain);
  const url = isPath || /^https?:\/\//.test(plain) ? urlOf(plain, origin) : undefined;
  if (url?.origin === origin) return url.pathname + url.search;
  if (url !== undefined && others.includes(url.origin)) return url.href;
  throw refused(url?.origin ?? "no address", others);
}

function urlOf(text: string, base: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

function refused(received: string, others: readonly string[]): KeelError {
  const list = ["a path of this page's own origin", ...others].join(" or ");
  return inputError("node.address", "node", list, received);
}
