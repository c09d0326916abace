// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Paths that lead to a page by address: app/src/route.ts has it behind `#`, of which no host is told.
 *
 * @module
 */

/** First parts of the paths. */
export const PATHS = ["subject", "vault", "policy"] as const;

/** Where a path leads; undefined when it is none of these. */
export function pageOf(path: string): string | undefined {
  const [, name, about] = /^\/([a-z]+)\/(0x[0-9a-fA-F]{40,64})\/?$/.exec(path) ?? [];
  return PATHS.some((known) => known === name) ? `/#/${name}/${about}` : undefined;
}
