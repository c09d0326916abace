// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Opening a book: files by a click, by a drop anywhere on the page, or an example; and the list of what is open.
 *
 * @module
 */

import { asKeelError, inputError, KeelError } from "@keel/verifier/errors";
import type { JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { ConsoleConfig } from "../config.js";
import { FILE_KINDS, type FileKind, missingFiles, type NamedText, type OpenFiles } from "./book.js";
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
        <DropAnywhere onTexts={onTexts} onError={onError} />
        <Examples config={config} busy={busy} onExample={onExample} />
      </div>
      {closed.length === 0 ? null : <p role="status">Closed: {closed.join("; ")}.</p>}
      {isEmpty ? null : <OpenList files={files} onCloseFile={onCloseFile} />}
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

function OpenList(props: {
  readonly files: OpenFiles;
  readonly onCloseFile: (kind: FileKind) => void;
}): JSX.Element {
  const { files, onCloseFile } = props;
  const open = FILE_KINDS.filter((kind) => files[kind] !== undefined);
  return (
    <ul class="open-list" aria-label="Open files">
      {open.map((kind) => (
        <li key={kind}>
          <span class="file-name">{nameOf(files, kind)}</span> <small>{KIND_WORDS[kind]}</small>
          <button
            type="button"
            class="quiet"
            aria-label={`Close ${nameOf(files, kind)}`}
            onClick={() => onCloseFile(kind)}
          >
            ×
          </button>
        </li>
      ))}
    </ul>
  );
}

function nameOf({ names, example }: OpenFiles, kind: FileKind): string {
  return names?.[kind] ?? (example === undefined ? `${kind} of this page` : `${kind} of “${example}”`);
}

/** A place that opens files when it is pressed, and the whole window to drop them on. */
function DropAnywhere(props: Pick<OpeningProps, "onTexts" | "onError">): JSX.Element {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setIsOver] = useState(false);
  const latest = useRef(props);
  latest.current = props;
  const take = async (files: Promise<readonly File[]> | readonly File[]): Promise<void> => {
    try {
      const found = await files;
      if (found.length > 0) latest.current.onTexts(await Promise.all(found.map(readText)));
    } catch (error) {
      latest.current.onError(error);
    }
    // The same file can be opened again after it was corrected.
    if (input.current !== null) input.current.value = "";
  };
  useEffect(() => {
    const over = (event: DragEvent): void => {
      if (event.dataTransfer?.types.includes("Files") !== true) return;
      event.preventDefault();
      setIsOver(true);
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setIsOver(false);
    };
    const drop = (event: DragEvent): void => {
      if (event.dataTransfer?.types.includes("Files") !== true) return;
      event.preventDefault();
      setIsOver(false);
      void take(droppedFiles(event.dataTransfer));
    };
    // Not taken back when another view is looked at.
    window.addEventListener("dragover", keepPage);
    window.addEventListener("drop", keepPage);
    window.addEventListener("dragover", over);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragover", over);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop);
    };
  }, []);
  return (
    <div class={isOver ? "drop over" : "drop"}>
      <label for={id}>Drop or open files</label>
      <input
        id={id}
        ref={input}
        type="file"
        multiple
        accept=".json,application/json"
        aria-describedby={`${id}-hint`}
        data-act
        onChange={({ currentTarget: { files } }) => void take([...(files ?? [])])}
      />
      <small id={`${id}-hint`}>
        Snapshot, market and policy; also returns, liquidity, units, an enrolment, the latest state, or a
        seed. Drop them anywhere on the page, or a folder with them. They are read here and go nowhere.
      </small>
    </div>
  );
}

/** A file that misses its place would be opened by the browser in the page's stead, and all that is open here be gone. */
function keepPage(event: DragEvent): void {
  const isForAnInput = event.target instanceof HTMLInputElement;
  if (!isForAnInput && event.dataTransfer?.types.includes("Files") === true) event.preventDefault();
}

/** Files that were dropped; of a folder, those in it that may be Keel's. */
async function droppedFiles({ items, files }: DataTransfer): Promise<readonly File[]> {
  const plain = [...files];
  const entries = [...items].map((item) => item.webkitGetAsEntry());
  const folders = entries.filter((entry) => entry?.isDirectory === true) as FileSystemDirectoryEntry[];
  if (folders.length === 0) return plain;
  const names = new Set(folders.map(({ name }) => name));
  const inside = await Promise.all(folders.map(filesIn));
  return [...plain.filter(({ name }) => !names.has(name)), ...inside.flat()];
}

async function filesIn(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const reader = folder.createReader();
  const found: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail));
    if (some.length === 0) break;
    found.push(...some);
  }
  const files = found.filter(({ isFile, name }) => isFile && name.endsWith(".json")) as FileSystemFileEntry[];
  if (files.length === 0)
    throw inputError("file.folder", folder.name, "a folder with .json files", "none in it");
  return await Promise.all(files.map((entry) => new Promise<File>((done, fail) => entry.file(done, fail))));
}

/** Beyond what any of Keel's files can be: not even read. */
const MAX_FILE_BYTES = 1 << 25;

async function readText(file: File): Promise<NamedText> {
  const { name, size } = file;
  if (size > MAX_FILE_BYTES)
    throw inputError("file.size", name, `at most ${MAX_FILE_BYTES} bytes`, `${size}`);
  try {
    return { name, text: await file.text() };
  } catch (error) {
    const details = {
      kind: "input",
      code: "file.read",
      path: name,
      expected: "a file that can be read",
    } as const;
    throw new KeelError({ ...details, received: asKeelError(error).message }, { cause: error });
  }
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
