// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Counters for Prometheus: how many, how long, how it ended. No account, subject or amount is a label.
 *
 * @module
 */

import { Counter, collectDefaultMetrics, Histogram, Registry } from "prom-client";

/** What is counted. */
export interface Metrics {
  /** One request, when it is over. */
  request(route: string, status: number, seconds: number): void;
  /** A refusal or failure by its code. */
  refused(code: string): void;
  text(): Promise<string>;
  readonly contentType: string;
}

/** Counters of one program. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: "keel_source_" });
  const registers = [registry];
  const duration = new Histogram({
    name: "keel_source_request_seconds",
    help: "Time of requests, by route and status",
    labelNames: ["route", "status"],
    buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
    registers,
  });
  const refusals = new Counter({
    name: "keel_source_refusals_total",
    help: "Refusals and failures, by code",
    labelNames: ["code"],
    registers,
  });
  return {
    request: (route, status, seconds) => duration.observe({ route, status: String(status) }, seconds),
    refused: (code) => refusals.inc({ code }),
    text: async () => await registry.metrics(),
    contentType: registry.contentType,
  };
}
