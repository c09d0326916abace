// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Orders a circuit's constraints so that each one determines what is not known yet: done once, when a circuit is set up.
 *
 * Four rules find wires: a constraint in which one wire of C is unknown; numbers whose bits are unknown; products with a
 * known factor that are zero, with a constraint that speaks of the rest (is it zero? which one is it?); and, when nothing
 * else is left, quotients. A constraint that finds nothing is checked. circom's `<--` is not looked at: where
 * constraints leave a wire free, as the inverse of zero, it gets 0, as circomlib has it.
 *
 * @module
 */
import { invert, SCALAR_FIELD } from "../field.js";
import { CODES } from "./codes.js";
import {
  type ConstraintSystem,
  type Forms,
  findForms,
  type InputValue,
  SIDES,
  type Side,
  type SideName,
  toSigned,
  type WitnessSource,
} from "./forms.js";
import { learn, type Plan, splitTerms, unknownOf } from "./known.js";
import { findDigits } from "./powers.js";
import {
  createProgramWriter,
  type Factor,
  factorWords,
  packWords,
  sourceWords,
  type WitnessProgram,
  writeStep,
} from "./program.js";
import { findGroup, type ZeroProduct } from "./zero-products.js";

const modulo = (value: bigint): bigint => ((value % SCALAR_FIELD) + SCALAR_FIELD) % SCALAR_FIELD;
const inverse = (value: bigint): bigint => invert(modulo(value), SCALAR_FIELD);
/** Constants enter Montgomery form; one divided by its radix comes out plain, and what it multiplies too. */
const PLAIN = inverse(1n << 261n);

/**
 * A program for witnesses, or nothing when the rules do not find all wires.
 *
 * Constraints are taken as they are written: once linear ones are eliminated, there is no order in them to be found.
 */
export function planWitness({ system, outputs }: WitnessSource): WitnessProgram | undefined {
  const plan = startPlan(system);
  for (;;) {
    for (let row = plan.queue.pop(); row !== undefined; row = plan.queue.pop()) examine(plan, row);
    if (!chooseWires(plan) && !divide(plan)) break;
  }
  if (plan.known.includes(0) || plan.done.includes(0)) return undefined;
  return {
    inputs: system.inputs.map(({ name, values }) => ({
      name,
      places: values.map((value) => placeOf(plan, value)),
    })),
    elements: plan.elementCount,
    zero: system.wires,
    batch: plan.batch,
    constants: plan.writer.constants(),
    code: packWords(plan.writer.code, "code"),
    outputs: packWords(outputs, "outputs"),
  };
}

function placeOf({ writer }: Plan, value: InputValue): number {
  if (value === undefined) return 0;
  return "wire" in value ? 2 * value.wire : 2 * writer.constant(value.constant) + 1;
}

function startPlan(system: ConstraintSystem): Plan {
  const forms = findForms(system);
  const isBit = new Uint8Array(system.wires);
  for (let row = 0; row < system.constraints; row++) {
    const roots = bitRoots(forms, row);
    if (roots === undefined || forms.list[roots.form]!.wires.length > 1) continue;
    const { wires, coefficients } = forms.list[roots.form]!;
    if (roots.values.every((root) => root === 0n || root === coefficients[0])) isBit[wires[0]!] = 1;
  }
  const count = (of: (wire: number) => boolean): Int32Array =>
    Int32Array.from(forms.list, ({ wires }) => wires.filter(of).length);
  const plan: Plan = {
    ...{ system, forms, isBit, writer: createProgramWriter(modulo) },
    known: new Uint8Array(system.wires),
    unknown: count(() => true),
    unknownNumbers: count((wire) => isBit[wire] === 0),
    foundAsBit: new Uint8Array(system.wires),
    elements: new Int32Array(forms.list.length).fill(-1),
    // The wires and 0.
    elementCount: system.wires + 1,
    batch: 0,
    done: new Uint8Array(system.constraints),
    queue: Array.from({ length: system.constraints }, (_, i) => system.constraints - 1 - i),
    late: new Set(),
  };
  plan.known[0] = 1;
  for (const { values } of system.inputs)
    for (const value of values) if (value !== undefined && "wire" in value) learn(plan, value.wire);
  return plan;
}

