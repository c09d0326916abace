// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Where the numbers of a market come from: venues' public answers, feeds on a chain, order books, price histories.
 *
 * @module
 */

export * from "./depth.js";
export * from "./feeds.js";
export * from "./fetch.js";
export * from "./history.js";
export * from "./responses.js";
export * from "./sources.js";
