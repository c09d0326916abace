// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Failures over HTTP: the same typed error that a command prints, and a status that fits its code. Never a stack, and of an
 * unexpected error not even its text, which might quote a secret.
 *
 * @module
 */

import { asKeelError, type ErrorDetails, KeelError } from "@keel/verifier";

/** The body of an answer that is none. */
export interface Problem {
  readonly ok: false;
  readonly error: ErrorDetails & { readonly message: string };
}

const STATUS: Readonly<Record<string, number>> = {
  "http.body": 400,
  "http.method": 405,
  "http.route": 404,
  "http.size": 413,
  "http.type": 415,
  "quorum.version": 410,
  "source.account": 404,
  "source.message": 409,
  "source.rate": 429,
  "source.subject": 409,
  "source.token": 401,
  "store.failed": 503,
};

/** Codes of what is wrong with a request, by their first part; all other bad input lies on this side of the program. */
const REQUEST = /^(input|http)\./;

/** The status of a failure: 4xx for what was asked or cannot be signed, 502 for what others failed to give, 500 else. */
export function statusOf({ kind, code }: KeelError): number {
  const status = STATUS[code];
  if (status !== undefined) return status;
  if (kind === "input") return REQUEST.test(code) ? 400 : 422;
  return code === "internal" ? 500 : 502;
}

/** A failure as it is answered. */
export function problemOf(error: unknown): { readonly status: number; readonly body: Problem } {
  const known = asKeelError(fromFramework(error));
  return { status: statusOf(known), body: { ok: false, error: known.toJSON() } };
}

const FRAMEWORK: Readonly<Record<string, readonly [code: string, expected: string, received: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ["http.size", "a small body", "a larger one"],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ["http.type", "application/json", "another content type"],
  FST_ERR_CTP_EMPTY_TYPE: ["http.type", "application/json", "no content type"],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ["http.body", "as many bytes as announced", "others"],
  FST_ERR_BAD_URL: ["http.route", "a path of /openapi.json", "another"],
};

function fromFramework(error: unknown): unknown {
  const { code, statusCode } = (error ?? {}) as { readonly code?: string; readonly statusCode?: number };
  if (error instanceof KeelError) return error;
  const [named, expected, received] = FRAMEWORK[code ?? ""] ?? [];
  if (named !== undefined) {
    return new KeelError({
      kind: "input",
      code: named,
      path: "request",
      expected: expected!,
      received: received!,
    });
  }
  if (statusCode === undefined || statusCode < 400 || statusCode >= 500) return error;
  return new KeelError({
    kind: "input",
    code: "http.body",
    path: "request",
    expected: "a request of HTTP with a JSON body",
    received: "another",
  });
}
