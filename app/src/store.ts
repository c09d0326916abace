// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A value that several parts of the page see, in this page's memory and nowhere else.
 *
 * @module
 */

import { useEffect, useState } from "preact/hooks";

/** A value, and who hears of its changes. */
export interface Store<T> {
  get(): T;
  set(next: T): void;
  /** The value in a component, which is drawn again when it changes. */
  useValue(): T;
}

/** @param initial what it is until somebody sets it */
export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<(value: T) => void>();
  return {
    get: () => value,
    set: (next) => {
      value = next;
      for (const listener of listeners) listener(next);
    },
    useValue: () => {
      const [shown, setShown] = useState<{ readonly value: T }>({ value });
      useEffect(() => {
        const listen = (next: T): void => setShown({ value: next });
        listen(value);
        listeners.add(listen);
        return () => void listeners.delete(listen);
      }, []);
      return shown.value;
    },
  };
}
