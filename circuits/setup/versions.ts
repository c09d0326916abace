// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Versions of what set-up makes, each part of a cache key.
 *
 * @module
 */

/** Of development keys. */
export const DEV_KEY_VERSION = "1";
/** Of what a set has besides its key. */
export const ARTIFACTS_VERSION = "3";
/** Of what the engine makes of circom's module. */
export const WITNESS_VERSION = "1";
