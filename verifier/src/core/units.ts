// SPDX-License-Identifier: MIT
/**
 * Branded integers: a ratio, a price and a value are all bigints, and mixing them up is a compile error.
 *
 * @module
 */

declare const unit: unique symbol;
type Unit<Name extends string> = bigint & { readonly [unit]: Name };

/** A ratio in basis points: 10000 is 100%. */
export type Bps = Unit<"bps">;
/** A time in 1e-4 days. */
export type Days = Unit<"days">;
/** A quantity of an instrument, 1e8 per unit, signed. */
export type Quantity = Unit<"quantity">;
/** USD with 8 decimals: prices, equity floors. */
export type Usd8 = Unit<"usd8">;
/** USD with 16 decimals: quantity times price, and sums of it. */
export type Usd16 = Unit<"usd16">;
/** USD with 16 decimals, times basis points: collateral weighed by factors, P&L of a shock. */
export type Usd16Bps = Unit<"usd16bps">;
/** An element of the BN254 scalar field, in [0, r). */
export type Field = Unit<"field">;

/** Marks a number as basis points. */
export const bps = (value: bigint): Bps => value as Bps;
/** Marks a number as 1e-4 days. */
export const days = (value: bigint): Days => value as Days;
/** Marks a number as a quantity. */
export const quantity = (value: bigint): Quantity => value as Quantity;
/** Marks a number as USD of eight places. */
export const usd8 = (value: bigint): Usd8 => value as Usd8;
/** Marks a number as USD of sixteen places. */
export const usd16 = (value: bigint): Usd16 => value as Usd16;
/** Marks a number as USD of sixteen places times basis points. */
export const usd16Bps = (value: bigint): Usd16Bps => value as Usd16Bps;
