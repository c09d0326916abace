// SPDX-License-Identifier: GPL-3.0-or-later
/** What a witness program can do, by number; program.ts says more. @module */
export const CODES = { set: 0, multiply: 1, bits: 2, choose: 3, divide: 4, check: 5 } as const;
