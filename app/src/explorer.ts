// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Where links to a block explorer lead, where the page's host names one. The page asks the explorer nothing: whoever follows a
 * link leaves the page, and tells the explorer what he looks at.
 *
 * @module
 */

import { createContext } from "preact";

/** Base address of the explorer; undefined where the host names none. */
export const Explorer = createContext<string | undefined>(undefined);

/** What a link is about. */
export type Linked = "address" | "transaction";

/** The explorer's page of an address or a transaction. */
export function explorerLink(base: string, what: Linked, value: string): string {
  return `${base.replace(/\/$/, "")}/${what === "address" ? "address" : "tx"}/${value}`;
}