/** The form and the two values that a constraint leaves it: (f - u)(f - v) = 0 times anything. */
function bitRoots({ sides }: Forms, row: number): { form: number; values: [bigint, bigint] } | undefined {
  const [a, b, c] = SIDES.map((name) => sides[name][row]!) as [Side, Side, Side];
  if (a.form < 0 || a.form !== b.form || c.form >= 0 || c.constant !== 0n) return undefined;
  return { form: a.form, values: [toSigned(-a.sign * a.constant), toSigned(-b.sign * b.constant)] };
}

/** Uses a constraint if it can be used by now. */
function examine(plan: Plan, row: number): void {
  if (plan.done[row] === 1) return;
  const [a, b, c] = SIDES.map((name) => unknownOf(plan, name, row)) as [number, number, number];
  if (a + b + c === 0) check(plan, row);
  else if (a + b === 0) {
    if (c === 1) multiply(plan, row);
    else if (plan.unknownNumbers[plan.forms.sides.c[row]!.form] === 0) splitC(plan, row);
  } else if (c === 0 && a + b === 1) plan.late.add(row);
}

function check(plan: Plan, row: number): void {
  plan.done[row] = 1;
  const { forms, writer } = plan;
  const roots = bitRoots(forms, row);
  const wires = roots === undefined ? [] : forms.list[roots.form]!.wires;
  if (wires.length === 1 && plan.foundAsBit[wires[0]!] === 1 && plan.isBit[wires[0]!] === 1) return;
  const words = SIDES.flatMap((name) => factorOf(plan, forms.sides[name][row]!));
  writeStep(writer, CODES.check, words);
}

/** A side's numbers as a factor: all its wires are known. */
export function factorOf(plan: Plan, side: Side, negated = false): number[] {
  return factorWords(plan.writer, sideFactor(plan, side, negated));
}

function sideFactor(plan: Plan, { form, sign, constant }: Side, negated = false): Factor {
  const element = form < 0 ? plan.system.wires : elementOf(plan, form);
  return { element, negative: sign < 0n !== negated, constant: negated ? -constant : constant };
}

/** The element with a form's value, which is calculated when it is wanted first. */
function elementOf(plan: Plan, form: number): number {
  const { wires, coefficients } = plan.forms.list[form]!;
  if (wires.length === 1 && coefficients[0] === 1n) return wires[0]!;
  if (plan.elements[form]! < 0) {
    const element = newElement(plan, form);
    const sum = { elements: wires, coefficients, constant: 0n };
    writeStep(plan.writer, CODES.set, [element, 0], sourceWords(plan.writer, sum));
  }
  return plan.elements[form]!;
}

function newElement(plan: Plan, form: number): number {
  plan.elements[form] = plan.elementCount;
  plan.elementCount += 1;
  return plan.elements[form];
}

/** The place of 1 / value among the constants, or 0 for 1. */
export function scaleBy(plan: Plan, value: bigint): number {
  return value === 1n ? 0 : plan.writer.constant(inverse(value));
}

/** One wire of C is unknown: c w = a b - the rest. */
function multiply(plan: Plan, row: number): void {
  const { a, b, c } = sidesOf(plan, row);
  const { rest, wires, coefficients } = splitTerms(plan, c.form);
  const coefficient = coefficients[0]!;
  // The sign of what is calculated is chosen so that there is nothing to multiply by.
  const sign = coefficient === -1n ? 1n : -1n;
  const linear = a.form < 0 && b.form < 0;
  const constant = c.constant - (linear ? a.constant * b.constant : 0n);
  const sum = rest(sign, sign * c.sign * constant);
  const product = linear ? [] : [sideFactor(plan, a, c.sign === sign), sideFactor(plan, b)];
  const scale = scaleBy(plan, -sign * coefficient);
  const code = linear ? CODES.set : CODES.multiply;
  writeStep(plan.writer, code, [wires[0]!, scale], sourceWords(plan.writer, sum, product));
  plan.done[row] = 1;
  learn(plan, wires[0]!);
}

function sidesOf({ forms }: Plan, row: number): Record<SideName, Side> {
  return { a: forms.sides.a[row]!, b: forms.sides.b[row]!, c: forms.sides.c[row]! };
}

