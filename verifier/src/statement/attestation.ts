// SPDX-License-Identifier: MIT
/**
 * The attestation file (attestation/2): a proof and what it claims to be about. Everything in it is public.
 *
 * @module
 */

import { z } from "zod";
import { KeelError } from "../core/errors.js";
import { FIELD_ORDER, toField } from "../core/field.js";
import { type Groth16Proof, parseProof } from "../core/groth16.js";
import type { Json } from "../core/json.js";
import {
  address,
  checkVersion,
  FORMATS,
  fieldElement,
  identifier,
  parseData,
  parseFileJson,
  time,
} from "../core/schema.js";
import { circuitOf, disclosureCircuitOf, liquidityCircuitOf, tailCircuitOf } from "../files/circuits.js";
import type { Scope } from "../files/domain.js";
import { signatureText } from "../files/fund-units.js";
import { policyId } from "../files/policy.js";
import type { SealedSums } from "./disclosure.js";
import type { DrawdownStep, Statement } from "./statement.js";

/** A parsed attestation file. */
export interface Attestation {
  readonly circuit: string;
  readonly policyId: `0x${string}`;
  /** Where it counts. */
  readonly domain: Scope;
  readonly subject: `0x${string}`;
  /** Unix seconds. */
  readonly asOf: number;
  readonly market: { readonly root: bigint; readonly asOf: number };
  /** Hiding commitment to the declared accounts and their sources. */
  readonly enrolment: bigint;
  readonly drawdown: DrawdownStep;
  /** The administrator's signature of the units, under policies that name one. */
  readonly unitsSignature?: `0x${string}`;
  readonly portfolioCommitment: bigint;
  readonly exposuresCommitment: bigint;
  /** What the subject alone can read, put behind the call that submits it; nobody checks it. */
  readonly memo?: `0x${string}`;
  /** Poseidon digest of the statement, the proof's first public input. */
  readonly digest: bigint;
  readonly proof: Groth16Proof;
  /** True when the key's secret is known to everybody, so that the proof convinces nobody. */
  readonly insecure: boolean;
  /** The proof of the tail-risk limits, under policies that have some. */
  readonly tail?: TailAttestation;
  /** The proof of the limit on the days to unwind, under policies that have one. */
  readonly liquidity?: LiquidityAttestation;
  /** The proof of what is shown, under policies that want something shown. */
  readonly disclosure?: DisclosureAttestation;
}

/** A tail-risk proof about the exposures commitment of the attestation it is part of. */
export interface TailAttestation {
  readonly circuit: string;
  readonly returns: { readonly root: bigint; readonly asOf: number };
  /** Poseidon digest of the tail-risk vector, the proof's first public input. */
  readonly digest: bigint;
  readonly proof: Groth16Proof;
  /** As the attestation's. */
  readonly insecure: boolean;
}

/** A liquidity proof about the portfolio commitment of the attestation it is part of. */
export interface LiquidityAttestation {
  readonly circuit: string;
  /** The liquidity table. */
  readonly depths: { readonly root: bigint; readonly asOf: number };
  /** Poseidon digest of the liquidity vector, the proof's first public input. */
  readonly digest: bigint;
  readonly proof: Groth16Proof;
  /** As the attestation's. */
  readonly insecure: boolean;
}

/** A disclosure proof about the exposures commitment of the attestation it is part of. */
export interface DisclosureAttestation {
  readonly circuit: string;
  /** In the policy's steps, rounded down; 0 where no net asset value is shown. */
  readonly nav: bigint;
  /** What the policy's viewers can read; absent without viewers. */
  readonly sealed?: SealedSums;
  /** Poseidon digest of the disclosure vector, the proof's first public input. */
  readonly digest: bigint;
  readonly proof: Groth16Proof;
  /** As the attestation's. */
  readonly insecure: boolean;
}

const element = fieldElement(FIELD_ORDER);
/** At most 128 bytes: whoever submits it pays for them. */
const memoText = z.string().regex(/^0x(?:[0-9a-f]{2}){1,128}$/);

const registrySchema = z.strictObject({ chainId: z.int().min(0), registry: address });

