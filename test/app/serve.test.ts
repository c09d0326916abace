// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does `npm run app` serve the console as it should be served, with a funded example, and end on Ctrl-C?
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { parseMarket, parsePolicy } from "@keel/verifier";
import { connectStrategyVault, strategyVaultStatus } from "@keel/verifier/chain";
import { createPublicClient, type Hex, http, type PublicClient } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtCircuits } from "../../cli/dist/deploy-verifiers.js";
import { PACKAGE } from "../support/cli.js";

let child: ChildProcess;
let origin: string;

beforeAll(async () => {
  const env = { ...process.env, PORT: "0" };
  child = spawn(process.execPath, [join(PACKAGE, "dist/app/host/serve.js")], {
    env,
    stdio: ["ignore", "pipe", 2],
  });
  let output = "";
  const told = new Promise<string>((done) => {
    child.stdout!.setEncoding("utf8").on("data", (part: string) => {
      output += part;
      const found = /The console is at (http:\/\/127\.0\.0\.1:\d+)/.exec(output);
      if (found !== null) {
        done(found[1]!);
      }
    });
  });
  const ended = once(child, "exit").then(() => Promise.reject(new Error(`It ended, and said:\n${output}`)));
  origin = await Promise.race([told, ended]);
  // Whoever read where it is may close the pipe: the console is served all the same.
  child.stdout!.destroy();
  ended.catch(() => {});
});

afterAll(() => void child.kill("SIGKILL"));

/** A path as it is, which fetch would make plain. */
function statusOf(path: string): Promise<number> {
  return new Promise((done, fail) => {
    const { hostname, port } = new URL(origin);
    request({ hostname, port, path }, (response) => {
      response.resume();
      done(response.statusCode!);
    })
      .on("error", fail)
      .end();
  });
}

describe("npm run app", () => {
  it("sends a strict security policy and isolates the page, with every file", async () => {
    for (const path of ["/", "/keel.json", "/nowhere"]) {
      const { headers } = await fetch(origin + path);
      const policy = headers.get("content-security-policy");
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toContain("unsafe-inline");
      expect(policy).not.toMatch(/'unsafe-eval'|https?:|\*/);
      expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
      expect(headers.get("cross-origin-embedder-policy")).toBe("require-corp");
    }
  });

  it("has a funded vault, and examples signed now: of one proof, of three, and of a fund that shows its value", async () => {
    const { vault, examples } = (await (await fetch(`${origin}/keel.json`)).json()) as {
      readonly vault: string;
      readonly examples: readonly { readonly path: string }[];
    };
    expect(vault).toMatch(/^0x[0-9a-f]{40}$/i);
    const policies = [];
    for (const { path } of examples) {
      const texts = (await (await fetch(origin + path)).json()) as Record<string, string>;
      expect(Math.abs(parseMarket(texts.market!).asOf - Date.now() / 1000)).toBeLessThan(600);
      policies.push(parsePolicy(texts.policy!));
    }
    const circuitsOf = policies.map(({ circuit, tail, liquidity, disclosure }) =>
      [circuit, tail?.circuit, liquidity?.circuit, disclosure?.circuit].map((one) => one?.id),
    );
    const health = "portfolio-health/spot-16";
    expect(circuitsOf).toEqual([
      [health, undefined, undefined, undefined],
      [health, "tail-risk/spot-64", "liquidity/16x1", undefined],
      [health, undefined, undefined, "disclosure/spot-16x1"],
    ]);
  });

  it("has a strategy vault, whose first price is proven while the page is there already", async () => {
    const config = (await (await fetch(`${origin}/keel.json`)).json()) as {
      readonly registry: Hex;
      readonly vaults: readonly { readonly address: Hex }[];
    };
    const client = createPublicClient({ transport: http(`${origin}/rpc`) }) as PublicClient;
    const vault = await connectStrategyVault(client, config.vaults[0]!.address, {
      chainId: 31337,
      registry: config.registry,
    });
    // A million dollars in custody and at the exchange, 1e-16 each.
    const proven = async () => (await strategyVaultStatus(vault)).proven?.value;
    await expect.poll(proven, { timeout: 100_000, interval: 500 }).toBe(10n ** 22n);
  });

  it("proves with every circuit that is built here, as the chain verifies them", async () => {
    const assets = join(PACKAGE, "dist/console/assets");
    const names = (await readdir(assets)).filter((name) => name.endsWith(".js"));
    const page = (await Promise.all(names.map((name) => readFile(join(assets, name), "utf8")))).join("\n");
    const built = await builtCircuits();
    for (const id of ["portfolio-health/spot-16", "tail-risk/spot-64", "liquidity/16x1"])
      expect(built).toContain(id);
    expect(
      built.filter((circuit) => !page.includes(`"${circuit}"`) && !page.includes(`\`${circuit}\``)),
    ).toEqual([]);
  });

  it.each(["/../package.json", "/..%2f..%2fpackage.json", "/%2e%2e/%2e%2e/package.json", "/%zz"])(
    "47 %s leads nowhere",
    async (path) => {
      expect([404, 500]).toContain(await statusOf(path));
    },
  );

  it("ends by itself on Ctrl-C", async () => {
    const ended = once(child, "exit");
    child.kill("SIGINT");
    expect(await ended).toEqual([0, null]);
    await expect(fetch(origin)).rejects.toThrow();
  });
});
