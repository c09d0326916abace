// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The private side: snapshots, the risk model, witnesses and proofs.
 *
 * @module
 */

export * from "./ask-source.js";
export * from "./commitments.js";
export * from "./contracts.js";
export * from "./drawdown.js";
export * from "./eddsa.js";
export * from "./enrolment.js";
export * from "./headroom.js";
export * from "./importers/csv.js";
export { type Exact, parseExact } from "./importers/exact.js";
export * from "./importers/merge.js";
export * from "./importers/venues.js";
export * from "./market-build.js";
export * from "./market-root.js";
export * from "./price-move.js";
export * from "./pricing.js";
export * from "./prove.js";
export * from "./report.js";
export * from "./report-text.js";
export * from "./risk.js";
export * from "./snapshot.js";
export * from "./source.js";
export * from "./tail-risk.js";
export * from "./trades.js";
export * from "./witness.js";
