// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Transactions as a file that the Safe app's Transaction Builder loads: version 1.0 of its batch file, with the checksum by which the
 * app tells whether a file was changed. Form and checksum: apps/tx-builder in github.com/safe-global/safe-react-apps,
 * `src/typings/models.ts` and `src/lib/checksum.ts`.
 *
 * @module
 */

import { type Address, type Hex, keccak256, stringToHex } from "viem";

/** One call of a batch. */
export interface SafeCall {
  readonly to: Address;
  readonly data: Hex;
}

/** What a file is about. */
export interface SafeBatch {
  readonly chainId: number;
  /** Shown as the batch's name and description. */
  readonly name: string;
  readonly description: string;
  /** The Safe that shall sign, where it is known. */
  readonly safe?: Address;
  /** Unix seconds. */
  readonly createdAt: number;
  readonly calls: readonly SafeCall[];
}

/** The version of the app's form that the file follows. */
const BUILDER_VERSION = "1.18.0";

type Json = null | string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

/** The text of the file. */
export function formatSafeBatch({ chainId, name, description, safe, createdAt, calls }: SafeBatch): string {
  const batch = {
    version: "1.0",
    chainId: String(chainId),
    createdAt: createdAt * 1000,
    meta: {
      name,
      description,
      txBuilderVersion: BUILDER_VERSION,
      createdFromSafeAddress: safe ?? "",
      createdFromOwnerAddress: "",
    },
    transactions: calls.map(({ to, data }) => ({
      to,
      value: "0",
      data,
      contractMethod: null,
      contractInputsValues: null,
    })),
  };
  const whole = { ...batch, meta: { ...batch.meta, checksum: safeChecksum(batch) } };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

/** The app's checksum of a batch: keccak256 of its content in an order of its own, without the batch's name. */
export function safeChecksum(batch: { readonly meta: object } & object): Hex {
  const { checksum: _, ...meta } = batch.meta as { readonly checksum?: string };
  return keccak256(stringToHex(inOrder({ ...batch, meta: { ...meta, name: null } } as Json)));
}

/** An object as the sorted list of its keys and, after each other, its values in that order. */
function inOrder(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(inOrder).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value as Readonly<Record<string, Json>>).sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const keys = JSON.stringify(entries.map(([key]) => key));
  return `{${keys}${entries.map(([, part]) => `${inOrder(part)},`).join("")}}`;
}
