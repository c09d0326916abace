// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Positions from an EVM chain into the accounts of a snapshot: ERC-20 balances and the chain's own coin, and what is
 * supplied to and owed to lenders, of pools with Aave v3's interface, markets of Compound III and of Morpho Blue, and
 * liquidity in Uniswap. Everything is read at one block, decimals too.
 *
 * A mapping (chain-mapping/1) says which instrument a token is and which lenders to read; a lender has an account of its
 * own, or shares one. A token that the mapping leaves out only lowers what can be proven. A debt that it leaves out is
 * refused where it is seen: the lenders that are known of the chain are asked, and each token is asked whether it is a
 * lender's. So is whatever else cannot be placed: another chain, an address that is no token or pool, a debt at a stable
 * rate, collateral that its lender does not count, and coins and a debt of one instrument in one account, which would
 * cancel out.
 *
 * @module
 */

import { inputError, KeelError, type Market } from "@keel/verifier";
import type { Address, Hash, PublicClient } from "viem";
import type { Account } from "../../snapshot.js";
import { Problems } from "../problems.js";
import { poolAmounts } from "./aave.js";
import { type Entry, entryOf, positionsOf } from "./amounts.js";
import { cometAmounts } from "./comet.js";
import { coreAccounts, coreEntries } from "./hypercore.js";
import { isOwed, isRead, type KnownLender, knownLenders } from "./lenders.js";
import { accountsOf, type ChainMapping, checkInstruments } from "./mapping.js";
import { morphoAmounts } from "./morpho.js";
import { isPinnedByProof, provePinned } from "./pinned.js";
import { answered, type ChainView, ownBalance } from "./read.js";
import { scan } from "./scan.js";
import { type Amount, checkToken, tokenAmount } from "./tokens.js";
import { managerAmounts, pairAmounts } from "./uniswap.js";

/** Whose positions, when, and what their account is called. */
export interface ChainRequest {
  readonly owner: Address;
  /** Account of what the owner holds itself. */
  readonly account: string;
  /** Name of the source that will sign. */
  readonly source: string;
  /** The latest block when absent. */
  readonly blockNumber?: bigint;
  /** Look for lenders and tokens that nobody named in the logs from this block on; not at all when absent. */
  readonly scanFrom?: bigint;
}

/** Accounts as they stood at the end of a block. */
export interface ChainBalances {
  readonly accounts: readonly Account[];
  readonly blockNumber: bigint;
  readonly blockHash: Hash;
  /** The block's time, unix seconds. */
  readonly asOf: number;
  /** What a reader should know of what was read. */
  readonly notes: readonly string[];
  readonly notLookedFor: readonly NotLookedFor[];
}

/** Something that the accounts say nothing of: a sentence without the owner's amounts. */
export type NotLookedFor = string;

/**
 * What an owner has and owes on a chain at one block, unsigned: its own account first, then the lenders' in the mapping's
 * order. Amounts finer than eight places are rounded against the prover, each by itself.
 *
 * @param lenders that the chain is known to have
 * @throws KeelError `chain.*` with the place in the mapping, never with an amount, everything that is wrong at once; kind
 *   "environment" when the node fails
 */
export async function accountsFromChain(
  client: PublicClient,
  request: ChainRequest,
  mapping: ChainMapping,
  market: Market,
  lenders: readonly KnownLender[] = knownLenders(mapping.chainId),
): Promise<ChainBalances> {
  const { owner, account, source, scanFrom } = request;
  checkInstruments(mapping, market);
  await checkChain(client, mapping.chainId);
  const block = await blockOf(client, request);
  const view: ChainView = { client, owner, blockNumber: block.number, time: block.timestamp };
  const pinned = isPinnedByProof(mapping) ? await provePinned(view) : undefined;
  const problems = new Problems();
  const entries = await entriesOf(view, account, mapping, market, problems);
  const others = lenders.filter((lender) => !isRead(lender, mapping));
  await problems.during(others.map((lender) => () => checkLender(view, lender)));
  const [unread = 0] =
    scanFrom === undefined ? [] : await problems.during([() => scan(view, mapping, scanFrom)]);
  const core = mapping.hyperliquid === undefined ? [] : coreAccounts(mapping.hyperliquid);
  const ids = [...new Set([account, ...accountsOf(mapping), ...core])];
  const accounts = await problems.during(
    ids.map((id) => (): Account => ({ id, source, positions: positionsOf(id, entries) })),
  );
  if (pinned !== undefined) await provePinned(view, pinned);
  await checkBlock(client, block);
  problems.throwIfAny();
  return {
    ...{ accounts, blockNumber: block.number, blockHash: block.hash, asOf: Number(block.timestamp) },
    notes: entries.flatMap(({ note }) => note ?? []),
    notLookedFor: notLookedFor(mapping, others, scanFrom, unread),
  };
}

/** Everything that was found, as quantities; what is wrong is kept with the problems. */
async function entriesOf(
  view: ChainView,
  account: string,
  mapping: ChainMapping,
  market: Market,
  problems: Problems,
): Promise<Entry[]> {
  const found = (await problems.during(readingsOf(view, account, mapping))).flat();
  const held = found.filter(({ raw }) => raw !== 0n);
  const entries = await problems.during(held.map((amount) => () => entryOf(view, mapping, market, amount)));
  const { hyperliquid } = mapping;
  if (hyperliquid === undefined) return entries;
  return [...entries, ...(await problems.during([() => coreEntries(view, hyperliquid, market)])).flat()];
}

