// SPDX-License-Identifier: MIT
/**
 * What the logs of the books, of the markets and of the authority say: everything that moves trust and is no subject's own doing.
 *
 * @module
 */

import { type AbiEvent, type Address, type Hex, type Log, parseEventLogs } from "viem";
import {
  authorityAbi,
  feedMarketAbi,
  healthRegistryAbi,
  marketBookAbi,
  policyBookAbi,
  verifierBookAbi,
} from "./abi.js";
import { type Book, type ContractCall, type ContractName, decodeCall, functionNameOf } from "./calls.js";
import { type Blocks, inSpans, type Place, placesOf } from "./history.js";
import type { Registry } from "./registry.js";
import { ROLES } from "./roles.js";

/** Something that the log of a book, a market or the authority says, and where it stands. */
export type BookNotice = Place & (BookEvent | AuthorityEvent);

/** About policies, verifiers, tables and announced restarts. */
export type BookEvent =
  | {
      readonly kind: "policyLoosened";
      /** The line of policies, as the policy book names it. */
      readonly line: Hex;
      readonly from: Hex;
      readonly to: Hex;
      readonly liveAt: number;
    }
  /** A guardian called off an announced move. */
  | { readonly kind: "policyMoveCancelled"; readonly line: Hex; readonly next: Hex; readonly by: Address }
  /** A guardian took back a tightening: the line has at once what it had before. */
  | {
      readonly kind: "tighteningUndone";
      readonly line: Hex;
      readonly from: Hex;
      readonly to: Hex;
      readonly by: Address;
    }
  | {
      readonly kind: "verifierAdded";
      /** keccak256 of the circuit's name. */
      readonly circuit: Hex;
      readonly version: number;
      readonly verifier: Address;
      readonly codeHash: Hex;
      readonly liveAt: number;
      /** Made from a development key. */
      readonly insecure: boolean;
      /** Verifies nothing until every other live version is retired. */
      readonly standby: boolean;
    }
  | {
      readonly kind: "verifierRetired";
      readonly circuit: Hex;
      readonly version: number;
      readonly by: Address;
      readonly reason: string;
    }
  /** The list that a market book was made with. */
  | { readonly kind: "publishersSet"; readonly publishers: readonly Address[]; readonly threshold: bigint }
  | {
      readonly kind: "publishersAnnounced";
      readonly publishers: readonly Address[];
      readonly threshold: bigint;
      readonly liveAt: number;
    }
  | { readonly kind: "publishersCancelled"; readonly by: Address }
  /** A table was accepted: by its publishers' signatures, or on the word of the contract that read the feeds. */
  | {
      readonly kind: "tableAccepted";
      readonly series: Hex;
      readonly root: bigint;
      readonly asOf: bigint;
      readonly contentHash: Hex;
      readonly signers?: readonly Address[];
      readonly source?: Address;
    }
  | {
      readonly kind: "marketWithdrawn";
      /** Of market or returns tables. */
      readonly series: Hex;
      readonly root: bigint;
      readonly asOf: bigint;
      readonly by: Address;
      readonly reason: string;
    }
  | {
      readonly kind: "universeOpened";
      readonly id: Hex;
      /** The contract that reads the feeds. */
      readonly source: Address;
      readonly universeId: bigint;
      readonly instruments: number;
      readonly liveAt: number;
    }
  | {
      readonly kind: "universeClosed";
      readonly id: Hex;
      readonly source: Address;
      readonly by: Address;
      readonly reason: string;
    };

