// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a deployment shall be, as files: a network (deploy/1) with all of it, or roles alone (roles/1). Public.
 *
 * @module
 */

import { address, FORMATS, parseFile } from "@keel/verifier";
import { z } from "zod";

const DAY = 86_400;
/** A delay that was set wrong is corrected no sooner than it lasts. */
const LONGEST_DELAY = 90 * DAY;
/** No policy takes older tables (PolicyBook.sol). */
const LONGEST_MARKET_DELAY = 7 * DAY;
const MINUTE = 60;

const delay = z.int().min(0).max(LONGEST_DELAY);

const receiver = z.strictObject({
  account: address,
  /** Seconds that each act of the role waits after it was announced. */
  executionDelay: delay.optional(),
  /** Says that an administrator's delay of less than a day is meant. */
  short: z.literal(true).optional(),
  /** Says that the contract can call others though none of the known functions for it was found. */
  unchecked: z.literal(true).optional(),
});

const receivers = {
  /** Says what everything else hangs on, so nobody gets it by leaving it out. */
  admin: receiver.extend({ executionDelay: delay }).optional(),
  guardian: receiver.optional(),
  verifierAdmin: receiver.optional(),
  marketAdmin: receiver.optional(),
  curator: receiver.optional(),
  /** Roles that nobody is named for, because whoever deploys shall keep them. */
  deployerKeeps: z.array(z.enum(["admin", "guardian", "verifierAdmin", "marketAdmin", "curator"])).optional(),
};

const delays = {
  /** Until other publishers, or a later universe of feeds, count. */
  market: delay.optional(),
  verifiers: delay.optional(),
  policies: delay.optional(),
  enrolment: delay.optional(),
  restart: delay.optional(),
  /** From accepting a role to holding it. */
  grants: delay.optional(),
  /** Before the administrator changes who may call what. */
  targets: delay.optional(),
};
const delayNames = z.enum(Object.keys(delays) as [keyof typeof delays, ...(keyof typeof delays)[]]);

const rolesSchema = z.strictObject({ keel: z.literal("roles/1"), ...receivers });
FORMATS.add(rolesSchema, { id: "roles/1", folder: "cli", title: "Who holds which role of a deployment" });

const circuit = z.string().regex(/^[a-z0-9][a-z0-9/_-]{0,63}$/);

const deploySchema = z.strictObject({
  keel: z.literal("deploy/1"),
  chainId: z.int().min(1),
  publishers: z.array(address).min(1).max(64),
  threshold: z.int().min(1).max(64),
  /** Circuits, each with the folder of its ceremony's artifacts; without one, the development key that was built here. */
  verifiers: z.array(z.strictObject({ circuit, artifacts: z.string().min(1).optional() })).max(64),
  roles: z.strictObject(receivers).optional(),
  /** Seconds; what is absent is as `keel deploy` has it by default. */
  delays: z
    .strictObject({
      ...delays,
      /** Which of them are meant to be shorter than a day. */
      short: z.array(delayNames).optional(),
    })
    .optional(),
  /** Seconds after its time for which a market table can be published. */
  maxMarketDelay: z.int().min(MINUTE).max(LONGEST_MARKET_DELAY).optional(),
  sequencer: z
    .strictObject({ feed: address, gracePeriod: z.int().min(MINUTE).max(DAY).optional() })
    .optional(),
  eas: address.optional(),
});
FORMATS.add(deploySchema, { id: "deploy/1", folder: "cli", title: "A deployment: what it shall be" });

/** What a roles file says. */
export type RolesFile = Omit<z.infer<typeof rolesSchema>, "keel">;

/** Who holds which role, by its name. */
export type RoleReceivers = Omit<RolesFile, "deployerKeeps">;

/** Names of the roles that people hold. */
export type RoleName = keyof RoleReceivers;

/** What a network file says. */
export type DeployPlan = Omit<z.infer<typeof deploySchema>, "keel">;

/** Delays by what they are of, seconds. */
export type Delays = NonNullable<DeployPlan["delays"]>;

/**
 * Reads a network file.
 *
 * @throws KeelError kind "input" with all faults at once
 */
export function parseDeployFile(text: string, name = "network"): DeployPlan {
  const { keel: _, ...plan } = parseFile(deploySchema, text, name);
  return plan;
}

/**
 * Reads a roles file.
 *
 * @throws KeelError kind "input" with all faults at once
 */
export function parseRoles(text: string, name = "roles"): RolesFile {
  const { keel: _, ...roles } = parseFile(rolesSchema, text, name);
  return roles;
}