const attestationSchema = z.strictObject({
  keel: z.literal("attestation/2"),
  circuit: identifier,
  policyId: z.string().regex(/^0x[0-9a-f]{64}$/),
  domain: registrySchema,
  subject: address,
  asOf: time,
  market: z.strictObject({ root: element, asOf: time }),
  enrolment: element,
  drawdown: z.strictObject({ units: element, previousState: element, newState: element }),
  unitsSignature: signatureText.optional(),
  portfolioCommitment: element,
  exposuresCommitment: element,
  memo: memoText.optional(),
  digest: element,
  proof: z.unknown(),
  insecure: z.boolean(),
  tail: z
    .strictObject({
      circuit: identifier,
      returns: z.strictObject({ root: element, asOf: time }),
      digest: element,
      proof: z.unknown(),
      insecure: z.boolean(),
    })
    .optional(),
  liquidity: z
    .strictObject({
      circuit: identifier,
      depths: z.strictObject({ root: element, asOf: time }),
      digest: element,
      proof: z.unknown(),
      insecure: z.boolean(),
    })
    .optional(),
  disclosure: z
    .strictObject({
      circuit: identifier,
      nav: element,
      sealed: z
        .strictObject({
          point: z.tuple([element, element]),
          wrappedKeys: z.array(element).min(1),
          words: z.array(element).min(1),
        })
        .optional(),
      digest: element,
      proof: z.unknown(),
      insecure: z.boolean(),
    })
    .optional(),
});

/** Under a policy that declares a domain, whose members the attestation names. */
const declaredSchema = attestationSchema.extend({ domain: z.array(registrySchema).min(2) });
FORMATS.add(z.union([attestationSchema, declaredSchema]), {
  id: "attestation/2",
  folder: "verifier",
  title: "An attestation: a proof and what it speaks of",
});

/**
 * Reads an attestation/2 file.
 *
 * @throws KeelError kind "proof": whatever is wrong with an attestation makes it invalid, none is bad usage
 */
export function parseAttestation(text: string): Attestation {
  try {
    const data = parseFileJson(text, "attestation");
    checkVersion(attestationSchema, data, "attestation", {
      command: "a proof says what it said: no command converts it, prove again",
    });
    const schema = namesMembers(data) ? declaredSchema : attestationSchema;
    const file = parseData<z.infer<typeof attestationSchema> | z.infer<typeof declaredSchema>>(
      schema,
      data,
      "attestation",
    );
    const { keel: _, tail, liquidity, disclosure, unitsSignature, memo, ...rest } = file;
    return {
      ...rest,
      ...(memo === undefined ? {} : { memo: memo as `0x${string}` }),
      ...(unitsSignature === undefined ? {} : { unitsSignature: unitsSignature as `0x${string}` }),
      circuit: circuitOf(file.circuit, "attestation.circuit").id,
      policyId: file.policyId as `0x${string}`,
      proof: parseProof(file.proof),
      ...(tail === undefined ? {} : { tail: readTail(tail) }),
      ...(liquidity === undefined ? {} : { liquidity: readLiquidity(liquidity) }),
      ...(disclosure === undefined ? {} : { disclosure: readDisclosure(disclosure) }),
    };
  } catch (error) {
    if (error instanceof KeelError && error.kind === "input") {
      throw new KeelError({ ...error.toJSON(), kind: "proof" }, { cause: error });
    }
    throw error;
  }
}

function readTail(tail: NonNullable<z.infer<typeof attestationSchema>["tail"]>): TailAttestation {
  const circuit = tailCircuitOf(tail.circuit, "attestation.tail.circuit").id;
  return { ...tail, circuit, proof: parseProof(tail.proof) };
}

function readLiquidity(
  liquidity: NonNullable<z.infer<typeof attestationSchema>["liquidity"]>,
): LiquidityAttestation {
  const circuit = liquidityCircuitOf(liquidity.circuit, "attestation.liquidity.circuit").id;
  return { ...liquidity, circuit, proof: parseProof(liquidity.proof) };
}

