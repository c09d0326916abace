// SPDX-License-Identifier: GPL-3.0-or-later
declare module "circom_runtime" {
  export interface WitnessCalculator {
    calculateWitness(input: object, sanityCheck: 0 | 1): Promise<bigint[]>;
  }
  export function WitnessCalculatorBuilder(
    wasm: Uint8Array,
    options?: { logGetSignal?: (...args: unknown[]) => void },
  ): Promise<WitnessCalculator>;
}
