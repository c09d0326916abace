// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does everything that reads a chain work behind nodes as they are hosted: short ranges of logs, small batches or none,
 * limits of requests, nodes that are behind or have forgotten, and does a node's failure come out in the node's own words,
 * without the key in its address?
 *
 * @module
 */
import { readdir, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { accountsFromChain, hostedNode, parseChainMapping } from "@keel/prover/chain";
import { type KeelError, parseMarket } from "@keel/verifier";
import { createPublicClient, numberToHex, type PublicClient } from "viem";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Blocks, inSpans } from "../../verifier/dist/chain/history.js";
import type { Deployed } from "../support/aave.js";
import { mint } from "../support/aave.js";
import { startTestChain, type TestChain } from "../support/chain.js";
import { errorOf, inFolder, keelHere } from "../support/cli.js";
import { deployCompiled, standIns } from "../support/solidity.js";

interface Call {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** What a stand-in does to a request: an answer of its own, or undefined to pass it on. */
interface Manners {
  readonly all?: (
    body: Call | readonly Call[],
    requests: number,
  ) => readonly [status: number, body: unknown] | undefined;
  readonly one?: (call: Call, requests: number) => unknown;
}

let chain: TestChain;
let coins: readonly Deployed[];
let owner: `0x${string}`;
const servers: Server[] = [];

beforeAll(async () => {
  chain = await startTestChain();
  owner = chain.signers[5]!.address;
  const coin = (await standIns()).get("Coin")!;
  coins = [
    await deployCompiled(chain, coin, ["A", 6]),
    await deployCompiled(chain, coin, ["B", 6]),
    await deployCompiled(chain, coin, ["C", 6]),
  ];
  for (const token of coins) await mint(chain, token, owner, 1_000_000n);
  await chain.test.mine({ blocks: 60 });
});
afterAll(async () => await chain?.stop());
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

const failed = ({ id }: Pick<Call, "id">, code: number, message: string) => ({
  ...{ jsonrpc: "2.0", id, error: { code, message } },
});

/** A node with manners, in front of the chain; its address holds a key. */
async function nodeWith({ all, one }: Manners): Promise<{ url: string; requests: () => number }> {
  let requests = 0;
  const upstream = async (call: Call): Promise<unknown> => {
    const body = JSON.stringify(call);
    const headers = { "content-type": "application/json" };
    return await (await fetch(chain.rpcUrl, { method: "POST", headers, body })).json();
  };
  const answer = async (call: Call): Promise<unknown> => one?.(call, requests) ?? (await upstream(call));
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (part) => {
      text += part;
    });
    request.on("end", async () => {
      requests += 1;
      const body = JSON.parse(text);
      const [status, reply] = all?.(body, requests) ?? [
        200,
        Array.isArray(body) ? await Promise.all(body.map(answer)) : await answer(body),
      ];
      response.writeHead(status, { "content-type": "application/json" });
      response.end(typeof reply === "string" ? reply : JSON.stringify(reply));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/v2/a-key-of-somebody`, requests: () => requests };
}

/** An address where a node was. */
async function nobody(): Promise<string> {
  const { url } = await nodeWith({});
  await new Promise((resolve) => servers.pop()!.close(resolve));
  return url;
}

const FAST = { delayMs: 5, retries: 3 };

function clientOf(url: string): PublicClient {
  return createPublicClient({ transport: hostedNode(url, FAST) }) as PublicClient;
}

const marketText = JSON.stringify({
  ...{ keel: "market/1", asOf: 1767225600, underlyings: ["USD"] },
  instruments: [{ id: "USDC", kind: "cash", underlying: "USD", price: "1", collateralFactor: "0.8" }],
});
const MARKET = parseMarket(marketText);

async function imported(url: string) {
  const tokens = Object.fromEntries(coins.map(({ address }) => [address, "USDC"]));
  const mapping = parseChainMapping(
    JSON.stringify({ keel: "chain-mapping/1", chainId: 31337, tokens, native: "USDC" }),
  );
  const request = { owner, account: "wallet", source: "Node", scanFrom: 0n };
  const found = await accountsFromChain(clientOf(url), request, mapping, MARKET);
  return found.accounts[0]!.positions.get("USDC");
}

async function refusal(url: string): Promise<KeelError> {
  return await imported(url).then(
    () => {
      throw new Error("the node's failure was not told");
    },
    (error: KeelError) => error,
  );
}

describe("74 import chain behind a hosted node", () => {
  it.each<[string, Manners]>([
    [
      "that takes batches of three",
      {
        all: (body) =>
          Array.isArray(body) && body.length > 3
            ? [
                500,
                {
                  error: { message: "Batch of more than 3 requests are not allowed on free tier", code: 31 },
                },
              ]
            : undefined,
      },
    ],
    [
      "that takes no batches",
      {
        all: (body) =>
          Array.isArray(body)
            ? [200, failed({ id: null as never }, -32_600, "batch requests are not supported")]
            : undefined,
      },
    ],
    [
      "that refuses each request of a batch that is too large",
      {
        all: (body) =>
          Array.isArray(body) && body.length > 3
            ? [200, body.map((call) => failed(call, -32_600, "Batch size too large"))]
            : undefined,
      },
    ],
    [
      "that answers a batch with HTTP 413 and no JSON",
      {
        all: (body) => (Array.isArray(body) && body.length > 1 ? [413, "<html>too large</html>"] : undefined),
      },
    ],
    [
      "that leaves answers of a batch out",
      {
        all: (body) =>
          Array.isArray(body) ? [200, [failed(body[0]!, -32_600, "only the first")]] : undefined,
      },
    ],
    [
      "that is behind at first",
      {
        one: (call, requests) =>
          call.method === "eth_call" && requests < 5 ? failed(call, -32_000, "header not found") : undefined,
      },
    ],
    [
      "that has no block at first which it had before",
      {
        one: (call, requests) =>
          call.method === "eth_getBlockByNumber" && requests < 6
            ? { jsonrpc: "2.0", id: call.id, result: null }
            : undefined,
      },
    ],
    [
      "that limits requests with HTTP 429",
      {
        all: (_, requests) =>
          requests % 2 === 0 ? [429, failed({ id: null as never }, 429, "rate limit")] : undefined,
      },
    ],
    [
      "that limits requests in an answer",
      {
        one: (call, requests) =>
          requests % 3 === 0
            ? failed(call, -32_005, "daily request count exceeded, request rate limited")
            : undefined,
      },
    ],
    [
      "that fails now and then",
      { all: (_, requests) => (requests % 3 === 0 ? [502, "bad gateway"] : undefined) },
    ],
  ])("gives the same %s", async (_, manners) => {
    expect(await imported((await nodeWith(manners)).url)).toBe(300_000_000n + 10_000n * 10n ** 8n);
  });

  it.each<[string, Manners, RegExp]>([
    [
      "has forgotten the block",
      {
        one: (call) =>
          call.method === "eth_call"
            ? failed(call, -32_000, "missing trie node 5f1b (path ) state is not available")
            : undefined,
      },
      /missing trie node 5f1b.*archive node/,
    ],
    [
      "limits requests for good",
      { all: () => [429, failed({ id: null as never }, 429, "monthly capacity exceeded: rate limit")] },
      /monthly capacity exceeded/,
    ],
    [
      "says its own key and more than a line",
      {
        one: (call) => failed(call, -32_601, "no access for\n\u001b[31m/v2/a-key-of-somebody, see the plan"),
      },
      /no access for.*see the plan/,
    ],
    ["answers no JSON", { all: () => [200, "<html>sign in</html>"] }, /HTTP status 200/],
    [
      "answers nothing of what was asked",
      { all: () => [200, { jsonrpc: "2.0", id: 0 }] },
      /neither a result nor an error/,
    ],
    [
      "fails inside, which is no revert",
      {
        one: (call) =>
          call.method === "eth_call" ? failed(call, -32_603, "internal error: db closed") : undefined,
      },
      /db closed/,
    ],
    [
      "answers a call with nothing",
      {
        one: (call) =>
          call.method === "eth_call" ? { jsonrpc: "2.0", id: call.id, result: null } : undefined,
      },
      /expected bytes for eth_call/,
    ],
    [
      "answers a call with half a byte",
      {
        one: (call) =>
          call.method === "eth_call" ? { jsonrpc: "2.0", id: call.id, result: "0x123" } : undefined,
      },
      /expected bytes for eth_call/,
    ],
    [
      "says a balance that is no number",
      {
        one: (call) =>
          call.method === "eth_getBalance" ? { jsonrpc: "2.0", id: call.id, result: "" } : undefined,
      },
      /expected a number for eth_getBalance/,
    ],
    [
      "has no list of logs",
      {
        one: (call) =>
          call.method === "eth_getLogs" ? { jsonrpc: "2.0", id: call.id, result: [{}] } : undefined,
      },
      /expected a list of logs/,
    ],
    [
      "answers for another block",
      {
        one: (call) =>
          call.method === "eth_getBlockByNumber"
            ? { jsonrpc: "2.0", id: call.id, result: OTHER_BLOCK }
            : undefined,
      },
      /block 7/,
    ],
  ])("is a failure of the environment in its own words when it %s", async (_, manners, words) => {
    const error = await refusal((await nodeWith(manners)).url);
    expect([error.kind, error.message]).toEqual(["environment", expect.stringMatching(words)]);
    expect(error.message).not.toContain("a-key-of-somebody");
  });

  it("takes what two nodes agree on, and refuses what they do not", async () => {
    const files = {
      "market.json": marketText,
      "mapping.json": JSON.stringify({
        keel: "chain-mapping/1",
        chainId: 31337,
        tokens: { [coins[0]!.address]: "USDC" },
      }),
    };
    await inFolder(async (folder) => {
      const path = (name: string): string => join(folder, name);
      for (const [name, text] of Object.entries(files)) await writeFile(path(name), text);
      const names = ["--account", "wallet", "--source", "Node", "--subject", owner];
      const places = [
        "--market",
        path("market.json"),
        "--mapping",
        path("mapping.json"),
        "--out",
        path("out.json"),
      ];
      const command = [
        "import",
        "chain",
        "--rpc",
        chain.rpcUrl,
        ...names,
        ...places,
        "--json",
        "--check-rpc",
      ];
      const balance = "0x70a08231";
      const lie = (call: Call): unknown =>
        call.method === "eth_call" && JSON.stringify(call.params).includes(balance)
          ? { jsonrpc: "2.0", id: call.id, result: `0x${"5".padStart(64, "0")}` }
          : undefined;
      const refused = await keelHere([...command, (await nodeWith({ one: lie })).url]);
      expect([refused.code, errorOf(refused).code, (await readdir(folder)).sort()]).toEqual([
        ...[1, "chain.nodes"],
        Object.keys(files).sort(),
      ]);
      const agreed = await keelHere([...command, (await nodeWith({})).url], { now: 4_000_000_000 });
      expect(agreed.code, agreed.stderr).toBe(0);
      // A node that stands still would look like this one, by the clock.
      expect(agreed.stderr).toMatch(/latest block is \d+ s old/);
    });
  });

  it("tells of a node that nobody answers for, soon", async () => {
    const error = await refusal(await nobody());
    expect([error.kind, error.message]).toEqual(["environment", expect.stringContaining("ECONNREFUSED")]);
    expect(error.message).not.toContain("a-key-of-somebody");
  });
});

const OTHER_BLOCK = {
  ...{ number: "0x7", hash: `0x${"1".repeat(64)}`, timestamp: "0x69000000", transactions: [] },
  ...{
    difficulty: "0x0",
    gasLimit: "0x1",
    gasUsed: "0x0",
    nonce: "0x0",
    size: "0x1",
    totalDifficulty: "0x0",
  },
};

describe("74 logs behind a hosted node", () => {
  /** All blocks of a range, asked for as logs are. */
  async function blocksSeen(url: string, range: Blocks): Promise<bigint[]> {
    const client = clientOf(url);
    return await inSpans(range, async ({ fromBlock, toBlock }) => {
      const filter = { fromBlock: numberToHex(fromBlock), toBlock: numberToHex(toBlock) };
      await client.request({ method: "eth_getLogs", params: [filter] });
      return Array.from({ length: Number(toBlock - fromBlock) + 1 }, (_, i) => fromBlock + BigInt(i));
    });
  }

  const allowing = (most: number, words: string): Manners => ({
    one: (call) => {
      if (call.method !== "eth_getLogs") return undefined;
      const [{ fromBlock, toBlock }] = call.params as [{ fromBlock: string; toBlock: string }];
      if (Number(toBlock) - Number(fromBlock) + 1 > most) return failed(call, -32_602, words);
      return { jsonrpc: "2.0", id: call.id, result: [] };
    },
  });

  it.each<[number, bigint, number, string]>([
    [10_000, 50_000n, 6, ""],
    [2_000, 50_000n, 50, "block range exceeds limit of 2000"],
    [10, 300n, 60, "you can make eth_getLogs requests with up to a 10 block range"],
    [1, 20n, 40, "query returned more than 10000 results"],
  ])("are read %s blocks at a time, each block once", async (most, last, requests, words) => {
    const node = await nodeWith(allowing(most, words));
    const seen = await blocksSeen(node.url, { fromBlock: 1n, toBlock: last });
    expect(seen).toEqual(Array.from({ length: Number(last) }, (_, i) => BigInt(i) + 1n));
    expect(node.requests()).toBeLessThan(requests);
  });

  it("are given up at a single block, in the node's words, and at once when there is no node", async () => {
    const { url } = await nodeWith(allowing(0, "logs are for paying customers"));
    const range = { fromBlock: 1n, toBlock: 5_000n };
    await expect(blocksSeen(url, range)).rejects.toThrow(/paying customers/);
    let asked = 0;
    const client = clientOf(await nobody());
    const asking = inSpans(range, async () => {
      asked += 1;
      return [await client.getBlockNumber({ cacheTime: 0 })];
    });
    await expect(asking).rejects.toThrow(/ECONNREFUSED/);
    expect(asked).toBe(1);
  });
});
