// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a market from feeds hold exactly the prices that the feeds had in force at its time, proven to be the root's, and
 * nothing when a feed is not fit?
 *
 * @module
 */
import { ensureCircuit } from "@keel/circuits";
import { deployContract, ROLE } from "@keel/contracts";
import { buildMarketRoot } from "@keel/prover";
import {
  bps,
  circuitOf,
  FIELD_ORDER,
  feedSeries,
  type Groth16Proof,
  type Market,
  marketTable,
  marketVector,
  type Policy,
  policyId,
  usd8,
} from "@keel/verifier";
import {
  authorityAbi,
  feedMarketAbi,
  isHealthy,
  isMarketAccepted,
  marketBookAbi,
  type PriceSource,
  publishFromFeeds,
  publishPolicy,
  readFeeds,
  submitAttestation,
  toKeelError,
  type Universe,
  universeHash,
  universeOf,
  verifierBookAbi,
  type Wallet,
} from "@keel/verifier/chain";
import {
  type Address,
  encodePacked,
  getAbiItem,
  getAddress,
  type Hex,
  keccak256,
  parseEventLogs,
  toFunctionSelector,
  zeroAddress,
} from "viem";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { nextBlockAt, now, startTestChain, travelTo } from "../support/chain.js";
import {
  abiOf,
  attestation,
  type Fixture,
  refused,
  rewindEachTest,
  START,
  startFixture,
  TERMS,
  transact,
} from "./fixture.js";
import { MARKET_CIRCUIT, proofOf } from "./statement-circuit.js";

/** Only its circuit's shape matters here. */
const FILE: Policy = {
  name: "feeds",
  circuit: circuitOf("portfolio-health/spot-16"),
  limits: {},
  scenarios: [],
  sources: [],
  maxAge: 600,
  validity: 3_600,
  maxMarketSkew: 300,
  minInterval: 1,
  market: { series: `0x02${"00".repeat(31)}` },
};
const HEARTBEAT = 3_600;
const ETH_PRICE = 3_000_12345678n;
/** Neither is a price. */
const BOUNDS = { minPrice: 1n, maxPrice: 2n ** 64n - 1n };
const WEEK = 7 * 86_400;

/** Twelve rows, so that the packed columns fill more than one word. */
const MARKET: Market = {
  asOf: START,
  underlyings: ["USD", "ETH", "BTC"],
  instruments: [
    { id: "USD", kind: "cash", underlying: "USD", price: usd8(100_000_000n), collateralFactor: bps(10_000n) },
    { id: "ETH", kind: "spot", underlying: "ETH", price: usd8(1n), collateralFactor: bps(8_000n) },
    { id: "BTC", kind: "spot", underlying: "BTC", price: usd8(1n), collateralFactor: bps(7_550n) },
    { id: "ETH-PERP", kind: "perp", underlying: "ETH", price: usd8(1n), collateralFactor: bps(0n) },
    ...Array.from({ length: 8 }, (_, i) => ({
      id: `CASH-${i}`,
      kind: "cash" as const,
      underlying: "USD",
      price: usd8(100_000_000n + BigInt(i)),
      collateralFactor: bps(9_000n),
    })),
  ],
};

let fixture: Fixture;
let eth: Address;
let btc: Address;
let feedMarket: Address;
let universe: Universe;
let id: Hex;

beforeAll(async () => {
  fixture = await startFixture();
  feedMarket = fixture.keel.feedMarket;
  eth = await deploy("TestFeed", [8, ETH_PRICE, START - 100]);
  btc = await deploy("TestFeed", [18, 65_000n * 10n ** 18n + 7n, START - 50]);
  const sources = new Map<string, PriceSource>(MARKET.instruments.map((row) => [row.id, "fixed"]));
  for (const name of ["ETH", "ETH-PERP"]) sources.set(name, { feed: eth, heartbeat: HEARTBEAT, ...BOUNDS });
  sources.set("BTC", { feed: btc, heartbeat: 86_400, ...BOUNDS });
  universe = universeOf(MARKET, 16, sources);
  id = universeHash(universe);
  const verifier = await deploy("MarketRootVerifier");
  await call(fixture.keel.verifierBook, verifierBookAbi, "add", [universe.circuit, verifier]);
  await open(universe);
});

