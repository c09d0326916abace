// SPDX-License-Identifier: MIT
/**
 * Units of a fund, from outside. A drawdown compares equity per unit, so whoever chooses the units chooses the drawdown: they
 * come from a share token, which the registry asks, or from an administrator, who signs them (units/1).
 *
 * The signature is EIP-712 over `Units(address subject,uint64 asOf,uint96 units)` in the domain {name: "Keel Units",
 * version: "1"}, which names no chain and no contract: how many units a fund has at a time is the same fact everywhere.
 *
 * @module
 */

import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { z } from "zod";
import { formatDecimal } from "../core/decimal.js";
import { inputError } from "../core/errors.js";
import { address, decimal, FORMATS, parseFile, time } from "../core/schema.js";
import { abiWords } from "../core/words.js";

/** Who says how many units there are. The order is that of the contracts' enum. */
export const UNITS_KINDS = ["none", "token", "signer", "contract"] as const;

/** Who a policy takes the units from. */
export type UnitsSource =
  /** A share token on the registry's chain, at the snapshot's time. */
  | { readonly kind: "token"; readonly address: `0x${string}` }
  /** An administrator's key: ECDSA. */
  | { readonly kind: "signer"; readonly address: `0x${string}` }
  /** An administrator's contract: ERC-1271. */
  | { readonly kind: "contract"; readonly address: `0x${string}` };

/** Units of a fund without a source of units: one. */
export const ONE_UNIT = 10n ** 8n;

/** What an administrator says. */
export interface UnitsStatement {
  readonly subject: `0x${string}`;
  /** Unix seconds. */
  readonly asOf: number;
  /** 1e8; above zero. */
  readonly units: bigint;
}

/** A statement with its signature. */
export interface SignedUnits extends UnitsStatement {
  /** For a key 65 bytes r, s, v; for a contract whatever it takes. */
  readonly signature: `0x${string}`;
}

/** A signature as text: whole bytes, lower case. */
export const signatureText = z.string().regex(/^0x([0-9a-f]{2}){1,4096}$/);

const unitsSchema = z.strictObject({
  keel: z.literal("units/1"),
  subject: address,
  asOf: time,
  units: decimal({ places: 8, bits: 96, signed: false, excess: "refuse" }),
  signature: signatureText,
});
FORMATS.add(unitsSchema, {
  id: "units/1",
  folder: "verifier",
  title: "Units of a fund, signed by its administrator",
});

/**
 * Reads a units/1 file. Does not look at the signature.
 *
 * @throws KeelError kind "input"
 */
export function parseUnits(text: string): SignedUnits {
  const { keel: _, ...file } = parseFile(unitsSchema, text, "units");
  if (file.units === 0n) throw inputError("units.zero", "units.units", "units above zero", "zero");
  return { ...file, signature: file.signature as `0x${string}` };
}

/** Writes a units/1 file. Public. */
export function formatUnits({ subject, asOf, units, signature }: SignedUnits): string {
  const file = { keel: "units/1", subject, asOf, units: formatDecimal(units, 8), signature };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** The EIP-712 digest that an administrator signs. */
export function unitsDigest({ subject, asOf, units }: UnitsStatement): Uint8Array {
  const domain = structHash("EIP712Domain(string name,string version)", [hashOf("Keel Units"), hashOf("1")]);
  const message = structHash("Units(address subject,uint64 asOf,uint96 units)", [
    BigInt(subject),
    BigInt(asOf),
    units,
  ]);
  return keccak_256(Uint8Array.from([0x19, 0x01, ...domain, ...message]));
}

/** The typed data of a statement, as wallets take it. */
export function unitsTypedData({ subject, asOf, units }: UnitsStatement) {
  return {
    domain: { name: "Keel Units", version: "1" },
    types: {
      Units: [
        { name: "subject", type: "address" },
        { name: "asOf", type: "uint64" },
        { name: "units", type: "uint96" },
      ],
    },
    primaryType: "Units",
    message: { subject, asOf: BigInt(asOf), units },
  } as const;
}

/**
 * Whose key signed; undefined for a signature that no key made: a wrong length, v other than 27 or 28, a high s (EIP-2).
 */
export function unitsSigner({ signature, ...statement }: SignedUnits): `0x${string}` | undefined {
  if (!/^0x[0-9a-fA-F]{128}(1b|1c|1B|1C)$/.test(signature)) return undefined;
  const bytes = hexToBytes(signature.slice(2));
  try {
    const compact = secp256k1.Signature.fromBytes(bytes.slice(0, 64), "compact");
    if (compact.hasHighS()) return undefined;
    const point = compact.addRecoveryBit(bytes[64]! - 27).recoverPublicKey(unitsDigest(statement));
    return `0x${bytesToHex(keccak_256(point.toBytes(false).slice(1)).slice(12))}`;
  } catch {
    return undefined;
  }
}

/** Signs a statement with an administrator's key of 32 bytes. */
export function signUnits(statement: UnitsStatement, privateKey: Uint8Array): SignedUnits {
  const signature = secp256k1.sign(unitsDigest(statement), privateKey, {
    prehash: false,
    lowS: true,
    format: "recovered",
  });
  const [recovery, ...rs] = signature;
  return { ...statement, signature: `0x${bytesToHex(Uint8Array.from([...rs, recovery! + 27]))}` };
}

/**
 * The units of a snapshot by its policy: one without a source; a token's as the snapshot says, which only the chain can check;
 * an administrator's as signed, for this subject and time.
 *
 * @param signed under policies with an administrator
 * @throws KeelError `snapshot.units`, `units.missing`, `units.unused`, `units.mismatch`, `units.signature`
 */
export function unitsOf(
  { units: source }: { readonly units?: UnitsSource },
  snapshot: UnitsStatement,
  signed?: SignedUnits,
): bigint {
  if (source?.kind === "signer" || source?.kind === "contract") return signedUnits(source, snapshot, signed);
  if (signed !== undefined) {
    throw inputError(
      "units.unused",
      "units",
      "no signed units under a policy without an administrator",
      "some",
    );
  }
  if (source === undefined && snapshot.units !== ONE_UNIT) {
    throw inputError(
      "snapshot.units",
      "snapshot.units",
      "one under a policy without a source of units",
      "another number",
    );
  }
  return snapshot.units;
}

function signedUnits(source: UnitsSource, snapshot: UnitsStatement, signed: SignedUnits | undefined): bigint {
  if (signed === undefined) {
    throw inputError("units.missing", "units", `units signed by ${source.address} (keel sign-units)`, "none");
  }
  const expectSame = (path: string, expected: string | number, received: string | number): void => {
    if (expected !== received)
      throw inputError("units.mismatch", `units.${path}`, `${expected}`, `${received}`);
  };
  expectSame("subject", snapshot.subject, signed.subject);
  expectSame("asOf", snapshot.asOf, signed.asOf);
  if (snapshot.units !== ONE_UNIT) {
    expectSame("units", formatDecimal(snapshot.units, 8), formatDecimal(signed.units, 8));
  }
  if (source.kind === "signer" && unitsSigner(signed) !== source.address) {
    throw inputError("units.signature", "units.signature", `${source.address}'s signature`, "another one");
  }
  return signed.units;
}

function structHash(type: string, values: readonly bigint[]): Uint8Array {
  return keccak_256(abiWords([hashOf(type), ...values]));
}

function hashOf(text: string): bigint {
  return BigInt(`0x${bytesToHex(keccak_256(utf8ToBytes(text)))}`);
}
