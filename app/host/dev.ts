// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run dev`: the console from its sources against a local chain with a funded example, reloaded as you type, and the build
 * of all packages in watch mode. Ctrl-C ends it all. Circuits are named as in `npm run app:build`.
 *
 * The page is served without the headers of a host: Vite's own scripts would not pass them. `npm run app` sends them.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Connect, createServer, type Plugin, type ViteDevServer } from "vite";
import { type ConsoleParts, consoleConfig, consoleParts, ROOT } from "./build.js";
import { FUND_CIRCUITS } from "./fund.js";
import { type LocalWorld, startLocalWorld } from "./local.js";
import { pageOf } from "./paths.js";

const PORT = 5173;

/** What Vite is given: the local chain's answers, and files that are no sources. */
function host(parts: ConsoleParts, { answers }: LocalWorld): Plugin {
  const files = new Map(parts.files.map(({ path, from }) => [`/${path}`, from]));
  const answer: Connect.NextHandleFunction = (request, response, next) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const send = (content: string | Uint8Array): void => void response.end(content);
    if (Object.hasOwn(answers, path)) {
      response.setHeader("Content-Type", "application/json");
      Promise.resolve(answers[path]!())
        .then((made) => send(JSON.stringify(made)))
        .catch(next);
    } else if (pageOf(path) !== undefined) {
      response.writeHead(302, { Location: pageOf(path)! }).end();
    } else if (files.has(path)) {
      readFile(files.get(path)!).then(send).catch(next);
    } else {
      next();
    }
  };
  return { name: "keel-host", configureServer: ({ middlewares }) => void middlewares.use(answer) };
}

async function startVite(parts: ConsoleParts, world: LocalWorld): Promise<ViteDevServer> {
  const config = consoleConfig(parts);
  const server = await createServer({
    ...config,
    plugins: [...config.plugins!, host(parts, world)],
    cacheDir: join(ROOT, "dist", ".vite"),
    server: {
      host: "127.0.0.1",
      port: Number(process.env.PORT ?? PORT),
      proxy: { "/rpc": { target: world.rpcUrl, rewrite: () => "/" } },
    },
  });
  return await server.listen();
}

/** Builds again whatever changes, and says what does not compile. */
async function startWatch(): Promise<ChildProcess> {
  // The compiler is a program with a launcher in Node, which would leave it running when it is ended itself.
  const folder = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
  const launcher = (await import(pathToFileURL(join(folder, "lib", "getExePath.js")).href)) as {
    readonly default: () => string;
  };
  return spawn(launcher.default(), ["-b", "--watch", "--preserveWatchOutput"], {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
  });
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);

say("Starting a local chain, the watch build and the console…");
const [world, parts] = await Promise.all([
  startLocalWorld({ findable: true, hasFund: true }),
  consoleParts([...FUND_CIRCUITS, ...process.argv.slice(2)]),
]);
const vite = await startVite(parts, world);
const watch = await startWatch();
say(`The console is at ${vite.resolvedUrls!.local[0]} (vault ${world.vault}); Ctrl-C ends it and its chain.`);
// The page is there meanwhile; without it the fund's vault has no price yet.
world.fund!.begin().catch((error: unknown) => say(`The fund's value was not proven: ${error}`));

const end = async (): Promise<void> => {
  const ended = watch.exitCode === null && watch.signalCode === null ? once(watch, "exit") : undefined;
  watch.kill();
  await Promise.all([ended, vite.close(), world.stop()]);
  process.exit(0);
};
process.once("SIGINT", end).once("SIGTERM", end);
