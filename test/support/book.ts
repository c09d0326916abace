// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Books for tests: a market, a policy and a signed snapshot, written as the files that users write, with parts replaced.
 *
 * @module
 */

import {
  type Account,
  assess,
  buildWitness,
  type DrawdownState,
  type Enrolment,
  newEnrolment,
  parseSnapshot,
  type Snapshot,
  signSnapshot,
  sourceKeyOf,
  type Witness,
} from "@keel/prover";
import {
  annualCovariance,
  type Domain,
  formatDecimal,
  liquiditySeries,
  type Market,
  marketSeries,
  type Policy,
  parseLiquidity,
  parseMarket,
  parsePolicy,
  parseReturns,
  returnsSeries,
  type SignedUnits,
  scenarioTable,
  signUnits,
  toField,
  UNLIMITED_DEPTH,
  unitsSigner,
  withLiquidity,
  withReturns,
} from "@keel/verifier";

export const AS_OF = 1767225600;
export const SUBJECT = "0x00000000000000000000000000000000000000a1";
export const DOMAIN: Domain = { chainId: 31337, registry: "0x00000000000000000000000000000000000000b2" };
export const SALT = toField(123456789123456789123456789n);
/** Salts of a proof, each its own. */
export const SALTS = {
  portfolioSalt: SALT,
  exposuresSalt: toField(SALT + 3n),
  newStateSalt: toField(SALT + 2n),
};
/** The approved source. */
export const SOURCE = sourceKeyOf(new Uint8Array(32).fill(7));
/** A second approved source. */
export const OTHER_SOURCE = sourceKeyOf(new Uint8Array(32).fill(8));
/** A source that no policy approves. */
export const STRANGER = sourceKeyOf(new Uint8Array(32).fill(9));

export interface MarketRow {
  readonly id: string;
  readonly kind: string;
  readonly underlying: string;
  readonly price: string;
  readonly collateralFactor?: string;
  readonly delta?: string;
  readonly gamma?: string;
  readonly vega?: string;
  readonly theta?: string;
  readonly pnl?: readonly string[];
}

/** What a test says about a book; everything else is a healthy default. */
export interface BookParts {
  readonly positions?: Readonly<Record<string, string>>;
  /** Positions of several accounts, signed by the two approved sources in turn; instead of `positions`. */
  readonly accounts?: readonly Readonly<Record<string, string>>[];
  /** Which of the two approved sources each account is at, "Venue One" or "Venue Two"; in turn when absent. */
  readonly venues?: readonly string[];
  readonly limits?: Readonly<Record<string, unknown>>;
  readonly scenarios?: readonly {
    readonly name: string;
    readonly shocks: Readonly<Record<string, string>>;
  }[];
  readonly underlyings?: readonly string[];
  readonly instruments?: readonly MarketRow[];
  readonly asOf?: number;
  readonly marketAsOf?: number;
  readonly units?: string;
  readonly circuit?: string;
  /** [days][underlyings] in bps, with their own covariances; random days of a fixed seed when a limit needs some. */
  readonly daily?: readonly (readonly bigint[])[];
  readonly tailCircuit?: string;
  /** [instruments], 1e8 units a day; when absent a million units a day, and no limit for cash. */
  readonly depths?: readonly bigint[];
  readonly liquidityCircuit?: string;
}

export interface Book {
  readonly market: Market;
  readonly policy: Policy;
  readonly snapshot: Snapshot;
  /** Under policies with an administrator, as those with maxDrawdown here. */
  readonly units?: SignedUnits;
}

/** Key of the administrator who signs units; its address is {@link ADMINISTRATOR}. */
export const ADMINISTRATOR_KEY = new Uint8Array(32).fill(10);
export const ADMINISTRATOR = unitsSigner(
  signUnits({ subject: SUBJECT, asOf: AS_OF, units: 1n }, ADMINISTRATOR_KEY),
)!;

