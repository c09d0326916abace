// SPDX-License-Identifier: MIT
/**
 * What the logs of the books, of the markets and of the authority say: everything that moves trust and is no subject's own doing.
 *
 * @module
 */

import {
  type Abi,
  type AbiEvent,
  type Address,
  type Hex,
  isAddressEqual,
  type Log,
  parseEventLogs,
} from "viem";
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
import {
  before,
  bookOf,
  contractsOf,
  inChainOrder,
  isBefore,
  isWithin,
  type Parties,
  type Party,
} from "./parties.js";
import type { Registry } from "./registry.js";

export {
  bookOf,
  contractsOf,
  NO_PARTIES,
  type Parties,
  type Party,
  partiesIn,
  partiesUpTo,
} from "./parties.js";

/** Something that the log of a book, a market or the authority says, and where it stands. */
export type BookNotice = Place & (BookEvent | (AuthorityEvent & Elsewhere) | FoundEvent);

/** Where an authority's event happened, when that is not the one that the registry asked first. */
export interface Elsewhere {
  readonly at?: Address;
}

/** What was in place at an authority or a market source already when it began to count. */
export interface FoundEvent {
  readonly kind: "foundThere";
  /** The authority, or the contract that reads feeds. */
  readonly at: Address;
  /** What was said before, and when. */
  readonly notice: (BookEvent | (AuthorityEvent & Elsewhere)) & { readonly blockTime: number };
}

/** About policies, verifiers, tables and announced restarts. */
export type BookEvent =
  | { readonly kind: "lineOpened"; readonly line: Hex; readonly name: string; readonly policyId: Hex }
  /** At once; what was announced before is off with it. */
  | { readonly kind: "policyTightened"; readonly line: Hex; readonly from: Hex; readonly to: Hex }
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

/** Which logs are read. */
export interface Reading {
  /** Of the authorities alone, from their own beginning. */
  readonly ofAuthority?: true;
  /** Only of what later notices follow from: everything but tables and policies. */
  readonly lasting?: true;
  /** What the logs said before: an operation that is executed was scheduled then. */
  readonly earlier?: readonly BookNotice[];
}

/** What comes often, and nothing later follows from. */
const PASSING: ReadonlySet<string> = new Set([
  ...["MarketAccepted", "MarketAcceptedFrom", "MarketWithdrawn", "TableAccepted"],
  ...["PolicyPublished", "DomainDeclared"],
]);
const LASTING = [policyBookAbi, marketBookAbi, feedMarketAbi, verifierBookAbi, authorityAbi].flatMap(
  (abi: Abi) => abi.filter((item) => item.type === "event" && !PASSING.has(item.name)) as AbiEvent[],
);

/** What the contracts' logs say in a range of blocks, in the chain's order. */
export async function bookNotices(
  registry: Registry,
  parties: Parties,
  span: Blocks,
  { ofAuthority, lasting, earlier = [] }: Reading = {},
): Promise<BookNotice[]> {
  const all = [...parties.authorities, ...parties.sources];
  const own = contractsOf(registry).map(([address]) => address);
  const address = (ofAuthority ? parties.authorities : all).map((party) => party.address);
  const notices = await read(registry, parties, ofAuthority ? address : [...own, ...address], span, lasting);
  const counted = notices.filter(({ log, notice }) => {
    const from = all.find((party) => isAddressEqual(party.address, log.address))?.from;
    return ofAuthority || from === undefined || !isBefore(notice, from);
  });
  const begun = all.filter(({ from }) => isWithin(from, span)) as Required<Party>[];
  const past = await Promise.all(
    begun.map(async (party) => {
      if (!ofAuthority) return await foundAt(registry, parties, party);
      return parties.authorities.includes(party) ? await saidBefore(registry, parties, party, span) : [];
    }),
  );
  const said = [...counted.map(({ notice }) => notice), ...past.flat()];
  return withCalls(earlier, said.sort(inChainOrder));
}

/** What was in place at a contract when its logs began to count, told where they did. */
async function foundAt(registry: Registry, parties: Parties, party: Required<Party>): Promise<BookNotice[]> {
  const { address: at, from } = party;
  const notices = await read(registry, parties, [at], await before(registry, parties.since, at, from));
  const said = notices.map(({ notice }) => notice).filter((notice) => isBefore(notice, from));
  const place = (await placesOf(registry, [from]))(from);
  const found = standing(withCalls([], said), bookOf(registry, parties), place.blockTime);
  return found.map((notice) => {
    const { blockNumber: _, logIndex: __, transaction: ___, ...rest } = notice;
    return { kind: "foundThere", at, notice: rest as FoundEvent["notice"], ...place };
  });
}

/** What an authority said before the blocks that are read anyway. */
async function saidBefore(
  registry: Registry,
  parties: Parties,
  { address, from }: Required<Party>,
  span: Blocks,
): Promise<BookNotice[]> {
  const { fromBlock } = await before(registry, parties.since, address, from);
  const notices = await read(registry, parties, [address], { fromBlock, toBlock: span.fromBlock - 1n });
  return notices.map(({ notice }) => notice);
}

