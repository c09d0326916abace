// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Writes the example files: `node dist/examples/generate.js`. Deterministic: the same text every time, signatures
 * included. A test says that the committed files are these.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { localAccounts } from "@keel/contracts";
import {
  buildMarket,
  formatMarket,
  formatSnapshot,
  parseSnapshot,
  type Snapshot,
  type SourceKeyPair,
  signSnapshot,
  sourceKeyOf,
} from "@keel/prover";
import {
  formatUnits,
  liquiditySeries,
  marketSeries,
  parseLiquidity,
  parseMarket,
  parsePolicy,
  parseReturns,
  parseViewerKey,
  returnsSeries,
  type SeriesId,
  type SourceKey,
  signUnits,
  tailCircuitOf,
} from "@keel/verifier";
import type { ExpectedRow } from "./expected.js";
import { invalidExamples } from "./invalid.js";
import { layOut } from "./layout.js";
import { AS_OF } from "./quotes.js";
import { returnsText } from "./returns.js";
import { STRATEGIES } from "./strategies.js";
import type { Changes, Positions, Strategy } from "./strategy.js";

/** Folder of the example files. */
export const EXAMPLES_FOLDER = fileURLToPath(new URL("../../examples/", import.meta.url));

/** The public and private texts of one example. */
export interface ExampleTexts {
  readonly snapshot: string;
  readonly market: string;
  readonly policy: string;
  /** Under policies with tail-risk limits. */
  readonly returns?: string;
  /** Under policies that limit the days to unwind. */
  readonly liquidity?: string;
  /** Under policies that limit drawdown. */
  readonly units?: string;
}

/**
 * Key pair of an invented source. INSECURE: derived from its name, so that examples can be signed again and again; a real
 * source makes its key with `keel keygen`.
 */
export function exampleSourceKey(name: string): SourceKeyPair {
  const secret = createHash("sha256").update(`keel example source, known to everybody: ${name}`).digest();
  return sourceKeyOf(Uint8Array.from(secret));
}

/**
 * Public key of an invented viewer. INSECURE: its secret is derived from its name, as the sources' are; a real viewer makes one with
 * `keel viewer new`.
 */
export function exampleViewerKey(name: string): SourceKey {
  const secret = createHash("sha256")
    .update(`keel example viewer, known to everybody: ${name}`)
    .digest("hex");
  return parseViewerKey(secret).publicKey;
}

/** Number of the local chain's account whose key signs units: `keel sign-units --account 19`. INSECURE: everybody has it. */
const ADMINISTRATOR = 19;

/** The administrator who says how many units the examples' funds have. */
export const exampleAdministrator = localAccounts()[ADMINISTRATOR]!;

/** What may differ from a strategy's own files. */
export interface ExampleChange {
  readonly changes?: Changes;
  readonly asOf?: number;
  /** Key pairs of the sources; {@link exampleSourceKey} when absent. */
  readonly keyOf?: (source: string) => SourceKeyPair;
  /** Series that the policy names, such as one of feeds; the market's own when absent. */
  readonly marketSeries?: SeriesId;
  /** What the policy's file says otherwise, or beside the strategy's own. */
  readonly policy?: Readonly<Record<string, unknown>>;
}

/** A strategy's files, the snapshot signed by the sources of its accounts. */
export function exampleTexts(strategy: Strategy, change: ExampleChange = {}): ExampleTexts {
  const { changes = {}, asOf = AS_OF, keyOf = exampleSourceKey } = change;
  const { subject, positions, otherAccounts = [] } = strategy;
  const prices = marketText(strategy, asOf);
  const returns = returnsOf(strategy, asOf);
  const liquidity = liquidityOf(strategy, asOf);
  const series = {
    market: change.marketSeries ?? marketSeries(parseMarket(prices)),
    ...(returns === undefined ? {} : { returns: returnsSeries(parseReturns(returns)) }),
    ...(liquidity === undefined ? {} : { liquidity: liquiditySeries(parseLiquidity(liquidity)) }),
  };
  const policy = policyText(strategy, keyOf, series, change.policy);
  const market = builtText(strategy, prices, policy);
  const accounts = [
    { id: strategy.accountId, source: strategy.sources[0]!, positions },
    ...otherAccounts,
  ].map((account) => ({ ...account, positions: changed(account.positions, changes[account.id]) }));
  const units = strategy.units === undefined ? {} : { units: strategy.units };
  let snapshot = parseSnapshot(layOut({ keel: "snapshot/1", subject, asOf, ...units, accounts }));
  for (const source of new Set(accounts.map((account) => account.source))) {
    ({ snapshot } = signSnapshot(snapshot, parseMarket(market), parsePolicy(policy), keyOf(source)));
  }
  return {
    snapshot: formatSnapshot(snapshot),
    market,
    policy,
    ...(returns === undefined ? {} : { returns }),
    ...(liquidity === undefined ? {} : { liquidity }),
    ...(limitsDrawdown(strategy) ? { units: unitsText(snapshot) } : {}),
  };
}

/** A drawdown compares equity per unit: somebody other than the manager says how many units there are. */
function limitsDrawdown({ limits }: Strategy): boolean {
  return "maxDrawdown" in limits;
}

/** The snapshot's units, signed by the administrator. */
function unitsText({ subject, asOf, units }: Snapshot): string {
  const key = Buffer.from(exampleAdministrator.privateKey.slice(2), "hex");
  return formatUnits(signUnits({ subject, asOf, units }, Uint8Array.from(key)));
}

