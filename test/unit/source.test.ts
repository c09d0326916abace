// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Are source signatures the ones that circomlib's circuit checks, and are forgeries refused? Held against circomlibjs.
 *
 * @module
 */

import { checkSignatures, publicKeyOf, randomSalt, signField, signSnapshot, verifyField } from "@keel/prover";
import { BASE_POINT, FIELD_ORDER, isField, type KeelError, SUBGROUP_ORDER, toField } from "@keel/verifier";
import { buildEddsa } from "circomlibjs";
import { beforeAll, describe, expect, it } from "vitest";
import { checkSourceUrl } from "../../prover/dist/book/ask-source.js";
import { weakestEvidence } from "../../verifier/dist/files/sources.js";
import { book, OTHER_SOURCE, SOURCE, STRANGER } from "../support/book.js";

type Eddsa = Awaited<ReturnType<typeof buildEddsa>>;
let eddsa: Eddsa;

beforeAll(async () => {
  eddsa = await buildEddsa();
});

const message = toField(123456789n ** 9n);

describe("signatures", () => {
  it("are accepted by circomlibjs", () => {
    for (let i = 1; i <= 5; i++) {
      const secret = new Uint8Array(32).fill(i);
      const { R8, S } = signField(message, secret);
      const toMontgomery = ([x, y]: readonly [bigint, bigint]) => [eddsa.F.e(x), eddsa.F.e(y)];
      const signature = { R8: toMontgomery(R8), S };
      expect(eddsa.verifyPoseidon(eddsa.F.e(message), signature, toMontgomery(publicKeyOf(secret)))).toBe(
        true,
      );
    }
  });

  it("of circomlibjs are accepted here", () => {
    const secret = new Uint8Array(32).fill(5);
    const [x, y] = eddsa.prv2pub(secret).map((v) => eddsa.F.toObject(v)) as [bigint, bigint];
    const signature = eddsa.signPoseidon(secret, eddsa.F.e(message));
    const R8 = signature.R8.map((v) => eddsa.F.toObject(v)) as [bigint, bigint];
    expect(verifyField(message, { R8, S: signature.S }, [x, y])).toBe(true);
    expect(verifyField(toField(message + 1n), { R8, S: signature.S }, [x, y])).toBe(false);
  });

  it("are the same for the same message, with another nonce for another message", () => {
    const [one, again, other] = [1n, 1n, 2n].map((m) => signField(toField(m), SOURCE.privateKey));
    expect(one).toEqual(again);
    expect(one!.R8).not.toEqual(other!.R8);
  });

  it("13, 14 are refused with the identity as key, S out of range, or R8 off the curve", () => {
    const { R8, S } = signField(message, SOURCE.privateKey);
    const key = SOURCE.publicKey;
    expect(verifyField(message, { R8, S }, key)).toBe(true);
    expect(verifyField(message, { R8, S: S + SUBGROUP_ORDER }, key)).toBe(false);
    expect(verifyField(message, { R8, S: -S }, key)).toBe(false);
    expect(verifyField(message, { R8: [R8[0], R8[1] + 1n], S }, key)).toBe(false);
    expect(verifyField(message, { R8: [R8[0] + FIELD_ORDER, R8[1]], S }, key)).toBe(false);
    expect(() => verifyField(message, { R8: [0n, 1n], S: 0n }, [0n, 1n])).toThrow(/source.key/);
    expect(() => verifyField(message, { R8, S }, [0n, FIELD_ORDER - 1n])).toThrow(/source.key/);
    expect(verifyField(message, { R8, S }, BASE_POINT)).toBe(false);
  });
});

describe("a snapshot's signatures", () => {
  const { snapshot, market, policy } = book();

  it("are checked before any proving", () => {
    expect(checkSignatures(snapshot, market, policy)).toEqual([SOURCE.publicKey]);
    const unsigned = {
      ...snapshot,
      accounts: snapshot.accounts.map(({ signature: _, ...account }) => account),
    };
    expect(() => checkSignatures(unsigned, market, policy)).toThrow(/snapshot.signature/);
    const [account] = unsigned.accounts;
    const two = { ...unsigned, accounts: [account!, { ...account!, id: "other" }] };
    expect(() => checkSignatures(two, market, policy)).toThrow(/accounts\[0\][\s\S]*accounts\[1\]/);
    for (const change of [{ asOf: snapshot.asOf - 1 }, { subject: `0x${"1".repeat(40)}` as const }]) {
      expect(() => checkSignatures({ ...snapshot, ...change }, market, policy)).toThrow(/does not verify/);
    }
    const renamed = {
      ...snapshot,
      accounts: snapshot.accounts.map((account) => ({ ...account, id: "other" })),
    };
    expect(() => checkSignatures(renamed, market, policy)).toThrow(/does not verify/);
    const elsewhere = {
      ...snapshot,
      accounts: snapshot.accounts.map((a) => ({ ...a, source: "Venue Two" })),
    };
    expect(() => checkSignatures(elsewhere, market, policy)).toThrow(/does not verify/);
  });

  it("can be made only by a source that the policy lists, for its own accounts", () => {
    expect(() => signSnapshot(snapshot, market, policy, STRANGER)).toThrow(/source.unknown/);
    expect(() => signSnapshot(snapshot, market, policy, OTHER_SOURCE)).toThrow(/source.unknown/);
  });
});

describe("20 salts", () => {
  it("are uniform field elements, new each time", () => {
    const salts = Array.from({ length: 200 }, randomSalt);
    expect(salts.every(isField)).toBe(true);
    expect(new Set(salts).size).toBe(salts.length);
    expect(salts.filter((salt) => salt > FIELD_ORDER / 2n).length).toBeGreaterThan(50);
  });
});

describe("evidence", () => {
  it("of several is that of the weakest, and nothing of none", () => {
    expect(weakestEvidence(["quorum", "ledger", "chain-read"])).toBe("ledger");
    expect(weakestEvidence(["notarised", "operator-read", "quorum"])).toBe("operator-read");
    expect(weakestEvidence(["quorum", "notarised"])).toBe("notarised");
    expect(weakestEvidence([])).toBeUndefined();
  });
});

describe("a source's address", () => {
  it.each([
    "https://source.example",
    "https://source.example/keel",
    "http://127.0.0.1:4100",
    "http://localhost:4100",
    "http://[::1]:4100",
  ])("may be %s, without a slash at its end", (url) => {
    expect(checkSourceUrl(url, "--url")).toBe(url);
    expect(checkSourceUrl(`${url}/`, "--url")).toBe(url);
    expect(checkSourceUrl(`${url}//`, "--url")).toBe(url);
  });

  it.each([
    "http://source.example",
    "http://127.0.0.1.example",
    "ftp://127.0.0.1",
    "https://source.example/?token=secret",
    "https://source.example/#secret",
    "source.example",
    "",
  ])("is not %j, of which the refusal says nothing", (url) => {
    try {
      checkSourceUrl(url, "--url");
    } catch (error) {
      const { code, path, message: words } = error as KeelError;
      expect([code, path]).toEqual(["source.url", "--url"]);
      expect(words).not.toMatch(/secret|example/);
      return;
    }
    expect.unreachable("it was taken");
  });
});
