// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What each custom error of the contracts becomes for who called: asked of the client itself, with values that are told apart and
 * then replaced by their names.
 *
 * @module
 */

import { keelErrorsAbi, toKeelError } from "@keel/verifier/chain";
import { type AbiParameter, encodeErrorResult, type Hex } from "viem";

/** A contract's refusal in the client's words; `{name}` stands for the error's value of that name. */
export interface Refusal {
  readonly code: string;
  readonly kind: string;
  /** Path, expected and received. */
  readonly text: string;
}

/** Every custom error that the client knows, once each. */
export function contractRefusals(): Refusal[] {
  const refusals = keelErrorsAbi.map(({ name, inputs }) => {
    const parameters: readonly AbiParameter[] = inputs;
    const values = parameters.map(sampleOf);
    const abi = [{ type: "error", name, inputs: parameters }] as const;
    const data: Hex = encodeErrorResult({ abi, errorName: name, args: values });
    const { code, kind, path, expected, received } = toKeelError(Object.assign(new Error(name), { data }));
    const place = path === undefined ? "" : `\`${path}\`: `;
    const text = `${place}${expected}; received ${received}`;
    const named = values.reduce<string>(
      (words, value, i) => words.replaceAll(new RegExp(String(value), "gi"), `{${parameters[i]!.name}}`),
      text,
    );
    return { code, kind, text: named };
  });
  return [...new Map(refusals.map((refusal) => [refusal.code, refusal])).values()];
}

/** A value of a parameter that no other of its error has, and that stands nowhere in a message by chance. */
function sampleOf({ type }: AbiParameter, place: number): string | number | bigint {
  const bytes = /^bytes(\d+)$/.exec(type)?.[1] ?? (type === "address" ? "20" : undefined);
  if (bytes !== undefined) return `0x${(0xa0 + place).toString(16).repeat(Number(bytes))}`;
  if (type === "string") return `text${place}`;
  const bits = Number(/\d+$/.exec(type)![0]);
  if (bits === 8) return 200 + place;
  // Decoders give small numbers as numbers.
  return bits <= 48 ? 30_000 + place : 700_000_000n + BigInt(place);
}
