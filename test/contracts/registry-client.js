// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The chain client, the history, the feeds and the ABIs as shipped, in one place for the contract tests. Its types come from
 * the sources (registry-client.d.ts), as those of the package's own subpaths do.
 *
 * @module
 */
export * from "../../verifier/dist/abi.js";
export * from "../../verifier/dist/eas.js";
export * from "../../verifier/dist/feeds.js";
export * from "../../verifier/dist/history.js";
export * from "../../verifier/dist/registry.js";
export * from "../../verifier/dist/watch.js";
