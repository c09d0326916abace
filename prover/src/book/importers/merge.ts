// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Snapshots of one subject at one time, put together. Signatures stay as they are.
 *
 * @module
 */

import { allFaults, inputError, type KeelError } from "@keel/verifier";
import type { Account, Snapshot } from "../snapshot.js";

/** A snapshot and what it is called in errors. */
export interface NamedSnapshot {
  readonly name: string;
  readonly snapshot: Snapshot;
}

/**
 * One snapshot of all accounts, in the order in which they first appear. An account may stand in several when they say the same
 * of it; a signature is then kept.
 *
 * @throws KeelError `merge.*`, all conflicts at once
 */
export function mergeSnapshots(parts: readonly NamedSnapshot[]): Snapshot {
  const [first, ...others] = parts;
  if (first === undefined || others.length === 0) {
    throw inputError("merge.parts", "--snapshot", "at least two snapshots", `${parts.length}`);
  }
  const faults = others.flatMap((part) => headFaults(first.snapshot, part));
  const accounts = new Map<string, Account>();
  for (const { name, snapshot } of parts) {
    for (const [s, account] of snapshot.accounts.entries()) {
      const before = accounts.get(account.id);
      const path = `${name}.accounts[${s}]`;
      const fault = before === undefined ? undefined : conflict(before, account, path);
      if (fault !== undefined) faults.push(fault);
      else if (before?.signature === undefined) accounts.set(account.id, account);
    }
  }
  if (faults.length > 0) throw allFaults(faults);
  return { ...first.snapshot, accounts: [...accounts.values()] };
}

function headFaults(first: Snapshot, { name, snapshot }: NamedSnapshot): KeelError[] {
  const faults: KeelError[] = [];
  if (snapshot.subject !== first.subject) {
    faults.push(inputError("merge.subject", `${name}.subject`, "the first snapshot's", "another"));
  }
  if (snapshot.asOf !== first.asOf) {
    faults.push(
      inputError("merge.time", `${name}.asOf`, `the first snapshot's, ${first.asOf}`, `${snapshot.asOf}`),
    );
  }
  if (snapshot.units !== first.units) {
    faults.push(inputError("merge.units", `${name}.units`, "the first snapshot's", "others"));
  }
  return faults;
}

function conflict(before: Account, account: Account, path: string): KeelError | undefined {
  if (before.source !== account.source) {
    return inputError("merge.source", `${path}.source`, "one source for an account", "another");
  }
  if (!samePositions(before.positions, account.positions)) {
    return inputError(
      "merge.account",
      `${path}.positions`,
      "each account once, or the same in each",
      "other positions",
    );
  }
  const [one, other] = [before.signature, account.signature];
  if (one === undefined || other === undefined || sameSignature(one, other)) return undefined;
  return inputError("merge.signature", `${path}.signature`, "one signature of an account", "another");
}

function samePositions(a: Account["positions"], b: Account["positions"]): boolean {
  const held = (positions: Account["positions"]) => [...positions].filter(([, value]) => value !== 0n);
  const others = new Map(held(b));
  const own = held(a);
  return own.length === others.size && own.every(([name, value]) => others.get(name) === value);
}

function sameSignature(a: NonNullable<Account["signature"]>, b: NonNullable<Account["signature"]>): boolean {
  return a.S === b.S && a.R8.join() === b.R8.join();
}
