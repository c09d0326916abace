// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Who may ask for whom: bearer tokens, each for some subjects. The configuration holds hashes only, and a token is looked up
 * by its hash, so that no comparison tells how much of it was right.
 *
 * @module
 */

import { createHash, randomBytes } from "node:crypto";
import { KeelError } from "@keel/verifier";

/** A token's hash and what it opens. */
export interface Grant {
  /** SHA-256 of the token, hexadecimal. */
  readonly sha256: string;
  /** Subjects whose accounts may be asked for. */
  readonly subjects: readonly string[];
}

/** Makes a token of 256 random bits, and the hash that the configuration holds. */
export function newToken(): { readonly token: string; readonly sha256: string } {
  const token = randomBytes(32).toString("base64url");
  return { token, sha256: hashOf(token) };
}

/** A function from the header of a request to its grant. */
export function tokenReader(grants: readonly Grant[]): (authorization: string | undefined) => Grant {
  const byHash = new Map(grants.map((grant) => [grant.sha256, grant]));
  return (authorization) => {
    const token = /^Bearer ([A-Za-z0-9_-]{20,200})$/.exec(authorization ?? "")?.[1];
    const grant = token === undefined ? undefined : byHash.get(hashOf(token));
    if (grant !== undefined) return grant;
    throw new KeelError({
      kind: "input",
      code: "source.token",
      path: "authorization",
      expected: "a bearer token of this source",
      received: token === undefined ? "none" : "another",
    });
  };
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
