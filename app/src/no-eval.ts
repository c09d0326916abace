// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * To be imported before anything that makes a schema: zod would try out `new Function`, which the content security policy
 * forbids and reports.
 *
 * @module
 */

import { z } from "zod";

z.config({ jitless: true });