/** About who may do what, and what waits. */
export type AuthorityEvent =
  | {
      readonly kind: "roleOffered";
      readonly role: bigint;
      readonly account: Address;
      readonly executionDelay: number;
      readonly by: Address;
    }
  | {
      readonly kind: "roleOfferWithdrawn";
      readonly role: bigint;
      readonly account: Address;
      readonly by: Address;
    }
  /** An administrator was revoked, and with it every offer that was made before. */
  | { readonly kind: "roleOffersVoided"; readonly administrator: Address; readonly by: Address }
  | {
      readonly kind: "roleGranted";
      readonly role: bigint;
      readonly account: Address;
      /** Seconds between what the account schedules and what it executes. */
      readonly executionDelay: number;
      /** First second at which the account has the role, or at which the delay of a member changes. */
      readonly liveAt: number;
      readonly newMember: boolean;
    }
  | { readonly kind: "roleRevoked"; readonly role: bigint; readonly account: Address }
  | { readonly kind: "roleLabelled"; readonly role: bigint; readonly label: string }
  | { readonly kind: "roleAdminChanged"; readonly role: bigint; readonly admin: bigint }
  | { readonly kind: "roleGuardianChanged"; readonly role: bigint; readonly guardian: bigint }
  | {
      readonly kind: "grantDelayChanged";
      readonly role: bigint;
      readonly delay: number;
      readonly liveAt: number;
    }
  | {
      readonly kind: "functionRoleChanged";
      readonly target: Address;
      readonly contract?: ContractName;
      readonly selector: Hex;
      readonly functionName?: string;
      readonly role: bigint;
    }
  | {
      readonly kind: "adminDelayChanged";
      readonly target: Address;
      readonly contract?: ContractName;
      readonly delay: number;
      readonly liveAt: number;
    }
  | {
      readonly kind: "targetClosed";
      readonly target: Address;
      readonly contract?: ContractName;
      readonly closed: boolean;
    }
  /** A contract asks another authority from now on. */
  | {
      readonly kind: "authorityChanged";
      readonly target: Address;
      readonly contract: ContractName;
      readonly authority: Address;
    }
  | ({ readonly kind: "operationScheduled"; readonly liveAt: number } & Operation)
  | ({ readonly kind: "operationExecuted" | "operationCancelled" } & Pick<Operation, "operation" | "nonce"> &
      Partial<Operation>);

/** A call that waits in the authority. */
export interface Operation {
  readonly operation: Hex;
  readonly nonce: number;
  readonly caller: Address;
  readonly target: Address;
  readonly data: Hex;
  /** What it does; absent for a contract that is none of Keel's. */
  readonly call?: ContractCall;
}

/** Contracts whose logs count: what is known of them grows with the logs. */
export interface Parties {
  /** Every authority that one of the contracts ever asked. */
  readonly authorities: readonly Address[];
  /** Contracts that the market book accepts tables from, or ever did. */
  readonly sources: readonly Address[];
}

export const NO_PARTIES: Parties = { authorities: [], sources: [] };

/** Which contract has which address. */
export function bookOf(registry: Registry, { authorities, sources }: Parties): Book {
  const named: readonly (readonly [Address, ContractName])[] = [
    ...authorities.map((address) => [address, "Authority"] as const),
    ...sources.map((address) => [address, "FeedMarket"] as const),
    ...contractsOf(registry),
  ];
  return new Map(named.map(([address, name]) => [address.toLowerCase(), name]));
}

/** The contracts that ask the authority, with their names. */
export function contractsOf(registry: Registry): readonly (readonly [Address, ContractName])[] {
  return [
    [registry.address, "HealthRegistry"],
    [registry.policyBook, "PolicyBook"],
    [registry.marketBook, "MarketBook"],
    [registry.verifierBook, "VerifierBook"],
  ];
}

/** Adds those that logs name and that a node shows now. */
export async function partiesIn(registry: Registry, known: Parties, span: Blocks): Promise<Parties> {
  const { client } = registry;
  const contracts = contractsOf(registry).map(([address]) => address);
  // Later ones are in the logs.
  const asked = known.authorities.length > 0 ? [] : contracts;
  const now = await Promise.all(
    asked.map((address) =>
      client.readContract({ address, abi: healthRegistryAbi, functionName: "authority" }),
    ),
  );
  const strict = true;
  const moved = await inSpans(span, (part) =>
    client.getContractEvents({
      ...{ ...part, strict, address: contracts, abi: healthRegistryAbi },
      eventName: "AuthorityUpdated",
    }),
  );
  const authorities = distinct([...known.authorities, ...moved.map(({ args }) => args.authority), ...now]);
  const granted = await inSpans(span, (part) =>
    client.getContractEvents({
      ...{ ...part, strict, address: authorities, abi: authorityAbi },
      eventName: "RoleGranted",
      args: { roleId: ROLES["market-source"] },
    }),
  );
  const accepted = await inSpans(span, (part) =>
    client.getContractEvents({
      ...{ ...part, strict, address: registry.marketBook, abi: marketBookAbi },
      eventName: "MarketAcceptedFrom",
    }),
  );
  const sources = distinct([
    ...known.sources,
    ...granted.map(({ args }) => args.account),
    ...accepted.map(({ args }) => args.source),
  ]);
  return { authorities, sources };
}

/** Which logs are read. */
export interface Reading {
  /** Of the authorities alone. */
  readonly ofAuthority?: true;
  /** Only of what later notices follow from: what was scheduled, and which publishers were announced. */
  readonly lasting?: true;
  /** What the logs said before: an operation that is executed was scheduled then. */
  readonly earlier?: readonly BookNotice[];
}

const LASTING = [...authorityAbi, ...marketBookAbi].filter(
  (item) =>
    item.type === "event" &&
    ["OperationScheduled", "PublishersAnnounced", "PublishersCancelled"].includes(item.name),
);

