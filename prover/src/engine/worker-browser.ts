// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Web Worker of the engine.
 *
 * @module
 */
import { expose } from "comlink/dist/esm/comlink.mjs";
import { createEngineWorker } from "./engine-worker.js";

expose(createEngineWorker());
