// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Many random walks through one world, each from its beginning.
 *
 * @module
 */
import fc from "fast-check";
import { type Action, action } from "./actions.js";
import { type Outcomes, takeWalk } from "./walk.js";
import { makeWorld, type Plant } from "./world.js";

/** Another seed gives other walks. */
export const SEED = Number(process.env.KEEL_SEED ?? 20_260_101);
const LONGEST = 300;
/** Calls that a walk makes on average, with room to spare. */
const FEWEST = 100;

export interface Walks {
  readonly calls: number;
  readonly outcomes: Outcomes;
  /** The shortest walk that breaks a property, and the message that says which. */
  readonly broken?: { readonly actions: readonly Action[]; readonly message: string };
}

/** Walks until so many calls were made, or until a property breaks; then the walk is made as short as possible. */
export async function walk(atLeast: number, plant?: Plant, longest = LONGEST): Promise<Walks> {
  const world = await makeWorld(plant);
  const restore = await world.chain.keep();
  const outcomes: Outcomes = new Map();
  let broken: unknown;
  const property = fc.asyncProperty(
    fc.array(action, { maxLength: longest, size: "max" }),
    async (actions) => {
      // Enough has been walked, but a walk that broke something is still to be shortened.
      if (world.calls >= atLeast && broken === undefined) return;
      await restore();
      try {
        await takeWalk(world, actions, outcomes);
      } catch (error) {
        broken = error;
        throw error;
      }
    },
  );
  const result = await fc.check(property, {
    seed: SEED,
    numRuns: Math.ceil((LONGEST * atLeast) / (longest * FEWEST)),
  });
  const { counterexample, errorInstance } = result;
  if (!result.failed || counterexample === null) return { calls: world.calls, outcomes };
  const message = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  return { calls: world.calls, outcomes, broken: { actions: counterexample[0], message } };
}
