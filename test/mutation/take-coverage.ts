// SPDX-License-Identifier: GPL-3.0-or-later
/** Has Node write down what a test file reached, before its process is ended. */
import { takeCoverage } from "node:v8";
import { afterAll } from "vitest";

afterAll(() => takeCoverage());
