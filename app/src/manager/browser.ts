// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Can this browser prove? Old ones cannot, nor those in which WebAssembly is switched off: the lockdown mode of Apple's devices,
 * the safest level of the Tor Browser.
 *
 * @module
 */

import { KeelError } from "@keel/verifier/errors";

/** The smallest module with a 128-bit vector: a function that drops one. */
const SIMD = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0],
  ...[10, 23, 1, 21, 0, 253, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 26, 11],
);

/** Why no proof can be made here, in words; nothing where one can. */
export function lackOfBrowser(): KeelError | undefined {
  if (typeof WebAssembly !== "object") {
    return lacking("WebAssembly", "none: a lockdown or safest mode switches it off");
  }
  if (!WebAssembly.validate(SIMD)) {
    return lacking(
      "WebAssembly with 128-bit SIMD (Safari 16.4, Firefox 89, Chrome 91 or newer)",
      "an older one",
    );
  }
  return undefined;
}

function lacking(expected: string, received: string): KeelError {
  return new KeelError({
    kind: "environment",
    code: "browser.webassembly",
    path: "browser",
    expected,
    received,
  });
}
