// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The engine's modules as files beside this one, which `npm run build` writes (store.ts): to write them anew takes a new process a
 * quarter of a second. A file with another hash than the one here, or none, does no harm: the module is written anew.
 *
 * @module
 */
import { sha256Hex } from "../hash.js";
import type { Bn254Code } from "./bn254.js";

/** A module's file, the hash of its content, and where its free memory begins. */
export interface StoredModule {
  readonly url: URL;
  /** Hex SHA-256. A test and the build compare it with what the code writes. */
  readonly sha256: string;
  readonly heap: number;
}

/** Reads a file of this package. */
export type ReadStored = (url: URL) => Promise<Uint8Array<ArrayBuffer>>;

// The addresses are written so that bundlers recognise them and bundle the files.
const ON_LANES: StoredModule = {
  url: new URL("./lanes.wasm", import.meta.url),
  sha256: "ca3c26a5c425e650be5177c014ad5a78dc76872976071219b434f42ab2b34039",
  heap: 18864,
};
const ON_INTEGERS: StoredModule = {
  url: new URL("./integers.wasm", import.meta.url),
  sha256: "1ca96048e59a6a11cd1393aa31974cb3d8ccaccee4dac8cfa7cc94488fa8e3e0",
  heap: 3728,
};

/** The stored module of a set of kernels. */
export function storedModule(lanes: boolean): StoredModule {
  return lanes ? ON_LANES : ON_INTEGERS;
}

/** A stored module, if its content is the right one. */
export async function readStored(lanes: boolean, read: ReadStored): Promise<Bn254Code | undefined> {
  const { url, sha256, heap } = storedModule(lanes);
  const code = await read(url).catch(() => undefined);
  return code !== undefined && (await sha256Hex(code)) === sha256 ? { code, heap, lanes } : undefined;
}
