// SPDX-License-Identifier: GPL-3.0-or-later
/** Judges a book without a proof: `node dist/check.js FOLDER`. */
import { readFile } from "node:fs/promises";
import { judgeBook, openUnfinished, parseSnapshot, report } from "@keel/prover";
import { KeelError, parseMarket, parsePolicy } from "@keel/verifier";

const read = (name: string) => readFile(`${process.argv[2]}/${name}.json`, "utf8");
try {
  const draft = openUnfinished({
    snapshot: parseSnapshot(await read("snapshot")),
    market: parseMarket(await read("market")),
    policy: parsePolicy(await read("policy")),
  });
  const { healthy, limits } = report(judgeBook(draft));
  for (const { name, value, limit, ok } of limits) console.log(ok ? "holds" : "BROKEN", name, value, limit);
  console.log(healthy ? "healthy" : "not healthy");
} catch (error) {
  // Every fault of the input at once; a code, a place, what is expected.
  if (!(error instanceof KeelError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
