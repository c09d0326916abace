// SPDX-License-Identifier: MIT
/**
 * What a policy wants shown of a book: a net asset value in steps, for everybody, and all of its sums, for named viewers.
 *
 * @module
 */

import { z } from "zod";
import { inputError, type KeelError } from "../core/errors.js";
import { FIELD_ORDER } from "../core/field.js";
import { decimal, fieldElement, firm, identifier } from "../core/schema.js";
import { type Circuit, type DisclosureCircuit, disclosureCircuitOf } from "./circuits.js";
import { checkUnique } from "./market.js";
import { checkSourceKey, type SourceKey } from "./sources.js";

/** Who can read the sums of every attestation under a policy. */
export interface Viewer {
  /** No part of the terms. */
  readonly name: string;
  /** On BabyJubJub. */
  readonly key: SourceKey;
}

/** What a policy with a disclosure says of it. */
export interface PolicyDisclosure {
  readonly circuit: DisclosureCircuit;
  /** Step of the net asset value, USD 1e16: a power of ten, a cent at least; 0: none is shown. */
  readonly navStep: bigint;
  readonly viewers: readonly Viewer[];
}

/** The same as contracts store it. */
export interface DisclosurePart {
  /** keccak256 of the disclosure circuit's id; 0: nothing is shown. */
  readonly disclosureCircuit: `0x${string}`;
  readonly navStep: bigint;
  /** As many as the circuit has places. */
  readonly viewers: readonly SourceKey[];
}

/** The disclosure terms of a policy that wants nothing shown. */
export const NO_DISCLOSURE: DisclosurePart = {
  disclosureCircuit: `0x${"0".repeat(64)}`,
  navStep: 0n,
  viewers: [],
};

/** USD has two places here: no step is below a cent. */
const STEP_PLACES = 2;
/** From cents to USD 1e16. */
const CENT = 10n ** 14n;
/** The circuit gives a net asset value and its step 96 bits. */
const STEP_BITS = 96;

const coordinate = fieldElement(FIELD_ORDER);

/** The policy file's section. */
export const disclosureSchema = z.strictObject({
  circuit: identifier,
  navStep: decimal({ places: STEP_PLACES, bits: STEP_BITS, signed: false, excess: "refuse" }).optional(),
  viewers: z.array(z.strictObject({ name: firm, key: z.tuple([coordinate, coordinate]) })).default([]),
});

/**
 * Reads the section: for a circuit that speaks of the policy's own, with a step that is a power of ten, or viewers, or both.
 *
 * @param hasUnits whether somebody says how many units there are
 * @throws KeelError `policy.disclosure`, `policy.units`, `circuit.unknown`, `circuit.size`, `source.key`
 */
export function readDisclosure(
  file: z.output<typeof disclosureSchema>,
  circuit: Circuit,
  hasUnits: boolean,
): PolicyDisclosure {
  const found = disclosureCircuitOf(file.circuit, "policy.disclosure.circuit");
  if (!speaksOf(found, circuit)) {
    throw fault("circuit", `a circuit for the sums of ${circuit.id}`, found.id);
  }
  const navStep = (file.navStep ?? 0n) * CENT;
  checkStep(navStep, hasUnits);
  checkViewers(file.viewers, found);
  if (navStep === 0n && file.viewers.length === 0) throw fault("navStep", "a step, or viewers", "neither");
  return { circuit: found, navStep, viewers: file.viewers };
}

function speaksOf({ shape }: DisclosureCircuit, circuit: Circuit): boolean {
  const names = ["accounts", "underlyings", "scenarios", "options"] as const;
  return names.every((name) => shape[name] === circuit.shape[name]);
}

function checkStep(navStep: bigint, hasUnits: boolean): void {
  if (navStep === 0n) return;
  if (!/^10*$/.test(`${navStep}`) || navStep >= 1n << BigInt(STEP_BITS)) {
    throw fault("navStep", "a power of ten in USD, 0.01 at least, below 7 922 816 251 426", "another number");
  }
  if (hasUnits) return;
  const expected = "a share token or an administrator, where a net asset value is shown";
  throw inputError("policy.units", "policy.units", expected, "none");
}

function checkViewers(viewers: readonly Viewer[], { id, shape }: DisclosureCircuit): void {
  const path = "policy.disclosure.viewers";
  if (viewers.length > shape.viewers) {
    throw inputError("circuit.size", path, `at most ${shape.viewers} in ${id}`, `${viewers.length}`);
  }
  if (viewers.length === 0 && shape.viewers > 0) throw fault("viewers", `viewers, as ${id} has`, "none");
  checkUnique(
    viewers.map(({ name }) => name),
    path,
  );
  checkUnique(
    viewers.map(({ key }) => key.join()),
    path,
  );
  viewers.forEach(({ key }, i) => {
    checkSourceKey(key, `${path}[${i}].key`);
  });
}

/** One key for each of the circuit's places: those that are left have the last viewer's, who is then named more than once. */
export function viewerPlaces({ circuit, viewers }: PolicyDisclosure): readonly SourceKey[] {
  return Array.from({ length: circuit.shape.viewers }, (_, i) => (viewers[i] ?? viewers.at(-1)!).key);
}

function fault(name: string, expected: string, received: string): KeelError {
  return inputError("policy.disclosure", `policy.disclosure.${name}`, expected, received);
}
