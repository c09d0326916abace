// SPDX-License-Identifier: GPL-3.0-or-later
/** The part of snarkjs that tests compare with. */
declare module "snarkjs" {
  type File = string | Uint8Array | { type: "mem"; data?: Uint8Array };
  interface Proof {
    proof: unknown;
    publicSignals: string[];
  }
  export const groth16: {
    fullProve(input: object, wasm: File, zkey: File): Promise<Proof>;
    prove(zkey: File, witness: File): Promise<Proof>;
    verify(key: unknown, publicSignals: readonly string[], proof: unknown): Promise<boolean>;
  };
  export const wtns: {
    calculate(input: object, wasm: File, witness: File): Promise<void>;
    exportJson(witness: File): Promise<bigint[]>;
  };
  export const zKey: { exportVerificationKey(zkey: File): Promise<Record<string, unknown>> };
  export const curves: { getCurveFromName(name: string): Promise<{ terminate(): Promise<void> }> };
}
