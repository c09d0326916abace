// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A prime broker's book: coins of clients and its own in custody, coins and dollars borrowed, the price risk sold on four
 * venues; 102 instruments in eight accounts.
 *
 * @module
 */

import { allRows, COINS, type Coin } from "./quotes.js";
import type { Positions, Strategy } from "./strategy.js";

/** "BTC 2100 ETH -5" as amounts by instrument. */
function holdings(text: string): Positions {
  return Object.fromEntries([...text.matchAll(/(\S+)\s+(-?[\d.]+)/g)].map(([, id, amount]) => [id, amount!]));
}

/** One shock for each coin, another for some. */
function shocks(every: string, some: Partial<Record<Coin, string>> = {}): Record<string, string> {
  return { ...Object.fromEntries(COINS.map((coin) => [coin, every])), ...some };
}

const CUSTODY = holdings(`
  BTC 1500 ETH 31000 SOL 160000 USDC 22000000 USDT 9000000 BUIDL 30000000 USYC 8100000 OUSG 88000`);

const LENDING = holdings(`
  wstETH 9000 weETH 2500 rETH 800 cbETH 600 WBTC 300 cbBTC 150 JitoSOL 24000 mSOL 6000 USDS 1500000
  USDC -24000000 USDT -6000000 DAI -2000000`);

const TRUST = holdings(`
  BTC 600 XRP 12000000 BNB 16200 DOGE 76500000 ADA 19500000 TRX 24600000 LINK 487000 LTC 65000 AVAX 342000 DOT 1680000
  HYPE 236000 BCH 7560 XLM 13800000 HBAR 19600000 SUI 2850000 TON 1350000 NEAR 1260000 UNI 457000 AAVE 23100
  APT 844000 ARB 6960000 OP 4170000 ATOM 620000 kSHIB 232000000 kPEPE 372000000 ENA 8620000 TAO 10900 ZEC 6100
  XMR 4170 PYUSD 2500000`);

const LOANS = holdings(`
  BTC -620 ETH -7800 SOL -42000 XRP -1790000 BNB -1620 DOGE -7650000 ADA -1950000 LINK -48700 LTC -6500
  AVAX -103000 DOT -168000 BCH -756 XLM -4130000 HBAR -2940000 SUI -428000 TON -203000 NEAR -251000 UNI -68600
  AAVE -3470 APT -84400 ARB -1040000 OP -1250000 kSHIB -69500000 kPEPE -55800000 TAO -1640 ZEC -1220 XMR -834
  USDC -118000000 USDT -74000000`);

const PERPETUALS_1 = holdings(`
  USDT 38500000 BTC-PERP -520 ETH-PERP -13500 SOL-PERP -62000 XRP-PERP -4970000 BNB-PERP -9240
  DOGE-PERP -38800000 ADA-PERP -11100000 TRX-PERP -16100000 LINK-PERP -256000 LTC-PERP -31500 AVAX-PERP -73200
  DOT-PERP -688000 HYPE-PERP -142000 BCH-PERP -4080 XLM-PERP -5370000 HBAR-PERP -10500000 SUI-PERP -1290000
  TON-PERP -786000 NEAR-PERP -702000 UNI-PERP -152000 AAVE-PERP -13700 APT-PERP -532000 ARB-PERP -2370000
  OP-PERP -2280000 ATOM-PERP -331000 kSHIB-PERP -96800000 kPEPE-PERP -199000000 ENA-PERP -5270000
  TAO-PERP -4080 ZEC-PERP -2010 XMR-PERP -2040`);

const PERPETUALS_2 = holdings(`
  USDC 21000000 FDUSD 4000000 BTC 85 ETH 1500 BNB 811 DOGE 6120000 ADA 1560000 TRX 1970000 LINK 58500 LTC 7800
  HYPE 28300 BCH 605 HBAR 979000 TON 162000 NEAR 151000 OP 333000 kSHIB 18500000 kPEPE 44600000 ENA 431000
  TAO 874 ZEC 305 XMR 334 ETH-PERP -4200 SOL-PERP -38000 XRP-PERP -4060000 BNB-PERP -3960 DOGE-PERP -25800000
  ADA-PERP -4700000 TRX-PERP -10700000 LINK-PERP -171000 LTC-PERP -25800 AVAX-PERP -110000 DOT-PERP -562000
  HYPE-PERP -117000 BCH-PERP -1750 XLM-PERP -4400000 HBAR-PERP -7000000 SUI-PERP -1060000 TON-PERP -524000
  NEAR-PERP -468000 UNI-PERP -229000 AAVE-PERP -5900 APT-PERP -228000 ARB-PERP -3550000 OP-PERP -970000
  ATOM-PERP -270000 kSHIB-PERP -79200000 kPEPE-PERP -162000000 ENA-PERP -3510000 TAO-PERP -6120 ZEC-PERP -3020
  XMR-PERP -1670`);

