// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is a venue's CSV export read as it is, with its sides, units and sums, and refused where a plausible mapping would give false
 * positions?
 *
 * @module
 */
import { type CsvMapping, parseMapping, readCsv } from "@keel/prover";
import { describe, expect, it } from "vitest";
import { amounts, faultsOf, venueMarket } from "../support/venues.js";

const FIRST = {
  keel: "mapping/1",
  columns: { instrument: "Coin", quantity: "Held" },
  account: "a",
  source: "Venue One",
};
const SECOND = { ...FIRST, keel: "mapping/2" };
const mapping = (file: object): CsvMapping => parseMapping(JSON.stringify(file));
const MARKET = venueMarket();

const read = (text: string, file: object = FIRST, market = MARKET) => readCsv(text, market, mapping(file));
const held = (text: string, file: object = FIRST, market = MARKET) =>
  amounts({ accounts: read(text, file, market).accounts, warnings: [], reconciled: [] });
const faults = (text: string, file: object = FIRST, market = MARKET) =>
  faultsOf(() => read(text, file, market));

describe("71 what is exact and harmless is read", () => {
  it.each([
    ["a byte order mark", "\ufeffCoin,Held\nBTC,2.5\n"],
    ["CR line ends", "Coin,Held\rBTC,2.5\r"],
    ["CRLF and no line end", "Coin,Held\r\nBTC,2.5"],
    ["a spreadsheet's first line", "sep=,\nCoin,Held\nBTC,2.5\n"],
    ["the same with another delimiter", "sep=;\nCoin;Held\nBTC;2.5\n"],
    ["blanks around cells", "Coin , Held\nBTC , 2.5 \n"],
    ["blanks around quotes", 'Coin,Held\n "BTC" , "2.5" \n'],
    ["surplus empty cells", "Coin,Held\nBTC,2.5,,\n"],
    ["empty rows", "Coin,Held\n,\n\nBTC,2.5\n,,\n"],
    ["blank headers", "Coin,Held,,\nBTC,2.5,x,y\n"],
    ["a header twice that nothing reads", "Coin,Held,Fee,Fee\nBTC,2.5,1,1\n"],
    ["a quote in a cell that nothing reads", 'Coin,Held,Note\nBTC,2.5,7" disc\n'],
    ["a preamble", "Report of holdings\nAccount,0000,x\n\nCoin,Held\nBTC,2.5\n"],
    ["an exponent", "Coin,Held\nBTC,25e-1\n"],
    ["a capital exponent", "Coin,Held\nBTC,0.25E+1\n"],
    ["a plus sign", "Coin,Held\nBTC,+2.5\n"],
    ["leading zeros", "Coin,Held\nBTC,0002.50\n"],
  ])("%s", (_, text) => {
    expect(held(text)).toEqual({ a: { BTC: "2.5" } });
  });

  it.each([
    ["minus zero", "-0.00000000", "0"],
    ["a zero with an exponent", "0E-18", "0"],
    ["no digit before the point", ".5", "0.5"],
    ["no digit after it", "7.", "7"],
    ["a true minus sign", "\u2212125.5", "-125.5"],
    ["the smallest exponent of Python", "4.2e-07", "0.00000042"],
    ["more than eight places, owed", "-0.0000000000000001", "-0.00000001"],
  ])("%s", (_, cell, expected) => {
    expect(held(`Coin,Held\nUSDC,${cell}\n`)).toEqual({ a: { USDC: expected } });
  });

  it("a name that the mapping knows is no formula", () => {
    const named = { ...FIRST, instruments: { "@107": "SOL", "=x": "BTC" } };
    expect(held("Coin,Held\n@107,10\n=x,1\n", named)).toEqual({ a: { SOL: "10", BTC: "1" } });
    expect(faults("Coin,Held\n@108,10\n", named)).toEqual(["csv.formula csv line 2, instrument"]);
  });
});

