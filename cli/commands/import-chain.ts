// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel import chain`: a snapshot of what an address holds and owes on an EVM chain at one block. It is not signed: its
 * source, who looks for itself, does that.
 *
 * @module
 */

import { accountsFromChain, type ChainBalances, hostedNode, parseChainMapping } from "@keel/prover/chain";
import { firm, identifier, inputError, parseData, parseMarket } from "@keel/verifier";
import { createPublicClient, type PublicClient } from "viem";
import { type Context, note, type Outcome } from "../context.js";

import { checkDistinct, checkOutput, readText } from "../files.js";
import { writeImport } from "../write-import.js";

export interface ImportChainOptions {
  readonly rpc: string;
  readonly mapping: string;
  readonly market: string;
  readonly subject: `0x${string}`;
  /** The subject when absent. */
  readonly owner?: `0x${string}`;
  readonly account: string;
  readonly source: string;
  readonly block?: number;
  /** Look for lenders that nobody named in the logs from this block on. */
  readonly scanFrom?: number;
  /** A second node, which has to say the same. */
  readonly checkRpc?: string;
  readonly out: string;
  readonly force?: true;
}

/** Writes the snapshot; its time is the block's. */
export async function importChain(options: ImportChainOptions, context: Context): Promise<Outcome> {
  const { subject, owner = subject, block, out, force = false } = options;
  const account = parseData(identifier, options.account, "--account");
  const source = parseData(firm, options.source, "--source");
  checkDistinct({ "--mapping": options.mapping, "--market": options.market, "--out": out });
  await checkOutput(out, force);
  const market = parseMarket(await readText(options.market, "market", context));
  const mapping = parseChainMapping(await readText(options.mapping, "mapping", context));
  const request = {
    ...{ owner, account, source },
    ...(block === undefined ? {} : { blockNumber: BigInt(block) }),
    ...(options.scanFrom === undefined ? {} : { scanFrom: BigInt(options.scanFrom) }),
  };
  const found = await accountsFromChain(clientOf(options.rpc), request, mapping, market);
  if (options.checkRpc !== undefined) {
    const again = { ...request, blockNumber: found.blockNumber };
    checkSame(found, await accountsFromChain(clientOf(options.checkRpc), again, mapping, market));
  }
  const { accounts, asOf, blockNumber, blockHash, notes, notLookedFor } = found;
  const { json, text } = await writeImport({ subject, asOf, accounts }, out, force, context);
  for (const line of [...notes, ...clockNotes(asOf, block, context)]) note(context, `note: ${line}`);
  for (const line of notLookedFor) note(context, `not looked for: ${line}`);
  return {
    json: { ...json, asOf, block: { number: Number(blockNumber), hash: blockHash }, notes, notLookedFor },
    text: `${text}\nAs of ${asOf}, block ${blockNumber} (${blockHash}).`,
  };
}

/** Seconds that the latest block may be behind this machine's clock, and ahead of it. */
const CLOCK = { behind: 600, ahead: 60 } as const;

/** A node that stands still answers as if nothing had happened since. */
function clockNotes(asOf: number, block: number | undefined, { now }: Context): string[] {
  const age = now() - asOf;
  if (block === undefined && age > CLOCK.behind) {
    return [`the node's latest block is ${age} s old by this machine's clock; is the node behind?`];
  }
  return age < -CLOCK.ahead ? [`the block is ${-age} s ahead of this machine's clock`] : [];
}

function clientOf(rpc: string): PublicClient {
  return createPublicClient({ transport: hostedNode(rpc) }) as PublicClient;
}

/** Refuses what two nodes do not agree on. */
function checkSame(one: ChainBalances, other: ChainBalances): void {
  const text = ({ accounts, blockHash, asOf }: ChainBalances): string =>
    JSON.stringify([blockHash, asOf, accounts.map(({ id, positions }) => [id, [...positions].map(String)])]);
  if (text(one) === text(other)) return;
  const differ = one.blockHash === other.blockHash ? "other positions" : `block ${other.blockHash}`;
  const expected = `what --rpc says of block ${one.blockNumber} (${one.blockHash})`;
  throw inputError("chain.nodes", "--check-rpc", expected, differ);
}