function changed(positions: Positions, changes: Positions = {}): Positions {
  return Object.fromEntries(
    Object.entries({ ...positions, ...changes }).filter(([, amount]) => amount !== "0"),
  );
}

/** Every generated file by its path below examples/. */
export function exampleFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const rows: ExpectedRow[] = [];
  for (const strategy of STRATEGIES) {
    const { folder, twin } = strategy;
    const { snapshot, market, policy, returns, liquidity, units } = exampleTexts(strategy);
    const place = (name: string, text: string): string => {
      files.set(`${folder}/${name}`, text);
      return `${folder}/${name}`;
    };
    const shared = {
      market: place("market.json", market),
      policy: place("policy.json", policy),
      ...(returns === undefined ? {} : { returns: place("returns.json", returns) }),
      ...(liquidity === undefined ? {} : { liquidity: place("liquidity.json", liquidity) }),
      ...(units === undefined ? {} : { units: place("units.json", units) }),
    };
    const slow = strategy.circuit === undefined ? {} : { slow: true as const };
    const healthy = { snapshot: place("snapshot.json", snapshot), ...shared };
    rows.push({ ...healthy, check: 0, prove: 0, verify: 0, ...slow });
    const shown = shownPolicy(strategy);
    if (shown !== undefined) {
      const row = { ...healthy, policy: place("policy-shown.json", shown) };
      rows.push({ ...row, check: 0, prove: 0, verify: 0, ...slow });
    }
    const unhealthy = place(twin.file, exampleTexts(strategy, twin).snapshot);
    rows.push({
      snapshot: unhealthy,
      ...shared,
      check: 2,
      prove: 2,
      code: "policy.broken",
      breaks: twin.breaks,
    });
  }
  const invalid = invalidExamples(files);
  for (const [name, text] of invalid.files) files.set(name, text);
  files.set("expected.json", layOut([...rows, ...invalid.rows]));
  return files;
}

/** The strategy's policy with what its second one shows. */
function shownPolicy(strategy: Strategy): string | undefined {
  const { shown, policyName } = strategy;
  if (shown === undefined) return undefined;
  const viewers = shown.viewers.map((name) => ({ name, key: exampleViewerKey(name).map(String) }));
  const policy = { name: `${policyName}, shown`, disclosure: { ...shown, viewers } };
  return exampleTexts(strategy, { policy }).policy;
}

/** The days up to the example's, for the tail-risk circuit; nothing without one. */
function returnsOf({ tailCircuit, underlyings }: Strategy, asOf: number): string | undefined {
  if (tailCircuit === undefined) return undefined;
  return returnsText(underlyings, tailCircuitOf(tailCircuit).shape.days, asOf);
}

/** A tenth of what is traded within a hundredth of the price, for the liquidity circuit; nothing without one. */
function liquidityOf({ liquidity, instruments }: Strategy, asOf: number): string | undefined {
  if (liquidity === undefined) return undefined;
  const rows = instruments.map(({ id, kind }) => ({
    id,
    depth: kind === "cash" ? "unlimited" : (liquidity.depths[id] ?? "0"),
  }));
  const method = { participation: PARTICIPATION, band: "0.01", refills: 24 };
  return layOut({ keel: "liquidity/1", asOf, ...method, instruments: rows });
}

const PARTICIPATION = "0.1";

function marketText({ underlyings, instruments }: Strategy, asOf: number): string {
  return layOut({ keel: "market/1", asOf, underlyings, instruments });
}

/** A market with options is completed for the policy, as `keel market build` does. */
function builtText({ instruments }: Strategy, market: string, policy: string): string {
  if (instruments.every(({ kind }) => kind !== "option")) return market;
  return layOut(JSON.parse(formatMarket(buildMarket(parseMarket(market), parsePolicy(policy)))));
}

/** The series that a policy names. */
interface PolicySeries {
  readonly market: SeriesId;
  readonly returns?: SeriesId;
  readonly liquidity?: SeriesId;
}

function policyText(
  strategy: Strategy,
  keyOf: (source: string) => SourceKeyPair,
  { market, returns, liquidity: depths }: PolicySeries,
  otherwise: Readonly<Record<string, unknown>> = {},
): string {
  const {
    policyName,
    circuit = "portfolio-health/spot-16",
    tailCircuit,
    liquidity,
    limits,
    scenarios,
    sources,
  } = strategy;
  const units = limitsDrawdown(strategy)
    ? { administrator: exampleAdministrator.address.toLowerCase() }
    : undefined;
  return layOut({
    keel: "policy/2",
    name: policyName,
    circuit,
    limits,
    scenarios,
    sources: sources.map((name) => ({ name, key: keyOf(name).publicKey.map(String) })),
    maxAge: 3600,
    validity: 86400,
    maxMarketSkew: 300,
    minInterval: 43_200,
    market: { series: market },
    ...(tailCircuit === undefined
      ? {}
      : { tail: { circuit: tailCircuit, maxReturnsSkew: 172_800, series: returns } }),
    ...(liquidity === undefined
      ? {}
      : {
          liquidity: {
            ...{ circuit: liquidity.circuit, participation: PARTICIPATION },
            ...{ maxLiquiditySkew: 86_400, series: depths },
          },
        }),
    ...(units === undefined ? {} : { units }),
    ...otherwise,
  });
}

async function writeExamples(): Promise<void> {
  for (const [name, text] of exampleFiles()) {
    const file = join(EXAMPLES_FOLDER, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeExamples();
