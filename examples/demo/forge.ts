// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The attacker's side: a witness altered by hand, and a proof of it made with snarkjs, which does not look whether the
 * witness satisfies the circuit. (Keel's engine does, and gives no proof.)
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { FIELD_ORDER, type Groth16Proof, parseProof } from "@keel/verifier";
import { curves, groth16 } from "snarkjs";

const ELEMENT_BYTES = 32;

/** Index of a signal in the witness, from the compiler's list of symbols. */
export async function wireOf(symPath: string, signal: string): Promise<number> {
  const line = (await readFile(symPath, "utf8")).split("\n").find((entry) => entry.endsWith(`,${signal}`));
  const wire = Number(line?.split(",")[1]);
  if (!(wire > 0)) throw new Error(`the circuit has no wire for ${signal}`);
  return wire;
}

/** A proof for a witness, satisfied or not. */
export async function proveBlindly(zkeyPath: string, witness: readonly bigint[]): Promise<Groth16Proof> {
  try {
    const { proof } = await groth16.prove(zkeyPath, witnessFile(witness));
    return parseProof(proof);
  } finally {
    // Its workers would keep the process alive.
    await (await curves.getCurveFromName("bn128")).terminate();
  }
}

/** snarkjs's .wtns format: a header with the field's order, and the values, little endian. */
function witnessFile(witness: readonly bigint[]): Uint8Array {
  const u32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  const section = (id: number, content: Buffer): Buffer =>
    Buffer.concat([u32(id), u32(content.length), u32(0), content]);
  const header = Buffer.concat([u32(ELEMENT_BYTES), littleEndian(FIELD_ORDER), u32(witness.length)]);
  const values = Buffer.concat(witness.map(littleEndian));
  return Buffer.concat([Buffer.from("wtns"), u32(2), u32(2), section(1, header), section(2, values)]);
}

function littleEndian(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * ELEMENT_BYTES, "0"), "hex").reverse();
}
