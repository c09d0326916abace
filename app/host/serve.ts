// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run app`: builds the console and serves it against a local chain with a funded example, until Ctrl-C. The page that is
 * served is the one that `npm run app:build` writes, and is not built again when nothing changed, under the same headers; more circuits are named as there.
 *
 * @module
 */

import { asKeelError } from "@keel/verifier/errors";
import { builtCircuits } from "keel/deploy-verifiers";
import { CONSOLE_FOLDER, refreshConsole } from "./build.js";
import { FUND_CIRCUITS } from "./fund.js";
import { startLocalWorld } from "./local.js";
import { serveConsole } from "./server.js";

const PORT = 4173;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const named = process.argv.slice(2);

say("Building the console, starting a local chain…");
// A book of any circuit that is built can be attested, in the page and by the command line.
const circuits = [...named, ...FUND_CIRCUITS, ...(await builtCircuits())];
const [world] = await Promise.all([
  startLocalWorld({ circuits, findable: true, hasFund: true }),
  refreshConsole(CONSOLE_FOLDER, circuits),
]);
const options = {
  folder: CONSOLE_FOLDER,
  rpcUrl: world.rpcUrl,
  answers: world.answers,
};
const port = Number(process.env.PORT ?? PORT);
// Another program may have the port; then any free one will do.
const server = await serveConsole({ ...options, port }).catch(() => serveConsole(options));
const end = async (): Promise<void> => {
  await server.close();
  await world.stop();
  process.exit(0);
};
process.once("SIGINT", end).once("SIGTERM", end);
// Nobody reads any more what it says: the console is served all the same.
process.stdout.on("error", () => {});

say(
  `The chain is at ${world.rpcUrl}, registry ${world.registry}; \`keel dev time +7d\` moves its clock.\n` +
    `The console is at ${server.origin} (vault ${world.vault}, strategy vault ${world.fund!.vault}); ` +
    "Ctrl-C ends it and its chain.",
);
// The page is there meanwhile; without it the strategy vault has no price yet.
world
  .fund!.begin()
  .catch((error: unknown) => say(`The fund's value was not proven: ${asKeelError(error).message}`));
