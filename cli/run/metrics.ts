// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * /metrics and /healthz of `keel run`: times, counts and outcomes; no holding, no limit's room, no secret.
 *
 * @module
 */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Counter, Gauge, Registry } from "prom-client";
import type { AlertKind } from "./config.js";

/** What is counted. */
export interface RunMetrics {
  round(outcome: string): void;
  alert(kind: AlertKind): void;
  waiting(deliveries: number): void;
  attested(asOf: number, expiresAt: number): void;
  next(at: number): void;
  proof(ms: number): void;
  /** As Prometheus reads it. */
  text(): Promise<string>;
}

/** Metrics of one program. */
export function createRunMetrics(): RunMetrics {
  const registers = [new Registry()];
  const rounds = new Counter({
    name: "keel_run_rounds_total",
    help: "Rounds by outcome.",
    labelNames: ["outcome"],
    registers,
  });
  const alerts = new Counter({
    name: "keel_run_alerts_total",
    help: "Alerts by kind.",
    labelNames: ["kind"],
    registers,
  });
  const gauge = (name: string, help: string): Gauge =>
    new Gauge({ name: `keel_run_${name}`, help, registers });
  const waiting = gauge("alerts_waiting", "Deliveries of alerts that wait.");
  const asOf = gauge("attested_as_of_seconds", "Snapshot time of the latest attestation.");
  const expiry = gauge("expires_at_seconds", "First second at which it no longer counts.");
  const next = gauge("next_round_seconds", "When the next round begins.");
  const proof = gauge("proof_seconds", "Time of the latest proof.");
  return {
    round: (outcome) => rounds.inc({ outcome }),
    alert: (kind) => alerts.inc({ kind }),
    waiting: (count) => waiting.set(count),
    attested: (time, expiresAt) => {
      asOf.set(time);
      expiry.set(expiresAt);
    },
    next: (at) => next.set(at),
    proof: (ms) => proof.set(ms / 1000),
    text: () => registers[0]!.metrics(),
  };
}

/** What /healthz says. */
export interface Health {
  readonly ok: boolean;
  readonly outcome?: string;
  readonly next?: number;
}

/** Serves both; `close()` it. */
export async function serveMetrics(
  { host = "127.0.0.1", port }: { readonly host?: string; readonly port: number },
  metrics: RunMetrics,
  health: () => Health,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const isHealth = request.url === "/healthz";
    if (request.method !== "GET" || !(isHealth || request.url === "/metrics")) {
      response.writeHead(404).end();
      return;
    }
    if (isHealth) {
      const found = health();
      response
        .writeHead(found.ok ? 200 : 503, { "content-type": "application/json" })
        .end(JSON.stringify(found));
      return;
    }
    void metrics
      .text()
      .then((text) => response.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(text));
  });
  await listening(server, host, port);
  const { port: found } = server.address() as AddressInfo;
  return { url: `http://${host}:${found}`, close: () => new Promise((done) => server.close(() => done())) };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve());
  });
}
