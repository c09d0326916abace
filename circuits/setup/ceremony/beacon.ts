// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a ceremony takes as its beacon. Without imports: the command line's grammar is read at every start.
 *
 * @module
 */

/** Fewer or more make no sense: snarkjs starts at 10, and 2^30 hashes take the better part of an hour. */
export const BEACON_EXPONENT = { least: 10, most: 30 } as const;

/** 32 to 64 bytes in lower-case hex. */
export const BEACON_VALUE = /^(?:[0-9a-f]{2}){32,64}$/;
