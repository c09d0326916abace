// SPDX-License-Identifier: GPL-3.0-or-later
/** The part of snarkjs that the ceremony runs on, and that the demo's attacker and the tests use. */
declare module "snarkjs" {
  type File = string | Uint8Array | { type: "mem"; data?: Uint8Array };
  /** Where snarkjs reports; it gives a refusal's reason nowhere else. */
  interface Logger {
    debug(text: string): void;
    info(text: string): void;
    warn(text: string): void;
    error(text: string): void;
  }
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
  export const zKey: {
    exportVerificationKey(zkey: File): Promise<Record<string, unknown>>;
    /** The circuit's hash, or -1 with the reason in the log. */
    newZKey(r1cs: File, ptau: File, zkey: File, logger?: Logger): Promise<Uint8Array | -1>;
    /** The contribution's hash. */
    contribute(from: File, to: File, name: string, entropy: string, logger?: Logger): Promise<Uint8Array>;
    /** The contribution's hash, or false with the reason in the log. */
    beacon(
      from: File,
      to: File,
      name: string,
      value: string,
      exponent: number,
      logger?: Logger,
    ): Promise<Uint8Array | false>;
    verifyFromR1cs(r1cs: File, ptau: File, zkey: File, logger?: Logger): Promise<boolean>;
  };
  export const curves: { getCurveFromName(name: string): Promise<{ terminate(): Promise<void> }> };
}
