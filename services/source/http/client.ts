// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Requests from one program to another, over connections that stay open. `fetch` needs about four times the processor for each,
 * and a coordinator sends five for one account.
 *
 * @module
 */

import { type IncomingMessage, Agent as PlainAgent, request as plain } from "node:http";
import { Agent as TlsAgent, request as tls } from "node:https";
import { type Send, tooLong } from "@keel/prover";
import { MAX_LENGTH } from "@keel/verifier";

/** Shorter than servers keep idle connections, so that none is closed just when it is used. */
const IDLE_MS = 2_000;
const kept = { keepAlive: true, timeout: IDLE_MS };
const plainAgent = new PlainAgent(kept);
const tlsAgent = new TlsAgent(kept);

/** Redirects are answers like any other, whose text is not what was asked for. */
export const sendByHttp: Send = async (url, sent) => {
  try {
    return await sendOnce(url, sent);
  } catch (error) {
    // The other side closed the connection while it was idle. What it may have done already, it does not do twice.
    if (!(error instanceof ClosedConnection)) throw error;
    return await sendOnce(url, sent);
  }
};

class ClosedConnection extends Error {}

const sendOnce: Send = async (url, { method, headers, body = "", signal }) =>
  await new Promise((resolve, reject) => {
    const length = method === "GET" ? {} : { "content-length": Buffer.byteLength(body) };
    const options = { method, headers: { ...headers, ...length }, signal };
    const isTls = url.startsWith("https:");
    const sent = isTls
      ? tls(url, { ...options, agent: tlsAgent })
      : plain(url, { ...options, agent: plainAgent });
    sent.on("response", (response) => {
      textOf(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject);
    });
    sent.on("error", (error: NodeJS.ErrnoException) => {
      reject(sent.reusedSocket && error.code === "ECONNRESET" ? new ClosedConnection() : error);
    });
    sent.end(method === "GET" ? undefined : body);
  });

async function textOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MAX_LENGTH) throw tooLong();
    parts.push(part);
  }
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(parts));
}
