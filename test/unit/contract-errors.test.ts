// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is each refusal of the contracts of the right kind? `proof` is what says that an attestation does not count, and ends a
 * command with 3; all others are the caller's own.
 *
 * @module
 */

import { toKeelError } from "@keel/verifier/chain";
import {
  type AbiParameter,
  BaseError,
  ContractFunctionExecutionError,
  encodeErrorResult,
  parseAbi,
  UserRejectedRequestError,
} from "viem";
import { expect, it } from "vitest";
import { keelErrorsAbi } from "../../verifier/dist/chain/abi.js";

/** Those about an attestation, with what each is about. */
const OF_THE_PROOF: Readonly<Record<string, string>> = {
  NotEnrolled: "subject",
  WrongEnrolment: "enrolment",
  WrongState: "drawdown.previousState",
  NoUnits: "drawdown.units",
  WrongUnits: "drawdown.units",
  UnitsNotSigned: "unitsSignature",
  UnwantedUnitsSignature: "unitsSignature",
  UnitsUnavailable: "drawdown.units",
  ForeignDomain: "policy.domain",
  ClosedByGuardian: "subject",
  NotNewer: "asOf",
  SnapshotInFuture: "asOf",
  SnapshotTooOld: "asOf",
  AlreadyExpired: "asOf",
  MarketTooFar: "market.asOf",
  MarketNotAccepted: "market",
  WrongTableProofs: "tables",
  WrongDisclosures: "disclosure",
  WrongSealedSums: "disclosure.sealed",
  NavTooLarge: "disclosure.nav",
  ProofRefused: "proof",
  BatchRefused: "attestations",
  RootRefused: "proof",
  UnknownPolicy: "policyId",
  UnknownVersion: "version",
  NotLiveYet: "version",
  Retired: "version",
  StandsBy: "version",
  CodeChanged: "verifier",
  NotHealthy: "subject",
};

/** Any value of a type: what an error carries has no part in its kind. */
function anyOf({ type, ...rest }: AbiParameter): unknown {
  if (type.endsWith("]")) return [];
  if (type.startsWith("uint") || type.startsWith("int"))
    return Number(/\d+/.exec(type)?.[0] ?? 256) > 48 ? 1n : 1;
  if (type === "address") return `0x${"11".repeat(20)}`;
  if (type === "bool") return true;
  if (type === "string") return "text";
  if (type === "tuple") return (rest as { components: AbiParameter[] }).components.map(anyOf);
  return `0x${"22".repeat(type === "bytes" ? 4 : Number(type.replace("bytes", "")))}`;
}

/** What the client makes of a refusal. */
function errorOf(name: string) {
  const entry = keelErrorsAbi.find((item) => item.type === "error" && item.name === name)!;
  const args = (entry as { inputs: readonly AbiParameter[] }).inputs.map(anyOf);
  const data = encodeErrorResult({ abi: keelErrorsAbi, errorName: name as never, args: args as never });
  return toKeelError(Object.assign(new Error("reverted"), { data }));
}

const names = [
  ...new Set(
    keelErrorsAbi.filter(({ type }) => type === "error").map((item) => (item as { name: string }).name),
  ),
];

it.each(names)("%s", (name) => {
  const { kind, code, path } = errorOf(name);
  const ofProof = Object.hasOwn(OF_THE_PROOF, name);
  expect({ kind, code }).toEqual({
    kind: ofProof ? "proof" : "input",
    code: expect.stringMatching(new RegExp(`^registry\\.${name}$`, "i")),
  });
  if (ofProof) expect(path).toBe(OF_THE_PROOF[name]);
});

it("all that are about a proof exist", () => {
  expect(Object.keys(OF_THE_PROOF).filter((name) => !names.includes(name))).toEqual([]);
});

it("a wallet whose owner declines is no chain that does not answer", () => {
  const rejected = new UserRejectedRequestError(new Error("User rejected the request."));
  const thrown = new ContractFunctionExecutionError(new BaseError("failed", { cause: rejected }), {
    abi: keelErrorsAbi,
    functionName: "attest",
  });
  expect(toKeelError(thrown)).toMatchObject({ kind: "cancelled", code: "wallet.declined" });
  expect(toKeelError(new BaseError("HTTP request failed."))).toMatchObject({ code: "chain.call" });
});

it.each([
  ["Error", ["not enough"], "Error(not enough)"],
  ["Panic", [0x32n], "Panic(50)"],
] as const)("%s of Solidity itself is a refusal in its own words", (errorName, args, received) => {
  const abi = parseAbi(["error Error(string)", "error Panic(uint256)"]);
  const data = encodeErrorResult({ abi, errorName, args } as Parameters<typeof encodeErrorResult>[0]);
  const error = toKeelError(Object.assign(new Error("reverted"), { data }));
  expect(error).toMatchObject({ kind: "input", code: `registry.${errorName.toLowerCase()}`, received });
});

it("every word has its value, and no other", () => {
  for (const name of names) {
    const { path = "", expected = "", received = "" } = errorOf(name);
    expect(`${path} ${expected} ${received}`, name).not.toMatch(/undefined|[{}]/);
  }
});
