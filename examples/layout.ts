// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How the examples' files are laid out.
 *
 * @module
 */

export { layOut } from "keel/layout";
