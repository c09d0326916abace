// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Small circuits around each source file that checks something, with inputs that they must accept and refuse: what mutants
 * are held against.
 *
 * @module
 */

import {
  buildMarketRoot,
  type DrawdownState,
  disclosureWitness,
  messageOf,
  signField,
  signSnapshot,
  sourceKeyOf,
  stateCommitment,
} from "@keel/prover";
import {
  absorb,
  type CircuitShape,
  type Exposures,
  FIELD_ORDER,
  KIND,
  marketTable,
  pack,
  scenarioTable,
  sourceTable,
  statementInputs,
  tag,
  taggedHash,
  toField,
} from "@keel/verifier";
import { type Book, type BookParts, book, SOURCE, STRANGER, witnessOf } from "./book.js";
import type { Input, Nested } from "./circuit.js";
import { unwindInput } from "./liquidity.js";
import type { Host } from "./mutation.js";

const FIELD_END = toField(-1n);
const CAP = 1n << 96n;
const ABSENT = (1n << 32n) - 1n;
const BIAS = 1n << 31n;
const USD = 10n ** 8n;

/** Inputs from rows of signed numbers, named once. */
const rows = (names: readonly string[], ...values: readonly (readonly Nested[])[]): Input[] =>
  values.map((row) => Object.fromEntries(names.map((name, i) => [name, reduced(row[i]!)])));

const reduced = (nested: Nested): Nested =>
  typeof nested === "bigint" ? toField(nested) : nested.map(reduced);

const NONE_EMPTY = [0n, 0n, 0n];

const KEY = sourceKeyOf(new Uint8Array(32).fill(1)).publicKey;
const OTHER = sourceKeyOf(new Uint8Array(32).fill(2)).publicKey;
const LIST = sourceTable([KEY, OTHER], 3).list;

const BOOK_SIZE = ["assets", "equity", "grossExposure", "minEquity"];
const COLLATERAL = ["assets", "liabilities", "limit"];
const HEALTH = ["collateral", "liabilities", "limit"];
const LEVERAGE = ["grossExposure", "equity", "limit"];
const BAND = ["netDelta", "equity", "lowBiased", "highBiased"];
const UNDERLYING = ["delta", "bound", "equity", "limit"];
const VENUE = ["venueEquity", "equity", "limit"];
const ACCOUNT_HEALTH = ["collateral", "liabilities", "limit"];
const ENROLMENT = ["accountId", "keyX", "salt"];
const SENSITIVITY = ["sum", "equity", "limit"];
const EXCESS = ["loss", "threshold", "beyond"];
const VOLATILITY = ["delta", "covariance", "equity", "limit"];
const SHORTFALL = ["threshold", "excess", "confidence", "equity", "limit"];
const STRESS = ["pnl", "equity", "limit"];
const ROUNDED = ["value", "step", "rounded"];
const DAYS = ["size", "depth", "limit"];
const UNLIMITED = (1n << 64n) - 1n;
const OPENING = ["underlyingsId", "equity", "assets", "grossAndCollateral", "delta", "rest", "salt"];

