// SPDX-License-Identifier: GPL-3.0-or-later
/** The part of snarkjs that the demo's attacker uses. */
declare module "snarkjs" {
  export const groth16: {
    prove(zkey: string, witness: Uint8Array): Promise<{ proof: unknown; publicSignals: string[] }>;
  };
  export const curves: { getCurveFromName(name: string): Promise<{ terminate(): Promise<void> }> };
}
