#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
// Starts the built command line; what is committed here is plain JavaScript, so that npm can link it before the build.
import("../dist/keel.js").catch((error) => {
  const isUnbuilt = error?.code === "ERR_MODULE_NOT_FOUND" && String(error.message).includes("dist/keel.js");
  console.error(isUnbuilt ? "keel: not built yet; run `npm run build` (environment.unbuilt)" : error);
  process.exitCode = 4;
});