/** Templates that stand alone. Where a limit is broken, it is by one unit. */
const TEMPLATES: readonly Host[] = [
  {
    file: "lib/rounded-value.circom",
    main: "RoundedValue()",
    pinned: "value, step, rounded",
    accepts: rows(
      ROUNDED,
      [25n, 10n, 2n],
      [20n, 10n, 2n],
      [29n, 10n, 2n],
      [25n, 0n, 0n],
      [CAP - 1n, 1n, CAP - 1n],
    ),
    refuses: rows(
      ROUNDED,
      [25n, 10n, 1n],
      [25n, 10n, 3n],
      [20n, 10n, 1n],
      [25n, 0n, 2n],
      // rounded * step + remainder is value only modulo the field's order.
      [25n, 10n, (FIELD_ORDER + 25n - ((FIELD_ORDER + 25n) % 10n)) / 10n],
    ),
  },
  {
    file: "lib/exposures-opening.circom",
    main: "ExposuresOpening(1, 1)",
    pinned: OPENING.join(", "),
    accepts: rows(OPENING, [1n, CAP - 1n, 0n, 3n, [-4n], [5n], 6n], [1n, 0n, CAP - 1n, 3n, [4n], [5n], 6n]),
    refuses: rows(OPENING, [1n, CAP, 0n, 3n, [4n], [5n], 6n], [1n, 0n, CAP, 3n, [4n], [5n], 6n]),
  },
  {
    file: "lib/limits/max-days-to-unwind.circom",
    main: "MaxDaysToUnwind(2)",
    pinned: DAYS.join(", "),
    accepts: rows(
      DAYS,
      [[10n, 0n], [10n, 0n], 10_000n],
      [[1n << 67n, 0n], [UNLIMITED, 1n], 0n],
      [[1n << 67n, 0n], [UNLIMITED - 1n, 1n], ABSENT],
    ),
    refuses: rows(
      DAYS,
      [[11n, 0n], [10n, 0n], 10_000n],
      [[0n, 1n], [10n, 0n], ABSENT],
      [[1n, 0n], [UNLIMITED - 1n, 1n], 0n],
      [[0n, 20_001n], [1n, 2n], 10_000n],
    ),
  },
  {
    file: "lib/key-agreement.circom",
    main: "KeyAgreement(1)",
    pinned: "viewerKey",
    accepts: rows(["secret", "viewerKey"], [5n, [[...KEY]]], [(1n << 251n) - 1n, [[...OTHER]]]),
    refuses: rows(["secret", "viewerKey"], [1n << 251n, [[...KEY]]], [5n, [[KEY[0], KEY[1] + 1n]]]),
  },
  {
    file: "lib/in-range.circom",
    main: "InRange(8)",
    pinned: "in",
    accepts: rows(["in"], [0n], [255n]),
    refuses: rows(["in"], [256n], [FIELD_END]),
  },
  {
    file: "lib/signed-quantity.circom",
    main: "SignedQuantity()",
    pinned: "quantity",
    accepts: rows(["quantity"], [0n], [5n], [-(1n << 64n)], [(1n << 64n) - 1n]),
    refuses: rows(["quantity"], [1n << 64n], [-(1n << 64n) - 1n]),
  },
  {
    file: "lib/scatter.circom",
    main: "Scatter(3)",
    pinned: "index, value",
    accepts: rows(["index", "value"], [1n, 7n], [2n, 0n]),
    refuses: rows(["index", "value"], [3n, 7n]),
    forged: [
      { input: { index: 1n, value: 7n }, wires: { "main.out[0]": 7n, "main.out[1]": 0n } },
      { input: { index: 1n, value: 7n }, wires: { "main.out[1]": 0n } },
    ],
  },
  {
    file: "lib/approved-source.circom",
    main: "ApprovedSource(3)",
    pinned: "enabled, keyX, list",
    accepts: rows(["enabled", "keyX", "list"], [1n, OTHER[0], LIST], [0n, 5n, LIST]),
    refuses: rows(["enabled", "keyX", "list"], [1n, KEY[1], LIST]),
  },
  {
    file: "lib/limit-is-set.circom",
    main: "LimitIsSet(4294967295)",
    pinned: "limit",
    accepts: rows(["limit"], [0n], [ABSENT]),
    refuses: [],
    forged: [{ input: { limit: 5n }, wires: { "main.out": 0n } }],
  },
  {
    file: "lib/market-table.circom",
    main: "MarketTable(1, 2, 1, 0)",
    pinned: "funded, flag",
    accepts: [marketRow({})],
    refuses: [{ factor: 1n << 14n }, { underlying: 2n }, { funded: 2n }, { flag: 2n }].map(marketRow),
  },
  {
    file: "lib/scenario-table.circom",
    main: "ScenarioTable(1, 1)",
    pinned: "shock",
    accepts: rows(["underlyingsId", "shock"], [1n, [[-(1n << 15n)]]], [1n, [[(1n << 15n) - 1n]]]),
    refuses: rows(["underlyingsId", "shock"], [1n, [[1n << 15n]]], [1n, [[-(1n << 15n) - 1n]]]),
  },
  {
    file: "lib/enrolment.circom",
    main: "Enrolment(3)",
    pinned: "accountId",
    accepts: rows(ENROLMENT, [[5n, 0n, 0n], [9n, 9n, 9n], 1n], [[5n, 6n, 7n], [9n, 9n, 9n], 1n]),
    refuses: rows(
      ENROLMENT,
      [[0n, 0n, 0n], [9n, 9n, 9n], 1n],
      [[5n, 0n, 7n], [9n, 9n, 9n], 1n],
      [[5n, 6n, 5n], [9n, 8n, 7n], 1n],
    ),
  },
  {
    file: "lib/distinct.circom",
    main: "Distinct(3)",
    pinned: "id, isEmpty",
    accepts: rows(
      ["id", "isEmpty"],
      [[5n, 6n, 7n], NONE_EMPTY],
      [
        [5n, 0n, 0n],
        [0n, 1n, 1n],
      ],
    ),
    refuses: rows(
      ["id", "isEmpty"],
      [[5n, 5n, 7n], NONE_EMPTY],
      [[5n, 7n, 5n], NONE_EMPTY],
      [[7n, 5n, 5n], NONE_EMPTY],
      [
        [5n, 5n, 0n],
        [0n, 0n, 1n],
      ],
    ),
  },
  {
    file: "lib/venue-equity.circom",
    main: "VenueEquity(2)",
    pinned: "keyX, accountEquity",
    accepts: rows(
      ["keyX", "accountEquity"],
      [
        [5n, 5n],
        [3n, 4n],
      ],
      [
        [5n, 6n],
        [3n, -4n],
      ],
    ),
    refuses: [],
    // Two accounts of one key told apart.
    forged: [
      {
        input: { keyX: [5n, 5n], accountEquity: [3n, 4n] },
        wires: { "main.venueEquity[0]": 3n, "main.venueEquity[1]": 4n },
      },
    ],
  },
  {
    file: "lib/limits/book-size.circom",
    main: "BookSize()",
    pinned: BOOK_SIZE.join(", "),
    accepts: rows(BOOK_SIZE, [1n, 1n, 0n, 0n], [CAP - 1n, 1n, 0n, 0n], [5n * USD, 5n * USD, 0n, 5n]),
    refuses: rows(
      BOOK_SIZE,
      [1n, 0n, 0n, 0n],
      [CAP, 1n, 0n, 0n],
      [1n, 1n, CAP - 1n, 0n],
      [1n, CAP + 1n, 0n, 0n],
      [5n * USD, 5n * USD - 1n, 0n, 5n],
    ),
  },
  {
    file: "lib/limits/min-collateral-ratio.circom",
    main: "MinCollateralRatio()",
    pinned: COLLATERAL.join(", "),
    accepts: rows(COLLATERAL, [1n, 1n, 10_000n], [0n, 0n, 5n], [CAP - 1n, 0n, ABSENT]),
    refuses: rows(COLLATERAL, [1n, 1n, 10_001n], [0n, CAP - 1n, ABSENT]),
  },
  {
    file: "lib/limits/min-health-factor.circom",
    main: "MinHealthFactor()",
    pinned: HEALTH.join(", "),
    accepts: rows(HEALTH, [10_000n, 1n, 10_000n], [0n, 0n, 5n]),
    refuses: rows(HEALTH, [9_999n, 1n, 10_000n], [0n, CAP - 1n, ABSENT]),
  },
  {
    file: "lib/limits/min-account-health-factor.circom",
    main: "MinAccountHealthFactor(2)",
    pinned: ACCOUNT_HEALTH.join(", "),
    accepts: rows(
      ACCOUNT_HEALTH,
      [[10_000n, 0n], [1n, 0n], 10_000n],
      [[0n, 20_000n], [0n, 2n], 10_000n],
      [[0n, 0n], [CAP - 1n, CAP - 1n], 0n],
      [[(1n << 110n) - 1n, 0n], [0n, 0n], ABSENT],
    ),
    refuses: rows(
      ACCOUNT_HEALTH,
      [[9_999n, 1n << 100n], [1n, 0n], 10_000n],
      [[1n << 100n, 19_999n], [0n, 2n], 10_000n],
      [[0n, 0n], [CAP - 1n, 0n], ABSENT],
    ),
  },
  {
    file: "lib/limits/max-leverage.circom",
    main: "MaxLeverage()",
    pinned: LEVERAGE.join(", "),
    accepts: rows(LEVERAGE, [1n, 10_000n, 1n], [CAP - 1n, 1n, ABSENT]),
    refuses: rows(LEVERAGE, [1n, 9_999n, 1n], [CAP - 1n, 1n, ABSENT - 1n]),
  },
  {
    file: "lib/limits/net-delta.circom",
    main: "NetDelta()",
    pinned: BAND.join(", "),
    accepts: rows(
      BAND,
      [1n, 10_000n, BIAS + 1n, BIAS + 1n],
      [-1n, 10_000n, BIAS - 1n, BIAS - 1n],
      [-CAP + 1n, 1n, 0n, ABSENT],
      [CAP - 1n, 1n, 0n, ABSENT],
    ),
    refuses: rows(
      BAND,
      [0n, 1n, BIAS + 1n, ABSENT],
      [1n, 1n, 0n, BIAS + 9_999n],
      [-1n, 1n, BIAS, ABSENT],
      [1n, 1n, 0n, BIAS],
    ),
  },
  {
    file: "lib/limits/max-underlying-delta.circom",
    main: "MaxUnderlyingDelta(2)",
    pinned: UNDERLYING.join(", "),
    accepts: rows(UNDERLYING, [[5n, -5n], 5n, 50_000n, 1n], [[0n, 0n], CAP - 1n, 1n, ABSENT]),
    refuses: rows(
      UNDERLYING,
      [[5n, 0n], 4n, 50_000n, 1n],
      [[0n, -5n], 4n, 50_000n, 1n],
      [[0n, 0n], CAP, 1n, ABSENT],
      [[1n, 0n], 1n, 9_999n, 1n],
    ),
  },
  {
    file: "lib/limits/max-venue.circom",
    main: "MaxVenue(2)",
    pinned: VENUE.join(", "),
    accepts: rows(
      VENUE,
      [[1n, 0n], 10_000n, 1n],
      [[-CAP + 1n, 5n], 50_000n, 1n],
      [[CAP - 1n, 0n], 1n, ABSENT],
    ),
    refuses: rows(VENUE, [[1n, 0n], 9_999n, 1n], [[0n, 1n], 9_999n, 1n]),
  },
  {
    file: "lib/limits/max-sensitivity.circom",
    main: "MaxSensitivity(100)",
    pinned: SENSITIVITY.join(", "),
    accepts: rows(SENSITIVITY, [1n, 100n, 1n], [-1n, 100n, 1n], [1n << 139n, 1n, ABSENT]),
    refuses: rows(SENSITIVITY, [1n, 99n, 1n], [-1n, 99n, 1n], [1n << 139n, 1n, 1n]),
  },
  {
    file: "lib/limits/max-stress-loss.circom",
    main: "MaxStressLoss(2, 1)",
    pinned: STRESS.join(", "),
    accepts: rows(STRESS, [[-1n, 5n], 1n, 1n], [[-(1n << 150n), 1n << 150n], 1n, ABSENT]),
    refuses: rows(STRESS, [[0n, -2n], 1n, 1n], [[-(1n << 150n), 0n], 1n, 1n]),
  },
  {
    file: "lib/rounded-exposure.circom",
    main: "RoundedExposure()",
    pinned: "delta",
    accepts: rows(["delta"], [0n], [CAP - 1n], [-CAP]),
    refuses: rows(["delta"], [CAP], [-CAP - 1n]),
  },
  {
    file: "lib/excess.circom",
    main: "Excess(2)",
    pinned: EXCESS.join(", "),
    accepts: rows(EXCESS, [2n, [3n, 8n], [0n, 0n]], [5n, [3n, 8n], [1n, 0n]], [9n, [3n, 8n], [1n, 1n]]),
    refuses: rows(
      EXCESS,
      [5n, [3n, 8n], [2n, 0n]],
      [5n, [3n, 3n], [0n, 1n]],
      [2n, [3n, 8n], [1n, 0n]],
      [5n, [3n, 8n], [0n, 0n]],
      [1n << 77n, [0n, (1n << 77n) + 5n], [1n, 0n]],
      [0n, [1n << 77n, 1n << 78n], [0n, 0n]],
    ),
  },
  {
    file: "lib/limits/max-volatility.circom",
    main: "MaxVolatility(1)",
    pinned: VOLATILITY.join(", "),
    accepts: rows(
      VOLATILITY,
      [[100n], [1n], 1n, 1n],
      [[CAP], [1n << 44n], 1n, ABSENT],
      [[0n], [0n], 1n, (1n << 20n) - 1n],
    ),
    refuses: rows(VOLATILITY, [[1n], [10_001n], 1n, 1n], [[0n], [0n], 1n, 1n << 20n]),
  },
  {
    file: "lib/limits/max-expected-shortfall.circom",
    main: "MaxExpectedShortfall(1)",
    pinned: SHORTFALL.join(", "),
    accepts: rows(SHORTFALL, [1n, 0n, 9_999n, 1n << 40n, 1n], [1n << 79n, 0n, 9_999n, 1n, ABSENT]),
    refuses: rows(
      SHORTFALL,
      [1n, 0n, 9_999n, (1n << 40n) - 1n, 1n],
      [1n, 0n, 10_001n, 1n, 1n],
      [0n, 0n, 10_000n - (1n << 14n), 1n, 1n],
    ),
  },
  {
    file: "lib/returns-table.circom",
    main: "ReturnsTable(1, 1)",
    pinned: "dailyReturn",
    accepts: [-10_000n, 22_767n].map(historyOf),
    refuses: [-10_001n, 22_768n].map(historyOf),
  },
];

