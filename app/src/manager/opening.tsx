// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Opening a book: files, or an example; and the list of what is open.
 *
 * @module
 */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ConsoleConfig } from "../config.js";
import { FileDrop, OpenList } from "../drop.js";
import type { NamedText } from "../named.js";
import { FILE_KINDS, type FileKind, missingFiles, type OpenFiles } from "./book.js";
import { type ExampleChoice, exampleChoices } from "./examples.js";

/** What is open, and how more is. */
export interface OpeningProps {
  readonly config: ConsoleConfig | undefined;
  readonly files: OpenFiles;
  readonly busy: boolean;
  /** What was closed for what was opened last. */
  readonly closed: readonly string[];
  readonly onTexts: (texts: readonly NamedText[]) => void;
  readonly onError: (error: unknown) => void;
  readonly onExample: (example: ExampleChoice) => void;
  readonly onCloseFile: (kind: FileKind) => void;
  readonly onClear: () => void;
}

/** The part of the view. */
export function Opening(props: OpeningProps): JSX.Element {
  const { config, files, busy, closed, onTexts, onError, onExample, onCloseFile, onClear } = props;
  const missing = missingFiles(files);
  const isEmpty = FILE_KINDS.every((kind) => files[kind] === undefined);
  return (
    <>
      <div class="open-row">
        <FileDrop
          label="Drop or open files"
          hint="Snapshot, market and policy; also returns, liquidity, units, an enrolment, the latest state, or a seed. Drop them anywhere on the page, or a folder with them. They are read here and go nowhere."
          onTexts={onTexts}
          onError={onError}
          isAnywhere
          isNext
        />
        <Examples config={config} busy={busy} onExample={onExample} />
      </div>
      {closed.length === 0 ? null : <p role="status">Closed: {closed.join("; ")}.</p>}
      <OpenList files={listed(files)} onClose={(kind) => onCloseFile(kind as FileKind)} />
      {isEmpty || missing.length === 0 ? null : <p role="status">Still missing: {missing.join(", ")}.</p>}
      <button type="button" class="quiet" disabled={isEmpty} onClick={onClear}>
        Close and forget everything
      </button>
    </>
  );
}

/** What is what, in the list of what is open. */
const KIND_WORDS: Readonly<Record<FileKind, string>> = {
  snapshot: "snapshot",
  market: "market",
  policy: "policy",
  returns: "returns",
  liquidity: "liquidity",
  units: "units",
  enrolment: "declared accounts, secret",
  state: "state, secret",
  seed: "seed, secret",
};

function listed(files: OpenFiles) {
  const open = FILE_KINDS.filter((kind) => files[kind] !== undefined);
  return open.map((kind) => ({ key: kind, name: nameOf(files, kind), says: KIND_WORDS[kind] }));
}

function nameOf({ names, example }: OpenFiles, kind: FileKind): string {
  return names?.[kind] ?? (example === undefined ? `${kind} of this page` : `${kind} of “${example}”`);
}

function Examples(props: Pick<OpeningProps, "config" | "busy" | "onExample">): JSX.Element {
  const { config, busy, onExample } = props;
  const choices = exampleChoices(config);
  const [chosen, setChosen] = useState(0);
  return (
    <div class="field example">
      <label for="example">Or open an example</label>
      <select
        id="example"
        value={chosen}
        onChange={({ currentTarget: { value } }) => setChosen(Number(value))}
      >
        {choices.map(({ name }, i) => (
          <option key={name} value={i}>
            {name}
          </option>
        ))}
      </select>
      <button type="button" disabled={busy} onClick={() => onExample(choices[chosen]!)}>
        {busy ? "Opening…" : "Open example"}
      </button>
    </div>
  );
}
