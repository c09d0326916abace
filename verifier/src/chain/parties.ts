// SPDX-License-Identifier: MIT
/**
 * Whose logs a watch of a registry has to read: the registry's own contracts, every authority that one of them asks, every contract
 * that may bring tables, and whom that one asks in turn; each from when it began to count.
 *
 * @module
 */

import { type Address, isAddressEqual } from "viem";
import { authorityAbi, healthRegistryAbi, marketBookAbi } from "./abi.js";
import type { Book, ContractName } from "./calls.js";
import { creationBlock } from "./creation.js";
import { type Blocks, inSpans, type Mined } from "./history.js";
import type { Registry } from "./registry.js";
import { ROLES } from "./roles.js";

/** A contract whose logs count. */
export interface Party {
  readonly address: Address;
  /** The log with which they begin to: an authority that a contract moved to, a source that was let in. Absent: from the beginning. */
  readonly from?: Mined;
}

/** Contracts whose logs count: what is known of them grows with the logs. */
export interface Parties {
  /** Every authority that one of the contracts, or a market source, ever asked. */
  readonly authorities: readonly Party[];
  /** Contracts that the market book accepts tables from, or ever did. */
  readonly sources: readonly Party[];
  /** The first block that was looked at: the registry's first. */
  readonly since?: bigint;
}

export const NO_PARTIES: Parties = { authorities: [], sources: [] };

/** Those that are known from the blocks up to one. */
export function partiesUpTo({ authorities, sources, ...rest }: Parties, block: bigint): Parties {
  const stands = ({ from }: Party): boolean => from === undefined || from.blockNumber <= block;
  return { ...rest, authorities: authorities.filter(stands), sources: sources.filter(stands) };
}

