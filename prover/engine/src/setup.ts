// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What setting up a circuit needs of the engine, once, and proving does not.
 *
 * @module
 */
export { prepareCircuit } from "./circom-prepare.js";
export type { ConstraintSystem, InputSignal, InputValue, Matrix, WitnessSource } from "./witness/forms.js";
export { planWitness } from "./witness/plan.js";
export type { WitnessProgram } from "./witness/program.js";