/** What the contracts' logs say in a range of blocks, in the chain's order. */
export async function bookNotices(
  registry: Registry,
  parties: Parties,
  span: Blocks,
  { ofAuthority, lasting, earlier = [] }: Reading = {},
): Promise<BookNotice[]> {
  const book = bookOf(registry, parties);
  const address = ofAuthority ? [...parties.authorities] : ([...book.keys()] as Address[]);
  const events = lasting ? { events: LASTING as AbiEvent[] } : {};
  const found = await inSpans(span, (part) => registry.client.getLogs({ address, ...events, ...part }));
  const said = found.flatMap((log) => eventsOf(book, log as Log<bigint, number, false>));
  const place = await placesOf(
    registry,
    said.map(({ log }) => log),
  );
  const notices = said.map(({ event, log }) => ({ ...event, ...place(log) }) as BookNotice);
  return withCalls(earlier, notices);
}

/** A mined log and what it says. */
interface Said {
  readonly event: BookEvent | AuthorityEvent;
  readonly log: Log<bigint, number, false>;
}

function eventsOf(book: Book, log: Log<bigint, number, false>): Said[] {
  const contract = book.get(log.address.toLowerCase())!;
  return read(contract, book, log).map((event) => ({ event, log }));
}

function read(
  contract: ContractName,
  book: Book,
  log: Log<bigint, number, false>,
): (BookEvent | AuthorityEvent)[] {
  switch (contract) {
    case "PolicyBook":
      return [...policyEvents(log), ...moved(contract, log)];
    case "VerifierBook":
      return [...verifierEvents(log), ...moved(contract, log)];
    case "MarketBook":
      return [...marketEvents(log), ...moved(contract, log)];
    case "FeedMarket":
      return [...feedEvents(log), ...moved(contract, log)];
    case "HealthRegistry":
      return moved(contract, log);
    case "Authority":
      return authorityEvents(book, log);
  }
}

/** A contract asks another authority. */
function moved(contract: ContractName, log: Log): AuthorityEvent[] {
  const logs = parseEventLogs({
    abi: healthRegistryAbi,
    eventName: "AuthorityUpdated",
    logs: [log],
    strict: true,
  });
  return logs.map(({ address, args }) => ({
    kind: "authorityChanged",
    target: address,
    contract,
    authority: args.authority,
  }));
}

function policyEvents(log: Log): BookEvent[] {
  return parseEventLogs({ abi: policyBookAbi, logs: [log], strict: true }).flatMap((said): BookEvent[] => {
    switch (said.eventName) {
      case "LineMoved": {
        const { tighter, ...args } = said.args;
        return tighter ? [] : [{ kind: "policyLoosened", ...args }];
      }
      case "LineMoveCancelled":
        return [{ kind: "policyMoveCancelled", ...said.args }];
      case "TighteningUndone":
        return [{ kind: "tighteningUndone", ...said.args }];
      default:
        return [];
    }
  });
}

function verifierEvents(log: Log): BookEvent[] {
  return parseEventLogs({ abi: verifierBookAbi, logs: [log], strict: true }).flatMap((said): BookEvent[] => {
    switch (said.eventName) {
      case "VerifierAdded":
        return [{ kind: "verifierAdded", ...said.args }];
      case "VerifierRetired":
        return [{ kind: "verifierRetired", ...said.args }];
      default:
        return [];
    }
  });
}

function marketEvents(log: Log): BookEvent[] {
  return parseEventLogs({ abi: marketBookAbi, logs: [log], strict: true }).flatMap((said): BookEvent[] => {
    switch (said.eventName) {
      case "PublishersSet":
        return [{ kind: "publishersSet", ...said.args }];
      case "PublishersAnnounced":
        return [{ kind: "publishersAnnounced", ...said.args }];
      case "PublishersCancelled":
        return [{ kind: "publishersCancelled", ...said.args }];
      case "MarketAccepted":
      case "MarketAcceptedFrom":
        return [{ kind: "tableAccepted", ...said.args }];
      case "MarketWithdrawn":
        return [{ kind: "marketWithdrawn", ...said.args }];
      default:
        return [];
    }
  });
}

function feedEvents(log: Log): BookEvent[] {
  const source = log.address;
  return parseEventLogs({ abi: feedMarketAbi, logs: [log], strict: true }).flatMap((said): BookEvent[] => {
    switch (said.eventName) {
      case "UniverseOpened": {
        const { id, universeId, universe, liveAt } = said.args;
        const instruments = universe.instruments.length;
        return [{ kind: "universeOpened", id, source, universeId, instruments, liveAt }];
      }
      case "UniverseClosed":
        return [{ kind: "universeClosed", source, ...said.args }];
      default:
        return [];
    }
  });
}

