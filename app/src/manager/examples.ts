// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Examples: those of the repository, which lie beside the page, and the local chain's own.
 *
 * @module
 */

import { EXAMPLES } from "virtual:keel-examples";
import type { ConsoleConfig } from "../config.js";
import { getFile } from "../network.js";

/** An example to choose, by the addresses of its files. */
export interface ExampleChoice {
  readonly name: string;
  /** One file with all texts by name, or a file each. */
  readonly paths: readonly string[];
  /** The local chain's: signed when it is asked for, and known to the registry. */
  readonly isLocal: boolean;
}

/** What can be opened here, the local chain's first. */
export function exampleChoices(config: ConsoleConfig | undefined): ExampleChoice[] {
  const local = (config?.examples ?? []).map(({ name, path }) => ({ name, paths: [path], isLocal: true }));
  const shipped = EXAMPLES.flatMap(({ folder, title, snapshots, shared }) =>
    snapshots.map((snapshot, i) => ({
      name: i === 0 ? title : `${title}: ${snapshot.replace(/^snapshot-|\.json$/g, "")}`,
      paths: [snapshot, ...shared].map((name) => `examples/${folder}/${name}`),
      isLocal: false,
    })),
  );
  return [...local, ...shipped];
}

/** The texts of an example's files. @throws KeelError `artifact.missing` */
export async function fetchExample({ paths }: ExampleChoice): Promise<readonly string[]> {
  const texts = await Promise.all(paths.map(async (path) => await (await getFile(path, "example")).text()));
  return paths.length > 1 ? texts : Object.values(JSON.parse(texts[0]!) as Record<string, string>);
}
