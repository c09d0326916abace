// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Transactions as a file for the Transaction Builder of a Safe's own app: its owners look at them there and sign them together.
 *
 * @module
 */

/** One call of a batch. */
export interface SafeCall {
  readonly to: `0x${string}`;
  readonly data: `0x${string}`;
}

/** What the batch is. */
export interface SafeBatch {
  readonly chainId: number;
  readonly safe: `0x${string}`;
  readonly name: string;
  readonly description: string;
  /** Unix seconds. */
  readonly createdAt: number;
  readonly calls: readonly SafeCall[];
}

/** The builder's version whose format this is. */
const BUILDER = "1.18.0";

/** The file's text. */
export function formatSafeBatch({ chainId, safe, name, description, createdAt, calls }: SafeBatch): string {
  const batch = {
    version: "1.0",
    chainId: String(chainId),
    createdAt: createdAt * 1000,
    meta: {
      name,
      description,
      txBuilderVersion: BUILDER,
      createdFromSafeAddress: safe,
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
  return `${JSON.stringify(batch, null, 2)}\n`;
}
