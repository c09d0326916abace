// SPDX-License-Identifier: MIT
/**
 * Where the package lies: found from this module, the same in a checkout and below node_modules.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of package.json and of the Solidity sources. */
export const contractsFolder: string = fileURLToPath(new URL("../", import.meta.url));
/** Compiled contracts. KEEL_ARTIFACTS names another folder: coverage has instrumented ones. */
export const artifactsFolder: string = process.env.KEEL_ARTIFACTS ?? join(contractsFolder, "artifacts");
