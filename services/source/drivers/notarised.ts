// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Accounts as an attestor of TLS sessions saw them: a zkTLS claim, signed by attestors that the operator chose.
 *
 * A claim says: at `timestampS`, the server of `provider`/`parameters` gave the values in `context`. Its identifier is
 * keccak256 of `provider`, `parameters` and `context` with line breaks between them, and an attestor signs `identifier`,
 * `owner`, `timestampS` and `epoch` with line breaks between them, as a personal message (EIP-191). This is the form of the
 * Reclaim protocol's published claims; only viem is needed to check it.
 *
 * Which page was asked and which part of it was taken is written in `parameters`, which the claimant chooses: they have to be
 * exactly the ones of the configuration. The claim's own time is the account's time, so that nobody picks one of several.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { address, identifier, inputError, type Json, parseFile, parseJson, time } from "@keel/verifier";
import { keccak256, recoverMessageAddress, toBytes } from "viem";
import { z } from "zod";
import { type Driver, type Place, placeRows, type Question, type Row, strictRows } from "../reading.js";

const hex32 = z.string().regex(/^0x[0-9a-f]{64}$/);

const claimSchema = z.strictObject({
  claim: z.strictObject({
    identifier: hex32,
    owner: address,
    timestampS: time,
    epoch: z.int().min(0),
    provider: identifier,
    parameters: z.string(),
    context: z.string(),
  }),
  signatures: z.array(z.string().regex(/^0x[0-9a-fA-F]{130}$/)).max(32),
});

type Claim = z.output<typeof claimSchema>["claim"];

export interface NotarisedOptions {
  /** Folder of claims, `<account>.<time>.json`, which whoever notarises puts there. */
  readonly folder: string;
  readonly provider: string;
  /** Exactly the parameters of every claim. */
  readonly parameters: string;
  /** Addresses of attestors, and how many of them have to sign. */
  readonly attestors: readonly string[];
  readonly threshold: number;
  readonly epoch: number;
  /** Whose claims; absent: the subject's own. */
  readonly owner?: string;
  readonly places: ReadonlyMap<string, Place>;
}

/** A driver over claims. */
export function notarisedDriver(options: NotarisedOptions): Driver {
  return {
    evidence: "notarised",
    name: options.provider,
    repeats: true,
    read: async ({ subject, account, asOf, market }: Question) => {
      const { claim, signatures } = await readClaim(options.folder, account, asOf);
      await checkSigned(claim, signatures, options);
      checkClaim(claim, subject, asOf, options);
      const rows = strictRows(extracted(claim, options.places), options.places, new Set());
      return { ...placeRows(rows, options.places, market), read: Math.floor(Date.now() / 1000) };
    },
  };
}

async function readClaim(folder: string, account: string, asOf: number) {
  const name = `${Buffer.from(account).toString("hex")}.${asOf}.json`;
  const text = await readFile(join(folder, name), "utf8").catch(() => {
    throw inputError("source.time", "asOf", "a time with a notarised claim", "another");
  });
  return parseFile(claimSchema, text, "claim");
}

/** The identifier of a claim. */
export function claimIdentifier({ provider, parameters, context }: Claim): string {
  return keccak256(toBytes([provider, parameters, context].join("\n")));
}

async function checkSigned(
  claim: Claim,
  signatures: readonly string[],
  { attestors, threshold }: NotarisedOptions,
): Promise<void> {
  if (claim.identifier !== claimIdentifier(claim)) throw refused("identifier", "the claim's own identifier");
  const message = [claim.identifier, claim.owner, claim.timestampS, claim.epoch].join("\n");
  const allowed = new Set(attestors.map((attestor) => attestor.toLowerCase()));
  const signers = new Set<string>();
  for (const signature of signatures) {
    const signer = await recover(message, signature as `0x${string}`);
    if (signer !== undefined && allowed.has(signer)) signers.add(signer);
  }
  if (signers.size < threshold) throw refused("signatures", `${threshold} attestors of this source`);
}

async function recover(message: string, signature: `0x${string}`): Promise<string | undefined> {
  try {
    return (await recoverMessageAddress({ message, signature })).toLowerCase();
  } catch {
    return undefined;
  }
}

function checkClaim(claim: Claim, subject: string, asOf: number, options: NotarisedOptions): void {
  if (claim.timestampS !== asOf) throw refused("timestampS", "the time that is asked for");
  if (claim.epoch !== options.epoch) throw refused("epoch", "the attestors' epoch");
  if (claim.owner !== (options.owner?.toLowerCase() ?? subject)) throw refused("owner", "the claims' owner");
  if (claim.provider !== options.provider) throw refused("provider", "the provider of this account");
  if (claim.parameters !== options.parameters) throw refused("parameters", "the parameters of this account");
}

/** The values that the attestor saw, all that are placed and no others. */
function extracted({ context }: Claim, places: ReadonlyMap<string, Place>): Row[] {
  const parsed = parseJson(context, "claim.context") as { readonly extractedParameters?: Json } | null;
  const values = (parsed?.extractedParameters ?? {}) as Readonly<Record<string, Json>>;
  for (const name of places.keys()) {
    if (!Object.hasOwn(values, name)) throw refused("context", "a value for every placed holding");
  }
  return Object.entries(values).map(([holding, value]) => ({ holding, amount: String(value) }));
}

function refused(field: string, expected: string) {
  return inputError("source.claim", `claim.${field}`, expected, "another");
}