export const INSTRUMENTS: readonly MarketRow[] = [
  { id: "USDC", kind: "cash", underlying: "USD", price: "1", collateralFactor: "0.9" },
  { id: "ETH", kind: "spot", underlying: "ETH", price: "3000", collateralFactor: "0.8" },
  { id: "ETH-PERP", kind: "perp", underlying: "ETH", price: "3000" },
  { id: "BTC", kind: "spot", underlying: "BTC", price: "90000", collateralFactor: "0.75" },
  { id: "BTC-PERP", kind: "perp", underlying: "BTC", price: "90000" },
];

/** Equity 17,000 USD: 10 ETH and a loan of 13,000 USDC, the ETH hedged by 9. */
export const POSITIONS: Readonly<Record<string, string>> = { ETH: "10", USDC: "-13000", "ETH-PERP": "-9" };

export const LIMITS: Readonly<Record<string, unknown>> = {
  minCollateralRatio: "1.5",
  minHealthFactor: "1.2",
  maxLeverage: "4",
  netDelta: ["-0.25", "0.25"],
  maxUnderlyingDelta: "0.25",
  maxVenue: "1",
  maxStressLoss: "0.2",
  maxDrawdown: "0.1",
  minEquity: "10000",
};

export const SCENARIOS = [
  { name: "ETH -30%", shocks: { ETH: "-0.3" } },
  { name: "all +50%", shocks: { ETH: "0.5", BTC: "0.5" } },
];

/** Builds and signs a book. */
export function book(parts: BookParts = {}): Book {
  const { limits = LIMITS, positions = POSITIONS, asOf = AS_OF, marketAsOf = asOf } = parts;
  const scenarios = parts.scenarios ?? ("maxStressLoss" in limits ? SCENARIOS : []);
  const instruments = parts.instruments ?? INSTRUMENTS;
  const underlyings = parts.underlyings ?? ["USD", "ETH", "BTC"];
  const hasTail = "maxVolatility" in limits || "maxExpectedShortfall" in limits;
  const tailCircuit = parts.tailCircuit ?? "tail-risk/spot-64";
  const marketText = (scenarioRoot?: string): string =>
    JSON.stringify({
      keel: "market/1",
      asOf: marketAsOf,
      underlyings,
      instruments,
      scenarioRoot,
    });
  const unrooted = parseMarket(marketText());
  const daily = parts.daily ?? randomReturns(seededRandom(7), underlyings.length);
  const returns = parseReturns(returnsText(underlyings, marketAsOf - 3600, daily));
  const hasUnits = "maxDrawdown" in limits || parts.units !== undefined;
  const liquidity = parseLiquidity(liquidityText(instruments, marketAsOf - 600, parts.depths));
  const hasDays = "maxDaysToUnwind" in limits;
  const policy = parsePolicy(
    JSON.stringify({
      keel: "policy/2",
      name: "test",
      circuit: parts.circuit ?? "portfolio-health/spot-16",
      limits,
      scenarios,
      sources: [
        { name: "Venue One", key: SOURCE.publicKey.map(String) },
        { name: "Venue Two", key: OTHER_SOURCE.publicKey.map(String) },
      ],
      maxAge: 3600,
      validity: 86400,
      maxMarketSkew: 300,
      minInterval: 3600,
      market: { series: marketSeries(unrooted) },
      ...(hasUnits ? { units: { administrator: ADMINISTRATOR } } : {}),
      ...(hasTail
        ? { tail: { circuit: tailCircuit, maxReturnsSkew: 86_400, series: returnsSeries(returns) } }
        : {}),
      ...(hasDays
        ? {
            liquidity: {
              circuit: parts.liquidityCircuit ?? "liquidity/16x1",
              participation: "0.1",
              maxLiquiditySkew: 3_600,
              series: liquiditySeries(liquidity),
            },
          }
        : {}),
    }),
  );
  const hasOptions = instruments.some(({ kind }) => kind === "option");
  const prices = hasOptions
    ? parseMarket(marketText(scenarioTable(policy, unrooted).root.toString()))
    : unrooted;
  const withTail = hasTail ? withReturns(prices, returns) : prices;
  const market = hasDays ? withLiquidity(withTail, liquidity) : withTail;

  const accounts = (parts.accounts ?? [positions]).map((held, s) => ({
    id: s === 0 ? "main" : `sub-${s}`,
    source: parts.venues?.[s] ?? (s % 2 === 0 ? "Venue One" : "Venue Two"),
    positions: held,
  }));
  const { units } = parts;
  const unsigned = parseSnapshot(
    JSON.stringify({ keel: "snapshot/1", subject: SUBJECT, asOf, units, accounts }),
  );
  const snapshot = signed(unsigned, market, policy);
  const statement = { subject: snapshot.subject, asOf, units: snapshot.units };
  return {
    market,
    policy,
    snapshot,
    ...(hasUnits ? { units: signUnits(statement, ADMINISTRATOR_KEY) } : {}),
  };
}

