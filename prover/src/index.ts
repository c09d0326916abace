// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The private side: snapshots, the risk model, witnesses and proofs.
 *
 * @module
 */

export * from "./book/ask-source.js";
export * from "./book/drawdown.js";
export * from "./book/eddsa.js";
export * from "./book/enrolment.js";
export * from "./book/importers/csv.js";
export { type Exact, parseExact } from "./book/importers/exact.js";
export * from "./book/importers/merge.js";
export * from "./book/importers/venues.js";
export * from "./book/recover.js";
export * from "./book/seed.js";
export * from "./book/snapshot.js";
export * from "./book/source.js";
export * from "./book/trades.js";
export * from "./proof/commitments.js";
export * from "./proof/disclosure.js";
export * from "./proof/input.js";
export * from "./proof/market-root.js";
export * from "./proof/prove.js";
export * from "./proof/witness.js";
export * from "./risk/book.js";
export * from "./risk/contracts.js";
export * from "./risk/fit.js";
export * from "./risk/headroom.js";
export * from "./risk/judge.js";
export * from "./risk/limit-result.js";
export type { Addition, MeasuredBook } from "./risk/limits.js";
export * from "./risk/market-build.js";
export * from "./risk/measure.js";
export * from "./risk/price-move.js";
export * from "./risk/pricing.js";
export * from "./risk/report.js";
export * from "./risk/report-text.js";
export * from "./risk/tail.js";
export * from "./risk/unwind.js";
