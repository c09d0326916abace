// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A viewer's key, from a file or the environment: never from an argument, and never shown.
 *
 * @module
 */

import { parseViewerKey, type ViewerKeyPair } from "@keel/verifier";
import type { Context } from "./context.js";
import { usageError } from "./errors.js";
import { readSecret } from "./files.js";

/**
 * Reads the key.
 *
 * @throws KeelError `usage` without one; `viewer.key`, or as a file's
 */
export async function loadViewerKey(file: string | undefined, context: Context): Promise<ViewerKeyPair> {
  if (file !== undefined) return parseViewerKey(await readSecret(file, "viewerKey", context));
  const { KEEL_VIEWER_KEY } = context.env;
  if (KEEL_VIEWER_KEY !== undefined) return parseViewerKey(KEEL_VIEWER_KEY);
  throw usageError("a viewer's key: --viewer-key, or the variable KEEL_VIEWER_KEY", "none");
}
