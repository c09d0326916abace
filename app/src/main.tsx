// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The console's entry: one page, three views chosen by the address's hash.
 *
 * @module
 */

import "./no-eval.js";

import { render } from "preact";
import { Console } from "./console.js";

render(<Console />, document.querySelector("#console")!);