rewindEachTest(() => [fixture]);

async function deploy(name: string, args: readonly unknown[] = []): Promise<Address> {
  return await deployContract(
    { walletClient: fixture.cast.deployer, publicClient: fixture.chain.client },
    name,
    args,
  );
}

async function call(
  address: Address,
  abi: readonly unknown[],
  name: string,
  args: readonly unknown[],
  wallet: Wallet = fixture.cast.deployer,
) {
  return await transact(fixture.chain, wallet, address, abi, name, args);
}

const open = (value: Universe, wallet?: Wallet) => call(feedMarket, feedMarketAbi, "open", [value], wallet);
const feed = async (address: Address, name: string, ...args: unknown[]) =>
  call(address, await abiOf("TestFeed"), name, args);
const read = (asOf = START, market = MARKET) => readFeeds(fixture.registry, feedMarket, id, market, asOf);

/** A true proof of the root of a market, and what to submit it with. */
async function prove(market: Market): Promise<{ root: bigint; proof: Groth16Proof }> {
  const { input, digest } = buildMarketRoot(marketTable(market, FILE));
  return { root: digest.c, proof: await proofOf(await ensureCircuit(MARKET_CIRCUIT), input) };
}

const publish = (root: bigint, proof: Groth16Proof, asOf = START, universeId = id) =>
  publishFromFeeds(
    fixture.registry,
    fixture.cast.stranger,
    feedMarket,
    { id: universeId, root, asOf, capacity: 16 },
    proof,
  );

describe("a market from feeds", () => {
  it("has the feeds' prices, scaled to 8 decimals and rounded down, fixed prices, and zeros behind", async () => {
    const market = await read();
    expect(market.instruments.map(({ price }) => price).slice(0, 5)).toEqual([
      100_000_000n,
      ETH_PRICE,
      65_000n * 10n ** 8n,
      ETH_PRICE,
      100_000_000n,
    ]);
    const vector = await fixture.chain.client.readContract({
      address: feedMarket,
      abi: feedMarketAbi,
      functionName: "vectorOf",
      args: [id, BigInt(START)],
    });
    expect(vector).toEqual(marketVector(marketTable(market, FILE)));
  });

  it("is accepted with a proof of its root, from anybody, and serves attestations", async () => {
    const { root, proof } = await prove(await read());
    await publish(root, proof);
    const series = feedSeries(feedMarket, id);
    expect(await isMarketAccepted(fixture.registry, { series, root, asOf: START })).toBe(true);
    const terms = { ...TERMS, marketSeries: series };
    await publishPolicy(fixture.registry, fixture.cast.stranger, terms);
    const att = await attestation(fixture, { marketRoot: root, marketTime: START, terms });
    await submitAttestation(fixture.registry, fixture.cast.stranger, att);
    expect(await isHealthy(fixture.registry, att.subject, policyId(terms))).toBe(true);
  });

  it("changes nothing when it is published again", async () => {
    const { root, proof } = await prove(await read());
    await publish(root, proof);
    const { hash } = await publish(root, proof);
    const { logs } = await fixture.chain.client.getTransactionReceipt({ hash });
    expect(
      logs.filter(({ address }) => address.toLowerCase() === fixture.keel.marketBook.toLowerCase()),
    ).toEqual([]);
  });

  it("refuses true proofs of other prices, times and roots", async () => {
    const market = await read();
    const { root, proof } = await prove(market);
    const instruments = market.instruments.map((row, i) =>
      i === 1 ? { ...row, price: usd8(row.price + 1n) } : row,
    );
    const lie = await prove({ ...market, instruments });
    await refused(publish(lie.root, lie.proof), "registry.rootRefused");
    await refused(publish(root, lie.proof), "registry.rootRefused");
    await refused(publish(lie.root, proof), "registry.rootRefused");
    await refused(publish(root, proof, START - 1), "registry.rootRefused");
    const renamed = await prove({ ...market, underlyings: ["USD", "BTC", "ETH"] });
    await refused(publish(renamed.root, renamed.proof), "registry.rootRefused");
    await refused(publish(root + FIELD_ORDER, proof), "registry.notInField");
    await refused(publish(0n, proof), "registry.notInField");
  });

  it("has to be proven again when a feed has moved on", async () => {
    const { root, proof } = await prove(await read());
    await feed(eth, "set", ETH_PRICE + 1n, START - 10);
    await refused(publish(root, proof), "registry.rootRefused");
    const again = await prove(await read());
    await publish(again.root, again.proof);
  });

  it("keeps the market book's own bound on age, to the second", async () => {
    const { root, proof } = await prove(await read());
    await nextBlockAt(fixture.chain, START + 3_601);
    await refused(publish(root, proof), "registry.marketStale");
    await nextBlockAt(fixture.chain, START + 3_600);
    await publish(root, proof);
  });

  it("keeps out what a guardian withdrew", async () => {
    const { root, proof } = await prove(await read());
    const withdraw = [feedSeries(feedMarket, id), root, BigInt(START), "bad feed"];
    await call(fixture.keel.marketBook, marketBookAbi, "withdraw", withdraw, fixture.cast.guardian);
    await refused(publish(root, proof), "registry.marketAlreadyWithdrawn");
  });

  it("tells a market file of another universe", async () => {
    const reversed = { ...MARKET, instruments: MARKET.instruments.toReversed() };
    await refused(read(START, reversed), "feeds.universe");
  });
});