/** Which contract has which address. */
export function bookOf(
  registry: Registry,
  { authorities, sources }: Pick<Parties, "authorities" | "sources">,
): Book {
  const named: readonly (readonly [Address, ContractName])[] = [
    ...authorities.map(({ address }) => [address, "Authority"] as const),
    ...sources.map(({ address }) => [address, "FeedMarket"] as const),
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
  const first = known.authorities.length > 0 ? known : await firstAuthorities(registry, span);
  let parties = first;
  // Whoever comes in may bring others: an authority its sources, a source its authority.
  for (let before = -1; count(parties) !== before; ) {
    before = count(parties);
    parties = withSources(parties, await sourcesIn(registry, parties, span));
    parties = withAuthorities(parties, await movesIn(registry, parties, span));
  }
  return parties;
}

const count = ({ authorities, sources }: Parties): number => authorities.length + sources.length;

/** What the registry's own contracts asked when they were made. */
async function firstAuthorities(registry: Registry, span: Blocks): Promise<Parties> {
  const contracts = contractsOf(registry).map(([address]) => address);
  const said = await authorityLogs(registry, contracts, span);
  const asked = await Promise.all(
    contracts.map(async (address) => {
      const made = said.find((log) => isAddressEqual(log.address, address));
      return made?.args.authority ?? (await authorityNow(registry, address));
    }),
  );
  const authorities = distinct(asked).map((address) => ({ address }));
  return { authorities, sources: [], since: span.fromBlock };
}

async function authorityNow({ client }: Registry, address: Address): Promise<Address> {
  return await client.readContract({ address, abi: healthRegistryAbi, functionName: "authority" });
}

async function authorityLogs({ client }: Registry, address: readonly Address[], span: Blocks) {
  if (address.length === 0) return [];
  return await inSpans(span, (part) =>
    client.getContractEvents({
      ...{ ...part, strict: true, address: [...address], abi: healthRegistryAbi },
      eventName: "AuthorityUpdated",
    }),
  );
}

/** Authorities that contracts moved to, and those of sources that were let in. */
async function movesIn(registry: Registry, parties: Parties, span: Blocks): Promise<Party[]> {
  const { authorities, sources } = parties;
  const own = contractsOf(registry).map(([address]) => address);
  const moved = await authorityLogs(registry, [...own, ...sources.map(({ address }) => address)], span);
  const counted = moved.filter((log) => {
    const source = sources.find(({ address }) => isAddressEqual(address, log.address));
    return source?.from === undefined || !isBefore(log, source.from);
  });
  const found: Party[] = counted.map((log) => ({ address: log.args.authority, from: log }));
  const known = new Set(authorities.map(({ address }) => address.toLowerCase()));
  for (const source of sources.filter(({ from }) => isWithin(from, span))) {
    const address = await authorityAt(registry, parties, source as Required<Party>);
    if (address !== undefined && !known.has(address.toLowerCase())) {
      found.push({ address, from: source.from! });
    }
  }
  return found.sort((a, b) => inChainOrder(a.from!, b.from!));
}

/** What a source asked when it was let in; nothing for one that asks nobody. */
async function authorityAt(
  registry: Registry,
  { since }: Parties,
  { address, from }: Required<Party>,
): Promise<Address | undefined> {
  const logs = await authorityLogs(registry, [address], await before(registry, since, address, from));
  const last = logs.filter((log) => isBefore(log, from)).at(-1);
  return last?.args.authority ?? (await authorityNow(registry, address).catch(() => undefined));
}

/** Contracts that an authority lets bring tables, or that brought some. */
async function sourcesIn(
  registry: Registry,
  { authorities, since }: Parties,
  span: Blocks,
): Promise<Party[]> {
  const { client } = registry;
  const grants = { abi: authorityAbi, eventName: "RoleGranted", strict: true } as const;
  const args = { roleId: ROLES["market-source"] };
  const found: Party[] = [];
  const granted = await inSpans(span, (part) =>
    client.getContractEvents({
      ...{ ...grants, ...part, args, address: authorities.map(({ address }) => address) },
    }),
  );
  for (const log of granted) {
    const { from } = authorities.find(({ address }) => isAddressEqual(address, log.address))!;
    found.push({ address: log.args.account, from: from !== undefined && isBefore(log, from) ? from : log });
  }
  for (const { address, from } of authorities.filter((one) => isWithin(one.from, span))) {
    const earlier = await before(registry, since, address, from!);
    const logs = await inSpans(
      { ...earlier, toBlock: minimum(earlier.toBlock, span.fromBlock - 1n) },
      (part) => client.getContractEvents({ ...grants, ...part, args, address }),
    );
    found.push(...logs.map((log) => ({ address: log.args.account, from: from! })));
  }
  const accepted = await inSpans(span, (part) =>
    client.getContractEvents({
      ...{ ...part, strict: true, address: registry.marketBook, abi: marketBookAbi },
      eventName: "MarketAcceptedFrom",
    }),
  );
  found.push(...accepted.map((log) => ({ address: log.args.source, from: log })));
  return found.sort((a, b) => inChainOrder(a.from!, b.from!));
}

const withSources = (parties: Parties, found: readonly Party[]): Parties => ({
  ...parties,
  sources: together(parties.sources, found),
});

const withAuthorities = (parties: Parties, found: readonly Party[]): Parties => ({
  ...parties,
  authorities: together(parties.authorities, found),
});

/** Each address once, from where it counted first. */
function together(known: readonly Party[], found: readonly Party[]): Party[] {
  const all = new Map(known.map((party) => [party.address.toLowerCase(), party]));
  for (const { address, from } of found) {
    const had = all.get(address.toLowerCase());
    if (had !== undefined && (had.from === undefined || !isBefore(from!, had.from))) continue;
    all.set(address.toLowerCase(), { address: had?.address ?? address, from: minedOf(from!) });
  }
  return [...all.values()];
}

const minedOf = ({ blockNumber, transactionHash, logIndex }: Mined): Mined => ({
  blockNumber,
  transactionHash,
  logIndex,
});

/** The blocks in which a contract may have said something before it counted. A node that forgets is asked from the first one only. */
export async function before(
  { client }: Registry,
  since: bigint | undefined,
  address: Address,
  { blockNumber: toBlock }: Mined,
): Promise<Blocks> {
  const fromBlock = since ? ((await creationBlock(client, address, since - 1n)) ?? since) : 0n;
  return { fromBlock, toBlock };
}

/** Whether a log lies within blocks. */
export function isWithin(from: Mined | undefined, { fromBlock, toBlock }: Blocks): boolean {
  return from !== undefined && fromBlock <= from.blockNumber && from.blockNumber <= toBlock;
}

/** Whether a log lies before another one. */
export function isBefore(log: Omit<Mined, "transactionHash">, from: Mined): boolean {
  return inChainOrder(log, from) < 0;
}

/** Sorts logs. */
export function inChainOrder(a: Omit<Mined, "transactionHash">, b: Omit<Mined, "transactionHash">): number {
  return Number(a.blockNumber - b.blockNumber) || a.logIndex - b.logIndex;
}

const minimum = (a: bigint, b: bigint): bigint => (a < b ? a : b);

function distinct<T extends string>(values: readonly T[]): T[] {
  const seen = new Map(values.map((value) => [value.toLowerCase(), value] as const));
  return [...seen.values()];
}