function historyOf(dailyReturn: bigint): Input {
  return { time: 1n, underlyingsId: 2n, covariance: [3n], dailyReturn: [[toField(dailyReturn)]] };
}

function marketRow(change: Readonly<Record<string, bigint>>): Input {
  const { factor = 8_000n, underlying = 1n, funded = 1n, flag = 1n } = change;
  const columns = { factor: [factor], underlying: [underlying], funded: [funded], flag: [flag] };
  return {
    time: 1n,
    underlyingsId: 2n,
    universe: 3n,
    scenarioRoot: 0n,
    price: [5n],
    sensitivity: [[]],
    ...columns,
  };
}

const MARK: DrawdownState = { equity: 100n, units: 1n, epoch: 7n, salt: toField(9n) };

/** The inputs of a step from MARK (or from nothing) to a next state. */
function step(
  today: { equity: bigint; units?: bigint },
  next: Partial<DrawdownState>,
  change: object = {},
): Input {
  return {
    equity: today.equity,
    units: today.units ?? 1n,
    previousState: stateCommitment(MARK),
    newState: stateCommitment({ equity: MARK.equity, units: 1n, epoch: 8n, salt: toField(11n), ...next }),
    limit: ABSENT,
    markEquity: MARK.equity,
    markUnits: MARK.units,
    epoch: MARK.epoch,
    salt: MARK.salt,
    newSalt: 11n,
    isNewMark: 0n,
    ...change,
  };
}

