// SPDX-License-Identifier: MIT
/**
 * Everything public: policy, market, statement, attestation, verification, chain client. Imports nothing private.
 *
 * @module
 */

export * from "./core/chains.js";
export * from "./core/decimal.js";
export * from "./core/development-key.js";
export * from "./core/errors.js";
export * from "./core/field.js";
export * from "./core/groth16.js";
export * from "./core/json.js";
export { poseidon } from "./core/poseidon.js";
export * from "./core/schema.js";
export * from "./core/units.js";
export * from "./core/words.js";
export * from "./files/circuits.js";
export * from "./files/domain.js";
export * from "./files/fund-units.js";
export * from "./files/limits.js";
export * from "./files/liquidity.js";
export * from "./files/market.js";
export * from "./files/market-table.js";
export * from "./files/policy.js";
export * from "./files/returns.js";
export * from "./files/series.js";
export * from "./files/sources.js";
export * from "./files/terms.js";
export {
  type DisclosurePart,
  NO_DISCLOSURE,
  type PolicyDisclosure,
  type Viewer,
  viewerPlaces,
} from "./files/viewers.js";
export * from "./statement/attestation.js";
export * from "./statement/disclosure.js";
export * from "./statement/exposures.js";
export * from "./statement/liquidity.js";
export * from "./statement/opening.js";
export * from "./statement/statement.js";
export * from "./statement/tail-risk.js";
export * from "./statement/verify.js";
export * from "./statement/viewer-key.js";
