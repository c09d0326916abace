// SPDX-License-Identifier: MIT
/**
 * Roles, delays and calls to the contracts, in words.
 *
 * @module
 */

import type { ContractCall } from "../chain/calls.js";
import type { AuthorityEvent } from "../chain/notices.js";
import { roleName } from "../chain/roles.js";
import { circuitName } from "./circuit-name.js";
import { printable } from "./printable.js";
import { span, utc } from "./tables.js";

/** What an event of the authority says, without time and place. */
export function authoritySentence(event: AuthorityEvent & { readonly blockTime: number }): string {
  switch (event.kind) {
    case "roleOffered":
      return `ROLE OFFERED: ${role(event)} to ${event.account}, ${delayed(event.executionDelay)}, by ${event.by}`;
    case "roleOfferWithdrawn":
      return `ROLE OFFER WITHDRAWN: ${role(event)} to ${event.account}, by ${event.by}`;
    case "roleOffersVoided":
      return `ROLE OFFERS VOID: all that were made before administrator ${event.administrator} was revoked, by ${event.by}`;
    case "roleGranted":
      return event.newMember
        ? `ROLE GRANTED: ${role(event)} to ${event.account}, ${delayed(event.executionDelay)}${from(event)}`
        : `ROLE DELAY CHANGED: ${role(event)} of ${event.account} is held ${delayed(event.executionDelay)}${from(event)}`;
    case "roleRevoked":
      return `ROLE REVOKED: ${role(event)} from ${event.account}`;
    case "roleLabelled":
      return `ROLE LABELLED: ${role(event)} is called "${printable(event.label)}"`;
    case "roleAdminChanged":
      return `ROLE'S ADMINISTRATOR CHANGED: ${role(event)} is given by ${roleName(event.admin)}`;
    case "roleGuardianChanged":
      return `ROLE'S GUARDIAN CHANGED: operations of ${role(event)} are called off by ${roleName(event.guardian)}`;
    case "grantDelayChanged":
      return `GRANT DELAY CHANGED: ${role(event)} counts ${span(event.delay)} after it was given${from(event)}`;
    case "functionRoleChanged":
      return `FUNCTION'S ROLE CHANGED: ${functionOf(event)} may be called by ${roleName(event.role)}`;
    case "adminDelayChanged":
      return `ADMINISTRATION DELAY CHANGED: who may call what at ${targetOf(event)} changes ${span(event.delay)} after it was scheduled${from(event)}`;
    case "targetClosed":
      return event.closed
        ? `CONTRACT CLOSED: nobody may call restricted functions of ${targetOf(event)}`
        : `CONTRACT OPENED: restricted functions of ${targetOf(event)} may be called again`;
    case "authorityChanged":
      return `AUTHORITY CHANGED: ${targetOf(event)} asks authority ${event.authority}`;
    case "operationScheduled":
      return `SCHEDULED: ${operationText(event)}${from(event)}`;
    case "operationExecuted":
      return `EXECUTED: ${operationText(event)}`;
    case "operationCancelled":
      return `CALLED OFF: ${operationText(event)}`;
  }
}

/** What somebody scheduled: "0x… will move line …". */
export function operationText(event: {
  readonly operation: string;
  readonly caller?: string;
  readonly target?: string;
  readonly call?: ContractCall;
}): string {
  const { operation, caller, target, call } = event;
  if (call !== undefined) return `${callText(call)}, by ${caller} (operation ${operation})`;
  return target === undefined
    ? `operation ${operation}`
    : `an unknown call to ${target}, by ${caller} (operation ${operation})`;
}

