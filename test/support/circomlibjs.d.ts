// SPDX-License-Identifier: GPL-3.0-or-later
declare module "circomlibjs" {
  /** A field element in Montgomery form. */
  type Element = Uint8Array;
  interface Eddsa {
    readonly F: { e(value: bigint): Element; toObject(value: Element): bigint };
    prv2pub(secret: Uint8Array): Element[];
    signPoseidon(secret: Uint8Array, message: Element): { R8: Element[]; S: bigint };
    verifyPoseidon(message: Element, signature: { R8: Element[]; S: bigint }, key: Element[]): boolean;
  }
  export function buildEddsa(): Promise<Eddsa>;
}
