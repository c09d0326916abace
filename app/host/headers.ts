// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The headers that the console is served with. Nothing is loaded from, or sent to, another origin: no inline script or style,
 * no frame, no form. `wasm-unsafe-eval` lets the engine compile WebAssembly, and allows no text to become code.
 *
 * @module
 */

const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
];

/** As a `<meta>` element can say it, for hosts that set no headers. */
export const META_POLICY = POLICY.join("; ");

/** Every response carries these. */
export const HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": [...POLICY, "frame-ancestors 'none'"].join("; "),
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};