const UNITS = 1n << 96n;
const GENESIS = { previousState: 0n, isNewMark: 1n };
const low = { ...MARK, equity: 73n };

const DRAWDOWN: Host = {
  file: "lib/limits/max-drawdown.circom",
  main: "MaxDrawdown()",
  pinned: "equity, units, previousState, newState, limit",
  accepts: [
    step({ equity: 90n }, {}, { limit: 1_000n }),
    step({ equity: 100n }, {}, { limit: 0n }),
    step({ equity: 120n }, { equity: 120n }, { isNewMark: 1n, limit: 0n }),
    step({ equity: 50n }, { equity: 50n, epoch: 0n }, GENESIS),
    step({ equity: 50n, units: UNITS }, { equity: 50n, units: UNITS, epoch: 0n }, GENESIS),
  ],
  refuses: [
    // Units out of range.
    step({ equity: 50n, units: 0n }, { equity: 50n, units: 0n, epoch: 0n }, GENESIS),
    step({ equity: 50n, units: UNITS + 1n }, { equity: 50n, units: UNITS + 1n, epoch: 0n }, GENESIS),
    // Neither the old mark nor today's.
    step({ equity: 120n }, { equity: 140n }, { isNewMark: 2n }),
    // Another state than the one before, a mark out of nothing, another next state.
    step({ equity: 90n }, {}, { previousState: 5n }),
    step({ equity: 90n }, { epoch: 0n }, { previousState: 0n, isNewMark: 0n }),
    step({ equity: 90n }, {}, { newState: 5n }),
    // A mark that is not raised though today is one unit above it, and one that is lowered.
    step({ equity: 101n }, {}),
    step({ equity: 90n }, { equity: 90n }, { isNewMark: 1n }),
    // The limit passed by the least amount: 1 * 10^4 - 137 * 73 = -1.
    step(
      { equity: 1n },
      { equity: 73n },
      { limit: 9_863n, markEquity: 73n, previousState: stateCommitment(low) },
    ),
    // The chain begun again, which a false genesis would allow.
    step({ equity: 50n }, { equity: 50n, epoch: 0n }, { isNewMark: 1n }),
  ],
};