/** Logs of some contracts, and what they say. */
async function read(
  registry: Registry,
  parties: Parties,
  address: readonly Address[],
  span: Blocks,
  lasting?: true,
) {
  const book = bookOf(registry, parties);
  const [first] = parties.authorities;
  const events = lasting ? { events: LASTING } : {};
  const found = await inSpans(span, (part) =>
    registry.client.getLogs({ address: [...address], ...events, ...part }),
  );
  const said = found.flatMap((log) => eventsOf(book, log as Log<bigint, number, false>));
  const place = await placesOf(
    registry,
    said.map(({ log }) => log),
  );
  return said.map(({ event, log }) => {
    const isElsewhere =
      book.get(log.address.toLowerCase()) === "Authority" && !isAddressEqual(log.address, first!.address);
    const at = isElsewhere ? { at: log.address } : {};
    return { log, notice: { ...event, ...at, ...place(log) } as BookNotice };
  });
}

/** Of what an authority or a source said, what holds at a time: grants, offers, delays, functions of ours, what waits. */
function standing(said: readonly BookNotice[], book: Book, time: number): BookNotice[] {
  const held = new Map<string, BookNotice>();
  for (const notice of said) {
    const { ends = [], key } = effectOf(notice, book);
    for (const end of ends) {
      for (const name of end.endsWith(" ") ? [...held.keys()] : [end])
        if (name.startsWith(end)) held.delete(name);
    }
    if (key !== undefined) held.set(key, notice);
  }
  return [...held.values()].filter((notice) => lapseOf(notice) > time);
}

/** Seconds for which an offer stands (Authority.sol). */
const OFFER_LIFE = 30 * 86_400;
/** Seconds for which an operation can be executed once it is ready: `expiration` of OpenZeppelin's AccessManager. */
const OPERATION_LIFE = 7 * 86_400;

/** First second at which something is over by itself. */
export function lapseOf(notice: BookNotice | FoundEvent["notice"]): number {
  if (notice.kind === "roleOffered") return notice.blockTime + OFFER_LIFE;
  return notice.kind === "operationScheduled" ? notice.liveAt + OPERATION_LIFE : Number.POSITIVE_INFINITY;
}

/** What an event puts in place, by a name, and names of what it ends: those that begin alike where that ends with a space. */
function effectOf(
  event: BookNotice,
  book: Book,
): { readonly key?: string; readonly ends?: readonly string[] } {
  const isOurs = "target" in event && event.target !== undefined && book.has(event.target.toLowerCase());
  switch (event.kind) {
    case "roleGranted": {
      const name = `${event.role} ${event.account}`;
      return { key: `${event.newMember ? "member" : "delay"} ${name}`, ends: [`offer ${name}`] };
    }
    case "roleRevoked": {
      const name = `${event.role} ${event.account}`;
      return { ends: [`member ${name}`, `delay ${name}`] };
    }
    case "roleOffered":
      return { key: `offer ${event.role} ${event.account}` };
    case "roleOfferWithdrawn":
      return { ends: [`offer ${event.role} ${event.account}`] };
    case "roleOffersVoided":
      return { ends: ["offer "] };
    case "grantDelayChanged":
    case "roleGuardianChanged":
    case "roleAdminChanged":
      return { key: `${event.kind} ${event.role}` };
    case "functionRoleChanged":
      return isOurs ? { key: `function ${event.target} ${event.selector}` } : {};
    case "adminDelayChanged":
      return isOurs ? { key: `${event.kind} ${event.target}` } : {};
    case "targetClosed": {
      const key = `closed ${event.target}`;
      return isOurs && event.closed ? { key } : { ends: [key] };
    }
    case "operationScheduled":
      return { key: `operation ${event.operation}` };
    case "operationExecuted":
    case "operationCancelled":
      return { ends: [`operation ${event.operation}`] };
    case "universeOpened":
      return { key: `universe ${event.source} ${event.id}` };
    case "universeClosed":
      return { ends: [`universe ${event.source} ${event.id}`] };
    default:
      return {};
  }
}

/** A mined log and what it says. */
interface Said {
  readonly event: BookEvent | AuthorityEvent;
  readonly log: Log<bigint, number, false>;
}

function eventsOf(book: Book, log: Log<bigint, number, false>): Said[] {
  const contract = book.get(log.address.toLowerCase())!;
  return saidBy(contract, book, log).map((event) => ({ event, log }));
}

function saidBy(
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
      case "LineOpened":
        return [{ kind: "lineOpened", ...said.args }];
      case "LineMoved": {
        const { tighter, liveAt, ...args } = said.args;
        return [tighter ? { kind: "policyTightened", ...args } : { kind: "policyLoosened", ...args, liveAt }];
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
