// SPDX-License-Identifier: GPL-3.0-or-later
// The definitions of circuits/SPEC.md section 5, a second time and independently: plain script, exact fractions, straight
// from the JSON files, sharing no code with the project. `node test/vectors/definitions.mjs` writes examples.json and
// drawdown.json beside it, which the tests hold the integer model against.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const gcd = (a, b) => (b === 0n ? (a < 0n ? -a : a) : gcd(b, a % b));

class Fraction {
  constructor(top, bottom = 1n) {
    const g = gcd(top, bottom) || 1n;
    const sign = bottom < 0n ? -1n : 1n;
    this.top = (sign * top) / g;
    this.bottom = (sign * bottom) / g;
  }
  static of(text) {
    const negative = text.startsWith("-");
    const [whole, part = ""] = text.replace("-", "").split(".");
    return new Fraction((negative ? -1n : 1n) * BigInt(whole + part), 10n ** BigInt(part.length));
  }
  plus(that) {
    return new Fraction(this.top * that.bottom + that.top * this.bottom, this.bottom * that.bottom);
  }
  minus(that) {
    return this.plus(that.times(new Fraction(-1n)));
  }
  times(that) {
    return new Fraction(this.top * that.top, this.bottom * that.bottom);
  }
  over(that) {
    return new Fraction(this.top * that.bottom, this.bottom * that.top);
  }
  get sign() {
    return this.top > 0n ? 1 : this.top < 0n ? -1 : 0;
  }
  get size() {
    return this.sign < 0 ? new Fraction(-this.top, this.bottom) : this;
  }
  atMost(that) {
    return this.minus(that).sign <= 0;
  }
  // Down to a multiple of 10^-places, as the published tables are.
  floor(places) {
    const scale = 10n ** BigInt(places);
    const scaled = this.top * scale;
    const quotient = scaled / this.bottom;
    return new Fraction(scaled % this.bottom < 0n ? quotient - 1n : quotient, scale);
  }
  toString() {
    // A terminating decimal: count the factors of two and five.
    let places = 0;
    for (let rest = this.bottom; rest !== 1n; places++) rest /= gcd(rest, 10n);
    const digits = ((this.size.top * 10n ** BigInt(places)) / this.bottom)
      .toString()
      .padStart(places + 1, "0");
    const cut = digits.length - places;
    const point = places === 0 ? "" : `.${digits.slice(cut)}`;
    return `${this.sign < 0 ? "-" : ""}${digits.slice(0, cut)}${point}`;
  }
}

const ZERO = new Fraction(0n);
const ONE = new Fraction(1n);
const HUNDRED = new Fraction(100n);
const total = (list) => list.reduce((sum, value) => sum.plus(value), ZERO);
const largest = (list) => list.reduce((most, value) => (most.atMost(value) ? value : most));
const mapped = (names, value) => Object.fromEntries(names.map((name) => [name, value(name)]));

function unitsOf(row, market, policy) {
  const price = Fraction.of(row.price);
  const funded = ["cash", "spot", "option"].includes(row.kind);
  if (row.kind !== "option") {
    const delta = row.kind === "cash" ? ZERO : price;
    const hasArrays = policy.circuit.includes("/options-");
    const pnl = policy.scenarios.map(({ shocks }) => {
      const change = delta.times(Fraction.of(shocks[row.underlying] ?? "0"));
      return hasArrays ? change.floor(8) : change;
    });
    return { price, funded, delta, gamma: ZERO, vega: ZERO, theta: ZERO, pnl };
  }
  const same = market.instruments.filter((other) => other.underlying === row.underlying);
  const reference =
    same.find((other) => other.kind === "spot") ??
    same.find((other) => other.kind === "perp" || other.kind === "future");
  const spot = Fraction.of(reference.price);
  return {
    price,
    funded,
    delta: Fraction.of(row.delta).times(spot).floor(8),
    gamma: Fraction.of(row.gamma).times(spot).times(spot).floor(8),
    vega: Fraction.of(row.vega),
    theta: Fraction.of(row.theta),
    pnl: row.pnl.map(Fraction.of),
  };
}

// The least multiple of 10^-16 whose square is at least the value, by halving.
function rootUp(value) {
  if (value.sign <= 0) return ZERO;
  const scale = 10n ** 16n;
  const enough = (n) => value.atMost(new Fraction(n * n, scale * scale));
  let [low, high] = [0n, 1n];
  while (!enough(high)) high *= 2n;
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return new Fraction(high, scale);
}

// Up to a multiple of 10^-places.
const ceiling = (value, places) => ZERO.minus(ZERO.minus(value).floor(places));

