// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The oldest browsers that the console, the prover and the verifier run in. The build lowers syntax and styles to them; a test
 * holds every interface that the code uses against them.
 *
 * @module
 */

/**
 * Safari 16.4 (2023) is the first with the 128-bit SIMD that the engine's kernels are written in. Firefox 115 is the first long-term
 * release with workers that are modules (114). Chrome 109 is the last for Windows 7 and 8, and lacks nothing that the rest needs.
 */
export const OLDEST = { chrome: "109", firefox: "115", safari: "16.4" } as const;

/** As builders name them. */
export const BUILD_TARGETS: string[] = Object.entries(OLDEST).map(([name, version]) => `${name}${version}`);
