// SPDX-License-Identifier: MIT
/**
 * What a contract refused, in words: every custom error of the contracts with the values that it carries.
 *
 * @module
 */

import { BaseError, type DecodeErrorResultReturnType, decodeErrorResult, type Hex, isHex } from "viem";
import { type ErrorDetails, type ErrorKind, KeelError } from "../core/errors.js";
import { LIMITS, type LimitUnit } from "../files/limits.js";
import { keelErrorsAbi } from "./abi.js";
import { CALL_WORDS, type ErrorWords, PROOF_WORDS } from "./contract-words.js";

/**
 * A failure of a contract call as a `KeelError`; anything that is one already passes through. Use it around calls to
 * contracts that embed Keel's, such as a vault.
 */
export function toKeelError(error: unknown): KeelError {
  if (error instanceof KeelError) return error;
  const decoded = decodeRevert(error);
  if (decoded !== undefined) return new KeelError(describeRevert(decoded), { cause: error });
  if (isDeclined(error)) return new KeelError(DECLINED, { cause: error });
  const received = error instanceof BaseError ? nodeWords(error) : String(error);
  return new KeelError(
    { kind: "environment", code: "chain.call", expected: "the chain to answer", received },
    { cause: error },
  );
}

/** Of a wallet whose owner said no: nothing was sent, and no chain was asked. */
const DECLINED: ErrorDetails = {
  kind: "cancelled",
  code: "wallet.declined",
  path: "wallet",
  expected: "its owner's consent",
  received: "none: nothing was sent",
};

/** As EIP-1193 numbers a request that its user rejected. */
const REJECTED = 4001;

function isDeclined(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ((cause as { code?: unknown }).code === REJECTED) return true;
  }
  return false;
}

/** Asks the chain. @throws KeelError as {@link toKeelError} makes it */
export async function reach<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toKeelError(error);
  }
}

type Revert = DecodeErrorResultReturnType<typeof keelErrorsAbi>;

function decodeRevert(error: unknown): Revert | undefined {
  const data = revertData(error);
  if (data === undefined) return undefined;
  try {
    return decodeErrorResult({ abi: keelErrorsAbi, data });
  } catch {
    return undefined;
  }
}

/** Revert bytes anywhere in a chain of causes; nodes differ in where they put them. */
function revertData(error: unknown): Hex | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { data } = cause as { data?: unknown };
    const inner = typeof data === "object" && data !== null ? (data as { data?: unknown }).data : data;
    for (const candidate of [data, inner]) {
      if (typeof candidate === "string" && isHex(candidate) && candidate.length >= 10) return candidate;
    }
  }
  return undefined;
}

const UNKNOWN: ErrorWords = ["", "the contract to accept the call", "{error}"];

/** A contract error in plain words: path, expected and received, from the error's own values. */
function wordsOf({ errorName, args = [] }: Revert): Pick<ErrorDetails, "path" | "expected" | "received"> {
  // Solidity's own, Error and Panic, are decoded too, and are none of ours.
  const inputs = keelErrorsAbi.find(({ name }) => name === errorName)?.inputs ?? [];
  const values = new Map<string, string>(inputs.map(({ name }, i) => [name, String(args[i])]));
  values.set("unit", unitOf(values.get("term")));
  values.set("error", `${errorName}(${args.join(", ")})`);
  const words = PROOF_WORDS[errorName] ?? CALL_WORDS[errorName] ?? UNKNOWN;
  const filled = words.map((text) => text.replace(/\{(\w+)\}/g, (_, name: string) => values.get(name)!));
  const [path, expected, received] = filled as [string, string, string];
  return { ...(path === "" ? {} : { path }), expected, received };
}

/** All that has a ceiling is a time or a limit. */
function unitOf(term = ""): string {
  if (!Object.hasOwn(LIMITS, term)) return " s";
  return UNIT_WORDS[LIMITS[term as keyof typeof LIMITS].unit];
}

const UNIT_WORDS: Readonly<Record<LimitUnit, string>> = {
  usd8: " in USD 1e-8",
  bps: " bps",
  days: " in 1e-4 days",
};

function describeRevert(revert: Revert): ErrorDetails {
  const { errorName } = revert;
  const kind: ErrorKind = errorName in PROOF_WORDS ? "proof" : "input";
  const code = `registry.${errorName.replace(/^[A-Z]+(?=[A-Z])|^[A-Z]/, (letters) => letters.toLowerCase())}`;
  return { kind, code, ...wordsOf(revert) };
}

/** What the client made of an answer, and the node's own words. */
function nodeWords(error: BaseError): string {
  const { shortMessage, details } = error;
  const words =
    details === "" || shortMessage.includes(details) ? shortMessage : `${shortMessage} ${details}`;
  const host = hostOf(error);
  return host === undefined ? words : `${words} (${host})`;
}

/** Where a request went: scheme, host and port. The rest of a node's URL may hold an access key. */
function hostOf(error: BaseError): string | undefined {
  const { url } = (error.walk((cause) => "url" in (cause as object)) ?? {}) as { readonly url?: unknown };
  if (typeof url !== "string") return undefined;
  try {
    return new URL(url).origin;
  } catch {
    return undefined;
  }
}
