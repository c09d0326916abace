// SPDX-License-Identifier: MIT
/**
 * Everything public: policy, market, statement, attestation, verification, chain client. Imports nothing private.
 *
 * @module
 */

export * from "./attestation.js";
export * from "./circuits.js";
export * from "./decimal.js";
export * from "./development-key.js";
export * from "./domain.js";
export * from "./errors.js";
export * from "./field.js";
export * from "./fund-units.js";
export * from "./groth16.js";
export * from "./json.js";
export * from "./market.js";
export * from "./market-table.js";
export * from "./policy.js";
export { poseidon } from "./poseidon.js";
export * from "./returns.js";
export * from "./schema.js";
export * from "./series.js";
export * from "./sources.js";
export * from "./statement.js";
export * from "./tail-risk.js";
export * from "./terms.js";
export * from "./units.js";
export * from "./verify.js";
export * from "./words.js";
