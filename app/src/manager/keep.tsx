// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Saving a secret before what stands on it leaves the page. A page cannot see whether a download arrived, so the user says so.
 *
 * @module
 */

import type { JSX } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import { saveText } from "../parts.js";

/** What is saved, and what for. */
export interface KeepProps {
  /** As the button names it: "state (secret)". */
  readonly what: string;
  /** The file's name. */
  readonly name: string;
  readonly text: () => string;
  /** What is lost with it, as a sentence. */
  readonly why: string;
  readonly isKept: boolean;
  readonly onKept: (isKept: boolean) => void;
}

/** A button that downloads, and a box in which the user says that the file is there. */
export function Keep({ what, name, text, why, isKept, onKept }: KeepProps): JSX.Element {
  const id = useId();
  const [isSaved, setIsSaved] = useState(isKept);
  useEffect(() => setIsSaved(isKept), [name]);
  const save = (): void => {
    saveText(name, text());
    setIsSaved(true);
  };
  return (
    <div class={isKept ? "keep kept" : "keep"}>
      <p>{why}</p>
      <div class="actions">
        <button
          type="button"
          class={isKept ? "" : "primary"}
          data-act={isKept || isSaved ? undefined : true}
          onClick={save}
        >
          Save {what}
        </button>
        <label class="check" for={id}>
          <input
            id={id}
            type="checkbox"
            checked={isKept}
            disabled={!isSaved}
            data-act={isSaved && !isKept ? true : undefined}
            onChange={({ currentTarget: { checked } }) => onKept(checked)}
          />
          <span>
            I have the file <code>{name}</code>
          </span>
        </label>
      </div>
    </div>
  );
}
