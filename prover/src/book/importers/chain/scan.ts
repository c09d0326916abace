// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Lenders and tokens that nobody named, from the chain's logs: every token that the owner ever received, debt tokens of
 * Aave's kind among them, and the logs of Compound III and Morpho Blue about the owner. Complete for these kinds from the
 * first block that is scanned; Compound v2 and its copies leave no log that could be found so.
 *
 * @module
 */

import { setTimeout as sleep } from "node:timers/promises";
import { type Blocks, inSpans } from "@keel/verifier/chain";
import { type Address, type Hex, numberToHex, padHex, parseAbi, toEventSelector } from "viem";
import { Problems } from "../problems.js";
import type { ChainMapping } from "./mapping.js";
import { morphoAbi } from "./morpho.js";
import { answered, ask, type ChainView, oddAnswer } from "./read.js";
import { lowerCase, tokenAbi, traitsOf } from "./tokens.js";

const TRANSFER = toEventSelector("Transfer(address,address,uint256)");
const MORPHO_BORROW = toEventSelector("Borrow(bytes32,address,address,address,uint256,uint256)");
const COMET_COLLATERAL = toEventSelector("SupplyCollateral(address,address,address,uint256)");
const COMET_WITHDRAW = toEventSelector("Withdraw(address,address,uint256)");

const cometAbi = parseAbi(["function borrowBalanceOf(address account) view returns (uint256)"]);

const TRIES = 5;
const PAUSE_MS = 500;

interface Log {
  readonly address: Address;
  readonly topics: readonly Hex[];
}

/** Contracts that the logs name. */
interface Found {
  readonly tokens: ReadonlySet<Address>;
  readonly comets: ReadonlySet<Address>;
  /** Morpho contract and market id. */
  readonly markets: ReadonlyMap<string, readonly [Address, Hex]>;
}

/**
 * Refuses a debt that the mapping leaves out.
 *
 * @returns what else was found: how many tokens with a balance are not read
 * @throws KeelError `chain.lender` for each
 */
export async function scan(view: ChainView, mapping: ChainMapping, fromBlock: bigint): Promise<number> {
  const { tokens, comets, markets } = await contractsIn(view, { fromBlock, toBlock: view.blockNumber });
  const problems = new Problems();
  const owed = (path: string, place: string): void =>
    problems.add("chain.lender", path, `${place}, to which something is owed`, "a lender that is not read");
  const unread = await Promise.all([...tokens].map((token) => unreadToken(view, mapping, token, owed)));
  for (const comet of comets) {
    if (mapping.comets.has(comet) || mapping.unrelated.has(comet)) continue;
    const call = {
      address: comet,
      abi: cometAbi,
      functionName: "borrowBalanceOf",
      args: [view.owner],
    } as const;
    if (((await ask(view, call)) ?? 0n) > 0n) owed("mapping.comets", comet);
  }
  for (const [morpho, id] of markets.values()) {
    if (mapping.morpho.get(morpho)?.has(id) || mapping.unrelated.has(morpho)) continue;
    const call = {
      address: morpho,
      abi: morphoAbi,
      functionName: "position",
      args: [id, view.owner],
    } as const;
    if (((await ask(view, call))?.borrowShares ?? 0n) > 0n) owed(`mapping.morpho.${morpho}`, id);
  }
  problems.throwIfAny();
  return unread.filter((is) => is).length;
}

/** Whether a token with a balance is not read; a debt to a lender that is not read is told. */
async function unreadToken(
  view: ChainView,
  mapping: ChainMapping,
  token: Address,
  owed: (path: string, place: string) => void,
): Promise<boolean> {
  if (isNamed(mapping, token)) return false;
  const call = { address: token, abi: tokenAbi, functionName: "balanceOf", args: [view.owner] } as const;
  const balance = await ask(view, call);
  if (balance === undefined || balance === 0n) return false;
  const { isDebt, pool, isOwed } = await traitsOf(view, token);
  if (pool !== undefined && mapping.pools.has(pool)) return false;
  if (isDebt) owed("mapping.pools", pool ?? `the lender of ${token}`);
  else if (isOwed) owed("mapping", token);
  return true;
}

function isNamed({ tokens, comets, uniswap, pairs, unrelated }: ChainMapping, token: Address): boolean {
  return [tokens, comets, uniswap, pairs, unrelated].some((part) => part.has(token));
}

async function contractsIn(view: ChainView, blocks: Blocks): Promise<Found> {
  const owner = padHex(view.owner, { size: 32 });
  const tokens = new Set<Address>();
  const comets = new Set<Address>();
  const markets = new Map<string, readonly [Address, Hex]>();
  const note = ({ address, topics }: Log): void => {
    const contract = lowerCase(address);
    const [event, id] = topics;
    if (event === TRANSFER && topics.length === 3) tokens.add(contract);
    if (event === COMET_COLLATERAL || event === COMET_WITHDRAW) comets.add(contract);
    if (event === MORPHO_BORROW && id !== undefined) markets.set(`${contract} ${id}`, [contract, id]);
  };
  const about = [
    [[TRANSFER, MORPHO_BORROW, COMET_COLLATERAL], null, owner],
    [[COMET_WITHDRAW], owner],
  ];
  await answered(() =>
    inSpans(blocks, async (span) => {
      for (const log of await logsOf(view, span, about)) note(log);
      return [];
    }),
  );
  return { tokens, comets, markets };
}

/**
 * Logs of a span. A node that has not got all of it yet answers with those that it has, and says nothing: its latest block is
 * asked for in the same batch.
 */
async function logsOf(view: ChainView, { fromBlock, toBlock }: Blocks, about: unknown[][]): Promise<Log[]> {
  const { client } = view;
  const span = { fromBlock: numberToHex(fromBlock), toBlock: numberToHex(toBlock) };
  for (let tries = 0; ; tries++) {
    const [latest, ...found] = await Promise.all([
      client.getBlockNumber({ cacheTime: 0 }),
      ...about.map((topics): Promise<unknown> => {
        const filter = { ...span, topics: topics as Hex[] };
        return client.request({ method: "eth_getLogs", params: [filter] });
      }),
    ]);
    if (latest >= toBlock) return found.flatMap(checkedLogs);
    if (tries === TRIES) throw oddAnswer("eth_getLogs", `logs up to block ${toBlock}`);
    await sleep(PAUSE_MS);
  }
}

function checkedLogs(answer: unknown): Log[] {
  const isLog = (log: unknown): log is Log => {
    const { address, topics } = (log ?? {}) as Record<string, unknown>;
    return /^0x[0-9a-fA-F]{40}$/.test(String(address)) && Array.isArray(topics) && topics.every(isWord);
  };
  if (Array.isArray(answer) && answer.every(isLog)) return answer;
  throw oddAnswer("eth_getLogs", "a list of logs");
}

function isWord(topic: unknown): boolean {
  return typeof topic === "string" && /^0x[0-9a-fA-F]{64}$/.test(topic);
}