function readDisclosure({
  sealed,
  ...file
}: NonNullable<z.infer<typeof attestationSchema>["disclosure"]>): DisclosureAttestation {
  const circuit = disclosureCircuitOf(file.circuit, "attestation.disclosure.circuit").id;
  const read = { ...file, circuit, proof: parseProof(file.proof) };
  if (sealed === undefined) return read;
  const { point, wrappedKeys, words } = sealed;
  return {
    ...read,
    sealed: { point, wrappedKeys: wrappedKeys.map(toField), words: words.map(toField) },
  };
}

function namesMembers(data: Json): boolean {
  const isObject = typeof data === "object" && data !== null && !Array.isArray(data);
  return isObject && Array.isArray((data as { readonly domain?: unknown }).domain);
}

/** The attestation of a statement. */
export function attestationOf(
  statement: Statement,
  proven: Pick<
    Attestation,
    | ("circuit" | "digest" | "proof" | "insecure" | "tail")
    | ("liquidity" | "disclosure" | "unitsSignature" | "memo")
  >,
): Attestation {
  const { domain, subject, asOf, enrolment, drawdown, portfolioCommitment, exposuresCommitment } = statement;
  return {
    circuit: proven.circuit,
    policyId: policyId(statement.terms),
    domain,
    subject,
    asOf,
    market: { root: statement.marketRoot, asOf: statement.marketTime },
    enrolment,
    drawdown,
    ...(proven.unitsSignature === undefined ? {} : { unitsSignature: proven.unitsSignature }),
    portfolioCommitment,
    exposuresCommitment,
    ...(proven.memo === undefined ? {} : { memo: proven.memo }),
    digest: proven.digest,
    proof: proven.proof,
    insecure: proven.insecure,
    ...(proven.tail === undefined ? {} : { tail: proven.tail }),
    ...(proven.liquidity === undefined ? {} : { liquidity: proven.liquidity }),
    ...(proven.disclosure === undefined ? {} : { disclosure: proven.disclosure }),
  };
}

function formatTail({ returns, digest, ...rest }: TailAttestation) {
  return {
    ...rest,
    returns: { root: returns.root.toString(), asOf: returns.asOf },
    digest: digest.toString(),
  };
}

function formatLiquidity({ depths, digest, ...rest }: LiquidityAttestation) {
  const table = { root: depths.root.toString(), asOf: depths.asOf };
  return { ...rest, depths: table, digest: digest.toString() };
}

function formatDisclosure({ nav, sealed, digest, ...rest }: DisclosureAttestation) {
  const text = (numbers: readonly bigint[]): string[] => numbers.map((number) => number.toString());
  const seal = sealed && {
    point: text(sealed.point),
    wrappedKeys: text(sealed.wrappedKeys),
    words: text(sealed.words),
  };
  const shown = { nav: nav.toString(), ...(seal === undefined ? {} : { sealed: seal }) };
  return { ...rest, ...shown, digest: digest.toString() };
}

/** Writes an attestation/2 file. */
export function formatAttestation(attestation: Attestation): string {
  const { market, enrolment, drawdown, portfolioCommitment, exposuresCommitment, digest, ...others } =
    attestation;
  const { tail, liquidity, disclosure, ...rest } = others;
  const file = {
    keel: "attestation/2",
    ...rest,
    market: { root: market.root.toString(), asOf: market.asOf },
    enrolment: enrolment.toString(),
    drawdown: {
      units: drawdown.units.toString(),
      previousState: drawdown.previousState.toString(),
      newState: drawdown.newState.toString(),
    },
    portfolioCommitment: portfolioCommitment.toString(),
    exposuresCommitment: exposuresCommitment.toString(),
    digest: digest.toString(),
    ...(tail === undefined ? {} : { tail: formatTail(tail) }),
    ...(liquidity === undefined ? {} : { liquidity: formatLiquidity(liquidity) }),
    ...(disclosure === undefined ? {} : { disclosure: formatDisclosure(disclosure) }),
  } satisfies Record<string, unknown>;
  return `${JSON.stringify(file, null, 2)}\n`;
}
