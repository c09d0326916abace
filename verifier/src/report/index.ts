// SPDX-License-Identifier: MIT
/**
 * Reports of records, for regulators, lenders and investors: what was attested, when it lapsed and why, and the figures that a reader may
 * see, as plain data with a content hash; as CSV, and as a subset of an AIFMD Annex IV filing.
 *
 * @module
 */

export * from "./aifmd.js";
export * from "./aifmd-facts.js";
export * from "./aifmd-table.js";
export * from "./build.js";
export * from "./collect.js";
export * from "./csv.js";
export * from "./document.js";
export * from "./figures.js";
export * from "./runs.js";
