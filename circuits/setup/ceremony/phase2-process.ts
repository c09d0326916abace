// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Child process that runs one step of snarkjs's phase 2.
 *
 * A process of its own, because snarkjs prints refusals to standard output, keeps threads that never end, and cannot be
 * stopped half-way. Nothing that it holds in memory, the contribution's secret above all, outlives it.
 *
 * @module
 */
import { zKey } from "snarkjs";

/** A step to run; paths are absolute. */
export type Phase2Request =
  | { readonly step: "new"; readonly r1cs: string; readonly powersOfTau: string; readonly to: string }
  | {
      readonly step: "contribute";
      readonly from: string;
      readonly to: string;
      readonly name: string;
      /** Hex, unpredictable in itself; snarkjs mixes in 64 bytes of its own from the system. */
      readonly entropy: string;
    }
  | {
      readonly step: "beacon";
      readonly from: string;
      readonly to: string;
      readonly name: string;
      readonly value: string;
      readonly exponent: number;
    }
  | { readonly step: "verify"; readonly r1cs: string; readonly powersOfTau: string; readonly key: string };

/** Progress, or the end. `reason` is snarkjs's own, present when it refused. */
export type Phase2Report =
  | { readonly fraction: number }
  | { readonly reason?: string; readonly verificationKey?: Record<string, unknown> };

const reasons: string[] = [];
const logger = {
  info: () => {},
  warn: () => {},
  error: (text: string) => void reasons.push(text),
  debug: (text: string) => {
    const [, done, all] = /(\d+)\/(\d+)$/.exec(text) ?? [];
    if (all !== undefined) report({ fraction: Number(done) / Number(all) });
  },
};
console.log = logger.error;

process.once("message", async (request: Phase2Request) => {
  const result = await run(request).catch((error: unknown) => {
    logger.error(error instanceof Error ? error.message : String(error));
    return undefined;
  });
  const reason = reasons.map((text) => text.trim()).join("; ") || "no reason given";
  report(result ?? { reason }, () => process.exit());
});
// Whoever started this is gone.
process.once("disconnect", () => process.exit());

function report(message: Phase2Report, done = (): void => {}): void {
  process.send!(message, done);
}

/** Undefined when snarkjs refuses. */
async function run(
  request: Phase2Request,
): Promise<{ verificationKey?: Record<string, unknown> } | undefined> {
  switch (request.step) {
    case "new": {
      const hash = await zKey.newZKey(request.r1cs, request.powersOfTau, request.to, logger);
      return hash === -1 ? undefined : {};
    }
    case "contribute":
      await zKey.contribute(request.from, request.to, request.name, request.entropy, logger);
      return {};
    case "beacon": {
      const { from, to, name, value, exponent } = request;
      const hash = await zKey.beacon(from, to, name, value, exponent, logger);
      return hash === false ? undefined : {};
    }
    case "verify": {
      const { r1cs, powersOfTau, key } = request;
      if (!(await zKey.verifyFromR1cs(r1cs, powersOfTau, key, logger))) return undefined;
      return { verificationKey: await zKey.exportVerificationKey(key) };
    }
  }
}