const QUARTERLIES = holdings(`
  USDC 14000000 BTC-27MAR26 -640 BTC-26JUN26 -380 ETH-27MAR26 -9600 ETH-26JUN26 -5000 SOL-30JAN26 -12000
  SOL-27MAR26 -28000 SOL-26JUN26 -15000 XRP-30JAN26 -150000 XRP-27MAR26 -900000 XRP-26JUN26 -100000
  BNB-27MAR26 -2200 LTC-27MAR26 -9000 BCH-27MAR26 -1400 LINK-27MAR26 -70000 ADA-27MAR26 -3000000
  DOGE-27MAR26 -11000000 AVAX-27MAR26 -52000 DOT-27MAR26 -240000`);

const CLEARED = holdings(`
  USD 19500000 BTC-30JAN26 -250 BTC-27FEB26 -200 ETH-30JAN26 -4200 ETH-27FEB26 -3100`);

/** Eight accounts at seven sources, thirty-one coins, delta near zero in each. */
export const primeBroker: Strategy = {
  folder: "prime-broker",
  circuit: "portfolio-health/institution-256",
  subject: "0xbcd4042de499d14e55001ccbb24a551f3b954096",
  accountId: "custody",
  sources: [
    ...["Northgate Custody", "Clearwater Reporting", "Ashdown Audit"],
    ...["Halyard Prime", "Tessera Derivatives", "Meridian Options", "Carrick Clearing"],
  ],
  underlyings: ["USD", ...COINS],
  instruments: allRows(),
  policyName: "Prime broker",
  limits: {
    minCollateralRatio: "2",
    minHealthFactor: "1.4",
    maxLeverage: "3.2",
    netDelta: ["-0.03", "0.03"],
    maxUnderlyingDelta: "0.01",
    maxVenue: "0.9",
    maxStressLoss: "0.03",
    maxDrawdown: "0.1",
    minEquity: "250000000",
  },
  scenarios: [
    { name: "Everything down 20%", shocks: shocks("-0.2") },
    { name: "Everything up 20%", shocks: shocks("0.2") },
    { name: "Everything down 50%", shocks: shocks("-0.5") },
    { name: "Everything doubles", shocks: shocks("1") },
    { name: "Bitcoin alone down 30%", shocks: { BTC: "-0.3" } },
    { name: "Bitcoin alone up 30%", shocks: { BTC: "0.3" } },
    { name: "Ether alone down 30%", shocks: { ETH: "-0.3" } },
    { name: "Ether alone up 30%", shocks: { ETH: "0.3" } },
    { name: "Solana alone down 40%", shocks: { SOL: "-0.4" } },
    { name: "Solana alone up 40%", shocks: { SOL: "0.4" } },
    { name: "Alternatives halve", shocks: shocks("-0.5", { BTC: "-0.1", ETH: "-0.2" }) },
    { name: "Alternatives double", shocks: shocks("1", { BTC: "0.1", ETH: "0.3" }) },
    {
      name: "Small coins fall 80%",
      shocks: shocks("-0.8", { BTC: "-0.15", ETH: "-0.25", SOL: "-0.4", XRP: "-0.4" }),
    },
    { name: "Privacy coins delisted", shocks: { XMR: "-0.6", ZEC: "-0.6" } },
    { name: "Privacy coins squeezed", shocks: { XMR: "1.5", ZEC: "2" } },
    { name: "Meme coins squeezed", shocks: { DOGE: "0.8", kSHIB: "1", kPEPE: "1.5" } },
    {
      name: "12 March 2020",
      shocks: shocks("-0.42", { BTC: "-0.39", ETH: "-0.43", XRP: "-0.33", BNB: "-0.45" }),
    },
    {
      name: "19 May 2021",
      shocks: shocks("-0.33", { BTC: "-0.14", ETH: "-0.27", XRP: "-0.29", DOGE: "-0.3" }),
    },
    {
      name: "8 November 2022",
      shocks: shocks("-0.2", { BTC: "-0.1", ETH: "-0.15", SOL: "-0.25", BNB: "-0.03" }),
    },
    { name: "5 August 2024", shocks: shocks("-0.16", { BTC: "-0.07", ETH: "-0.1" }) },
    {
      name: "10 October 2025",
      shocks: shocks("-0.38", { BTC: "-0.07", ETH: "-0.12", SOL: "-0.15", BNB: "-0.1" }),
    },
  ],
  units: "2750000",
  positions: CUSTODY,
  otherAccounts: [
    { id: "trust", source: "Clearwater Reporting", positions: TRUST },
    { id: "lending-markets", source: "Clearwater Reporting", positions: LENDING },
    { id: "loan-book", source: "Ashdown Audit", positions: LOANS },
    { id: "perpetuals-1", source: "Halyard Prime", positions: PERPETUALS_1 },
    { id: "perpetuals-2", source: "Tessera Derivatives", positions: PERPETUALS_2 },
    { id: "quarterlies", source: "Meridian Options", positions: QUARTERLIES },
    { id: "clearing", source: "Carrick Clearing", positions: CLEARED },
  ],
  twin: {
    // A venue failed overnight: the margin there is lost, and so is every hedge on it.
    file: "snapshot-venue-failed.json",
    changes: { "perpetuals-1": Object.fromEntries(Object.keys(PERPETUALS_1).map((id) => [id, "0"])) },
    breaks: ["netDelta", "maxUnderlyingDelta", "maxVenue", "maxStressLoss"],
  },
};