describe("56 a kinder universe of the same feeds", () => {
  it("is of another series, which a policy that names the first does not take", async () => {
    const { registry, cast, chain, keel } = fixture;
    const kinder: Market = {
      ...MARKET,
      instruments: MARKET.instruments.map((row) =>
        row.id === "ETH" ? { ...row, collateralFactor: bps(10_000n) } : row,
      ),
    };
    const sources = new Map<string, PriceSource>(MARKET.instruments.map((row) => [row.id, "fixed"]));
    for (const name of ["ETH", "ETH-PERP"]) sources.set(name, { feed: eth, heartbeat: HEARTBEAT, ...BOUNDS });
    sources.set("BTC", { feed: btc, heartbeat: 86_400, ...BOUNDS });
    const other = universeOf(kinder, 16, sources);
    expect(other.universeId, "the same instruments, by name").toBe(universe.universeId);
    await open(other);
    const otherId = universeHash(other);
    const time = START + WEEK + 100;
    await travelTo(chain, time + 10);
    for (const [address, answer] of [
      [eth, ETH_PRICE],
      [btc, 65_000n * 10n ** 18n],
    ] as const) {
      await feed(address, "set", answer, time);
    }
    const lax = await readFeeds(registry, feedMarket, otherId, kinder, time);
    const { root, proof } = await prove(lax);
    const { hash } = await publish(root, proof, time, otherId);
    const series = feedSeries(feedMarket, id);
    const otherSeries = feedSeries(feedMarket, otherId);
    expect(await isMarketAccepted(registry, { series: otherSeries, root, asOf: time })).toBe(true);
    const terms = { ...TERMS, marketSeries: series };
    await publishPolicy(registry, cast.stranger, terms);
    const att = await attestation(fixture, { asOf: time, marketRoot: root, marketTime: time, terms });
    await refused(submitAttestation(registry, cast.stranger, att), "registry.marketNotAccepted");
    const { logs } = await chain.client.getTransactionReceipt({ hash });
    const [accepted] = parseEventLogs({ abi: marketBookAbi, eventName: "MarketAcceptedFrom", logs });
    const contentHash = keccak256(encodePacked(["uint256[]"], [marketVector(marketTable(lax, FILE))]));
    expect(accepted!.args).toMatchObject({ series: otherSeries, root, asOf: BigInt(time), contentHash });
    expect(accepted!.args.source).toBe(getAddress(keel.feedMarket));
  });
});