/** Only bits of C are unknown, and they are the bits of a number. */
function splitC(plan: Plan, row: number): void {
  const { a, b, c } = sidesOf(plan, row);
  const { rest, wires, coefficients } = splitTerms(plan, c.form);
  const digits = findDigits(coefficients);
  if (digits === undefined) return;
  const product = [sideFactor(plan, a, c.sign > 0n), sideFactor(plan, b)];
  const source = sourceWords(plan.writer, rest(1n, c.sign * c.constant), product);
  const targets = wires.flatMap((wire, i) => [digits.shifts[i]!, wire]);
  const scale = plan.writer.constant(-inverse(digits.unit) * PLAIN);
  writeStep(plan.writer, CODES.bits, [1], source, [scale, wires.length], targets);
  plan.done[row] = 1;
  for (const wire of wires) learnBit(plan, wire);
}

function learnBit(plan: Plan, wire: number): void {
  plan.foundAsBit[wire] = 1;
  learn(plan, wire);
}

/** Constraints with a known factor and one unknown wire in the other. */
function lateOnes(plan: Plan): ZeroProduct[] {
  const found: ZeroProduct[] = [];
  for (const row of plan.late) {
    const [a, b, c] = SIDES.map((name) => unknownOf(plan, name, row)) as [number, number, number];
    if (plan.done[row] === 1 || c > 0 || a + b !== 1) {
      plan.late.delete(row);
      continue;
    }
    const sides = sidesOf(plan, row);
    const [factor, other] = a === 0 ? [sides.a, sides.b] : [sides.b, sides.a];
    const wire = splitTerms(plan, other.form).wires[0]!;
    found.push({ row, factor, other, wire, zero: sides.c.form < 0 && sides.c.constant === 0n });
  }
  return found;
}

/** Products that are zero: their wire is too unless the known factor is, and then another constraint has it. */
function chooseWires(plan: Plan): boolean {
  const zeros = new Map<number, ZeroProduct[]>();
  for (const product of lateOnes(plan))
    if (product.zero) zeros.set(product.wire, [...(zeros.get(product.wire) ?? []), product]);
  let progress = false;
  for (const own of [...zeros.values()].flat()) {
    const group = plan.known[own.wire] === 1 ? undefined : findGroup(plan, zeros, own);
    if (group === undefined) continue;
    progress = true;
    const { writer } = plan;
    const items = group.products.flatMap(({ factor, other, wire: target }) => {
      const { rest, coefficients } = splitTerms(plan, other.form);
      const source = sourceWords(writer, rest(-1n, -other.sign * other.constant));
      const closing = group.coefficientOf(target);
      const factorWords = factorOf(plan, factor);
      return [...factorWords, target, scaleBy(plan, -closing), scaleBy(plan, coefficients[0]!), ...source];
    });
    writeStep(writer, CODES.choose, [group.products.length], items, sourceWords(writer, group.closing));
    for (const product of group.products) {
      plan.done[product.row] = 1;
      learn(plan, product.wire);
    }
  }
  return progress;
}

/** All quotients that can be had, with one inversion. */
function divide(plan: Plan): boolean {
  const quotients = new Map<number, ZeroProduct>();
  for (const product of lateOnes(plan)) if (!product.zero) quotients.set(product.wire, product);
  if (quotients.size === 0) return false;
  const { writer } = plan;
  const items = [...quotients.values()].flatMap(({ row, other, wire }) => {
    const { rest, coefficients } = splitTerms(plan, other.form);
    const dividend = factorOf(plan, plan.forms.sides.c[row]!, other.sign < 0n);
    const source = sourceWords(writer, rest(-1n, -other.sign * other.constant));
    return [...dividend, wire, scaleBy(plan, coefficients[0]!), ...source];
  });
  const divisors = [...quotients.values()].flatMap(({ factor }) => factorOf(plan, factor));
  writeStep(writer, CODES.divide, [quotients.size], divisors, items);
  plan.batch = Math.max(plan.batch, quotients.size);
  // The constraints are looked at again: a quotient by zero may break one.
  for (const wire of quotients.keys()) learn(plan, wire);
  return true;
}
