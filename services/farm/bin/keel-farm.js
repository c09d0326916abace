#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
// Starts the built program; what is committed here is plain JavaScript, so that npm can link it before the build.
import("../dist/main.js")
  .then(async ({ main }) => {
    process.exitCode = await main(process.argv.slice(2));
    // A Redis that is away can leave a connection or a timer behind; whoever restarts a farm waits for its end.
    setTimeout(() => process.exit(), 2_000).unref();
  })
  .catch((error) => {
    const isUnbuilt =
      error?.code === "ERR_MODULE_NOT_FOUND" && String(error.message).includes("dist/main.js");
    console.error(isUnbuilt ? "keel-farm: not built yet; run `npm run build` (environment.unbuilt)" : error);
    process.exitCode = 4;
  });