describe("71 what only a mapping can say", () => {
  it.each([
    ["delimiter", "Coin;Held\nBTC;2.5\n", { delimiter: ";" }, "csv.header csv line 1"],
    ["a tab", "Coin\tHeld\nBTC\t2.5\n", { delimiter: "\t" }, "csv.header csv line 1"],
    ["decimal", 'Coin,Held\nBTC,"2,5"\n', { decimal: "," }, "csv.quantity csv line 2, quantity"],
    ["thousands", 'Coin,Held\nBTC,"0,002.5"\n', { thousands: "," }, "csv.quantity csv line 2, quantity"],
    [
      "a footer under ignore",
      "Coin,Held\nBTC,2.5\nTotal,\n",
      { ignore: { rows: ["Total"] } },
      "csv.instrument csv line 3, instrument",
    ],
    ["skip", 'A "report\nCoin,Held\nBTC,2.5\n', { skip: 1 }, undefined],
  ])("%s", (_, text, words, refused) => {
    expect(held(text, { ...SECOND, ...words })).toEqual({ a: { BTC: "2.5" } });
    if (refused !== undefined) expect(faults(text)).toContain(refused);
  });

  it.each([
    ["groups", 'Coin,Held\nUSDC,"1,250,000.00"\n', { thousands: "," }, "1250000"],
    [
      "European groups",
      "Coin;Held\nUSDC;1.250.000,75\n",
      { thousands: ".", decimal: ",", delimiter: ";" },
      "1250000.75",
    ],
    ["parentheses", "Coin,Held\nUSDC,(1250.00)\n", { negative: "parentheses" }, "-1250"],
    ["an empty cell", "Coin,Held\nUSDC,\n", { empty: "zero" }, "0"],
  ])("%s", (_, text, words, expected) => {
    expect(held(text, { ...SECOND, ...words })).toEqual({ a: { USDC: expected } });
    expect(faults(text).length).toBeGreaterThan(0);
  });

  it.each([
    ["a group of two digits", '"1,25"', { thousands: "," }],
    ["a point beside a decimal comma", '"1.5"', { decimal: "," }],
    ["a minus in parentheses", "(-5)", { negative: "parentheses" }],
    ["a currency sign", "$5", {}],
    ["a unit in the cell", "5 BTC", {}],
    ["null", "null", {}],
  ])("never guesses: %s", (_, cell, words) => {
    expect(faults(`Coin,Held\nUSDC,${cell}\n`, { ...SECOND, ...words })).toEqual([
      "csv.quantity csv line 2, quantity",
    ]);
  });

  it("accounts have names of their own", () => {
    const file = {
      ...SECOND,
      columns: { ...SECOND.columns, account: "Desk" },
      account: undefined,
      accounts: { "Main (UK) #1": "main" },
    };
    const text = "Desk,Coin,Held\nMain (UK) #1,BTC,1\nspare,ETH,2\n";
    expect(held(text, file)).toEqual({ main: { BTC: "1" }, spare: { ETH: "2" } });
    expect(faults("Desk,Coin,Held\nOther (UK),BTC,1\n", file)).toEqual(["csv.name csv line 2, account"]);
  });

  it("forms of one coin add up only where the mapping says so", () => {
    const names = { "ETH.F": "ETH", XETH: "ETH" };
    const text = "Coin,Held\nXETH,10\nETH.F,5.5\nBTC,1\n";
    expect(faults(text, { ...FIRST, instruments: names })).toEqual(["csv.duplicate csv line 3"]);
    for (const sum of [["ETH"], true]) {
      expect(held(text, { ...SECOND, instruments: names, sum })).toEqual({ a: { ETH: "15.5", BTC: "1" } });
    }
    expect(faults(text, { ...SECOND, instruments: names, sum: ["BTC"] })).toEqual([
      "csv.duplicate csv line 3",
    ]);
    const owed = "Coin,Held\nXETH,10\nETH.F,-5.5\n";
    expect(faults(owed, { ...SECOND, instruments: names, sum: true })).toEqual(["csv.netting csv line 3"]);
  });

  it("what is ignored is never owed", () => {
    const file = { ...SECOND, ignore: { rows: ["DUST", "SCAM.xyz"] } };
    expect(held("Coin,Held\nBTC,1\nDUST,0.00003\nSCAM.xyz,1000000\n", file)).toEqual({ a: { BTC: "1" } });
    expect(faults("Coin,Held\nBTC,1\nDUST,-5\nSCAM.xyz,x\n", file)).toEqual([
      "csv.ignore csv line 3",
      "csv.ignore csv line 4, Held",
    ]);
  });

  it("quantity may be a sum of columns: net of what is borrowed, with the futures' P&L", () => {
    const quantity = { add: ["margin", "futures", "pnl"], subtract: ["borrowed", "interest"] };
    const file = { ...SECOND, columns: { instrument: "Coin", quantity } };
    const text =
      "Coin,total,margin,borrowed,interest,futures,pnl\nUSDT,800000,500000,200000,20.5,300000,-50000\n";
    expect(held(text, file)).toEqual({ a: { USDT: "549979.5" } });
    expect(faults(text, { ...FIRST, columns: { instrument: "Coin", quantity: "total" } })).toContain(
      "csv.column csv column borrowed",
    );
  });
});