// SPEC section 11. Exposures are cut down to grains of 2^40 * 1e-16 USD, and a grain times a return of -1 is added for every
// underlying of the circuit; the mean of the worst days is taken day by day from the worst, a part of a day in part.
function tailOf(D, returns, underlyings) {
  const names = returns.underlyings;
  const grain = new Fraction(2n ** 40n, 10n ** 16n);
  const grains = names.map((name) => D[name].over(grain).floor(0));
  const losses = returns.daily.map((day) => {
    const change = total(day.map((r, u) => grains[u].times(Fraction.of(r))));
    return new Fraction(BigInt(underlyings)).minus(change).times(grain);
  });
  const worst = losses.sort((a, b) => a.minus(b).sign * -1);
  const shortfall = (level) => {
    const days = ONE.minus(Fraction.of(level)).times(new Fraction(BigInt(worst.length)));
    let [left, sum] = [days, ZERO];
    for (const loss of worst) {
      const part = left.atMost(ONE) ? left : ONE;
      sum = sum.plus(part.times(loss));
      left = left.minus(part);
    }
    return sum.over(days);
  };
  const covariance = (u, v) => Fraction.of(u < v ? returns.covariance[v][u] : returns.covariance[u][v]);
  const variance = total(
    names.flatMap((a, u) => names.map((b, v) => D[a].times(D[b]).times(covariance(u, v)))),
  );
  return { shortfall, variance };
}

function evaluate(snapshot, market, policy, returns) {
  const holdings = [];
  for (const account of snapshot.accounts) {
    for (const [id, text] of Object.entries(account.positions)) {
      const row = market.instruments.find((candidate) => candidate.id === id);
      const quantity = Fraction.of(text).floor(8);
      holdings.push({ account: account.id, row, quantity, ...unitsOf(row, market, policy) });
    }
  }
  const over = (list, term) => total(list.map(term));
  const worth = holdings
    .filter(({ funded }) => funded)
    .map((h) => ({ ...h, value: h.quantity.times(h.price) }));
  const held = worth.filter(({ value }) => value.sign > 0);
  const owed = worth.filter(({ value }) => value.sign < 0);

  const A = over(held, ({ value }) => value);
  const L = over(owed, ({ value }) => value.size);
  const E = A.minus(L);
  const collateral = ({ value, row }) => value.times(Fraction.of(row.collateralFactor ?? "0"));
  const C = over(held, collateral);
  const G = over(holdings, ({ quantity, delta }) => quantity.size.times(delta.size));
  const D = mapped(market.underlyings, (name) =>
    over(
      holdings.filter(({ row }) => row.underlying === name),
      ({ quantity, delta }) => quantity.times(delta),
    ),
  );
  const ids = snapshot.accounts.map(({ id }) => id);
  const of = (list, id) => list.filter(({ account }) => account === id);
  const e = mapped(ids, (id) => over(of(worth, id), ({ value }) => value));
  const c = mapped(ids, (id) => over(of(held, id), collateral));
  const l = mapped(ids, (id) => over(of(owed, id), ({ value }) => value.size));
  const V = mapped(
    snapshot.accounts.map(({ source }) => source),
    (name) => total(snapshot.accounts.filter(({ source }) => source === name).map(({ id }) => e[id])),
  );
  const greek = (name) => over(holdings, (h) => h.quantity.times(h[name]));
  const pnl = Object.fromEntries(
    policy.scenarios.map(({ name }, k) => [name, over(holdings, (h) => h.quantity.times(h.pnl[k]))]),
  );
  const N = total(Object.values(D));

  const ofEquity = (sum) => (limit) => E.sign > 0 && sum.atMost(Fraction.of(limit).times(E));
  const rules = {
    minCollateralRatio: (limit) => Fraction.of(limit).times(L).atMost(A),
    minHealthFactor: (limit) => Fraction.of(limit).times(L).atMost(C),
    minAccountHealthFactor: (limit) => ids.every((id) => Fraction.of(limit).times(l[id]).atMost(c[id])),
    maxLeverage: ofEquity(G),
    netDelta: ([low, high]) =>
      E.sign > 0 && Fraction.of(low).times(E).atMost(N) && N.atMost(Fraction.of(high).times(E)),
    maxUnderlyingDelta: ofEquity(largest(Object.values(D).map((d) => d.size))),
    maxVenue: ofEquity(largest(Object.values(V))),
    maxGamma: ofEquity(greek("gamma").size.over(HUNDRED)),
    maxVega: ofEquity(greek("vega").size),
    maxTheta: ofEquity(greek("theta").size),
    maxStressLoss: ofEquity(largest([ZERO, ...Object.values(pnl).map((p) => ZERO.minus(p))])),
    // At the genesis of the chain today is the high-water mark.
    maxDrawdown: (limit) => E.sign > 0 && ONE.minus(Fraction.of(limit)).times(E).atMost(E),
    minEquity: (limit) => Fraction.of(limit).atMost(E),
  };
  const underlyings = { "tail-risk/spot-64": 8, "tail-risk/64": 16, "tail-risk/250": 16 }[
    policy.tail?.circuit
  ];
  const tail = returns && tailOf(D, returns, underlyings);
  const square = (value) => value.times(value);
  if (tail) {
    rules.maxVolatility = (limit) => E.sign > 0 && tail.variance.atMost(square(Fraction.of(limit).times(E)));
  }
  const broken = Object.entries(policy.limits).flatMap(([name, limit]) => {
    if (name === "maxExpectedShortfall") {
      const levels = Object.entries(limit).sort(([a], [b]) => Fraction.of(a).minus(Fraction.of(b)).sign);
      return levels.filter(([level, most]) => !ofEquity(tail.shortfall(level))(most)).map(() => name);
    }
    return rules[name](limit) ? [] : [name];
  });
  const text = (record) => mapped(Object.keys(record), (name) => record[name].toString());
  const greeks = policy.circuit.includes("/options-")
    ? { gamma: `${greek("gamma")}`, vega: `${greek("vega")}`, theta: `${greek("theta")}` }
    : {};
  return {
    healthy: E.sign > 0 && broken.length === 0,
    broken,
    metrics: {
      ...{ assets: `${A}`, liabilities: `${L}`, equity: `${E}`, grossExposure: `${G}`, collateral: `${C}` },
      ...{ netDelta: `${N}`, underlyingDelta: text(D), accountEquity: text(e) },
      ...{ venueEquity: text(V), scenarioPnl: text(pnl) },
      ...greeks,
      ...(tail && {
        volatility: `${rootUp(tail.variance)}`,
        expectedShortfall: mapped(Object.keys(policy.limits.maxExpectedShortfall ?? {}), (level) =>
          ceiling(tail.shortfall(level), 16).toString(),
        ),
      }),
    },
  };
}