describe("40 a feed that is not fit", () => {
  it.each([
    ["answers zero", "set", [0n, START - 100], "registry.feedAnswer"],
    ["answers below zero", "set", [-1n, START - 100], "registry.feedAnswer"],
    ["has no answer yet", "set", [ETH_PRICE, 0n], "registry.feedAnswer"],
    ["answers from the future", "set", [ETH_PRICE, START + 1], "registry.feedInFuture"],
    ["is stale", "set", [ETH_PRICE, START - HEARTBEAT - 1], "registry.feedStale"],
    ["reverts", "setBroken", [true], "registry.feedFailed"],
    ["changed its decimals", "setDecimals", [9], "registry.feedDecimals"],
    ["is above 64 bits", "set", [2n ** 64n, START - 100], "registry.priceOutOfRange"],
    ["sits at its aggregator's greatest answer", "set", [BOUNDS.maxPrice, START], "registry.priceOutOfRange"],
    ["sits at its aggregator's least answer", "set", [BOUNDS.minPrice, START], "registry.priceOutOfRange"],
    ["is absurd", "set", [2n ** 255n - 1n, START - 100], "registry.priceOutOfRange"],
  ] as const)("refuses a market when a feed %s, and says which", async (_, name, args, code) => {
    const { root, proof } = await prove(await read());
    await feed(eth, name, ...args);
    const error = await refused(read(), code);
    await refused(publish(root, proof), code);
    if (code !== "registry.priceOutOfRange") expect(error.path).toBe("instruments[1]");
  });

  it("takes an answer as old as the heartbeat, one of the table's very second, and what lies within its bounds", async () => {
    for (const [price, time] of [
      [ETH_PRICE, START - HEARTBEAT],
      [ETH_PRICE, START],
      [BOUNDS.maxPrice - 1n, START],
      [BOUNDS.minPrice + 1n, START],
    ] as const) {
      await feed(eth, "set", price, time);
      expect((await read()).instruments[1]!.price).toBe(price);
    }
  });

  it("refuses a price that rounds to zero", async () => {
    await feed(btc, "set", 10n ** 10n - 1n, START - 50);
    await refused(read(), "registry.priceOutOfRange");
    await feed(btc, "set", 2n * 10n ** 10n, START - 50);
    expect((await read()).instruments[2]!.price).toBe(2n);
  });

  it("refuses a table from the future", async () => {
    await nextBlockAt(fixture.chain, START + 99);
    await refused(read(START + 100), "registry.tableInFuture");
  });
});

describe("40 a sequencer", () => {
  const GRACE = 3_600;
  let uptime: Address;
  let layer2: Address;

  beforeEach(async () => {
    uptime = await deploy("TestFeed", [0, 0n, START - GRACE]);
    const { authority, marketBook, verifierBook } = fixture.keel;
    layer2 = await deploy("FeedMarket", [authority, marketBook, verifierBook, uptime, GRACE, WEEK]);
    const selector = toFunctionSelector(getAbiItem({ abi: feedMarketAbi, name: "open" }));
    const assign = [layer2, [selector], ROLE.marketAdmin];
    await call(authority, authorityAbi, "setTargetFunctionRole", assign);
    await call(layer2, feedMarketAbi, "open", [universe]);
  });

  const readLayer2 = () => readFeeds(fixture.registry, layer2, id, MARKET, START);

  it("that is up for the grace period lets markets through", async () => {
    expect((await readLayer2()).instruments[1]!.price).toBe(ETH_PRICE);
  });

  it("that is down stops them, and so does one that has just come back, to the second", async () => {
    await feed(uptime, "set", 1n, START - GRACE);
    await refused(readLayer2(), "registry.sequencerDown");
    await feed(uptime, "set", 0n, 0n);
    await refused(readLayer2(), "registry.sequencerDown");
    await feed(uptime, "set", 0n, START + 100);
    await nextBlockAt(fixture.chain, START + 100 + GRACE - 1);
    await refused(readLayer2(), "registry.sequencerStarting");
    await nextBlockAt(fixture.chain, START + 100 + GRACE);
    expect((await readLayer2()).instruments[1]!.price).toBe(ETH_PRICE);
  });
});