describe("71 sides and legs", () => {
  const side = { column: "Side", long: ["Buy", "long"], short: "Sell" };
  const file = { ...SECOND, side, instruments: { BTCUSDT: "BTC-PERP" } };

  it("a side gives the sign; no side leaves it", () => {
    expect(held("Coin,Side,Held\nBTCUSDT,SELL,10\nUSDT,,2500\nBTC,,-1\n", file)).toEqual({
      a: { "BTC-PERP": "-10", USDT: "2500", BTC: "-1" },
    });
    expect(held("Coin,Side,Held\nBTCUSDT,Sell,-10\n", file)).toEqual({ a: { "BTC-PERP": "-10" } });
    expect(faults("Coin,Side,Held\nBTCUSDT,Buy,-10\nETH,Up,1\n", file)).toEqual([
      "csv.side csv line 2, side",
      "csv.side csv line 3, side",
    ]);
  });

  it("both legs of a hedge are kept, in an account each, or netted by a word; an empty leg is none", () => {
    const text = "Coin,Side,Held\nBTCUSDT,Buy,2.5\nBTCUSDT,Sell,1.0\nUSDT,,5\n";
    expect(faults(text, file)).toEqual(["csv.duplicate csv line 3"]);
    expect(held(text, { ...file, side: { ...side, legs: true } })).toEqual({
      a: { "BTC-PERP": "2.5", USDT: "5" },
      "a-short": { "BTC-PERP": "-1" },
    });
    expect(held(text, { ...file, sum: ["BTC-PERP"] })).toEqual({ a: { "BTC-PERP": "1.5", USDT: "5" } });
    expect(held("Coin,Side,Held\nBTCUSDT,Sell,3.34\nBTCUSDT,,0\n", file)).toEqual({
      a: { "BTC-PERP": "-3.34" },
    });
  });
});

describe("71 units", () => {
  it("a column scales, blank of coins", () => {
    const file = { ...SECOND, scale: "ctVal", instruments: { "BTC-USDT-SWAP": "BTC-PERP" } };
    expect(held("Coin,Held,ctVal\nBTC-USDT-SWAP,50,0.01\nUSDT,7,\n", file)).toEqual({
      a: { "BTC-PERP": "0.5", USDT: "7" },
    });
    expect(faults("Coin,Held,ctVal\nBTC-USDT-SWAP,50,\nBTC,1,x\n", file)).toEqual([
      "csv.quantity csv line 2, scale",
      "csv.quantity csv line 3, scale",
    ]);
  });

  it.each([
    ["per", { instrument: "kSHIB", per: 1000 }, "SHIB,500000000", "500000"],
    [
      "per, rounded against the prover",
      { instrument: "kSHIB", per: "1000" },
      "SHIB,-0.000001",
      "-0.00000001",
    ],
    ["scale", { instrument: "kSHIB", scale: "0.001" }, "SHIB,500000000", "500000"],
  ])("an instrument has %s", (_, place, row, expected) => {
    expect(held(`Coin,Held\n${row}\n`, { ...SECOND, instruments: { SHIB: place } })).toEqual({
      a: { kSHIB: expected },
    });
  });

  it.each([
    ["SHIB", "kSHIB"],
    ["1000000SHIB", "kSHIB"],
    ["SHIB", "1000PEPE"],
  ])("%s is not %s without a word on how many", (name, id) => {
    const market = venueMarket([{ id: "1000PEPE", kind: "spot", underlying: "SHIB", price: "0.004" }]);
    const file = { ...FIRST, instruments: { [name]: id, PEPE: "1000PEPE" } };
    const row = id === "1000PEPE" ? "PEPE,5" : `${name},5`;
    expect(faults(`Coin,Held\n${row}\n`, file, market)).toEqual(["csv.unit csv line 2, instrument"]);
    expect(held("Coin,Held\nkSHIB,5\n", file, market)).toEqual({ a: { kSHIB: "5" } });
  });

  it.each(["BTC-PERPETUAL", "BTC-USD-SWAP", "BTCUSD_PERP", "BTCUSD", "BTC-26JUN26"])(
    "%s is counted in dollars: no row of another price without a word",
    (name) => {
      const text = `Coin,Held\n${name},-250000\n`;
      expect(faults(text, { ...FIRST, instruments: { [name]: "BTC-PERP" } })).toEqual([
        "csv.unit csv line 2, instrument",
      ]);
      expect(held(text, { ...FIRST, instruments: { [name]: "BTC-PERPETUAL" } })).toEqual({
        a: { "BTC-PERPETUAL": "-250000" },
      });
    },
  );

  it("an instrument may have a quantity column of its own", () => {
    const instruments = { "BTC-PERPETUAL": { instrument: "BTC-PERP", quantity: "coins" } };
    const file = { ...SECOND, instruments, ignore: { columns: ["direction"] } };
    expect(
      held("Coin,direction,Held,coins\nBTC-PERPETUAL,sell,-250000,-3.1230481\nBTC,,10,\n", file),
    ).toEqual({
      a: { "BTC-PERP": "-3.1230481", BTC: "10" },
    });
  });
});