const SHAPE: CircuitShape = {
  instruments: 5,
  accounts: 1,
  underlyings: 4,
  scenarios: 2,
  sources: 2,
  options: 0,
  accountHealth: 0,
};

/** A book on a small tier of the statement. */
function small(parts: BookParts, shape = SHAPE): Book {
  const { market, policy: known, snapshot: unfit, ...units } = book(parts);
  const policy = { ...known, circuit: { id: "test/small", shape, limits: known.circuit.limits } };
  // The root of the scenarios depends on the tier's size.
  const fit = shape.options === 1 ? { ...market, scenarioRoot: scenarioTable(policy, market).root } : market;
  return { market: fit, policy, snapshot: signSnapshot(unfit, fit, policy, SOURCE).snapshot, ...units };
}

const good = small({});
const goodInput = witnessOf(good).input;

/** The inputs of the statement's only account. */
function accountInput(change: object = {}): Input {
  const of = <T extends Nested>(name: string): T => (goodInput[name] as readonly T[])[0]!;
  return {
    subject: goodInput.subject!,
    accountId: of<bigint>("accountId"),
    asOf: goodInput.asOf!,
    universe: goodInput.universe!,
    quantity: of<bigint[]>("quantity"),
    sourceList: goodInput.sourceList!,
    sourceKey: of<bigint[]>("sourceKey"),
    signatureR8: of<bigint[]>("signatureR8"),
    signatureS: of<bigint>("signatureS"),
    ...change,
  };
}

const NOTHING = new Array<bigint>(SHAPE.instruments).fill(0n);
const EMPTY = { accountId: 0n, quantity: NOTHING };
const strange = signField(messageOf(good.snapshot, 0, good.market, SHAPE), STRANGER.privateKey);

const ACCOUNT: Host = {
  file: "lib/signed-account.circom",
  main: "SignedAccount(5, 2)",
  pinned: "subject, asOf, universe, sourceList",
  accepts: [accountInput(), accountInput(EMPTY)],
  refuses: [
    // Something in an empty place; a place called empty that is not, and the other way round.
    accountInput({ accountId: 0n }),
    accountInput({ quantity: NOTHING }),
    // Points off the curve, where no signature would show it.
    accountInput({ ...EMPTY, signatureR8: [1n, 1n] }),
    accountInput({ ...EMPTY, sourceKey: [1n, 1n] }),
    // A stranger's signature, and one over something else.
    accountInput({ sourceKey: STRANGER.publicKey, signatureR8: strange.R8, signatureS: strange.S }),
    accountInput({ asOf: 1n }),
  ],
};

const marketInput = buildMarketRoot(marketTable(good.market, good.policy)).input;

const MARKET_ROOT: Host = {
  file: "market-root.circom",
  main: "MarketRoot(5)",
  pinned: "c, x, y",
  accepts: [marketInput],
  refuses: [
    { ...marketInput, c: toField((marketInput.c as bigint) + 1n) },
    { ...marketInput, y: toField((marketInput.y as bigint) + 1n) },
  ],
};

/** A book's sums and limits that hold; what is changed makes one limit fail, by a unit. */
const limitsInput = (change: Readonly<Record<string, Nested>>): Input => {
  const [input] = rows(Object.keys({ ...SOUND, ...change }), Object.values({ ...SOUND, ...change }));
  return input!;
};

