// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What every page is given by the frame.
 *
 * @module
 */

import type { ConsoleConfig } from "./config.js";
import type { OpenFiles } from "./manager/book.js";

/** What a page is given. */
export interface PageProps {
  readonly config: ConsoleConfig | undefined;
  /** The manager's files, kept while other pages are looked at. */
  readonly files: OpenFiles;
  readonly onFiles: (files: OpenFiles) => void;
  /** What the page's address names: an account, a contract, a policy's id. */
  readonly about?: string | undefined;
}