describe("71 columns that nothing reads", () => {
  it.each([
    ["a side", "side", "BTC,1,Sell"],
    ["a side by its cells", "Kind", "BTC,1,SHORT"],
    ["a direction", "Direction", "BTC,1,sell"],
    ["a leg's number", "positionIdx", "BTC,1,2"],
    ["a debt", "borrowAmount", "BTC,1,0.5"],
    ["a debt in camels", "crossMarginBorrowed", "BTC,1,0.5"],
    ["interest", "Accrued Interest", "BTC,1,0.001"],
    ["a liability", "Liability", "BTC,1,-3"],
    ["a loss not booked", "unrealizedPnl", "BTC,1,-0.5"],
    ["a contract's size", "ctVal", "BTC,1,0.01"],
    ["a multiplier", "Multiplier", "BTC,1,1000"],
    ["another size", "contracts", "BTC,1,50"],
    ["another amount", "Amount", "BTC,1,2"],
    ["a smaller equity", "equity", "BTC,1,0.4"],
    ["another coin's unit", "Currency", "BTC,1,USD"],
    ["a value that contradicts", "notionalUsd", "BTC,1,800"],
  ])("%s is refused, unless under ignore", (_, column, row) => {
    const text = `Coin,Held,${column}\n${row}\n`;
    expect(faults(text)).toEqual([`csv.column csv column ${column}`]);
    expect(held(text, { ...SECOND, ignore: { columns: [column] } })).toEqual({ a: { BTC: "1" } });
  });

  it.each([
    ["a side that says nothing", "posSide", "BTC,1,net"],
    ["a debt of nothing", "borrowAmount", "BTC,1,0"],
    ["a debt that the quantity shows", "borrowAmount", "USDT,-5,5"],
    ["a gain not booked", "unrealizedPnl", "BTC,1,0.5"],
    ["the same size", "Amount", "BTC,1,1.00"],
    ["a larger equity", "equity", "BTC,1,1.4"],
    ["a part", "Available", "BTC,1,0.2"],
    ["a unit of one", "ctVal", "BTC,1,1"],
    ["the coin's own name", "Currency", "BTC,1,btc"],
    ["a value that agrees", "notionalUsd", "BTC,1,79000"],
    ["a fee", "Fee Amount", "BTC,1,0.2"],
    ["a note", "Note", "BTC,1,hello"],
  ])("%s is named and left alone", (_, column, row) => {
    expect(read(`Coin,Held,${column}\n${row}\n`).unused).toEqual([column]);
  });

  it.each([
    ["a loss in parentheses", "Unrealised PnL", 'BTC,1,"(12,400.10)"', { negative: "parentheses" }],
    ["a loss in parentheses that the mapping does not know", "Unrealised PnL", 'BTC,1,"(12,400.10)"', {}],
    ["a loss with its currency", "Unrealised PnL", "BTC,1,-12.40 USDC", {}],
    ["a loss after a true minus", "Unrealised PnL", "BTC,1,\u221212.40", {}],
    ["a loss with a decimal comma", "Unrealised PnL", 'BTC,1,"-0,5"', { decimal: "," }],
    ["a debt with its currency", "Loan", "BTC,1,$5", {}],
    ["a debt in groups of its own", "Loan", "BTC,1,5'000", {}],
  ])("%s is no gain because of how it is written", (_, column, row, style) => {
    expect(faults(`Coin,Held,${column}\n${row}\n`, { ...SECOND, ...style })).toEqual([
      `csv.column csv column ${column}`,
    ]);
  });

  it.each([
    ["a gain in groups", "Unrealised PnL", 'BTC,1,"12,400.10"', {}],
    ["nothing, as a dash", "Loan", "BTC,1,-", {}],
    ["nothing, with its currency", "Loan", "BTC,1,0.00 USD", {}],
    ["the same size with a decimal comma", "Amount", 'BTC,"1,5","1,50"', { decimal: "," }],
  ])("%s is left alone however it is written", (_, column, row, style) => {
    expect(read(`Coin,Held,${column}\n${row}\n`, { ...SECOND, ...style }).unused).toEqual([column]);
  });

  it.each([
    ["by identity and time", "txid,time,Coin,Held\nL1,2025-01-02,BTC,2\n"],
    ["by its words", "Date,Operation,Coin,Held\n2025-01-02,Deposit,BTC,2\n"],
    ["by what was sent and received", "Date,Sent,Sent Currency,Held,Coin,Received\n1,,,2,BTC,2\n"],
  ])("a list of movements is no list of balances: %s", (_, text) => {
    expect(faults(text)).toContain("csv.ledger csv");
  });
});

