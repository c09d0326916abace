// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * 55 Do units come from outside? Every path by which a manager could choose them is refused before any proving.
 *
 * @module
 */

import {
  checkUnits,
  formatUnits,
  ONE_UNIT,
  parsePolicy,
  parseUnits,
  type SignedUnits,
  signUnits,
  unitsOf,
  unitsSigner,
  unitsTypedData,
} from "@keel/verifier";
import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, it } from "vitest";
import { ADMINISTRATOR, ADMINISTRATOR_KEY, AS_OF, book, SUBJECT } from "../support/book.js";
import { refusalOf } from "../support/refusal.js";

const STATEMENT = { subject: SUBJECT, asOf: AS_OF, units: 123_456_789n } as const;
const signed = signUnits(STATEMENT, ADMINISTRATOR_KEY);
const signer = { units: { kind: "signer", address: ADMINISTRATOR } } as const;
const contract = { units: { kind: "contract", address: ADMINISTRATOR } } as const;
const token = { units: { kind: "token", address: ADMINISTRATOR } } as const;
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** The same signature with s negated and v flipped: also on the curve, also of the same key. */
function malleated({ signature }: SignedUnits): `0x${string}` {
  const s = (ORDER - BigInt(`0x${signature.slice(66, 130)}`)).toString(16).padStart(64, "0");
  return `${signature.slice(0, 66)}${s}${signature.endsWith("1b") ? "1c" : "1b"}` as `0x${string}`;
}

describe("55 signed units", () => {
  it("are EIP-712, as viem signs them", async () => {
    const account = privateKeyToAccount(`0x${Buffer.from(ADMINISTRATOR_KEY).toString("hex")}`);
    expect(account.address.toLowerCase()).toBe(ADMINISTRATOR);
    expect(await account.signTypedData(unitsTypedData(STATEMENT))).toBe(signed.signature);
    expect(unitsSigner(signed)).toBe(ADMINISTRATOR);
  });

  it("are another's when anything differs", () => {
    expect(unitsSigner({ ...signed, units: STATEMENT.units + 1n })).not.toBe(ADMINISTRATOR);
    expect(unitsSigner({ ...signed, asOf: AS_OF + 1 })).not.toBe(ADMINISTRATOR);
    const subject = SUBJECT.replace("a1", "a2") as `0x${string}`;
    expect(unitsSigner({ ...signed, subject })).not.toBe(ADMINISTRATOR);
  });

  it.each([
    ["a high s", malleated(signed)],
    ["v of 0 and 1", signed.signature.replace(/1b$/, "00").replace(/1c$/, "01") as `0x${string}`],
    ["a byte less", signed.signature.slice(0, -2) as `0x${string}`],
    ["a byte more", `${signed.signature}00` as `0x${string}`],
    ["r of zero", `0x${"0".repeat(64)}${signed.signature.slice(66)}` as `0x${string}`],
    ["s of zero", `${signed.signature.slice(0, 66)}${"0".repeat(64)}1b` as `0x${string}`],
  ])("have nobody's signature with %s", (_, signature) => {
    expect(unitsSigner({ ...signed, signature })).toBeUndefined();
  });

  it("survive their file, and are refused with zero units", () => {
    expect(parseUnits(formatUnits(signed))).toEqual(signed);
    expect(refusalOf(() => parseUnits(formatUnits({ ...signed, units: 0n })))).toBe("units.zero units.units");
  });
});