function authorityEvents(book: Book, log: Log): AuthorityEvent[] {
  const nameOf = (target: Address): { readonly contract?: ContractName } => {
    const contract = book.get(target.toLowerCase());
    return contract === undefined ? {} : { contract };
  };
  return parseEventLogs({ abi: authorityAbi, logs: [log], strict: true }).flatMap(
    (said): AuthorityEvent[] => {
      switch (said.eventName) {
        case "RoleOffered": {
          const { roleId: role, account, executionDelay, by } = said.args;
          return [{ kind: "roleOffered", role, account, executionDelay, by }];
        }
        case "RoleOfferWithdrawn": {
          const { roleId: role, account, by } = said.args;
          return [{ kind: "roleOfferWithdrawn", role, account, by }];
        }
        case "RoleOffersVoided":
          return [{ kind: "roleOffersVoided", ...said.args }];
        case "RoleGranted": {
          const { roleId: role, account, delay: executionDelay, since: liveAt, newMember } = said.args;
          return [{ kind: "roleGranted", role, account, executionDelay, liveAt, newMember }];
        }
        case "RoleRevoked":
          return [{ kind: "roleRevoked", role: said.args.roleId, account: said.args.account }];
        case "RoleLabel":
          return [{ kind: "roleLabelled", role: said.args.roleId, label: said.args.label }];
        case "RoleAdminChanged":
          return [{ kind: "roleAdminChanged", role: said.args.roleId, admin: said.args.admin }];
        case "RoleGuardianChanged":
          return [{ kind: "roleGuardianChanged", role: said.args.roleId, guardian: said.args.guardian }];
        case "RoleGrantDelayChanged": {
          const { roleId: role, delay, since: liveAt } = said.args;
          return [{ kind: "grantDelayChanged", role, delay, liveAt }];
        }
        case "TargetFunctionRoleUpdated": {
          const { target, selector, roleId: role } = said.args;
          const named = nameOf(target);
          const functionName = named.contract && functionNameOf(named.contract, selector);
          const name = functionName === undefined ? {} : { functionName };
          return [{ kind: "functionRoleChanged", target, ...named, selector, ...name, role }];
        }
        case "TargetAdminDelayUpdated": {
          const { target, delay, since: liveAt } = said.args;
          return [{ kind: "adminDelayChanged", target, ...nameOf(target), delay, liveAt }];
        }
        case "TargetClosed":
          return [{ kind: "targetClosed", ...said.args, ...nameOf(said.args.target) }];
        case "OperationScheduled":
          return [
            { kind: "operationScheduled", liveAt: said.args.schedule, ...operationIn(book, said.args) },
          ];
        case "OperationExecuted":
        case "OperationCanceled": {
          const kind = said.eventName === "OperationExecuted" ? "operationExecuted" : "operationCancelled";
          return [{ kind, operation: said.args.operationId, nonce: said.args.nonce }];
        }
        default:
          return [];
      }
    },
  );
}

/** A scheduled call as its log has it. */
interface ScheduledArgs {
  readonly operationId: Hex;
  readonly nonce: number;
  readonly caller: Address;
  readonly target: Address;
  readonly data: Hex;
}

/** A scheduled call with what it does. */
export function operationIn(
  book: Book,
  { operationId, nonce, caller, target, data }: ScheduledArgs,
): Operation {
  const call = decodeCall(book, target, data);
  return { operation: operationId, nonce, caller, target, data, ...(call === undefined ? {} : { call }) };
}

/** Says of what was executed or called off what it was: it was scheduled earlier. */
function withCalls(earlier: readonly BookNotice[], notices: readonly BookNotice[]): BookNotice[] {
  const scheduled = new Map<string, Operation>();
  const key = ({ operation, nonce }: Pick<Operation, "operation" | "nonce">) => `${operation} ${nonce}`;
  for (const notice of [...earlier, ...notices]) {
    if (notice.kind !== "operationScheduled") continue;
    const { operation, nonce, caller, target, data, call } = notice;
    scheduled.set(key(notice), { operation, nonce, caller, target, data, ...(call && { call }) });
  }
  return notices.map((notice) =>
    notice.kind === "operationExecuted" || notice.kind === "operationCancelled"
      ? { ...notice, ...scheduled.get(key(notice)) }
      : notice,
  );
}

function distinct<T extends string>(values: readonly T[]): T[] {
  const seen = new Map(values.map((value) => [value.toLowerCase(), value] as const));
  return [...seen.values()];
}
