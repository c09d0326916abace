// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Black-Scholes in the form of Black (1976): a European option on a price F that grows at no rate, discounted by e^(-rT).
 *
 *     d1 = (ln(F/K) + s^2 T / 2) / (s sqrt(T)),   d2 = d1 - s sqrt(T)
 *     call = e^(-rT) (F N(d1) - K N(d2)),         put = e^(-rT) (K N(-d2) - F N(-d1))
 *
 * Source: F. Black, "The pricing of commodity contracts", Journal of Financial Economics 3 (1976), equation (16); J. Hull,
 * "Options, Futures, and Other Derivatives", chapters 15, 18 and 19 for the greeks. With F = S e^(rT) it is the formula of
 * Black and Scholes (1973) for a stock without dividends. Keel uses r = 0: coins have no agreed discount curve.
 *
 * The only place with floating-point numbers, because logarithms need them. It uses nothing but + - * / and the square
 * root, which IEEE 754 defines to the last bit, and no Math.exp or Math.log, which engines may round differently: the same
 * inputs give the same bits on every machine.
 *
 * @module
 */

/** A European option and what it depends on. Amounts in USD, times in years, rates and volatilities annual. */
export interface OptionTerms {
  readonly type: "call" | "put";
  /** Price of the underlying, or of its forward when `rate` is not zero; at least 0. */
  readonly forward: number;
  readonly strike: number;
  /** Years to expiry; at least 0. */
  readonly years: number;
  /** 0.65 is 65%; at least 0. */
  readonly volatility: number;
  /** Continuously compounded; 0 when absent. */
  readonly rate?: number;
}

/** What an option is worth, and how that changes. */
export interface OptionValue {
  /** USD. */
  readonly price: number;
  /** d(price)/d(forward). */
  readonly delta: number;
  /** d2(price)/d(forward)2. */
  readonly gamma: number;
  /** d(price)/d(volatility), per 1.0 of volatility. */
  readonly vega: number;
  /** d(price)/d(calendar time), per year, the forward standing still. */
  readonly theta: number;
}

/** Values an option. Without time, volatility or underlying left it is worth what exercise would bring. */
export function valueOption({
  type,
  forward,
  strike,
  years,
  volatility,
  rate = 0,
}: OptionTerms): OptionValue {
  const discount = exp(-rate * years);
  const spread = volatility * Math.sqrt(years);
  const sign = type === "call" ? 1 : -1;
  if (spread === 0 || forward === 0) {
    const gain = sign * (forward - strike);
    const isExercised = gain > 0;
    const price = isExercised ? discount * gain : 0;
    return { price, delta: isExercised ? discount * sign : 0, gamma: 0, vega: 0, theta: rate * price };
  }
  const d1 = logarithm(forward / strike) / spread + spread / 2;
  const d2 = d1 - spread;
  const density = discount * normalDensity(d1);
  const price =
    discount * sign * (forward * normalDistribution(sign * d1) - strike * normalDistribution(sign * d2));
  return {
    // Rounding may leave the worthless a little below zero.
    price: Math.max(price, 0),
    delta: discount * sign * normalDistribution(sign * d1),
    gamma: density / (forward * spread),
    vega: forward * density * Math.sqrt(years),
    theta: rate * price - (forward * density * volatility) / (2 * Math.sqrt(years)),
  };
}

const SQRT_TWO_PI = 2.5066282746310002;
/** Beyond it the distribution is 0 or 1 to the last bit of a double. */
const TAIL = 8.5;

function normalDensity(x: number): number {
  return exp((-x * x) / 2) / SQRT_TWO_PI;
}

/**
 * Share of the normal distribution below x: 1/2 + density(x) (x + x^3/3 + x^5/(3*5) + x^7/(3*5*7) + ...), with an error of
 * about 1e-15. Source: G. Marsaglia, "Evaluating the normal distribution", Journal of Statistical Software 11 (2004).
 */
export function normalDistribution(x: number): number {
  if (x > TAIL) return 1;
  if (x < -TAIL) return 0;
  let sum = x;
  let term = x;
  for (let odd = 3; sum + term !== sum || odd === 3; odd += 2) {
    term *= (x * x) / odd;
    sum += term;
  }
  return 0.5 + sum * normalDensity(x);
}

/** e^x: a power of two times the series of what is left over. */
export function exp(x: number): number {
  if (x < -708) return 0;
  const twos = Math.round(x / Math.LN2);
  const rest = x - twos * Math.LN2;
  let sum = 1;
  let term = 1;
  for (let n = 1; n <= 20; n++) {
    term *= rest / n;
    sum += term;
  }
  return scaled(sum, twos);
}

/** Natural logarithm of a positive number: powers of two taken out, then 2 artanh((m - 1) / (m + 1)). */
export function logarithm(x: number): number {
  let twos = 0;
  let m = x;
  for (; m > Math.SQRT2; m /= 2) twos += 1;
  for (; m < Math.SQRT1_2; m *= 2) twos -= 1;
  const ratio = (m - 1) / (m + 1);
  let sum = 0;
  let power = ratio;
  for (let odd = 1; odd <= 45; odd += 2) {
    sum += power / odd;
    power *= ratio * ratio;
  }
  return 2 * sum + twos * Math.LN2;
}

/** Halving and doubling are exact. */
function scaled(value: number, twos: number): number {
  let result = value;
  for (let n = twos; n > 0; n--) result *= 2;
  for (let n = twos; n < 0; n++) result /= 2;
  return result;
}
