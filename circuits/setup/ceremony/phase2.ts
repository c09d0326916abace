// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Steps of snarkjs's phase 2, each in a child process that lives for one step.
 *
 * @module
 */
import { fork } from "node:child_process";
import { KeelError } from "@keel/verifier/errors";
import { cancelled, onAbort, throwIfCancelled } from "../abort.js";
import type { Phase2Report, Phase2Request } from "./phase2-process.js";

export interface StepOptions {
  /** Share done of the part that runs, from 0 to 1; a step has several parts. */
  readonly onProgress?: (fraction: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Runs a step.
 *
 * @returns the verification key, after "verify"
 * @throws KeelError `ceremony.phase2` with snarkjs's reason, kind `proof` for "verify"; `worker.died`; `setup.cancelled`
 */
export async function runPhase2(
  request: Phase2Request,
  { onProgress, signal }: StepOptions,
): Promise<Record<string, unknown> | undefined> {
  throwIfCancelled(signal);
  const child = fork(new URL("./phase2-process.js", import.meta.url), { stdio: "ignore", execArgv: [] });
  let result: Exclude<Phase2Report, { fraction: number }> | undefined;
  child.on("message", (report: Phase2Report) => {
    if ("fraction" in report) onProgress?.(report.fraction);
    else result = report;
  });
  const stopListening = onAbort(signal, () => child.kill("SIGKILL"));
  const ended = new Promise<void>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => resolve());
  });
  // A child that is already dead is noticed by its end.
  child.send(request, () => {});
  await ended.finally(stopListening);
  if (signal?.aborted === true) throw cancelled();
  if (result === undefined) {
    const details = { kind: "environment", code: "worker.died", path: request.step } as const;
    throw new KeelError({ ...details, expected: "a finished step", received: "a dead process" });
  }
  if (result.reason !== undefined) {
    // What goes into the other steps was checked before.
    const kind = request.step === "verify" ? "proof" : "environment";
    const details = { kind, code: "ceremony.phase2", path: request.step } as const;
    throw new KeelError({ ...details, expected: "a step that snarkjs accepts", received: result.reason });
  }
  return result.verificationKey;
}
