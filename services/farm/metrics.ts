// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Counters for Prometheus: how many, how long, how it ended. No subject, account or amount is a label.
 *
 * @module
 */

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** What is counted. */
export interface FarmMetrics {
  proof(seconds: number): void;
  batch(size: number, gas: bigint): void;
  ended(outcome: string): void;
  failed(code: string): void;
  counts(counts: Readonly<Record<string, number>>): void;
  text(): Promise<string>;
  readonly contentType: string;
}

/** Counters of one program. */
export function createFarmMetrics(): FarmMetrics {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register, prefix: "keel_farm_" });
  const counter = (name: string, help: string, label: string): Counter =>
    new Counter({ name: `keel_farm_${name}`, help, labelNames: [label], registers });
  const buckets = [0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200];
  const proofs = new Histogram({
    name: "keel_farm_proof_seconds",
    help: "Time of proofs",
    buckets,
    registers,
  });
  const sizes = new Histogram({
    ...{ name: "keel_farm_batch_size", help: "Attestations of a transaction", registers },
    buckets: [1, 2, 5, 10, 20, 50],
  });
  const gas = new Gauge({ name: "keel_farm_gas_total", help: "Gas of transactions", registers });
  const endings = counter("ended_total", "Jobs by outcome", "outcome");
  const failures = counter("failures_total", "Failed tries by code", "code");
  const jobs = new Gauge({
    name: "keel_farm_jobs",
    help: "Jobs in the queues",
    labelNames: ["state"],
    registers,
  });
  return {
    proof: (seconds) => proofs.observe(seconds),
    batch: (size, used) => {
      sizes.observe(size);
      gas.inc(Number(used));
    },
    ended: (outcome) => endings.inc({ outcome }),
    failed: (code) => failures.inc({ code }),
    counts: (counts) => {
      for (const [state, count] of Object.entries(counts)) jobs.set({ state }, count);
    },
    text: () => register.metrics(),
    contentType: register.contentType,
  };
}
