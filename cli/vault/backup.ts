// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A vault's seed under a password (seed-backup/1): scrypt and AES-256-GCM. The seed is all that has to be kept; states are found
 * again on chain.
 *
 * @module
 */

import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from "node:crypto";
import { formatSeed, parseSeed, type Seed } from "@keel/prover";
import { FORMATS, inputError, parseFile } from "@keel/verifier";
import { z } from "zod";

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));

const schema = z.strictObject({
  keel: z.literal("seed-backup/1"),
  scrypt: z.strictObject({ n: z.literal(2 ** 17), r: z.literal(8), p: z.literal(1), salt: hex(16) }),
  nonce: hex(12),
  sealed: z.string().regex(/^(?:[0-9a-f]{2}){48,500}$/),
});
FORMATS.add(schema, { id: "seed-backup/1", folder: "cli", title: "A vault's seed under a password" });

const TAG_BYTES = 16;
const KEY_BYTES = 32;
const WORK = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 2 ** 20 };
const LEAST_PASSWORD = 12;

/**
 * Writes a seed-backup/1 file.
 *
 * @throws KeelError `states.password` for a short one
 */
export function formatBackup(seed: Seed, password: string): string {
  if (password.length < LEAST_PASSWORD) {
    throw inputError("states.password", "password", `at least ${LEAST_PASSWORD} characters`, "fewer");
  }
  const [salt, nonce] = [randomBytes(16), randomBytes(12)];
  const cipher = createCipheriv("aes-256-gcm", scryptSync(password, salt, KEY_BYTES, WORK), nonce);
  const sealed = Buffer.concat([cipher.update(formatSeed(seed)), cipher.final(), cipher.getAuthTag()]);
  const file = {
    keel: "seed-backup/1",
    scrypt: { n: WORK.N, r: WORK.r, p: WORK.p, salt: salt.toString("hex") },
    nonce: nonce.toString("hex"),
    sealed: sealed.toString("hex"),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/**
 * Reads a seed-backup/1 file.
 *
 * @throws KeelError `states.password` for another one, or a changed file
 */
export function parseBackup(text: string, password: string): Seed {
  const { scrypt, nonce, sealed } = parseFile(schema, text, "backup");
  const bytes = Buffer.from(sealed, "hex");
  const key = scryptSync(password, Buffer.from(scrypt.salt, "hex"), KEY_BYTES, WORK);
  const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "hex"));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const plain = Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]);
    return parseSeed(plain.toString("utf8"));
  } catch {
    throw inputError("states.password", "backup", "the password that it was encrypted with", "another");
  }
}
