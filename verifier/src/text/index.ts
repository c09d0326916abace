// SPDX-License-Identifier: MIT
/**
 * Words for people: what an attestation says, what happened at a registry, amounts and times. Command line and console take
 * theirs from here.
 *
 * @module
 */

export * from "./authority-text.js";
export * from "./event-text.js";
export * from "./figures.js";
export * from "./limit-notes.js";
export * from "./policy-change.js";
export * from "./policy-text.js";
export * from "./printable.js";
export * from "./tables.js";
