// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Receivers of alerts in tests: an HTTP server that may refuse, and a mail server of the few words that a client says.
 *
 * @module
 */

import { createServer as createHttp } from "node:http";
import { type AddressInfo, createServer as createTcp, type Server } from "node:net";

/** What was received, and where to send it. */
export interface ReceiverServer<T> {
  readonly url: string;
  readonly port: number;
  readonly taken: T[];
  /** So many requests are refused first. */
  refuse(count: number): void;
  stop(): Promise<void>;
}

/** An alert as a webhook gets it. */
export interface HookedAlert {
  readonly key: string;
  readonly body: { readonly kind: string; readonly text: string; readonly about: string };
}

/** Takes webhooks. */
export async function startWebhook(): Promise<ReceiverServer<HookedAlert>> {
  const taken: HookedAlert[] = [];
  let refusals = 0;
  const server = createHttp((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    request.on("end", () => {
      const isRefused = refusals > 0;
      if (isRefused) refusals -= 1;
      else taken.push({ key: String(request.headers["idempotency-key"]), body: JSON.parse(text) });
      response.writeHead(isRefused ? 503 : 204).end();
    });
  });
  return await started(server as unknown as Server, taken, (count) => {
    refusals = count;
  });
}

/** Takes mail over SMTP. */
export async function startMail(): Promise<ReceiverServer<string>> {
  const taken: string[] = [];
  const server = createTcp((socket) => {
    let [text, isData] = ["", false];
    const say = (line: string): void => void socket.write(`${line}\r\n`);
    say("220 test");
    socket.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      for (;;) {
        const end = text.indexOf(isData ? "\r\n.\r\n" : "\r\n");
        if (end < 0) return;
        const line = text.slice(0, end);
        text = text.slice(end + (isData ? 5 : 2));
        if (isData) taken.push(line);
        const wasData = isData;
        isData = !wasData && /^DATA/i.test(line);
        say(isData ? "354 go on" : /^QUIT/i.test(line) && !wasData ? "221 bye" : "250 ok");
      }
    });
    socket.on("error", () => {});
  });
  return await started(server, taken, () => {});
}

async function started<T>(
  server: Server,
  taken: T[],
  refuse: (count: number) => void,
): Promise<ReceiverServer<T>> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const { port } = server.address() as AddressInfo;
  const stop = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { url: `http://127.0.0.1:${port}/`, port, taken, refuse, stop };
}
