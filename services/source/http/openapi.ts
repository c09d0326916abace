// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The interface as an OpenAPI document.
 *
 * @module
 */

import { MOST_AT_ONCE } from "../quorum/member.js";

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: object, description: string) => ({
  description,
  content: { "application/json": { schema } },
});
const problem = json(ref("Problem"), "What was asked for is refused, or could not be had");
const text = { type: "string" } as const;
const hex = (digits: number) => ({ type: "string", pattern: `^[0-9a-f]{${digits}}$` }) as const;
const integer = { type: "integer", minimum: 0 } as const;
const object = (properties: object, optional: readonly string[] = []) => ({
  type: "object",
  additionalProperties: false,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  properties,
});
const list = (items: object) => ({ type: "array", items });
const amounts = { type: "object", additionalProperties: text } as const;

const operation = (summary: string, response: object, body?: object, parameters?: readonly object[]) => ({
  summary,
  ...(parameters === undefined ? {} : { parameters }),
  ...(body === undefined
    ? {}
    : { requestBody: { required: true, content: { "application/json": { schema: body } } } }),
  responses: { 200: response, default: problem },
});
const open = <T extends object>(what: T) => ({ ...what, security: [] });

const SCHEMAS = {
  Asked: object({ subject: text, account: text, asOf: integer }),
  Basis: object(
    {
      evidence: { enum: ["ledger", "operator-read", "chain-read", "notarised", "quorum"] },
      weakest: { enum: ["ledger", "operator-read", "chain-read", "notarised"] },
      driver: text,
      read: integer,
      leftOut: list(text),
      members: list(text),
      dissent: list(object({ member: text, code: text })),
    },
    ["weakest", "leftOut", "members", "dissent"],
  ),
  SignedAccount: object({
    keel: { const: "signed-account/1" },
    subject: text,
    asOf: integer,
    account: object({
      id: text,
      source: text,
      positions: amounts,
      signature: object({ R8: list(text), S: text }),
    }),
    basis: ref("Basis"),
  }),
  Commitment: object({ member: text, hiding: hex(128), binding: hex(128) }),
  Said: object(
    {
      member: text,
      message: text,
      scope: text,
      positions: amounts,
      evidence: text,
      read: integer,
      part: object({ R: hex(128), share: text }),
    },
    ["part"],
  ),
  Problem: object({
    ok: { const: false },
    error: object({ kind: text, code: text, path: text, expected: text, received: text, message: text }, [
      "path",
      "expected",
      "received",
    ]),
  }),
};

const SUBJECT = [{ name: "subject", in: "query", required: true, schema: text }];

const EVERYBODY = {
  "/healthz": { get: open(operation("Whether it runs", json(object({ ok: { const: true } }), "It does"))) },
  "/metrics": {
    get: open({
      summary: "Counters for Prometheus; no amounts",
      responses: { 200: { description: "Text" } },
    }),
  },
  "/openapi.json": {
    get: open({ summary: "This document", responses: { 200: { description: "OpenAPI 3.1" } } }),
  },
  "/v1/source": {
    get: open(
      operation(
        "Who this is, and the key for a policy's sources",
        json(object({ name: text, role: text, evidence: list(text), publicKey: list(text) }), "The source"),
      ),
    ),
  },
  "/v1/accounts": {
    get: operation(
      "The accounts that this source has of a subject",
      json(object({ accounts: list(text) }), "Their ids"),
      undefined,
      SUBJECT,
    ),
  },
};

const SIGNERS = {
  "/v1/account": {
    post: operation(
      "A subject's account at a time, signed: one message for each account and time",
      json(ref("SignedAccount"), "The account and what it is based on"),
      ref("Asked"),
    ),
  },
};

const MEMBERS = {
  "/v2/quorum/commitments": {
    post: operation(
      "Commitments to new nonces, each for one part of a signature within an hour",
      json(
        object({ member: text, commitments: list(object({ hiding: hex(128), binding: hex(128) })) }),
        "Of this member",
      ),
      object({ count: { type: "integer", minimum: 1, maximum: MOST_AT_ONCE } }),
    ),
  },
  "/v2/quorum/sign": {
    post: operation(
      "What this member reads, and its part of a signature over that, if a commitment of the list is its own",
      json(ref("Said"), "Its word"),
      object({ subject: text, account: text, asOf: integer, commitments: list(ref("Commitment")) }),
    ),
  },
};

/** The document of a role. */
export function openApi(role: "source" | "member" | "coordinator", version: string): object {
  return {
    openapi: "3.1.0",
    info: { title: "Keel source", version, license: { name: "GPL-3.0-or-later" } },
    security: [{ token: [] }],
    paths: { ...EVERYBODY, ...(role === "member" ? MEMBERS : SIGNERS) },
    components: { securitySchemes: { token: { type: "http", scheme: "bearer" } }, schemas: SCHEMAS },
  };
}
