// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The console's entry: the frame is drawn at once, and each page is loaded when it is looked at.
 *
 * @module
 */

import { render } from "preact";
import { Console } from "./console.js";

render(<Console />, document.querySelector("#console")!);
