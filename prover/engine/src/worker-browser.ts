// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Web Worker of the engine.
 *
 * @module
 */
import { expose } from "comlink/dist/esm/comlink.mjs";
import { createEngineWorker } from "./engine-worker.js";
import type { PartFile, SharedFile } from "./parts.js";

/** What workers have and pages have not. */
declare class FileReaderSync {
  readAsArrayBuffer(blob: Blob): ArrayBuffer;
}

// A message that cannot be read gets no answer: the page must hear of an error instead.
addEventListener("messageerror", () => {
  throw new Error("a message that cannot be read");
});
/** A page tells its workers of a file by a blob. */
function withBlob<T>(file: SharedFile, action: (file: PartFile) => T): T {
  const [blob, reader] = [file as Blob, new FileReaderSync()];
  return action({
    length: blob.size,
    read: (start, target) =>
      target.set(new Uint8Array(reader.readAsArrayBuffer(blob.slice(start, start + target.length)))),
  });
}

expose(
  createEngineWorker({
    async read(url) {
      const response = await fetch(url);
      return new Uint8Array(await response.arrayBuffer());
    },
    withFile: withBlob,
  }),
);