/** A snapshot signed by those of the two approved sources that it names. */
export function signed(snapshot: Snapshot, market: Market, policy: Policy): Snapshot {
  const keys = new Map([
    ["Venue One", SOURCE],
    ["Venue Two", OTHER_SOURCE],
  ]);
  return [...keys]
    .filter(([name]) => snapshot.accounts.some(({ source }) => source === name))
    .reduce((unsigned, [, key]) => signSnapshot(unsigned, market, policy, key).snapshot, snapshot);
}

/** Days of returns within 9% either way, the first underlying standing still. */
export function randomReturns(random: (below: number) => number, underlyings: number, days = 64): bigint[][] {
  return Array.from({ length: days }, () =>
    Array.from({ length: underlyings }, (_, u) => (u === 0 ? 0n : BigInt(random(1801) - 900))),
  );
}

/** A returns/1 file with the days' own covariances. */
export function returnsText(
  underlyings: readonly string[],
  asOf: number,
  daily: readonly (readonly bigint[])[],
): string {
  const format = (rows: readonly (readonly bigint[])[], places: number) =>
    rows.map((row) => row.map((value) => formatDecimal(value, places)));
  const covariance = format(annualCovariance(daily), 12);
  return JSON.stringify({ keel: "returns/1", asOf, underlyings, daily: format(daily, 4), covariance });
}

/** A liquidity/1 file. @param depths 1e8 units a day */
export function liquidityText(
  instruments: readonly Pick<MarketRow, "id" | "kind">[],
  asOf: number,
  depths: readonly bigint[] = instruments.map(({ kind }) => (kind === "cash" ? UNLIMITED_DEPTH : 10n ** 14n)),
): string {
  const rows = instruments.map(({ id }, i) => {
    const depth = depths[i]!;
    return { id, depth: depth === UNLIMITED_DEPTH ? "unlimited" : formatDecimal(depth, 8) };
  });
  const method = { participation: "0.1", band: "0.01", refills: 24 };
  return JSON.stringify({ keel: "liquidity/1", asOf, ...method, instruments: rows });
}

/** An enrolment of a book's own accounts. */
export function enrolmentOf({ snapshot, policy }: Book): Enrolment {
  return newEnrolment(snapshot, policy, toField(SALT + 1n));
}

/** The circuit's inputs for a book, at the genesis of its drawdown chain or after `state`. */
export function witnessOf(parts: Book, state?: DrawdownState): Witness {
  return buildWitness({
    ...parts,
    ...SALTS,
    domain: DOMAIN,
    enrolment: enrolmentOf(parts),
    ...(state === undefined ? {} : { state }),
  });
}

/** Whether the integer model says healthy. */
export function isHealthy({ snapshot, market, policy }: Book): boolean {
  return assess(snapshot, market, policy).healthy;
}

/** A book with its only account changed, and signed anew. */
export function withAccount(parts: Book, change: Partial<Account>): Book {
  const { market, policy, snapshot, ...units } = parts;
  const changed = { ...snapshot, accounts: snapshot.accounts.map((account) => ({ ...account, ...change })) };
  return { market, policy, snapshot: signSnapshot(changed, market, policy, SOURCE).snapshot, ...units };
}

/** Deterministic random numbers; print the seed when a test fails. */
export function seededRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}
