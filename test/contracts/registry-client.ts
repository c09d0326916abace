// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The shipped chain client and ABIs, in one place for the contract tests.
 *
 * @module
 */
export * from "../../dist/verifier/src/abi.js";
export * from "../../dist/verifier/src/history.js";
export * from "../../dist/verifier/src/registry.js";
