// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Circuit inputs, checked before they reach circom's WebAssembly, which silently accepts -1, values above r, hex,
 * true, '' and unsafe numbers.
 *
 * @module
 */
import { inputError, KeelError } from "@keel/verifier/errors";
import { SCALAR_FIELD } from "./field.js";

/** A number in [0, r): a bigint or a canonical decimal string. */
export type SignalValue = bigint | string;
/** A signal's value, or its array's values to any depth. */
export type SignalInput = SignalValue | readonly SignalInput[];
/** The inputs of a circuit by signal name. */
export type CircuitInput = Readonly<Record<string, SignalInput>>;

/** One input signal with its values in row-major order. */
export interface FlatSignal {
  readonly name: string;
  readonly values: readonly bigint[];
}

const MAX_DEPTH = 8;

/**
 * Checks and flattens inputs. Names and lengths are compared with the circuit later, where it is loaded.
 *
 * @throws KeelError kind `input`, code `input.shape` or `input.value`, with the path of the value and never the value.
 */
export function flattenInput(input: unknown): FlatSignal[] {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw inputError("input.shape", "input", "an object of signals by name", kindOf(input));
  }
  return Object.entries(input).map(([name, value]) => {
    const values: bigint[] = [];
    flatten(value, name, 0, values);
    return { name, values };
  });
}

function flatten(value: unknown, path: string, depth: number, values: bigint[]): void {
  if (!Array.isArray(value)) {
    values.push(parseValue(value, path));
    return;
  }
  if (depth === MAX_DEPTH) throw inputError("input.shape", path, `at most ${MAX_DEPTH} dimensions`, "more");
  // Not forEach, which would skip holes.
  for (let i = 0; i < value.length; i++) flatten(value[i], `${path}[${i}]`, depth + 1, values);
}

function parseValue(value: unknown, path: string): bigint {
  const number =
    typeof value === "bigint"
      ? value
      : typeof value === "string" && /^(0|[1-9][0-9]{0,76})$/.test(value)
        ? BigInt(value)
        : undefined;
  const expected = "a bigint or a canonical decimal string in [0, r)";
  if (number === undefined) throw inputError("input.value", path, expected, kindOf(value));
  if (number < 0n) throw inputError("input.value", path, expected, "a negative number");
  if (number >= SCALAR_FIELD) throw inputError("input.value", path, expected, "a number not below r");
  return number;
}

/** What kind of value it is; never the value, which may be somebody's holding. */
function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "nothing";
  if (value === "") return "an empty string";
  if (typeof value === "string") return "another string";
  return Array.isArray(value) ? "an array" : `a value of type ${typeof value}`;
}

/** The error for a signal that the circuit does not have, that is missing, or that has another length. */
export function signalError(name: string, expected: string, received: string): KeelError {
  return new KeelError({ kind: "input", code: "input.signal", path: name, expected, received });
}
