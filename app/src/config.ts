// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the page's host says about itself in `keel.json`, beside the page: a node on the same origin and the contracts there.
 * Without the file the page checks, proves and verifies files, and reaches a chain through an injected wallet only.
 *
 * @module
 */

import type { ConsoleConfig } from "./config-schema.js";
import { getFile } from "./network.js";

export type { ConsoleConfig } from "./config-schema.js";

/** The host's configuration; nothing where there is none. */
export async function loadConfig(): Promise<ConsoleConfig | undefined> {
  const text = await getFile("keel.json", "configuration").then(
    (response) => response.text(),
    () => undefined,
  );
  if (text === undefined) return undefined;
  await import("./no-eval.js");
  const { parseConfig } = await import("./config-schema.js");
  return parseConfig(text);
}
