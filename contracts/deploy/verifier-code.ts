// SPDX-License-Identifier: MIT
/**
 * The code that a verifier for a key must have on chain, to compare with what is there.
 *
 * @module
 */

import type { Hex } from "viem";
import { compileVerifiers, type VerifierSource } from "./compile.js";

/**
 * Runtime code of a key's verifier as it is compiled here, without metadata. Takes about a second.
 *
 * @throws KeelError code `contracts.compile`; kind `input` for a key that fits no verifier
 */
export async function verifierCode(source: VerifierSource): Promise<Hex> {
  const [artifact] = await compileVerifiers([source]);
  return withoutMetadata(artifact!.deployedBytecode);
}

/** Code without what the compiler appends about its sources, names among them; the last two bytes are its length. */
export function withoutMetadata(code: Hex): Hex {
  const length = Number.parseInt(code.slice(-4), 16) + 2;
  return code.slice(0, -2 * length) as Hex;
}
