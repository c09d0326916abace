// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The console's entry: one page, three views chosen by the address's hash.
 *
 * @module
 */

import { render } from "preact";
import { z } from "zod";
import { Console } from "./console.js";

// Zod would try out `new Function`, which the content security policy forbids and reports.
z.config({ jitless: true });

render(<Console />, document.querySelector("#console")!);
