// SPDX-License-Identifier: MIT
/**
 * The roles of a registry's authority by name.
 *
 * @module
 */

import { inputError } from "../core/errors.js";

/** Ids of the roles, by the names that `Authority.sol` and the command line have for them. */
export const ROLES = {
  admin: 0n,
  guardian: 1n,
  "verifier-admin": 2n,
  "market-admin": 3n,
  curator: 4n,
  "market-source": 5n,
} as const;

/** A role's name. */
export type RoleName = keyof typeof ROLES;

/** The role that everybody has: functions of it are open to all. */
export const PUBLIC_ROLE = 2n ** 64n - 1n;

/** A role's name for people: "guardian"; "role 7" for one of no name. */
export function roleName(id: bigint): string {
  if (id === PUBLIC_ROLE) return "everybody";
  const found = Object.entries(ROLES).find(([, role]) => role === id);
  return found?.[0] ?? `role ${id}`;
}

/**
 * A role's id by its name.
 *
 * @throws KeelError `role.unknown`
 */
export function roleId(name: string): bigint {
  const found = Object.entries(ROLES).find(([known]) => known === name);
  if (found !== undefined) return found[1];
  throw inputError("role.unknown", "role", Object.keys(ROLES).join(", "), "another name");
}
