// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A farm from its configuration: connections, store, workers, metrics.
 *
 * @module
 */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { availableParallelism } from "node:os";
import { connectRegistry, type Wallet } from "@keel/verifier/chain";
import { asKeelError, inputError } from "@keel/verifier/errors";
import type { Logger } from "pino";
import { createPublicClient, createWalletClient, defineChain, http, type PublicClient } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { type FarmConfig, readKey } from "./config.js";
import { openProvers } from "./engine.js";
import { exclusiveBy, type Farm, startFarm } from "./farm.js";
import { createFarmMetrics, type FarmMetrics } from "./metrics.js";
import { connectRedis } from "./redis.js";
import { openFarmStore } from "./store.js";
import { createBatcher } from "./submitting.js";
import { createTables } from "./tables.js";

/** A farm that runs. */
export interface RunningFarm {
  readonly farm: Farm;
  readonly metrics: FarmMetrics;
  /** Where /metrics is; nowhere without `listen`. */
  readonly url?: string;
  stop(): Promise<void>;
}

const POLLING_MS = { local: 50, other: 2_000 };
const REFILL_MS = 10_000;
/** Calls in one request to a node; hosted ones take at least so many. */
const RPC_BATCH = 10;
const LOCAL = /^https?:\/\/(localhost|127\.|\[::1\])/;

/**
 * Starts a farm.
 *
 * @throws KeelError `farm.*`, kind `environment` for the chain
 */
export async function startProgram(config: FarmConfig, log: Logger): Promise<RunningFarm> {
  const store = openFarmStore(config.store, await readKey(config.storeKey, "config.storeKey"));
  // A store that is not there would look like one with nothing to do.
  await store.open();
  const leaving = new AbortController();
  const redis = await connectRedis(config.redis, leaving.signal);
  const { registry, wallet } = await connectChain(config);
  const metrics = createFarmMetrics();
  const provers = openProvers(config.workers ?? availableParallelism(), config.artifacts);
  const { address } = wallet.account;
  const batcher = createBatcher(registry, wallet, {
    ...config.batch,
    exclusively: exclusiveBy(redis, `{keel-${config.name}}:sender:${address}`, config.stalledMs),
    onBatch: (size, gas) => {
      metrics.batch(size, gas);
      log.info({ size, gas: Number(gas) }, "batch");
    },
  });
  const farm = await startFarm({
    ...{ store, redis, leaving, registry, provers, batcher, metrics },
    ...{ name: config.name, proofs: config.proofs, backlog: config.backlog, stalledMs: config.stalledMs },
    ...{ fromBlock: BigInt(config.registry.fromBlock), tables: createTables() },
  });
  // The store is the truth: what Redis has forgotten comes back.
  const refill = async (): Promise<void> => {
    try {
      log.debug({ open: await farm.refill() }, "refill");
      metrics.counts(await farm.counts());
    } catch (error) {
      const { code } = asKeelError(error);
      metrics.failed(code);
      log.warn({ code }, "refill");
    }
  };
  await refill();
  const timer = setInterval(() => void refill(), REFILL_MS);
  const server = config.listen === undefined ? undefined : await serve(config.listen, metrics);
  return {
    ...{ farm, metrics },
    ...(server === undefined ? {} : { url: server.url }),
    stop: async () => {
      clearInterval(timer);
      await server?.close();
      await farm.stop();
      leaving.abort();
      provers.close();
      redis.disconnect();
    },
  };
}

async function connectChain({ registry: { chainId, address, rpc }, keyFile }: FarmConfig) {
  const account = privateKeyToAccount(
    `0x${Buffer.from(await readKey(keyFile, "config.keyFile")).toString("hex")}`,
  );
  const chain = defineChain({
    id: chainId,
    name: `chain ${chainId}`,
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [rpc] } },
  });
  const isLocal = LOCAL.test(rpc);
  // What is asked at once goes in one request.
  const batch = { wait: 0, batchSize: RPC_BATCH };
  const transport = http(rpc, isLocal ? { retryCount: 0, batch } : { batch });
  const options = {
    chain,
    transport,
    pollingInterval: isLocal ? POLLING_MS.local : POLLING_MS.other,
    cacheTime: 0,
  };
  const client = createPublicClient(options) as PublicClient;
  const registry = await connectRegistry(client, address);
  if (registry.chainId !== chainId) {
    throw inputError(
      "farm.chain",
      "config.registry.chainId",
      `the node's chain ${registry.chainId}`,
      `${chainId}`,
    );
  }
  const wallet: Wallet = createWalletClient({ ...options, account });
  return { registry: { ...registry, confirmations: isLocal ? 1 : 2 }, wallet };
}

async function serve({ host, port }: NonNullable<FarmConfig["listen"]>, metrics: FarmMetrics) {
  const server = createServer((request, response) => {
    if (request.url === "/healthz") return void response.writeHead(200).end("ok");
    if (request.url !== "/metrics") return void response.writeHead(404).end();
    void metrics
      .text()
      .then((text) => response.writeHead(200, { "content-type": metrics.contentType }).end(text));
  });
  await new Promise<void>((resolve, reject) =>
    server.once("error", reject).listen(port, host, () => resolve()),
  );
  const { port: found } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${found}`,
    close: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
