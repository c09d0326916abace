// SPDX-License-Identifier: GPL-3.0-or-later
/** wasmcurves' prebuilt BN254 module: plain data, usable in workers and browsers alike. */
declare module "wasmcurves/build/bn128_wasm.js" {
  /** The module's code in base64; it imports `env.memory`. */
  export const code: string;
  /** Pointers to the generators (Jacobian, Montgomery form). */
  export const pG1gen: number;
  export const pG2gen: number;
}
