// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Types of registry-client.js.
 *
 * @module
 */
export * from "../../verifier/src/abi.js";
export * from "../../verifier/src/eas.js";
export * from "../../verifier/src/feeds.js";
export * from "../../verifier/src/history.js";
export * from "../../verifier/src/registry.js";
export * from "../../verifier/src/watch.js";