/** Equity 1000 of assets 1500 and debts 500, two accounts at two venues. */
const SOUND: Readonly<Record<string, Nested>> = {
  assets: 1500n,
  liabilities: 500n,
  equity: 1000n,
  collateral: 1500n * 10_000n,
  grossExposure: 2000n,
  underlyingDelta: [300n, -100n],
  underlyingDeltaBound: 300n,
  accountEquity: [600n, 400n],
  accountLiabilities: [500n, 0n],
  accountCollateral: [1100n * 10_000n, 400n * 10_000n],
  keyX: [5n, 6n],
  minEquity: 0n,
  minCollateralRatio: 0n,
  minHealthFactor: 0n,
  minAccountHealthFactor: 0n,
  maxLeverage: ABSENT,
  netDeltaLow: 0n,
  netDeltaHigh: ABSENT,
  maxUnderlyingDelta: ABSENT,
  maxVenue: ABSENT,
};

const COMMON_LIMITS: Host = {
  file: "lib/common-limits.circom",
  main: "CommonLimits(2, 2, 1)",
  pinned: Object.keys(SOUND).join(", "),
  accepts: [
    {},
    { minCollateralRatio: 30_000n, minHealthFactor: 30_000n, minAccountHealthFactor: 22_000n },
    { maxLeverage: 20_000n, netDeltaLow: BIAS + 2_000n, netDeltaHigh: BIAS + 2_000n },
    { maxUnderlyingDelta: 3_000n, maxVenue: 6_000n },
  ].map(limitsInput),
  refuses: [
    { equity: 0n },
    { assets: CAP },
    { minCollateralRatio: 30_001n },
    { minHealthFactor: 30_001n },
    { minAccountHealthFactor: 22_001n },
    { maxLeverage: 19_999n },
    { netDeltaLow: BIAS + 2_001n },
    { netDeltaHigh: BIAS + 1_999n },
    { maxUnderlyingDelta: 2_999n },
    { maxVenue: 5_999n },
    // One venue, split into two accounts.
    { maxVenue: 9_999n, keyX: [5n, 5n] },
  ].map(limitsInput),
};

const WITHOUT_ACCOUNTS = { accountLiabilities: [], accountCollateral: [] };

const COMMON_LIMITS_OF_SPOT: Host = {
  ...COMMON_LIMITS,
  main: "CommonLimits(2, 2, 0)",
  pinned: Object.keys(SOUND)
    .filter((name) => !Object.hasOwn(WITHOUT_ACCOUNTS, name))
    .join(", "),
  accepts: [limitsInput(WITHOUT_ACCOUNTS)],
  refuses: [limitsInput({ ...WITHOUT_ACCOUNTS, minAccountHealthFactor: 1n })],
};

const LINEAR = ["equity", "underlyingDelta", "shock", "maxStressLoss", "maxGamma", "maxVega", "maxTheta"];

const LINEAR_LIMITS: Host = {
  file: "lib/linear-limits.circom",
  main: "LinearLimits(1, 1)",
  pinned: LINEAR.join(", "),
  accepts: rows(LINEAR, [10n, [5n], [[-4n]], 2n, ABSENT, ABSENT, ABSENT]),
  refuses: rows(
    LINEAR,
    [10n, [5n], [[-4n]], 1n, ABSENT, ABSENT, ABSENT],
    [10n, [5n], [[-4n]], 2n, 5n, ABSENT, ABSENT],
    [10n, [5n], [[-4n]], 2n, ABSENT, 5n, ABSENT],
    [10n, [5n], [[-4n]], 2n, ABSENT, ABSENT, 5n],
  ),
};

const GREEKS = ["equity", "sum", "maxGamma", "maxVega", "maxTheta", "maxStressLoss"];

const OPTION_LIMITS: Host = {
  file: "lib/option-limits.circom",
  main: "OptionLimits(1)",
  pinned: GREEKS.join(", "),
  accepts: rows(GREEKS, [1000n, [-30n, 4n, -5n, -6n], 3n, 40n, 50n, 60n]),
  refuses: rows(
    GREEKS,
    [1000n, [-30n, 4n, -5n, -6n], 2n, 40n, 50n, 60n],
    [1000n, [-30n, 4n, -5n, -6n], 3n, 39n, 50n, 60n],
    [1000n, [-30n, 4n, -5n, -6n], 3n, 40n, 49n, 60n],
    [1000n, [-30n, 4n, -5n, -6n], 3n, 40n, 50n, 59n],
  ),
};

const PERPS = { limits: {}, positions: { USDC: "30000" } };
const holding = (limits: object, positions: Record<string, string>): Input =>
  witnessOf(small({ ...PERPS, limits: limits as BookParts["limits"] & object, positions })).input;

