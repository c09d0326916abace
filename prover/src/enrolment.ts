// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The enrolment (enrolment/1): the ordered list of accounts that a subject declares, and the salt that hides it. The
 * commitment is public and fixed in the registry; every proof covers exactly this list. The file is secret.
 *
 * @module
 */

import { z } from "zod";
import {
  absorb,
  checkUnique,
  FIELD_ORDER,
  type Field,
  fieldElement,
  identifier,
  inputError,
  KIND,
  parseFile,
  tag,
} from "../../verifier/src/index.js";
import { type Account, accountField, type Snapshot } from "./snapshot.js";

/** A subject's declared accounts. */
export interface Enrolment {
  readonly accounts: readonly string[];
  /** Secret; uniform in the field. */
  readonly salt: Field;
}

const enrolmentSchema = z.strictObject({
  keel: z.literal("enrolment/1"),
  accounts: z.array(identifier).min(1),
  salt: fieldElement(FIELD_ORDER),
});

/**
 * Reads an enrolment/1 file.
 *
 * @throws KeelError kind "input"
 */
export function parseEnrolment(text: string): Enrolment {
  const { accounts, salt } = parseFile(enrolmentSchema, text, "enrolment");
  checkUnique(accounts, "enrolment.accounts");
  return { accounts, salt: salt as Field };
}

/** Writes an enrolment/1 file; its content is secret. */
export function formatEnrolment({ accounts, salt }: Enrolment): string {
  return `${JSON.stringify({ keel: "enrolment/1", accounts, salt: salt.toString() }, null, 2)}\n`;
}

/** Hiding commitment to the declared accounts, the same for every circuit that has room for them. */
export function enrolmentCommitment({ accounts, salt }: Enrolment): Field {
  return accounts.reduce((list, id, s) => absorb([tag(KIND.enrolment, s + 1), list, accountField(id)]), salt);
}

/**
 * A snapshot's accounts in the declared order.
 *
 * @throws KeelError `enrolment.missing` when a declared account has no data, `enrolment.undeclared` when one with data was
 * not declared
 */
export function declaredAccounts(snapshot: Snapshot, enrolment: Enrolment): Account[] {
  snapshot.accounts.forEach(({ id }, s) => {
    if (enrolment.accounts.includes(id)) return;
    throw inputError("enrolment.undeclared", `snapshot.accounts[${s}].id`, "a declared account", "another");
  });
  return enrolment.accounts.map((id, s) => {
    const account = snapshot.accounts.find((candidate) => candidate.id === id);
    if (account !== undefined) return account;
    throw inputError("enrolment.missing", `enrolment.accounts[${s}]`, "an account of the snapshot", "none");
  });
}
