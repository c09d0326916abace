// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Opening files: by a click, by a drop on the place or, where the place is the page's first, anywhere on the page; and the list of
 * what is open.
 *
 * @module
 */

import { inputError } from "@keel/verifier/errors";
import type { JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { type NamedText, unreadable } from "./named.js";

/** A place for files. */
export interface FileDropProps {
  readonly label: string;
  readonly hint: string;
  readonly onTexts: (texts: readonly NamedText[]) => void;
  readonly onError: (error: unknown) => void;
  /** It takes what is dropped anywhere on the page. */
  readonly isAnywhere?: boolean;
  /** It is what the next step is about. */
  readonly isNext?: boolean;
}

/** A place that opens files when it is pressed, and takes them when they are dropped: the input lies over all of it. */
export function FileDrop(props: FileDropProps): JSX.Element {
  const { label, hint, isAnywhere = false, isNext = false } = props;
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
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
  const isOver = useDrops(isAnywhere, (data) => void take(droppedFiles(data)));
  return (
    <div class={isOver ? "drop over" : "drop"}>
      <label for={id}>{label}</label>
      <input
        id={id}
        ref={input}
        type="file"
        multiple
        accept=".json,application/json"
        aria-describedby={`${id}-hint`}
        data-act={isNext ? true : undefined}
        onChange={({ currentTarget: { files } }) => void take([...(files ?? [])])}
        onDragOver={(event) => event.preventDefault()}
        onDrop={(event) => {
          // A browser would give a folder as a file that cannot be read.
          event.preventDefault();
          void take(droppedFiles(event.dataTransfer!));
        }}
      />
      <small id={`${id}-hint`}>{hint}</small>
    </div>
  );
}

/** Takes what is dropped on the page and on no place of its own; says whether something is held above it. */
function useDrops(isAnywhere: boolean, onDrop: (data: DataTransfer) => void): boolean {
  const [isOver, setIsOver] = useState(false);
  const latest = useRef(onDrop);
  latest.current = onDrop;
  useEffect(() => {
    // Not taken back when another view is looked at.
    window.addEventListener("dragover", keepPage);
    window.addEventListener("drop", keepPage);
    if (!isAnywhere) return;
    const over = (event: DragEvent): void => setIsOver(hasFiles(event));
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setIsOver(false);
    };
    const drop = (event: DragEvent): void => {
      setIsOver(false);
      // A place of its own took it, or it is no file.
      if (!hasFiles(event) || isInPlace(event)) return;
      event.preventDefault();
      latest.current(event.dataTransfer!);
    };
    window.addEventListener("dragover", over);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragover", over);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop);
    };
  }, [isAnywhere]);
  return isOver;
}

function hasFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes("Files") === true;
}

function isInPlace({ target }: DragEvent): boolean {
  return target instanceof Element && target.closest(".drop") !== null;
}

/** A file that misses its place would be opened by the browser in the page's stead, and all that is open here be gone. */
function keepPage(event: DragEvent): void {
  if (hasFiles(event)) event.preventDefault();
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
  const found = await entriesOf(folder).catch((error: unknown) => {
    throw unreadable(folder.name, error);
  });
  const files = found.filter(({ isFile, name }) => isFile && name.endsWith(".json")) as FileSystemFileEntry[];
  if (files.length === 0)
    throw inputError("file.folder", folder.name, "a folder with .json files", "none in it");
  return await Promise.all(
    files.map((entry) =>
      new Promise<File>((done, fail) => entry.file(done, fail)).catch((error: unknown) => {
        throw unreadable(entry.name, error);
      }),
    ),
  );
}

/** All that is in a folder: a reader gives some at a time. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const found: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail));
    if (some.length === 0) return found;
    found.push(...some);
  }
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
    throw unreadable(name, error);
  }
}

/** A file in the list of what is open. */
export interface OpenFile {
  readonly key: string;
  readonly name: string;
  /** What it is. */
  readonly says: string;
}

/** What is open by its name, each to be closed by itself. */
export function OpenList(props: {
  readonly files: readonly OpenFile[];
  readonly onClose: (key: string) => void;
}): JSX.Element | null {
  const { files, onClose } = props;
  if (files.length === 0) return null;
  return (
    <ul class="open-list" aria-label="Open files">
      {files.map(({ key, name, says }) => (
        <li key={key}>
          <span class="open-file">
            <span class="file-name">{name}</span> <small>{says}</small>
          </span>
          <button type="button" class="quiet" aria-label={`Close ${name}`} onClick={() => onClose(key)}>
            ×
          </button>
        </li>
      ))}
    </ul>
  );
}
