// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * An example of each file format that people write or read, for docs/formats/. A test reads each with the format's own parser.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { formatEnrolment, formatSourceKey, formatState, newEnrolment, parseSnapshot } from "@keel/prover";
import { parsePolicy, toField } from "@keel/verifier";
import { reportOf } from "@keel/verifier/report";
import { exampleSourceKey } from "../examples/generate.js";
import { ROOT } from "./generated.js";

const A = (digit: string): string => `0x${digit.repeat(40)}`;
const HASH = (digit: string): string => `0x${digit.repeat(64)}`;

/** Examples by format. */
export function formatExamples(): Readonly<Record<string, object>> {
  return { ...fromExamples(), ...made(), "report/2": reportExample(), ...WRITTEN };
}

function read(path: string): string {
  return readFileSync(join(ROOT, "examples", path), "utf8");
}

function fromExamples(): Readonly<Record<string, object>> {
  return {
    "snapshot/1": JSON.parse(read("eth-hedged-vault/snapshot.json")),
    "market/1": JSON.parse(read("leveraged-lending/market.json")),
    "policy/2": JSON.parse(read("leveraged-lending/policy.json")),
    "units/1": JSON.parse(read("leveraged-lending/units.json")),
    "attestation/2": JSON.parse(read("invalid/attestation-forged.json")),
  };
}

/** A week of a record that lapsed for an hour. */
function reportExample(): object {
  const [from, first, until] = [1767225600, 1767744000, 1767830400];
  const stretch = {
    ...{ from, until, seconds: 604_800, healthy: 601_200, share: "0.994047" },
    ...{ attestations: 2, lapses: 1, longestLapse: 3_600 },
  };
  const attestation = (asOf: number, block: number) => ({
    ...{ policyId: HASH("3"), asOf, accepted: asOf, expiry: asOf + 514_800, block, transaction: HASH("4") },
    ...{ digest: "1234567890", units: "750000000000000" },
    nav: { value: "532100000000000000000000", perUnit: "70946666666666666" },
  });
  return reportOf({
    keel: "report/2",
    chain: {
      ...{ chainId: 1, registry: A("2"), fromBlock: 21_000_000, block: 21_050_000 },
      ...{ blockHash: HASH("5"), time: until },
    },
    span: { from, until },
    proofs: {
      verified: 2,
      keys: [{ circuit: "portfolio-health/spot-16", hash: HASH("6"), development: false }],
    },
    policies: [
      {
        ...{ policyId: HASH("3"), circuit: "portfolio-health/spot-16" },
        limits: ["gross exposure was at most 200 % of equity"],
        basis: [`The policy takes tables signed by publishers, market series ${HASH("7")}.`],
        ...{ validity: 514_800, navStep: "1000000000000000000" },
      },
    ],
    records: [
      {
        ...{ subject: A("1"), label: "Aurelia Fund", under: { kind: "policy", policyId: HASH("3") } },
        now: { healthy: true, standing: "open", expiry: first + 514_800 },
        ...{ whole: stretch, span: stretch },
        attestations: [attestation(from, 21_000_500), attestation(first, 21_043_700)],
        lapses: [
          {
            ...{ from: from + 514_800, until: first, cause: "expired" },
            words:
              "the attestation of 2026-01-01 00:00:00 UTC expired at 2026-01-06 23:00:00 UTC, and no other had come",
          },
        ],
        ...{ events: [], elsewhere: [] },
      },
    ],
  });
}

/** What the library writes; salts are random in real files. */
function made(): Readonly<Record<string, object>> {
  const policy = parsePolicy(read("eth-hedged-vault/policy.json"));
  const salt = toField(BigInt(`0x${createHash("sha256").update("an example").digest("hex").slice(0, 60)}`));
  const enrolment = newEnrolment(parseSnapshot(read("eth-hedged-vault/snapshot.json")), policy, salt);
  return {
    "source-key/1": JSON.parse(formatSourceKey(exampleSourceKey("Northgate Custody"))),
    "enrolment/2": JSON.parse(formatEnrolment(enrolment)),
    "state/1": JSON.parse(
      formatState({
        equity: 53_000_000n * 10n ** 16n,
        units: 10n ** 8n,
        epoch: 3n,
        salt,
        unitsSource: "none",
      }),
    ),
  };
}

const NOWHERE = { Africa: "0", AsiaPacific: "0", Europe: "0", EEA: "0", MiddleEast: "0" };

