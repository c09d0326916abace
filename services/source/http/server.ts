// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The interface over HTTP.
 *
 * Requests are strict JSON with known keys only. Every failure is a typed error. The log has a line a request: method, route,
 * status, time, and a refusal's code; no body, query, header, amount or key.
 *
 * @module
 */

import {
  address,
  identifier,
  inputError,
  type Json,
  KeelError,
  parseData,
  parseJson,
  type SourceKey,
  time,
} from "@keel/verifier";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { type Logger, pino } from "pino";
import { z } from "zod";
import { type Answers, type Asked, unknownAccount } from "../answers.js";
import { fromHex, toHex } from "../quorum/files.js";
import { type Member, MOST_AT_ONCE, type Said } from "../quorum/member.js";
import type { Entry } from "../store.js";
import type { Metrics } from "./metrics.js";
import { openApi } from "./openapi.js";
import { problemOf } from "./problem.js";
import { rateLimit } from "./rate.js";
import { type Grant, tokenReader } from "./tokens.js";

/** What the server says of itself to everybody. */
export interface Self {
  readonly name: string;
  readonly role: "source" | "member" | "coordinator";
  readonly evidence: readonly string[];
  readonly publicKey: SourceKey;
  readonly version: string;
}

export interface ServerOptions {
  readonly self: Self;
  readonly grants: readonly Grant[];
  readonly perMinute: number;
  readonly metrics: Metrics;
  readonly log: Logger;
  accountsOf(subject: string): Promise<readonly string[]>;
  /** Of a source or coordinator. */
  readonly answers?: Answers;
  readonly member?: Member;
}

const BODY_BYTES = 64 * 1024;
/** Requests a minute that an address may make without a good token. */
const STRANGERS_PER_MINUTE = 60;
const REQUEST_MS = 30_000;

const askedSchema = z.strictObject({ subject: address, account: identifier, asOf: time });
const subjectSchema = z.strictObject({ subject: address });
const countSchema = z.strictObject({ count: z.int().min(1).max(MOST_AT_ONCE) });
const pointHex = z.string().regex(/^[0-9a-f]{128}$/);
const signSchema = askedSchema.extend({
  commitments: z
    .array(z.strictObject({ member: identifier, hiding: pointHex, binding: pointHex }))
    .min(2)
    .max(64),
});

/** A log without anything secret: only what is given to it by name. */
export function createLog(level: string): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime });
}

/** The server, not listening yet. */
export function createServer(options: ServerOptions): FastifyInstance {
  const { self, metrics, log } = options;
  const server = Fastify({
    bodyLimit: BODY_BYTES,
    logger: false,
    requestTimeout: REQUEST_MS,
    connectionTimeout: 2 * REQUEST_MS,
    forceCloseConnections: "idle",
    trustProxy: false,
    frameworkErrors: (error, _, reply) => {
      const { status, body } = problemOf(error);
      void (reply as FastifyReply).code(status).send(body);
    },
    clientErrorHandler: (_, socket) => {
      if (socket.writable)
        socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      else socket.destroy();
    },
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("application/json", { parseAs: "string" }, (_, body, done) => {
    try {
      done(null, parseJson(body as string, "request"));
    } catch (error) {
      done(error as Error);
    }
  });
  server.setErrorHandler(async (error, _, reply) => {
    const { status, body } = problemOf(error);
    metrics.refused(body.error.code);
    reply.header("x-keel-code", body.error.code);
    return await reply.code(status).send(body);
  });
  server.setNotFoundHandler(async () => {
    throw inputError("http.route", "request", "a path and method of /openapi.json", "another");
  });
  server.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "none";
    metrics.request(route, reply.statusCode, reply.elapsedTime / 1000);
    const line = {
      method: request.method,
      route,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    };
    const code = reply.getHeader("x-keel-code");
    log.info(code === undefined ? line : { ...line, code }, "request");
  });
  addOpenRoutes(server, self, metrics);
  addRoutes(server, options);
  return server;
}

