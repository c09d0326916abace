// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What to do about an error, in the command line's words but for what a page does otherwise. It is loaded behind the first page.
 *
 * @module
 */

import type { KeelError } from "@keel/verifier/errors";
import { type Cures, curesOf } from "keel/cures";
import inConsole from "./console-cures.json" with { type: "json" };

/** By code. */
export function consoleCures(error: KeelError): Cures {
  return curesOf(error, inConsole);
}
