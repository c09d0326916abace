// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Progress on the error stream: one line drawn again and again on a terminal, a line a step elsewhere.
 *
 * @module
 */

import { type Context, note } from "./context.js";

/** The part of a context that progress needs. */
export type ProgressContext = Pick<Context, "writeError" | "interactive">;

/** Reports where a long piece of work stands. */
export interface Progress {
  /** @param fraction of the step that is done, 0 to 1 */
  update(step: string, fraction: number): void;
  /** Takes the line away; call it before anything else is written. */
  clear(): void;
}

const BAR_CELLS = 24;
const REDRAW_MS = 60;
const CLEAR_LINE = "\r\x1b[2K";

/** Starts reporting. Nothing is shown before the first update. */
export function createProgress(context: ProgressContext): Progress {
  return context.interactive ? drawnProgress(context) : listedProgress(context);
}

function drawnProgress({ writeError }: ProgressContext): Progress {
  let last = { step: "", drawnAt: 0 };
  return {
    update(step, fraction) {
      if (step === last.step && fraction < 1 && Date.now() - last.drawnAt < REDRAW_MS) return;
      last = { step, drawnAt: Date.now() };
      const filled = Math.round(fraction * BAR_CELLS);
      const bar = "█".repeat(filled) + "░".repeat(BAR_CELLS - filled);
      writeError(`${CLEAR_LINE}${bar} ${String(Math.floor(fraction * 100)).padStart(3)} %  ${step}`);
    },
    clear: () => writeError(CLEAR_LINE),
  };
}

function listedProgress(context: ProgressContext): Progress {
  let last = "";
  return {
    update(step) {
      if (step !== last) note(context, step);
      last = step;
    },
    clear() {},
  };
}