/** How a call is named in words; "{name}" stands for an argument. */
const CALLS: Readonly<Record<string, string>> = {
  "Authority.offerRole": "offer role {roleId} to {account} with an execution delay of {executionDelay}",
  "Authority.withdrawOffer": "take back the offer of role {roleId} to {account}",
  "Authority.acceptRole": "accept role {roleId}",
  "Authority.grantRole": "grant role {roleId} to {account} with an execution delay of {executionDelay}",
  "Authority.revokeRole": "take role {roleId} from {account}",
  "Authority.renounceRole": "give up role {roleId}",
  "Authority.setRoleGuardian": "let {guardian} call off operations of role {roleId}",
  "Authority.setGrantDelay": "let role {roleId} count {newDelay} after it was given",
  "Authority.setTargetAdminDelay": "let changes at {target} wait {newDelay}",
  "Authority.setTargetFunctionRole": "let role {roleId} call {selectors} of {target}",
  "Authority.setTargetClosed": "set contract {target} closed: {closed}",
  "Authority.updateAuthority": "let {target} ask authority {newAuthority}",
  "HealthRegistry.revoke": 'revoke under policy {policyId}: "{reason}"',
  "HealthRegistry.revokeFor": 'close the record of {subject} under policy {policyId}: "{reason}"',
  "HealthRegistry.reopen": "reopen the record of {subject} under policy {policyId}",
  "HealthRegistry.restartChain": 'announce that the drawdown chain of {subject} starts over: "{reason}"',
  "HealthRegistry.cancelRestart": "call off the announced restart of {subject}",
  "PolicyBook.openLine": 'open line "{name}" with policy {policyId}',
  "PolicyBook.moveLine": "move line {line} to policy {policyId}",
  "PolicyBook.cancelMove": "call off the announced move of line {line}",
  "PolicyBook.undoTightening": "take back the last tightening of line {line}",
  "MarketBook.announcePublishers": "announce publishers {publishers}, of whom {threshold} sign",
  "MarketBook.cancelPublishers": "call off the announced publishers",
  "MarketBook.withdraw": 'withdraw table {root} of {asOf} in series {series}: "{reason}"',
  "FeedMarket.close": 'close universe {id}: "{reason}"',
  "VerifierBook.add": "add verifier {verifier} of {circuit}",
  "VerifierBook.addStandby": "add standby verifier {verifier} of {circuit}",
  "VerifierBook.retire": 'retire version {version} of {circuit}: "{reason}"',
};

/** What a call does, in words; function and arguments where no words are known. */
export function callText({ contract, functionName, arguments: values }: ContractCall): string {
  const words = CALLS[`${contract}.${functionName}`];
  if (words === undefined) {
    const list = values.map(([name, value]) => `${name} ${valueText(name, value)}`).join(", ");
    return `${contract}.${functionName}(${list})`;
  }
  const byName = new Map(values);
  return words.replace(/\{(\w+)\}/g, (_, name: string) => valueText(name, byName.get(name)));
}

const SPANS: ReadonlySet<string> = new Set(["executionDelay", "newDelay"]);
const ROLE_IDS: ReadonlySet<string> = new Set(["roleId", "guardian", "admin"]);

function valueText(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => valueText(name, item)).join(", ");
  if (SPANS.has(name)) return span(Number(value));
  if (ROLE_IDS.has(name)) return roleName(BigInt(value as bigint));
  if (name === "circuit") return circuitName(String(value));
  if (typeof value === "object" && value !== null) {
    const parts = Object.entries(value).map(([key, part]) => `${key} ${valueText(key, part)}`);
    return `{ ${parts.join(", ")} }`;
  }
  return printable(String(value));
}

/** "at once" or "with an execution delay of 2 d". */
export function delayed(seconds: number): string {
  return seconds === 0 ? "without execution delay" : `with an execution delay of ${span(seconds)}`;
}

function role({ role: id }: { readonly role: bigint }): string {
  return roleName(BigInt(id));
}

function targetOf({ target, contract }: { readonly target: string; readonly contract?: string }): string {
  return contract === undefined ? target : `${contract} ${target}`;
}

function functionOf(event: Extract<AuthorityEvent, { kind: "functionRoleChanged" }>): string {
  const { contract, functionName, selector, target } = event;
  return `${contract ?? "contract"}.${functionName ?? selector} at ${target}`;
}

function from({ blockTime, liveAt }: { readonly blockTime: number; readonly liveAt: number }): string {
  return liveAt <= blockTime ? "" : `, from ${utc(liveAt)}`;
}