describe("71 every fault at once", () => {
  it("rows and headers, each with its line", () => {
    expect(faults("Coin,Held\nLUNA,1\nBTC,N/A\nETH,\nBTC,1\nBTC,2\n=x,1\n")).toEqual([
      "csv.instrument csv line 2, instrument",
      "csv.quantity csv line 3, quantity",
      "csv.quantity csv line 4, quantity",
      "csv.duplicate csv line 6",
      "csv.formula csv line 7, instrument",
    ]);
    expect(faults("Coin,Held\nBTC\nETH,1,2\n")).toEqual(["csv.row csv line 2", "csv.row csv line 3"]);
    expect(faults("A,B\n1,2\n")).toEqual(["csv.header csv line 1", "csv.header csv line 1"]);
  });

  it("of many a hundred and how many more; no amount", () => {
    const rows = Array.from({ length: 5000 }, () => "LUNA,51829364");
    const told = faults(`Coin,Held\n${rows.join("\n")}\n`);
    expect([told.length, told[100]]).toEqual([101, "input.more undefined"]);
  });

  it("JSON is told to be that", () => {
    expect(faults('[ { "coin": "BTC" } ]')).toEqual(["csv.header csv"]);
  });
});

describe("a mapping/2", () => {
  it.each([
    ["a key that is none", { sumup: true }, "input.unknown-key"],
    ["a scale of zero", { instruments: { X: { instrument: "BTC", scale: "0" } } }, "input.invalid"],
    ["a per below zero", { instruments: { X: { instrument: "BTC", per: -1 } } }, "input.invalid"],
    ["one sign for two things", { decimal: ",", thousands: "," }, "csv.mapping"],
    ["a delimiter of two signs", { delimiter: ";;" }, "input.range"],
    ["neither account nor its column", { account: undefined }, "csv.mapping"],
  ])("is refused with %s", (_, words, code) => {
    expect(faultsOf(() => mapping({ ...SECOND, ...words }))[0]).toMatch(new RegExp(`^${code} mapping`));
  });

  it("is not mapping/1: its words are refused there", () => {
    expect(faultsOf(() => mapping({ ...FIRST, sum: true }))).toEqual(["input.unknown-key mapping"]);
  });
});

describe("speed", () => {
  it("10,000 rows are read in under two seconds", () => {
    const rows = Array.from(
      { length: 10_000 },
      (_, i) => `acc-${i % 5000},${i % 2 === 0 ? "BTC" : "ETH"},${i}.5,note ${i}`,
    );
    const file = {
      ...SECOND,
      columns: { ...SECOND.columns, account: "Desk" },
      account: undefined,
      sum: true,
    };
    const text = `Desk,Coin,Held,Note\n${rows.join("\n")}\n`;
    const times = Array.from({ length: 3 }, () => {
      const started = process.cpuUsage();
      expect(read(text, file).accounts.length).toBe(5000);
      const { user, system } = process.cpuUsage(started);
      return (user + system) / 1000;
    });
    const best = Math.min(...times);
    console.log(`10,000 rows of CSV: ${Math.round(best)} ms`);
    expect(best).toBeLessThan(2000);
  });
});