describe("55 the units of a snapshot", () => {
  const declared = { ...STATEMENT };

  it("are one without a source, whatever the manager declares", () => {
    expect(unitsOf({}, { ...declared, units: ONE_UNIT })).toBe(ONE_UNIT);
    expect(refusalOf(() => unitsOf({}, declared))).toBe("snapshot.units snapshot.units");
  });

  it("are the administrator's", () => {
    expect(unitsOf(signer, declared, signed)).toBe(STATEMENT.units);
    expect(unitsOf(signer, { ...declared, units: ONE_UNIT }, signed)).toBe(STATEMENT.units);
    expect(refusalOf(() => unitsOf(signer, declared))).toBe("units.missing units");
    expect(refusalOf(() => unitsOf(signer, { ...declared, units: 1n }, signed))).toBe(
      "units.mismatch units.units",
    );
  });

  it.each([
    ["another time", { asOf: AS_OF - 1 }, "units.mismatch units.asOf"],
    [
      "another subject",
      { subject: SUBJECT.replace("a1", "a2") as `0x${string}` },
      "units.mismatch units.subject",
    ],
  ])("are refused for %s", (_, part, code) => {
    const other = signUnits({ ...STATEMENT, ...part }, ADMINISTRATOR_KEY);
    expect(refusalOf(() => unitsOf(signer, declared, other))).toBe(code);
  });

  it("are refused when the manager signs them", () => {
    const own = signUnits(STATEMENT, new Uint8Array(32).fill(11));
    expect(refusalOf(() => unitsOf(signer, declared, own))).toBe("units.signature units.signature");
  });

  it("of a token or a contract only the chain can check", () => {
    expect(unitsOf(token, declared)).toBe(STATEMENT.units);
    const own = signUnits(STATEMENT, new Uint8Array(32).fill(11));
    expect(unitsOf(contract, declared, own)).toBe(STATEMENT.units);
    expect(refusalOf(() => unitsOf(token, declared, signed))).toBe("units.unused units");
  });
});

describe("55 the units of an attestation", () => {
  const about = {
    subject: STATEMENT.subject,
    asOf: AS_OF,
    drawdown: { units: STATEMENT.units, previousState: 0n, newState: 1n },
  };
  const withSignature = { ...about, unitsSignature: signed.signature };

  it("are held against their source off chain", () => {
    expect(refusalOf(() => checkUnits(withSignature, signer))).toBe("none");
    expect(refusalOf(() => checkUnits(about, signer))).toBe("units.signature attestation.unitsSignature");
    expect(refusalOf(() => checkUnits({ ...withSignature, asOf: AS_OF + 1 }, signer))).toBe(
      "units.signature attestation.unitsSignature",
    );
    expect(refusalOf(() => checkUnits(about, {}))).toBe("units.mismatch attestation.drawdown.units");
    expect(refusalOf(() => checkUnits(withSignature, {}))).toBe("units.signature attestation.unitsSignature");
    expect(refusalOf(() => checkUnits(about, token))).toBe("none");
  });
});

describe("55 a policy", () => {
  const { policy } = book();
  const file = (more: object) =>
    parsePolicy(
      JSON.stringify({
        keel: "policy/2",
        name: "units",
        circuit: "portfolio-health/spot-16",
        limits: { maxDrawdown: "0.1" },
        sources: [{ name: "Venue One", key: policy.sources[0]!.key.map(String) }],
        maxAge: 3600,
        validity: 86_400,
        maxMarketSkew: 300,
        minInterval: 3600,
        market: { series: policy.market.series },
        ...more,
      }),
    );

  it("limits drawdown only with a source of units", () => {
    expect(refusalOf(() => file({}))).toBe("policy.units policy.units");
    expect(file({ units: { administrator: ADMINISTRATOR } }).units).toEqual(signer.units);
    expect(file({ units: { administratorContract: ADMINISTRATOR } }).units).toEqual(contract.units);
    expect(file({ units: { token: ADMINISTRATOR } }).units).toEqual(token.units);
  });

  it("limits drawdown under a domain of several registries by an administrator's key only, never by an address of one chain", () => {
    const domain = [1, 2].map((chainId) => ({ chainId, registry: ADMINISTRATOR }));
    const declared = (units: object) => refusalOf(() => file({ units, domain }));
    expect(declared({ token: ADMINISTRATOR })).toBe("policy.units policy.units.token");
    expect(declared({ administratorContract: ADMINISTRATOR })).toBe(
      "policy.units policy.units.administratorContract",
    );
    expect(refusalOf(() => file({ domain }))).toBe("policy.units policy.units");
    const drawdown = file({ units: { administrator: ADMINISTRATOR }, domain });
    expect(drawdown).toMatchObject({ limits: { maxDrawdown: 1000n }, ...signer, domain });
    expect(declared({ administrator: ADMINISTRATOR })).toBe("none");
    expect(refusalOf(() => file({ limits: {}, domain }))).toBe("none");
  });
});
