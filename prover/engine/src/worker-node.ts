// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Worker thread of the engine in Node.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { parentPort } from "node:worker_threads";
import { expose } from "comlink/dist/esm/comlink.mjs";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import { createEngineWorker } from "./engine-worker.js";
import { allowRelaxedSimd } from "./node-features.js";
import { withNodeFile } from "./node-files.js";

if (parentPort !== null) {
  allowRelaxedSimd();
  // A message that cannot be read gets no answer: the worker must end for its caller to hear of it.
  parentPort.once("messageerror", (error) => {
    throw error;
  });
  expose(
    createEngineWorker({
      read: (url) => readFile(url) as Promise<Buffer<ArrayBuffer>>,
      withFile: withNodeFile,
    }),
    nodeEndpoint(parentPort),
  );
}