const WRITTEN: Readonly<Record<string, object>> = {
  "aifmd-facts/1": {
    ...{ keel: "aifmd-facts/1", reportingMemberState: "LU", filing: "INIT" },
    period: { type: "Y1", year: 2026 },
    aifmNationalCode: "A00001234",
    aifs: [
      {
        ...{ subject: A("1"), nationalCode: "O00012345", name: "Aurelia Fund", lei: "KEELEXAMPLE000000002" },
        ...{ eea: true, reportingCode: 29, domicile: "LU", inception: "2024-03-01", shareClasses: false },
        type: "HFND",
        strategies: [{ type: "RELV_VLAR", primary: true, navRate: "100" }],
        aum: "250000000",
        fx: { type: "ECB", rate: "0.9123" },
        mainInstruments: [{ subAssetType: "OTH_OTH_OTHR", name: "Ether", value: "4000000", position: "L" }],
        navByRegion: { ...NOWHERE, NorthAmerica: "0", SouthAmerica: "0", SupraNational: "100" },
        principalExposures: [
          { subAssetType: "DER_OTH_OTHR", position: "S", amount: "4000000", rate: "47.5" },
        ],
        concentrations: [{ assetType: "DER_OTH", position: "S", market: { code: "OTC" }, rate: "47.5" }],
        markets: [{ market: { code: "XXX" }, amount: "4000000" }],
        investors: { largestFive: "80", professional: "100", retail: "0" },
        article24_2: {
          exposures: [{ subAssetType: "OTH_OTH_OTHR", gross: "disclosed" }],
          turnovers: [{ type: "OTH_OTH_OTH", value: "90000000" }],
          expectedReturn: "8.5",
          liquidity: {
            ...{ unencumberedCash: "1000000", investorGroups: [{ type: "OFIN", rate: "100" }] },
            profile: ["60", "40", "0", "0", "0", "0", "0"],
          },
          liquidityStress: "Redemptions of 30 % within a week were met from cash.",
          ...{ rehypothecated: false, commitmentLeverage: "101.25" },
        },
      },
    ],
  },
  "returns/1": {
    keel: "returns/1",
    asOf: 1767225600,
    underlyings: ["USD", "ETH"],
    daily: [
      ["0", "-0.0123"],
      ["0", "0.0081"],
    ],
    covariance: [["0"], ["0", "0.36"]],
  },
  "liquidity/1": {
    ...{ keel: "liquidity/1", asOf: 1767225600, participation: "0.1", band: "0.01", refills: 24 },
    instruments: [
      { id: "USDC", depth: "unlimited" },
      { id: "ETH", depth: "900.5" },
    ],
  },
  "trades/1": {
    keel: "trades/1",
    trades: [
      { account: "main", instrument: "ETH", quantity: "10", price: "2970", cash: "USDC" },
      { account: "main", instrument: "ETH-PERP", quantity: "-10" },
    ],
  },
  "mapping/1": {
    keel: "mapping/1",
    columns: { instrument: "Coin", quantity: "Net Balance" },
    account: "venue-1",
    source: "Halyard Prime",
    instruments: { XETH: "ETH" },
  },
  "mapping/2": {
    keel: "mapping/2",
    columns: { instrument: "symbol", quantity: "size" },
    account: "venue-1",
    source: "Halyard Prime",
    side: { column: "side", long: ["Buy"], short: ["Sell"] },
    instruments: { BTCUSDT: "BTC-PERP", SHIB: { instrument: "kSHIB", per: 1000 } },
  },
  "venue-mapping/1": {
    keel: "venue-mapping/1",
    instruments: { BTCUSDT: "BTC-PERP" },
    ignore: ["POINTS"],
  },
  "chain-mapping/1": {
    keel: "chain-mapping/1",
    chainId: 1,
    native: "ETH",
    tokens: { [A("1")]: "USDC", [A("2")]: "ETH" },
    comets: { [A("3")]: "compound" },
  },
  "market-sources/1": {
    keel: "market-sources/1",
    underlyings: ["USD", "BTC"],
    maxAge: 120,
    instruments: [
      { id: "USDC", kind: "cash", underlying: "USD", from: { fixed: "1" }, collateralFactor: "0.9" },
      { id: "BTC-PERP", kind: "perp", underlying: "BTC", from: { venue: "binance", name: "BTCUSDT" } },
    ],
  },
  "depth-sources/1": {
    keel: "depth-sources/1",
    participation: "0.1",
    band: "0.01",
    refills: 24,
    maxAge: 60,
    instruments: [
      { id: "USDC", from: "unlimited" },
      { id: "ETH", from: [{ book: "binance", name: "ETHUSDT" }] },
      { id: "LOCKED", from: "none" },
    ],
  },
  "market-signature/2": {
    keel: "market-signature/2",
    chainId: 31337,
    marketBook: A("1"),
    series: HASH("1"),
    root: "12345",
    asOf: 1767225600,
    contentHash: HASH("2"),
    signer: A("2"),
    signature: `0x${"3".repeat(130)}`,
  },
  "deploy/1": {
    keel: "deploy/1",
    chainId: 8453,
    publishers: [A("1"), A("2"), A("3")],
    threshold: 2,
    verifiers: [{ circuit: "portfolio-health/spot-16", artifacts: "artifacts/spot-16" }],
    roles: { admin: { account: A("4"), executionDelay: 604800 }, guardian: { account: A("5") } },
    sequencer: { feed: A("6") },
  },
  "roles/1": {
    keel: "roles/1",
    admin: { account: A("4"), executionDelay: 604800 },
    guardian: { account: A("5") },
  },
  "source-config/1": {
    keel: "source-config/1",
    name: "Halyard Custody",
    key: "key.json",
    store: "store",
    listen: { host: "127.0.0.1", port: 8700 },
    tokens: [{ sha256: "ab".repeat(32), subjects: [A("1")] }],
    accounts: [
      {
        id: "custody-1",
        subject: A("1"),
        market: "market.json",
        circuit: "portfolio-health/fund-64",
        driver: { kind: "ledger", file: "ledger.csv", instruments: { XETH: "ETH", USDC: "USDC" } },
      },
    ],
  },
};
