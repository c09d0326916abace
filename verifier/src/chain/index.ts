// SPDX-License-Identifier: MIT
/**
 * The chain client: registry, books, history, feeds. Apart from `@keel/verifier`, so that a page which only verifies does not
 * carry viem.
 *
 * @module
 */

export * from "./abi.js";
export * from "./authority.js";
export * from "./calls.js";
export * from "./creation.js";
export * from "./eas.js";
export * from "./feeds.js";
export * from "./history.js";
export * from "./notices.js";
export * from "./operating.js";
export * from "./registry.js";
export * from "./roles.js";
export * from "./steps.js";
export * from "./strategy-vault.js";
export * from "./strategy-vault-abi.js";
export * from "./timeline.js";
export * from "./vault.js";
export * from "./watch.js";