/** What there is to read, in the order in which errors are told. */
function readingsOf(view: ChainView, account: string, mapping: ChainMapping): (() => Promise<Amount[]>)[] {
  const { tokens, native, pools, comets, morpho, uniswap, pairs } = mapping;
  const lenders = <T>(
    part: ReadonlyMap<Address, T>,
    reading: (lender: Address, place: T) => Promise<Amount[]>,
  ) => [...part].map((entry) => () => reading(...entry));
  const markets = [...morpho].flatMap(([contract, places]) =>
    [...places].map(([id, place]) => [contract, id, place] as const),
  );
  return [
    ...lenders(tokens, async (token, place) => {
      const traits = await checkToken(view, token, place, mapping);
      return [await tokenAmount(view, account, token, place, traits)];
    }),
    ...(native === undefined
      ? []
      : [async () => [{ account, raw: await ownBalance(view), path: "mapping.native" }]]),
    ...lenders(pools, (pool, place) => poolAmounts(view, mapping, pool, place)),
    ...lenders(comets, (comet, place) => cometAmounts(view, comet, place)),
    ...markets.map((market) => () => morphoAmounts(view, ...market)),
    ...lenders(uniswap, (manager, place) => managerAmounts(view, manager, place)),
    ...lenders(pairs, (pair, place) => pairAmounts(view, pair, place)),
  ];
}

async function checkLender(view: ChainView, lender: KnownLender): Promise<void> {
  if (!(await isOwed(view, lender))) return;
  const { kind, name, address } = lender;
  const place = {
    aave: "mapping.pools",
    comet: "mapping.comets",
    morpho: "mapping.morpho",
    "compound-v2": "mapping",
  };
  const received =
    kind === "compound-v2" ? `${name}, which cannot be read: repay it or sign it as another source` : name;
  const expected = `every lender to which something is owed, also ${address}`;
  throw inputError("chain.lender", place[kind], expected, `none of ${received}`);
}

/** What the accounts say nothing of, for whoever relies on them. */
function notLookedFor(
  { tokens, pools, comets, morpho, unrelated, native, hyperliquid }: ChainMapping,
  asked: readonly KnownLender[],
  scanFrom: bigint | undefined,
  unread: number,
): NotLookedFor[] {
  const read = [...pools.keys(), ...comets.keys(), ...morpho.keys()];
  const known = asked.filter(({ kind }) => kind !== "morpho").map(({ name }) => name);
  const byMarket = asked.filter(({ kind }) => kind === "morpho");
  const asks = known.length === 0 ? "" : `, and asked of debts alone: ${known.join(", ")}`;
  const logs =
    scanFrom === undefined
      ? "logs were not scanned (--scan-from)"
      : `logs were scanned from block ${scanFrom} on, for tokens and for lenders of the kinds of Aave, Compound III and Morpho Blue`;
  return [
    `debts to any other lender than ${read.length === 0 ? "none" : read.join(", ")}${asks}; ${logs}`,
    ...(scanFrom === undefined
      ? byMarket.map(
          ({ name, address }) => `debts in markets of ${name} (${address}) that are not in the mapping`,
        )
      : []),
    `tokens other than the ${tokens.size} of the mapping${native === undefined ? ", and the chain's own coin" : ""}`,
    ...(unread === 0 ? [] : [`${unread} tokens with a balance, found in the logs and not in the mapping`]),
    ...(unrelated.size === 0 ? [] : [`what the mapping calls unrelated: ${[...unrelated].join(", ")}`]),
    ...(hyperliquid === undefined
      ? []
      : ["at Hyperliquid: coins that the mapping leaves out, what is lent, staked or in vaults there"]),
    "rewards that were not claimed, coins staked or locked elsewhere, other chains and other addresses of the owner",
  ];
}

async function checkChain(client: PublicClient, expected: number): Promise<void> {
  const received = await answered(() => client.getChainId());
  if (received === expected) return;
  throw inputError("chain.id", "mapping.chainId", `the node's chain, ${received}`, `${expected}`);
}

interface PinnedBlock {
  readonly number: bigint;
  readonly hash: Hash;
  readonly timestamp: bigint;
}

/**
 * The block to read at.
 *
 * @throws KeelError `chain.future` for one that the chain has not reached
 */
async function blockOf(client: PublicClient, { blockNumber }: ChainRequest): Promise<PinnedBlock> {
  const latest = await answered(() => client.getBlockNumber({ cacheTime: 0 }));
  const wanted = blockNumber ?? latest;
  if (wanted > latest) {
    throw inputError("chain.future", "--block", `at most the chain's latest block, ${latest}`, `${wanted}`);
  }
  const block = await answered(() => client.getBlock({ blockNumber: wanted }));
  if (block.number === wanted) return block;
  throw new KeelError({
    ...{ kind: "environment", code: "chain.call", expected: `the node to answer for block ${wanted}` },
    received: `block ${block.number}`,
  });
}

/** Refuses a block that is no longer part of the chain: some answers may have come from another one of its height. */
async function checkBlock(client: PublicClient, { number: blockNumber, hash }: PinnedBlock): Promise<void> {
  const now = await answered(() => client.getBlock({ blockNumber }));
  if (now.hash === hash) return;
  throw inputError(
    "chain.block",
    "--block",
    "a block that stays",
    "one that was replaced meanwhile; try again",
  );
}