describe("40 a chain with a sequencer", () => {
  it.each([10, 8453, 42_161])("%i wants its uptime feed named", async (chainId) => {
    const chain = await startTestChain(chainId);
    try {
      const clients = { walletClient: chain.wallets[0]!, publicClient: chain.client };
      const authority = await deployContract(clients, "Authority", [chain.signers[0]!.address]);
      const build = (uptime: Address) =>
        deployContract(clients, "FeedMarket", [authority, authority, authority, uptime, 60, WEEK]);
      const error = toKeelError(await build(zeroAddress).catch((reason: unknown) => reason));
      expect(error).toMatchObject({ code: "registry.sequencerNeeded" });
      expect(error.expected).toContain(String(chainId));
      await build(authority);
    } finally {
      await chain.stop();
    }
  });
});

describe("a universe", () => {
  const changed = (change: Partial<Universe["instruments"][number]>, i = 1): Universe => ({
    ...universe,
    instruments: universe.instruments.map((row, j) => (i === j ? { ...row, ...change } : row)),
  });

  it("is opened by the market administrator only, once", async () => {
    const other = { ...universe, capacity: 32 };
    for (const wallet of [fixture.cast.stranger, fixture.cast.guardian]) {
      await refused(open(other, wallet), "registry.accessManagedUnauthorized");
    }
    await refused(open(universe), "registry.universeExists");
    await open(other);
  });

  it.each([
    [
      "without circuit",
      () => ({ ...universe, circuit: `0x${"00".repeat(32)}` as Hex }),
      "registry.noCircuit",
    ],
    ["without instruments", () => ({ ...universe, instruments: [] }), "registry.badCapacity"],
    ["too large for its circuit", () => ({ ...universe, capacity: 11 }), "registry.badCapacity"],
    [
      "with names outside the field",
      () => ({ ...universe, underlyingsId: FIELD_ORDER as never }),
      "registry.notInField",
    ],
    [
      "with an id outside the field",
      () => ({ ...universe, universeId: FIELD_ORDER as never }),
      "registry.notInField",
    ],
    ["with a feed and a fixed price", () => changed({ fixedPrice: usd8(1n) }), "registry.badInstrument"],
    ["with a feed without heartbeat", () => changed({ heartbeat: 0 }), "registry.badInstrument"],
    [
      "with neither feed nor price",
      () => changed({ feed: zeroAddress, heartbeat: 0 }),
      "registry.badInstrument",
    ],
    ["with a fixed price and a heartbeat", () => changed({ heartbeat: 1 }, 0), "registry.badInstrument"],
    ["with a feed without a least price", () => changed({ minPrice: 0n }), "registry.badInstrument"],
    ["with bounds that leave nothing", () => changed({ maxPrice: 1n }), "registry.badInstrument"],
    ["with a fixed price and a least one", () => changed({ minPrice: 1n }, 0), "registry.badInstrument"],
    ["with a fixed price and a greatest one", () => changed({ maxPrice: 1n }, 0), "registry.badInstrument"],
    ["with a factor above 1", () => changed({ collateralFactor: 10_001 }), "registry.badInstrument"],
    ["with a factor on a perpetual", () => changed({ collateralFactor: 1 }, 3), "registry.badInstrument"],
  ] as const)("is refused %s", async (_, make, code) => {
    await refused(open(make()), code);
  });

  it("is refused with a feed of absurd decimals, or of none", async () => {
    const absurd = await deploy("TestFeed", [37, 1n, START]);
    const other = fixture.keel.marketBook;
    const odd = await deploy("OddSource");
    const answer = [toFunctionSelector("decimals()"), 0, 31, 8n];
    await call(odd, await abiOf("OddSource"), "set", answer);
    for (const address of [absurd, other, odd, fixture.cast.stranger.account.address]) {
      const error = await refused(open(changed({ feed: address })), "registry.feedWithoutDecimals");
      expect(error.received!.toLowerCase()).toContain(address.toLowerCase());
    }
  });

  it("62 counts after the delay when it is not the first, to the second", async () => {
    const other = { ...universe, capacity: 32 };
    await open(other);
    const liveAt = START + 10 + 1 + WEEK;
    const otherId = universeHash(other);
    const contract = { address: feedMarket, abi: feedMarketAbi } as const;
    const { client } = fixture.chain;
    const says = await client.readContract({ ...contract, functionName: "liveAtOf", args: [otherId] });
    expect(says).toBe((await now(fixture.chain)) + WEEK);
    expect(says - liveAt, "the block after the test's start").toBeLessThan(60);
    const readOther = () => readFeeds(fixture.registry, feedMarket, otherId, MARKET, says);
    await feed(eth, "set", ETH_PRICE, says - 5);
    await feed(btc, "set", 65_000n * 10n ** 18n, says - 5);
    await nextBlockAt(fixture.chain, says - 1);
    await refused(readOther(), "registry.universeNotLiveYet");
    await nextBlockAt(fixture.chain, says);
    expect((await readOther()).instruments[1]!.price).toBe(ETH_PRICE);
  });

  it("62 is called off by a guardian before it counts", async () => {
    const other = { ...universe, capacity: 32 };
    await open(other);
    const close = [universeHash(other), "unknown feed"];
    await call(feedMarket, feedMarketAbi, "close", close, fixture.cast.guardian);
    await travelTo(fixture.chain, START + 2 * WEEK);
    await refused(
      readFeeds(fixture.registry, feedMarket, universeHash(other), MARKET, START),
      "registry.universeIsClosed",
    );
  });

  it("needs a source for each instrument", () => {
    expect(() => universeOf(MARKET, 16, new Map())).toThrow(/feeds\.source/);
  });

  it("has no options: no feed gives their greeks", () => {
    const instruments = MARKET.instruments.map((row) => ({ ...row, kind: "option" as const }));
    const sources = new Map<string, PriceSource>(instruments.map((row) => [row.id, "fixed"]));
    expect(() => universeOf({ ...MARKET, instruments }, 16, sources)).toThrow(/feeds\.option/);
  });

  it("is closed by a guardian, for ever", async () => {
    const { root, proof } = await prove(await read());
    const close = (wallet: Wallet) => call(feedMarket, feedMarketAbi, "close", [id, "bad feed"], wallet);
    await refused(close(fixture.cast.deployer), "registry.accessManagedUnauthorized");
    await close(fixture.cast.guardian);
    await refused(publish(root, proof), "registry.universeIsClosed");
    await refused(open(universe), "registry.universeExists");
    await refused(publish(root, proof, START, `0x${"11".repeat(32)}`), "registry.unknownUniverse");
  });

  it("is the only way in: nobody else's word is taken by the market book", async () => {
    for (const wallet of [fixture.cast.stranger, fixture.cast.deployer, fixture.cast.guardian]) {
      const args = [id, 5n, BigInt(START), id];
      const accept = call(fixture.keel.marketBook, marketBookAbi, "accept", args, wallet);
      await refused(accept, "registry.accessManagedUnauthorized");
    }
    await travelTo(fixture.chain, START + 20);
    const series = feedSeries(feedMarket, id);
    expect(await isMarketAccepted(fixture.registry, { series, root: 5n, asOf: START })).toBe(false);
  });
});
