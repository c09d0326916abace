// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The chain client, the history, the feeds and the ABIs as shipped, in one place for the contract tests. Its types come from
 * the sources (registry-client.d.ts), as those of the package's own subpaths do.
 *
 * @module
 */
export * from "../../dist/verifier/src/abi.js";
export * from "../../dist/verifier/src/eas.js";
export * from "../../dist/verifier/src/feeds.js";
export * from "../../dist/verifier/src/history.js";
export * from "../../dist/verifier/src/registry.js";
export * from "../../dist/verifier/src/watch.js";
