// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run app`: builds the console and serves it against a local chain with a funded example, until Ctrl-C. The page that is
 * served is the one that `npm run app:build` writes, under the same headers; more circuits are named as there.
 *
 * @module
 */

import { buildConsole, CONSOLE_FOLDER } from "./build.js";
import { startLocalWorld } from "./local.js";
import { serveConsole } from "./server.js";

const PORT = 4173;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

say("Building the console, starting a local chain…");
const [world] = await Promise.all([startLocalWorld(), buildConsole(CONSOLE_FOLDER, process.argv.slice(2))]);
const options = {
  folder: CONSOLE_FOLDER,
  rpcUrl: world.rpcUrl,
  answers: world.answers,
};
const port = Number(process.env.PORT ?? PORT);
// Another program may have the port; then any free one will do.
const server = await serveConsole({ ...options, port }).catch(() => serveConsole(options));
say(`The console is at ${server.origin} (vault ${world.vault}); Ctrl-C ends it and its chain.`);

const end = async (): Promise<void> => {
  await server.close();
  await world.stop();
  process.exit(0);
};
process.once("SIGINT", end).once("SIGTERM", end);