/** One limit of each template that puts limits together, and the drawdown; each alone is tried on those templates. */
const STATEMENT: Host = {
  file: "portfolio-health.circom",
  main: "PortfolioHealth(5, 1, 4, 2, 2, 0, 0)",
  pinned: "c, x, y",
  accepts: [goodInput],
  refuses: [
    holding({}, { USDC: "0" }),
    holding({ maxLeverage: "3" }, { USDC: "30000", "ETH-PERP": "-30.00000001" }),
    holding({ maxStressLoss: "0.2" }, { USDC: "30000", "ETH-PERP": "20.00000001" }),
    witnessOf(small({ limits: { maxDrawdown: "0.1" }, positions: { USDC: "89.99999999" } }), {
      equity: 100n * 10n ** 16n,
      units: 10n ** 8n,
      epoch: 3n,
      salt: toField(9n),
    }).input,
    { ...goodInput, c: toField((goodInput.c as bigint) + 1n) },
    { ...goodInput, y: toField((goodInput.y as bigint) + 1n) },
  ],
};

const OPTIONS_SHAPE: CircuitShape = { ...SHAPE, instruments: 3, underlyings: 2, options: 1 };
const CALL = {
  id: "CALL",
  kind: "option",
  underlying: "ETH",
  price: "100",
  delta: "0.5",
  gamma: "0.001",
  vega: "4",
};

/** Cash and a call, in a tier with options. */
const calls = (limits: object, positions: Record<string, string>): Input =>
  witnessOf(
    small(
      {
        circuit: "portfolio-health/options-64",
        underlyings: ["USD", "ETH"],
        instruments: [
          { id: "USDC", kind: "cash", underlying: "USD", price: "1" },
          { id: "ETH", kind: "spot", underlying: "ETH", price: "2000" },
          { ...CALL, theta: "-3", pnl: ["-90", "250"] },
        ],
        scenarios: [
          { name: "crash", shocks: { ETH: "-0.2" } },
          { name: "rally", shocks: { ETH: "0.2" } },
        ],
        limits: { maxStressLoss: "9", ...limits },
        positions,
      },
      OPTIONS_SHAPE,
    ),
  ).input;

const STATEMENT_WITH_OPTIONS: Host = {
  file: "portfolio-health.circom",
  main: "PortfolioHealth(3, 1, 2, 2, 2, 1, 0)",
  pinned: "c, x, y",
  accepts: [calls({}, { USDC: "10200", CALL: "-2" })],
  refuses: [
    calls({ maxGamma: "0.0001" }, { USDC: "10200", CALL: "-2" }),
    calls({ maxVega: "0.0001" }, { USDC: "10200", CALL: "-2" }),
    calls({ maxTheta: "0.0001" }, { USDC: "10200", CALL: "2" }),
    calls({ maxStressLoss: "0.01" }, { USDC: "10200", CALL: "-2" }),
  ],
};

/** One account, one underlying, one viewer. */
function disclosureInput(change: Partial<Exposures> = {}): Input {
  const exposures: Exposures = {
    ...{ underlyingsId: toField(2n), equity: 25n, assets: 30n, grossExposure: 7n, collateral: 8n },
    ...{ deltas: [-7n], accountEquity: [], bookSums: [] },
    ...change,
  };
  const shape = { accounts: 1, underlyings: 1, scenarios: 1, options: 0, viewers: 1 };
  return disclosureWitness(exposures, toField(3n), { shape, navStep: 10n, viewers: [KEY] }).input;
}

const plusOne = (input: Input, name: string): Input => ({
  ...input,
  [name]: toField((input[name] as bigint) + 1n),
});

const DISCLOSURE: Host = {
  file: "disclosure.circom",
  main: "Disclosure(1, 1, 1, 0, 1)",
  pinned: "c, x, y",
  accepts: [disclosureInput()],
  refuses: ["c", "y"].map((name) => plusOne(disclosureInput(), name)),
};

/** The gross exposure and collateral that nothing here speaks of, and what else a tier commits to. */
const [OTHER_WORD, REST] = [77n, 88n];

/** Exposures of which none is left after rounding, so that each of the two days loses the rounding's 20000. */
function tailInput(change: {
  readonly equity?: bigint;
  readonly assets?: bigint;
  readonly maxVolatility?: bigint;
  readonly maxExpectedShortfall?: readonly bigint[];
  readonly threshold?: readonly bigint[];
  readonly beyond?: bigint;
}): Input {
  const {
    equity = 20_000n << 40n,
    assets = equity,
    maxVolatility = ABSENT,
    maxExpectedShortfall = [1n, 1n],
  } = change;
  const { threshold = [20_000n, 20_000n], beyond = 1n } = change;
  const [time, underlyingsId, exposuresSalt] = [1n, 2n, 3n];
  const [delta, covariance, days] = [
    [100n, 0n],
    [1n << 44n, 0n, 0n],
    [NO_RETURN, NO_RETURN],
  ];
  const root = taggedHash(KIND.returns, [
    time,
    underlyingsId,
    ...covariance,
    ...pack(
      days.flat().map((value) => value + 10_000n),
      15,
    ),
  ]);
  const exposures = taggedHash(KIND.exposures, [
    ...[underlyingsId, equity + (assets << 96n), OTHER_WORD],
    ...delta,
    ...[REST, exposuresSalt],
  ]);
  const confidence = [9_999n, 9_999n];
  const terms = confidence.flatMap((level, j) => [level, maxExpectedShortfall[j]!]);
  const vector = [tag(KIND.tail, 5 + terms.length), exposures, root, time, maxVolatility, ...terms];
  return {
    ...statementInputs(absorb(vector), vector),
    ...{
      maxVolatility,
      confidence,
      maxExpectedShortfall,
      time,
      underlyingsId,
      covariance,
      equity,
      assets,
      grossAndCollateral: OTHER_WORD,
      delta,
      rest: [REST],
      exposuresSalt,
    },
    dailyReturn: days,
    threshold: threshold.map(toField),
    beyond: days.map(() => threshold.map(() => beyond)),
  };
}

