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
import { exampleSourceKey } from "../examples/generate.js";
import { ROOT } from "./generated.js";

const A = (digit: string): string => `0x${digit.repeat(40)}`;
const HASH = (digit: string): string => `0x${digit.repeat(64)}`;

/** Examples by format. */
export function formatExamples(): Readonly<Record<string, object>> {
  return { ...fromExamples(), ...made(), ...WRITTEN };
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

const WRITTEN: Readonly<Record<string, object>> = {
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
