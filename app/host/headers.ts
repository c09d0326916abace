// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The headers that the console is served with. Nothing is loaded from another origin, and nothing sent to one unless the page
 * was built to talk to it: no inline script or style, no frame, no form. `wasm-unsafe-eval` lets the engine compile WebAssembly, and allows no text to become code.
 *
 * @module
 */

/** @param others addresses beside its own that the page may talk to: nodes of a visitor's own */
function policyOf(others: readonly string[]): readonly string[] {
  return [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    ["connect-src 'self'", ...others].join(" "),
    "base-uri 'none'",
    "form-action 'none'",
  ];
}

/** As a `<meta>` element can say it, for hosts that set no headers. @param others as {@link headersFor} */
export function metaPolicy(others: readonly string[] = []): string {
  return policyOf(others).join("; ");
}

/** What every response carries. @param others addresses beside its own that the page may talk to; none by default */
export function headersFor(others: readonly string[] = []): Readonly<Record<string, string>> {
  return {
    "Content-Security-Policy": [...policyOf(others), "frame-ancestors 'none'"].join("; "),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
  };
}

/** Of a page that talks to its own origin alone. */
export const HEADERS: Readonly<Record<string, string>> = headersFor();
