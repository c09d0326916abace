// SPDX-License-Identifier: MIT
/**
 * A viewer's key pair (viewer-key/1): its public half goes into policies, whose attestations the other half reads.
 *
 * @module
 */

import { z } from "zod";
import { inputError } from "../core/errors.js";
import { FIELD_ORDER } from "../core/field.js";
import { FORMATS, fieldElement, parseFile } from "../core/schema.js";
import type { SourceKey } from "../files/sources.js";
import { viewerKeyOf } from "./disclosure.js";

/** A viewer's key pair. */
export interface ViewerKeyPair {
  /** 32 random bytes; secret. Who has it reads everything that was ever sealed for it. */
  readonly secret: Uint8Array;
  readonly publicKey: SourceKey;
}

/** Makes a key pair from the platform's secure random numbers. */
export function generateViewerKey(): ViewerKeyPair {
  return viewerKeyPair(crypto.getRandomValues(new Uint8Array(32)));
}

function viewerKeyPair(secret: Uint8Array): ViewerKeyPair {
  return { secret, publicKey: viewerKeyOf(secret) };
}

const SECRET = /^[0-9a-f]{64}$/;

const viewerKeySchema = z.strictObject({
  keel: z.literal("viewer-key/1"),
  secret: z.string().regex(SECRET),
  publicKey: z.tuple([fieldElement(FIELD_ORDER), fieldElement(FIELD_ORDER)]),
});
FORMATS.add(viewerKeySchema, {
  id: "viewer-key/1",
  folder: "verifier",
  title: "A viewer's key pair. Secret",
});

/**
 * Reads a viewer-key/1 file, or the 64 hexadecimal digits of its secret alone.
 *
 * @throws KeelError kind "input"; never with a part of the secret
 */
export function parseViewerKey(text: string): ViewerKeyPair {
  const alone = text.trim();
  if (SECRET.test(alone)) return viewerKeyPair(bytesOf(alone));
  const file = parseFile(viewerKeySchema, text, "viewerKey");
  const pair = viewerKeyPair(bytesOf(file.secret));
  if (pair.publicKey.join() === file.publicKey.join()) return pair;
  throw inputError("viewer.key", "viewerKey.publicKey", "the secret's public key", "another one");
}

/** Writes a viewer-key/1 file; its content is secret. */
export function formatViewerKey({ secret, publicKey }: ViewerKeyPair): string {
  const hex = Array.from(secret, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const file = { keel: "viewer-key/1", secret: hex, publicKey: publicKey.map(String) };
  return `${JSON.stringify(file, null, 2)}\n`;
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g)!, (byte) => Number.parseInt(byte, 16));
}
