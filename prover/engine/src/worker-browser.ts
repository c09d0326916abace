// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Web Worker of the engine.
 *
 * @module
 */
import { expose } from "comlink/dist/esm/comlink.mjs";
import { createEngineWorker } from "./engine-worker.js";

// A message that cannot be read gets no answer: the page must hear of an error instead.
addEventListener("messageerror", () => {
  throw new Error("a message that cannot be read");
});
expose(
  createEngineWorker(async (url) => {
    const response = await fetch(url);
    return new Uint8Array(await response.arrayBuffer());
  }),
);
