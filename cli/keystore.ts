// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Keys that wallets keep encrypted under a password: Web3 Secret Storage, version 3 (geth, foundry's `cast wallet`, hardhat's
 * keystore exports). The key exists in memory only, and neither it nor the password is ever shown.
 *
 * @module
 */

import { parseData, parseFileJson } from "@keel/verifier";
import { inputError } from "@keel/verifier/errors";
import { Keystore } from "ox";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { z } from "zod";
import type { Context } from "./context.js";
import { usageError } from "./errors.js";
import { readSecret } from "./files.js";

const hex = (bytes?: number) => z.string().regex(bytes === undefined ? /^[0-9a-f]+$/i : hexOf(bytes));
const hexOf = (bytes: number): RegExp => new RegExp(`^[0-9a-f]{${2 * bytes}}$`, "i");

/** Work beyond this takes minutes in JavaScript; wallets write 2^18 and below. */
const MOST_SCRYPT = 2 ** 20;
const MOST_ROUNDS = 10_000_000;

const scrypt = z.object({
  dklen: z.literal(32),
  n: z.int().min(2).max(MOST_SCRYPT),
  p: z.int().min(1).max(16),
  r: z.int().min(1).max(16),
  salt: hex(),
});
const pbkdf2 = z.object({
  c: z.int().min(1).max(MOST_ROUNDS),
  dklen: z.literal(32),
  prf: z.literal("hmac-sha256"),
  salt: hex(),
});
const common = {
  cipher: z.literal("aes-128-ctr"),
  cipherparams: z.object({ iv: hex(16) }),
  ciphertext: hex(32),
  mac: hex(32),
};

/** Other keys, such as a wallet's own, are left alone. */
const schema = z.object({
  version: z.literal(3),
  id: z.string().optional(),
  address: z.string().optional(),
  crypto: z.discriminatedUnion("kdf", [
    z.object({ ...common, kdf: z.literal("scrypt"), kdfparams: scrypt }),
    z.object({ ...common, kdf: z.literal("pbkdf2"), kdfparams: pbkdf2 }),
  ]),
});

/** Where a key and its password are. */
export interface KeystoreFiles {
  readonly keystore: string;
  readonly passwordFile?: string;
}

/**
 * The account of a keystore.
 *
 * @throws KeelError `keystore.password` for a wrong one; `keystore.address` for a key of another address than the file says;
 * `input.*` for a file of another form
 */
export async function keystoreAccount(
  { keystore, passwordFile }: KeystoreFiles,
  context: Context,
): Promise<PrivateKeyAccount> {
  const data = parseFileJson(await readSecret(keystore, "keystore", context), "keystore");
  const { address, id = "", version, crypto } = parseData(schema, data, "keystore");
  const password = await passwordOf(passwordFile, context);
  const store = { version, id, crypto } as Keystore.Keystore;
  const account = privateKeyToAccount(await decrypted(store, password));
  const named = address?.toLowerCase().replace(/^0x/, "");
  if (named === undefined || named === account.address.toLowerCase().slice(2)) return account;
  throw inputError("keystore.address", "keystore.address", "the key's own address", "another");
}

/** The first line of a file, or the variable KEEL_PASSWORD. */
async function passwordOf(file: string | undefined, context: Context): Promise<string> {
  if (file !== undefined) return (await readSecret(file, "password-file", context)).split(/\r?\n/, 1)[0]!;
  const { KEEL_PASSWORD } = context.env;
  if (KEEL_PASSWORD !== undefined) return KEEL_PASSWORD;
  throw usageError("--password-file or the variable KEEL_PASSWORD, with --keystore", "none");
}

async function decrypted(store: Keystore.Keystore, password: string): Promise<`0x${string}`> {
  const key = await Keystore.toKeyAsync(store, { password });
  try {
    return Keystore.decrypt(store, key);
  } catch {
    // The library's own words are of a corrupt file; it cannot tell the two apart either.
    throw inputError("keystore.password", "keystore", "the password that it was encrypted with", "another");
  }
}
