// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Tells the demo's steps: runs them in order, takes time and gas, shows progress, and stops at the first that is not as
 * expected.
 *
 * @module
 */

import { table } from "@keel/verifier/text";
import { createProgress, type Progress, type ProgressContext } from "keel/progress";

/** Something that was done and how it went. */
export interface Part {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly gas: number;
  /** Sizes and findings. */
  readonly detail: string;
}

/** One of the story's steps. */
export interface Step {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly gas: number;
  readonly parts: readonly Part[];
}

/** Runs a part; `work` gives its result and a detail for the table. */
export type RunPart = <T>(
  name: string,
  work: (progress: Progress) => Promise<{ readonly value: T; readonly detail: string }>,
) => Promise<T>;

/** Gas spent on the chain so far; the chain's clients are there from the first step on. */
export type GasMeter = () => Promise<bigint>;

export interface Teller {
  /** Sets the gas meter, once there is a chain. */
  measureGas(meter: GasMeter): void;
  /**
   * Runs a step.
   *
   * @param heading what it is about, for people
   * @throws whatever a part throws, after it has been recorded
   */
  step<T>(name: string, work: (part: RunPart) => Promise<T>, heading?: string): Promise<T>;
  /** The steps so far, the failed one included. */
  readonly steps: readonly Step[];
}

/** @param say prints a line of the story */
export function createTeller(context: ProgressContext, say: (text: string) => void): Teller {
  const steps: Step[] = [];
  let meter: GasMeter = async () => 0n;

  const runPart = async <T>(parts: Part[], name: string, work: Parameters<RunPart>[1]): Promise<T> => {
    const progress = createProgress(context);
    progress.update(name, 0);
    const started = performance.now();
    const gasBefore = await meter();
    const record = async (ok: boolean, detail: string): Promise<void> => {
      const ms = Math.round(performance.now() - started);
      progress.clear();
      const gas = Number((await meter().catch(() => gasBefore)) - gasBefore);
      parts.push({ name, ok, ms, gas, detail });
      say(`  ${ok ? "✓" : "✗"} ${name}${detail === "" ? "" : `: ${detail}`}`);
    };
    try {
      const { value, detail } = await work(progress);
      await record(true, detail);
      return value as T;
    } catch (error) {
      await record(false, error instanceof Error ? error.message : String(error));
      throw error;
    }
  };

  return {
    steps,
    measureGas(gasMeter) {
      meter = gasMeter;
    },
    async step(name, work, heading) {
      const parts: Part[] = [];
      const started = performance.now();
      say(`\n${steps.length + 1}. ${name}${heading === undefined ? "" : `: ${heading}`}`);
      let ok = false;
      try {
        const result = await work((partName, partWork) => runPart(parts, partName, partWork));
        ok = true;
        return result;
      } finally {
        const gas = parts.reduce((sum, part) => sum + part.gas, 0);
        steps.push({ name, ok, ms: Math.round(performance.now() - started), gas, parts });
      }
    },
  };
}

/** The closing table. */
export function stepsText(steps: readonly Step[]): string {
  const row = (label: string, { ok, ms, gas }: Part | Step, detail: string): string[] => [
    label,
    ok ? "ok" : "FAILED",
    `${(ms / 1000).toFixed(1)} s`,
    gas === 0 ? "" : gas.toLocaleString("en-US"),
    detail.length > 90 ? "" : detail,
  ];
  const rows = steps.flatMap((step, i) => [
    row(`${i + 1}. ${step.name}`, step, ""),
    ...step.parts.map((part) => row(`   ${part.name}`, part, part.detail)),
  ]);
  return table([["step", "", "time", "gas", ""], ...rows], [2, 3]);
}
