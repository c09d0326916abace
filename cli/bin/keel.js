#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
// Starts the command line; what is committed here is plain JavaScript, so that npm can link it before the build. The package
// starts from its bundle, which loads faster; a checkout from what the compiler wrote, which is never behind its sources.
import { existsSync } from "node:fs";

const entry = existsSync(new URL("../tsconfig.json", import.meta.url))
  ? "../dist/keel.js"
  : "../bundle/keel.js";
import(entry).catch((error) => {
  const isUnbuilt = error?.code === "ERR_MODULE_NOT_FOUND" && /(?:dist|bundle)\/keel\.js/.test(error.message);
  console.error(isUnbuilt ? "keel: not built yet; run `npm run build` (environment.unbuilt)" : error);
  process.exitCode = 4;
});