function addOpenRoutes(server: FastifyInstance, self: Self, metrics: Metrics): void {
  const document = openApi(self.role, self.version);
  const { name, role, evidence } = self;
  const publicKey = self.publicKey.map(String);
  server.get("/healthz", async () => ({ ok: true }));
  server.get(
    "/metrics",
    async (_, reply) => await reply.type(metrics.contentType).send(await metrics.text()),
  );
  server.get("/openapi.json", async () => document);
  server.get("/v1/source", async () => ({ name, role, evidence, publicKey }));
}

function addRoutes(server: FastifyInstance, options: ServerOptions): void {
  const { self, answers, member, accountsOf } = options;
  const authorize = authorizer(options);
  /** Who asks, and what: a subject that the token does not open looks like an account that does not exist. */
  const read = <T extends Asked>(request: FastifyRequest, schema: z.ZodType<T>) => {
    const { subjects, sha256 } = authorize(request);
    const asked = parseData(schema, request.body as Json, "request");
    if (!subjects.includes(asked.subject)) throw unknownAccount();
    return { holder: sha256, asked };
  };
  server.get("/v1/accounts", async (request) => {
    const grant = authorize(request);
    const { subject } = parseData(subjectSchema, request.query as Json, "request");
    if (!grant.subjects.includes(subject)) throw unknownAccount();
    return { accounts: await accountsOf(subject) };
  });
  if (answers !== undefined) {
    server.post("/v1/account", async (request) =>
      signedAccount(self.name, await answers(read(request, askedSchema).asked)),
    );
  }
  if (member === undefined) return;
  server.post("/v2/quorum/commitments", async (request) => {
    const { sha256 } = authorize(request);
    const { count } = parseData(countSchema, request.body as Json, "request");
    const made = member.commit(sha256, count);
    const commitments = made.map(({ hiding, binding }) => ({
      hiding: toHex(hiding),
      binding: toHex(binding),
    }));
    return { member: member.name, commitments };
  });
  server.post("/v2/quorum/sign", async (request) => {
    const { holder, asked } = read(request, signSchema);
    const { commitments, ...question } = asked;
    const list = commitments.map(({ member: name, hiding, binding }) => ({
      member: name,
      hiding: fromHex(hiding),
      binding: fromHex(binding),
    }));
    return saidBy(member.name, await member.answer(holder, question, list));
  });
  for (const path of ["/v1/quorum/commit", "/v1/quorum/sign"]) {
    server.post(path, async () => {
      throw inputError("quorum.version", "request", "a coordinator that asks /v2/quorum", "one of before");
    });
  }
}

/** A member's word, with its part if it signs. */
function saidBy(member: string, { entry, part }: Said): object {
  const { message, scope, positions, basis } = entry;
  const { evidence, read } = basis;
  const signed = part === undefined ? {} : { part: { R: toHex(part.R), share: part.share.toString() } };
  return { member, message, scope, positions, evidence, read, ...signed };
}

/** Finds who asks, and counts; strangers are counted by their address. */
function authorizer({ grants, perMinute }: ServerOptions): (request: FastifyRequest) => Grant {
  const grantOf = tokenReader(grants);
  const perToken = rateLimit(perMinute);
  const perStranger = rateLimit(STRANGERS_PER_MINUTE);
  return (request) => {
    try {
      const grant = grantOf(request.headers.authorization);
      perToken(grant.sha256);
      return grant;
    } catch (error) {
      if (error instanceof KeelError && error.code === "source.token") perStranger(request.ip);
      throw error;
    }
  };
}

function signedAccount(
  source: string,
  { subject, account, asOf, positions, signature, basis }: Entry,
): object {
  if (signature === undefined) throw unknownAccount();
  return {
    keel: "signed-account/1",
    subject,
    asOf,
    account: { id: account, source, positions, signature },
    basis,
  };
}
