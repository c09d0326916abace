#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
// Foundry wants a compiler that it can run; the one from npm is a module. Nothing is downloaded.
import { readFileSync } from "node:fs";
import solc from "solc";

const wantsVersion = process.argv.includes("--version");
console.log(wantsVersion ? `Version: ${solc.version()}` : solc.compile(readFileSync(0, "utf8")));
