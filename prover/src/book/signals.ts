// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Several abort signals as one. `AbortSignal.any` says the same, and is younger than the oldest browsers that prove.
 *
 * @module
 */

/** A signal, and how to let go of what it listens to. */
export interface Followed {
  readonly signal: AbortSignal;
  release(): void;
}

/** A signal that aborts as soon as one of these does, for the same reason. Release it when the work has ended. */
export function eitherOf(...signals: readonly (AbortSignal | undefined)[]): Followed {
  const controller = new AbortController();
  const followed = signals.filter((signal) => signal !== undefined);
  // Each has a listener of its own: the event does not always say whose it is.
  const listeners = new Map(followed.map((signal) => [signal, () => end(signal)]));
  const release = (): void => {
    for (const [signal, stop] of listeners) signal.removeEventListener("abort", stop);
  };
  const end = ({ reason }: AbortSignal): void => {
    release();
    controller.abort(reason);
  };
  const over = followed.find(({ aborted }) => aborted);
  if (over !== undefined) end(over);
  else for (const [signal, stop] of listeners) signal.addEventListener("abort", stop);
  return { signal: controller.signal, release };
}