// Chains of days: a fund's equity and units, the highest equity per unit up to each day, and whether the day is within the
// limit of it. Made up, the same every time: gains, losses, deposits, and days on the limit or a unit beside it.
function chain(limit, number) {
  let state = 2026n + BigInt(number);
  const below = (n) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) % 2n ** 64n;
    return Number((state >> 33n) % BigInt(n));
  };
  const percent = (n) => new Fraction(BigInt(n), 100n);
  const unit = Fraction.of("0.00000001");
  const days = [];
  let today = {
    equity: new Fraction(BigInt(1000 * (1 + below(9000)))),
    units: new Fraction(BigInt(1 + below(900))),
  };
  let highest = today;
  const perUnit = ({ equity, units }) => equity.over(units);
  for (let day = 0; day < 16; day++) {
    if (perUnit(highest).atMost(perUnit(today))) highest = today;
    const least = ONE.minus(Fraction.of(limit)).times(perUnit(highest));
    const ok = least.atMost(perUnit(today));
    const text = ({ equity, units }) => ({ equity: `${equity}`, units: `${units}` });
    days.push({ ...text(today), ok, highest: text(highest) });
    const { equity, units } = [
      () => ({ equity: today.equity.times(percent(80 + below(45))), units: today.units }),
      () => {
        const share = percent(50 + below(150));
        return { equity: today.equity.times(share), units: today.units.times(share) };
      },
      () => {
        const edge = least.times(highest.units);
        return { equity: edge.plus(unit.times(new Fraction(BigInt(below(3) - 1)))), units: highest.units };
      },
    ][below(3)]();
    today = { equity: largest([equity.floor(8), unit]), units: largest([units.floor(8), unit]) };
  }
  return { limit, days };
}

const examples = new URL("../../examples/", import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(name, examples), "utf8"));
// A second policy of a strategy shows something of the same book, and limits nothing else.
const rows = read("expected.json").filter(
  (row) => row.snapshot && !/invalid\/|policy-shown/.test(JSON.stringify(row)),
);
const vectors = rows.map(({ snapshot, market, policy, returns }) => ({
  ...{ snapshot, market, policy, returns },
  ...evaluate(read(snapshot), read(market), read(policy), returns && read(returns)),
}));
const chains = ["0", "0.0333", "0.05", "0.1", "0.25", "0.9999", "1"].map(chain);

const folder = process.argv[2] ?? import.meta.dirname;
const write = (name, content) => {
  // What is short stands on a line, as the formatter would have it.
  const text = JSON.stringify(content, null, 2).replace(
    /^(.*)\[\s+("[^[\]]*")\s+\](,?)$/gm,
    (all, label, names, comma) => {
      const line = `${label}[${names.replace(/\s+/g, " ")}]${comma}`;
      return line.length <= 110 ? line : all;
    },
  );
  writeFileSync(join(folder, name), `${text}\n`);
};
write("examples.json", vectors);
write("drawdown.json", chains);
