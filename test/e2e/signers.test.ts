// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do encrypted keys and Ledger devices sign as the same keys would elsewhere? The device here is its library's own recording: what
 * goes to it and comes back, byte by byte, without anybody's consent on a screen.
 *
 * @module
 */
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import fc from "fast-check";
import { Keystore } from "ox";
import { parseTransaction, recoverTransactionAddress, serializeTransaction } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { describe, expect, it } from "vitest";
import { senderOf } from "../../cli/dist/chain.js";
import { keystoreAccount } from "../../cli/dist/keystore.js";
import { ledgerAccount, type Transport } from "../../cli/dist/ledger.js";
import { captured, inFolder } from "../support/cli.js";

const PASSWORD = "correct horse battery staple";

/** A keystore as wallets write it, with little work in it. */
function keystoreOf(key: `0x${string}`, password = PASSWORD): Keystore.Keystore {
  const [derived, options] = Keystore.scrypt({ password, n: 1024 });
  return Keystore.encrypt(key, derived, options);
}

async function inKeystore(content: object, password = PASSWORD) {
  return await inFolder(async (folder) => {
    const [keystore, passwordFile] = [join(folder, "key.json"), join(folder, "password")];
    await writeFile(keystore, JSON.stringify(content), { mode: 0o600 });
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    const { context, output } = captured();
    const account = await keystoreAccount({ keystore, passwordFile }, context);
    expect(output.stderr).toBe("");
    return account;
  });
}

/** The published test of Web3 Secret Storage (geth's keystore tests): password "testpassword". */
const PUBLISHED = {
  crypto: {
    cipher: "aes-128-ctr",
    cipherparams: { iv: "6087dab2f9fdbbfaddc31a909735c1e6" },
    ciphertext: "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
    kdf: "pbkdf2",
    kdfparams: {
      c: 262144,
      dklen: 32,
      prf: "hmac-sha256",
      salt: "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
    },
    mac: "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
  },
  id: "3198bc9c-6672-5ab3-d995-4942343ae5b6",
  version: 3,
};
const PUBLISHED_KEY = "0x7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";

describe("an encrypted key", () => {
  it("that others published is the key that they say", async () => {
    const account = await inKeystore(PUBLISHED, "testpassword");
    expect(account.address).toBe(privateKeyToAccount(PUBLISHED_KEY).address);
  });

  it("is read again, whatever its password", async () => {
    const property = fc.asyncProperty(
      fc.string({ minLength: 1 }).filter((text) => !/[\r\n]/.test(text)),
      async (password) => {
        const key = generatePrivateKey();
        expect((await inKeystore(keystoreOf(key, password), password)).address).toBe(
          privateKeyToAccount(key).address,
        );
      },
    );
    await fc.assert(property, { numRuns: 5, verbose: 1 });
  });

  it("is refused with another password, another address, other work, and neither is shown", async () => {
    const key = generatePrivateKey();
    const store = keystoreOf(key);
    const cases = [
      [store, "hunter2", "keystore.password"],
      [{ ...store, address: "00".repeat(20) }, PASSWORD, "keystore.address"],
      [{ ...store, version: 1 }, PASSWORD, "input.value"],
      [
        {
          ...PUBLISHED,
          crypto: { ...PUBLISHED.crypto, kdfparams: { ...PUBLISHED.crypto.kdfparams, c: 1e9 } },
        },
        PASSWORD,
        "input.range",
      ],
    ] as const;
    for (const [content, password, code] of cases) {
      const error = await inKeystore(content, password).catch((reason: Error) => reason);
      expect(error).toMatchObject({ code, kind: "input" });
      expect(String(error)).not.toMatch(new RegExp(`${key.slice(2)}|${password}`));
    }
  });

  it("is one way among others, and only one of them", async () => {
    const { context } = captured();
    const both = senderOf({ keystore: "a", keyFile: "b" }, 1, context);
    await expect(both).rejects.toMatchObject({ code: "usage", received: "--key-file and --keystore" });
    await expect(senderOf({}, 1, context)).rejects.toMatchObject({ code: "usage" });
  });
});

interface Recording {
  readonly RecordStore: { fromString(text: string): object };
  createTransportReplayer(store: object): { create(): Promise<Transport> };
}

const recorder = createRequire(import.meta.url)("@ledgerhq/hw-transport-mocker") as Recording;
const PATH = "44'/60'/0'/0/0";
const hex = (text: string): string => Buffer.from(text).toString("hex");

/** What the device would say as this key: its address, and a signature of the transaction. */
function deviceOf(lines: readonly string[]): () => Promise<Transport> {
  const store = recorder.RecordStore.fromString(lines.join("\n"));
  return () => recorder.createTransportReplayer(store).create();
}

/** Five numbers of the path, as the device takes them. */
const PATH_BYTES = "058000002c8000003c800000000000000000000000";

describe("a Ledger device", () => {
  const key = privateKeyToAccount(`0x${"11".repeat(32)}`);
  const publicKey = key.publicKey.slice(2);
  const address = key.address.slice(2);
  const answer = `41${publicKey}28${hex(address)}9000`;
  const asked = `=> e002000015${PATH_BYTES}`;

  it("says its address and signs a transaction as its key does", async () => {
    const transaction = {
      type: "eip1559",
      chainId: 11155111,
      nonce: 3,
      gas: 21_000n,
      maxFeePerGas: 2n,
      maxPriorityFeePerGas: 1n,
      to: key.address,
      value: 1n,
    } as const;
    const raw = serializeTransaction(transaction).slice(2);
    const signed = await key.signTransaction(transaction);
    const { r, s, yParity } = parseTransaction(signed);
    const word = (text: string): string => text.slice(2).padStart(64, "0");
    const length = (PATH_BYTES.length + raw.length) / 2;
    const device = deviceOf([
      asked,
      `<= ${answer}`,
      `=> e0040000${length.toString(16).padStart(2, "0")}${PATH_BYTES}${raw}`,
      `<= 0${yParity}${word(r!)}${word(s!)}9000`,
    ]);
    const account = await ledgerAccount(PATH, device);
    expect(account.address).toBe(key.address);
    const own = await account.signTransaction(transaction);
    expect(own).toBe(signed);
    expect(await recoverTransactionAddress({ serializedTransaction: own as `0x02${string}` })).toBe(
      key.address,
    );
  });

  it("that refuses is told with what to do at it", async () => {
    const device = deviceOf([asked, "<= 6985"]);
    await expect(ledgerAccount(PATH, device)).rejects.toMatchObject({
      code: "device.refused",
      kind: "environment",
    });
  });

  it("needs libraries that are installed by whoever has one", async () => {
    const error = await ledgerAccount(PATH).catch((reason: Error) => reason);
    expect(error).toMatchObject({ code: "device.missing" });
    expect(String(error)).toContain("npm install @ledgerhq/hw-app-eth @ledgerhq/hw-transport-node-hid");
  });
});
