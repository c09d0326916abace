// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Many random walks through one world, each from its beginning.
 *
 * @module
 */
import fc from "fast-check";
import { type Action, actionsOf } from "./actions.js";
import { shorten } from "./shorten.js";
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
  let message = "";
  const breaks = async (actions: readonly Action[]): Promise<boolean> => {
    await restore();
    try {
      await takeWalk(world, actions, outcomes);
      return false;
    } catch (error) {
      message = (error as Error).message;
      return true;
    }
  };
  const property = fc.asyncProperty(
    actionsOf(longest),
    async (actions) => world.calls >= atLeast || !(await breaks(actions)),
  );
  const numRuns = Math.ceil((LONGEST * atLeast) / (longest * FEWEST));
  const { counterexample } = await fc.check(property, { seed: SEED, numRuns, endOnFailure: true });
  const { calls } = world;
  if (counterexample === null) return { calls, outcomes };
  const actions = await shorten(counterexample[0], breaks);
  // The message of the short walk, which the last one tried may have left otherwise.
  await breaks(actions);
  return { calls, outcomes, broken: { actions, message } };
}