const NO_RETURN = [0n, 0n];
const NO_SHORTFALL = { maxExpectedShortfall: [ABSENT, ABSENT] };
const LOSS = 1n << 76n;

const TAIL_RISK: Host = {
  file: "tail-risk.circom",
  main: "TailRisk(2, 2, 2, 1)",
  pinned: "c, x, y",
  accepts: [tailInput({}), tailInput(NO_SHORTFALL)],
  refuses: [
    tailInput({ equity: (20_000n << 40n) - 1n }),
    tailInput({ maxVolatility: 0n }),
    tailInput({ ...NO_SHORTFALL, threshold: [-LOSS - 1n, -LOSS - 1n] }),
    tailInput({ ...NO_SHORTFALL, threshold: [LOSS, LOSS], beyond: 0n }),
    { ...tailInput({}), c: toField((tailInput({}).c as bigint) + 1n) },
    { ...tailInput({}), y: toField((tailInput({}).y as bigint) + 1n) },
  ],
};

const LIQUIDITY: Host = {
  file: "liquidity.circom",
  main: "Liquidity(2, 1)",
  pinned: "c, x, y",
  accepts: [unwindInput()],
  refuses: [
    unwindInput({ quantities: [[10n, -11n]] }),
    ...["c", "y"].map((name) => plusOne(unwindInput(), name)),
  ],
};

/** Every host; a file has one or more. */
export const HOSTS: readonly Host[] = [
  ...TEMPLATES,
  DRAWDOWN,
  ACCOUNT,
  COMMON_LIMITS,
  COMMON_LIMITS_OF_SPOT,
  LINEAR_LIMITS,
  OPTION_LIMITS,
  MARKET_ROOT,
  STATEMENT,
  STATEMENT_WITH_OPTIONS,
  TAIL_RISK,
  DISCLOSURE,
  LIQUIDITY,
];

/** Why one bit more changes nothing in a check of a limit: what it bounds is negative when the limit is broken. */
const sign = (positive: string, bits: string): string =>
  `The width only has to hold what a kept limit leaves, ${positive}, which has ${bits}; what a broken one leaves is ` +
  "negative, and r less that has 254 bits.";

const BOOK_LIMITS = sign("a multiple of values below 2^96", "110 to 129 bits");

/** Mutants that nothing can find out, with the reason why they change nothing. */
export const SURVIVORS: Readonly<Record<string, string>> = {
  "lib/limits/max-days-to-unwind.circom: one bit wider: holds[i]": sign("limit * depth", "96 bits"),
  "lib/limits/max-drawdown.circom: one bit wider: compared": sign(
    "a difference of products of 96 bits",
    "192 bits",
  ),
  "lib/limits/max-drawdown.circom: one bit wider: holds": sign(
    "a difference of such products in bps",
    "225 bits",
  ),
  "lib/limits/max-expected-shortfall.circom: one bit wider: holds": sign("limit * equity * days", "151 bits"),
  "lib/limits/max-leverage.circom: one bit wider: holds": BOOK_LIMITS,
  "lib/limits/max-sensitivity.circom: one bit wider: fromAbove": BOOK_LIMITS,
  "lib/limits/max-sensitivity.circom: one bit wider: fromBelow": BOOK_LIMITS,
  "lib/limits/max-stress-loss.circom: one bit wider: holds[k]": sign("limit * equity + P&L", "154 bits"),
  "lib/limits/max-underlying-delta.circom: one bit wider: fromAbove[u]": sign("bound - delta", "97 bits"),
  "lib/limits/max-underlying-delta.circom: one bit wider: fromBelow[u]": sign("bound + delta", "97 bits"),
  "lib/limits/max-underlying-delta.circom: one bit wider: holds": BOOK_LIMITS,
  "lib/limits/max-venue.circom: one bit wider: holds[s]": BOOK_LIMITS,
  "lib/limits/max-volatility.circom: one bit wider: holds": sign("a square of limit * equity", "246 bits"),
  "lib/limits/min-account-health-factor.circom: one bit wider: holds[s]": BOOK_LIMITS,
  "lib/limits/min-collateral-ratio.circom: one bit wider: holds": BOOK_LIMITS,
  "lib/limits/min-health-factor.circom: one bit wider: holds": BOOK_LIMITS,
  "lib/limits/net-delta.circom: one bit wider: aboveLow": BOOK_LIMITS,
  "lib/limits/net-delta.circom: one bit wider: belowHigh": BOOK_LIMITS,
};
